// SPDX-License-Identifier: MIT
// Edges listed one by one: pairs of neurons that can be sorted, and the interleaver made of them.
#ifndef SEDGE_COMPILER_EDGES_EDGE_LIST_H
#define SEDGE_COMPILER_EDGES_EDGE_LIST_H

#include <stdint.h>

#include "lang/arena.h"
#include "runtime/interleaver.h"

/* An edge as one number: ascending pairs are in edge order, by right neuron, then by left. */
typedef uint64_t EdgePair;

static inline EdgePair edge_pair(uint32_t left, uint32_t right) {
  return (uint64_t)right << 32 | left;
}
static inline uint32_t pair_left(EdgePair pair) {
  return (uint32_t)pair;
}
static inline uint32_t pair_right(EdgePair pair) {
  return (uint32_t)(pair >> 32);
}

/* Sorts pairs[0 .. count-1]; scratch has as much room.  Time in proportion to count. */
void sort_pairs(EdgePair *pairs, EdgePair *scratch, uint32_t count);

/* Makes *edges (left_count and right_count are there) of sorted pairs without repetition. */
void list_pairs(const EdgePair *pairs, uint32_t count, Arena *arena, Interleaver *edges);

/* Makes *edges of the left neurons of all edges, in edge order, and of right_begin
 * [right_count + 1]; both must live as long as *edges.  Degrees that all neurons share are found,
 * and right_begin dropped where it is not needed. */
void list_edges(const uint32_t *left, const uint32_t *right_begin, Interleaver *edges);

#endif
