// SPDX-License-Identifier: MIT
// What was seen at a network's output: hits and losses, counted alike by every executor.
#ifndef SEDGE_RUNTIME_TALLY_H
#define SEDGE_RUNTIME_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/failure.h"
#include "runtime/model.h"

/* Of inputs as they pass (train) or of an evaluation (infer). */
typedef struct Tally {
  uint64_t count, correct;
  double loss;  /* sum over the inputs */
  bool has_nan; /* an output was not a number */
} Tally;

/* Adds the output of one input to *tally: the output layer's cells, `stride` apart, of an input
 * with that label.  Returns the predicted class, and leaves the values in scores [real outputs]. */
uint32_t tally_output(const Model *model, const Cell *activation, size_t stride, uint32_t label,
                      double *scores, Tally *tally);

/* False with *failure where an output was not a number; `input` (from 0) is the last that passed.
 */
bool check_outputs(const Model *model, const Tally *tally, uint64_t input, Failure *failure);

/* Mean loss and share of correct predictions; NaN where nothing was counted. */
double tally_loss(const Tally *tally);
double tally_accuracy(const Tally *tally);

#endif
