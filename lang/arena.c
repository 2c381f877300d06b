// SPDX-License-Identifier: MIT
// Memory that is freed all at once: a list of blocks, the last of which has room.
#include "lang/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Block {
  struct Block *before;
  size_t used, capacity; /* bytes of data */
  max_align_t data[];
} Block;

struct Arena {
  Block *last;
};

enum { BLOCK_BYTES = 64 << 10 };

static OutOfMemory out_of_memory;

void arena_on_failure(OutOfMemory handler) {
  out_of_memory = handler;
}

_Noreturn void arena_fail(size_t bytes) {
  if (out_of_memory) out_of_memory(bytes);
  abort();
}

void *heap_alloc(void *old, size_t bytes) {
  void *memory = realloc(old, bytes ? bytes : 1);
  if (!memory) arena_fail(bytes);
  return memory;
}

Arena *arena_open(void) {
  Arena *arena = calloc(1, sizeof *arena);
  if (!arena) arena_fail(sizeof *arena);
  return arena;
}

void arena_close(Arena *arena) {
  if (!arena) return;
  for (Block *block = arena->last; block;) {
    Block *before = block->before;
    free(block);
    block = before;
  }
  free(arena);
}

static Block *add_block(Arena *arena, size_t bytes) {
  const size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
  Block *block = calloc(1, sizeof *block + capacity);
  if (!block) arena_fail(bytes);
  block->capacity = capacity;
  /* A large allocation fills its block; keep the roomy one in front. */
  if (arena->last && bytes > BLOCK_BYTES) {
    block->before = arena->last->before;
    arena->last->before = block;
    return block;
  }
  block->before = arena->last;
  arena->last = block;
  return block;
}

void *arena_alloc(Arena *arena, size_t count, size_t size) {
  size_t bytes = 0;
  const size_t align = sizeof(max_align_t);
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) arena_fail(SIZE_MAX);
  bytes = (bytes + align - 1) / align * align;
  Block *block = arena->last;
  if (!block || block->capacity - block->used < bytes) block = add_block(arena, bytes);
  void *memory = (char *)block->data + block->used;
  block->used += bytes;
  return memory;
}

char *arena_copy(Arena *arena, const char *text, size_t length) {
  char *copy = arena_alloc(arena, length + 1, 1);
  if (length) memcpy(copy, text, length);
  return copy;
}

char *arena_print(Arena *arena, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  assert(length >= 0);
  char *text = arena_alloc(arena, (size_t)length + 1, 1);
  vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}
