// SPDX-License-Identifier: MIT
// Where native code keeps a junction's weights, and the tables by which its kernels walk the edges.
//
// Decided by the model alone, never by processor or threads: the engine, the code generator and a checkpoint written on another
// machine agree without asking.  Lanes are the 16 of model.h's sum orders.  `cell` of a layer is where a neuron's activation lies
// in memory: its number, except that the left layer of a ROTATE junction lies bank by bank.
//
//   DENSE   every edge exists: rows of a matrix.     slot = r * row_stride + left
//   BLEND   clash-free, 2, 4 or 8 rows per bank, banks and fan-in multiples of 16: 16 edges in a row are 16 neighbouring
//           banks, each lane in one of a few rows.   slot = e
//           masks [W / 16][rows] u16: bit j of masks[e / 16][t]: edge e + j reads row t
//   ROTATE  SUM_BY_SEGMENT: lanes are 16 cycles of one bank, whose rows are consecutive from the sweep's start.
//           sweeps in groups g of up to 8 (the last one may hold fewer):
//           slot = g*8*p + (bank * sweeps_of_group + sweep % 8) * rows + cycle
//           starts [ ] u32 in the order of the slots' rows: starts[slot / rows]; cell of neuron l = l % banks * rows + l / banks
//   GATHER  anything else, online.                   slot = row_begin(r) + place in the fan-in, rows padded to 16
//           left [slots] u32 cells; of padding: a cell that holds 0 (left_count rounded up to 16)
//   BATCH   batch above 1, fixed point.              slot = first edge of r + rank by left neuron; rows not padded
//           left [W + 16] u32; back_begin [p + 1], back_right [W + 16] u32, back_slot [W + 16] u32: each left neuron's edges by
//           ascending right neuron
//   TILE    batch above 1, float32.                  slots by block of a right and a left tile: see tiles.h
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

enum { SWEEPS_PER_GROUP = 8 };

/* What code is generated from; no tables. */
typedef struct Layout {
  LayoutKind kind;
  uint32_t slot_count;
  uint32_t row_stride; /* slots of each right neuron; 0 where they differ: see `row_begin` */
  uint32_t banks, rows, sweeps;   /* BLEND, ROTATE */
  uint32_t left_tile, right_tile; /* TILE: neurons of a tile; the last one may hold fewer */
} Layout;

Layout choose_layout(const Model *model, uint32_t junction);

/* Sweeps of a group. */
static inline uint32_t sweeps_of_group(const Layout *layout, uint32_t group) {
  const uint32_t left = layout->sweeps - group * SWEEPS_PER_GROUP;
  return left < SWEEPS_PER_GROUP ? left : SWEEPS_PER_GROUP;
}

/* Cell of a neuron in the memories of its layer (activation, derivative), as the junction that reads it wants. */
static inline uint32_t cell_of_neuron(const Layout *reader, uint32_t neuron) {
  if (reader->kind != LAYOUT_ROTATE) return neuron;
  return neuron % reader->banks * reader->rows + neuron / reader->banks;
}

/* Cells of a layer's memory: the neurons, rounded up to 16, and 16 more that always hold 0. */
static inline uint32_t layer_cells(uint32_t neuron_count) {
  return (neuron_count + 15) / 16 * 16 + 16;
}

/* Matrices of a minibatch are cut into panels of a few columns, one behind the other, each [neuron, rounded up to 16][width]: a
 * tile's rows lie side by side and fill L1 evenly, whatever the batch. */
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

/* Cells that a junction's kernels may use while they run: pieces of sums, deltas spread over pieces, sums of a tile. */
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
