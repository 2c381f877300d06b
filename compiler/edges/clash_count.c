// SPDX-License-Identifier: MIT
// Counts the distinct clash-free patterns of a type, by the published formulas.
//
// With B banks of D = p / B rows (the formulas are for z = B):
//
//                      without dither         with dither, times
//   type 1             (D!)^(B * fanout)      K^fanout
//   type 2             D^(B * fanout)         K^fanout
//   type 3             D^B                    K
//
//   K = B! / (fanin!)^(B / fanin)   where fanin divides B: ways to share the banks among
//                                   the right neurons of a clock
//     = 1                           where B divides fanin: every right neuron takes all banks
//
// For other fan-ins no formula is known and K = 1 is taken, a lower bound.  A junction in which
// every left neuron reaches every right one has one pattern.  The counts ignore what the avoidance
// of double edges forbids.
// Source: Dey et al., "Pre-defined sparse neural networks with hardware acceleration", JETCAS 2019.
#include <math.h>

#include "compiler/edges/edges.h"

__extension__ typedef unsigned __int128 uint128;

/* A number as far as it is known exactly (0: too large), and its logarithm always. */
static const PatternCount one = {.log10 = 0, .exact = 1};

static PatternCount times(PatternCount a, PatternCount b) {
  PatternCount product = {.log10 = a.log10 + b.log10};
  if (__builtin_mul_overflow(a.exact, b.exact, &product.exact)) product.exact = 0;
  return product;
}

static PatternCount from_number(uint64_t number) {
  return (PatternCount){.log10 = log10((double)number), .exact = number};
}

static double log10_factorial(uint32_t number) {
  return lgamma((double)number + 1) / log(10);
}

static PatternCount factorial(uint32_t number) {
  PatternCount product = one;
  for (uint32_t factor = 2; factor <= number && product.exact > 0; factor++) {
    product = times(product, from_number(factor));
  }
  product.log10 = log10_factorial(number);
  return product;
}

static PatternCount power(PatternCount base, uint64_t exponent) {
  PatternCount result = {.log10 = base.log10 * (double)exponent, .exact = 1};
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2) result.exact = times(result, base).exact;
    base.exact = times(base, base).exact;
  }
  return result;
}

/* K; see above.  Exactly by Pascal's rule: while a group's places k = 1, 2, .. are filled after
 * `done` banks are given away, `exact` is the groups before it times the binomial (done + k, k), so
 * the division leaves no rest. */
static PatternCount dither_choices(uint32_t banks, uint32_t fanin) {
  if (fanin > banks || banks % fanin != 0) return one;
  PatternCount choices = one;
  for (uint32_t bank = 0; bank < banks && choices.exact > 0; bank++) {
    const uint128 product = (uint128)choices.exact * (bank + 1) / (bank % fanin + 1);
    choices.exact = product > UINT64_MAX ? 0 : (uint64_t)product;
  }
  const uint32_t groups = banks / fanin;
  choices.log10 = log10_factorial(banks) - (double)groups * log10_factorial(fanin);
  return choices;
}

PatternCount count_clash_free(uint32_t left_count, uint32_t fanout, uint32_t right_count,
                              uint32_t banks, uint32_t type, bool has_dither) {
  if (fanout >= right_count) return one;
  const uint32_t rows = left_count / banks;
  const uint32_t fanin = (uint32_t)((uint64_t)left_count * fanout / right_count);
  const uint32_t drawn_sweeps = type == 3 ? 1 : fanout;
  const PatternCount lane = type == 1 ? factorial(rows) : from_number(rows);
  const PatternCount sweeps = power(lane, (uint64_t)banks * drawn_sweeps);
  if (!has_dither) return sweeps;
  return times(sweeps, power(dither_choices(banks, fanin), drawn_sweeps));
}
