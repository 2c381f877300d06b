// SPDX-License-Identifier: MIT
// From a .sedge file to a checked program: the only door to lang that the compiler needs.
//
// Reads, imports, parses, evaluates and checks.  Mistakes in every block of the file are reported,
// also in those that are not chosen; what several blocks must agree on (a z for each junction, a
// loss that suits the output) is checked for the chosen ones.
#ifndef SEDGE_LANG_CHECK_H
#define SEDGE_LANG_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"
#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/program.h"
#include "lang/source.h"

/* What the command line adds to a file; all borrowed, all may be zero. */
typedef struct CheckOptions {
  const char *const *defines; /* "name=expr" of each -D, in order; the last of a name counts */
  uint32_t define_count;
  const char *const *include_folders; /* of each -I, in order */
  uint32_t include_folder_count;
  const char *network, *hardware, *train; /* names of the blocks to take; NULL: the first */
  bool has_seed;
  uint64_t seed;              /* replaces every seed that the file does not give */
  const TextOverlay *overlay; /* texts that stand before those on the disk, or NULL */
} CheckOptions;

/* What checking leaves beside messages, all in the arena. */
typedef struct Checked {
  const File *file; /* the tree, imported items in place; NULL where the file could not be read */
  const struct Scope *scope; /* what the file's names stand for */
  const Network *network; /* the chosen one; NULL where it is wrong, but there whatever else is */
  Program *program;       /* NULL after an error */
} Checked;

/* check_file for those who want the tree too, errors or not: an editor. */
Checked check_tree(const char *path, const char *text, const CheckOptions *options,
                   Sources *sources, Diagnostics *d, Arena *arena);

/* Checks the file at `path`, or `text` under that name where it is not NULL (the embedded default).
 * On success *program is in the arena.  False: at least one error was reported to d. */
bool check_file(const char *path, const char *text, const CheckOptions *options, Sources *sources,
                Diagnostics *d, Arena *arena, Program **program);

#endif
