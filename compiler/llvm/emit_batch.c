// SPDX-License-Identifier: MIT
// FF, BP and UP of float32 minibatches: lanes are inputs of the batch.
//
// FF and BP keep 4 blocks of 16 columns in registers and add one edge after another: the weight is broadcast, the activations (or
// deltas) are read where they lie.  Two neurons of equal fan-in go together, so that 8 chains hide the latency.  UP keeps a right
// neuron's deltas in registers, sums each edge's products in 16 lanes, and totals 16 edges at once.
#include "compiler/llvm/batch.h"
#include "compiler/llvm/kernels.h"
#include "compiler/llvm/online.h"

/* ---- sums over edges, FF and BP alike ---- */

/* Edges of a neuron: which weight each has, and which row of the matrix it reads. */
typedef struct EdgeSums {
  Value weights, matrix;
  Value rows;  /* u32: left (FF) or right (BP) neuron of each edge */
  Value slots; /* u32: slot of each edge; NULL: the edge's own number */
} EdgeSums;

/* sums[q][b] += for the edges begin[q] .. begin[q] + count - 1 of `neurons` neurons. */
static void add_edges(Emitter *e, const BatchKernel *k, const EdgeSums *s, const Value begin[],
                      uint32_t neurons, Value count, Value column, uint32_t blocks, Value sums[]) {
  Loop loop = begin_loop(e, const_i64(e, 0), count, 1, false, "edge");
  Value carried_sums[2 * WIDE_BLOCKS];
  for (uint32_t i = 0; i < neurons * blocks; i++) carried_sums[i] = carry(e, &loop, sums[i], "sum");
  for (uint32_t q = 0; q < neurons; q++) {
    Value edge = LLVMBuildAdd(e->builder, begin[q], loop.index, "");
    Value slot = s->slots ? load_index(e, s->slots, edge, "slot") : edge;
    Value w = splat(e, load_at(e, e->f32, s->weights, slot, "w"), "w");
    Value row = cell_address(e, k, s->matrix, load_index(e, s->rows, edge, "row"), column);
    for (uint32_t b = 0; b < blocks; b++) {
      Value x = load_vector(e, e->v16f32, row, const_i64(e, (int64_t)b * LANES), 64, "x");
      Value sum = carried_sums[q * blocks + b];
      carry_next(&loop, sum, emit_fma(e, w, x, sum, "sum"));
    }
  }
  end_loop(e, &loop);
  for (uint32_t i = 0; i < neurons * blocks; i++) sums[i] = carried(&loop, carried_sums[i]);
}

/* ---- feedforward ---- */

typedef struct Forward {
  EdgeSums edges;
  Value biases, row_begin, right, derivative;
  Value first, last; /* right neurons */
  Value first_column, last_column;
  Value mask[WIDE_BLOCKS]; /* of the columns in work */
} Forward;

static Value begin_of_row(Emitter *e, const BatchKernel *k, const Forward *f, Value right) {
  if (k->edges->fanin > 0) return mul_i64(e, right, k->edges->fanin);
  return load_index(e, f->row_begin, right, "begin");
}

/* Sums of `neurons` right neurons from `right` on. */
static void sum_neurons(Emitter *e, const BatchKernel *k, const Forward *f, Value right,
                        uint32_t neurons, Value column, uint32_t blocks, Value sums[]) {
  Value begin[2], count = const_i64(e, k->edges->fanin);
  for (uint32_t q = 0; q < neurons; q++) {
    Value neuron = add_i64(e, right, q);
    Value b = splat(e, load_at(e, e->f32, f->biases, neuron, "b"), "b");
    for (uint32_t i = 0; i < blocks; i++) sums[q * blocks + i] = b;
    begin[q] = begin_of_row(e, k, f, neuron);
  }
  if (k->edges->fanin == 0)
    count =
        LLVMBuildSub(e->builder, begin_of_row(e, k, f, add_i64(e, right, 1)), begin[0], "fanin");
  add_edges(e, k, &f->edges, begin, neurons, count, column, blocks, sums);
}

static void store_column_block(Emitter *e, const BatchKernel *k, Value value, Value matrix,
                               Value right, Value column, uint32_t block, Value mask) {
  Value row = cell_address(e, k, matrix, right, column);
  store_masked(e, value, row, const_i64(e, (int64_t)block * LANES), mask);
}

static void finish_neurons(Emitter *e, const BatchKernel *k, const Forward *f, Value right,
                           uint32_t neurons, Value column, uint32_t blocks, const Value sums[]) {
  const Activation *activation = &e->model->layers[k->index + 1].activation;
  Value a, d;
  for (uint32_t q = 0; q < neurons; q++) {
    Value neuron = add_i64(e, right, q);
    for (uint32_t b = 0; b < blocks; b++) {
      emit_activation(e, activation, sums[q * blocks + b], &a, &d);
      store_column_block(e, k, a, f->right, neuron, column, b, f->mask[b]);
      store_column_block(e, k, d, f->derivative, neuron, column, b, f->mask[b]);
    }
  }
}

static void make_masks(Emitter *e, Forward *f, Value column, uint32_t blocks) {
  for (uint32_t b = 0; b < blocks; b++)
    f->mask[b] =
        wanted_columns(e, add_i64(e, column, (int64_t)b * LANES), f->first_column, f->last_column);
}

static void ff_neurons(Emitter *e, const BatchKernel *k, const Forward *f, Value first, Value last,
                       uint32_t neurons, Value column, uint32_t blocks) {
  Value sums[2 * WIDE_BLOCKS];
  Loop loop = begin_loop(e, first, last, neurons, false, "right");
  sum_neurons(e, k, f, loop.index, neurons, column, blocks, sums);
  finish_neurons(e, k, f, loop.index, neurons, column, blocks, sums);
  end_loop(e, &loop);
}

static Value lesser(Emitter *e, Value a, Value b) {
  Value arguments[] = {a, b};
  return call_intrinsic(e, "llvm.umin", e->i64, arguments, 2, "");
}

static void ff_blocks(Emitter *e, const BatchKernel *k, Value column, uint32_t blocks,
                      void *context) {
  Forward *f = context;
  make_masks(e, f, column, blocks);
  Value last = lesser(e, f->last, const_i64(e, k->active_count));
  Value single = f->first;
  if (k->edges->fanin > 0) {
    Value width = LLVMBuildSub(e->builder, last, f->first, "");
    Value is_any = LLVMBuildICmp(e->builder, LLVMIntUGT, last, f->first, "");
    Value even = LLVMBuildAnd(e->builder, width, const_i64(e, -2), "");
    even = LLVMBuildSelect(e->builder, is_any, even, const_i64(e, 0), "");
    single = LLVMBuildAdd(e->builder, f->first, even, "");
    ff_neurons(e, k, f, f->first, single, 2, column, blocks);
  }
  ff_neurons(e, k, f, single, last, 1, column, blocks);
  if (k->active_count == k->right_count) return;
  Value is_later =
      LLVMBuildICmp(e->builder, LLVMIntUGT, f->first, const_i64(e, k->active_count), "");
  Value padding =
      LLVMBuildSelect(e->builder, is_later, f->first, const_i64(e, k->active_count), "");
  Loop loop = begin_loop(e, padding, f->last, 1, false, "padded");
  for (uint32_t b = 0; b < blocks; b++) {
    store_column_block(e, k, LLVMConstNull(e->v16f32), f->right, loop.index, column, b, f->mask[b]);
    store_column_block(e, k, LLVMConstNull(e->v16f32), f->derivative, loop.index, column, b,
                       f->mask[b]);
  }
  end_loop(e, &loop);
}

/* Softmax needs the sums of all outputs: of one block of columns they are kept in scratch [outputs][16]. */
static void softmax_block(Emitter *e, const BatchKernel *k, Value column, uint32_t blocks,
                          void *context) {
  Forward *f = context;
  Value scratch = work_field(e, WORK_scratch, "scratch"), sum;
  for (uint32_t b = 0; b < blocks; b++) {
    Value block = add_i64(e, column, (int64_t)b * LANES);
    make_masks(e, f, block, 1);
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->active_count), 1, true, "right");
    sum_neurons(e, k, f, loop.index, 1, block, 1, &sum);
    store_vector(e, sum, scratch, mul_i64(e, loop.index, LANES), 64);
    end_loop(e, &loop);
    emit_softmax_columns(e, scratch, k->active_count, LANES, const_i64(e, 0));
    Loop copy = begin_loop(e, const_i64(e, 0), const_i64(e, k->active_count), 1, true, "right");
    Value a = load_vector(e, e->v16f32, scratch, mul_i64(e, copy.index, LANES), 64, "a");
    store_column_block(e, k, a, f->right, copy.index, block, 0, f->mask[0]);
    store_column_block(e, k, const_vector(e, const_f32(e, 1.0F)), f->derivative, copy.index, block,
                       0, f->mask[0]);
    end_loop(e, &copy);
  }
}

Value emit_batch_ff(Emitter *e, uint32_t junction) {
  const BatchKernel k = batch_kernel(e, junction);
  Value function = begin_kernel(e, junction, "ff");
  Forward f = {
      .edges = {.weights = junction_field(e, JUNCTION_weight, "weights"),
                .matrix = work_field(e, WORK_ff_left, "left"),
                .rows = junction_field(e, JUNCTION_left, "lefts")},
      .biases = junction_field(e, JUNCTION_bias, "biases"),
      .row_begin = junction_field(e, JUNCTION_row_begin, "row_begin"),
      .right = work_field(e, WORK_ff_right, "right"),
      .derivative = work_field(e, WORK_ff_derivative, "derivatives"),
      .first = work_field(e, WORK_first, "first"),
      .last = work_field(e, WORK_last, "last"),
      .first_column = work_field(e, WORK_first_column, "first_column"),
      .last_column = work_field(e, WORK_last_column, "last_column"),
  };
  Value begin = LLVMBuildAnd(e->builder, f.first_column, const_i64(e, -(int64_t)LANES), "begin");
  for_blocks(e, &k, begin, f.last_column, k.is_softmax ? softmax_block : ff_blocks, &f);
  end_function(e);
  return function;
}

/* ---- backpropagation ---- */

typedef struct Backward {
  EdgeSums edges;
  Value back_begin, derivative, delta, first, last;
} Backward;

static void bp_neurons(Emitter *e, const BatchKernel *k, const Backward *b, Value first, Value last,
                       uint32_t neurons, Value column, uint32_t blocks) {
  Value sums[2 * WIDE_BLOCKS], begin[2], count = const_i64(e, k->edges->fanout);
  Loop loop = begin_loop(e, first, last, neurons, false, "left");
  for (uint32_t i = 0; i < neurons * blocks; i++) sums[i] = LLVMConstNull(e->v16f32);
  for (uint32_t q = 0; q < neurons; q++) {
    Value left = add_i64(e, loop.index, q);
    begin[q] = k->edges->fanout > 0 ? mul_i64(e, left, k->edges->fanout)
                                    : load_index(e, b->back_begin, left, "begin");
  }
  if (k->edges->fanout == 0) {
    Value end = load_index(e, b->back_begin, add_i64(e, loop.index, 1), "end");
    count = LLVMBuildSub(e->builder, end, begin[0], "fanout");
  }
  add_edges(e, k, &b->edges, begin, neurons, count, column, blocks, sums);
  for (uint32_t i = 0; i < neurons * blocks; i++) {
    Value left = add_i64(e, loop.index, i / blocks),
          at = const_i64(e, (int64_t)(i % blocks) * LANES);
    Value d =
        load_vector(e, e->v16f32, cell_address(e, k, b->derivative, left, column), at, 64, "d");
    store_vector(e, LLVMBuildFMul(e->builder, d, sums[i], "delta"),
                 cell_address(e, k, b->delta, left, column), at, 64);
  }
  end_loop(e, &loop);
}

static void bp_blocks(Emitter *e, const BatchKernel *k, Value column, uint32_t blocks,
                      void *context) {
  const Backward *b = context;
  Value single = b->first;
  if (k->edges->fanout > 0) {
    Value width = LLVMBuildSub(e->builder, b->last, b->first, "");
    single = LLVMBuildAdd(e->builder, b->first,
                          LLVMBuildAnd(e->builder, width, const_i64(e, -2), ""), "");
    bp_neurons(e, k, b, b->first, single, 2, column, blocks);
  }
  bp_neurons(e, k, b, single, b->last, 1, column, blocks);
}

Value emit_batch_bp(Emitter *e, uint32_t junction) {
  const BatchKernel k = batch_kernel(e, junction);
  Value function = begin_kernel(e, junction, "bp");
  Backward b = {
      .edges = {.weights = junction_field(e, JUNCTION_weight, "weights"),
                .matrix = work_field(e, WORK_right_delta, "deltas"),
                .rows = junction_field(e, JUNCTION_back_right, "rights"),
                .slots = junction_field(e, JUNCTION_back_slot, "slots")},
      .back_begin = junction_field(e, JUNCTION_back_begin, "back_begin"),
      .derivative = work_field(e, WORK_left_derivative, "derivatives"),
      .delta = work_field(e, WORK_left_delta, "left_deltas"),
      .first = work_field(e, WORK_first, "first"),
      .last = work_field(e, WORK_last, "last"),
  };
  for_blocks(e, &k, const_i64(e, 0), work_field(e, WORK_last_column, "last_column"), bp_blocks, &b);
  end_function(e);
  return function;
}

/* ---- update ---- */

typedef struct Update {
  Value weights, state, lefts, row_begin, activations, deltas, rule;
  Value last_column, inverse; /* inverse: splat of 1 / columns */
  bool is_whole;              /* last_column is the whole, unpadded stride */
} Update;

enum { UNROLLED_BLOCKS = 16 };

/* Adds the products (or, without activations, the deltas) of one edge over all columns, each block to 16 lanes. */
static Value add_block(Emitter *e, Value activations, Value deltas, Value at, Value lanes) {
  Value delta = load_vector(e, e->v16f32, deltas, at, 64, "delta");
  if (!activations) return LLVMBuildFAdd(e->builder, delta, lanes, "lanes");
  Value a = load_vector(e, e->v16f32, activations, at, 64, "a");
  return emit_fma(e, a, delta, lanes, "lanes");
}

static Value sum_columns(Emitter *e, const BatchKernel *k, const Update *u, Value activations,
                         Value deltas) {
  Value lanes = LLVMConstNull(e->v16f32);
  const uint32_t blocks = k->stride / LANES;
  if (u->is_whole && blocks <= UNROLLED_BLOCKS) {
    for (uint32_t b = 0; b < blocks; b++)
      lanes = add_block(e, activations, deltas, const_i64(e, (int64_t)b * LANES), lanes);
    return lanes;
  }
  Value whole = LLVMBuildAnd(e->builder, u->last_column, const_i64(e, -(int64_t)LANES), "");
  Loop loop = begin_loop(e, const_i64(e, 0), whole, LANES, false, "column");
  Value sum = carry(e, &loop, lanes, "lanes");
  carry_next(&loop, sum, add_block(e, activations, deltas, loop.index, sum));
  end_loop(e, &loop);
  lanes = carried(&loop, sum);
  if (u->is_whole) return lanes;
  /* The last block's columns beyond the batch add nothing; where there is none, `whole` may lie behind the row. */
  Value rest = LLVMBuildSub(e->builder, u->last_column, whole, "");
  Value at = lesser(e, whole, const_i64(e, k->stride - LANES));
  return LLVMBuildSelect(e->builder, lanes_below(e, rest, ""),
                         add_block(e, activations, deltas, at, lanes), lanes, "lanes");
}

/* Updates 16 parameters from `index` on, those of `mask` (NULL: all), by the totals of their lanes. */
static void update_group(Emitter *e, const BatchKernel *k, const Update *u,
                         const Value lanes[LANES], bool is_weight, Value array, Value state,
                         Value index, uint64_t state_stride, Value mask) {
  Value gradient = LLVMBuildFMul(e->builder, sum_vectors(e, lanes), u->inverse, "gradient");
  Value states[2] = {NULL, NULL}, old = load_vector(e, e->v16f32, array, index, 4, "old");
  Value places[2];
  for (uint32_t word = 0; word < k->state_words; word++) {
    places[word] = add_i64(e, index, (int64_t)(word * state_stride));
    states[word] = load_vector(e, e->v16f32, state, places[word], 4, "state");
  }
  Value updated = emit_update(e, u->rule, is_weight, gradient, old, states);
  if (mask) {
    store_masked(e, updated, array, index, mask);
  } else {
    store_vector(e, updated, array, index, 4);
  }
  for (uint32_t word = 0; word < k->state_words; word++) {
    if (mask) {
      store_masked(e, states[word], state, places[word], mask);
    } else {
      store_vector(e, states[word], state, places[word], 4);
    }
  }
}

/* Sixteen edges of one right neuron from `slot` on. */
static void update_edges(Emitter *e, const BatchKernel *k, const Update *u, Value slot,
                         Value deltas, Value mask) {
  Value lanes[LANES];
  for (uint32_t i = 0; i < LANES; i++) {
    Value left = load_index(e, u->lefts, add_i64(e, slot, i), "left");
    lanes[i] =
        sum_columns(e, k, u, cell_address(e, k, u->activations, left, const_i64(e, 0)), deltas);
  }
  update_group(e, k, u, lanes, true, u->weights, u->state, slot, k->slot_count, mask);
}

static void update_row(Emitter *e, const BatchKernel *k, const Update *u, Value right) {
  const uint32_t fanin = k->edges->fanin;
  Value deltas = cell_address(e, k, u->deltas, right, const_i64(e, 0));
  if (fanin == 0) {
    Value begin = load_index(e, u->row_begin, right, "begin");
    Value end = load_index(e, u->row_begin, add_i64(e, right, 1), "end");
    Loop loop = begin_loop(e, begin, end, LANES, false, "slot");
    Value mask = lanes_below(e, LLVMBuildSub(e->builder, end, loop.index, ""), "own");
    update_edges(e, k, u, loop.index, deltas, mask);
    end_loop(e, &loop);
    return;
  }
  Value begin = mul_i64(e, right, fanin);
  const uint32_t whole = fanin / LANES * LANES;
  Value middle = add_i64(e, begin, whole);
  if (whole > 0) {
    Loop loop = begin_loop(e, begin, middle, LANES, true, "slot");
    update_edges(e, k, u, loop.index, deltas, NULL);
    end_loop(e, &loop);
  }
  if (whole < fanin)
    update_edges(e, k, u, middle, deltas, lanes_below(e, const_i64(e, fanin - whole), "own"));
}

static void update_all_biases(Emitter *e, const BatchKernel *k, Update u, Value first, Value last) {
  Value lanes[LANES], biases = junction_field(e, JUNCTION_bias, "biases");
  Value state = junction_field(e, JUNCTION_bias_state, "bias_states");
  u.rule = work_field(e, WORK_bias_rule, "bias_rule");
  Loop loop = begin_loop(e, first, last, LANES, false, "bias");
  for (uint32_t i = 0; i < LANES; i++) {
    Value right = lesser(e, add_i64(e, loop.index, i), const_i64(e, k->right_count - 1));
    lanes[i] = sum_columns(e, k, &u, NULL, cell_address(e, k, u.deltas, right, const_i64(e, 0)));
  }
  Value mask = lanes_below(e, LLVMBuildSub(e->builder, last, loop.index, ""), "own");
  update_group(e, k, &u, lanes, false, biases, state, loop.index,
               (k->right_count + LANES - 1) / LANES * LANES, mask);
  end_loop(e, &loop);
}

static void emit_updates(Emitter *e, const BatchKernel *k, bool is_whole) {
  Value last_column = work_field(e, WORK_last_column, "last_column");
  Value count = LLVMBuildUIToFP(e->builder, last_column, e->f32, "columns");
  Value first = work_field(e, WORK_first, "first"), last = work_field(e, WORK_last, "last");
  const Update u = {
      .weights = junction_field(e, JUNCTION_weight, "weights"),
      .state = junction_field(e, JUNCTION_weight_state, "states"),
      .lefts = junction_field(e, JUNCTION_left, "lefts"),
      .row_begin = junction_field(e, JUNCTION_row_begin, "row_begin"),
      .activations = work_field(e, WORK_up_left, "left"),
      .deltas = work_field(e, WORK_right_delta, "deltas"),
      .rule = work_field(e, WORK_weight_rule, "rule"),
      .last_column = last_column,
      .inverse = splat(e, LLVMBuildFDiv(e->builder, const_f32(e, 1.0F), count, ""), "inverse"),
      .is_whole = is_whole,
  };
  Loop loop = begin_loop(e, first, last, 1, false, "right");
  update_row(e, k, &u, loop.index);
  end_loop(e, &loop);
  update_all_biases(e, k, u, first, last);
}

Value emit_batch_up(Emitter *e, uint32_t junction) {
  const BatchKernel k = batch_kernel(e, junction);
  Value function = begin_kernel(e, junction, "up");
  if (e->model->batch % LANES == 0) {
    Value is_whole = LLVMBuildICmp(e->builder, LLVMIntEQ, work_field(e, WORK_last_column, ""),
                                   const_i64(e, k.stride), "is_whole");
    Branch whole = begin_if(e, is_whole, "whole");
    emit_updates(e, &k, true);
    end_function(e);
    LLVMMoveBasicBlockAfter(whole.after, LLVMGetInsertBlock(e->builder));
    LLVMPositionBuilderAtEnd(e->builder, whole.after);
  }
  emit_updates(e, &k, false);
  end_function(e);
  return function;
}
