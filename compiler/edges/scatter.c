// SPDX-License-Identifier: MIT
// Measures how evenly a pattern covers the windows of its two layers.
//
// A window is a run of neighbouring neurons.  The left layer is cut into as many windows as a right
// neuron has edges (K = the mean fan-in, rounded; left neuron l is in window floor(l * K / p)), so
// that a right neuron that sees the whole layer evenly has one edge from each.  Of each right
// neuron we count the windows that it does have an edge from:
//
//     forward  = (distinct windows met, summed over the right neurons) / (K * right neurons)
//     backward = the same with left and right exchanged: windows of the right layer, K = the mean
//                fan-out
//     scatter  = the smaller of the two
//
// 1 is a pattern that spreads ideally; a regular random one has about 1 - 1/e = 0.63; one whose
// neurons see a narrow neighbourhood has little more than 1 / K.  Windows of one row and column are
// meant for data without a shape; the source lets images choose square ones, and looks at the whole
// network's input and output as well, which is not done here.
// Source: Dey, Huang, Beerel, Chugg, "Characterizing sparse connectivity patterns in neural
// networks", ITA 2018: there each entry of the window adjacency matrix counts min(1, edges / ideal
// edges), and the ideal of our windows is one.
#include <assert.h>

#include "compiler/edges/edges.h"

enum { BLOCK_EDGES = 4096 };

/* How many windows a layer is cut into for neurons of the other layer, of which there are
 * `others`. */
static uint32_t window_count(uint32_t edge_count, uint32_t neurons, uint32_t others) {
  const uint32_t mean = (uint32_t)(((uint64_t)edge_count * 2 + others) / (2 * (uint64_t)others));
  if (mean < 1) return 1;
  return mean < neurons ? mean : neurons;
}

static uint32_t window_of(uint32_t neuron, uint32_t windows, uint32_t neurons) {
  return (uint32_t)((uint64_t)neuron * windows / neurons);
}

/* Distinct windows met by all neurons of one side, counted while edges pass in order. */
typedef struct Coverage {
  uint32_t windows; /* K */
  uint32_t *last;   /* see below; numbers from 1, so that 0 is "not yet" */
  uint64_t met;
} Coverage;

/* Forward: last [K] is the right neuron that met the window last.  Backward: last [p] is the window
 * that the left neuron met last, which tells new from old because right neurons, and so their
 * windows, ascend. */
static void meet(Coverage *coverage, uint32_t place, uint32_t mark) {
  coverage->met += coverage->last[place] != mark + 1;
  coverage->last[place] = mark + 1;
}

Scatter edges_scatter(const Interleaver *edges) {
  const uint32_t p = edges->left_count, n = edges->right_count;
  assert(edges->edge_count > 0);
  Arena *scratch = arena_open();
  Coverage forward = {.windows = window_count(edges->edge_count, p, n)};
  Coverage backward = {.windows = window_count(edges->edge_count, n, p)};
  forward.last = ARENA_ARRAY(scratch, uint32_t, forward.windows);
  backward.last = ARENA_ARRAY(scratch, uint32_t, p);
  uint32_t left[BLOCK_EDGES];
  uint32_t right = 0;
  for (uint32_t first = 0; first < edges->edge_count; first += BLOCK_EDGES) {
    const uint32_t rest = edges->edge_count - first;
    const uint32_t count = rest < BLOCK_EDGES ? rest : BLOCK_EDGES;
    interleaver_expand(edges, first, count, left);
    for (uint32_t i = 0; i < count; i++) {
      while (first + i >= interleaver_begin(edges, right + 1)) right++;
      meet(&forward, window_of(left[i], forward.windows, p), right);
      meet(&backward, left[i], window_of(right, backward.windows, n));
    }
  }
  arena_close(scratch);
  Scatter result = {
      .forward = (double)forward.met / ((double)forward.windows * n),
      .backward = (double)backward.met / ((double)backward.windows * p),
  };
  result.scatter = result.forward < result.backward ? result.forward : result.backward;
  return result;
}
