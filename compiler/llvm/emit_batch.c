// SPDX-License-Identifier: MIT
// FF and BP of float32 minibatches: lanes are inputs of the batch.
//
// Both are sums over edges.  A tile's sums lie in scratch; block by block (runtime/tiles.h) a
// piece's sums are taken into registers, 4 blocks of 16 columns, and one edge after another is
// added: the weight is broadcast, the activations (FF) or deltas (BP) are read from a tile that
// stays in L1.  After the last block FF applies the activation, BP the derivative.
#include "compiler/llvm/batch.h"
#include "compiler/llvm/kernels.h"
#include "runtime/tiles.h"

/* ---- sums over edges, FF and BP alike ---- */

/* One tile's sums, and what they are made of. */
typedef struct TileSums {
  bool is_forward;
  Value sums;              /* [panels][rows][width] */
  uint32_t rows;           /* of a panel */
  Value matrix;            /* of activations or deltas */
  uint32_t matrix_neurons; /* its neurons */
  Value first_row;         /* of the other layer's tile in it */
  Value words, weights;    /* of the block */
} TileSums;

/* One piece, in some columns. */
typedef struct PieceSums {
  const TileSums *tile;
  Value sums, others; /* first rows of both tiles, at the columns */
  uint32_t blocks;
} PieceSums;

/* sums[panel][0][column]. */
static Value sums_address(Emitter *e, const BatchKernel *k, const TileSums *s, Value panel,
                          Value row, Value column) {
  Value cells = mul_i64(e, panel, (int64_t)s->rows * k->width);
  return cell_address(e, k, element_address(e, e->i32, s->sums, cells, ""), row, column);
}

static void add_piece(Emitter *e, Value place, Value length, Walk at, Value *none, void *context) {
  const PieceSums *p = context;
  const bool is_forward = p->tile->is_forward;
  Value row = row_at_place(e, p->sums, place), sums[4];
  (void)none;
  for (uint32_t b = 0; b < p->blocks; b++)
    sums[b] = load_vector(e, e->v16f32, row, block_of(e, b), 64, "sum");
  Loop loop = begin_loop(e, const_i64(e, 0), length, 1, true, "edge");
  for (uint32_t b = 0; b < p->blocks; b++) sums[b] = carry(e, &loop, sums[b], "sum");
  Value word = mul_i64(e, loop.index, is_forward ? 1 : 2);
  Value slot = is_forward ? LLVMBuildAdd(e->builder, at.slot, loop.index, "slot")
                          : load_word(e, at.words, add_i64(e, word, 1), "slot");
  Value w = splat(e, load_at(e, e->f32, p->tile->weights, slot, "w"), "w");
  Value other = row_at_place(e, p->others, load_word(e, at.words, word, "other"));
  for (uint32_t b = 0; b < p->blocks; b++) {
    Value x = load_vector(e, e->v16f32, other, block_of(e, b), 64, "x");
    carry_next(&loop, sums[b], emit_fma(e, w, x, sums[b], "sum"));
  }
  end_loop(e, &loop);
  for (uint32_t b = 0; b < p->blocks; b++)
    store_vector(e, carried(&loop, sums[b]), row, block_of(e, b), 64);
}

static void add_columns(Emitter *e, const BatchKernel *k, Value panel, Value column,
                        uint32_t blocks, void *context) {
  const TileSums *s = context;
  Value matrix = panel_address(e, k, s->matrix, s->matrix_neurons, panel);
  PieceSums p = {
      .tile = s,
      .sums = sums_address(e, k, s, panel, const_i64(e, 0), column),
      .others = cell_address(e, k, matrix, s->first_row, column),
      .blocks = blocks,
  };
  for_pieces(e, s->words, s->is_forward ? 1 : 2, add_piece, NULL, &p);
}

/* Adds all blocks between one tile and each of the other layer's. */
static void add_blocks(Emitter *e, const BatchKernel *k, TileSums *s, const ColumnRange *range,
                       Value tile) {
  const uint32_t others = s->is_forward ? k->left_tiles : k->right_tiles;
  const uint32_t other_tile = s->is_forward ? k->layout.left_tile : k->layout.right_tile;
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, others), 1, true, "tile");
  Value block =
      s->is_forward ? block_number(e, k, tile, loop.index) : block_number(e, k, loop.index, tile);
  s->words = s->is_forward ? block_words(e, JUNCTION_block_forward, JUNCTION_forward, block)
                           : block_words(e, JUNCTION_block_backward, JUNCTION_backward, block);
  s->weights = element_address(e, e->f32, junction_field(e, JUNCTION_weight, ""),
                               block_slot(e, block), "weights");
  s->first_row = mul_i64(e, loop.index, other_tile);
  for_panels(e, k, range, add_columns, s);
  end_loop(e, &loop);
}

/* ---- feedforward ---- */

typedef struct Forward {
  TileSums sums;
  Value biases, right, derivative;
  Value first_column, last_column;
  Value tile_first, tile_last; /* right neurons of the tile */
  Value sums_first;            /* row of sums that belongs to tile_first */
} Forward;

static void begin_sums(Emitter *e, const BatchKernel *k, Value panel, Value column, uint32_t blocks,
                       void *context) {
  const Forward *f = context;
  Loop loop = begin_loop(e, f->tile_first, f->tile_last, 1, false, "right");
  Value b = splat(e, load_at(e, e->f32, f->biases, loop.index, "b"), "b");
  Value own = LLVMBuildSub(e->builder, loop.index, f->tile_first, "");
  Value row = sums_address(e, k, &f->sums, panel, own, column);
  for (uint32_t i = 0; i < blocks; i++) store_vector(e, b, row, block_of(e, i), 64);
  end_loop(e, &loop);
}

/* Activations and derivatives of one row, where `mask` wants them; NULL: 0. */
static void store_outcome(Emitter *e, const BatchKernel *k, const Forward *f, Value panel,
                          Value right, Value column, uint32_t block, Value a, Value d, Value mask) {
  Value at = block_of(e, block);
  Value activations = row_address(e, k, f->right, k->right_count, panel, right, column);
  store_masked(e, a, activations, at, mask);
  Value derivatives = row_address(e, k, f->derivative, k->right_count, panel, right, column);
  store_masked(e, d, derivatives, at, mask);
}

static void finish_sums(Emitter *e, const BatchKernel *k, Value panel, Value column,
                        uint32_t blocks, void *context) {
  const Forward *f = context;
  const Activation *activation = &e->model->layers[k->index + 1].activation;
  Value masks[4], a, d;
  for (uint32_t b = 0; b < blocks; b++)
    masks[b] =
        wanted_columns(e, batch_column(e, k, panel, column, b), f->first_column, f->last_column);
  Value active = lesser_i64(e, f->tile_last, const_i64(e, k->active_count));
  Loop loop = begin_loop(e, f->tile_first, active, 1, false, "right");
  Value own = LLVMBuildSub(e->builder, loop.index, f->tile_first, "");
  Value row = sums_address(e, k, &f->sums, panel, own, column);
  for (uint32_t b = 0; b < blocks; b++) {
    Value sum = load_vector(e, e->v16f32, row, block_of(e, b), 64, "sum");
    emit_activation(e, activation, sum, &a, &d);
    store_outcome(e, k, f, panel, loop.index, column, b, a, d, masks[b]);
  }
  end_loop(e, &loop);
  if (k->active_count == k->right_count) return;
  Value zero = LLVMConstNull(e->v16f32);
  Value padding = greater_i64(e, f->tile_first, const_i64(e, k->active_count));
  Loop padded = begin_loop(e, padding, f->tile_last, 1, false, "padded");
  for (uint32_t b = 0; b < blocks; b++)
    store_outcome(e, k, f, panel, padded.index, column, b, zero, zero, masks[b]);
  end_loop(e, &padded);
}

/* All neurons' sums are there. */
static void finish_softmax(Emitter *e, const BatchKernel *k, Value panel, Value column,
                           uint32_t blocks, void *context) {
  const Forward *f = context;
  Value one = const_vector(e, const_f32(e, 1.0F)), zero = LLVMConstNull(e->v16f32);
  for (uint32_t b = 0; b < blocks; b++) {
    Value mask =
        wanted_columns(e, batch_column(e, k, panel, column, b), f->first_column, f->last_column);
    Value sums = sums_address(e, k, &f->sums, panel, const_i64(e, 0), column);
    emit_softmax_columns(e, sums, k->active_count, k->width, block_of(e, b));
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->active_count), 1, true, "right");
    Value row = cell_address(e, k, sums, loop.index, block_of(e, b));
    Value a = load_vector(e, e->v16f32, row, const_i64(e, 0), 64, "a");
    store_outcome(e, k, f, panel, loop.index, column, b, a, one, mask);
    end_loop(e, &loop);
    Loop padded = begin_loop(e, const_i64(e, k->active_count), const_i64(e, k->right_count), 1,
                             false, "padded");
    store_outcome(e, k, f, panel, padded.index, column, b, zero, zero, mask);
    end_loop(e, &padded);
  }
}

static void ff_tiles(Emitter *e, const BatchKernel *k, Forward *f, const ColumnRange *range) {
  const uint32_t size = k->layout.right_tile;
  Value scratch = f->sums.sums, last = work_field(e, WORK_last, "last");
  Loop loop = begin_loop(e, work_field(e, WORK_first, "first"), last, size, false, "tile");
  f->tile_first = loop.index;
  f->tile_last = lesser_i64(e, add_i64(e, loop.index, size), last);
  if (k->is_softmax)
    f->sums.sums = element_address(e, e->i32, scratch, mul_i64(e, loop.index, k->width), "sums");
  for_panels(e, k, range, begin_sums, f);
  Value tile = LLVMBuildUDiv(e->builder, loop.index, const_i64(e, size), "right_tile");
  add_blocks(e, k, &f->sums, range, tile);
  if (!k->is_softmax) for_panels(e, k, range, finish_sums, f);
  end_loop(e, &loop);
  f->sums.sums = scratch;
  if (k->is_softmax) for_panels(e, k, range, finish_softmax, f);
}

Value emit_batch_ff(Emitter *e, uint32_t junction) {
  const BatchKernel k = batch_kernel(e, junction);
  Value function = begin_kernel(e, junction, "ff");
  Forward f = {
      .sums = {.is_forward = true,
               .sums = work_field(e, WORK_scratch, "scratch"),
               .rows = (k.is_softmax ? k.right_tiles : 1) * k.layout.right_tile,
               .matrix = work_field(e, WORK_ff_left, "left"),
               .matrix_neurons = k.edges->left_count},
      .biases = junction_field(e, JUNCTION_bias, "biases"),
      .right = work_field(e, WORK_ff_right, "right"),
      .derivative = work_field(e, WORK_ff_derivative, "derivatives"),
      .first_column = work_field(e, WORK_first_column, "first_column"),
      .last_column = work_field(e, WORK_last_column, "last_column"),
  };
  const ColumnRange range = column_range(e, &k, f.first_column, f.last_column);
  ff_tiles(e, &k, &f, &range);
  end_function(e);
  return function;
}

/* ---- backpropagation ---- */

typedef struct Backward {
  TileSums sums;
  Value derivative, delta;
  Value tile_first, tile_last; /* left neurons of the tile */
} Backward;

static void begin_deltas(Emitter *e, const BatchKernel *k, Value panel, Value column,
                         uint32_t blocks, void *context) {
  const Backward *b = context;
  Loop loop = begin_loop(e, b->tile_first, b->tile_last, 1, false, "left");
  Value own = LLVMBuildSub(e->builder, loop.index, b->tile_first, "");
  Value row = sums_address(e, k, &b->sums, panel, own, column);
  for (uint32_t i = 0; i < blocks; i++)
    store_vector(e, LLVMConstNull(e->v16f32), row, block_of(e, i), 64);
  end_loop(e, &loop);
}

static void finish_deltas(Emitter *e, const BatchKernel *k, Value panel, Value column,
                          uint32_t blocks, void *context) {
  const Backward *b = context;
  const uint32_t left_count = k->edges->left_count;
  Value derivatives = panel_address(e, k, b->derivative, left_count, panel);
  Value deltas = panel_address(e, k, b->delta, left_count, panel);
  Loop loop = begin_loop(e, b->tile_first, b->tile_last, 1, false, "left");
  Value own = LLVMBuildSub(e->builder, loop.index, b->tile_first, "");
  Value row = sums_address(e, k, &b->sums, panel, own, column);
  Value from = cell_address(e, k, derivatives, loop.index, column);
  Value to = cell_address(e, k, deltas, loop.index, column);
  for (uint32_t i = 0; i < blocks; i++) {
    Value at = block_of(e, i), d = load_vector(e, e->v16f32, from, at, 64, "d");
    Value sum = load_vector(e, e->v16f32, row, at, 64, "sum");
    store_vector(e, LLVMBuildFMul(e->builder, d, sum, "delta"), to, at, 64);
  }
  end_loop(e, &loop);
}

static void bp_tiles(Emitter *e, const BatchKernel *k, Backward *b, const ColumnRange *range) {
  const uint32_t size = k->layout.left_tile;
  Value last = work_field(e, WORK_last, "last");
  Loop loop = begin_loop(e, work_field(e, WORK_first, "first"), last, size, false, "tile");
  b->tile_first = loop.index;
  b->tile_last = lesser_i64(e, add_i64(e, loop.index, size), last);
  for_panels(e, k, range, begin_deltas, b);
  Value tile = LLVMBuildUDiv(e->builder, loop.index, const_i64(e, size), "left_tile");
  add_blocks(e, k, &b->sums, range, tile);
  for_panels(e, k, range, finish_deltas, b);
  end_loop(e, &loop);
}

Value emit_batch_bp(Emitter *e, uint32_t junction) {
  const BatchKernel k = batch_kernel(e, junction);
  Value function = begin_kernel(e, junction, "bp");
  Backward b = {
      .sums = {.is_forward = false,
               .sums = work_field(e, WORK_scratch, "scratch"),
               .rows = k.layout.left_tile,
               .matrix = work_field(e, WORK_right_delta, "deltas"),
               .matrix_neurons = k.right_count},
      .derivative = work_field(e, WORK_left_derivative, "derivatives"),
      .delta = work_field(e, WORK_left_delta, "left_deltas"),
  };
  const ColumnRange range =
      column_range(e, &k, const_i64(e, 0), work_field(e, WORK_last_column, "last_column"));
  bp_tiles(e, &k, &b, &range);
  end_function(e);
  return function;
}
