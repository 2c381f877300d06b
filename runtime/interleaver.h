// SPDX-License-Identifier: MIT
// The address generator of a junction: which left neuron each edge reads.
//
// Edges are numbered by right neuron, then by place in its fan-in.  An interleaver is what hardware
// would keep: a few counters and small tables, not one record per edge, except where a pattern has
// no structure to exploit (LISTED).
//
//   DENSE       left(e) = e % p
//   CLASH_FREE  sweep s = e / p, cycle c = (e % p) / B, lane m = e % B;  left(e) = t * B + v
//                 v = lanes ? lanes[s][m] : m
//                 t = rows ? rows[s][m][c] (type 1) : (starts[s][m] + c) % (p / B) (types 2, 3)
//   WINDOW      left(e) = base[e / fanin] + offset[e % fanin]
//   LISTED      left(e) = left[e], ascending within a right neuron
//
// Source: semantics.md of sedge; Dey et al., "Interleaver design for deep neural networks",
// Asilomar 2017.
#ifndef SEDGE_RUNTIME_INTERLEAVER_H
#define SEDGE_RUNTIME_INTERLEAVER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum InterleaverKind {
  INTERLEAVER_DENSE,
  INTERLEAVER_CLASH_FREE,
  INTERLEAVER_WINDOW,
  INTERLEAVER_LISTED,
} InterleaverKind;

/* Tables are borrowed; whoever made the interleaver says where they live. */
typedef struct Interleaver {
  InterleaverKind kind;
  uint32_t left_count;  /* p */
  uint32_t right_count; /* n */
  uint32_t edge_count;  /* W, <= 2^31 - 1 */
  uint32_t fanin;       /* edges of every right neuron; 0 where they differ (see right_begin) */
  uint32_t fanout;      /* edges of every left neuron; 0 where they differ */
  /* [right_count + 1] first edge of each right neuron, or NULL if fanin != 0 */
  const uint32_t *right_begin;
  /* CLASH_FREE */
  uint32_t banks;         /* B */
  uint32_t rows_per_bank; /* p / B */
  uint32_t sweep_count;   /* ceil(W / p) */
  const uint32_t *starts; /* [sweep][B]; [1][B] where is_start_shared */
  bool is_start_shared;   /* type 3: the same starts every sweep */
  const uint32_t *rows;   /* type 1: [sweep][B][rows_per_bank], else NULL */
  const uint32_t *lanes;  /* dither: [sweep][B] ([1][B] where is_lane_shared), else NULL */
  bool is_lane_shared;    /* type 3 with dither: one permutation for all sweeps */
  /* WINDOW */
  const uint32_t *base;   /* [right_count] */
  const uint32_t *offset; /* [fanin] ascending */
  /* LISTED */
  const uint32_t *left; /* [edge_count] */
} Interleaver;

/* Left neuron of edge e, 0 <= e < edge_count. */
uint32_t interleaver_left(const Interleaver *interleaver, uint32_t edge);

/* Right neuron of edge e: a division for regular patterns, else a binary search. */
uint32_t interleaver_right(const Interleaver *interleaver, uint32_t edge);

/* Fills left[0 .. count-1] with the left neurons of edges first .. first+count-1; fast. */
void interleaver_expand(const Interleaver *interleaver, uint32_t first, uint32_t count,
                        uint32_t *left);

/* First edge of right neuron r, 0 <= r <= right_count (r = right_count: edge_count). */
static inline uint32_t interleaver_begin(const Interleaver *interleaver, uint32_t right) {
  return interleaver->right_begin ? interleaver->right_begin[right] : right * interleaver->fanin;
}

#endif
