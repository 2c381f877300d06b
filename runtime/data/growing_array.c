// SPDX-License-Identifier: MIT
// The growing array of growing_array.h: capacity doubles, within its bound.
#include "runtime/data/growing_array.h"

#include <stdlib.h>

static const uint64_t first_capacity_bytes = 4096;

static uint64_t next_capacity(const GrowingArray *array, uint64_t needed) {
  uint64_t capacity = array->capacity;
  if (capacity == 0) capacity = first_capacity_bytes / array->item_bytes + 1;
  while (capacity < needed) capacity = capacity > UINT64_MAX / 2 ? needed : capacity * 2;
  return array->most != 0 && capacity > array->most ? array->most : capacity;
}

void *growing_extend(GrowingArray *array, uint64_t more) {
  if (more > UINT64_MAX - array->count) return NULL;
  const uint64_t needed = array->count + more;
  if (array->most != 0 && needed > array->most) return NULL;
  if (needed > array->capacity || array->items == NULL) {
    const uint64_t capacity = next_capacity(array, needed);
    if (capacity > SIZE_MAX / array->item_bytes) return NULL;
    void *items = realloc(array->items, (size_t)capacity * array->item_bytes);
    if (items == NULL) return NULL;
    array->items = items;
    array->capacity = capacity;
  }
  void *added = (char *)array->items + (size_t)array->count * array->item_bytes;
  array->count = needed;
  return added;
}

void *growing_take(GrowingArray *array) {
  void *items = array->items;
  array->items = NULL;
  array->count = array->capacity = 0;
  return items;
}

void growing_close(GrowingArray *array) {
  free(growing_take(array));
}
