// SPDX-License-Identifier: MIT
// Fuzzes the safetensors reader: whatever the bytes, it reads arrays that lie within them or says
// what is wrong.
#include <stdlib.h>
#include <string.h>

#include "runtime/safetensors.h"

/* libFuzzer calls this once for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StoredFile file;
  Failure failure = {0};
  if (!parse_stored(data, size, "fuzz", &file, &failure)) {
    require(failure.kind != FAILURE_NONE && failure.message[0] != '\0');
    require(file.memory == NULL && file.array_count == 0);
    return 0;
  }
  uint64_t bytes = 0;
  unsigned sum = 0;
  for (uint32_t i = 0; i < file.array_count; i++) {
    const StoredArray *array = &file.arrays[i];
    const uint64_t own = stored_count(array) * dtype_bytes(array->dtype);
    require(find_stored(&file, array->name) == array && strlen(array->name) <= STORED_MOST_NAME);
    for (uint64_t at = 0; at < own; at++) sum += ((const uint8_t *)array->data)[at];
    bytes += own;
  }
  require(bytes <= size && (sum == 0 || bytes > 0));
  stored_file_close(&file);
  return 0;
}
