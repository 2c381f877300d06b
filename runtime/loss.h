// SPDX-License-Identifier: MIT
// Losses: the delta of the output layer, the value for reports, and the predicted class.
#ifndef SEDGE_RUNTIME_LOSS_H
#define SEDGE_RUNTIME_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/number.h"

typedef enum Loss { LOSS_CROSS_ENTROPY, LOSS_QUADRATIC } Loss;

/* What output_delta must know of the output layer. */
typedef struct OutputShape {
  uint32_t neuron_count, real_count;
  bool is_softmax; /* then padded outputs have delta 0; otherwise they are trained toward 0 */
} OutputShape;

/* delta[r] = a - y (cross entropy), or (a - y) * d (quadratic), y = 1 for the labelled output, else
 * 0.  In fixed point a - y saturates, y = 1 as near as the format has it, and the product is
 * rounded; `input` feeds stochastic rounding.  All arrays are [neuron_count]; L is the number of
 * junctions (it keys the random words). */
void output_delta(const NumberFormat *format, Loss loss, const OutputShape *output, const Cell *a,
                  const Cell *d, uint32_t label, uint64_t input, uint32_t junction_count,
                  Cell *delta);

/* The same where the cells of successive outputs are `stride` apart: a column of a batch. */
void output_deltas(const NumberFormat *format, Loss loss, const OutputShape *output, const Cell *a,
                   const Cell *d, size_t stride, uint32_t label, uint64_t input,
                   uint32_t junction_count, Cell *delta);

/* The loss of one input from its real outputs: -log a_y for softmax, the summed binary cross
 * entropy for sigmoid (a kept within 1e-12 of 0 and 1), half the squared distance for quadratic. */
double loss_value(Loss loss, bool is_softmax, const double *scores, uint32_t real_count,
                  uint32_t label);

/* The largest output, the lowest number among equals. */
uint32_t predict_class(const double *scores, uint32_t real_count);

#endif
