// SPDX-License-Identifier: MIT
// Elementary functions against the platform's, in units in the last place; and where they are exact
// or not finite.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/elementary.h"
#include "runtime/random.h"

/* |got - expected| in units in the last place of a binary64 (or of a binary32) of expected's
 * size. */
static double error_in_places(long double got, long double expected, int mantissa,
                              int least_exponent) {
  int exponent;
  frexpl(expected, &exponent);
  if (exponent < least_exponent) exponent = least_exponent;
  return (double)(fabsl(got - expected) / ldexpl(1.0L, exponent - mantissa));
}

/* ---- double ---- */

typedef struct DoubleCase {
  const char *name;
  double (*function)(double);
  long double (*reference)(long double);
  double low, high;
  double most; /* places */
} DoubleCase;

static long double sigmoid_reference(long double x) {
  return 1.0L / (1.0L + expl(-x));
}

static long double cosine_reference(long double turns) {
  return cosl(turns * 6.283185307179586476925286766559L);
}

static const DoubleCase double_cases[] = {
    {"exp", exp_double, expl, -1.0, 1.0, 1.5},
    {"exp", exp_double, expl, -708.0, 709.7, 1.5},
    {"log", log_double, logl, 0.5, 2.0, 2.0},
    {"log", log_double, logl, 1e-300, 1e-290, 2.0},
    {"log", log_double, logl, 1e-3, 1e3, 2.0},
    {"tanh", tanh_double, tanhl, -1.0, 1.0, 4.0},
    {"tanh", tanh_double, tanhl, -1e-6, 1e-6, 4.0},
    {"tanh", tanh_double, tanhl, -21.0, 21.0, 4.0},
    {"sigmoid", sigmoid_double, sigmoid_reference, -40.0, 40.0, 4.0},
    {"cos", cos_turns, cosine_reference, -0.125, 0.125, 4.0},
    {"cos", cos_turns, cosine_reference, 0.26, 0.74, 4.0},
};

/* Valgrind computes them as doubles, which are no measure for doubles. */
static bool are_long_doubles_long(void) {
  volatile long double one = 1.0L, place = LDBL_EPSILON;
  return one + place != one;
}

static void double_functions_are_close(void **state) {
  (void)state;
  if (!are_long_doubles_long()) skip();
  RandomStream stream = random_stream(1, RANDOM_WEIGHTS, 0);
  for (size_t i = 0; i < sizeof double_cases / sizeof double_cases[0]; i++) {
    const DoubleCase *c = &double_cases[i];
    double worst = 0, at = 0;
    for (int draw = 0; draw < 200000; draw++) {
      const double x = c->low + (c->high - c->low) * random_unit(&stream);
      const double error = error_in_places(c->function(x), c->reference(x), 53, DBL_MIN_EXP);
      if (error > worst) worst = error, at = x;
    }
    if (worst > c->most) fail_msg("%s(%a) is off by %g places", c->name, at, worst);
  }
}

static void double_functions_end_well(void **state) {
  (void)state;
  const double infinite = (double)INFINITY;
  assert_true(exp_double(0.0) == 1.0);
  assert_true(exp_double(infinite) == infinite && exp_double(710.0) == infinite);
  assert_true(isfinite(exp_double(709.78)));
  assert_true(exp_double(-infinite) == 0.0 && exp_double(-800.0) == 0.0);
  assert_true(isnan(exp_double((double)NAN)));
  assert_true(log_double(1.0) == 0.0);
  assert_true(log_double(0.0) == -infinite && log_double(infinite) == infinite);
  assert_true(isnan(log_double(-1.0)) && isnan(log_double((double)NAN)));
  assert_true(error_in_places(log_double(0x1p-1074), logl(0x1p-1074L), 53, DBL_MIN_EXP) < 2.0);
  assert_true(tanh_double(0.0) == 0.0);
  assert_true(tanh_double(infinite) == 1.0 && tanh_double(-infinite) == -1.0);
  assert_true(isnan(tanh_double((double)NAN)));
  assert_true(sigmoid_double(0.0) == 0.5);
  assert_true(sigmoid_double(infinite) == 1.0 && sigmoid_double(-infinite) == 0.0);
  assert_true(isnan(sigmoid_double((double)NAN)));
}

static void cosine_is_exact_at_quarters(void **state) {
  (void)state;
  for (int whole = -3; whole <= 3; whole++) {
    assert_true(cos_turns(whole) == 1.0);
    assert_true(cos_turns(whole + 0.25) == 0.0);
    assert_true(cos_turns(whole + 0.5) == -1.0);
    assert_true(cos_turns(whole + 0.75) == 0.0);
  }
  /* Near a zero it is as exact as anywhere: cos(2 pi (1/4 - t)) = sin(2 pi t). */
  const double t = 0x1p-30;
  const long double sine = sinl(6.283185307179586476925286766559L * t);
  assert_true(error_in_places(cos_turns(0.25 - t), sine, 53, DBL_MIN_EXP) < 4.0);
}

/* ---- float ---- */

typedef struct FloatCase {
  const char *name;
  float (*function)(float);
  double (*reference)(double);
  float low, high;
  double most; /* places */
} FloatCase;

static double float_sigmoid_reference(double x) {
  return 1.0 / (1.0 + exp(-x));
}

static const FloatCase float_cases[] = {
    {"exp", exp_float, exp, -87.3F, 88.72F, 1.0},
    {"log", log_float, log, FLT_MIN, FLT_MAX, 1.0},
    {"tanh", tanh_float, tanh, -20.0F, 20.0F, 1.5},
    {"sigmoid", sigmoid_float, float_sigmoid_reference, -87.0F, 87.0F, 2.5},
};

/* Every 997th of all binary32 numbers. */
static void float_functions_are_close(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof float_cases / sizeof float_cases[0]; i++) {
    const FloatCase *c = &float_cases[i];
    double worst = 0, at = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 997) {
      const uint32_t word = (uint32_t)bits;
      float x;
      memcpy(&x, &word, sizeof x);
      if (!(x >= c->low && x <= c->high)) continue;
      const double error =
          error_in_places(c->function(x), c->reference((double)x), 24, FLT_MIN_EXP);
      if (error > worst) worst = error, at = x;
    }
    if (worst > c->most) fail_msg("%s(%a) is off by %g places", c->name, at, worst);
  }
}

static void float_functions_end_well(void **state) {
  (void)state;
  assert_true(exp_float(0.0F) == 1.0F);
  assert_true(exp_float(89.0F) == INFINITY && exp_float(INFINITY) == INFINITY);
  assert_true(isfinite(exp_float(88.72F)));
  assert_true(exp_float(-100.0F) == 0.0F && exp_float(-INFINITY) == 0.0F);
  assert_true(isnan(exp_float(NAN)));
  assert_true(log_float(1.0F) == 0.0F && log_float(0.0F) == -INFINITY);
  assert_true(isnan(log_float(-1.0F)) && isnan(log_float(NAN)));
  assert_true(tanh_float(INFINITY) == 1.0F && tanh_float(-INFINITY) == -1.0F);
  assert_true(tanh_float(0.0F) == 0.0F && isnan(tanh_float(NAN)));
  /* The sigmoid saturates: no NaN, no excess, whatever the sum. */
  assert_true(sigmoid_float(0.0F) == 0.5F);
  assert_true(sigmoid_float(1000.0F) == 1.0F && sigmoid_float(INFINITY) == 1.0F);
  assert_true(sigmoid_float(-1000.0F) == 0.0F && sigmoid_float(-INFINITY) == 0.0F);
  assert_true(isnan(sigmoid_float(NAN)));
}

/* A few values, bit for bit: whoever changes a step of the computation changes every network that
 * was ever trained. */
static void bits_stay(void **state) {
  (void)state;
  const float inputs[] = {-3.7F, -0.1F, 0.3F, 1.0F, 5.5F};
  static const uint32_t exponentials[] = {0x3cca88fe, 0x3f67a36d, 0x3facc82c, 0x402df854,
                                          0x4374b122};
  for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
    const float value = exp_float(inputs[i]);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    assert_int_equal(bits, exponentials[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(double_functions_are_close),  cmocka_unit_test(double_functions_end_well),
      cmocka_unit_test(cosine_is_exact_at_quarters), cmocka_unit_test(float_functions_are_close),
      cmocka_unit_test(float_functions_end_well),    cmocka_unit_test(bits_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
