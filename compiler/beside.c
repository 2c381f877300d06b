// SPDX-License-Identifier: MIT
// Asks the system where the command lies, and looks around from there.
#include "compiler/beside.h"

#include <stdlib.h>
#include <unistd.h>

#include "runtime/system.h"

/* Folders, from the command's own. */
static const char *const folders[] = {"", "../", "../lib/sedge/", "../lib/", "../share/sedge/"};

char *find_beside(const char *name, Arena *arena) {
  char *own = system_program_folder(), *found = NULL;
  for (size_t i = 0; own && !found && i < sizeof folders / sizeof folders[0]; i++) {
    char *path = arena_print(arena, "%s/%s%s", own, folders[i], name);
    if (access(path, R_OK) == 0) found = path;
  }
  free(own);
  return found;
}
