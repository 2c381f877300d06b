// SPDX-License-Identifier: MIT
// How a float32 minibatch walks a junction's edges: block by block, so that the rows it reads again
// and again stay in L1.
//
// Tile t of a layer holds neurons t * tile .. of it. Block (u, t) holds the edges between right
// tile u and left tile t; blocks are numbered u * (left tiles) + t.  A *piece* is up to
// LONGEST_PIECE edges of one neuron within a block, in the order of the neurons at their other
// ends.  Pieces are sorted by descending length: a run of pieces of equal length is a loop whose
// end the processor foresees, and the pieces of one neuron keep their order.
//
//   slots      consecutive within a block, in the order of FF's pieces
//   forward    [words] u16, for FF and UP.  A block is: runs;  for each run: edges of a piece,
//              pieces; for each piece: the place of the right neuron, then for each edge the place
//              of its left neuron
//   backward   the same for BP with left and right exchanged; behind each edge's place stands its
//              slot in the block
//   block_slot, block_forward, block_backward    [blocks + 1] where a block begins
//
// A place is where the neuron's row begins in its tile, in units of 8 bytes: rows of a panel
// (layout.h) lie side by side.
#ifndef SEDGE_RUNTIME_TILES_H
#define SEDGE_RUNTIME_TILES_H

#include "runtime/layout.h"

enum { LONGEST_PIECE = 64, CELLS_PER_PLACE = 2, RING_EDGES = 128 };

/* Tiles of a junction: 128 neurons x 64 columns are 32 KB. Larger ones where pieces would have few
 * edges, smaller ones where a batch has several panels and pieces stay long; left * right <= 2^16,
 * so that places and slots fit 16 bits. */
void choose_tiles(const Model *model, uint32_t junction, uint32_t *left_tile, uint32_t *right_tile);

/* Scratch of one call: sums of a tile (softmax: of all neurons) over all columns; or UP's ring of
 * RING_EDGES vectors. */
uint64_t tile_scratch_cells(const Model *model, uint32_t junction, const Layout *layout);

/* Fills *tables: place, block_*, forward and, where has_bp, backward. False: no memory; the tables
 * are to be closed. */
bool open_tiles(const Interleaver *edges, const Layout *layout, uint32_t width, bool has_bp,
                LayoutTables *tables);

#endif
