// SPDX-License-Identifier: MIT
// a * b + c rounded once, from double's own operations, for machines without the instruction.
//
// The product of two floats is exact in double.  The sum is rounded to odd: where it is not exact,
// it is that one of its two neighbours in double whose last bit is 1.  Such a number is no float
// and no middle of two (53 bits are at least two more than 24, and more for subnormal floats), so
// that rounding it to float rounds the exact sum.  Source: Boldo and Melquiond, "Emulation of FMA
// and correctly rounded sums: proved algorithms using rounding to odd", 2008.
//
// compiler/llvm/exact_fma_ir.c generates the same in vectors.
#ifndef SEDGE_RUNTIME_EXACT_FMA_H
#define SEDGE_RUNTIME_EXACT_FMA_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float exact_fma(float a, float b, float c) {
  const double product = (double)a * (double)b, addend = (double)c;
  double sum = product + addend;
  /* What the sum lacks, exactly; NaN where it is none. */
  const double rest = sum - product;
  const double error = (product - (sum - rest)) + (addend - rest);
  uint64_t bits, error_bits;
  memcpy(&bits, &sum, sizeof bits);
  memcpy(&error_bits, &error, sizeof error_bits);
  if (fabs(error) > 0) {
    const uint64_t is_beyond =
        (bits ^ error_bits) >> 63; /* the sum, farther from 0 than what it stands for */
    bits = (bits - is_beyond) | 1;
    memcpy(&sum, &bits, sizeof sum);
  }
  return (float)sum;
}

#endif
