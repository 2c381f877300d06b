// SPDX-License-Identifier: MIT
// Losses: deltas in both kinds of number, reported values, predictions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "runtime/loss.h"

static void float32_deltas(void **state) {
  (void)state;
  const NumberFormat format = {0};
  const OutputShape shape = {.neuron_count = 4, .real_count = 3};
  const Cell a[] = {{.real = 0.1F}, {.real = 0.7F}, {.real = 0.2F}, {.real = 0.4F}};
  const Cell d[] = {{.real = 0.09F}, {.real = 0.21F}, {.real = 0.16F}, {.real = 0.24F}};
  Cell delta[4];
  output_delta(&format, LOSS_CROSS_ENTROPY, &shape, a, d, 1, 0, 2, delta);
  assert_true(delta[0].real == 0.1F && delta[1].real == 0.7F - 1.0F && delta[2].real == 0.2F);
  assert_true(delta[3].real == 0.4F); /* padded, and trained toward 0 */
  output_delta(&format, LOSS_QUADRATIC, &shape, a, d, 1, 0, 2, delta);
  const float difference = 0.7F - 1.0F;
  assert_true(delta[0].real == 0.1F * 0.09F && delta[1].real == difference * 0.21F);
  assert_true(delta[3].real == 0.4F * 0.24F);
  const OutputShape softmax = {.neuron_count = 4, .real_count = 3, .is_softmax = true};
  output_delta(&format, LOSS_CROSS_ENTROPY, &softmax, a, d, 2, 0, 2, delta);
  assert_true(delta[0].real == 0.1F && delta[2].real == 0.2F - 1.0F && delta[3].real == 0.0F);
}

static void fixed_deltas(void **state) {
  (void)state;
  const NumberFormat format = {.is_fixed = true, .width = 12, .integer = 3, .fraction = 8};
  const OutputShape shape = {.neuron_count = 3, .real_count = 2};
  const Cell a[] = {{.raw = 100}, {.raw = -2000}, {.raw = 5}};
  const Cell d[] = {{.raw = 64}, {.raw = -256}, {.raw = 26}};
  Cell delta[3];
  output_delta(&format, LOSS_CROSS_ENTROPY, &shape, a, d, 1, 0, 1, delta);
  assert_int_equal(delta[0].raw, 100);
  assert_int_equal(delta[1].raw, -2048); /* -2256 saturates */
  assert_int_equal(delta[2].raw, 5);
  output_delta(&format, LOSS_QUADRATIC, &shape, a, d, 1, 0, 1, delta);
  assert_int_equal(delta[0].raw, 25);
  assert_int_equal(delta[1].raw, 2047); /* 2048 saturates */
  assert_int_equal(delta[2].raw, 1);    /* 0.508 */
  const NumberFormat truncating = {
      .is_fixed = true, .width = 12, .integer = 3, .fraction = 8, .rounding = ROUND_TRUNCATE};
  output_delta(&truncating, LOSS_QUADRATIC, &shape, a, d, 1, 0, 1, delta);
  assert_int_equal(delta[2].raw, 0);
}

/* Where 1.0 is not a number of the format, the target is the largest that is. */
static void the_target_saturates(void **state) {
  (void)state;
  const NumberFormat format = {.is_fixed = true, .width = 8, .integer = 0, .fraction = 7};
  const OutputShape shape = {.neuron_count = 2, .real_count = 2};
  const Cell a[] = {{.raw = 127}, {.raw = 3}};
  const Cell d[] = {{.raw = 0}, {.raw = 0}};
  Cell delta[2];
  output_delta(&format, LOSS_CROSS_ENTROPY, &shape, a, d, 0, 0, 1, delta);
  assert_int_equal(delta[0].raw, 0);
  assert_int_equal(delta[1].raw, 3);
}

static void reported_values(void **state) {
  (void)state;
  const double a[] = {0.2, 0.5, 0.3};
  assert_true(fabs(loss_value(LOSS_CROSS_ENTROPY, true, a, 3, 1) + log(0.5)) < 1e-15);
  assert_true(fabs(loss_value(LOSS_CROSS_ENTROPY, false, a, 3, 1) + log(0.8) + log(0.5) +
                   log(0.7)) < 1e-15);
  assert_true(fabs(loss_value(LOSS_QUADRATIC, false, a, 3, 1) - 0.5 * (0.04 + 0.25 + 0.09)) <
              1e-15);
  /* Certain and wrong is bad, not infinite; certain and right is free. */
  const double certain[] = {0.0, 1.0};
  assert_true(isfinite(loss_value(LOSS_CROSS_ENTROPY, false, certain, 2, 0)));
  assert_true(isfinite(loss_value(LOSS_CROSS_ENTROPY, true, certain, 2, 0)));
  assert_true(loss_value(LOSS_CROSS_ENTROPY, false, certain, 2, 0) > 20.0);
  assert_true(loss_value(LOSS_CROSS_ENTROPY, false, certain, 2, 1) == 0.0);
  const double broken[] = {(double)NAN, 0.5};
  assert_true(isnan(loss_value(LOSS_QUADRATIC, false, broken, 2, 1)));
}

static void the_lowest_of_equals_is_predicted(void **state) {
  (void)state;
  const double scores[] = {0.1, 0.7, 0.7, -1.0};
  assert_int_equal(predict_class(scores, 4), 1);
  assert_int_equal(predict_class(scores, 1), 0);
  const double zeros[] = {0.0, 0.0, -0.0};
  assert_int_equal(predict_class(zeros, 3), 0);
  const double negative[] = {-3.0, -2.0, -2.5};
  assert_int_equal(predict_class(negative, 3), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(float32_deltas),
      cmocka_unit_test(fixed_deltas),
      cmocka_unit_test(the_target_saturates),
      cmocka_unit_test(reported_values),
      cmocka_unit_test(the_lowest_of_equals_is_predicted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
