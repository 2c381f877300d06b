// SPDX-License-Identifier: MIT
// runtime/exact_fma.h in vectors, which says why it is right: two numbers at a time, as many as
// doubles fit WebAssembly's registers.
#include <string.h>

#include "compiler/llvm/emitter.h"

enum { PAIR = 2 };

/* Both lanes of a pair the same. */
static Value in_both(Value constant) {
  return LLVMConstVector((Value[]){constant, constant}, PAIR);
}

/* The lanes order[0 .. count - 1] of two vectors. */
static Value pick(Emitter *e, Value a, Value b, const int32_t *order, uint32_t count) {
  Value numbers[LANES];
  for (uint32_t i = 0; i < count; i++) numbers[i] = const_i32(e, order[i]);
  return LLVMBuildShuffleVector(e->builder, a, b, LLVMConstVector(numbers, count), "");
}

/* Two vectors of `count` lanes as one. */
static Value join(Emitter *e, Value a, Value b, uint32_t count) {
  int32_t order[LANES];
  for (uint32_t i = 0; i < 2 * count; i++) order[i] = (int32_t)i;
  return pick(e, a, b, order, 2 * count);
}

/* A pair of sums that are not exact, as `error` says, rounded to odd. */
static Value round_to_odd(Emitter *e, Value sum, Value error) {
  LLVMBuilderRef b = e->builder;
  Type real = LLVMTypeOf(sum), whole = LLVMVectorType(e->i64, PAIR);
  Value bits = LLVMBuildBitCast(b, sum, whole, "");
  Value differs = LLVMBuildXor(b, bits, LLVMBuildBitCast(b, error, whole, ""), "");
  Value beyond = LLVMBuildAShr(b, differs, in_both(const_i64(e, 63)), "beyond"); /* 0 or -1 */
  Value odd = LLVMBuildOr(b, LLVMBuildAdd(b, bits, beyond, ""), in_both(const_i64(e, 1)), "odd");
  Value size = call_intrinsic(e, "llvm.fabs", real, &error, 1, "");
  Value is_inexact = LLVMBuildFCmp(b, LLVMRealOGT, size, LLVMConstNull(real), "inexact");
  return LLVMBuildSelect(b, is_inexact, LLVMBuildBitCast(b, odd, real, ""), sum, "");
}

/* A pair of floats each: x * y + z, in the first lanes of four.  That is how WebAssembly narrows
 * doubles: two, and zeros. */
static Value fma_of_pair(Emitter *e, Value x, Value y, Value z) {
  LLVMBuilderRef b = e->builder;
  Type real = LLVMVectorType(e->f64, PAIR);
  Value product =
      LLVMBuildFMul(b, LLVMBuildFPExt(b, x, real, ""), LLVMBuildFPExt(b, y, real, ""), "product");
  Value addend = LLVMBuildFPExt(b, z, real, "");
  Value sum = LLVMBuildFAdd(b, product, addend, "");
  Value rest = LLVMBuildFSub(b, sum, product, "");
  Value lost = LLVMBuildFSub(b, product, LLVMBuildFSub(b, sum, rest, ""), "");
  Value error = LLVMBuildFAdd(b, lost, LLVMBuildFSub(b, addend, rest, ""), "error");
  Value four = join(e, round_to_odd(e, sum, error), LLVMConstNull(real), PAIR);
  return LLVMBuildFPTrunc(b, four, LLVMVectorType(e->f32, 2 * PAIR), "");
}

/* The first two lanes of two vectors whose others are +0.  All lanes are asked for, or LLVM forgets
 * that they are 0, and narrows doubles one by one. */
static Value join_firsts(Emitter *e, Value a, Value b) {
  static const int32_t exchanged[] = {2, 3, 0, 1};
  Type floats = LLVMTypeOf(a), words = LLVMVectorType(e->i32, 2 * PAIR);
  Value low = LLVMBuildBitCast(e->builder, a, words, "");
  Value high = LLVMBuildBitCast(e->builder, pick(e, b, b, exchanged, 2 * PAIR), words, "");
  return LLVMBuildBitCast(e->builder, LLVMBuildOr(e->builder, low, high, ""), floats, "");
}

static Value fma_of_one(Emitter *e, Value x, Value y, Value z, const char *name) {
  Value pairs[3] = {x, y, z};
  for (uint32_t i = 0; i < 3; i++) {
    Value none = LLVMConstNull(LLVMVectorType(e->f32, PAIR));
    pairs[i] = LLVMBuildInsertElement(e->builder, none, pairs[i], const_i32(e, 0), "");
  }
  Value four = fma_of_pair(e, pairs[0], pairs[1], pairs[2]);
  return LLVMBuildExtractElement(e->builder, four, const_i32(e, 0), name);
}

Value emit_exact_fma(Emitter *e, Value x, Value y, Value z, const char *name) {
  Value part[LANES / PAIR];
  if (LLVMGetTypeKind(LLVMTypeOf(x)) != LLVMVectorTypeKind) return fma_of_one(e, x, y, z, name);
  for (int32_t p = 0; p < LANES / PAIR; p++) {
    const int32_t lanes[] = {PAIR * p, PAIR * p + 1};
    part[p] = fma_of_pair(e, pick(e, x, x, lanes, PAIR), pick(e, y, y, lanes, PAIR),
                          pick(e, z, z, lanes, PAIR));
  }
  for (uint32_t p = 0; p < LANES / PAIR; p += 2) part[p / 2] = join_firsts(e, part[p], part[p + 1]);
  for (uint32_t count = 2 * PAIR; count < LANES; count *= 2) {
    for (uint32_t p = 0; p < LANES / count; p += 2)
      part[p / 2] = join(e, part[p], part[p + 1], count);
  }
  LLVMSetValueName2(part[0], name, strlen(name));
  return part[0];
}
