// SPDX-License-Identifier: MIT
// Fixed-point arithmetic that is not in an inner loop, and conversions of both kinds of number.
#include "runtime/fixed.h"

#include <math.h>
#include <string.h>

static int32_t saturate_wide(const NumberFormat *format, Wide value) {
  if (value > fixed_greatest(format)) return (int32_t)fixed_greatest(format);
  if (value < fixed_least(format)) return (int32_t)fixed_least(format);
  return (int32_t)value;
}

/* The share of `denominator` from which a rest rounds up: floor(rest / denominator + word /
 * 2^32). */
static Wide round_up(Rounding rounding, Wide rest, Wide denominator, uint32_t word) {
  if (rounding == ROUND_NEAREST) return rest >= denominator - rest;
  if (rounding == ROUND_TRUNCATE) return 0;
  /* Up with probability rest / denominator; only fractions of over 90 bits lose any. */
  while (denominator >> 90) {
    denominator >>= 1;
    rest >>= 1;
  }
  return ((rest << 32) / denominator + word) >> 32;
}

int32_t fixed_round_quotient(const NumberFormat *format, Rounding rounding, int32_t base,
                             Wide numerator, Wide denominator, uint32_t word) {
  const int64_t short_numerator = (int64_t)numerator;
  const uint64_t short_denominator = (uint64_t)denominator;
  const bool is_power =
      denominator <= (Wide)1 << 62 && (short_denominator & (short_denominator - 1)) == 0;
  if (is_power && short_numerator == numerator && short_numerator >> 62 == short_numerator >> 63)
    return fixed_round_shift(format, rounding, base, short_numerator,
                             (uint32_t)__builtin_ctzll(short_denominator), word);
  Wide quotient = numerator / denominator;
  Wide rest = numerator % denominator;
  if (rest < 0) {
    rest += denominator;
    quotient--;
  }
  quotient += round_up(rounding, rest, denominator, word);
  return saturate_wide(format, quotient + base);
}

/* SplitMix64: input and operation fill the counter, so that what else tells words apart must go
 * into the key, and streams of the same seed have the seed itself for one.  Source: Steele, Lea,
 * Flood, OOPSLA 2014. */
static uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27) * 0x94D049BB133111EBU;
  return x ^ x >> 31;
}

void rounding_key(const NumberFormat *format, uint32_t junction, uint32_t key[2]) {
  const uint64_t mixed =
      mix(mix(format->rounding_seed) + ((uint64_t)RANDOM_ROUNDING << 32 | junction));
  key[0] = (uint32_t)mixed;
  key[1] = (uint32_t)(mixed >> 32);
}

Philox4 stochastic_words(const NumberFormat *format, uint32_t junction, uint64_t input,
                         uint32_t operation, uint32_t block) {
  const uint32_t counter[4] = {block, (uint32_t)input, (uint32_t)(input >> 32), operation};
  uint32_t key[2];
  rounding_key(format, junction, key);
  return philox(counter, key);
}

uint32_t stochastic_word(const NumberFormat *format, uint32_t junction, uint64_t input,
                         uint32_t operation, uint32_t element) {
  return stochastic_words(format, junction, input, operation, element / 4).word[element % 4];
}

float power_of_two(int exponent) {
  const uint32_t bits = (uint32_t)(exponent + 127) << 23;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

double cell_value(const NumberFormat *format, Cell cell) {
  if (!format->is_fixed) return (double)cell.real;
  return ldexp((double)cell.raw, -(int)format->fraction);
}

Cell cell_from_value(const NumberFormat *format, double value) {
  if (!format->is_fixed) return (Cell){.real = (float)value};
  return fixed_from_value(format, ROUND_NEAREST, value, 0);
}

Cell fixed_from_value(const NumberFormat *format, Rounding rounding, double value, uint32_t word) {
  const double scaled = ldexp(value, (int)format->fraction);
  if (isnan(scaled)) return (Cell){.raw = 0};
  double whole = floor(scaled);
  const double rest = scaled - whole;
  switch (rounding) {
  case ROUND_NEAREST: whole += rest >= 0.5; break;
  case ROUND_TRUNCATE: break;
  case ROUND_STOCHASTIC: whole += floor(rest * 0x1p32) + (double)word >= 0x1p32; break;
  }
  if (whole >= (double)fixed_greatest(format))
    return (Cell){.raw = (int32_t)fixed_greatest(format)};
  if (whole <= (double)fixed_least(format)) return (Cell){.raw = (int32_t)fixed_least(format)};
  return (Cell){.raw = (int32_t)whole};
}
