// SPDX-License-Identifier: MIT
// Reads a file that may be gzipped or not, and says exactly where it is damaged.
#ifndef SEDGE_RUNTIME_DATA_GZIP_FILE_H
#define SEDGE_RUNTIME_DATA_GZIP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/failure.h"

struct gzFile_s;

typedef struct GzipFile {
  struct gzFile_s *handle;
  const char *path;  /* borrowed: must outlive the file */
  uint64_t position; /* unpacked bytes read so far */
} GzipFile;

/* Opens the file (owned: gzip_close) or fails with the system's reason. */
bool gzip_open(const char *path, GzipFile *file, Failure *failure);

/* Takes standard input, by its descriptor: in a sandbox it has no path. */
bool gzip_open_input(GzipFile *file, Failure *failure);

/* Reads `size` unpacked bytes, fewer only at the end of the file: *got says how many. Fails where
 * the system does, and where gzip data are corrupt or end too early. */
bool gzip_read(GzipFile *file, void *bytes, size_t size, size_t *got, Failure *failure);

void gzip_close(GzipFile *file);

#endif
