// SPDX-License-Identifier: MIT
// Optimizers.
#include "runtime/optimizer.h"

#include <math.h>

uint32_t optimizer_state_words(const Optimizer *optimizer) {
  switch (optimizer->method) {
  case OPTIMIZE_SGD: return optimizer->momentum > 0.0 ? 1 : 0;
  case OPTIMIZE_RMSPROP: return 1;
  case OPTIMIZE_ADAM: return 2;
  }
  return 0;
}

bool optimizer_is_plain(const Optimizer *optimizer) {
  return optimizer->method == OPTIMIZE_SGD && optimizer->momentum == 0.0 && optimizer->l2 == 0.0;
}

/* base^exponent by squaring: the same bits everywhere. */
static double power(double base, uint64_t exponent) {
  double result = 1.0;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

int power_shift(double rate) {
  int exponent = 0;
  frexp(rate, &exponent); /* rate = m * 2^exponent, m in [1/2, 1) */
  return 1 - exponent;
}

/* The shift of a rate or l2, NO_SHIFT below 2^-most; these bounds keep exact values within 128
 * bits. */
static int bounded_shift(double value, int most) {
  if (!(value > 0.0)) return NO_SHIFT;
  const int shift = power_shift(value);
  if (shift > most) return NO_SHIFT;
  return shift < -20 ? -20 : shift;
}

UpdateRule update_rule(const Optimizer *optimizer, const NumberFormat *format, double rate,
                       uint64_t step, bool is_weight) {
  const double l2 = is_weight ? optimizer->l2 : 0.0;
  UpdateRule rule = {
      .method = optimizer->method,
      .has_momentum = optimizer->momentum > 0.0,
      .is_nesterov = optimizer->is_nesterov,
      .rate = (float)rate,
      .momentum = (float)optimizer->momentum,
      .l2 = (float)l2,
      .epsilon = (float)optimizer->epsilon,
      .l2_shift = NO_SHIFT,
  };
  if (format->is_fixed) {
    rule.rate_shift = bounded_shift(rate, 62);
    rule.l2_shift = bounded_shift(l2, (int)format->fraction + 30);
    rule.momentum_raw = cell_from_value(format, optimizer->momentum).raw;
    return rule;
  }
  if (optimizer->method == OPTIMIZE_RMSPROP) {
    rule.decay = (float)optimizer->decay;
    rule.rest = (float)(1.0 - optimizer->decay);
  }
  if (optimizer->method == OPTIMIZE_ADAM) {
    rule.beta1 = (float)optimizer->beta1;
    rule.beta1_rest = (float)(1.0 - optimizer->beta1);
    rule.decay = (float)optimizer->beta2;
    rule.rest = (float)(1.0 - optimizer->beta2);
    rule.rate = (float)(rate / (1.0 - power(optimizer->beta1, step)));
    rule.second_correction = (float)(1.0 / (1.0 - power(optimizer->beta2, step)));
  }
  return rule;
}

/* 0 where a number is below `least` in size. */
static float settle(float value, float least) {
  return fabsf(value) < least ? 0.0F : value;
}

static float sgd_step(const UpdateRule *rule, float g, float *state) {
  if (!rule->has_momentum) return g;
  const float kept = rule->momentum * *state;
  *state = settle(kept + g, LEAST_MOMENT);
  if (!rule->is_nesterov) return *state;
  const float ahead = rule->momentum * *state;
  return g + ahead;
}

void update_float32(const UpdateRule *rule, float gradient, float *parameter, float *state,
                    size_t stride) {
  float g = gradient;
  if (rule->l2 != 0.0F) {
    const float decay = rule->l2 * *parameter;
    g = g + decay;
  }
  switch (rule->method) {
  case OPTIMIZE_SGD: {
    const float change = rule->rate * sgd_step(rule, g, state);
    *parameter = *parameter - change;
    return;
  }
  case OPTIMIZE_RMSPROP: {
    const float squared = settle(g, LEAST_SQUARED);
    const float kept = rule->decay * *state, square = squared * squared;
    *state = settle(kept + rule->rest * square, LEAST_MOMENT);
    const float change = rule->rate * g / (sqrtf(*state) + rule->epsilon);
    *parameter = *parameter - change;
    return;
  }
  case OPTIMIZE_ADAM: {
    float *first = state, *second = state + stride;
    const float squared = settle(g, LEAST_SQUARED);
    const float kept = rule->beta1 * *first, square = squared * squared;
    *first = settle(kept + rule->beta1_rest * g, LEAST_MOMENT);
    const float kept_square = rule->decay * *second;
    *second = settle(kept_square + rule->rest * square, LEAST_MOMENT);
    const float root = sqrtf(*second * rule->second_correction) + rule->epsilon;
    const float change = rule->rate * *first / root;
    *parameter = *parameter - change;
    return;
  }
  }
}

/* ---- fixed ---- */

static Wide scale(Wide value, int bits) {
  return value * ((Wide)1 << bits);
}

/* The gradient over one denominator, in units of the format: batch * 2^fraction, finer where l2 has
 * bits below that. */
typedef struct Gradient {
  Wide numerator;
  Wide denominator;
} Gradient;

static Gradient exact_gradient(const UpdateRule *rule, const NumberFormat *format, Wide sum,
                               uint32_t batch, int32_t w) {
  const int f = (int)format->fraction;
  if (rule->l2_shift == NO_SHIFT) return (Gradient){sum, scale(batch, f)};
  const int q = rule->l2_shift > f ? rule->l2_shift - f : 0;
  const Wide decay = scale((Wide)w * batch, f + q - rule->l2_shift);
  return (Gradient){scale(sum, q) + decay, scale(batch, f + q)};
}

/* parameter - rate * numerator / denominator, rounded once.  Of a division by a power of two above
 * 2^32 the upper part can come first, since floors compose and 32 bits are all that rounding asks
 * for. */
static int32_t descend(const UpdateRule *rule, const NumberFormat *format, int32_t parameter,
                       Wide numerator, Wide denominator, uint32_t word) {
  if (rule->rate_shift == NO_SHIFT) return parameter;
  const int late = rule->rate_shift < 32 ? rule->rate_shift : 32;
  Wide change = -numerator >> (rule->rate_shift - late);
  if (late >= 0) {
    denominator = scale(denominator, late);
  } else {
    change = scale(change, -late);
  }
  return fixed_round_quotient(format, format->rounding, parameter, change, denominator, word);
}

FixedUpdate fixed_update(const UpdateRule *rule, const NumberFormat *format, uint32_t batch) {
  FixedUpdate update = {rule, format, batch, .gradient_shift = -1, .plain_shift = -1};
  if (rule->l2_shift != NO_SHIFT || rule->rate_shift < 0 || (batch & (batch - 1)) != 0)
    return update;
  const uint32_t batch_bits = (uint32_t)__builtin_ctz(batch);
  if (2 * format->width + batch_bits > 62) return update;
  update.gradient_shift = (int)(format->fraction + batch_bits);
  const int all = update.gradient_shift + rule->rate_shift;
  if (!rule->has_momentum && all <= 62) update.plain_shift = all;
  return update;
}

/* parameter - rate * numerator / 2^shift, rounded once.  Beyond 62 bits nothing but a sign is
 * left. */
static int32_t descend_short(const UpdateRule *rule, const NumberFormat *format, int32_t parameter,
                             int64_t numerator, int shift, uint32_t word) {
  if (rule->rate_shift == NO_SHIFT) return parameter;
  const int all = shift + rule->rate_shift, late = all < 62 ? all : 62;
  const int64_t change = -numerator >> (all - late < 62 ? all - late : 62);
  return fixed_round_shift(format, format->rounding, parameter, change, (uint32_t)late, word);
}

/* In 64 bits, where gradient_shift is not negative. */
static void update_short(const FixedUpdate *update, int64_t sum, const uint32_t words[2],
                         int32_t *parameter, int32_t *state) {
  const UpdateRule *rule = update->rule;
  const NumberFormat *format = update->format;
  const int shift = update->gradient_shift;
  if (!rule->has_momentum) {
    *parameter = descend_short(rule, format, *parameter, sum, shift, words[0]);
    return;
  }
  /* momentum_raw * v has `fraction` bits below the unit. */
  const int64_t by_batch = (int64_t)1 << (shift - (int)format->fraction);
  const int64_t kept = (int64_t)rule->momentum_raw * *state * by_batch;
  *state = fixed_round_shift(format, format->rounding, 0, kept + sum, (uint32_t)shift, words[1]);
  if (!rule->is_nesterov) {
    *parameter = descend_short(rule, format, *parameter, *state, 0, words[0]);
    return;
  }
  const int64_t ahead = (int64_t)rule->momentum_raw * *state * by_batch;
  *parameter = descend_short(rule, format, *parameter, sum + ahead, shift, words[0]);
}

void update_fixed_fully(const FixedUpdate *update, Wide sum, const uint32_t words[2],
                        int32_t *parameter, int32_t *state) {
  const UpdateRule *rule = update->rule;
  const NumberFormat *format = update->format;
  if (update->gradient_shift >= 0) {
    update_short(update, (int64_t)sum, words, parameter, state);
    return;
  }
  const Gradient g = exact_gradient(rule, format, sum, update->batch, *parameter);
  if (!rule->has_momentum) {
    *parameter = descend(rule, format, *parameter, g.numerator, g.denominator, words[0]);
    return;
  }
  /* momentum_raw * v has `fraction` fraction bits below the format's: bring it over the gradient's
   * denominator. */
  const Wide per_unit = g.denominator >> format->fraction;
  const Wide kept = (Wide)rule->momentum_raw * *state * per_unit;
  *state = fixed_round_quotient(format, format->rounding, 0, kept + g.numerator, g.denominator,
                                words[1]);
  if (!rule->is_nesterov) {
    *parameter = descend(rule, format, *parameter, *state, 1, words[0]);
    return;
  }
  const Wide ahead = (Wide)rule->momentum_raw * *state * per_unit;
  *parameter = descend(rule, format, *parameter, g.numerator + ahead, g.denominator, words[0]);
}
