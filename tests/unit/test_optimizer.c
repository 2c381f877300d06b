// SPDX-License-Identifier: MIT
// Optimizers: float32 step by step as the header says, fixed point against exact arithmetic.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "runtime/optimizer.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const NumberFormat float32 = {0};

static NumberFormat format_of(uint32_t width, uint32_t integer, Rounding rounding) {
  return (NumberFormat){.is_fixed = true,
                        .width = width,
                        .integer = integer,
                        .fraction = width - 1 - integer,
                        .rounding = rounding};
}

static void state_words(void **state) {
  (void)state;
  const Optimizer plain = {.method = OPTIMIZE_SGD};
  const Optimizer decaying = {.method = OPTIMIZE_SGD, .l2 = 1e-4};
  const Optimizer momentum = {.method = OPTIMIZE_SGD, .momentum = 0.9};
  const Optimizer rmsprop = {.method = OPTIMIZE_RMSPROP};
  const Optimizer adam = {.method = OPTIMIZE_ADAM};
  assert_int_equal(optimizer_state_words(&plain), 0);
  assert_int_equal(optimizer_state_words(&decaying), 0);
  assert_int_equal(optimizer_state_words(&momentum), 1);
  assert_int_equal(optimizer_state_words(&rmsprop), 1);
  assert_int_equal(optimizer_state_words(&adam), 2);
  assert_true(optimizer_is_plain(&plain));
  assert_false(optimizer_is_plain(&decaying) || optimizer_is_plain(&momentum) ||
               optimizer_is_plain(&adam));
}

/* ---- float32 ---- */

static const float gradients[] = {0.5F, -0.25F, 1e-3F, -3.0F, 0.0F, 0.125F};

static void sgd_momentum_nesterov(void **state) {
  (void)state;
  for (int variant = 0; variant < 3; variant++) {
    const Optimizer optimizer = {
        .method = OPTIMIZE_SGD, .momentum = variant ? 0.9 : 0.0, .is_nesterov = variant == 2};
    float w = 0.7F, v = 0.0F, expected = 0.7F, expected_v = 0.0F;
    for (size_t t = 0; t < COUNT(gradients); t++) {
      const UpdateRule rule = update_rule(&optimizer, &float32, 0.1, t + 1, true);
      update_float32(&rule, gradients[t], &w, &v, 1);
      const float kept = 0.9F * expected_v;
      expected_v = kept + gradients[t];
      const float ahead = 0.9F * expected_v;
      const float step = variant == 0   ? gradients[t]
                         : variant == 1 ? expected_v
                                        : gradients[t] + ahead;
      const float change = 0.1F * step;
      expected -= change;
      assert_true(w == expected);
      assert_true(v == (variant ? expected_v : 0.0F));
    }
  }
}

static void decay_is_for_weights_alone(void **state) {
  (void)state;
  const Optimizer optimizer = {.method = OPTIMIZE_SGD, .l2 = 0.01};
  float weight = 3.0F, bias = 3.0F;
  const UpdateRule weights = update_rule(&optimizer, &float32, 0.5, 1, true);
  const UpdateRule biases = update_rule(&optimizer, &float32, 0.5, 1, false);
  update_float32(&weights, 1.0F, &weight, NULL, 1);
  update_float32(&biases, 1.0F, &bias, NULL, 1);
  const float decay = 0.01F * 3.0F;
  const float gradient = 1.0F + decay, change = 0.5F * gradient;
  assert_true(weight == 3.0F - change);
  assert_true(bias == 2.5F);
}

/* Against the same in double, and with the words of the state a stride apart. */
static void rmsprop_and_adam(void **state) {
  (void)state;
  enum { STRIDE = 3 };
  for (int is_adam = 0; is_adam < 2; is_adam++) {
    const Optimizer optimizer = {.method = is_adam ? OPTIMIZE_ADAM : OPTIMIZE_RMSPROP,
                                 .decay = 0.9,
                                 .beta1 = 0.9,
                                 .beta2 = 0.999,
                                 .epsilon = 1e-8};
    float w = 0.7F, words[STRIDE + 1] = {0.0F};
    double expected = (double)0.7F, m = 0.0, v = 0.0;
    for (size_t t = 1; t <= 40; t++) {
      const float g = gradients[t % COUNT(gradients)];
      const UpdateRule rule = update_rule(&optimizer, &float32, 0.01, t, true);
      update_float32(&rule, g, &w, words, STRIDE);
      if (is_adam) {
        m = 0.9 * m + 0.1 * (double)g;
        v = 0.999 * v + 0.001 * (double)g * (double)g;
        expected -=
            0.01 * m / (1 - pow(0.9, (double)t)) / (sqrt(v / (1 - pow(0.999, (double)t))) + 1e-8);
      } else {
        v = 0.9 * v + 0.1 * (double)g * (double)g;
        expected -= 0.01 * (double)g / (sqrt(v) + 1e-8);
      }
      assert_true(fabs((double)w - expected) < 2e-6);
    }
    assert_true(words[1] == 0.0F && words[2] == 0.0F);
    assert_true(is_adam ? words[STRIDE] > 0.0F : words[STRIDE] == 0.0F);
  }
}

/* Adam's first step is the rate, whatever the gradient's size; its corrections fade out. */
static void adam_begins_with_the_rate(void **state) {
  (void)state;
  const Optimizer optimizer = {
      .method = OPTIMIZE_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-12};
  for (int exponent = -8; exponent <= 8; exponent++) {
    float w = 0.0F, words[2] = {0.0F, 0.0F};
    const UpdateRule rule = update_rule(&optimizer, &float32, 0.25, 1, true);
    update_float32(&rule, ldexpf(1.0F, exponent), &w, words, 1);
    assert_true(fabsf(w + 0.25F) < 1e-5F);
  }
  const UpdateRule late = update_rule(&optimizer, &float32, 0.25, 1000000000000, true);
  assert_true(late.rate == 0.25F && late.second_correction == 1.0F);
}

/* ---- fixed point ---- */

/* A weight whose input is always 0: its moments reach 0, and on the way meet no number below the
 * normal ones. */
static void moments_that_nothing_feeds_end(void **state) {
  (void)state;
  const Optimizer optimizers[] = {
      {.method = OPTIMIZE_SGD, .momentum = 0.5},
      {.method = OPTIMIZE_RMSPROP, .decay = 0.9, .epsilon = 1e-8},
      {.method = OPTIMIZE_ADAM, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8},
  };
  for (size_t i = 0; i < sizeof optimizers / sizeof optimizers[0]; i++) {
    float w = 0.5F, moments[2] = {0.0F, 0.0F};
    for (uint64_t step = 1; step <= 20000; step++) {
      const UpdateRule rule = update_rule(&optimizers[i], &float32, 0.01, step, true);
      update_float32(&rule, step == 1 ? 0.25F : 1e-30F * (float)(step == 2), &w, moments, 1);
      for (int m = 0; m < 2; m++) assert_true(moments[m] == 0.0F || fabsf(moments[m]) >= 0x1p-100F);
    }
    assert_true(moments[0] == 0.0F && moments[1] == 0.0F);
  }
}

static void rates_are_lowered_to_powers_of_two(void **state) {
  (void)state;
  assert_int_equal(power_shift(0.125), 3);
  assert_int_equal(power_shift(0.2), 3);
  assert_int_equal(power_shift(0.2499999), 3);
  assert_int_equal(power_shift(1.0), 0);
  assert_int_equal(power_shift(5.0), -2);
  assert_int_equal(power_shift(0x1p-50), 50);
}

static Wide floor_divide(Wide numerator, Wide denominator) {
  const Wide quotient = numerator / denominator;
  return quotient - (numerator % denominator < 0);
}

/* floor(numerator / denominator + share / 2^32), saturated: exact while the numerator has under 95
 * bits. */
static int32_t exactly(const NumberFormat *format, Wide numerator, Wide denominator,
                       uint32_t share) {
  const Wide scaled = floor_divide(numerator * ((Wide)1 << 32), denominator);
  const Wide rounded = floor_divide(scaled + share, (Wide)1 << 32);
  const Wide limit = (Wide)1 << (format->width - 1);
  return (int32_t)(rounded < -limit ? -limit : rounded > limit - 1 ? limit - 1 : rounded);
}

static uint32_t next_word(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed ^ *seed >> 15;
}

static uint32_t share_of(Rounding rounding, uint32_t word) {
  return rounding == ROUND_NEAREST ? UINT32_C(1) << 31 : rounding == ROUND_TRUNCATE ? 0 : word;
}

/* One step of the header's formulas over the denominator batch * 2^(fraction + 24): rates and l2 no
 * finer than 2^-12 each. */
static void check_step(const NumberFormat *format, const Optimizer *optimizer, int rate_shift,
                       uint32_t batch, uint32_t *seed) {
  const int f = (int)format->fraction;
  const uint32_t words[2] = {next_word(seed), next_word(seed)};
  const int32_t span = (int32_t)fixed_greatest(format) + 1;
  const int32_t w = (int32_t)(next_word(seed) % (2u * (uint32_t)span)) - span;
  const int32_t v = (int32_t)(next_word(seed) % (2u * (uint32_t)span)) - span;
  Wide sum = 0;
  for (uint32_t k = 0; k < batch; k++) {
    sum += (Wide)((int32_t)(next_word(seed) % (2u * (uint32_t)span)) - span) *
           (int32_t)(next_word(seed) % 64 - 32);
  }
  const UpdateRule rule = update_rule(optimizer, format, ldexp(1.3, -rate_shift), 1, true);
  int32_t new_w = w, new_v = v;
  const FixedUpdate update = fixed_update(&rule, format, batch);
  update_fixed(&update, sum, words, &new_w, &new_v);

  /* In units of the format, all over batch * 2^f * 2^24. */
  const Wide fine = (Wide)1 << 24, unit = batch * ((Wide)1 << f);
  Wide g = sum * fine;
  if (optimizer->l2 > 0.0) g += w * unit * (Wide)ldexp(optimizer->l2, 24);
  const int32_t momentum = (int32_t)floor(ldexp(optimizer->momentum, f) + 0.5);
  int32_t expected_v = v;
  if (momentum) {
    expected_v = exactly(format, (Wide)momentum * v * batch * fine + g, unit * fine,
                         share_of(format->rounding, words[1]));
    g = optimizer->is_nesterov ? g + (Wide)momentum * expected_v * batch * fine
                               : expected_v * unit * fine;
  }
  const Wide step = rate_shift >= 0 ? (Wide)1 << rate_shift : 1,
             gain = rate_shift < 0 ? (Wide)1 << -rate_shift : 1;
  const int32_t expected_w = exactly(format, w * unit * fine * step - g * gain, unit * fine * step,
                                     share_of(format->rounding, words[0]));
  assert_int_equal(new_v, expected_v);
  assert_int_equal(new_w, expected_w);
}

static void fixed_steps_are_one_rounding(void **state) {
  (void)state;
  const Optimizer optimizers[] = {
      {.method = OPTIMIZE_SGD},
      {.method = OPTIMIZE_SGD, .l2 = 0x1p-10},
      {.method = OPTIMIZE_SGD, .l2 = 2.0},
      {.method = OPTIMIZE_SGD, .momentum = 0.75},
      {.method = OPTIMIZE_SGD, .momentum = 0.75, .is_nesterov = true},
      {.method = OPTIMIZE_SGD, .momentum = 0.5, .is_nesterov = true, .l2 = 0x1p-5},
  };
  const uint32_t formats[][2] = {{4, 0},  {4, 1},  {8, 3},  {8, 7},
                                 {12, 3}, {16, 2}, {18, 5}, {30, 9}};
  const uint32_t batches[] = {1, 2, 3, 7, 64};
  uint32_t seed = 1;
  for (size_t f = 0; f < COUNT(formats); f++) {
    for (int mode = ROUND_NEAREST; mode <= ROUND_STOCHASTIC; mode++) {
      const NumberFormat format = format_of(formats[f][0], formats[f][1], (Rounding)mode);
      for (size_t o = 0; o < COUNT(optimizers); o++) {
        if (optimizers[o].momentum > 0.0 && format.fraction < 2)
          continue; /* momentum must be exact here */
        for (size_t b = 0; b < COUNT(batches); b++) {
          for (int shift = -2; shift <= 12; shift++) {
            for (int draw = 0; draw < 20; draw++)
              check_step(&format, &optimizers[o], shift, batches[b], &seed);
          }
        }
      }
    }
  }
}

static int32_t stepped(const NumberFormat *format, const Optimizer *optimizer, double rate,
                       Wide sum, uint32_t batch, int32_t parameter) {
  const uint32_t words[2] = {0, 0};
  const UpdateRule rule = update_rule(optimizer, format, rate, 1, true);
  int32_t word = 0;
  const FixedUpdate update = fixed_update(&rule, format, batch);
  update_fixed(&update, sum, words, &parameter, &word);
  return parameter;
}

/* No rate or l2 is raised, however small, and exact sums of the widest words do not overflow. */
static void extremes_stay_exact(void **state) {
  (void)state;
  const Optimizer plain = {.method = OPTIMIZE_SGD};
  const NumberFormat whole = format_of(32, 31, ROUND_NEAREST),
                     fraction = format_of(32, 0, ROUND_NEAREST);
  const Wide big = (Wide)1 << 60;
  assert_int_equal(stepped(&whole, &plain, 0x1p-45, big, 1, 0), -(1 << 15));
  assert_int_equal(stepped(&whole, &plain, 0x1p-60, big, 1, 0), -1);
  assert_int_equal(stepped(&fraction, &plain, 0x1p-45, 4 * big, 1, 5), 5);
  assert_int_equal(stepped(&fraction, &plain, 0.0, 4 * big, 1, 5), 5);
  assert_int_equal(stepped(&fraction, &plain, 0x1p10, 4 * big, 1, 5), INT32_MIN);
  assert_int_equal(stepped(&fraction, &plain, 0x1p10, -4 * big, 1, 5), INT32_MAX);

  const Optimizer decaying = {.method = OPTIMIZE_SGD, .l2 = 0x1p-25};
  assert_int_equal(stepped(&whole, &decaying, 1.0, 0, 1, 1 << 30), (1 << 30) - (1 << 5));
  assert_int_equal(stepped(&whole, &decaying, 0x1p-5, 0, 1, 1 << 30), (1 << 30) - 1);
  const Optimizer faint = {.method = OPTIMIZE_SGD, .l2 = 1e-30};
  assert_int_equal(stepped(&whole, &faint, 1.0, 0, 1, INT32_MAX), INT32_MAX);

  const Optimizer all = {
      .method = OPTIMIZE_SGD, .l2 = 0x1p-14, .momentum = 0.5, .is_nesterov = true};
  const uint32_t batch = UINT32_C(1) << 30;
  /* g = 1/4 of 2^31 units in the mean: v = g, w = -(g + v / 2) / 1024. */
  assert_int_equal(stepped(&fraction, &all, 0x1p-10, batch * big, batch, 0), -(3 << 18));
  const NumberFormat truncating = format_of(32, 0, ROUND_TRUNCATE);
  assert_int_equal(stepped(&truncating, &plain, 0x1p-60, 1, 1, 5), 4);
  assert_int_equal(stepped(&truncating, &plain, 0x1p-60, -1, 1, 5), 5);
  assert_int_equal(stepped(&truncating, &plain, 0.0, 1, 1, 5), 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(state_words),
      cmocka_unit_test(sgd_momentum_nesterov),
      cmocka_unit_test(decay_is_for_weights_alone),
      cmocka_unit_test(rmsprop_and_adam),
      cmocka_unit_test(adam_begins_with_the_rate),
      cmocka_unit_test(moments_that_nothing_feeds_end),
      cmocka_unit_test(rates_are_lowered_to_powers_of_two),
      cmocka_unit_test(fixed_steps_are_one_rounding),
      cmocka_unit_test(extremes_stay_exact),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
