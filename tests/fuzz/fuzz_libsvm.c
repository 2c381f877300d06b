// SPDX-License-Identifier: MIT
// Fuzzes the libsvm reader.
#include "tests/fuzz/fuzz_dataset.h"
#include "tests/fuzz/fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const FuzzFile file = fuzz_file_open(data, size);
  Dataset dataset;
  Failure failure = {0};
  const bool is_read = read_libsvm(file.path, &dataset, &failure);
  check_outcome(is_read, &dataset, &failure);
  fuzz_file_close(&file);
  return 0;
}
