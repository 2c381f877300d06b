// SPDX-License-Identifier: MIT
// A folder of a fuzz target's own, for readers and writers that want a name on a disk.
#ifndef SEDGE_TESTS_FUZZ_FUZZ_FOLDER_H
#define SEDGE_TESTS_FUZZ_FUZZ_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The folder, below TMPDIR or /tmp; made by the first call, removed at the end if it is empty
 * then. */
static inline const char *fuzz_folder(void);

static char fuzz_folder_name[256];

static inline void fuzz_folder_remove(void) {
  rmdir(fuzz_folder_name);
}

static inline const char *fuzz_folder(void) {
  if (fuzz_folder_name[0] != '\0') return fuzz_folder_name;
  const char *place = getenv("TMPDIR");
  const int length = snprintf(fuzz_folder_name, sizeof fuzz_folder_name, "%s/fuzz-XXXXXX",
                              place && *place ? place : "/tmp");
  if (length >= (int)sizeof fuzz_folder_name || !mkdtemp(fuzz_folder_name)) abort();
  atexit(fuzz_folder_remove);
  return fuzz_folder_name;
}

#endif
