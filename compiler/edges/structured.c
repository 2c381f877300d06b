// SPDX-License-Identifier: MIT
// Places edges at random such that all left neurons have one out-degree and all right ones one
// in-degree.
//
// Begins with a regular pattern, the left neurons in a random order dealt out over and over, and
// then lets right neurons trade: two of them pool the left neurons that only one of them reads, and
// divide the pool at random.  A trade keeps all degrees and can make no double edge, so every
// pattern on the way is a right one, and after a few rounds in which everybody trades once, any
// regular pattern is nearly as likely as any other.
// Source: Strona et al., "A fast and unbiased procedure to randomize ecological binary matrices",
// 2014 (curveball); Carstens et al., "Parallel and I/O-efficient randomisation of massive networks
// using global curveball trades", 2018.
#include <assert.h>
#include <string.h>

#include "compiler/edges/place.h"
#include "runtime/random.h"

enum { TRADE_ROUNDS = 10 };

/* Deals the left neurons, in the order given by place_of [left_count], to right neurons in turn.
 * Goes through them by their number, so that the left neurons of a right one come out ascending. */
static void deal_edges(const Interleaver *edges, const uint32_t *place_of, uint32_t *left,
                       uint32_t *filled) {
  for (uint32_t l = 0; l < edges->left_count; l++) {
    for (uint32_t copy = 0; copy < edges->fanout; copy++) {
      const uint32_t right = (copy * edges->left_count + place_of[l]) / edges->fanin;
      left[right * edges->fanin + filled[right]++] = l;
    }
  }
}

/* How many of a's left neurons are not among b's; both ascending. */
static uint32_t count_differing(const uint32_t *a, const uint32_t *b, uint32_t fanin) {
  uint32_t i = 0, j = 0, shared = 0;
  while (i < fanin && j < fanin) {
    const uint32_t left_a = a[i], left_b = b[j];
    shared += left_a == left_b;
    i += left_a <= left_b;
    j += left_b <= left_a;
  }
  return fanin - shared;
}

/* Lets the right neurons with left neurons a and b trade; traded has room for both. */
static void trade(uint32_t *a, uint32_t *b, uint32_t fanin, RandomStream *stream,
                  uint32_t *traded) {
  uint32_t wanted = count_differing(a, b, fanin);
  uint32_t pooled = 2 * wanted;
  uint32_t *to_a = traded;
  uint32_t *to_b = traded + fanin;
  uint32_t i = 0, j = 0;
  while (i < fanin || j < fanin) {
    const bool has_a = i < fanin, has_b = j < fanin;
    if (has_a && has_b && a[i] == b[j]) {
      *to_a++ = a[i++];
      *to_b++ = b[j++];
      continue;
    }
    const uint32_t left = has_a && (!has_b || a[i] < b[j]) ? a[i++] : b[j++];
    if (random_below(stream, pooled--) < wanted) {
      *to_a++ = left;
      wanted--;
    } else {
      *to_b++ = left;
    }
  }
  memcpy(a, traded, fanin * sizeof *a);
  memcpy(b, traded + fanin, fanin * sizeof *b);
}

bool place_structured(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  (void)d;
  const Pattern *pattern = pattern_of(input);
  const uint64_t edge_count = (uint64_t)edges->left_count * pattern->fanout;
  assert(pattern->fanin <= edges->left_count && pattern->fanout <= edges->right_count);
  assert(edge_count == (uint64_t)edges->right_count * pattern->fanin && edge_count <= MOST_EDGES);
  edges->kind = INTERLEAVER_LISTED;
  edges->fanin = pattern->fanin;
  edges->fanout = pattern->fanout;
  edges->edge_count = (uint32_t)edge_count;
  uint32_t *left = ARENA_ARRAY(arena, uint32_t, edge_count);
  Arena *scratch = arena_open();
  RandomStream stream = random_stream(pattern->seed, RANDOM_PATTERN, input->junction);
  uint32_t *place_of = ARENA_ARRAY(scratch, uint32_t, edges->left_count);
  random_permutation(&stream, place_of, edges->left_count);
  deal_edges(edges, place_of, left, ARENA_ARRAY(scratch, uint32_t, edges->right_count));
  uint32_t *partners = ARENA_ARRAY(scratch, uint32_t, edges->right_count);
  uint32_t *traded = ARENA_ARRAY(scratch, uint32_t, 2 * (size_t)edges->fanin);
  for (uint32_t round = 0; round < TRADE_ROUNDS; round++) {
    random_permutation(&stream, partners, edges->right_count);
    for (uint32_t k = 0; k + 1 < edges->right_count; k += 2) {
      trade(left + (size_t)partners[k] * edges->fanin,
            left + (size_t)partners[k + 1] * edges->fanin, edges->fanin, &stream, traded);
    }
  }
  arena_close(scratch);
  edges->left = left;
  return true;
}
