// SPDX-License-Identifier: MIT
// The texts that a compilation reads, and places in them.
//
// All files of one compilation share one space of byte offsets: each is given a range of its own
// when it is added, so that a Span alone says which file it is in.  Line and column are looked up
// only when something is printed.
#ifndef SEDGE_LANG_SOURCE_H
#define SEDGE_LANG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/arena.h"

/* Bytes begin .. end-1 of the shared space; offset 0 is no text, so a zeroed Span is "nowhere". */
typedef struct Span {
  uint32_t begin, end;
} Span;

typedef struct SourceFile {
  const char *name;      /* as given by the user; messages print it */
  const char *text;      /* [length], then a NUL */
  uint32_t base;         /* offset of text[0] in the shared space, >= 1 */
  uint32_t length;       /* bytes */
  uint32_t line_count;   /* >= 1 */
  const uint32_t *lines; /* [line_count] index in text of each line's first byte */
} SourceFile;

typedef struct Sources Sources;

/* A place for a person: lines and columns count from 1, columns count characters. */
typedef struct Position {
  const SourceFile *file;
  uint32_t line, column;
} Position;

/* All files of one compilation, in the arena. */
Sources *sources_new(Arena *arena);

/* Adds a text; name and text are copied into the arena.  NULL when the shared space (4 GiB) is
 * full. */
const SourceFile *sources_add(Sources *sources, const char *name, const char *text, size_t length);

/* The texts in the order in which they were added: index < sources_count(). */
uint32_t sources_count(const Sources *sources);
const SourceFile *sources_file(const Sources *sources, uint32_t index);

/* Where an offset is; file is NULL for "nowhere". */
Position sources_position(const Sources *sources, uint32_t offset);

/* Texts that stand before those on the disk: what an editor has open.  find gives the text of the
 * file at `path` and its length, borrowed as long as the compilation lasts, or NULL where the
 * disk's counts. */
typedef struct TextOverlay {
  const char *(*find)(void *context, const char *path, size_t *length);
  void *context;
} TextOverlay;

static inline bool span_is_nowhere(Span span) {
  return span.begin == 0;
}

#endif
