// SPDX-License-Identifier: MIT
// Initial parameters: each weight a function of the seed, its junction and its edge alone.
#ifndef SEDGE_RUNTIME_INITIALIZE_H
#define SEDGE_RUNTIME_INITIALIZE_H

#include <stdint.h>

#include "runtime/interleaver.h"
#include "runtime/number.h"

typedef enum InitializerMethod {
  INITIALIZE_GLOROT_NORMAL,
  INITIALIZE_GLOROT_UNIFORM,
  INITIALIZE_HE_NORMAL,
  INITIALIZE_ZEROS,
  INITIALIZE_UNIFORM,
} InitializerMethod;

typedef struct Initializer {
  InitializerMethod method;
  uint64_t seed;
  double low, high; /* UNIFORM */
} Initializer;

/* Draws the weights of junction index `junction`, [edge_count] in edge order, and zeroes the
 * biases, [right_count].  Edge e takes Philox's block at counter (e, 0, junction, RANDOM_WEIGHTS):
 * words 0 and 1 make a first uniform number of 53 bits, 2 and 3 a second; a normal number is
 * sqrt(-2 log(1 - u)) * cos(2 pi v).  fan_in and fan_out are the junction's mean degrees, W / n and
 * W / p. */
void initialize_junction(const Initializer *initializer, const NumberFormat *format,
                         uint32_t junction, const Interleaver *edges, Cell *weights, Cell *biases);

/* The weights of edges first .. first + count - 1 alone, into weights [count]. */
void initialize_weights(const Initializer *initializer, const NumberFormat *format,
                        uint32_t junction, const Interleaver *edges, uint32_t first, uint32_t count,
                        Cell *weights);

#endif
