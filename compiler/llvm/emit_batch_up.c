// SPDX-License-Identifier: MIT
// UP of float32 minibatches: gradients over all columns, and the update.
//
// Edges come in the order of their slots.  A piece's deltas (of one right neuron) stay in
// registers; each edge's products are summed over the batch to 16 lanes, which go into a ring in
// scratch.  Some time later, when the stores have left the processor's queue, the lanes of 16 edges
// in a row are totalled at once, whichever right neurons they belong to, and their weights are
// updated.
#include "compiler/llvm/batch.h"
#include "compiler/llvm/kernels.h"
#include "runtime/tiles.h"

/* Edges whose lanes are left in the ring before they are totalled; with those of a piece and an
 * unfinished group they fit. */
enum { LAG = 48 };
_Static_assert(LAG + LANES + LONGEST_PIECE <= RING_EDGES, "the ring holds what is not totalled");

enum { UNROLLED_BLOCKS = 16 };

typedef struct Update {
  Value weights, state, activations, deltas, ring, rule;
  Value last_column, inverse; /* inverse: splat of 1 / columns */
  bool is_whole;              /* all inputs of the batch are there */
  uint32_t batch;
  Value first_slot;          /* slot of ring position 0 */
  Value position;            /* of the block's first edge */
  Value left_row, right_row; /* first rows of the block's tiles */
  const BatchKernel *k;
} Update;

/* ---- sums over the columns ---- */

/* One neuron's activations or deltas: at a place of a tile whose first row is `first_row`. */
typedef struct Row {
  Value matrix, first_row, place;
  uint32_t neuron_count;
} Row;

/* Sixteen columns of a row; `block` counts from the batch's first. */
static Value load_block(Emitter *e, const BatchKernel *k, const Row *row, Value block,
                        const char *name) {
  const uint32_t blocks = k->width / LANES;
  Value panel = LLVMBuildUDiv(e->builder, block, const_i64(e, blocks), "");
  Value column = mul_i64(e, LLVMBuildURem(e->builder, block, const_i64(e, blocks), ""), LANES);
  Value tile = cell_address(e, k, panel_address(e, k, row->matrix, row->neuron_count, panel),
                            row->first_row, column);
  return load_vector(e, e->v16f32, row_at_place(e, tile, row->place), const_i64(e, 0), 64, name);
}

/* Adds a block's products (or, without activations, its deltas) to the lanes. */
static Value add_block(Emitter *e, const BatchKernel *k, const Row *a, Value delta, Value block,
                       Value lanes) {
  if (!a) return LLVMBuildFAdd(e->builder, delta, lanes, "lanes");
  return emit_fma(e, load_block(e, k, a, block, "a"), delta, lanes, "lanes");
}

/* Of the last block's lanes, those beyond the batch stay as they are. */
static Value add_last_block(Emitter *e, const BatchKernel *k, const Row *a, Value delta,
                            Value block, Value rest, Value lanes) {
  Value sum = add_block(e, k, a, delta, block, lanes);
  return LLVMBuildSelect(e->builder, lanes_below(e, rest, ""), sum, lanes, "lanes");
}

static bool is_unrolled(const Update *u) {
  return u->is_whole && u->batch <= UNROLLED_BLOCKS * LANES;
}

/* How many blocks of deltas can stay in registers beside an edge's lanes. */
static uint32_t blocks_in_registers(const Emitter *e) {
  return e->registers * e->bytes / 256;
}

/* Sums of one edge; deltas[]: those that are in registers already, or NULL. */
static Value sum_unrolled(Emitter *e, const Update *u, const Row *a, const Row *d,
                          const Value *deltas) {
  const uint32_t whole = u->batch / LANES, rest = u->batch % LANES;
  Value lanes = LLVMConstNull(e->v16f32);
  for (uint32_t b = 0; b < whole + (rest > 0); b++) {
    Value block = const_i64(e, b);
    Value delta = deltas ? deltas[b] : load_block(e, u->k, d, block, "delta");
    lanes = b < whole ? add_block(e, u->k, a, delta, block, lanes)
                      : add_last_block(e, u->k, a, delta, block, const_i64(e, rest), lanes);
  }
  return lanes;
}

static Value sum_columns(Emitter *e, const Update *u, const Row *a, const Row *d) {
  const BatchKernel *k = u->k;
  Value lanes = LLVMConstNull(e->v16f32);
  Value whole = LLVMBuildUDiv(e->builder, u->last_column, const_i64(e, LANES), "whole");
  Loop loop = begin_loop(e, const_i64(e, 0), whole, 1, false, "block");
  Value sum = carry(e, &loop, lanes, "lanes");
  Value delta = load_block(e, k, d, loop.index, "delta");
  carry_next(&loop, sum, add_block(e, k, a, delta, loop.index, sum));
  end_loop(e, &loop);
  lanes = carried(&loop, sum);
  /* Where there is no rest, the block behind the last may not exist. */
  Value rest = LLVMBuildURem(e->builder, u->last_column, const_i64(e, LANES), "rest");
  Value at = lesser_i64(e, whole, const_i64(e, (u->batch + LANES - 1) / LANES - 1));
  return add_last_block(e, k, a, load_block(e, k, d, at, "delta"), at, rest, lanes);
}

/* ---- totals and updates ---- */

/* Totals of 16 edges, each by sum_lanes()'s tree, as the lanes of one vector.  halves[i] is the
 * first step of edges 2i (lanes 0 .. 7) and 2i + 1.  Of two vectors at a time one keeps the lower
 * halves of its groups and one the upper, and what they gave up is added. */
static Value total(Emitter *e, Value halves[LANES / 2]) {
  for (int32_t half = LANES / 4; half > 0; half /= 2) {
    int32_t kept[LANES], given[LANES];
    for (int32_t lane = 0; lane < LANES; lane++) {
      const bool is_upper = (lane & half) != 0;
      kept[lane] = is_upper ? LANES + lane : lane;
      given[lane] = is_upper ? LANES + lane - half : lane + half;
    }
    for (int32_t i = 0; i < half; i++) {
      Value a = shuffle(e, halves[i], halves[i + half], kept, "");
      Value b = shuffle(e, halves[i], halves[i + half], given, "");
      halves[i] = LLVMBuildFAdd(e->builder, a, b, "totals");
    }
  }
  int32_t order[LANES];
  for (int32_t edge = 0; edge < LANES; edge++) order[edge] = edge % 2 * (LANES / 2) + edge / 2;
  return shuffle(e, halves[0], halves[0], order, "totals");
}

/* Parameters and their optimizer's state. */
typedef struct Parameters {
  Value array, state;
  uint64_t state_stride;
  bool is_weight;
} Parameters;

/* 16 elements, those of `mask` (NULL: all): behind the others another thread may be at work. */
static Value load_group(Emitter *e, Value array, Value index, Value mask, const char *name) {
  Value zeros = LLVMConstNull(e->v16f32);
  return mask ? load_masked(e, e->v16f32, array, index, mask, zeros, name)
              : load_vector(e, e->v16f32, array, index, 4, name);
}

/* Updates 16 parameters from `index` on, those of `mask` (NULL: all), by the sums of their
 * gradients. */
static void update_group(Emitter *e, const Update *u, const Parameters *p, Value sums, Value index,
                         Value mask) {
  Value gradient = LLVMBuildFMul(e->builder, sums, u->inverse, "gradient");
  Value states[2] = {NULL, NULL}, old = load_group(e, p->array, index, mask, "old");
  Value places[2];
  for (uint32_t word = 0; word < u->k->state_words; word++) {
    places[word] = add_i64(e, index, (int64_t)(word * p->state_stride));
    states[word] = load_group(e, p->state, places[word], mask, "state");
  }
  Value updated = emit_update(e, u->rule, p->is_weight, gradient, old, states);
  if (mask) {
    store_masked(e, updated, p->array, index, mask);
  } else {
    store_vector(e, updated, p->array, index, 4);
  }
  for (uint32_t word = 0; word < u->k->state_words; word++) {
    if (mask) {
      store_masked(e, states[word], p->state, places[word], mask);
    } else {
      store_vector(e, states[word], p->state, places[word], 4);
    }
  }
}

/* The ring holds pairs of edges: lanes 0 .. 7 of both side by side, then 8 .. 15 of both, so that
 * the first step of the tree is an addition of two vectors as they lie. */
static Value ring_cell(Emitter *e, Value position) {
  Value pair = LLVMBuildAnd(e->builder, position, const_i64(e, RING_EDGES - 2), "");
  Value second = LLVMBuildAnd(e->builder, position, const_i64(e, 1), "");
  return LLVMBuildAdd(e->builder, mul_i64(e, pair, LANES), mul_i64(e, second, LANES / 2), "cell");
}

static Value half_of(Emitter *e, Value lanes, int32_t first) {
  Value numbers[LANES / 2];
  for (int32_t lane = 0; lane < LANES / 2; lane++) numbers[lane] = const_i32(e, first + lane);
  return LLVMBuildShuffleVector(e->builder, lanes, LLVMGetPoison(LLVMTypeOf(lanes)),
                                LLVMConstVector(numbers, LANES / 2), "half");
}

static void store_lanes(Emitter *e, const Update *u, Value position, Value lanes) {
  Value cell = ring_cell(e, position);
  store_vector(e, half_of(e, lanes, 0), u->ring, cell, 32);
  store_vector(e, half_of(e, lanes, LANES / 2), u->ring, add_i64(e, cell, LANES), 32);
}

/* The totals of 16 edges from `position` on, a multiple of 16. */
static Value total_of_ring(Emitter *e, const Update *u, Value position) {
  Value halves[LANES / 2], cell = ring_cell(e, position);
  for (uint32_t i = 0; i < LANES / 2; i++) {
    Value low =
        load_vector(e, e->v16f32, u->ring, add_i64(e, cell, 2 * LANES * (int64_t)i), 64, "");
    Value high = load_vector(e, e->v16f32, u->ring,
                             add_i64(e, cell, 2 * LANES * (int64_t)i + LANES), 64, "");
    halves[i] = LLVMBuildFAdd(e->builder, low, high, "half");
  }
  return total(e, halves);
}

/* The 16 weights whose lanes stand at `position` of the ring. */
static void update_weights(Emitter *e, const Update *u, Value position, Value mask) {
  const Parameters weights = {u->weights, u->state, u->k->layout.slot_count, true};
  Value slot = LLVMBuildAdd(e->builder, u->first_slot, position, "slot");
  update_group(e, u, &weights, total_of_ring(e, u, position), slot, mask);
}

/* ---- edges ---- */

static void update_piece(Emitter *e, Value place, Value length, Walk at, Value *done,
                         void *context) {
  const Update *u = context;
  const BatchKernel *k = u->k;
  Row d = {u->deltas, u->right_row, place, k->right_count};
  Value deltas[UNROLLED_BLOCKS] = {NULL};
  const uint32_t blocks = (u->batch + LANES - 1) / LANES;
  const bool is_held = is_unrolled(u) && blocks <= blocks_in_registers(e);
  for (uint32_t b = 0; is_held && b < blocks; b++)
    deltas[b] = load_block(e, k, &d, const_i64(e, b), "delta");
  Value first = LLVMBuildAdd(e->builder, u->position, at.slot, "position");
  Loop loop = begin_loop(e, const_i64(e, 0), length, 1, true, "edge");
  Row a = {u->activations, u->left_row, load_word(e, at.words, loop.index, "left"),
           k->edges->left_count};
  Value lanes = is_unrolled(u) ? sum_unrolled(e, u, &a, &d, is_held ? deltas : NULL)
                               : sum_columns(e, u, &a, &d);
  Value position = LLVMBuildAdd(e->builder, first, loop.index, "");
  store_lanes(e, u, position, lanes);
  end_loop(e, &loop);
  Value filled = LLVMBuildAdd(e->builder, first, length, "filled"), lag = const_i64(e, LAG);
  Value limit = LLVMBuildSub(e->builder, greater_i64(e, filled, lag), lag, "limit");
  Loop groups = begin_loop(e, *done, limit, LANES, false, "group");
  Value next = carry(e, &groups, *done, "done");
  update_weights(e, u, groups.index, NULL);
  carry_next(&groups, next, add_i64(e, groups.index, LANES));
  end_loop(e, &groups);
  *done = carried(&groups, next);
}

/* All edges of right neurons first .. last - 1, whole tiles. */
static void update_all_weights(Emitter *e, Update *u, Value first, Value last) {
  const BatchKernel *k = u->k;
  const uint32_t size = k->layout.right_tile;
  Value zero = const_i64(e, 0), tile = LLVMBuildUDiv(e->builder, first, const_i64(e, size), "");
  u->first_slot = block_slot(e, block_number(e, k, tile, zero));
  Loop rights = begin_loop(e, first, last, size, false, "right_tile");
  Value done = carry(e, &rights, zero, "done");
  Loop lefts = begin_loop(e, zero, const_i64(e, k->left_tiles), 1, true, "left_tile");
  Value inner = carry(e, &lefts, done, "done");
  tile = LLVMBuildUDiv(e->builder, rights.index, const_i64(e, size), "");
  Value block = block_number(e, k, tile, lefts.index), walked = inner;
  u->position = LLVMBuildSub(e->builder, block_slot(e, block), u->first_slot, "position");
  u->right_row = rights.index;
  u->left_row = mul_i64(e, lefts.index, k->layout.left_tile);
  for_pieces(e, block_words(e, JUNCTION_block_forward, JUNCTION_forward, block), 1, update_piece,
             &walked, u);
  carry_next(&lefts, inner, walked);
  end_loop(e, &lefts);
  carry_next(&rights, done, carried(&lefts, inner));
  end_loop(e, &rights);
  /* What is left in the ring: up to the slot where the next tile would begin. */
  tile = LLVMBuildUDiv(e->builder, add_i64(e, last, size - 1), const_i64(e, size), "");
  Value filled = LLVMBuildSub(e->builder, block_slot(e, block_number(e, k, tile, zero)),
                              u->first_slot, "filled");
  Loop rest = begin_loop(e, carried(&rights, done), filled, LANES, false, "rest");
  Value own = lanes_below(e, LLVMBuildSub(e->builder, filled, rest.index, ""), "own");
  update_weights(e, u, rest.index, own);
  end_loop(e, &rest);
}

/* ---- biases ---- */

static void update_all_biases(Emitter *e, Update u, Value first, Value last) {
  const uint32_t right_count = u.k->right_count;
  const Parameters biases = {junction_field(e, JUNCTION_bias, "biases"),
                             junction_field(e, JUNCTION_bias_state, "bias_states"),
                             (right_count + LANES - 1) / LANES * LANES, false};
  u.rule = work_field(e, WORK_bias_rule, "bias_rule");
  Loop loop = begin_loop(e, first, last, LANES, false, "bias");
  for (uint32_t i = 0; i < LANES; i++) {
    Value right = lesser_i64(e, add_i64(e, loop.index, i), const_i64(e, right_count - 1));
    const Row d = {u.deltas, right, const_i64(e, 0), right_count};
    Value lanes =
        is_unrolled(&u) ? sum_unrolled(e, &u, NULL, &d, NULL) : sum_columns(e, &u, NULL, &d);
    store_lanes(e, &u, const_i64(e, i), lanes);
  }
  Value mask = lanes_below(e, LLVMBuildSub(e->builder, last, loop.index, ""), "own");
  update_group(e, &u, &biases, total_of_ring(e, &u, const_i64(e, 0)), loop.index, mask);
  end_loop(e, &loop);
}

/* ---- the kernel ---- */

static void emit_updates(Emitter *e, const BatchKernel *k, bool is_whole) {
  Value last_column = work_field(e, WORK_last_column, "last_column");
  Value count = LLVMBuildUIToFP(e->builder, last_column, e->f32, "columns");
  Value first = work_field(e, WORK_first, "first"), last = work_field(e, WORK_last, "last");
  Update u = {
      .weights = junction_field(e, JUNCTION_weight, "weights"),
      .state = junction_field(e, JUNCTION_weight_state, "states"),
      .activations = work_field(e, WORK_up_left, "left"),
      .deltas = work_field(e, WORK_right_delta, "deltas"),
      .ring = work_field(e, WORK_scratch, "ring"),
      .rule = work_field(e, WORK_weight_rule, "rule"),
      .last_column = last_column,
      .inverse = splat(e, LLVMBuildFDiv(e->builder, const_f32(e, 1.0F), count, ""), "inverse"),
      .is_whole = is_whole,
      .batch = e->model->batch,
      .k = k,
  };
  update_all_weights(e, &u, first, last);
  update_all_biases(e, u, first, last);
}

Value emit_batch_up(Emitter *e, uint32_t junction) {
  const BatchKernel k = batch_kernel(e, junction);
  Value function = begin_kernel(e, junction, "up");
  Value is_whole = LLVMBuildICmp(e->builder, LLVMIntEQ, work_field(e, WORK_last_column, ""),
                                 const_i64(e, e->model->batch), "is_whole");
  Branch whole = begin_if(e, is_whole, "whole");
  emit_updates(e, &k, true);
  end_function(e);
  LLVMMoveBasicBlockAfter(whole.after, LLVMGetInsertBlock(e->builder));
  LLVMPositionBuilderAtEnd(e->builder, whole.after);
  emit_updates(e, &k, false);
  end_function(e);
  return function;
}
