// SPDX-License-Identifier: MIT
// Begins and ends a compilation, and knows where its files are.
#include "compiler/compilation.h"

#include <string.h>

Compilation *compilation_open(const char *path, const char *text, const CheckOptions *options) {
  Arena *arena = arena_open();
  Compilation *c = ARENA_NEW(arena, Compilation);
  c->arena = arena;
  c->sources = sources_new(arena);
  c->diagnostics = diagnostics_new(arena, c->sources);
  c->path = path;
  c->text = text;
  c->options = *options;
  return c;
}

void compilation_close(Compilation *c) {
  if (c) arena_close(c->arena);
}

const char *folder_of_span(const Compilation *c, Span span) {
  const Position position = sources_position(c->sources, span.begin);
  const char *slash = position.file ? strrchr(position.file->name, '/') : NULL;
  if (!slash) return ".";
  if (slash == position.file->name) return "/";
  return arena_copy(c->arena, position.file->name, (size_t)(slash - position.file->name));
}

const char *edge_file(const Compilation *c, const Pattern *pattern) {
  if (pattern->path[0] == '/') return pattern->path;
  return arena_print(c->arena, "%s/%s", folder_of_span(c, pattern->path_at), pattern->path);
}
