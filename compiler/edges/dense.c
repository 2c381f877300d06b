// SPDX-License-Identifier: MIT
// Places all edges: every left neuron to every right one.
#include <assert.h>

#include "compiler/edges/place.h"

bool place_dense(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  (void)input, (void)d, (void)arena;
  assert((uint64_t)edges->left_count * edges->right_count <= MOST_EDGES);
  edges->kind = INTERLEAVER_DENSE;
  edges->fanin = edges->left_count;
  edges->fanout = edges->right_count;
  edges->edge_count = edges->left_count * edges->right_count;
  return true;
}
