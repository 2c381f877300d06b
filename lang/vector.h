// SPDX-License-Identifier: MIT
// Growing arrays in an arena.  A vector is a struct with items, count and capacity; old storage
// stays in the arena.
#ifndef SEDGE_LANG_VECTOR_H
#define SEDGE_LANG_VECTOR_H

#include <stdint.h>
#include <string.h>

#include "lang/arena.h"

#define VECTOR(Type)                                                                               \
  struct {                                                                                         \
    Type *items;                                                                                   \
    uint32_t count;                                                                                \
    uint32_t capacity;                                                                             \
  }

/* Makes room for one more item and returns its address, zeroed. */
#define VECTOR_ADD(arena, vector)                                                                  \
  (vector_grow((arena), (void **)&(vector)->items, (vector)->count, &(vector)->capacity,           \
               sizeof *(vector)->items),                                                           \
   &(vector)->items[(vector)->count++])

static inline void vector_grow(Arena *arena, void **items, uint32_t count, uint32_t *capacity,
                               size_t size) {
  if (count < *capacity) return;
  const uint32_t grown = *capacity ? *capacity * 2 : 8;
  void *larger = arena_alloc(arena, grown, size);
  if (count) memcpy(larger, *items, count * size);
  *items = larger;
  *capacity = grown;
}

#endif
