// SPDX-License-Identifier: MIT
// Fuzzes the IDX reader: the bytes are three lengths of two bytes (little-endian), then the four
// files of the folder (training images, training labels, test images, test labels), the last one to
// the end.
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz_dataset.h"
#include "tests/fuzz/fuzz_file.h"
#include "tests/fuzz/fuzz_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                      "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
  enum { FILES = 4, LENGTH_BYTES = 2 * (FILES - 1) };
  if (size < LENGTH_BYTES) return 0;
  const char *folder = fuzz_folder();

  FuzzFile files[FILES];
  char links[FILES][512];
  size_t at = LENGTH_BYTES;
  for (size_t i = 0; i < FILES; i++) {
    size_t length = size - at;
    if (i < FILES - 1) {
      const size_t wanted = (size_t)(data[2 * i] | data[2 * i + 1] << 8);
      if (wanted < length) length = wanted;
    }
    files[i] = fuzz_file_open(data + at, length);
    at += length;
    snprintf(links[i], sizeof links[i], "%s/%s", folder, names[i]);
    require(symlink(files[i].path, links[i]) == 0);
  }
  Dataset dataset;
  Failure failure = {0};
  const bool is_read = read_idx(folder, &dataset, &failure);
  check_outcome(is_read, &dataset, &failure);
  for (size_t i = 0; i < FILES; i++) {
    unlink(links[i]);
    fuzz_file_close(&files[i]);
  }
  return 0;
}
