// SPDX-License-Identifier: MIT
// Divisors and multiples near a number: trial division, since no layer has over 2^24 neurons.
#include "lang/degrees.h"

#include <assert.h>

uint64_t greatest_common_divisor(uint64_t a, uint64_t b) {
  while (b != 0) {
    uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static void take_nearer(uint64_t candidate, uint64_t value, Neighbours *near) {
  if (candidate < value && candidate > near->below) near->below = candidate;
  if (candidate > value && (near->above == 0 || candidate < near->above)) near->above = candidate;
}

Neighbours divisors_near(uint32_t number, uint32_t value) {
  assert(number >= 1);
  Neighbours near = {0, 0};
  for (uint32_t divisor = 1; (uint64_t)divisor * divisor <= number; divisor++) {
    if (number % divisor != 0) continue;
    take_nearer(divisor, value, &near);
    take_nearer(number / divisor, value, &near);
  }
  return near;
}

Neighbours multiples_near(uint64_t step, uint64_t limit, Rational value) {
  assert(step >= 1 && value.numerator >= 0);
  uint64_t whole = (uint64_t)rational_floor(value).numerator;
  uint64_t most = limit / step;
  uint64_t below = whole / step;
  bool is_exact = rational_is_integer(value) && whole % step == 0;
  Neighbours near = {.below = (is_exact && below > 0) ? below - 1 : below, .above = below + 1};
  if (near.below > most) near.below = most;
  if (near.above > most) near.above = 0;
  return (Neighbours){near.below * step, near.above * step};
}

uint32_t largest_proper_divisor(uint32_t number) {
  for (uint32_t divisor = 2; (uint64_t)divisor * divisor <= number; divisor++) {
    if (number % divisor == 0) return number / divisor;
  }
  return 1;
}
