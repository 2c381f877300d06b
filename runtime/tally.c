// SPDX-License-Identifier: MIT
// Counting outputs.
#include "runtime/tally.h"

#include <inttypes.h>
#include <math.h>

uint32_t tally_output(const Model *model, const Cell *activation, size_t stride, uint32_t label,
                      double *scores, Tally *tally) {
  const Layer *output = &model->layers[model->junction_count];
  for (uint32_t r = 0; r < output->real_count; r++) {
    scores[r] = cell_value(&model->number, activation[r * stride]);
    tally->has_nan |= isnan(scores[r]) != 0;
  }
  const uint32_t predicted = predict_class(scores, output->real_count);
  tally->count++;
  tally->correct += predicted == label;
  tally->loss += loss_value(model->loss, output->activation.function == ACTIVATE_SOFTMAX, scores,
                            output->real_count, label);
  return predicted;
}

bool check_outputs(const Model *model, const Tally *tally, uint64_t input, Failure *failure) {
  if (!tally->has_nan) return true;
  return fail(failure, FAILURE_MODEL, NULL,
              "an output of '%s' is not a number after %" PRIu64
              " inputs: the rate may be too high",
              model->layers[model->junction_count].name, input + 1);
}

double tally_loss(const Tally *tally) {
  return tally->count > 0 ? tally->loss / (double)tally->count : NAN;
}

double tally_accuracy(const Tally *tally) {
  return tally->count > 0 ? (double)tally->correct / (double)tally->count : NAN;
}
