// SPDX-License-Identifier: MIT
// Reads a file and all that it imports into one list of items.
#ifndef SEDGE_LANG_IMPORT_H
#define SEDGE_LANG_IMPORT_H

#include <stdbool.h>

#include "lang/parse.h"

typedef struct ImportContext {
  Sources *sources;
  Diagnostics *diagnostics;
  Names *names;
  Arena *arena;
  const char *const *include_folders;
  uint32_t include_folder_count;
  const TextOverlay *overlay; /* or NULL */
} ImportContext;

/* Reads `path` (or takes `text` under that name), parses it, and puts every imported file's items
 * where its import stood: found beside the importing file, then in the include folders; a file
 * imported twice counts once; a cycle is an error that shows the chain.  NULL where the main file
 * cannot be read. */
File *import_file(const ImportContext *context, const char *path, const char *text);

/* Reads one file and follows no imports; "-" is standard input, which messages call "standard
 * input".  NULL after reporting. */
const SourceFile *read_source_file(const ImportContext *context, const char *path);

/* A text's size limit, and that of all imported files together, in bytes. */
enum { SOURCE_LIMIT = 16 << 20 };

#endif
