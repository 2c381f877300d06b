// SPDX-License-Identifier: MIT
// The edges pass: from a checked pattern to the junction's interleaver, and the proof that it is
// right.
#ifndef SEDGE_COMPILER_EDGES_EDGES_H
#define SEDGE_COMPILER_EDGES_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"
#include "lang/diagnostic.h"
#include "lang/program.h"
#include "runtime/interleaver.h"

/* What a pattern's maker may look at. */
typedef struct EdgesInput {
  const Network *network;
  uint32_t junction;  /* index from 0 */
  const char *folder; /* of the file that names edges("..."): paths are relative to it */
} EdgesInput;

/* Fills *edges for one junction; tables live in the arena.  On a pattern that cannot be made (no
 * draw without a double edge, a bad edges file, a condition that fails or joins nothing) reports to
 * d, returns false, leaves *edges alone.  After success verify_edges() holds.  Time and memory in
 * proportion to the edges (for a condition: to the pairs). */
bool place_edges(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges);

/* Checks, sharing nothing with the makers: neuron numbers in range, degrees as promised, no pair
 * twice, and for clash-free patterns that any z dividing banks meets each left bank at most once a
 * clock.  A violation is a defect of ours, reported to d with junction and edges; returns false. */
bool verify_edges(const EdgesInput *input, const Interleaver *edges, Diagnostics *d);

/* Whether z edges a clock ever ask a bank of the left layer (neuron l in bank l % z) for two
 * different words; on a clash fills *clock and the two edges. */
typedef struct EdgeClash {
  uint32_t clock, bank, first_edge, second_edge;
} EdgeClash;
bool edges_clash(const Interleaver *edges, uint32_t z, EdgeClash *clash);

/* How many distinct patterns the type can give, as the decimal logarithm, and exactly where it fits
 * (else 0).
 * Source: Dey et al. 2019, section on clash-free patterns. */
typedef struct PatternCount {
  double log10;
  uint64_t exact; /* 0: larger than 2^64 - 1 */
} PatternCount;
PatternCount count_clash_free(uint32_t left_count, uint32_t fanout, uint32_t right_count,
                              uint32_t banks, uint32_t type, bool has_dither);

/* The pattern's scatter: how evenly it covers the windows of left and right neurons, in (0, 1].
 * Source: Dey, Huang, Beerel, Chugg, "Characterizing sparse connectivity patterns in neural
 * networks", ITA 2018. */
typedef struct Scatter {
  double forward, backward; /* left-to-right and right-to-left window scatter */
  double scatter;           /* the pattern's: the smaller */
} Scatter;
Scatter edges_scatter(const Interleaver *edges);

#endif
