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

void output_deltas(const NumberFormat *format, Loss loss, const OutputShape *output, const Cell *a,
                   const Cell *d, size_t stride, uint32_t label, uint64_t input,
                   uint32_t junction_count, Cell *delta) {
  const Cell zero = cell_from_value(format, 0.0), one = cell_from_value(format, 1.0);
  for (uint32_t r = 0; r < output->neuron_count; r++) {
    const size_t at = r * stride;
    const Cell target = r == label ? one : zero;
    if (output->is_softmax && r >= output->real_count) {
      delta[at] = zero;
    } else if (format->is_fixed) {
      const uint32_t word = loss == LOSS_QUADRATIC ? rounding_word(format, junction_count, input,
                                                                   ROUNDING_OF_OUTPUT_DELTA, r)
                                                   : 0;
      delta[at] = delta_fixed(format, loss, a[at].raw, d[at].raw, target.raw, word);
    } else {
      delta[at] = delta_float32(loss, a[at].real, d[at].real, target.real);
    }
  }
}

void output_delta(const NumberFormat *format, Loss loss, const OutputShape *output, const Cell *a,
                  const Cell *d, uint32_t label, uint64_t input, uint32_t junction_count,
                  Cell *delta) {
  output_deltas(format, loss, output, a, d, 1, label, input, junction_count, delta);
}

static double within(double probability) {
  const double least = 1e-12;
  return probability < least ? least : probability > 1.0 ? 1.0 : probability;
}

/* Logarithms cost more than all else here, so probabilities are multiplied 16 at a time: no product
 * is below 1e-192. */
static double binary_cross_entropy(const double *scores, uint32_t real_count, uint32_t label) {
  enum { FACTORS = 16 };
  double sum = 0.0;
  for (uint32_t first = 0; first < real_count; first += FACTORS) {
    const uint32_t last = real_count - first < FACTORS ? real_count : first + FACTORS;
    double product = 1.0;
    for (uint32_t r = first; r < last; r++)
      product *= within(r == label ? scores[r] : 1.0 - scores[r]);
    sum -= log_double(product);
  }
  return sum;
}

double loss_value(Loss loss, bool is_softmax, const double *scores, uint32_t real_count,
                  uint32_t label) {
  if (loss == LOSS_CROSS_ENTROPY) {
    return is_softmax ? -log_double(within(scores[label]))
                      : binary_cross_entropy(scores, real_count, label);
  }
  double sum = 0.0;
  for (uint32_t r = 0; r < real_count; r++) {
    const double difference = scores[r] - (r == label ? 1.0 : 0.0);
    sum += 0.5 * difference * difference;
  }
  return sum;
}

/* Selections instead of branches, which nothing could predict. */
uint32_t predict_class(const double *scores, uint32_t real_count) {
  uint32_t best = 0;
  double greatest = scores[0];
  for (uint32_t r = 1; r < real_count; r++) {
    const bool is_greater = scores[r] > greatest;
    best = is_greater ? r : best;
    greatest = is_greater ? scores[r] : greatest;
  }
  return best;
}
