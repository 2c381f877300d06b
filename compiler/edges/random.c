// SPDX-License-Identifier: MIT
// Places a given number of edges anywhere: each set of so many pairs of neurons is as likely as any
// other.
//
// Pairs are drawn until enough different ones are there.  Where more than half of all pairs are
// wanted, the ones left out are drawn instead, so that at least half of the draws are always new.
#include <assert.h>

#include "compiler/edges/edge_list.h"
#include "compiler/edges/place.h"
#include "runtime/random.h"

/* Merges two sorted lists into `to`, every pair once; returns how many came out. */
static uint32_t merge_pairs(const EdgePair *a, uint32_t a_count, const EdgePair *b,
                            uint32_t b_count, EdgePair *to) {
  uint32_t i = 0, j = 0, count = 0;
  while (i < a_count || j < b_count) {
    const bool is_from_a = j == b_count || (i < a_count && a[i] <= b[j]);
    const EdgePair pair = is_from_a ? a[i++] : b[j++];
    if (count == 0 || to[count - 1] != pair) to[count++] = pair;
  }
  return count;
}

/* Draws `wanted` different pairs; returns them sorted, in the scratch arena. */
static const EdgePair *draw_pairs(const Interleaver *edges, uint32_t wanted, RandomStream *stream,
                                  Arena *scratch) {
  EdgePair *pairs = ARENA_ARRAY(scratch, EdgePair, wanted);
  EdgePair *drawn = ARENA_ARRAY(scratch, EdgePair, wanted);
  EdgePair *merged = ARENA_ARRAY(scratch, EdgePair, wanted);
  uint32_t count = 0;
  while (count < wanted) {
    const uint32_t draws = wanted - count;
    for (uint32_t i = 0; i < draws; i++) {
      const uint32_t right = random_below(stream, edges->right_count);
      drawn[i] = edge_pair(random_below(stream, edges->left_count), right);
    }
    sort_pairs(drawn, merged, draws);
    count = merge_pairs(pairs, count, drawn, draws, merged);
    EdgePair *all = merged;
    merged = pairs;
    pairs = all;
  }
  return pairs;
}

/* All pairs but the given ones, which are sorted. */
static const EdgePair *other_pairs(const Interleaver *edges, const EdgePair *pairs, uint32_t count,
                                   Arena *scratch) {
  const uint64_t all = (uint64_t)edges->left_count * edges->right_count;
  EdgePair *others = ARENA_ARRAY(scratch, EdgePair, all - count);
  uint64_t other = 0;
  uint32_t given = 0;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    for (uint32_t l = 0; l < edges->left_count; l++) {
      const EdgePair pair = edge_pair(l, r);
      if (given < count && pairs[given] == pair) {
        given++;
      } else {
        others[other++] = pair;
      }
    }
  }
  return others;
}

bool place_random(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  (void)d;
  const Pattern *pattern = pattern_of(input);
  const uint64_t all = (uint64_t)edges->left_count * edges->right_count;
  assert(pattern->edge_count >= 1 && pattern->edge_count <= all);
  assert(pattern->edge_count <= MOST_EDGES);
  const uint32_t wanted = (uint32_t)pattern->edge_count;
  RandomStream stream = random_stream(pattern->seed, RANDOM_PATTERN, input->junction);
  Arena *scratch = arena_open();
  const EdgePair *pairs;
  if (wanted <= all / 2) {
    pairs = draw_pairs(edges, wanted, &stream, scratch);
  } else {
    const uint32_t absent = (uint32_t)(all - wanted);
    pairs = other_pairs(edges, draw_pairs(edges, absent, &stream, scratch), absent, scratch);
  }
  list_pairs(pairs, wanted, arena, edges);
  arena_close(scratch);
  return true;
}
