// SPDX-License-Identifier: MIT
// exp, log, tanh and the sigmoid of runtime/elementary.c for 16 lanes, and rounding to whole
// numbers: the same operations in the same order, branches as selections.
//
// A conversion to an integer is poison in LLVM where the number does not fit, so arguments are
// brought into range first and the special cases are chosen last.
#include <math.h>

#include "compiler/llvm/kernels.h"

static Value constant(Emitter *e, float value) {
  return const_vector(e, const_f32(e, value));
}

static Value integer(Emitter *e, int32_t value) {
  return const_vector(e, const_i32(e, value));
}

static Value add(Emitter *e, Value a, Value b) {
  return LLVMBuildFAdd(e->builder, a, b, "");
}

static Value subtract(Emitter *e, Value a, Value b) {
  return LLVMBuildFSub(e->builder, a, b, "");
}

static Value multiply(Emitter *e, Value a, Value b) {
  return LLVMBuildFMul(e->builder, a, b, "");
}

static Value divide(Emitter *e, Value a, Value b) {
  return LLVMBuildFDiv(e->builder, a, b, "");
}

static Value compare(Emitter *e, LLVMRealPredicate predicate, Value a, Value b) {
  return LLVMBuildFCmp(e->builder, predicate, a, b, "");
}

static Value choose(Emitter *e, Value condition, Value yes, Value no) {
  return LLVMBuildSelect(e->builder, condition, yes, no, "");
}

static Value is_nan(Emitter *e, Value x) {
  return compare(e, LLVMRealUNO, x, x);
}

static Value bits_of(Emitter *e, Value x) {
  return LLVMBuildBitCast(e->builder, x, e->v16i32, "");
}

static Value float_of(Emitter *e, Value bits) {
  return LLVMBuildBitCast(e->builder, bits, e->v16f32, "");
}

static Value magnitude_of(Emitter *e, Value x) {
  return float_of(e, LLVMBuildAnd(e->builder, bits_of(e, x), integer(e, 0x7FFFFFFF), ""));
}

/* ((c0 * x + c1) * x + c2) ..., each operation rounded. */
static Value polynomial(Emitter *e, Value x, const float *coefficients, uint32_t count) {
  Value sum = constant(e, coefficients[0]);
  for (uint32_t i = 1; i < count; i++)
    sum = add(e, multiply(e, sum, x), constant(e, coefficients[i]));
  return sum;
}

static Value sign_of(Emitter *e, Value x) {
  return LLVMBuildAnd(e->builder, bits_of(e, x), integer(e, INT32_MIN), "");
}

/* floor of numbers that fit an integer; of -0, +0.  Wide registers come with an instruction for it,
 * narrow ones may not. */
static Value small_floor(Emitter *e, Value x) {
  if (e->bytes > 16) return call_intrinsic(e, "llvm.floor", e->v16f32, &x, 1, "");
  Value whole =
      LLVMBuildSIToFP(e->builder, LLVMBuildFPToSI(e->builder, x, e->v16i32, ""), e->v16f32, "");
  Value is_above = compare(e, LLVMRealOGT, whole, x);
  return subtract(e, whole, choose(e, is_above, constant(e, 1.0F), constant(e, 0.0F)));
}

Value emit_floor(Emitter *e, Value x) {
  /* From 2^23 on all numbers are whole. */
  Value is_small = compare(e, LLVMRealOLT, magnitude_of(e, x), constant(e, 0x1p23F));
  Value whole = small_floor(e, choose(e, is_small, x, constant(e, 0.0F)));
  whole = float_of(e, LLVMBuildOr(e->builder, bits_of(e, whole), sign_of(e, x), ""));
  return LLVMBuildSelect(e->builder, is_small, whole, x, "floor");
}

Value emit_ceil(Emitter *e, Value x) {
  return LLVMBuildFNeg(e->builder, emit_floor(e, LLVMBuildFNeg(e->builder, x, "")), "ceil");
}

Value emit_round(Emitter *e, Value x) {
  Value magnitude = magnitude_of(e, x), whole = emit_floor(e, magnitude);
  Value is_up = compare(e, LLVMRealOGE, subtract(e, magnitude, whole), constant(e, 0.5F));
  whole = add(e, whole, choose(e, is_up, constant(e, 1.0F), constant(e, 0.0F)));
  Value bits = LLVMBuildOr(e->builder, bits_of(e, whole), sign_of(e, x), "");
  return float_of(e, bits);
}

/* 2^exponent for -126 .. 127. */
static Value power_of(Emitter *e, Value exponent) {
  Value biased = LLVMBuildAdd(e->builder, exponent, integer(e, 127), "");
  return float_of(e, LLVMBuildShl(e->builder, biased, integer(e, 23), ""));
}

Value emit_exp(Emitter *e, Value x) {
  static const float p[] = {1.9875691500e-4F, 1.3981999507e-3F, 8.3334519073e-3F,
                            4.1665795894e-2F, 1.6666665459e-1F, 5.0000001201e-1F};
  Value is_low = compare(e, LLVMRealOLT, x, constant(e, -87.3365479F));
  Value is_high = compare(e, LLVMRealOGT, x, constant(e, 88.7228394F));
  Value is_special =
      LLVMBuildOr(e->builder, LLVMBuildOr(e->builder, is_low, is_high, ""), is_nan(e, x), "");
  Value within = choose(e, is_special, constant(e, 0.0F), x);
  Value k =
      small_floor(e, add(e, multiply(e, within, constant(e, 1.44269504F)), constant(e, 0.5F)));
  Value r = subtract(e, within, multiply(e, k, constant(e, 0.693359375F)));
  r = subtract(e, r, multiply(e, k, constant(e, -2.12194440e-4F)));
  Value y = multiply(e, polynomial(e, r, p, 6), multiply(e, r, r));
  y = add(e, add(e, y, r), constant(e, 1.0F));
  Value whole = LLVMBuildFPToSI(e->builder, k, e->v16i32, "");
  Value half = LLVMBuildSDiv(e->builder, whole, integer(e, 2), "");
  Value rest = LLVMBuildSub(e->builder, whole, half, "");
  y = multiply(e, multiply(e, y, power_of(e, half)), power_of(e, rest));
  y = choose(e, is_low, constant(e, 0.0F), y);
  y = choose(e, is_high, constant(e, INFINITY), y);
  return LLVMBuildSelect(e->builder, is_nan(e, x), x, y, "exp");
}

Value emit_log(Emitter *e, Value x) {
  static const float p[] = {7.0376836292e-2F,  -1.1514610310e-1F, 1.1676998740e-1F,
                            -1.2420140846e-1F, 1.4249322787e-1F,  -1.6668057665e-1F,
                            2.0000714765e-1F,  -2.4999993993e-1F, 3.3333331174e-1F};
  /* frexp: subnormal numbers are scaled by 2^25 first. */
  Value is_tiny = compare(e, LLVMRealOLT, x, constant(e, 0x1p-126F));
  Value scaled = choose(e, is_tiny, multiply(e, x, constant(e, 0x1p25F)), x);
  Value bits = bits_of(e, scaled);
  Value field = LLVMBuildAnd(e->builder, LLVMBuildLShr(e->builder, bits, integer(e, 23), ""),
                             integer(e, 255), "");
  Value exponent = LLVMBuildSub(e->builder, field,
                                choose(e, is_tiny, integer(e, 126 + 25), integer(e, 126)), "");
  Value m = float_of(e, LLVMBuildOr(e->builder,
                                    LLVMBuildAnd(e->builder, bits, integer(e, 0x007FFFFF), ""),
                                    integer(e, 0x3F000000), ""));
  Value is_short = compare(e, LLVMRealOLT, m, constant(e, 0.707106781F));
  m = choose(e, is_short, add(e, m, m), m);
  exponent = choose(e, is_short, LLVMBuildSub(e->builder, exponent, integer(e, 1), ""), exponent);
  m = subtract(e, m, constant(e, 1.0F));
  Value square = multiply(e, m, m);
  Value k = LLVMBuildSIToFP(e->builder, exponent, e->v16f32, "");
  Value y = multiply(e, multiply(e, polynomial(e, m, p, 9), m), square);
  y = add(e, y, multiply(e, constant(e, -2.12194440e-4F), k));
  y = add(e, y, multiply(e, constant(e, -0.5F), square));
  y = add(e, add(e, m, y), multiply(e, constant(e, 0.693359375F), k));
  y = choose(e, compare(e, LLVMRealOEQ, x, constant(e, INFINITY)), x, y);
  y = choose(e, compare(e, LLVMRealOEQ, x, constant(e, 0.0F)), constant(e, -INFINITY), y);
  return LLVMBuildSelect(e->builder, compare(e, LLVMRealULT, x, constant(e, 0.0F)),
                         constant(e, NAN), y, "log");
}

Value emit_tanh(Emitter *e, Value x) {
  static const float p[] = {-5.70498872745e-3F, 2.06390887954e-2F, -5.37397155531e-2F,
                            1.33314422036e-1F, -3.33332819422e-1F};
  Value magnitude = magnitude_of(e, x), one = constant(e, 1.0F);
  Value sum = add(e, emit_exp(e, add(e, magnitude, magnitude)), one);
  Value far = subtract(e, one, divide(e, constant(e, 2.0F), sum));
  far = choose(e, compare(e, LLVMRealOGT, magnitude, constant(e, 9.1F)), one, far);
  Value is_negative = compare(e, LLVMRealOLT, x, constant(e, 0.0F));
  far = choose(e, is_negative, LLVMBuildFNeg(e->builder, far, ""), far);
  Value square = multiply(e, x, x);
  Value near = multiply(e, multiply(e, polynomial(e, square, p, 5), square), x);
  near = add(e, near, x);
  Value is_far = compare(e, LLVMRealOGE, magnitude, constant(e, 0.625F));
  Value y = choose(e, is_far, far, near);
  return LLVMBuildSelect(e->builder, is_nan(e, x), x, y, "tanh");
}

/* a * b + c, b the same in all lanes. */
static Value fused(Emitter *e, Value a, float b, Value c) {
  return emit_fma(e, a, constant(e, b), c, "");
}

/* exp_within(); NaN gives anything. */
static Value emit_exp_within(Emitter *e, Value t) {
  Value shifted = fused(e, t, 1.44269504F, constant(e, 0x1.8p23F));
  Value k = subtract(e, shifted, constant(e, 0x1.8p23F));
  Value r = fused(e, k, 2.12194440e-4F, fused(e, k, -0.693359375F, t));
  Value square = multiply(e, r, r);
  Value high = fused(e, r, 1.9875691500e-4F, constant(e, 1.3981999507e-3F));
  Value middle = fused(e, r, 8.3334519073e-3F, constant(e, 4.1665795894e-2F));
  Value low = fused(e, r, 1.6666665459e-1F, constant(e, 5.0000001201e-1F));
  Value p = emit_fma(e, emit_fma(e, high, square, middle, ""), square, low, "");
  Value y = add(e, emit_fma(e, p, square, r, ""), constant(e, 1.0F));
  Value exponent = LLVMBuildShl(e->builder, bits_of(e, shifted), integer(e, 23), "");
  return float_of(e, LLVMBuildAdd(e->builder, bits_of(e, y), exponent, "exp"));
}

Value emit_sigmoid(Emitter *e, Value x) {
  Value one = constant(e, 1.0F), low = constant(e, -87.0F), high = constant(e, 87.0F);
  Value least = choose(e, compare(e, LLVMRealOGT, x, low), x, low);
  Value within = choose(e, compare(e, LLVMRealOLT, least, high), least, high);
  Value a = divide(e, one, add(e, one, emit_exp_within(e, LLVMBuildFNeg(e->builder, within, ""))));
  a = choose(e, compare(e, LLVMRealOLT, x, low), constant(e, 0.0F), a);
  return LLVMBuildSelect(e->builder, is_nan(e, x), x, a, "sigmoid");
}
