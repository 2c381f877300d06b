// SPDX-License-Identifier: MIT
// Arrays whose length is counted in 64 bits, on machines that may have fewer for an address.
#ifndef SEDGE_RUNTIME_ARRAY_H
#define SEDGE_RUNTIME_ARRAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Whether so many items fit the machine's addresses. */
static inline bool array_fits(uint64_t count, size_t item_bytes) {
  return count < SIZE_MAX / 2 / item_bytes;
}

/* A zeroed array, of at least one item so that NULL means that there is no memory.  Owned:
 * free(). */
static inline void *array_new(uint64_t count, size_t item_bytes) {
  return array_fits(count, item_bytes) ? calloc(count > 0 ? (size_t)count : 1, item_bytes) : NULL;
}

/* One of several that are opened in turn: does nothing once *ok is false, and makes it false where
 * there is no memory. */
static inline void *array_next(bool *ok, uint64_t count, size_t item_bytes) {
  void *memory = *ok ? array_new(count, item_bytes) : NULL;
  *ok = memory != NULL;
  return memory;
}

enum { ARRAY_ALIGNMENT = 64 };

/* The same, beginning and ending at a multiple of ARRAY_ALIGNMENT bytes. */
static inline void *array_next_aligned(bool *ok, uint64_t count, size_t item_bytes) {
  void *memory = NULL;
  if (!*ok) return NULL;
  const uint64_t bytes = (count * item_bytes / ARRAY_ALIGNMENT + 1) * ARRAY_ALIGNMENT;
  *ok =
      array_fits(count, item_bytes) && posix_memalign(&memory, ARRAY_ALIGNMENT, (size_t)bytes) == 0;
  return *ok ? memset(memory, 0, (size_t)bytes) : NULL;
}

#endif
