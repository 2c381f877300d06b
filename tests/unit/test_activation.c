// SPDX-License-Identifier: MIT
// Activations: float32 operation by operation, tables entry by entry, softmax, own formulas.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "runtime/activation.h"
#include "runtime/elementary.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static NumberFormat format_of(uint32_t width, uint32_t integer) {
  return (NumberFormat){
      .is_fixed = true, .width = width, .integer = integer, .fraction = width - 1 - integer};
}

static const Activation built_in[] = {
    {.function = ACTIVATE_SIGMOID, .name = "sigmoid"},
    {.function = ACTIVATE_TANH, .name = "tanh"},
    {.function = ACTIVATE_RELU, .name = "relu"},
    {.function = ACTIVATE_IDENTITY, .name = "identity"},
};

/* softsign, x / (1 + |x|), and its derivative, 1 / (1 + |x|)^2. */
static const FormulaStep softsign_steps[] = {
    {.op = FORMULA_ARGUMENT},
    {.op = FORMULA_CONSTANT, .constant = 1.0},
    {.op = FORMULA_ABS, .operand = {0}},
    {.op = FORMULA_ADD, .operand = {1, 2}},
    {.op = FORMULA_DIVIDE, .operand = {0, 3}},
};
static const FormulaStep softsign_derivative_steps[] = {
    {.op = FORMULA_ARGUMENT},
    {.op = FORMULA_CONSTANT, .constant = 1.0},
    {.op = FORMULA_ABS, .operand = {0}},
    {.op = FORMULA_ADD, .operand = {1, 2}},
    {.op = FORMULA_MULTIPLY, .operand = {3, 3}},
    {.op = FORMULA_DIVIDE, .operand = {1, 4}},
};
static const Formula softsign = {COUNT(softsign_steps), softsign_steps};
static const Formula softsign_derivative = {COUNT(softsign_derivative_steps),
                                            softsign_derivative_steps};
static const Activation own = {.function = ACTIVATE_FORMULA,
                               .name = "softsign",
                               .value = &softsign,
                               .derivative = &softsign_derivative};

static double exact_value(const Activation *activation, double x) {
  switch (activation->function) {
  case ACTIVATE_SIGMOID: return 1.0 / (1.0 + exp(-x));
  case ACTIVATE_TANH: return tanh(x);
  case ACTIVATE_RELU: return x > 0.0 ? x : 0.0;
  case ACTIVATE_IDENTITY:
  case ACTIVATE_SOFTMAX: return x;
  case ACTIVATE_FORMULA: return x / (1.0 + fabs(x));
  }
  return 0.0;
}

static double exact_derivative(const Activation *activation, double x) {
  switch (activation->function) {
  case ACTIVATE_SIGMOID: return exp(-fabs(x)) / ((1.0 + exp(-fabs(x))) * (1.0 + exp(-fabs(x))));
  case ACTIVATE_TANH: return 1.0 / (cosh(x) * cosh(x));
  case ACTIVATE_RELU: return x > 0.0 ? 1.0 : 0.0;
  case ACTIVATE_IDENTITY:
  case ACTIVATE_SOFTMAX: return 1.0;
  case ACTIVATE_FORMULA: return 1.0 / ((1.0 + fabs(x)) * (1.0 + fabs(x)));
  }
  return 0.0;
}

static void float32_is_close_to_the_functions(void **state) {
  (void)state;
  for (size_t i = 0; i <= COUNT(built_in); i++) {
    const Activation *activation = i < COUNT(built_in) ? &built_in[i] : &own;
    for (int step = -4000; step <= 4000; step++) {
      const float s = (float)step / 128.0F;
      float a, d;
      activate_float32(activation, s, &a, &d);
      assert_true(fabs((double)a - exact_value(activation, (double)s)) <=
                  2e-7 * fmax(1.0, fabs((double)s)));
      assert_true(fabs((double)d - exact_derivative(activation, (double)s)) <= 4e-7);
    }
  }
}

static void float32_derivatives_follow_from_the_values(void **state) {
  (void)state;
  const float sums[] = {-1000.0F, -3.0F, -1e-30F, 0.0F, 0.25F, 3.0F, 1000.0F};
  for (size_t i = 0; i < COUNT(sums); i++) {
    float a, d;
    activate_float32(&built_in[0], sums[i], &a, &d);
    const float rest = 1.0F - a;
    assert_true(a == sigmoid_float(sums[i]) && d == a * rest);
    activate_float32(&built_in[1], sums[i], &a, &d);
    const float square = a * a;
    assert_true(a == tanh_float(sums[i]) && d == 1.0F - square);
  }
}

/* A network that has diverged must be seen to have. */
static void nan_stays_nan(void **state) {
  (void)state;
  for (size_t i = 0; i <= COUNT(built_in); i++) {
    float a, d;
    activate_float32(i < COUNT(built_in) ? &built_in[i] : &own, NAN, &a, &d);
    assert_true(isnan(a));
  }
  const float sums[] = {1.0F, NAN, 2.0F};
  float a[3];
  softmax_float32(sums, 3, a);
  assert_true(isnan(a[0]) || isnan(a[1]));
}

static void softmax_of_floats(void **state) {
  (void)state;
  float sums[37], a[37];
  double whole = 0.0, total = 0.0;
  for (int k = 0; k < 37; k++) {
    sums[k] = (float)((k * 29) % 37) / 5.0F - 3.0F;
    whole += exp((double)sums[k]);
  }
  softmax_float32(sums, 37, a);
  for (int k = 0; k < 37; k++) {
    assert_true(fabs((double)a[k] - exp((double)sums[k]) / whole) < 1e-7);
    total += (double)a[k];
  }
  assert_true(fabs(total - 1.0) < 1e-6);
  const float extreme[] = {1e30F, -1e30F, 1e30F};
  softmax_float32(extreme, 3, a);
  assert_true(a[0] == 0.5F && a[1] == 0.0F && a[2] == 0.5F);
  const float alone = -500.0F;
  softmax_float32(&alone, 1, a);
  assert_true(a[0] == 1.0F);
}

static int32_t nearest(const NumberFormat *format, double value) {
  const double units = floor(ldexp(value, (int)format->fraction) + 0.5);
  const double limit = ldexp(1.0, (int)format->width - 1);
  return (int32_t)(units > limit - 1 ? limit - 1 : units < -limit ? -limit : units);
}

/* Every entry of every table of some formats, tables being the same in every rounding mode. */
static void tables_hold_the_nearest_values(void **state) {
  (void)state;
  const uint32_t formats[][2] = {{4, 0},  {4, 3},  {8, 3},   {12, 3},
                                 {12, 0}, {16, 4}, {16, 15}, {18, 5}};
  for (size_t f = 0; f < COUNT(formats); f++) {
    NumberFormat format = format_of(formats[f][0], formats[f][1]);
    format.rounding = f % 2 ? ROUND_TRUNCATE : ROUND_NEAREST;
    const int32_t limit = 1 << (format.width - 1);
    for (size_t i = 0; i <= COUNT(built_in); i++) {
      const Activation *activation = i < COUNT(built_in) ? &built_in[i] : &own;
      ActivationTable *table = activation_table_open(activation, &format);
      assert_non_null(table);
      for (int32_t s = -limit; s < limit; s++) {
        const double x = ldexp((double)s, -(int)format.fraction);
        int32_t a, d;
        activate_fixed(table, s, &a, &d);
        assert_int_equal(a, nearest(&format, exact_value(activation, x)));
        assert_int_equal(d, nearest(&format, exact_derivative(activation, x)));
      }
      activation_table_close(table);
    }
  }
}

/* Above 16 bits there is no table, and the values are those of the narrower format where both have
 * them. */
static void wide_formats_compute_the_same(void **state) {
  (void)state;
  const NumberFormat wide = format_of(32, 7);
  ActivationTable *table = activation_table_open(&built_in[0], &wide);
  assert_non_null(table);
  int32_t a, d;
  activate_fixed(table, 0, &a, &d);
  assert_int_equal(a, 1 << 23);
  assert_int_equal(d, 1 << 22);
  activate_fixed(table, INT32_MAX, &a, &d);
  assert_int_equal(a, 1 << 24);
  assert_int_equal(d, 0);
  activate_fixed(table, INT32_MIN, &a, &d);
  assert_int_equal(a, 0);
  activation_table_close(table);
  activation_table_close(NULL);
}

/* Softmax has no table: the exact values, rounded in the format's mode. */
static void softmax_of_fixed_sums(void **state) {
  (void)state;
  NumberFormat format = format_of(12, 3);
  const int32_t sums[] = {256, 0, -700, 2047};
  double whole = 0.0;
  for (size_t k = 0; k < COUNT(sums); k++) whole += exp((double)sums[k] / 256.0);
  int32_t a[COUNT(sums)];
  softmax_fixed(&format, 1, 0, sums, COUNT(sums), a);
  for (size_t k = 0; k < COUNT(sums); k++) {
    assert_int_equal(a[k], nearest(&format, exp((double)sums[k] / 256.0) / whole));
  }
  format.rounding = ROUND_TRUNCATE;
  softmax_fixed(&format, 1, 0, sums, COUNT(sums), a);
  for (size_t k = 0; k < COUNT(sums); k++) {
    assert_int_equal(a[k], (int32_t)floor(exp((double)sums[k] / 256.0) / whole * 256.0));
  }
  /* In place, and right on average where it is stochastic: 1/3 is 85 1/3 units. */
  format.rounding = ROUND_STOCHASTIC;
  double total = 0.0;
  for (uint64_t input = 0; input < 4000; input++) {
    int32_t equal[] = {100, 100, 100};
    softmax_fixed(&format, 1, input, equal, 3, equal);
    for (size_t k = 0; k < 3; k++) {
      assert_in_range(equal[k], 85, 86);
      total += equal[k];
    }
  }
  assert_true(fabs(total / 12000.0 - 256.0 / 3.0) < 0.025);
  /* Far apart sums: nothing overflows. */
  const NumberFormat widest = format_of(32, 31);
  const int32_t extreme[] = {INT32_MIN, INT32_MAX};
  softmax_fixed(&widest, 0, 0, extreme, 2, a);
  assert_int_equal(a[0], 0);
  assert_int_equal(a[1], 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(float32_is_close_to_the_functions),
      cmocka_unit_test(float32_derivatives_follow_from_the_values),
      cmocka_unit_test(nan_stays_nan),
      cmocka_unit_test(softmax_of_floats),
      cmocka_unit_test(tables_hold_the_nearest_values),
      cmocka_unit_test(wide_formats_compute_the_same),
      cmocka_unit_test(softmax_of_fixed_sums),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
