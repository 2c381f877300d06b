// SPDX-License-Identifier: MIT
// The makers of edges, one per kind of pattern, and what place_edges does around them.
#ifndef SEDGE_COMPILER_EDGES_PLACE_H
#define SEDGE_COMPILER_EDGES_PLACE_H

#include "compiler/edges/edges.h"

/* Each fills *edges, whose left_count and right_count are already there; the tables live in the
 * arena.  False: reported to d.  What lang promises of a Pattern (degrees that come out whole and
 * fit, banks that divide, windows inside the layer) is only asserted. */
bool place_dense(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);
bool place_random(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);
bool place_structured(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);
bool place_clash_free(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);
bool place_window(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);
bool place_listed(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);
bool place_condition(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);

/* The most edges of a junction: edge numbers are kept in 32 bits, with room to spare. */
#define MOST_EDGES 0x7fffffffu

static inline const Pattern *pattern_of(const EdgesInput *input) {
  return &input->network->junctions[input->junction].pattern;
}
static inline const NetworkLayer *left_layer_of(const EdgesInput *input) {
  return &input->network->layers[input->junction];
}
static inline const NetworkLayer *right_layer_of(const EdgesInput *input) {
  return &input->network->layers[input->junction + 1];
}

#endif
