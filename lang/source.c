// SPDX-License-Identifier: MIT
// The texts of a compilation, in one space of byte offsets.
#include "lang/source.h"

#include <string.h>

#include "lang/vector.h"

struct Sources {
  Arena *arena;
  VECTOR(SourceFile) files; /* ascending by base */
  uint32_t end;             /* first offset that is free */
};

Sources *sources_new(Arena *arena) {
  Sources *sources = ARENA_NEW(arena, Sources);
  sources->arena = arena;
  sources->end = 1;
  return sources;
}

static void find_lines(SourceFile *file, Arena *arena) {
  uint32_t count = 1;
  for (uint32_t i = 0; i < file->length; i++) count += file->text[i] == '\n';
  uint32_t *lines = ARENA_ARRAY(arena, uint32_t, count);
  file->lines = lines;
  file->line_count = count;
  uint32_t line = 1;
  for (uint32_t i = 0; i < file->length; i++) {
    if (file->text[i] == '\n') lines[line++] = i + 1;
  }
}

uint32_t sources_count(const Sources *sources) {
  return sources->files.count;
}

const SourceFile *sources_file(const Sources *sources, uint32_t index) {
  return &sources->files.items[index];
}

const SourceFile *sources_add(Sources *sources, const char *name, const char *text, size_t length) {
  /* One offset beyond the text is its end, where "unexpected end of file" points. */
  if (length >= UINT32_MAX - sources->end - 1) return NULL;
  SourceFile *file = VECTOR_ADD(sources->arena, &sources->files);
  *file = (SourceFile){
      .name = arena_copy(sources->arena, name, strlen(name)),
      .text = arena_copy(sources->arena, text, length),
      .base = sources->end,
      .length = (uint32_t)length,
  };
  sources->end += file->length + 1;
  find_lines(file, sources->arena);
  /* The vector may move its items when it grows: hand out a copy that stays. */
  SourceFile *stable = ARENA_NEW(sources->arena, SourceFile);
  *stable = *file;
  return stable;
}

static bool is_continuation(char byte) {
  return ((unsigned char)byte & 0xC0U) == 0x80U;
}

static const SourceFile *find_file(const Sources *sources, uint32_t offset) {
  uint32_t low = 0, high = sources->files.count;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (sources->files.items[middle].base <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low ? &sources->files.items[low - 1] : NULL;
}

Position sources_position(const Sources *sources, uint32_t offset) {
  const SourceFile *file = offset ? find_file(sources, offset) : NULL;
  if (!file) return (Position){NULL, 0, 0};
  uint32_t at = offset - file->base;
  if (at > file->length) at = file->length;
  uint32_t low = 0, high = file->line_count;
  while (high - low > 1) {
    const uint32_t middle = (low + high) / 2;
    if (file->lines[middle] <= at) {
      low = middle;
    } else {
      high = middle;
    }
  }
  uint32_t column = 1;
  for (uint32_t i = file->lines[low]; i < at; i++) column += !is_continuation(file->text[i]);
  return (Position){file, low + 1, column};
}
