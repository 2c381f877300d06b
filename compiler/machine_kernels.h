// SPDX-License-Identifier: MIT
// The inner loops of machine_limits.c for one register width: included once for each, with
// LIMIT_BYTES, LIMIT_NAME(name) and LIMIT_TARGET defined.
//
// Nothing can be left out by the optimizer: float sums have an order that it must keep, and each
// ends in a result. (This file and machine_limits.c are compiled with -ffp-contract=fast, so that a
// * b + c is one instruction where there is one.)

typedef float LIMIT_NAME(Vector) __attribute__((vector_size(LIMIT_BYTES)));

enum { LIMIT_NAME(LANES) = LIMIT_BYTES / sizeof(float) };

/* `count` rounds of ACCUMULATORS vector multiply-adds, none waiting for the one before it. */
LIMIT_TARGET static float LIMIT_NAME(multiply_add)(uint64_t count, float factor) {
  LIMIT_NAME(Vector) sums[ACCUMULATORS], by = (LIMIT_NAME(Vector)){0} + factor;
  for (int k = 0; k < ACCUMULATORS; k++) sums[k] = by * (float)k;
  for (uint64_t i = 0; i < count; i++) {
#pragma GCC unroll 16
    for (int k = 0; k < ACCUMULATORS; k++) sums[k] = sums[k] * by + by;
  }
  for (int k = 1; k < ACCUMULATORS; k++) sums[0] += sums[k];
  return sums[0][0];
}

/* Adds up `bytes` of an array, a multiple of ACCUMULATORS vectors, `times` over. */
LIMIT_TARGET static float LIMIT_NAME(read_all)(const void *array, uint64_t bytes, uint64_t times) {
  const LIMIT_NAME(Vector) *at = array;
  const uint64_t count = bytes / sizeof *at;
  LIMIT_NAME(Vector) sums[ACCUMULATORS] = {{0}};
  for (uint64_t pass = 0; pass < times; pass++) {
    for (uint64_t i = 0; i + ACCUMULATORS <= count; i += ACCUMULATORS) {
#pragma GCC unroll 16
      for (int k = 0; k < ACCUMULATORS; k++) sums[k] += at[i + (uint64_t)k];
    }
  }
  for (int k = 1; k < ACCUMULATORS; k++) sums[0] += sums[k];
  return sums[0][0];
}

#undef LIMIT_BYTES
#undef LIMIT_NAME
#undef LIMIT_TARGET
