// SPDX-License-Identifier: MIT
// Online kernels for edges without structure (SUM_BY_LANE): GATHER.  Vectors are 16 edges of one right neuron, whose left neurons are
// anywhere.
#include "compiler/llvm/online.h"

/* Where 16 edges read their activations. */
typedef struct Reader {
  const OnlineKernel *k;
  Value array; /* activations */
  Value left;
} Reader;

static Reader open_reader(Emitter *e, const OnlineKernel *k, uint32_t work_array) {
  return (Reader){.k = k,
                  .array = work_field(e, work_array, "left"),
                  .left = junction_field(e, JUNCTION_left, "lefts")};
}

/* Activations of the 16 edges from `slot` on. */
static Value read_left(Emitter *e, const Reader *reader, Value slot) {
  Value cells = load_vector(e, e->v16i32, reader->left, slot, 64, "cells");
  return gather(e, vector_type(e), reader->array, cells, "a");
}

/* ---- feedforward ---- */

/* Lane sums of `count` neurons whose rows are equally long, from `right` on. */
static void sum_equal_rows(Emitter *e, const Reader *reader, Value weights, Value right,
                           uint32_t count, Value sums[]) {
  const uint32_t stride = reader->k->layout.row_stride;
  Value first = mul_i64(e, right, stride), lanes[LANES];
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, stride), LANES, true, "place");
  for (uint32_t q = 0; q < count; q++) lanes[q] = carry(e, &loop, zero_vector(e), "lanes");
  for (uint32_t q = 0; q < count; q++) {
    Value slot = add_i64(e, LLVMBuildAdd(e->builder, first, loop.index, ""), (int64_t)q * stride);
    Value a = read_left(e, reader, slot);
    Value w = load_vector(e, vector_type(e), weights, slot, 64, "w");
    carry_next(&loop, lanes[q], add_product(e, w, factor_of(e, a), lanes[q], PRODUCT_ANY));
  }
  end_loop(e, &loop);
  for (uint32_t q = 0; q < count; q++) sums[q] = carried(&loop, lanes[q]);
}

/* One neuron whose row is as long as the table says. */
static Value sum_row(Emitter *e, const Reader *reader, Value weights, Value begin, Value end) {
  Loop loop = begin_loop(e, begin, end, LANES, false, "slot");
  Value lanes = carry(e, &loop, zero_vector(e), "lanes");
  Value a = read_left(e, reader, loop.index);
  Value w = load_vector(e, vector_type(e), weights, loop.index, 64, "w");
  carry_next(&loop, lanes, add_product(e, w, factor_of(e, a), lanes, PRODUCT_ANY));
  end_loop(e, &loop);
  return carried(&loop, lanes);
}

/* First slot of a right neuron, or with right + 1 the end of its padded row. */
static Value row_bound(Emitter *e, Value row_begin, Value right) {
  return LLVMBuildZExt(e->builder, load_at(e, e->i32, row_begin, right, ""), e->i64, "bound");
}

static void store_sum(Emitter *e, Value lanes, Value right, Value sums) {
  store_at(e, sum_lanes(e, lanes), sums, right);
}

static void ff_equal_rows(Emitter *e, const Reader *reader, Value weights, Value sums) {
  const uint32_t n = reader->k->right_count;
  const uint32_t block = e->bytes == 64 ? LANES : 4;
  const uint32_t blocked = n / block * block;
  Value lanes[LANES];
  if (blocked > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, blocked), block, true, "right");
    sum_equal_rows(e, reader, weights, loop.index, block, lanes);
    if (block == LANES) store_vector(e, sum_vectors(e, lanes), sums, loop.index, 64);
    for (uint32_t q = 0; block < LANES && q < block; q++)
      store_sum(e, lanes[q], add_i64(e, loop.index, q), sums);
    end_loop(e, &loop);
  }
  if (blocked == n) return;
  Loop loop = begin_loop(e, const_i64(e, blocked), const_i64(e, n), 1, true, "right");
  sum_equal_rows(e, reader, weights, loop.index, 1, lanes);
  store_sum(e, lanes[0], loop.index, sums);
  end_loop(e, &loop);
}

/* Behind softmax's own. */
static Value gather_sums(Emitter *e, const OnlineKernel *k) {
  Value scratch = work_field(e, WORK_scratch, "scratch");
  return element_address(e, cell_type(e), scratch, const_i64(e, layer_cells(k->right_count)),
                         "sums");
}

void emit_gather_ff(Emitter *e, const OnlineKernel *k) {
  const Reader reader = open_reader(e, k, WORK_ff_left);
  Value weights = junction_field(e, JUNCTION_weight, "weights");
  Value sums = gather_sums(e, k);
  if (k->layout.row_stride > 0) {
    ff_equal_rows(e, &reader, weights, sums);
  } else {
    Value row_begin = junction_field(e, JUNCTION_row_begin, "row_begin");
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->right_count), 1, true, "right");
    Value begin = row_bound(e, row_begin, loop.index);
    Value end = row_bound(e, row_begin, add_i64(e, loop.index, 1));
    Value lanes = sum_row(e, &reader, weights, begin, end);
    store_sum(e, lanes, loop.index, sums);
    end_loop(e, &loop);
  }
  finish_sums(e, k, sums);
}

/* ---- back ---- */

/* What BACK works on. */
typedef struct Back {
  Reader reader;
  UpdateFields fields;
  Value deltas, left_deltas, derivatives;
} Back;

/* left_delta = derivative * sum, for 16 left neurons from `left` on (their cells are their numbers). */
static void store_left_delta(Emitter *e, const Back *back, Value left, Value sum) {
  Value d = load_vector(e, vector_type(e), back->derivatives, left, 64, "d");
  store_vector(e, scale_sum(e, d, sum), back->left_deltas, left, 64);
}

/* Adds w * delta of the edges begin .. end-1, one by one, to their left neurons' sums. */
static void scatter_deltas(Emitter *e, const Back *back, Value begin, Value end, Value delta) {
  Loop loop = begin_loop(e, begin, end, 1, false, "edge");
  Value left = LLVMBuildZExt(e->builder, load_at(e, e->i32, back->reader.left, loop.index, ""),
                             e->i64, "left");
  Value sum = load_at(e, cell_type(e), back->left_deltas, left, "sum");
  Value w = load_at(e, cell_type(e), back->fields.weight, loop.index, "w");
  store_at(e, add_product(e, w, delta, sum, PRODUCT_ANY), back->left_deltas, left);
  end_loop(e, &loop);
}

static void back_gather(Emitter *e, const OnlineKernel *k, const Back *back) {
  const uint32_t left_cells = (k->left_count + LANES - 1) / LANES * LANES;
  Value zero = const_i64(e, 0), cells = const_i64(e, left_cells);
  if (k->does_bp) {
    Loop clear = begin_loop(e, zero, cells, LANES, true, "left");
    store_vector(e, zero_vector(e), back->left_deltas, clear.index, 64);
    end_loop(e, &clear);
  }
  Value row_begin = junction_field(e, JUNCTION_row_begin, "row_begin");
  Value row_end = junction_field(e, JUNCTION_row_end, "row_end");
  Loop rows = begin_loop(e, zero, const_i64(e, k->right_count), 1, true, "right");
  Value begin = row_bound(e, row_begin, rows.index);
  Value end = row_bound(e, row_begin, add_i64(e, rows.index, 1));
  Value delta = load_at(e, cell_type(e), back->deltas, rows.index, "delta");
  if (k->does_bp) scatter_deltas(e, back, begin, row_bound(e, row_end, rows.index), delta);
  Value pull = pull_of_delta(e, k, &back->fields, splat(e, delta, "deltas"));
  Loop loop = begin_loop(e, begin, end, LANES, false, "slot");
  Value w = load_vector(e, vector_type(e), back->fields.weight, loop.index, 64, "w");
  Value a = factor_of(e, read_left(e, &back->reader, loop.index));
  update_weights(e, k, &back->fields, loop.index, w, a, pull);
  end_loop(e, &loop);
  end_loop(e, &rows);
  if (!k->does_bp) return;
  Loop scale = begin_loop(e, zero, cells, LANES, true, "left");
  store_left_delta(e, back, scale.index,
                   load_vector(e, vector_type(e), back->left_deltas, scale.index, 64, "sum"));
  end_loop(e, &scale);
}

void emit_gather_back(Emitter *e, const OnlineKernel *k) {
  const Back back = {
      .reader = open_reader(e, k, WORK_up_left),
      .fields = update_fields(e, k),
      .deltas = work_field(e, WORK_right_delta, "deltas"),
      .left_deltas = k->does_bp ? work_field(e, WORK_left_delta, "left_deltas") : NULL,
      .derivatives = k->does_bp ? work_field(e, WORK_left_derivative, "derivatives") : NULL,
  };
  back_gather(e, k, &back);
}
