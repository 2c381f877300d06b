// SPDX-License-Identifier: MIT
// The simulator's arithmetic in fixed point: rounded, saturated products in exact sums that
// saturate once.
//
// Exact sums make their order irrelevant, so one loop serves every pattern.  Stochastic rounding
// takes a random word for every product, which depends on what is multiplied, not on when.
#include <string.h>

#include "runtime/simulator_state.h"

#define INLINE static inline __attribute__((always_inline))

static uint32_t lesser(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* The random word of an operation; 0 where rounding needs none. */
INLINE uint32_t word_for(const JunctionState *j, Rounding rounding, uint64_t input,
                         uint32_t operation, uint32_t element) {
  return rounding == ROUND_STOCHASTIC
             ? stochastic_word(&j->model->number, j->index, input, operation, element)
             : 0;
}

/* ---- feedforward and backpropagation ---- */

INLINE void ff_edges(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last,
                     Rounding rounding) {
  const NumberFormat format = j->model->number;
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    int64_t sum = 0;
    for (; e < stop; e++) {
      const int64_t product = (int64_t)j->weight[e].raw * work->ff_activation[j->left[e]].raw;
      sum += fixed_round_product(&format, rounding, product,
                                 word_for(j, rounding, work->ff_input, EDGE_OP_FF_MAC, e));
    }
    j->wide_sum[r] += sum;
  }
}

INLINE void bp_edges(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last,
                     Rounding rounding) {
  const NumberFormat format = j->model->number;
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    const int64_t delta = work->right_delta[r].raw;
    for (; e < stop; e++) {
      const uint32_t word = word_for(j, rounding, work->up_input, EDGE_OP_BP_MAC, e);
      j->wide_delta[j->left[e]] +=
          fixed_round_product(&format, rounding, j->weight[e].raw * delta, word);
    }
  }
}

/* ---- update ---- */

/* Online plain descent in 64 bits: w - 2^-shift * a * delta with fraction + shift bits to drop. */
INLINE void up_short(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last,
                     Rounding rounding) {
  const NumberFormat format = j->model->number;
  NumberFormat dropped = format;
  dropped.fraction = format.fraction + (uint32_t)j->weight_rule.rate_shift;
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    const int64_t delta = work->right_delta[r].raw;
    for (; e < stop; e++) {
      const int64_t product = work->up_activation[j->left[e]].raw * delta;
      const int64_t exact = j->weight[e].raw * ((int64_t)1 << dropped.fraction) - product;
      j->weight[e].raw = fixed_round_product(&dropped, rounding, exact, 0);
    }
  }
}

/* Whether up_short's exact value fits 63 bits. */
static bool is_short(const JunctionState *j) {
  const NumberFormat *format = &j->model->number;
  const int shift = j->weight_rule.rate_shift;
  return j->is_plain && shift >= 0 && format->rounding != ROUND_STOCHASTIC &&
         format->width + format->fraction + (uint32_t)shift <= 62 && 2 * format->width <= 62;
}

static void update_weight(JunctionState *j, const CycleWork *work, const FixedUpdate *update,
                          uint32_t e, Wide sum) {
  const Rounding rounding = j->model->number.rounding;
  const uint32_t words[2] = {word_for(j, rounding, work->up_input, EDGE_OP_UP_STEP, e),
                             word_for(j, rounding, work->up_input, ROUNDING_OF_STATE, e)};
  update_fixed(update, sum, words, &j->weight[e].raw, &j->weight_state[e].raw);
}

static void update_bias(JunctionState *j, const CycleWork *work, const FixedUpdate *update,
                        uint32_t r, Wide sum) {
  const Rounding rounding = j->model->number.rounding;
  const uint32_t words[2] = {word_for(j, rounding, work->up_input, EDGE_OP_UP_BIAS, r),
                             word_for(j, rounding, work->up_input, ROUNDING_OF_BIAS_STATE, r)};
  /* The bias's gradient is delta itself: bring it to a product's fraction bits. */
  update_fixed(update, sum * ((Wide)1 << j->model->number.fraction), words, &j->bias[r].raw,
               &j->bias_state[r].raw);
}

static void up_exact(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  const bool is_batched = j->model->batch > 1;
  const FixedUpdate update =
      fixed_update(&j->weight_rule, &j->model->number, work->batch_place + 1);
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    const int64_t delta = work->right_delta[r].raw;
    for (; e < stop; e++) {
      Wide sum = work->up_activation[j->left[e]].raw * delta;
      if (is_batched) {
        if (work->batch_place > 0) sum += j->gradient_sum[e];
        j->gradient_sum[e] = sum;
      }
      if (work->closes_batch) update_weight(j, work, &update, e, sum);
    }
  }
}

static void update_biases(JunctionState *j, const CycleWork *work) {
  const bool is_batched = j->model->batch > 1;
  const FixedUpdate update = fixed_update(&j->bias_rule, &j->model->number, work->batch_place + 1);
  for (uint32_t r = 0; r < j->right_count; r++) {
    Wide sum = work->right_delta[r].raw;
    if (is_batched) {
      if (work->batch_place > 0) sum += j->bias_gradient_sum[r];
      j->bias_gradient_sum[r] = sum;
    }
    if (work->closes_batch) update_bias(j, work, &update, r, sum);
  }
}

/* ---- the frame of a junction cycle ---- */

static void begin(JunctionState *j, const CycleWork *work) {
  if (work->has_bp) memset(j->wide_delta, 0, j->left_count * sizeof *j->wide_delta);
  for (uint32_t r = 0; work->has_ff && r < j->right_count; r++) j->wide_sum[r] = j->bias[r].raw;
}

/* Activations of all right neurons; padded ones that never fire hold 0. */
static void activate(JunctionState *j, const CycleWork *work) {
  const NumberFormat *format = &j->model->number;
  const Layer *layer = &j->model->layers[j->index + 1];
  const bool is_softmax = layer->activation.function == ACTIVATE_SOFTMAX;
  const uint32_t count = model_active_count(j->model, j->index);
  for (uint32_t r = 0; r < j->right_count; r++) {
    int32_t a = 0, d = 0;
    if (r < count) activate_fixed(j->table, fixed_saturate(format, j->wide_sum[r]), &a, &d);
    work->right_activation[r].raw = a;
    if (work->right_derivative) work->right_derivative[r].raw = d;
  }
  if (!is_softmax) return;
  softmax_fixed(format, j->index, work->ff_input, &work->right_activation->raw, count,
                &work->right_activation->raw);
}

static void end(JunctionState *j, const CycleWork *work) {
  const NumberFormat *format = &j->model->number;
  if (work->has_ff) activate(j, work);
  for (uint32_t l = 0; work->has_bp && l < j->left_count; l++) {
    const int64_t sum = fixed_saturate(format, j->wide_delta[l]);
    const uint32_t word = word_for(j, format->rounding, work->up_input, EDGE_OP_BP_END, l);
    work->left_delta[l].raw =
        fixed_round_product(format, format->rounding, sum * work->left_derivative[l].raw, word);
  }
  if (work->has_up) update_biases(j, work);
}

/* ---- one set of loops for each rounding ---- */

#define EDGE_LOOPS(suffix, rounding)                                                               \
  static void ff_##suffix(JunctionState *j, const CycleWork *work, uint32_t first,                 \
                          uint32_t last) {                                                         \
    ff_edges(j, work, first, last, rounding);                                                      \
  }                                                                                                \
  static void bp_##suffix(JunctionState *j, const CycleWork *work, uint32_t first,                 \
                          uint32_t last) {                                                         \
    bp_edges(j, work, first, last, rounding);                                                      \
  }                                                                                                \
  static void up_##suffix(JunctionState *j, const CycleWork *work, uint32_t first,                 \
                          uint32_t last) {                                                         \
    if (is_short(j)) {                                                                             \
      up_short(j, work, first, last, rounding);                                                    \
    } else {                                                                                       \
      up_exact(j, work, first, last);                                                              \
    }                                                                                              \
  }                                                                                                \
  static const EdgeKernels kernels_##suffix = {begin, ff_##suffix, bp_##suffix, up_##suffix, end};

EDGE_LOOPS(nearest, ROUND_NEAREST)
EDGE_LOOPS(truncate, ROUND_TRUNCATE)
EDGE_LOOPS(stochastic, ROUND_STOCHASTIC)

const EdgeKernels *fixed_kernels(const Model *model) {
  switch (model->number.rounding) {
  case ROUND_NEAREST: return &kernels_nearest;
  case ROUND_TRUNCATE: return &kernels_truncate;
  case ROUND_STOCHASTIC: return &kernels_stochastic;
  }
  return &kernels_nearest;
}
