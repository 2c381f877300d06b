// SPDX-License-Identifier: MIT
// Arrays of numbers out of a NumPy archive (.npz: a zip file of .npy arrays, compressed or not).
#ifndef SEDGE_RUNTIME_DATA_NPZ_H
#define SEDGE_RUNTIME_DATA_NPZ_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/failure.h"

/* Reads the one-dimensional integer array called `array` (member ARRAY.npy) into *values [*count],
 * which the caller frees; *values is NULL when the array is empty.  Fails when the archive or the
 * array is missing or damaged, or when a value is no integer of 0 .. 2^32 - 1. */
bool read_npz_indices(const char *path, const char *array, uint32_t **values, uint64_t *count,
                      Failure *failure);

#endif
