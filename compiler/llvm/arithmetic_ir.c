// SPDX-License-Identifier: MIT
// Both kinds of number in vectors.
#include "compiler/llvm/arithmetic.h"

enum { SHORT_WIDTH = 16 }; /* bits of a format whose products fit 31 bits */

/* Products of wider formats take lanes of 64 bits; what is kept of them is rounded and saturated,
 * and takes 32 again. */
static bool has_long_products(const Emitter *e) {
  return e->model->number.width > SHORT_WIDTH;
}

bool fits_vectors(const Emitter *e, const Interleaver *edges) {
  const NumberFormat *format = &e->model->number;
  const uint32_t in = edges->fanin ? edges->fanin : edges->left_count;
  const uint32_t out = edges->fanout ? edges->fanout : edges->right_count;
  const uint64_t most = in > out ? in : out;
  return (most + 1) << (format->width - 1) < (uint64_t)1 << 31;
}

Type cell_type(const Emitter *e) {
  return e->model->number.is_fixed ? e->i32 : e->f32;
}

Type vector_type(const Emitter *e) {
  return e->model->number.is_fixed ? e->v16i32 : e->v16f32;
}

Value zero_vector(const Emitter *e) {
  return LLVMConstNull(vector_type(e));
}

Value lengthen(Emitter *e, Value number) {
  const bool is_vector = LLVMGetTypeKind(LLVMTypeOf(number)) == LLVMVectorTypeKind;
  Type type = is_vector ? e->v16i64 : e->i64;
  return LLVMTypeOf(number) == type ? number : LLVMBuildSExt(e->builder, number, type, "long");
}

Value shorten(Emitter *e, Value number) {
  const bool is_vector = LLVMGetTypeKind(LLVMTypeOf(number)) == LLVMVectorTypeKind;
  return LLVMBuildTrunc(e->builder, number, is_vector ? e->v16i32 : e->i32, "short");
}

/* A number like `like`: one integer, or 16. */
static Value same_in_all(Emitter *e, Value like, int64_t value) {
  Type type = LLVMTypeOf(like);
  if (LLVMGetTypeKind(type) == LLVMIntegerTypeKind)
    return LLVMConstInt(type, (unsigned long long)value, true);
  Type element = LLVMGetElementType(type);
  return const_vector(e, LLVMConstInt(element, (unsigned long long)value, true));
}

Value saturate(Emitter *e, Value vector) {
  const int64_t greatest = ((int64_t)1 << (e->model->number.width - 1)) - 1;
  Value low[] = {vector, same_in_all(e, vector, -greatest - 1)};
  Value bounded = call_intrinsic(e, "llvm.smax", LLVMTypeOf(vector), low, 2, "");
  Value high[] = {bounded, same_in_all(e, vector, greatest)};
  return call_intrinsic(e, "llvm.smin", LLVMTypeOf(vector), high, 2, "saturated");
}

/* Words of 16 bits: one instruction instead of the two or more of a product of 32 bits, and it may
 * take an addition along. */
static bool has_words(const Emitter *e, Value number) {
  return e->has_avx512bw && e->model->number.is_fixed && !has_long_products(e) &&
         LLVMTypeOf(number) == e->v16i32;
}

/* `name`, a processor's own instruction on two vectors. */
static Value call_instruction(Emitter *e, const char *name, Type type, Value a, Value b,
                              Type result) {
  Type parameters[] = {type, type};
  Type function = LLVMFunctionType(result, parameters, 2, false);
  Value arguments[] = {a, b};
  return LLVMBuildCall2(e->builder, function, runtime_function(e, name, function), arguments, 2,
                        "");
}

Value factor_of(Emitter *e, Value number) {
  if (!has_words(e, number)) return number;
  return LLVMBuildAnd(e->builder, number, same_in_all(e, number, UINT16_MAX), "factor");
}

/* Exact: short numbers are words of 16 bits at most, and a factor's upper word is 0. */
Value exact_product(Emitter *e, Value number, Value factor) {
  if (has_long_products(e))
    return LLVMBuildMul(e->builder, lengthen(e, number), lengthen(e, factor), "product");
  if (!has_words(e, number)) return LLVMBuildMul(e->builder, number, factor, "product");
  Type words = LLVMVectorType(e->i16, 2 * LANES);
  return call_instruction(e, "llvm.x86.avx512.pmaddw.d.512", words,
                          LLVMBuildBitCast(e->builder, number, words, ""),
                          LLVMBuildBitCast(e->builder, factor, words, ""), e->v16i32);
}

/* Arithmetic, by the same number of bits in all lanes. */
static Value shift_right(Emitter *e, Value vector, Value bits) {
  Value all = splat(e, bits, "");
  if (!has_words(e, vector) || LLVMIsConstant(bits))
    return LLVMBuildAShr(e->builder, vector, all, "");
  /* A count in each lane takes one instruction's work, a common one two. */
  return call_instruction(e, "llvm.x86.avx512.psrav.d.512", e->v16i32, vector, all, e->v16i32);
}

/* Words as the share of 2^-bits that rounding adds, in lanes of `type`; bits: i64, at most 32. */
static Value share_of_words(Emitter *e, Value words, Value bits, Type type) {
  Value unused = LLVMBuildSub(e->builder, const_i64(e, 32), bits, "");
  Value wide = LLVMBuildZExt(e->builder, words, e->v16i64, "");
  Value share = LLVMBuildLShr(e->builder, wide, splat(e, unused, ""), "share");
  return type == e->v16i64 ? share : LLVMBuildTrunc(e->builder, share, type, "");
}

Value drop_bits(Emitter *e, Value number, uint32_t bits, Value words) {
  const int64_t half = e->model->number.rounding == ROUND_NEAREST ? ((int64_t)1 << bits) >> 1 : 0;
  Value offset = words ? share_of_words(e, words, const_i64(e, bits), LLVMTypeOf(number))
                       : same_in_all(e, number, half);
  Value sum = LLVMBuildAdd(e->builder, number, offset, "");
  return LLVMBuildAShr(e->builder, sum, same_in_all(e, number, bits), "");
}

/* Of an exact product. */
static Value drop_fraction(Emitter *e, Value product, Value words) {
  return drop_bits(e, product, e->model->number.fraction, words);
}

/* A small product needs no saturation.  In units, with -2^f < factor <= 2^f, number * factor / 2^f
 * is at most |number|, which only the opposite of the least number would leave the range with: it
 * is 2^(width - 1), and what a factor of 1 - 2^f makes of it is less by 2^(width - 1 - f), a whole
 * number since f < width.  Rounding to a whole number does not pass one. */
Value rounded_product(Emitter *e, Value number, Value factor, ProductRange range, Value words) {
  Value product = drop_fraction(e, exact_product(e, number, factor), words);
  if (range == PRODUCT_ANY) product = saturate(e, product);
  return has_long_products(e) ? shorten(e, product) : product;
}

Value add_product(Emitter *e, Value number, Value factor, Value sum, ProductRange range,
                  Value words) {
  if (!e->model->number.is_fixed) return emit_fma(e, number, factor, sum, "sum");
  return LLVMBuildAdd(e->builder, sum, rounded_product(e, number, factor, range, words), "sum");
}

Value add_sums(Emitter *e, Value a, Value b) {
  if (!e->model->number.is_fixed) return LLVMBuildFAdd(e->builder, a, b, "s");
  return LLVMBuildAdd(e->builder, a, b, "s");
}

Value scale_sum(Emitter *e, Value factor, Value sum, Value words) {
  if (!e->model->number.is_fixed) return LLVMBuildFMul(e->builder, factor, sum, "delta");
  /* Neither is a factor of words. */
  Value bounded = saturate(e, sum);
  Value product = has_long_products(e) ? exact_product(e, bounded, factor)
                                       : LLVMBuildMul(e->builder, bounded, factor, "product");
  Value delta = saturate(e, drop_fraction(e, product, words));
  return has_long_products(e) ? shorten(e, delta) : delta;
}

/* parameter + floor(-product / 2^dropped + word / 2^32), in lanes of 64 bits.  Of more than 32
 * dropped bits the upper ones go first, since floors compose; of more than 94 nothing but the sign
 * is left. */
static Value descend_randomly(Emitter *e, Value parameter, Value product, Value dropped,
                              Value words) {
  Value all = LLVMBuildZExt(e->builder, dropped, e->i64, "");
  Value late_bounds[] = {all, const_i64(e, 32)};
  Value late = call_intrinsic(e, "llvm.umin", e->i64, late_bounds, 2, "late");
  Value early_bounds[] = {LLVMBuildSub(e->builder, all, late, ""), const_i64(e, 62)};
  Value early = call_intrinsic(e, "llvm.umin", e->i64, early_bounds, 2, "early");
  Value change = LLVMBuildNeg(e->builder, product, "");
  change = LLVMBuildAShr(e->builder, change, splat(e, early, ""), "");
  change = LLVMBuildAdd(e->builder, change, share_of_words(e, words, late, e->v16i64), "");
  change = LLVMBuildAShr(e->builder, change, splat(e, late, ""), "change");
  Value updated = LLVMBuildAdd(e->builder, lengthen(e, parameter), change, "updated");
  return shorten(e, saturate(e, updated));
}

/* parameter - step / 2^bits, rounded, is parameter - floor((step + offset) / 2^bits), since the
 * parameter is a whole number of units: offset is 2^bits - 1, from which rounding to the nearest,
 * half up, takes a half.  |step| <= 2^(w - 2) in lanes of w bits: beyond as many dropped bits (one
 * more with the half) nothing changes any more, and the sum stays in its lane. */
Value descend_by(Emitter *e, Value parameter, Value step, Value bits, Value words) {
  const bool is_nearest = e->model->number.rounding == ROUND_NEAREST;
  const bool is_long = LLVMTypeOf(step) == e->v16i64;
  Type lane = is_long ? e->i64 : e->i32;
  const unsigned most = (is_long ? 62U : 30U) + is_nearest;
  if (words) return descend_randomly(e, parameter, lengthen(e, step), bits, words);
  Value bounds[] = {LLVMBuildZExt(e->builder, bits, lane, ""), LLVMConstInt(lane, most, false)};
  Value dropped = call_intrinsic(e, "llvm.umin", lane, bounds, 2, "dropped");
  Value one = LLVMConstInt(lane, 1, false), unit = LLVMBuildShl(e->builder, one, dropped, "unit");
  Value offset = LLVMBuildSub(e->builder, unit, one, "");
  if (is_nearest)
    offset = LLVMBuildSub(e->builder, offset, LLVMBuildLShr(e->builder, unit, one, "half"), "");
  Value sum = LLVMBuildAdd(e->builder, step, splat(e, offset, "offsets"), "");
  Value change = shift_right(e, sum, dropped);
  if (!is_long) return saturate(e, LLVMBuildSub(e->builder, parameter, change, "updated"));
  Value updated = LLVMBuildSub(e->builder, lengthen(e, parameter), change, "updated");
  return shorten(e, saturate(e, updated));
}

Value descend(Emitter *e, Value parameter, Value number, Value factor, Value shift, Value words) {
  Value step = factor                 ? exact_product(e, number, factor)
               : has_long_products(e) ? lengthen(e, number)
                                      : number;
  const uint32_t below = factor ? e->model->number.fraction : 0;
  Value bits = LLVMBuildAdd(e->builder, shift, const_i32(e, (int32_t)below), "");
  return descend_by(e, parameter, step, bits, words);
}

Value exact_gradient(Emitter *e, Value number, Value factor) {
  if (factor) return lengthen(e, exact_product(e, number, factor));
  Value wide = lengthen(e, number);
  return LLVMBuildShl(e->builder, wide, same_in_all(e, wide, e->model->number.fraction), "wide");
}
