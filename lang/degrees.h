// SPDX-License-Identifier: MIT
// Arithmetic of regular patterns: which degrees and banks come out whole, and which nearest ones
// would.
//
// With p left and n right neurons p * fanout = n * fanin, so fanout is a multiple of n / gcd(p, n),
// fanin of p / gcd(p, n), and the density fanout / n = fanin / p a multiple of 1 / gcd(p, n).
#ifndef SEDGE_LANG_DEGREES_H
#define SEDGE_LANG_DEGREES_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/rational.h"

/* Nearest numbers that would do on either side of one that does not; 0 where there is none. */
typedef struct Neighbours {
  uint64_t below, above;
} Neighbours;

uint64_t greatest_common_divisor(uint64_t a, uint64_t b);

/* The nearest divisors of `number` below and above `value`; number >= 1. */
Neighbours divisors_near(uint32_t number, uint32_t value);

/* The nearest multiples of `step` in 1 .. limit below and above value, which may be any positive
 * number. */
Neighbours multiples_near(uint64_t step, uint64_t limit, Rational value);

/* The largest divisor of `number` below itself, or 1 for 1. */
uint32_t largest_proper_divisor(uint32_t number);

#endif
