// SPDX-License-Identifier: MIT
// Fixed point: every product of narrow formats against exact arithmetic, wide ones at their ends,
// conversions, random words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "runtime/edge_ops.h"
#include "runtime/fixed.h"

static NumberFormat format_of(uint32_t width, uint32_t integer, Rounding rounding) {
  return (NumberFormat){.is_fixed = true,
                        .width = width,
                        .integer = integer,
                        .fraction = width - 1 - integer,
                        .rounding = rounding,
                        .rounding_seed = 9};
}

/* What a rounding mode makes of a value given in units of the format: floor(x + share),
 * saturated. */
static int32_t expected_raw(uint32_t width, double units, double share) {
  const double limit = ldexp(1.0, (int)width - 1);
  const double rounded = floor(units + share);
  return (int32_t)(rounded < -limit ? -limit : rounded > limit - 1 ? limit - 1 : rounded);
}

static void products_of_narrow_formats(void **state) {
  (void)state;
  for (uint32_t width = 4; width <= 8; width++) {
    for (uint32_t integer = 0; integer < width; integer++) {
      const NumberFormat format = format_of(width, integer, ROUND_NEAREST);
      const int32_t limit = 1 << (width - 1);
      for (int32_t x = -limit; x < limit; x++) {
        for (int32_t y = -limit; y < limit; y++) {
          const double units = ldexp((double)(x * y), -(int)format.fraction);
          const int64_t product = (int64_t)x * y;
          assert_int_equal(fixed_round_product(&format, ROUND_NEAREST, product, 0),
                           expected_raw(width, units, 0.5));
          assert_int_equal(fixed_round_product(&format, ROUND_TRUNCATE, product, 0),
                           expected_raw(width, units, 0.0));
          const uint32_t word = (uint32_t)(x * 31 + y) * 2654435761u;
          const double share = ldexp((double)word, -32);
          assert_int_equal(fixed_round_product(&format, ROUND_STOCHASTIC, product, word),
                           expected_raw(width, units, share));
        }
      }
    }
  }
}

static void products_of_wide_formats(void **state) {
  (void)state;
  const int64_t least = INT32_MIN, greatest = INT32_MAX;
  const NumberFormat fraction = format_of(32, 0, ROUND_NEAREST);
  assert_int_equal(fixed_round_product(&fraction, ROUND_NEAREST, least * least, 0), INT32_MAX);
  assert_int_equal(fixed_round_product(&fraction, ROUND_NEAREST, least * greatest, 0), -INT32_MAX);
  assert_int_equal(fixed_round_product(&fraction, ROUND_STOCHASTIC, least * least, UINT32_MAX),
                   INT32_MAX);
  assert_int_equal(fixed_round_product(&fraction, ROUND_TRUNCATE, -1, 0), -1);
  assert_int_equal(fixed_round_product(&fraction, ROUND_NEAREST, -1, 0), 0);
  const NumberFormat whole = format_of(32, 31, ROUND_NEAREST);
  assert_int_equal(fixed_round_product(&whole, ROUND_NEAREST, least * least, 0), INT32_MAX);
  assert_int_equal(fixed_round_product(&whole, ROUND_NEAREST, least * greatest, 0), INT32_MIN);
  assert_int_equal(fixed_round_product(&whole, ROUND_STOCHASTIC, -7, UINT32_MAX), -7);
}

static void sums_saturate(void **state) {
  (void)state;
  const NumberFormat format = format_of(8, 3, ROUND_NEAREST);
  assert_int_equal(fixed_saturate(&format, 128), 127);
  assert_int_equal(fixed_saturate(&format, 127), 127);
  assert_int_equal(fixed_saturate(&format, -128), -128);
  assert_int_equal(fixed_saturate(&format, INT64_MIN), -128);
  const NumberFormat widest = format_of(32, 0, ROUND_NEAREST);
  assert_int_equal(fixed_saturate(&widest, (int64_t)INT32_MAX + 1), INT32_MAX);
  assert_int_equal(fixed_saturate(&widest, (int64_t)INT32_MIN - 1), INT32_MIN);
}

static void values_round_half_up(void **state) {
  (void)state;
  const NumberFormat format = format_of(8, 3, ROUND_TRUNCATE); /* 4 fraction bits */
  /* cell_from_value is the nearest, whatever the mode. */
  assert_int_equal(cell_from_value(&format, 1.0 / 32).raw, 1);
  assert_int_equal(cell_from_value(&format, -1.0 / 32).raw, 0);
  assert_int_equal(cell_from_value(&format, -3.0 / 32).raw, -1);
  /* 0.5 less one place: adding a half in double would round up to 1. */
  assert_int_equal(cell_from_value(&format, 0x1.fffffffffffffp-2 / 16).raw, 0);
  assert_int_equal(cell_from_value(&format, 100.0).raw, 127);
  assert_int_equal(cell_from_value(&format, -100.0).raw, -128);
  assert_int_equal(cell_from_value(&format, (double)INFINITY).raw, 127);
  assert_int_equal(cell_from_value(&format, -(double)INFINITY).raw, -128);
  assert_int_equal(fixed_from_value(&format, ROUND_TRUNCATE, 0.99 / 16, 0).raw, 0);
  assert_int_equal(fixed_from_value(&format, ROUND_TRUNCATE, -0.01 / 16, 0).raw, -1);
  for (uint32_t width = 4; width <= 32; width++) {
    for (uint32_t integer = 0; integer < width; integer++) {
      const NumberFormat any = format_of(width, integer, ROUND_NEAREST);
      const int32_t raws[] = {(int32_t)fixed_least(&any), -1, 0, 1, (int32_t)fixed_greatest(&any)};
      for (size_t i = 0; i < sizeof raws / sizeof raws[0]; i++) {
        const double value = cell_value(&any, (Cell){.raw = raws[i]});
        assert_true(value == ldexp((double)raws[i], -(int)any.fraction));
        assert_int_equal(cell_from_value(&any, value).raw, raws[i]);
        assert_int_equal(fixed_from_value(&any, ROUND_STOCHASTIC, value, UINT32_MAX).raw, raws[i]);
      }
    }
  }
}

static void real_cells_hold_binary32(void **state) {
  (void)state;
  const NumberFormat format = {0};
  assert_true(cell_from_value(&format, 0.1).real == 0.1F);
  assert_true(cell_value(&format, (Cell){.real = 0.1F}) == (double)0.1F);
  for (int exponent = -126; exponent <= 126; exponent++) {
    assert_true(power_of_two(exponent) == ldexpf(1.0F, exponent));
  }
}

/* Stochastic rounding is right on average, for products and for values. */
static void stochastic_rounding_is_unbiased(void **state) {
  (void)state;
  const NumberFormat format = format_of(12, 3, ROUND_STOCHASTIC);
  enum { DRAWS = 40000 };
  const int64_t product = -1000 * 256 + 64; /* -999.75 units */
  double products = 0, values = 0;
  for (uint32_t i = 0; i < DRAWS; i++) {
    const uint32_t word = stochastic_word(&format, 0, 17, EDGE_OP_FF_MAC, i);
    const int32_t rounded = fixed_round_product(&format, ROUND_STOCHASTIC, product, word);
    assert_in_range(rounded + 1000, 0, 1);
    products += rounded;
    values += fixed_from_value(&format, ROUND_STOCHASTIC, 0.7 / 256, word).raw;
  }
  assert_true(fabs(products / (double)DRAWS + 999.75) < 0.012);
  assert_true(fabs(values / (double)DRAWS - 0.7) < 0.012);
}

/* A word depends on each of seed, junction, input, operation and element, and on no more; and no
 * block of them is one that a stream of the same seed gives. */
static void random_words_are_their_own(void **state) {
  (void)state;
  NumberFormat format = format_of(12, 3, ROUND_STOCHASTIC);
  const uint32_t word = stochastic_word(&format, 3, 5, EDGE_OP_FF_MAC, 8);
  assert_int_equal(stochastic_word(&format, 3, 5, EDGE_OP_FF_MAC, 8), word);
  assert_int_not_equal(stochastic_word(&format, 4, 5, EDGE_OP_FF_MAC, 8), word);
  assert_int_not_equal(stochastic_word(&format, 3, 6, EDGE_OP_FF_MAC, 8), word);
  assert_int_not_equal(stochastic_word(&format, 3, 5 + (1ull << 32), EDGE_OP_FF_MAC, 8), word);
  assert_int_not_equal(stochastic_word(&format, 3, 5 + (1ull << 56), EDGE_OP_FF_MAC, 8),
                       stochastic_word(&format, 3, 5, EDGE_OP_FF_MAC + 1, 8));
  assert_int_not_equal(stochastic_word(&format, 3, 5, EDGE_OP_UP_STEP, 8), word);
  assert_int_not_equal(stochastic_word(&format, 3, 5, EDGE_OP_FF_MAC, 9), word);
  for (uint32_t use = RANDOM_PATTERN; use <= RANDOM_DIGITS; use++) {
    RandomStream stream = random_stream(format.rounding_seed, (RandomUse)use, 0);
    uint32_t shared = 0;
    for (uint32_t i = 0; i < 64; i++) {
      shared += random_word(&stream) == stochastic_word(&format, use, 0, EDGE_OP_FF_MAC, i);
    }
    assert_int_equal(shared, 0);
  }
  format.rounding_seed = 10;
  assert_int_not_equal(stochastic_word(&format, 3, 5, EDGE_OP_FF_MAC, 8), word);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_of_narrow_formats),
      cmocka_unit_test(products_of_wide_formats),
      cmocka_unit_test(sums_saturate),
      cmocka_unit_test(values_round_half_up),
      cmocka_unit_test(real_cells_hold_binary32),
      cmocka_unit_test(stochastic_rounding_is_unbiased),
      cmocka_unit_test(random_words_are_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
