// SPDX-License-Identifier: MIT
// Random words of stochastic rounding (runtime/fixed.h), 16 at a time.
#include "compiler/llvm/online.h"
#include "runtime/random.h"

/* Both halves of the 64-bit products of 16 words. */
static void multiply_words(Emitter *e, uint32_t factor, Value words, Value *high, Value *low) {
  Value wide = LLVMBuildZExt(e->builder, words, e->v16i64, "");
  Value by = const_vector(e, LLVMConstInt(e->i64, factor, false));
  Value product = LLVMBuildMul(e->builder, wide, by, "product");
  Value half = const_vector(e, const_i64(e, 32));
  *high =
      LLVMBuildTrunc(e->builder, LLVMBuildLShr(e->builder, product, half, ""), e->v16i32, "high");
  *low = LLVMBuildTrunc(e->builder, product, e->v16i32, "low");
}

static Value mix_words(Emitter *e, Value high, Value counter, uint32_t key) {
  Value mixed = LLVMBuildXor(e->builder, high, counter, "");
  return LLVMBuildXor(e->builder, mixed, const_vector(e, const_i32(e, (int32_t)key)), "mixed");
}

/* philox() of 16 counters, in place; the key is a constant of the code. */
static void emit_philox(Emitter *e, Value c[4], const uint32_t key[2]) {
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    Value high0, low0, high1, low1;
    multiply_words(e, PHILOX_FACTOR0, c[0], &high0, &low0);
    multiply_words(e, PHILOX_FACTOR1, c[2], &high1, &low1);
    c[0] = mix_words(e, high1, c[1], k0);
    c[2] = mix_words(e, high0, c[3], k1);
    c[1] = low1;
    c[3] = low0;
    k0 += PHILOX_KEY0;
    k1 += PHILOX_KEY1;
  }
}

/* Word element % 4 of each lane's four. */
static Value choose_words(Emitter *e, Value words[4], Value elements) {
  Value zero = LLVMConstNull(e->v16i32);
  Value one = const_vector(e, const_i32(e, 1)), two = const_vector(e, const_i32(e, 2));
  Value is_odd = LLVMBuildICmp(e->builder, LLVMIntNE, LLVMBuildAnd(e->builder, elements, one, ""),
                               zero, "is_odd");
  Value is_upper = LLVMBuildICmp(e->builder, LLVMIntNE, LLVMBuildAnd(e->builder, elements, two, ""),
                                 zero, "is_upper");
  Value lower = LLVMBuildSelect(e->builder, is_odd, words[1], words[0], "");
  Value upper = LLVMBuildSelect(e->builder, is_odd, words[3], words[2], "");
  return LLVMBuildSelect(e->builder, is_upper, upper, lower, "words");
}

void rounding_blocks(Emitter *e, uint32_t junction, uint32_t operation, Value inputs, Value blocks,
                     Value words[4]) {
  uint32_t key[2];
  rounding_key(&e->model->number, junction, key);
  Value half = const_vector(e, const_i64(e, 32));
  words[0] = blocks;
  words[1] = LLVMBuildTrunc(e->builder, inputs, e->v16i32, "");
  words[2] = LLVMBuildTrunc(e->builder, LLVMBuildLShr(e->builder, inputs, half, ""), e->v16i32, "");
  words[3] = const_vector(e, const_i32(e, (int32_t)operation));
  emit_philox(e, words, key);
}

Value rounding_words(Emitter *e, uint32_t junction, uint32_t operation, Value inputs,
                     Value elements) {
  if (!rounds_randomly(&e->model->number)) return NULL;
  if (LLVMTypeOf(inputs) == e->i64) inputs = splat(e, inputs, "inputs");
  Value blocks = LLVMBuildLShr(e->builder, elements, const_vector(e, const_i32(e, 2)), "blocks");
  Value words[4];
  rounding_blocks(e, junction, operation, inputs, blocks, words);
  return choose_words(e, words, elements);
}

void fill_rounding_words(Emitter *e, uint32_t junction, uint32_t operation, Value input,
                         uint32_t count, Value array) {
  Value inputs = splat(e, input, "inputs"), words[4];
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, count), 4 * LANES, true, "element");
  Value block = LLVMBuildLShr(e->builder, loop.index, const_i64(e, 2), "block");
  Value blocks = splat(e, LLVMBuildTrunc(e->builder, block, e->i32, ""), "");
  blocks = LLVMBuildAdd(e->builder, blocks, lane_numbers(e), "blocks");
  rounding_blocks(e, junction, operation, inputs, blocks, words);
  interleave(e, words, 4);
  for (uint32_t i = 0; i < 4; i++)
    store_vector(e, words[i], array, add_i64(e, loop.index, (int64_t)i * LANES), 64);
  end_loop(e, &loop);
}
