// SPDX-License-Identifier: MIT
// Fuzzes the csv reader; the first byte chooses how the label column is named.
#include "tests/fuzz/fuzz_dataset.h"
#include "tests/fuzz/fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const CsvOptions options = {.label_name = data[0] == 'n' ? "y" : NULL,
                              .label_column = data[0] == '0' ? 0 : -1};
  const FuzzFile file = fuzz_file_open(data + 1, size - 1);
  Dataset dataset;
  Failure failure = {0};
  const bool is_read = read_csv(file.path, &options, &dataset, &failure);
  check_outcome(is_read, &dataset, &failure);
  fuzz_file_close(&file);
  return 0;
}
