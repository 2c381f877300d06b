// SPDX-License-Identifier: MIT
// Asks the system where the command lies, and looks around from there.
#include "compiler/beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/system.h"

/* Folders, from the command's own. */
static const char *const folders[] = {"", "../", "../lib/sedge/", "../lib/", "../share/sedge/"};

bool find_beside(const char *name, char path[BESIDE_PATH_SIZE]) {
  char *own = system_program_folder();
  bool is_found = false;
  for (size_t i = 0; own && !is_found && i < sizeof folders / sizeof folders[0]; i++) {
    snprintf(path, BESIDE_PATH_SIZE, "%s/%s%s", own, folders[i], name);
    is_found = access(path, R_OK) == 0;
  }
  free(own);
  return is_found;
}
