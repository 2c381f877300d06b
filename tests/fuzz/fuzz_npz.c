// SPDX-License-Identifier: MIT
// Fuzzes the NumPy readers: the bytes as an archive, and, where they begin like one, as a single
// array.
#include <string.h>

#include "runtime/data/npy.h"
#include "runtime/data/npz.h"
#include "tests/fuzz/fuzz_dataset.h"
#include "tests/fuzz/fuzz_file.h"

static void fuzz_array(const uint8_t *data, size_t size) {
  NpyArray array;
  Failure failure = {0};
  if (!npy_view(data, size, "fuzz", "x", &array, &failure)) {
    require(failure.kind == FAILURE_INPUT && failure.message[0] != '\0');
    return;
  }
  double sum = 0;
  for (uint64_t i = 0; i < array.count && i < 1000; i++) {
    const uint64_t place = npy_place(&array, i);
    require(place < array.count);
    sum += npy_number(&array, place);
  }
  (void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 0 && data[0] == 0x93) {
    fuzz_array(data, size);
    return 0;
  }
  const FuzzFile file = fuzz_file_open(data, size);
  Dataset dataset;
  Failure failure = {0};
  const bool is_read = read_npz(file.path, &dataset, &failure);
  check_outcome(is_read, &dataset, &failure);

  uint32_t *values = NULL;
  uint64_t count = 0;
  failure = (Failure){0};
  const bool has_edges = read_npz_indices(file.path, "left", &values, &count, &failure);
  require(has_edges == (failure.kind == FAILURE_NONE));
  require(has_edges || (values == NULL && count == 0));
  free(values);
  fuzz_file_close(&file);
  return 0;
}
