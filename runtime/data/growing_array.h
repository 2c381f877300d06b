// SPDX-License-Identifier: MIT
// An array that grows while a file is read, so that memory follows what the file really holds and
// never what its header claims.
#ifndef SEDGE_RUNTIME_DATA_GROWING_ARRAY_H
#define SEDGE_RUNTIME_DATA_GROWING_ARRAY_H

#include <stddef.h>
#include <stdint.h>

typedef struct GrowingArray {
  void *items; /* [capacity], `count` in use; owned; NULL while nothing was added */
  uint64_t count;
  uint64_t capacity;
  uint64_t most; /* capacity never grows past this; 0: no bound */
  size_t item_bytes;
} GrowingArray;

/* Adds `more` items, not initialized; returns the first of them, or NULL when memory is short or
 * `most` would be passed (the array is then as before). Pointers to earlier items die. */
void *growing_extend(GrowingArray *array, uint64_t more);

/* Gives the block to the caller, who frees it; the array is empty afterwards. NULL when it was
 * empty. */
void *growing_take(GrowingArray *array);

void growing_close(GrowingArray *array);

#endif
