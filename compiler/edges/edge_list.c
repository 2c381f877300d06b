// SPDX-License-Identifier: MIT
// Sorts edges by their digits, and finds out whether a list of edges is regular after all.
#include "compiler/edges/edge_list.h"

#include <string.h>

enum {
  DIGIT_BITS = 11, /* 2,048 counters of a digit fit the innermost cache */
  DIGIT_VALUES = 1 << DIGIT_BITS,
  DIGIT_COUNT = (64 + DIGIT_BITS - 1) / DIGIT_BITS,
};

static uint32_t digit_of(EdgePair pair, uint32_t digit) {
  return (uint32_t)(pair >> (digit * DIGIT_BITS)) & (DIGIT_VALUES - 1);
}

/* Counts every digit of every pair in one pass over them. */
static void count_digits(const EdgePair *pairs, uint32_t count,
                         uint32_t counts[DIGIT_COUNT][DIGIT_VALUES]) {
  memset(counts, 0, sizeof(uint32_t[DIGIT_COUNT][DIGIT_VALUES]));
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t digit = 0; digit < DIGIT_COUNT; digit++)
      counts[digit][digit_of(pairs[i], digit)]++;
  }
}

/* Turns counts of digits into the place of the first pair with each. */
static void sum_counts(uint32_t counts[DIGIT_VALUES]) {
  uint32_t place = 0;
  for (uint32_t value = 0; value < DIGIT_VALUES; value++) {
    const uint32_t count = counts[value];
    counts[value] = place;
    place += count;
  }
}

void sort_pairs(EdgePair *pairs, EdgePair *scratch, uint32_t count) {
  if (count < 2) return;
  uint32_t counts[DIGIT_COUNT][DIGIT_VALUES];
  count_digits(pairs, count, counts);
  EdgePair *from = pairs;
  EdgePair *to = scratch;
  for (uint32_t digit = 0; digit < DIGIT_COUNT; digit++) {
    const bool is_shared = counts[digit][digit_of(from[0], digit)] == count;
    if (is_shared) continue;
    sum_counts(counts[digit]);
    for (uint32_t i = 0; i < count; i++) to[counts[digit][digit_of(from[i], digit)]++] = from[i];
    EdgePair *sorted = to;
    to = from;
    from = sorted;
  }
  if (from != pairs) memcpy(pairs, from, count * sizeof *pairs);
}

/* The fan-in of all right neurons, or 0 where they differ. */
static uint32_t shared_fanin(const uint32_t *right_begin, uint32_t right_count) {
  const uint32_t fanin = right_begin[1] - right_begin[0];
  for (uint32_t r = 1; r < right_count; r++) {
    if (right_begin[r + 1] - right_begin[r] != fanin) return 0;
  }
  return fanin;
}

/* The fan-out of all left neurons, or 0 where they differ. */
static uint32_t shared_fanout(const uint32_t *left, uint32_t edge_count, uint32_t left_count) {
  if (edge_count % left_count != 0) return 0;
  const uint32_t fanout = edge_count / left_count;
  Arena *scratch = arena_open();
  uint32_t *degrees = ARENA_ARRAY(scratch, uint32_t, left_count);
  for (uint32_t e = 0; e < edge_count; e++) degrees[left[e]]++;
  bool is_shared = true;
  for (uint32_t l = 0; l < left_count; l++) is_shared &= degrees[l] == fanout;
  arena_close(scratch);
  return is_shared ? fanout : 0;
}

void list_edges(const uint32_t *left, const uint32_t *right_begin, Interleaver *edges) {
  edges->kind = INTERLEAVER_LISTED;
  edges->left = left;
  edges->edge_count = right_begin[edges->right_count];
  edges->fanin = shared_fanin(right_begin, edges->right_count);
  edges->fanout = shared_fanout(left, edges->edge_count, edges->left_count);
  edges->right_begin = edges->fanin ? NULL : right_begin;
}

void list_pairs(const EdgePair *pairs, uint32_t count, Arena *arena, Interleaver *edges) {
  uint32_t *left = ARENA_ARRAY(arena, uint32_t, count);
  uint32_t *begin = ARENA_ARRAY(arena, uint32_t, (size_t)edges->right_count + 1);
  for (uint32_t e = 0; e < count; e++) {
    left[e] = pair_left(pairs[e]);
    begin[pair_right(pairs[e]) + 1]++;
  }
  for (uint32_t r = 0; r < edges->right_count; r++) begin[r + 1] += begin[r];
  list_edges(left, begin, edges);
}
