// SPDX-License-Identifier: MIT
// Files that come with sedge: beside the command, or where it is installed.
#ifndef SEDGE_COMPILER_BESIDE_H
#define SEDGE_COMPILER_BESIDE_H

#include <stdbool.h>

enum { BESIDE_PATH_SIZE = 4096 + 64 };

/* The path of a readable file of that name in the command's own folder, the one above it, or ../lib/sedge,
 * ../lib or ../share/sedge; false: there is none. */
bool find_beside(const char *name, char path[BESIDE_PATH_SIZE]);

#endif
