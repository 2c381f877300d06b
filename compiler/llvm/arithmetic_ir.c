// SPDX-License-Identifier: MIT
// Both kinds of number in vectors.
#include "compiler/llvm/arithmetic.h"

enum { WIDEST = 16 }; /* bits of a format whose products fit 31 bits */

bool fits_vectors(const Emitter *e, const Interleaver *edges) {
  const NumberFormat *format = &e->model->number;
  if (format->rounding == ROUND_STOCHASTIC || format->width > WIDEST) return false;
  const uint64_t most =
      edges->left_count > edges->right_count ? edges->left_count : edges->right_count;
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

/* Drops `fraction` bits of an exact product. */
static Value round_product(Emitter *e, Value product) {
  const NumberFormat *format = &e->model->number;
  const int64_t half =
      format->rounding == ROUND_NEAREST ? ((int64_t)1 << format->fraction) >> 1 : 0;
  Value offset = LLVMBuildAdd(e->builder, product, same_in_all(e, product, half), "");
  Value whole = LLVMBuildAShr(e->builder, offset, same_in_all(e, product, format->fraction), "");
  return saturate(e, whole);
}

Value add_product(Emitter *e, Value a, Value b, Value sum) {
  if (!e->model->number.is_fixed) return emit_fma(e, a, b, sum, "sum");
  Value product = LLVMBuildMul(e->builder, a, b, "product");
  return LLVMBuildAdd(e->builder, sum, round_product(e, product), "sum");
}

Value add_sums(Emitter *e, Value a, Value b) {
  if (!e->model->number.is_fixed) return LLVMBuildFAdd(e->builder, a, b, "s");
  return LLVMBuildAdd(e->builder, a, b, "s");
}

Value scale_sum(Emitter *e, Value factor, Value sum) {
  if (!e->model->number.is_fixed) return LLVMBuildFMul(e->builder, factor, sum, "delta");
  return round_product(e, LLVMBuildMul(e->builder, saturate(e, sum), factor, ""));
}

/* parameter - product / 2^dropped is parameter + floor((half - product) / 2^dropped), since the parameter is a whole number of
 * units. |product| <= 2^30: beyond 31 dropped bits nothing changes any more, and half - product never passes 31 bits. */
Value descend(Emitter *e, Value parameter, Value product_a, Value product_b, Value shift) {
  const NumberFormat *format = &e->model->number;
  Value product = product_b ? LLVMBuildMul(e->builder, product_a, product_b, "product") : product_a;
  Value all =
      LLVMBuildAdd(e->builder, shift, const_i32(e, product_b ? (int32_t)format->fraction : 0), "");
  Value bounds[] = {all, const_i32(e, 31)};
  Value dropped = call_intrinsic(e, "llvm.umin", e->i32, bounds, 2, "dropped");
  Value one = const_i32(e, 1), half = const_i32(e, 0);
  if (format->rounding == ROUND_NEAREST)
    half = LLVMBuildLShr(e->builder, LLVMBuildShl(e->builder, one, dropped, ""), one, "half");
  Value opposite = LLVMBuildSub(e->builder, splat(e, half, "halves"), product, "opposite");
  Value change = LLVMBuildAShr(e->builder, opposite, splat(e, dropped, ""), "change");
  return saturate(e, LLVMBuildAdd(e->builder, parameter, change, "updated"));
}
