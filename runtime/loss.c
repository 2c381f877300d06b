// SPDX-License-Identifier: MIT
// Losses.
#include "runtime/loss.h"

#include "runtime/elementary.h"
#include "runtime/fixed.h"

static Cell delta_float32(Loss loss, float a, float d, float target) {
  const float difference = a - target;
  return (Cell){.real = loss == LOSS_QUADRATIC ? difference * d : difference};
}

static Cell delta_fixed(const NumberFormat *format, Loss loss, int32_t a, int32_t d, int32_t target,
                        uint32_t word) {
  const int32_t difference = fixed_saturate(format, (int64_t)a - target);
  if (loss == LOSS_CROSS_ENTROPY) return (Cell){.raw = difference};
  return (Cell){.raw =
                    fixed_round_product(format, format->rounding, (int64_t)difference * d, word)};
}

void output_delta(const NumberFormat *format, Loss loss, const OutputShape *output, const Cell *a,
                  const Cell *d, uint32_t label, uint64_t input, uint32_t junction_count,
                  Cell *delta) {
  const Cell zero = cell_from_value(format, 0.0), one = cell_from_value(format, 1.0);
  const bool is_stochastic =
      format->is_fixed && format->rounding == ROUND_STOCHASTIC && loss == LOSS_QUADRATIC;
  for (uint32_t r = 0; r < output->neuron_count; r++) {
    const Cell target = r == label ? one : zero;
    if (output->is_softmax && r >= output->real_count) {
      delta[r] = zero;
    } else if (format->is_fixed) {
      const uint32_t word = is_stochastic ? stochastic_word(format, junction_count, input,
                                                            ROUNDING_OF_OUTPUT_DELTA, r)
                                          : 0;
      delta[r] = delta_fixed(format, loss, a[r].raw, d[r].raw, target.raw, word);
    } else {
      delta[r] = delta_float32(loss, a[r].real, d[r].real, target.real);
    }
  }
}

static double log_within(double probability) {
  const double least = 1e-12;
  return log_double(probability < least ? least : probability > 1.0 ? 1.0 : probability);
}

double loss_value(Loss loss, bool is_softmax, const double *scores, uint32_t real_count,
                  uint32_t label) {
  if (loss == LOSS_CROSS_ENTROPY && is_softmax) return -log_within(scores[label]);
  double sum = 0.0;
  for (uint32_t r = 0; r < real_count; r++) {
    const double target = r == label ? 1.0 : 0.0;
    const double difference = scores[r] - target;
    sum += loss == LOSS_QUADRATIC ? 0.5 * difference * difference
                                  : -log_within(r == label ? scores[r] : 1.0 - scores[r]);
  }
  return sum;
}

uint32_t predict_class(const double *scores, uint32_t real_count) {
  uint32_t best = 0;
  for (uint32_t r = 1; r < real_count; r++) {
    if (scores[r] > scores[best]) best = r;
  }
  return best;
}
