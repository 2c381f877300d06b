// SPDX-License-Identifier: MIT
// Asks the system where the command lies, and looks around from there.
#include "compiler/beside.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Folders, from the command's own. */
static const char *const folders[] = {"", "../", "../lib/sedge/", "../lib/", "../share/sedge/"};

bool find_beside(const char *name, char path[BESIDE_PATH_SIZE]) {
  const ssize_t length = readlink("/proc/self/exe", path, 4096);
  if (length <= 0) return false;
  path[length] = '\0';
  char *const at = strrchr(path, '/') + 1;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    snprintf(at, BESIDE_PATH_SIZE - (size_t)(at - path), "%s%s", folders[i], name);
    if (access(path, R_OK) == 0) return true;
  }
  return false;
}
