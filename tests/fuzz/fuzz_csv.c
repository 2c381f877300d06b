// SPDX-License-Identifier: MIT
// Fuzzes the readers of rows of numbers.  The first byte says what the rest is: r, rows to predict;
// else csv, whose label column is n, named; 0, the first; any other, the last.
#include "runtime/verbs/read_inputs.h"
#include "tests/fuzz/fuzz_dataset.h"
#include "tests/fuzz/fuzz_file.h"

static void fuzz_rows(const uint8_t *data, size_t size) {
  enum { FEATURES = 3 };
  const FuzzFile file = fuzz_file_open(data, size);
  float *values = NULL;
  uint64_t count = 0;
  Failure failure = {0};
  const bool is_read =
      read_rows(file.path, FEATURES, (int64_t)(size % 5) - 1, &values, &count, &failure);
  require(is_read == (failure.kind == FAILURE_NONE) && is_read == (values != NULL));
  for (uint64_t i = 0; is_read && i < count * FEATURES; i++) require(isfinite(values[i]));
  free(values);
  fuzz_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  if (data[0] == 'r') {
    fuzz_rows(data + 1, size - 1);
    return 0;
  }
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
