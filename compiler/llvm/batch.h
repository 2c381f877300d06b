// SPDX-License-Identifier: MIT
// What the minibatch kernels share: panels of columns, blocks of edges (runtime/tiles.h), and
// walking them.
#ifndef SEDGE_COMPILER_LLVM_BATCH_H
#define SEDGE_COMPILER_LLVM_BATCH_H

#include "compiler/llvm/emitter.h"

typedef struct BatchKernel {
  uint32_t index;
  const Interleaver *edges;
  Layout layout;
  uint32_t width; /* columns of a panel */
  /* of them, blocks of 16 that are worked on at once: their sums stay in registers */
  uint32_t wide;
  uint32_t left_tiles, right_tiles;
  uint32_t right_count,
      active_count; /* active: the right neurons that are not padding without activation */
  bool is_softmax;
  uint32_t state_words;
} BatchKernel;

BatchKernel batch_kernel(const Emitter *e, uint32_t junction);

/* ---- panels ---- */

/* &matrix[panel][0][0] of a matrix of so many neurons. */
Value panel_address(Emitter *e, const BatchKernel *k, Value matrix, uint32_t neuron_count,
                    Value panel);

/* &panel[row][column]. */
Value cell_address(Emitter *e, const BatchKernel *k, Value panel, Value row, Value column);

/* &matrix[panel][row][column]. */
Value row_address(Emitter *e, const BatchKernel *k, Value matrix, uint32_t neuron_count,
                  Value panel, Value row, Value column);

/* First column of a block, counted from where blocks begin. */
Value block_of(Emitter *e, uint32_t block);

/* Number in the batch of a panel's block's first column; `column` is where the panel's blocks
 * begin. */
Value batch_column(Emitter *e, const BatchKernel *k, Value panel, Value column, uint32_t block);

/* <16 x i64>: first (i64), first + 1, ... */
Value numbers_from(Emitter *e, Value first);

/* Lanes of the 16 columns from `block` on that are columns from first to last - 1. */
Value wanted_columns(Emitter *e, Value block, Value first, Value last);

/* Columns of a batch that a kernel works on, rounded to blocks of 16, and the panels that hold
 * them. */
typedef struct ColumnRange {
  Value begin, end;
  Value first_panel, last_panel;
} ColumnRange;
ColumnRange column_range(Emitter *e, const BatchKernel *k, Value first, Value last);

/* Calls `body` for the range's columns in a panel: k->wide blocks at once while there are so many,
 * then one by one.  `column` counts from the panel's first. */
typedef void ColumnsBody(Emitter *e, const BatchKernel *k, Value panel, Value column,
                         uint32_t blocks, void *context);
void for_columns(Emitter *e, const BatchKernel *k, const ColumnRange *range, Value panel,
                 ColumnsBody *body, void *context);

/* The same in every panel of the range. */
void for_panels(Emitter *e, const BatchKernel *k, const ColumnRange *range, ColumnsBody *body,
                void *context);

/* ---- blocks of edges ---- */

/* Where a walk stands: in the words (elements of i16) and in the slots of its block. */
typedef struct Walk {
  Value words, slot;
} Walk;

/* Calls `body` for every piece of the block whose words begin at `words`: `place` is its neuron's,
 * `at` stands at the words of its `length` edges, each of `words_per_edge`.  `carried` (or NULL) is
 * a value that body replaces from piece to piece. */
typedef void PieceBody(Emitter *e, Value place, Value length, Walk at, Value *carried,
                       void *context);
void for_pieces(Emitter *e, Value words, uint32_t words_per_edge, PieceBody *body, Value *carried,
                void *context);

/* A word, as i64. */
Value load_word(Emitter *e, Value words, Value index, const char *name);

/* Where the row at a place begins, in a tile whose first row begins at `tile`. */
Value row_at_place(Emitter *e, Value tile, Value place);

/* block_slot, block_forward, block_backward: where block (right_tile, left_tile) begins. */
Value block_number(Emitter *e, const BatchKernel *k, Value right_tile, Value left_tile);
Value block_words(Emitter *e, uint32_t begin_field, uint32_t words_field, Value block);
Value block_slot(Emitter *e, Value block);

Value lesser_i64(Emitter *e, Value a, Value b);
Value greater_i64(Emitter *e, Value a, Value b);

#endif
