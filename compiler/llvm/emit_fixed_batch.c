// SPDX-License-Identifier: MIT
// FF, BP and UP of fixed-point minibatches: lanes are inputs of the batch, edges come from the
// tables of layout BATCH.
//
// Sums of rounded products are exact, so that they need no order: a neuron's sums of 64 columns
// stay in registers over all its edges.  UP sums products without rounding in 64 bits; what becomes
// of a sum is the runtime's (native_fixed_update).
#include "compiler/llvm/arithmetic.h"
#include "compiler/llvm/batch.h"
#include "compiler/llvm/kernels.h"

enum { MOST_BLOCKS = 4 };

/* What FF and BP work on: they sum over the edges of a neuron of one layer, weight times what the
 * other layer's neuron has. */
typedef struct Sums {
  const BatchKernel *k;
  EdgeOp operation;
  Value first, last; /* neurons */
  Value input;       /* number of the batch's first */
  Value begin;       /* table: first entry of each neuron */
  Value other;       /* table: the other layer's neuron of an entry */
  Value slot;        /* table: the slot, and edge, of an entry; NULL: its number */
  Value matrix;      /* of activations or deltas */
  uint32_t neurons;  /* its rows */
} Sums;

static Value entry_of(Emitter *e, Value table, Value index) {
  return LLVMBuildZExt(e->builder, load_at(e, e->i32, table, index, ""), e->i64, "entry");
}

/* Numbers of the inputs of a block's columns, <16 x i64>. */
static Value inputs_of_block(Emitter *e, const Sums *s, Value panel, Value column, uint32_t block) {
  Value place = batch_column(e, s->k, panel, column, block);
  return numbers_from(e, LLVMBuildAdd(e->builder, s->input, place, "input"));
}

static Value splat_number(Emitter *e, Value number) {
  return splat(e, LLVMBuildTrunc(e->builder, number, e->i32, ""), "numbers");
}

/* Words for one element (i64) and a block's inputs. */
static Value words_of_block(Emitter *e, const Sums *s, EdgeOp operation, Value element, Value panel,
                            Value column, uint32_t block) {
  if (!rounds_randomly(&e->model->number)) return NULL;
  return rounding_words(e, s->k->index, operation, inputs_of_block(e, s, panel, column, block),
                        splat_number(e, element));
}

/* The sums of so many blocks of columns. */
typedef struct Place {
  Value panel, column;
  uint32_t blocks;
} Place;

/* Adds the edge of an entry with its weight to the sums; words (or NULL) of each block. */
static void add_edge(Emitter *e, const Sums *s, const Place *at, Value entry, Value weight,
                     const Value words[], Value sums[]) {
  Value w = factor_of(e, splat(e, weight, "w"));
  Value other = entry_of(e, s->other, entry);
  Value row = row_address(e, s->k, s->matrix, s->neurons, at->panel, other, at->column);
  for (uint32_t b = 0; b < at->blocks; b++) {
    Value x = load_vector(e, e->v16i32, row, block_of(e, b), 64, "x");
    sums[b] = add_product(e, x, w, sums[b], PRODUCT_ANY, words[b]);
  }
}

/* Adds a neuron's edges to its sums. */
static void add_edges(Emitter *e, const Sums *s, const Place *at, Value neuron, Value sums[]) {
  Value begin = entry_of(e, s->begin, neuron), weights = junction_field(e, JUNCTION_weight, "");
  Value end = entry_of(e, s->begin, add_i64(e, neuron, 1));
  Value before[MOST_BLOCKS], words[MOST_BLOCKS];
  Loop loop = begin_loop(e, begin, end, 1, false, "edge");
  for (uint32_t b = 0; b < at->blocks; b++) before[b] = sums[b] = carry(e, &loop, sums[b], "sum");
  Value edge = s->slot ? entry_of(e, s->slot, loop.index) : loop.index;
  for (uint32_t b = 0; b < at->blocks; b++)
    words[b] = words_of_block(e, s, s->operation, edge, at->panel, at->column, b);
  add_edge(e, s, at, loop.index, load_at(e, e->i32, weights, edge, "w"), words, sums);
  for (uint32_t b = 0; b < at->blocks; b++) carry_next(&loop, before[b], sums[b]);
  end_loop(e, &loop);
  for (uint32_t b = 0; b < at->blocks; b++) sums[b] = carried(&loop, before[b]);
}

/* The same for entries that are edges in turn, of which four share a draw of words.  Neighbours of
 * the row's ends count with a weight of 0, which no rounding makes more of. */
static void add_edges_by_four(Emitter *e, const Sums *s, const Place *at, Value neuron,
                              Value sums[]) {
  Value begin = entry_of(e, s->begin, neuron), weights = junction_field(e, JUNCTION_weight, "");
  Value end = entry_of(e, s->begin, add_i64(e, neuron, 1)), none = const_i32(e, 0);
  Value first = LLVMBuildAnd(e->builder, begin, const_i64(e, -4), "first");
  Value before[MOST_BLOCKS], words[MOST_BLOCKS][4];
  Loop loop = begin_loop(e, first, end, 4, false, "edges");
  for (uint32_t b = 0; b < at->blocks; b++) before[b] = sums[b] = carry(e, &loop, sums[b], "sum");
  Value block = LLVMBuildLShr(e->builder, loop.index, const_i64(e, 2), "block");
  for (uint32_t b = 0; b < at->blocks; b++)
    rounding_blocks(e, s->k->index, s->operation, inputs_of_block(e, s, at->panel, at->column, b),
                    splat_number(e, block), words[b]);
  for (uint32_t i = 0; i < 4; i++) {
    Value edge = add_i64(e, loop.index, i), own[MOST_BLOCKS];
    Value is_after = LLVMBuildICmp(e->builder, LLVMIntUGE, edge, begin, "");
    Value is_before = LLVMBuildICmp(e->builder, LLVMIntULT, edge, end, "");
    Value is_own = LLVMBuildAnd(e->builder, is_after, is_before, "is_own");
    Value weight = load_at(e, e->i32, weights, edge, "w");
    for (uint32_t b = 0; b < at->blocks; b++) own[b] = words[b][i];
    add_edge(e, s, at, edge, LLVMBuildSelect(e->builder, is_own, weight, none, ""), own, sums);
  }
  for (uint32_t b = 0; b < at->blocks; b++) carry_next(&loop, before[b], sums[b]);
  end_loop(e, &loop);
  for (uint32_t b = 0; b < at->blocks; b++) sums[b] = carried(&loop, before[b]);
}

/* ---- feedforward ---- */

typedef struct Forward {
  Sums sums;
  Value right, derivative;
  Value first_column, last_column;
  bool has_table; /* else the runtime fires: sums are left where the activations belong */
} Forward;

/* One row's 16 columns. */
static void fire_block(Emitter *e, const Forward *f, Value sum, Value to, Value derivative_to,
                       Value mask) {
  Value zero = const_i64(e, 0), bounded = saturate(e, sum), a = bounded, d;
  if (f->has_table) {
    emit_table(e, bounded, &a, &d);
    store_masked(e, d, derivative_to, zero, mask);
  }
  store_masked(e, a, to, zero, mask);
}

static void ff_columns(Emitter *e, const BatchKernel *k, Value panel, Value column, uint32_t blocks,
                       void *context) {
  const Forward *f = context;
  Value masks[MOST_BLOCKS], sums[MOST_BLOCKS], zero = LLVMConstNull(e->v16i32);
  for (uint32_t b = 0; b < blocks; b++)
    masks[b] =
        wanted_columns(e, batch_column(e, k, panel, column, b), f->first_column, f->last_column);
  Value active = lesser_i64(e, f->sums.last, const_i64(e, k->active_count));
  Loop loop = begin_loop(e, f->sums.first, active, 1, false, "right");
  Value bias = load_at(e, e->i32, junction_field(e, JUNCTION_bias, "biases"), loop.index, "b");
  for (uint32_t b = 0; b < blocks; b++) sums[b] = splat(e, bias, "b");
  const Place at = {panel, column, blocks};
  if (rounds_randomly(&e->model->number)) {
    add_edges_by_four(e, &f->sums, &at, loop.index, sums);
  } else {
    add_edges(e, &f->sums, &at, loop.index, sums);
  }
  Value to = row_address(e, k, f->right, k->right_count, panel, loop.index, column);
  Value derivative = row_address(e, k, f->derivative, k->right_count, panel, loop.index, column);
  for (uint32_t b = 0; b < blocks; b++)
    fire_block(e, f, sums[b], element_address(e, e->i32, to, block_of(e, b), ""),
               element_address(e, e->i32, derivative, block_of(e, b), ""), masks[b]);
  end_loop(e, &loop);
  if (!f->has_table || k->active_count == k->right_count) return;
  Value padding = greater_i64(e, f->sums.first, const_i64(e, k->active_count));
  Loop padded = begin_loop(e, padding, f->sums.last, 1, false, "padded");
  to = row_address(e, k, f->right, k->right_count, panel, padded.index, column);
  derivative = row_address(e, k, f->derivative, k->right_count, panel, padded.index, column);
  for (uint32_t b = 0; b < blocks; b++) {
    store_masked(e, zero, to, block_of(e, b), masks[b]);
    store_masked(e, zero, derivative, block_of(e, b), masks[b]);
  }
  end_loop(e, &padded);
}

static void emit_ff(Emitter *e, const BatchKernel *k) {
  Forward f = {
      .sums = {.k = k,
               .operation = EDGE_OP_FF_MAC,
               .first = work_field(e, WORK_first, "first"),
               .last = work_field(e, WORK_last, "last"),
               .input = work_field(e, WORK_ff_input, "input"),
               .begin = junction_field(e, JUNCTION_row_begin, "row_begin"),
               .other = junction_field(e, JUNCTION_left, "lefts"),
               .matrix = work_field(e, WORK_ff_left, "left"),
               .neurons = k->edges->left_count},
      .right = work_field(e, WORK_ff_right, "right"),
      .derivative = work_field(e, WORK_ff_derivative, "derivatives"),
      .first_column = work_field(e, WORK_first_column, "first_column"),
      .last_column = work_field(e, WORK_last_column, "last_column"),
      .has_table = !k->is_softmax && activation_has_table(&e->model->number),
  };
  const ColumnRange range = column_range(e, k, f.first_column, f.last_column);
  for_panels(e, k, &range, ff_columns, &f);
  if (!f.has_table) call_runtime(e, "native_fixed_batch_fire");
}

/* ---- backpropagation ---- */

typedef struct Backward {
  Sums sums;
  Value derivative, delta;
} Backward;

static void bp_columns(Emitter *e, const BatchKernel *k, Value panel, Value column, uint32_t blocks,
                       void *context) {
  const Backward *b = context;
  const uint32_t left_count = k->edges->left_count;
  Loop loop = begin_loop(e, b->sums.first, b->sums.last, 1, false, "left");
  Value sums[MOST_BLOCKS];
  for (uint32_t i = 0; i < blocks; i++) sums[i] = LLVMConstNull(e->v16i32);
  add_edges(e, &b->sums, &(Place){panel, column, blocks}, loop.index, sums);
  Value from = row_address(e, k, b->derivative, left_count, panel, loop.index, column);
  Value to = row_address(e, k, b->delta, left_count, panel, loop.index, column);
  for (uint32_t i = 0; i < blocks; i++) {
    Value at = block_of(e, i), d = load_vector(e, e->v16i32, from, at, 64, "d");
    Value words = words_of_block(e, &b->sums, EDGE_OP_BP_END, loop.index, panel, column, i);
    store_vector(e, scale_sum(e, d, sums[i], words), to, at, 64);
  }
  end_loop(e, &loop);
}

static void emit_bp(Emitter *e, const BatchKernel *k) {
  Backward b = {
      .sums = {.k = k,
               .operation = EDGE_OP_BP_MAC,
               .first = work_field(e, WORK_first, "first"),
               .last = work_field(e, WORK_last, "last"),
               .input = work_field(e, WORK_up_input, "input"),
               .begin = junction_field(e, JUNCTION_back_begin, "back_begin"),
               .other = junction_field(e, JUNCTION_back_right, "rights"),
               .slot = junction_field(e, JUNCTION_back_slot, "slots"),
               .matrix = work_field(e, WORK_right_delta, "deltas"),
               .neurons = k->right_count},
      .derivative = work_field(e, WORK_left_derivative, "derivatives"),
      .delta = work_field(e, WORK_left_delta, "left_deltas"),
  };
  const ColumnRange range =
      column_range(e, k, const_i64(e, 0), work_field(e, WORK_last_column, "columns"));
  for_panels(e, k, &range, bp_columns, &b);
}

/* ---- update ---- */

typedef struct Update {
  const BatchKernel *k;
  Value activations, deltas;
  Value columns; /* of the batch */
} Update;

/* Sixteen columns of the batch from `column` on. */
static Value load_columns(Emitter *e, const BatchKernel *k, Value matrix, uint32_t neurons,
                          Value row, Value column) {
  Value width = const_i64(e, k->width);
  Value panel = LLVMBuildUDiv(e->builder, column, width, "panel");
  Value own = LLVMBuildURem(e->builder, column, width, "");
  return load_vector(e, e->v16i32, row_address(e, k, matrix, neurons, panel, row, own),
                     const_i64(e, 0), 64, "columns");
}

/* Sum over the batch of a right neuron's deltas, times a left neuron's activations (left NULL: 1):
 * i64. */
static Value sum_batch(Emitter *e, const Update *u, Value left, Value right) {
  const BatchKernel *k = u->k;
  Loop loop = begin_loop(e, const_i64(e, 0), u->columns, LANES, true, "column");
  Value sum = carry(e, &loop, LLVMConstNull(e->v16i64), "sum");
  Value product = load_columns(e, k, u->deltas, k->right_count, right, loop.index);
  if (left) {
    Value a = load_columns(e, k, u->activations, k->edges->left_count, left, loop.index);
    product = exact_product(e, product, factor_of(e, a));
  }
  Value rest = LLVMBuildSub(e->builder, u->columns, loop.index, "rest");
  Value own = LLVMBuildSelect(e->builder, lanes_below(e, rest, ""), product,
                              LLVMConstNull(LLVMTypeOf(product)), "own");
  Value wide = LLVMBuildSExt(e->builder, own, e->v16i64, "");
  carry_next(&loop, sum, LLVMBuildAdd(e->builder, sum, wide, "sum"));
  end_loop(e, &loop);
  return sum_lanes(e, carried(&loop, sum));
}

/* Sums of a row's edges and, behind them, of its bias; then the runtime's update. */
static void emit_up(Emitter *e, const BatchKernel *k) {
  const Update u = {.k = k,
                    .activations = work_field(e, WORK_up_left, "activations"),
                    .deltas = work_field(e, WORK_right_delta, "deltas"),
                    .columns = work_field(e, WORK_last_column, "columns")};
  Value row_begin = junction_field(e, JUNCTION_row_begin, "row_begin");
  Value lefts = junction_field(e, JUNCTION_left, "lefts"),
        sums = work_field(e, WORK_scratch, "sums");
  Loop loop = begin_loop(e, work_field(e, WORK_first, "first"), work_field(e, WORK_last, "last"), 1,
                         false, "right");
  Value begin = entry_of(e, row_begin, loop.index);
  Value end = entry_of(e, row_begin, add_i64(e, loop.index, 1));
  Loop edges = begin_loop(e, begin, end, 1, false, "edge");
  Value sum = sum_batch(e, &u, entry_of(e, lefts, edges.index), loop.index);
  store_at(e, sum, sums, LLVMBuildSub(e->builder, edges.index, begin, ""));
  end_loop(e, &edges);
  store_at(e, sum_batch(e, &u, NULL, loop.index), sums,
           LLVMBuildSub(e->builder, end, begin, "bias"));
  Type parameters[] = {e->pointer, e->pointer, e->i64, e->pointer};
  Type type = LLVMFunctionType(e->void_type, parameters, 4, false);
  Value arguments[] = {e->junction, e->work, loop.index, sums};
  LLVMBuildCall2(e->builder, type, runtime_function(e, "native_fixed_update", type), arguments, 4,
                 "");
  end_loop(e, &loop);
}

/* ---- the kernels ---- */

/* Whether the batch's sums of products fit 64 bits, and those of rounded ones 32. */
static bool fits_batch(const Emitter *e, const Interleaver *edges) {
  uint32_t bits = 2 * e->model->number.width - 2;
  for (uint32_t batch = e->model->batch; batch > 0; batch /= 2) bits++;
  return bits <= 62 && fits_vectors(e, edges);
}

static Value emit_batch_kernel(Emitter *e, uint32_t junction, NativeKernelId id,
                               void (*emit)(Emitter *e, const BatchKernel *k),
                               const char *runtime) {
  const BatchKernel k = batch_kernel(e, junction);
  Value function = begin_kernel(e, junction, native_kernel_name(id));
  if (fits_batch(e, k.edges)) {
    emit(e, &k);
  } else {
    call_runtime(e, runtime);
  }
  end_function(e);
  return function;
}

Value emit_fixed_batch_ff(Emitter *e, uint32_t junction) {
  return emit_batch_kernel(e, junction, NATIVE_FF, emit_ff, "native_fixed_batch_ff");
}

Value emit_fixed_batch_bp(Emitter *e, uint32_t junction) {
  return emit_batch_kernel(e, junction, NATIVE_BP, emit_bp, "native_fixed_batch_bp");
}

Value emit_fixed_batch_up(Emitter *e, uint32_t junction) {
  return emit_batch_kernel(e, junction, NATIVE_UP, emit_up, "native_fixed_batch_up");
}
