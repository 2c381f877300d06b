// SPDX-License-Identifier: MIT
// A folder for the files that a unit test writes; it is removed with all that is in it.
#ifndef SEDGE_TESTS_UNIT_SCRATCH_FOLDER_H
#define SEDGE_TESTS_UNIT_SCRATCH_FOLDER_H

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct ScratchFolder {
  char path[256];
} ScratchFolder;

static inline ScratchFolder scratch_open(void) {
  const char *parent = getenv("TMPDIR");
  ScratchFolder folder;
  snprintf(folder.path, sizeof folder.path, "%s/sedge-test-XXXXXX", parent ? parent : "/tmp");
  char *made = mkdtemp(folder.path);
  assert(made != NULL);
  (void)made;
  return folder;
}

/* FOLDER/name in one of four buffers, used in turn. */
static inline const char *scratch_path(const ScratchFolder *folder, const char *name) {
  static char paths[4][512];
  static unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder->path, name);
  return path;
}

static inline const char *scratch_write(const ScratchFolder *folder, const char *name,
                                        const void *bytes, size_t count) {
  const char *path = scratch_path(folder, name);
  FILE *file = fopen(path, "wb");
  assert(file != NULL);
  const size_t written = count > 0 ? fwrite(bytes, 1, count, file) : 0;
  assert(written == count);
  (void)written;
  fclose(file);
  return path;
}

static inline const char *scratch_write_text(const ScratchFolder *folder, const char *name,
                                             const char *text) {
  return scratch_write(folder, name, text, strlen(text));
}

static inline void scratch_close(const ScratchFolder *folder) {
  DIR *directory = opendir(folder->path);
  assert(directory != NULL);
  for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] != '.') unlink(scratch_path(folder, entry->d_name));
  }
  closedir(directory);
  rmdir(folder->path);
}

#endif
