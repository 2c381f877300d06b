// SPDX-License-Identifier: MIT
// Safetensors files: named arrays and a map of texts.
//
//   8 bytes    length of the header, little-endian
//   header     JSON: {"__metadata__": {"key": "text"},
//                     "name": {"dtype": "F32", "shape": [4, 2], "data_offsets": [0, 32]}}
//   data       the arrays without gaps or overlaps; little-endian, last axis fastest
//
// The reader believes nothing: every length, shape and offset is checked before it is used.
// Source: https://github.com/huggingface/safetensors, "Format".
#ifndef SEDGE_RUNTIME_SAFETENSORS_H
#define SEDGE_RUNTIME_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/failure.h"

typedef enum Dtype {
#define DTYPE(name, bytes) DTYPE_##name,
#include "runtime/safetensors_types.def"
#undef DTYPE
  DTYPE_COUNT
} Dtype;

enum { STORED_MOST_AXES = 8, STORED_MOST_NAME = 255 };

/* One array.  When written, name and data are borrowed from the caller; when read, from the
 * StoredFile. */
typedef struct StoredArray {
  const char *name; /* when read: at most STORED_MOST_NAME bytes */
  Dtype dtype;
  uint32_t axis_count;
  uint64_t shape[STORED_MOST_AXES];
  const void *data; /* in the machine's byte order; when read: aligned for any element */
} StoredArray;

typedef struct StoredText {
  const char *key, *text;
} StoredText;

/* A file as it is read or to be written. */
typedef struct StoredFile {
  uint32_t array_count;
  const StoredArray *arrays; /* when read: in the order of their data */
  uint32_t text_count;
  const StoredText *texts; /* __metadata__ */
  void *memory;            /* when read: what stored_file_close frees */
} StoredFile;

const char *dtype_name(Dtype dtype);
uint32_t dtype_bytes(Dtype dtype);

/* Product of the shape: 1 without axes. */
uint64_t stored_count(const StoredArray *array);

/* Reads a whole file (owned: stored_file_close).  Fails on anything that is not exactly the format;
 * messages say where. parse_stored reads the same from memory, and copies what it keeps. */
bool read_stored(const char *path, StoredFile *file, Failure *failure);
bool parse_stored(const uint8_t *bytes, size_t count, const char *path, StoredFile *file,
                  Failure *failure);
void stored_file_close(StoredFile *file);

/* The array or text of that name, or NULL. */
const StoredArray *find_stored(const StoredFile *file, const char *name);
const char *find_stored_text(const StoredFile *file, const char *key);

/* Writes a file as a whole (see atomic_file.h).  Names are valid UTF-8 and all different. */
bool write_stored(const char *path, const StoredFile *file, Failure *failure);

#endif
