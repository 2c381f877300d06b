// SPDX-License-Identifier: MIT
// Exact numbers: numerator / denominator in lowest terms, denominator > 0.
//
// Every operation returns false when the result does not fit 64 bits (or divides by zero) and
// leaves *result alone; the caller reports it with the span it knows.
#ifndef SEDGE_LANG_RATIONAL_H
#define SEDGE_LANG_RATIONAL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Rational {
  int64_t numerator;
  int64_t denominator; /* > 0 */
} Rational;

static inline Rational rational_integer(int64_t value) {
  return (Rational){value, 1};
}
static inline bool rational_is_integer(Rational r) {
  return r.denominator == 1;
}

bool rational_make(int64_t numerator, int64_t denominator, Rational *result);
bool rational_add(Rational a, Rational b, Rational *result);
bool rational_subtract(Rational a, Rational b, Rational *result);
bool rational_multiply(Rational a, Rational b, Rational *result);
bool rational_divide(Rational a, Rational b, Rational *result);
bool rational_modulo(Rational a, Rational b, Rational *result); /* floored */
bool rational_power(Rational base, int64_t exponent, Rational *result);
int rational_compare(Rational a, Rational b); /* < 0, 0, > 0 */
Rational rational_floor(Rational a);
Rational rational_ceil(Rational a);
Rational rational_round(Rational a);   /* half away from zero */
double rational_to_double(Rational a); /* nearest */

#endif
