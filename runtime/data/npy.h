// SPDX-License-Identifier: MIT
// One NumPy array in the .npy format: a header that names type, order and shape, then the items.
// Source: NEP 1, "A simple file format for NumPy arrays", versions 1.0 to 3.0.
#ifndef SEDGE_RUNTIME_DATA_NPY_H
#define SEDGE_RUNTIME_DATA_NPY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/failure.h"

enum { NPY_MOST_AXES = 8 };

typedef enum NpyKind { NPY_BOOL, NPY_UNSIGNED, NPY_SIGNED, NPY_FLOAT } NpyKind;

typedef struct NpyArray {
  NpyKind kind;
  uint32_t item_bytes; /* 1, 2, 4 or 8 */
  bool is_big_endian;
  bool is_fortran;     /* the first axis runs fastest, not the last */
  uint32_t axis_count; /* 0: a single number */
  uint64_t shape[NPY_MOST_AXES];
  uint64_t count;       /* product of shape; count * item_bytes fits 64 bits */
  const uint8_t *items; /* borrowed: inside the bytes given to npy_view */
} NpyArray;

/* Reads the header at the front of `bytes`, and nothing behind it: *header_bytes is where the items
 * begin, and the items may not have arrived yet (array->items is NULL). Messages begin with
 * `name`. */
bool npy_read_header(const uint8_t *bytes, uint64_t byte_count, const char *path, const char *name,
                     NpyArray *array, uint64_t *header_bytes, Failure *failure);

/* Reads a whole array from `bytes`, which must hold its header and exactly its items. */
bool npy_view(const uint8_t *bytes, uint64_t byte_count, const char *path, const char *name,
              NpyArray *array, Failure *failure);

/* Where item `index` in C order (the last axis runs fastest) stands among the items. */
uint64_t npy_place(const NpyArray *array, uint64_t index);

/* The item at a place, as a double: integers beyond 2^53 are rounded. */
double npy_number(const NpyArray *array, uint64_t place);

/* The item at a place when it is an integer of 0 .. 2^32 - 1; false where it is not. */
bool npy_index(const NpyArray *array, uint64_t place, uint32_t *value);

#endif
