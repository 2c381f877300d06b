// SPDX-License-Identifier: MIT
// Files that come with sedge: beside the command, or where it is installed.
#ifndef SEDGE_COMPILER_BESIDE_H
#define SEDGE_COMPILER_BESIDE_H

#include "lang/arena.h"

/* The path of a readable file of that name in the command's own folder, the one above it, or
 * ../lib/sedge, ../lib or ../share/sedge, in the arena; NULL: there is none. */
char *find_beside(const char *name, Arena *arena);

#endif
