// SPDX-License-Identifier: MIT
// Online kernels whose vectors are 16 edges of one right neuron (SUM_BY_LANE): DENSE, BLEND and GATHER.
//
//   DENSE    lanes are neighbouring left neurons: a plain load
//   BLEND    lanes are neighbouring banks, each in one of a few rows: a plain load for each row, blended by masks
//   GATHER   lanes are anywhere
#include "compiler/llvm/online.h"

/* ---- which left neurons a vector reads ---- */

/* Where 16 edges read their activations. */
typedef struct Reader {
  const OnlineKernel *k;
  Value array; /* activations */
  Value left;  /* GATHER */
  Value masks; /* BLEND */
} Reader;

static Reader open_reader(Emitter *e, const OnlineKernel *k, uint32_t work_array) {
  Reader reader = {.k = k, .array = work_field(e, work_array, "left")};
  if (k->layout.kind == LAYOUT_GATHER) reader.left = junction_field(e, JUNCTION_left, "lefts");
  if (k->layout.kind == LAYOUT_BLEND) reader.masks = junction_field(e, JUNCTION_masks, "masks");
  return reader;
}

/* Lanes of the 16 edges from slot on that read row t. */
static Value row_mask(Emitter *e, const Reader *reader, Value slot, uint32_t row) {
  Value vector = LLVMBuildUDiv(e->builder, slot, const_i64(e, LANES), "");
  Value at = add_i64(e, mul_i64(e, vector, reader->k->layout.rows), row);
  Value bits = load_at(e, e->i16, reader->masks, at, "bits");
  return LLVMBuildBitCast(e->builder, bits, e->v16i1, "mask");
}

/* Of one activation vector for each row, the lanes that the masks choose. */
static Value blend_rows(Emitter *e, const Reader *reader, const Value rows[], Value slot) {
  Value blended = rows[0];
  for (uint32_t row = 1; row < reader->k->layout.rows; row++)
    blended = LLVMBuildSelect(e->builder, row_mask(e, reader, slot, row), rows[row], blended, "a");
  return blended;
}

static Value read_blended(Emitter *e, const Reader *reader, Value slot) {
  const Layout *layout = &reader->k->layout;
  Value rows[8];
  Value bank = LLVMBuildURem(e->builder, slot, const_i64(e, layout->banks), "bank");
  for (uint32_t row = 0; row < layout->rows; row++)
    rows[row] = load_vector(e, vector_type(e), reader->array,
                            add_i64(e, bank, (int64_t)row * layout->banks), 64, "row");
  return blend_rows(e, reader, rows, slot);
}

/* Activations of the 16 edges from `slot` on, the first of them at `place` of its fan-in. */
static Value read_left(Emitter *e, const Reader *reader, Value slot, Value place) {
  switch (reader->k->layout.kind) {
  case LAYOUT_BLEND: return read_blended(e, reader, slot);
  case LAYOUT_GATHER: {
    Value cells = load_vector(e, e->v16i32, reader->left, slot, 64, "cells");
    return gather(e, vector_type(e), reader->array, cells, "a");
  }
  case LAYOUT_DENSE:
  case LAYOUT_ROTATE:
  case LAYOUT_BATCH:
  case LAYOUT_TILE: break;
  }
  return load_vector(e, vector_type(e), reader->array, place, 64, "a");
}

/* ---- feedforward ---- */

/* Lane sums of `count` neurons whose rows are equally long, from `right` on. */
static void sum_equal_rows(Emitter *e, const Reader *reader, Value weights, Value right,
                           uint32_t count, Value sums[]) {
  const uint32_t stride = reader->k->layout.row_stride;
  const bool is_dense = reader->k->layout.kind == LAYOUT_DENSE;
  Value first = mul_i64(e, right, stride), lanes[LANES];
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, stride), LANES, true, "place");
  for (uint32_t q = 0; q < count; q++) lanes[q] = carry(e, &loop, zero_vector(e), "lanes");
  Value shared = is_dense ? read_left(e, reader, NULL, loop.index) : NULL;
  for (uint32_t q = 0; q < count; q++) {
    Value slot = add_i64(e, LLVMBuildAdd(e->builder, first, loop.index, ""), (int64_t)q * stride);
    Value a = is_dense ? shared : read_left(e, reader, slot, loop.index);
    Value w = load_vector(e, vector_type(e), weights, slot, 64, "w");
    carry_next(&loop, lanes[q], add_product(e, w, a, lanes[q]));
  }
  end_loop(e, &loop);
  for (uint32_t q = 0; q < count; q++) sums[q] = carried(&loop, lanes[q]);
}

/* One neuron whose row is as long as the table says. */
static Value sum_row(Emitter *e, const Reader *reader, Value weights, Value begin, Value end) {
  Loop loop = begin_loop(e, begin, end, LANES, false, "slot");
  Value lanes = carry(e, &loop, zero_vector(e), "lanes");
  Value a = read_left(e, reader, loop.index, NULL);
  Value w = load_vector(e, vector_type(e), weights, loop.index, 64, "w");
  carry_next(&loop, lanes, add_product(e, w, a, lanes));
  end_loop(e, &loop);
  return carried(&loop, lanes);
}

/* First slot of a right neuron, or with right + 1 the end of its padded row. */
static Value row_bound(Emitter *e, Value row_begin, Value right) {
  return LLVMBuildZExt(e->builder, load_at(e, e->i32, row_begin, right, ""), e->i64, "bound");
}

static void store_sum(Emitter *e, Value lanes, Value biases, Value right, Value sums) {
  Value sum = add_sums(e, sum_lanes(e, lanes), load_at(e, cell_type(e), biases, right, "b"));
  store_at(e, sum, sums, right);
}

static void ff_equal_rows(Emitter *e, const Reader *reader, Value weights, Value biases,
                          Value sums) {
  const uint32_t n = reader->k->right_count;
  const uint32_t block = e->bytes == 64 ? LANES : 4;
  const uint32_t blocked = n / block * block;
  Value lanes[LANES];
  if (blocked > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, blocked), block, true, "right");
    sum_equal_rows(e, reader, weights, loop.index, block, lanes);
    if (block == LANES) {
      Value b = load_vector(e, vector_type(e), biases, loop.index, 64, "b");
      Value s = add_sums(e, sum_vectors(e, lanes), b);
      store_vector(e, s, sums, loop.index, 64);
    }
    for (uint32_t q = 0; block < LANES && q < block; q++)
      store_sum(e, lanes[q], biases, add_i64(e, loop.index, q), sums);
    end_loop(e, &loop);
  }
  if (blocked == n) return;
  Loop loop = begin_loop(e, const_i64(e, blocked), const_i64(e, n), 1, true, "right");
  sum_equal_rows(e, reader, weights, loop.index, 1, lanes);
  store_sum(e, lanes[0], biases, loop.index, sums);
  end_loop(e, &loop);
}

void emit_rows_ff(Emitter *e, const OnlineKernel *k) {
  const Reader reader = open_reader(e, k, WORK_ff_left);
  Value weights = junction_field(e, JUNCTION_weight, "weights");
  Value biases = junction_field(e, JUNCTION_bias, "biases");
  Value sums = sums_array(e, k);
  if (k->layout.row_stride > 0) {
    ff_equal_rows(e, &reader, weights, biases, sums);
  } else {
    Value row_begin = junction_field(e, JUNCTION_row_begin, "row_begin");
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->right_count), 1, true, "right");
    Value begin = row_bound(e, row_begin, loop.index);
    Value end = row_bound(e, row_begin, add_i64(e, loop.index, 1));
    Value lanes = sum_row(e, &reader, weights, begin, end);
    store_sum(e, lanes, biases, loop.index, sums);
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

static Value splat_delta(Emitter *e, const Back *back, Value right) {
  return splat(e, load_at(e, cell_type(e), back->deltas, right, ""), "delta");
}

/* Columns left .. left + 16 * count - 1 of the matrix, all rows. */
static void dense_columns(Emitter *e, const OnlineKernel *k, const Back *back, Value left,
                          uint32_t count) {
  Value a[4], sums[4] = {NULL};
  for (uint32_t q = 0; q < count; q++)
    a[q] = load_vector(e, vector_type(e), back->reader.array, add_i64(e, left, q * LANES), 64, "a");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->right_count), 1, true, "right");
  for (uint32_t q = 0; k->has_bp && q < count; q++)
    sums[q] = carry(e, &loop, zero_vector(e), "sum");
  Value delta = splat_delta(e, back, loop.index);
  Value pull = pull_of_delta(e, k, &back->fields, delta);
  Value row = LLVMBuildAdd(e->builder, mul_i64(e, loop.index, k->layout.row_stride), left, "");
  for (uint32_t q = 0; q < count; q++) {
    Value slot = add_i64(e, row, q * LANES);
    Value w = load_vector(e, vector_type(e), back->fields.weight, slot, 64, "w");
    if (k->has_bp) carry_next(&loop, sums[q], add_product(e, w, delta, sums[q]));
    update_weights(e, k, &back->fields, slot, w, a[q], pull);
  }
  end_loop(e, &loop);
  for (uint32_t q = 0; k->has_bp && q < count; q++)
    store_left_delta(e, back, add_i64(e, left, q * LANES), carried(&loop, sums[q]));
}

static void back_dense(Emitter *e, const OnlineKernel *k, const Back *back) {
  const uint32_t stride = k->layout.row_stride, wide = stride / (4 * LANES) * (4 * LANES);
  if (wide > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, wide), 4 * LANES, true, "left");
    dense_columns(e, k, back, loop.index, 4);
    end_loop(e, &loop);
  }
  if (wide == stride) return;
  Loop loop = begin_loop(e, const_i64(e, wide), const_i64(e, stride), LANES, true, "left");
  dense_columns(e, k, back, loop.index, 1);
  end_loop(e, &loop);
}

/* All edges of the banks bank .. bank + 16 * count - 1: in each cycle 16 of them are one vector, of which the masks tell the row
 * that each lane adds to. */
static void blend_banks(Emitter *e, const OnlineKernel *k, const Back *back, Value bank,
                        uint32_t count) {
  const uint32_t rows = k->layout.rows;
  Value a[8], sums[8] = {NULL};
  for (uint32_t i = 0; i < rows * count; i++)
    a[i] = load_vector(e, vector_type(e), back->reader.array,
                       add_i64(e, bank, (int64_t)(i % rows) * k->layout.banks + i / rows * LANES),
                       64, "a");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, (int64_t)k->layout.sweeps * rows), 1,
                         true, "cycle");
  for (uint32_t i = 0; k->has_bp && i < rows * count; i++)
    sums[i] = carry(e, &loop, zero_vector(e), "sum");
  Value first = LLVMBuildAdd(e->builder, mul_i64(e, loop.index, k->layout.banks), bank, "");
  for (uint32_t q = 0; q < count; q++) {
    Value slot = add_i64(e, first, q * LANES);
    Value right = LLVMBuildUDiv(e->builder, slot, const_i64(e, k->edges->fanin), "right");
    Value delta = splat_delta(e, back, right);
    Value w = load_vector(e, vector_type(e), back->fields.weight, slot, 64, "w");
    for (uint32_t row = 0; k->has_bp && row < rows; row++) {
      Value sum = sums[q * rows + row];
      Value added = LLVMBuildSelect(e->builder, row_mask(e, &back->reader, slot, row),
                                    add_product(e, w, delta, sum), sum, "sum");
      carry_next(&loop, sum, added);
    }
    update_weights(e, k, &back->fields, slot, w, blend_rows(e, &back->reader, a + q * rows, slot),
                   pull_of_delta(e, k, &back->fields, delta));
  }
  end_loop(e, &loop);
  for (uint32_t i = 0; k->has_bp && i < rows * count; i++)
    store_left_delta(e, back,
                     add_i64(e, bank, (int64_t)(i % rows) * k->layout.banks + i / rows * LANES),
                     carried(&loop, sums[i]));
}

static void back_blend(Emitter *e, const OnlineKernel *k, const Back *back) {
  const uint32_t count = e->registers == 32 ? 8 / k->layout.rows : 1;
  const uint32_t banks = k->layout.banks, wide = banks / (count * LANES) * (count * LANES);
  if (wide > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, wide), count * LANES, true, "bank");
    blend_banks(e, k, back, loop.index, count);
    end_loop(e, &loop);
  }
  if (wide == banks) return;
  Loop loop = begin_loop(e, const_i64(e, wide), const_i64(e, banks), LANES, true, "bank");
  blend_banks(e, k, back, loop.index, 1);
  end_loop(e, &loop);
}

/* Adds w * delta of the edges begin .. end-1, one by one, to their left neurons' sums. */
static void scatter_deltas(Emitter *e, const Back *back, Value begin, Value end, Value delta) {
  Loop loop = begin_loop(e, begin, end, 1, false, "edge");
  Value left = LLVMBuildZExt(e->builder, load_at(e, e->i32, back->reader.left, loop.index, ""),
                             e->i64, "left");
  Value sum = load_at(e, cell_type(e), back->left_deltas, left, "sum");
  Value w = load_at(e, cell_type(e), back->fields.weight, loop.index, "w");
  store_at(e, add_product(e, w, delta, sum), back->left_deltas, left);
  end_loop(e, &loop);
}

static void back_gather(Emitter *e, const OnlineKernel *k, const Back *back) {
  const uint32_t left_cells = (k->left_count + LANES - 1) / LANES * LANES;
  Value zero = const_i64(e, 0), cells = const_i64(e, left_cells);
  if (k->has_bp) {
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
  if (k->has_bp) scatter_deltas(e, back, begin, row_bound(e, row_end, rows.index), delta);
  Value pull = pull_of_delta(e, k, &back->fields, splat(e, delta, "deltas"));
  Loop loop = begin_loop(e, begin, end, LANES, false, "slot");
  Value w = load_vector(e, vector_type(e), back->fields.weight, loop.index, 64, "w");
  update_weights(e, k, &back->fields, loop.index, w, read_left(e, &back->reader, loop.index, NULL),
                 pull);
  end_loop(e, &loop);
  end_loop(e, &rows);
  if (!k->has_bp) return;
  Loop scale = begin_loop(e, zero, cells, LANES, true, "left");
  store_left_delta(e, back, scale.index,
                   load_vector(e, vector_type(e), back->left_deltas, scale.index, 64, "sum"));
  end_loop(e, &scale);
}

void emit_rows_back(Emitter *e, const OnlineKernel *k) {
  const Back back = {
      .reader = open_reader(e, k, WORK_up_left),
      .fields = update_fields(e, k),
      .deltas = work_field(e, WORK_right_delta, "deltas"),
      .left_deltas = k->has_bp ? work_field(e, WORK_left_delta, "left_deltas") : NULL,
      .derivatives = k->has_bp ? work_field(e, WORK_left_derivative, "derivatives") : NULL,
  };
  switch (k->layout.kind) {
  case LAYOUT_DENSE: back_dense(e, k, &back); break;
  case LAYOUT_BLEND: back_blend(e, k, &back); break;
  case LAYOUT_GATHER: back_gather(e, k, &back); break;
  case LAYOUT_ROTATE:
  case LAYOUT_BATCH:
  case LAYOUT_TILE: break;
  }
}
