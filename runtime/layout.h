// SPDX-License-Identifier: MIT
// Where native code keeps a junction's weights, and the tables by which its kernels walk the edges.
//
// Decided by the model alone, never by processor or threads: the engine, the code generator and a
// checkpoint written on another machine agree without asking.  Lanes are the 16 of model.h's sum
// orders.  `cell` of a layer is where a neuron's activation lies in memory: its number, except that
// the left layer of a ROTATE junction lies bank by bank.
//
// Most online layouts are walks: parts of rows and columns, whose crossings are vectors of edges.
// Rows go in groups, a group's rows side by side through all columns, so that sums stay in
// registers while weights are read and written in the order of memory:
//
//     for each part, group of rows, column, row of the group:  `unit` slots
//
//   DENSE   every edge exists.  A row is a right neuron, a column 16 left neurons.
//   BLEND   clash-free, 2, 4 or 8 rows per bank, fan-in and banks multiples of 16, the fan-in
//           dividing the banks (or, without BP, the banks it): a row is a right neuron, a column 16
//           edges in a row, which are 16 neighbouring banks, each lane in one of a few rows of its
//           bank.  Where a cycle holds several neurons, neuron r is row r / parts of part r %
//           parts: a part's rows read the same banks.
//           masks [slot / 16][rows of a bank] u16: bit j of row t: edge j reads row t
//   ROTATE  SUM_BY_SEGMENT.  A row is a sweep, a column a bank, a unit the bank's cycles, which
//           read consecutive rows of the bank from the sweep's start.  Parts as for BLEND, but of
//           banks.
//           starts [slot / unit] u32; cell of neuron l = l % banks * rows + l / banks
//
// The others list what each edge reads:
//   GATHER  anything else, online; and all of stochastic rounding, which draws its words by the
//           numbers of edges.
//           slot = row_begin(r) + place in the fan-in, rows padded to 16
//           left [slots] u32 cells; of padding: a cell that holds 0 (left_count rounded up to 16)
//   BATCH   batch above 1, fixed point. slot = e
//           left [W + 16] u32; back_begin [p + 1], back_right [W + 16] u32,
//           back_slot [W + 16] u32: each left neuron's edges by ascending right neuron
//   TILE    batch above 1, float32.     slots by block of a right and a left tile: see tiles.h
#ifndef SEDGE_RUNTIME_LAYOUT_H
#define SEDGE_RUNTIME_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/failure.h"
#include "runtime/model.h"

typedef enum LayoutKind {
  LAYOUT_DENSE,
  LAYOUT_BLEND,
  LAYOUT_ROTATE,
  LAYOUT_GATHER,
  LAYOUT_BATCH,
  LAYOUT_TILE,
} LayoutKind;

enum { MOST_GROUP_ROWS = 16 };

/* What code is generated from; no tables. */
typedef struct Layout {
  LayoutKind kind;
  uint32_t slot_count;
  /* GATHER: slots of each right neuron; 0 where they differ: see `row_begin` */
  uint32_t row_stride;
  uint32_t banks, bank_rows;                       /* BLEND, ROTATE */
  uint32_t parts, rows, columns, unit, group_rows; /* walks: rows and columns of each part */
  uint32_t left_tile, right_tile; /* TILE: neurons of a tile; the last one may hold fewer */
} Layout;

Layout choose_layout(const Model *model, uint32_t junction);

static inline bool layout_is_walk(const Layout *layout) {
  return layout->kind == LAYOUT_DENSE || layout->kind == LAYOUT_BLEND ||
         layout->kind == LAYOUT_ROTATE;
}

/* First slot of a crossing in a walk. */
static inline uint32_t walk_slot(const Layout *layout, uint32_t part, uint32_t row,
                                 uint32_t column) {
  const uint32_t in_group = row % layout->group_rows, group = row - in_group;
  const uint32_t left = layout->rows - group;
  const uint32_t count = left < layout->group_rows ? left : layout->group_rows;
  const uint32_t before = (part * layout->rows + group) * layout->columns;
  return (before + column * count + in_group) * layout->unit;
}

/* Cell of a neuron in the memories of its layer (activation, derivative), as the junction that
 * reads it wants. */
static inline uint32_t cell_of_neuron(const Layout *reader, uint32_t neuron) {
  if (reader->kind != LAYOUT_ROTATE) return neuron;
  return neuron % reader->banks * reader->bank_rows + neuron / reader->banks;
}

/* Cells of a layer's memory: the neurons, rounded up to 16, and 16 more that always hold 0. */
static inline uint32_t layer_cells(uint32_t neuron_count) {
  return (neuron_count + 15) / 16 * 16 + 16;
}

/* Matrices of a minibatch are cut into panels of a few columns, one behind the other, each
 * [neuron, rounded up to 16][width]: a tile's rows lie side by side and fill L1 evenly, whatever
 * the batch. */
enum { WIDEST_PANEL = 64 };

/* Columns of a panel: the batch rounded up to 16, at most WIDEST_PANEL. */
static inline uint32_t panel_width(const Model *model) {
  return model->batch < WIDEST_PANEL ? (model->batch + 15) / 16 * 16 : WIDEST_PANEL;
}

static inline uint32_t panel_count(const Model *model) {
  const uint32_t width = panel_width(model);
  return (model->batch + width - 1) / width;
}

/* Cell of a column in the first row of a matrix; the next row's is `width` further. */
static inline uint64_t cell_of_column(uint32_t neuron_count, uint32_t width, uint64_t column) {
  return column / width * ((neuron_count + 15) / 16 * 16) * width + column % width;
}

/* Words of stochastic rounding for each edge, drawn 64 at a time, and 16 more that a vector may
 * read. */
static inline uint64_t rounding_cells(uint32_t edge_count) {
  return ((uint64_t)edge_count + 63) / 64 * 64 + 16;
}

/* Cells that a junction's kernels may use while they run: pieces of sums, deltas spread over
 * pieces, sums of a tile. */
uint64_t scratch_cells(const Model *model, uint32_t junction);

/* The tables; NULL where a kind has none. Owned: layout_tables_close. */
typedef struct LayoutTables {
  uint32_t *place;     /* [W] slot of each edge; NULL: slot = e */
  uint32_t *left;      /* GATHER, BATCH */
  uint32_t *row_begin; /* GATHER, BATCH: [n + 1] first slot of each right neuron */
  uint32_t *row_end;   /* GATHER: [n] end of the slots that are edges */
  uint16_t *masks;     /* BLEND */
  uint32_t *starts;    /* ROTATE */
  uint32_t *back_begin, *back_right, *back_slot;         /* BATCH, where the junction has BP */
  uint64_t *block_slot, *block_forward, *block_backward; /* TILE: [blocks + 1] */
  uint16_t *forward, *backward;                          /* TILE */
} LayoutTables;

bool layout_tables_open(const Model *model, uint32_t junction, const Layout *layout,
                        LayoutTables *tables, Failure *failure);
void layout_tables_close(LayoutTables *tables);

#endif
