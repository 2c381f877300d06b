// SPDX-License-Identifier: MIT
// Opens what the generated object holds.
#include "runtime/built/built.h"

bool open_built_model(UnpackedTrainer *built, Failure *failure) {
  return unpack_trainer(sedge_packed, (size_t)sedge_packed_bytes, built, failure);
}

Engine *open_built_engine(const UnpackedTrainer *built, uint32_t threads, Failure *failure) {
  const uint64_t expected = (uint64_t)built->model.junction_count * NATIVE_KERNEL_COUNT;
  if (sedge_kernels.kernel_count == expected)
    return native_open(&built->model, &sedge_kernels, threads, failure);
  fail(
      failure, FAILURE_DEFECT, NULL,
      "the code has %llu kernels, its model needs %llu: code and runtime are of different versions",
      (unsigned long long)sedge_kernels.kernel_count, (unsigned long long)expected);
  return NULL;
}
