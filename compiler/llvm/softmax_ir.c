// SPDX-License-Identifier: MIT
// softmax_float32(): the largest sum, exponentials of what is below it, their total in 16 chains,
// division.
//
// A NaN among the sums makes all outputs NaN whichever the largest sum is, so that its search need
// not heed NaN.
#include <math.h>

#include "compiler/llvm/kernels.h"

static Value larger(Emitter *e, Value a, Value b) {
  Value is_larger = LLVMBuildFCmp(e->builder, LLVMRealOGT, a, b, "");
  return LLVMBuildSelect(e->builder, is_larger, a, b, "larger");
}

static Value constant(Emitter *e, float value) {
  return const_vector(e, const_f32(e, value));
}

/* ---- one input: lanes are outputs ---- */

/* The array of sums: blocks of 16, and the last one's lanes that are outputs. */
typedef struct Sums {
  Value array;
  uint32_t whole; /* outputs in whole blocks */
  Value mask;     /* NULL: there are no others */
} Sums;

typedef Value StepOverBlock(Emitter *e, const Sums *sums, Value at, Value mask, Value largest,
                            Value carried);

static Value choose(Emitter *e, Value mask, Value value, float otherwise) {
  return mask ? LLVMBuildSelect(e->builder, mask, value, constant(e, otherwise), "") : value;
}

/* Does a step for every block in turn, carrying a vector along. */
static Value over_blocks(Emitter *e, const Sums *sums, StepOverBlock *step, Value largest,
                         Value initial) {
  Value result = initial;
  if (sums->whole > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, sums->whole), LANES, true, "block");
    Value value = carry(e, &loop, initial, "carried");
    carry_next(&loop, value, step(e, sums, loop.index, NULL, largest, value));
    end_loop(e, &loop);
    result = carried(&loop, value);
  }
  if (!sums->mask) return result;
  return step(e, sums, const_i64(e, sums->whole), sums->mask, largest, result);
}

static Value find_largest(Emitter *e, const Sums *sums, Value at, Value mask, Value unused,
                          Value largest) {
  (void)unused;
  Value s = load_vector(e, e->v16f32, sums->array, at, 64, "s");
  return larger(e, choose(e, mask, s, -INFINITY), largest);
}

static Value raise(Emitter *e, const Sums *sums, Value at, Value mask, Value largest,
                   Value chains) {
  Value s = load_vector(e, e->v16f32, sums->array, at, 64, "s");
  Value power = choose(e, mask, emit_exp(e, LLVMBuildFSub(e->builder, s, largest, "")), 0.0F);
  store_vector(e, power, sums->array, at, 64);
  return LLVMBuildFAdd(e->builder, chains, power, "chains");
}

static Value divide(Emitter *e, const Sums *sums, Value at, Value mask, Value unused, Value total) {
  (void)unused;
  Value power = load_vector(e, e->v16f32, sums->array, at, 64, "power");
  Value share = LLVMBuildFDiv(e->builder, power, total, "share");
  store_vector(e, choose(e, mask, share, 0.0F), sums->array, at, 64);
  return total;
}

static Value largest_lane(Emitter *e, Value vector) {
  Value largest = LLVMBuildExtractElement(e->builder, vector, const_i32(e, 0), "");
  for (uint32_t lane = 1; lane < LANES; lane++) {
    Value next = LLVMBuildExtractElement(e->builder, vector, const_i32(e, (int32_t)lane), "");
    largest = larger(e, next, largest);
  }
  return largest;
}

void emit_softmax(Emitter *e, Value array, uint32_t count) {
  const uint32_t rest = count % LANES;
  const Sums sums = {array, count - rest, rest ? lanes_below(e, const_i64(e, rest), "own") : NULL};
  Value largest = over_blocks(e, &sums, find_largest, NULL, constant(e, -INFINITY));
  largest = splat(e, largest_lane(e, largest), "largest");
  Value chains = over_blocks(e, &sums, raise, largest, constant(e, 0.0F));
  over_blocks(e, &sums, divide, NULL, splat(e, sum_lanes(e, chains), "total"));
}

/* ---- columns: lanes are inputs ---- */

typedef struct Columns {
  Value matrix, column;
  uint32_t count, stride;
} Columns;

static Value load_row(Emitter *e, const Columns *c, Value row, Value *at) {
  *at = LLVMBuildAdd(e->builder, mul_i64(e, row, c->stride), c->column, "");
  return load_vector(e, e->v16f32, c->matrix, *at, 64, "row");
}

/* The total of all rows: row r belongs to chain r % 16. */
static Value sum_rows(Emitter *e, const Columns *c) {
  Value chains[LANES], at;
  const uint32_t whole = c->count / LANES * LANES;
  for (uint32_t chain = 0; chain < LANES; chain++) chains[chain] = constant(e, 0.0F);
  if (whole > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, whole), LANES, true, "rows");
    for (uint32_t chain = 0; chain < LANES; chain++)
      chains[chain] = carry(e, &loop, chains[chain], "chain");
    for (uint32_t chain = 0; chain < LANES; chain++) {
      Value row = load_row(e, c, add_i64(e, loop.index, chain), &at);
      carry_next(&loop, chains[chain], LLVMBuildFAdd(e->builder, chains[chain], row, ""));
    }
    end_loop(e, &loop);
    for (uint32_t chain = 0; chain < LANES; chain++) chains[chain] = carried(&loop, chains[chain]);
  }
  for (uint32_t r = whole; r < c->count; r++) {
    Value row = load_row(e, c, const_i64(e, r), &at);
    chains[r - whole] = LLVMBuildFAdd(e->builder, chains[r - whole], row, "");
  }
  for (uint32_t width = LANES / 2; width > 0; width /= 2) {
    for (uint32_t chain = 0; chain < width; chain++)
      chains[chain] = LLVMBuildFAdd(e->builder, chains[chain], chains[chain + width], "tree");
  }
  return chains[0];
}

void emit_softmax_columns(Emitter *e, Value matrix, uint32_t count, uint32_t stride, Value column) {
  const Columns c = {matrix, column, count, stride};
  Value zero = const_i64(e, 0), last = const_i64(e, count), at;
  Loop find = begin_loop(e, zero, last, 1, true, "find");
  Value largest = carry(e, &find, constant(e, -INFINITY), "largest");
  carry_next(&find, largest, larger(e, load_row(e, &c, find.index, &at), largest));
  end_loop(e, &find);
  largest = carried(&find, largest);
  Loop raise_rows = begin_loop(e, zero, last, 1, true, "raise");
  Value below = LLVMBuildFSub(e->builder, load_row(e, &c, raise_rows.index, &at), largest, "");
  store_vector(e, emit_exp(e, below), matrix, at, 64);
  end_loop(e, &raise_rows);
  Value total = sum_rows(e, &c);
  Loop share = begin_loop(e, zero, last, 1, true, "share");
  Value power = load_row(e, &c, share.index, &at);
  store_vector(e, LLVMBuildFDiv(e->builder, power, total, "share"), matrix, at, 64);
  end_loop(e, &share);
}
