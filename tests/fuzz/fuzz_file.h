// SPDX-License-Identifier: MIT
// Gives a fuzz target's bytes a path, so that readers of files can be fuzzed without touching a
// disk.
#ifndef SEDGE_TESTS_FUZZ_FUZZ_FILE_H
#define SEDGE_TESTS_FUZZ_FUZZ_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* libFuzzer calls this once for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct FuzzFile {
  int descriptor;
  char path[64];
} FuzzFile;

/* A file in memory that holds the bytes (owned: fuzz_file_close). */
static inline FuzzFile fuzz_file_open(const uint8_t *bytes, size_t count) {
  FuzzFile file = {.descriptor = memfd_create("fuzz", 0)};
  if (file.descriptor < 0) abort();
  if (count > 0 && write(file.descriptor, bytes, count) != (ssize_t)count) abort();
  snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
  return file;
}

static inline void fuzz_file_close(const FuzzFile *file) {
  close(file->descriptor);
}

#endif
