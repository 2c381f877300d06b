// SPDX-License-Identifier: MIT
// Arrays whose length is counted in 64 bits, on machines that may have fewer for an address.
#ifndef SEDGE_RUNTIME_ARRAY_H
#define SEDGE_RUNTIME_ARRAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Whether so many items fit the machine's addresses. */
static inline bool array_fits(uint64_t count, size_t item_bytes) {
  return count < SIZE_MAX / 2 / item_bytes;
}

/* A zeroed array, of at least one item so that NULL means that there is no memory.  Owned: free(). */
static inline void *array_new(uint64_t count, size_t item_bytes) {
  return array_fits(count, item_bytes) ? calloc(count > 0 ? (size_t)count : 1, item_bytes) : NULL;
}

#endif
