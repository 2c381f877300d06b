// SPDX-License-Identifier: MIT
// Paths of files and their URIs.
#ifndef SEDGE_COMPILER_LSP_URI_H
#define SEDGE_COMPILER_LSP_URI_H

#include "lang/arena.h"

/* The path that a file: URI names, in the arena; NULL for other schemes (an editor's text without a
 * file), other hosts, and paths with a NUL. */
const char *path_of_uri(const char *uri, Arena *arena);

/* The file: URI of an absolute path, in the arena. */
const char *uri_of_path(const char *path, Arena *arena);

/* One name for all ways to a file, in the arena: links followed where the file exists, else "." and
 * ".." removed. */
const char *canonical_path(const char *path, Arena *arena);

#endif
