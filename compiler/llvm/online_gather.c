// SPDX-License-Identifier: MIT
// Online kernels for edges without structure (SUM_BY_LANE): GATHER.  Vectors are 16 edges of one
// right neuron, whose left neurons are anywhere.
#include "compiler/llvm/online.h"

/* Scratch: softmax's or native_fixed_fire()'s sums, then those of the edges, then words of rounding
 * for two operations. */
static Value scratch_part(Emitter *e, const OnlineKernel *k, uint32_t sums, uint32_t words) {
  const uint64_t cells = (uint64_t)sums * layer_cells(k->right_count) +
                         (uint64_t)words * rounding_cells(k->edges->edge_count);
  Value scratch = work_field(e, WORK_scratch, "scratch");
  return element_address(e, cell_type(e), scratch, const_i64(e, (int64_t)cells), "");
}

/* Random words of all edges for one operation, in edges' order; NULL: rounding needs none. */
static Value draw_words(Emitter *e, const OnlineKernel *k, EdgeOp operation, Value input,
                        uint32_t part) {
  if (!rounds_randomly(&e->model->number)) return NULL;
  Value words = scratch_part(e, k, 2, part);
  fill_rounding_words(e, k->index, operation, input, k->edges->edge_count, words);
  return words;
}

/* Those of 16 edges from number `edge` on. */
static Value words_at(Emitter *e, Value words, Value edge) {
  return words ? load_vector(e, e->v16i32, words, edge, 4, "words") : NULL;
}

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

/* What FF works on. */
typedef struct Forward {
  Reader reader;
  Value weights, words, sums;
} Forward;

/* Adds the 16 products from `slot` on, the first of which is edge number `edge`. */
static Value add_products(Emitter *e, const Forward *f, Value slot, Value edge, Value sums) {
  Value a = factor_of(e, read_left(e, &f->reader, slot));
  Value w = load_vector(e, vector_type(e), f->weights, slot, 64, "w");
  return add_product(e, w, a, sums, PRODUCT_ANY, words_at(e, f->words, edge));
}

/* Lane sums of `count` neurons whose rows are equally long, from `right` on. */
static void sum_equal_rows(Emitter *e, const Forward *f, Value right, uint32_t count,
                           Value sums[]) {
  const OnlineKernel *k = f->reader.k;
  const uint32_t stride = k->layout.row_stride, fanin = k->edges->fanin;
  Value first = mul_i64(e, right, stride), first_edge = mul_i64(e, right, fanin), lanes[LANES];
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, stride), LANES, true, "place");
  for (uint32_t q = 0; q < count; q++) lanes[q] = carry(e, &loop, zero_vector(e), "lanes");
  for (uint32_t q = 0; q < count; q++) {
    Value slot = add_i64(e, LLVMBuildAdd(e->builder, first, loop.index, ""), (int64_t)q * stride);
    Value edge =
        add_i64(e, LLVMBuildAdd(e->builder, first_edge, loop.index, ""), (int64_t)q * fanin);
    carry_next(&loop, lanes[q], add_products(e, f, slot, edge, lanes[q]));
  }
  end_loop(e, &loop);
  for (uint32_t q = 0; q < count; q++) sums[q] = carried(&loop, lanes[q]);
}

/* A row as the tables have it. */
typedef struct Row {
  Value begin, end; /* slots, with its padding */
  Value edge_end;   /* slots that are edges */
  Value edge;       /* number of the first one */
} Row;

/* Number of the edge at a slot of the row. */
static Value edge_at(Emitter *e, const Row *row, Value slot) {
  Value place = LLVMBuildSub(e->builder, slot, row->begin, "");
  return LLVMBuildAdd(e->builder, row->edge, place, "edge");
}

/* One neuron whose row is as long as the table says. */
static Value sum_row(Emitter *e, const Forward *f, const Row *row) {
  Loop loop = begin_loop(e, row->begin, row->end, LANES, false, "slot");
  Value lanes = carry(e, &loop, zero_vector(e), "lanes");
  Value edge = edge_at(e, row, loop.index);
  carry_next(&loop, lanes, add_products(e, f, loop.index, edge, lanes));
  end_loop(e, &loop);
  return carried(&loop, lanes);
}

/* Entry of a table of slots, as i64. */
static Value slot_of(Emitter *e, uint32_t table, Value right) {
  Value slots = junction_field(e, table, "slots");
  return LLVMBuildZExt(e->builder, load_at(e, e->i32, slots, right, ""), e->i64, "bound");
}

/* Calls `body` for every right neuron and its row. */
typedef void RowBody(Emitter *e, Value right, const Row *row, void *context);
static void for_rows(Emitter *e, uint32_t right_count, RowBody *body, void *context) {
  Value zero = const_i64(e, 0);
  Loop loop = begin_loop(e, zero, const_i64(e, right_count), 1, true, "right");
  Value edge = carry(e, &loop, zero, "edge");
  const Row row = {.begin = slot_of(e, JUNCTION_row_begin, loop.index),
                   .end = slot_of(e, JUNCTION_row_begin, add_i64(e, loop.index, 1)),
                   .edge_end = slot_of(e, JUNCTION_row_end, loop.index),
                   .edge = edge};
  body(e, loop.index, &row, context);
  carry_next(&loop, edge, edge_at(e, &row, row.edge_end));
  end_loop(e, &loop);
}

static void store_sum(Emitter *e, Value lanes, Value right, Value sums) {
  store_at(e, sum_lanes(e, lanes), sums, right);
}

static void ff_equal_rows(Emitter *e, const Forward *f) {
  const uint32_t n = f->reader.k->right_count;
  const uint32_t block = e->bytes == 64 ? LANES : 4;
  const uint32_t blocked = n / block * block;
  Value lanes[LANES];
  if (blocked > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, blocked), block, true, "right");
    sum_equal_rows(e, f, loop.index, block, lanes);
    if (block == LANES) store_vector(e, sum_vectors(e, lanes), f->sums, loop.index, 64);
    for (uint32_t q = 0; block < LANES && q < block; q++)
      store_sum(e, lanes[q], add_i64(e, loop.index, q), f->sums);
    end_loop(e, &loop);
  }
  if (blocked == n) return;
  Loop loop = begin_loop(e, const_i64(e, blocked), const_i64(e, n), 1, true, "right");
  sum_equal_rows(e, f, loop.index, 1, lanes);
  store_sum(e, lanes[0], loop.index, f->sums);
  end_loop(e, &loop);
}

static void ff_row(Emitter *e, Value right, const Row *row, void *context) {
  const Forward *f = context;
  store_sum(e, sum_row(e, f, row), right, f->sums);
}

void emit_gather_ff(Emitter *e, const OnlineKernel *k) {
  Forward f = {
      .reader = open_reader(e, k, WORK_ff_left),
      .weights = junction_field(e, JUNCTION_weight, "weights"),
      .words = draw_words(e, k, EDGE_OP_FF_MAC, work_field(e, WORK_ff_input, "input"), 0),
      .sums = scratch_part(e, k, 1, 0),
  };
  if (k->layout.row_stride > 0) {
    ff_equal_rows(e, &f);
  } else {
    for_rows(e, k->right_count, ff_row, &f);
  }
  finish_sums(e, k, f.sums);
}

/* ---- back ---- */

/* What BACK works on. */
typedef struct Back {
  Reader reader;
  UpdateFields fields;
  Value deltas, left_deltas, derivatives;
  Value bp_words, up_words;
} Back;

/* array[index[lane]] += values[lane], lane by lane. */
static void add_by_lane(Emitter *e, Value values, Value index, Value array) {
  for (uint32_t lane = 0; lane < LANES; lane++) {
    Value number = const_i32(e, (int32_t)lane);
    Value at = LLVMBuildZExt(e->builder, LLVMBuildExtractElement(e->builder, index, number, ""),
                             e->i64, "");
    Value value = LLVMBuildExtractElement(e->builder, values, number, "");
    Value sum = load_at(e, LLVMTypeOf(value), array, at, "sum");
    store_at(e, LLVMBuildAdd(e->builder, sum, value, ""), array, at);
  }
}

/* Fixed: products in vectors; those of padding are 0. */
static void scatter_products(Emitter *e, const Back *back, const Row *row, Value delta) {
  Value deltas = factor_of(e, splat(e, delta, "deltas"));
  Loop loop = begin_loop(e, row->begin, row->end, LANES, false, "slot");
  Value left = load_vector(e, e->v16i32, back->reader.left, loop.index, 64, "lefts");
  Value w = load_vector(e, vector_type(e), back->fields.weight, loop.index, 64, "w");
  Value words = words_at(e, back->bp_words, edge_at(e, row, loop.index));
  add_by_lane(e, rounded_product(e, w, deltas, PRODUCT_ANY, words), left, back->left_deltas);
  end_loop(e, &loop);
}

/* Adds w * delta of a row's edges, one by one, to their left neurons' sums. */
static void scatter_deltas(Emitter *e, const Back *back, const Row *row, Value delta) {
  if (e->model->number.is_fixed) {
    scatter_products(e, back, row, delta);
    return;
  }
  Loop loop = begin_loop(e, row->begin, row->edge_end, 1, false, "edge");
  Value left = LLVMBuildZExt(e->builder, load_at(e, e->i32, back->reader.left, loop.index, ""),
                             e->i64, "left");
  Value sum = load_at(e, e->f32, back->left_deltas, left, "sum");
  Value w = load_at(e, e->f32, back->fields.weight, loop.index, "w");
  store_at(e, emit_fma(e, w, delta, sum, "sum"), back->left_deltas, left);
  end_loop(e, &loop);
}

static void back_row(Emitter *e, Value right, const Row *row, void *context) {
  const Back *back = context;
  const OnlineKernel *k = back->reader.k;
  Value delta = load_at(e, cell_type(e), back->deltas, right, "delta");
  if (k->does_bp) scatter_deltas(e, back, row, delta);
  Value pull = pull_of_delta(e, k, &back->fields, splat(e, delta, "deltas"));
  Loop loop = begin_loop(e, row->begin, row->end, LANES, false, "slot");
  Value w = load_vector(e, vector_type(e), back->fields.weight, loop.index, 64, "w");
  Value a = factor_of(e, read_left(e, &back->reader, loop.index));
  Value words = words_at(e, back->up_words, edge_at(e, row, loop.index));
  update_weights(e, k, &back->fields, loop.index, w, a, pull, words);
  end_loop(e, &loop);
}

/* All left neurons, 16 at a time. */
static Loop for_left_cells(Emitter *e, const OnlineKernel *k) {
  const uint32_t cells = (k->left_count + LANES - 1) / LANES * LANES;
  return begin_loop(e, const_i64(e, 0), const_i64(e, cells), LANES, true, "left");
}

static void clear_left_deltas(Emitter *e, const Back *back) {
  Loop loop = for_left_cells(e, back->reader.k);
  store_vector(e, zero_vector(e), back->left_deltas, loop.index, 64);
  end_loop(e, &loop);
}

/* left_delta = derivative * sum (a left neuron's cell is its number). */
static void finish_left_deltas(Emitter *e, const Back *back) {
  Loop loop = for_left_cells(e, back->reader.k);
  Value sum = load_vector(e, vector_type(e), back->left_deltas, loop.index, 64, "sum");
  Value d = load_vector(e, vector_type(e), back->derivatives, loop.index, 64, "d");
  Value words = lane_words(e, back->reader.k, EDGE_OP_BP_END, WORK_up_input, loop.index);
  store_vector(e, scale_sum(e, d, sum, words), back->left_deltas, loop.index, 64);
  end_loop(e, &loop);
}

void emit_gather_back(Emitter *e, const OnlineKernel *k) {
  Back back = {
      .reader = open_reader(e, k, WORK_up_left),
      .fields = update_fields(e, k),
      .deltas = work_field(e, WORK_right_delta, "deltas"),
      .left_deltas = k->does_bp ? work_field(e, WORK_left_delta, "left_deltas") : NULL,
      .derivatives = k->does_bp ? work_field(e, WORK_left_derivative, "derivatives") : NULL,
  };
  Value input = work_field(e, WORK_up_input, "input");
  if (k->does_bp) back.bp_words = draw_words(e, k, EDGE_OP_BP_MAC, input, 0);
  back.up_words = draw_words(e, k, EDGE_OP_UP_STEP, input, 1);
  if (k->does_bp) clear_left_deltas(e, &back);
  for_rows(e, k->right_count, back_row, &back);
  if (k->does_bp) finish_left_deltas(e, &back);
}
