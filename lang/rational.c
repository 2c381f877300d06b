// SPDX-License-Identifier: MIT
// Exact numbers: 64-bit lowest terms, 128-bit intermediates.
#include "lang/rational.h"

__extension__ typedef __int128 Wide;

static Wide wide_abs(Wide value) {
  return value < 0 ? -value : value;
}

static Wide wide_gcd(Wide a, Wide b) {
  a = wide_abs(a);
  b = wide_abs(b);
  while (b) {
    const Wide rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* Brings numerator / denominator to lowest terms. */
static bool reduce(Wide numerator, Wide denominator, Rational *result) {
  if (denominator == 0) return false;
  const Wide divisor = wide_gcd(numerator, denominator);
  if (divisor > 1) {
    numerator /= divisor;
    denominator /= divisor;
  }
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  /* INT64_MIN is left out, so that negation never overflows. */
  if (wide_abs(numerator) > INT64_MAX || denominator > INT64_MAX) return false;
  *result = (Rational){(int64_t)numerator, (int64_t)denominator};
  return true;
}

bool rational_make(int64_t numerator, int64_t denominator, Rational *result) {
  return reduce(numerator, denominator, result);
}

bool rational_add(Rational a, Rational b, Rational *result) {
  /* |a.n * b.d| < 2^126, so the sum fits. */
  return reduce((Wide)a.numerator * b.denominator + (Wide)b.numerator * a.denominator,
                (Wide)a.denominator * b.denominator, result);
}

bool rational_subtract(Rational a, Rational b, Rational *result) {
  return rational_add(a, (Rational){-b.numerator, b.denominator}, result);
}

bool rational_multiply(Rational a, Rational b, Rational *result) {
  return reduce((Wide)a.numerator * b.numerator, (Wide)a.denominator * b.denominator, result);
}

bool rational_divide(Rational a, Rational b, Rational *result) {
  return reduce((Wide)a.numerator * b.denominator, (Wide)a.denominator * b.numerator, result);
}

bool rational_modulo(Rational a, Rational b, Rational *result) {
  Rational quotient, whole;
  if (!rational_divide(a, b, &quotient)) return false;
  if (!rational_multiply(rational_floor(quotient), b, &whole)) return false;
  return rational_subtract(a, whole, result);
}

bool rational_power(Rational base, int64_t exponent, Rational *result) {
  if (exponent < 0) {
    if (base.numerator == 0 || exponent == INT64_MIN) return false;
    Rational inverse = {base.denominator, base.numerator};
    if (!reduce(inverse.numerator, inverse.denominator, &inverse)) return false;
    return rational_power(inverse, -exponent, result);
  }
  Rational power = rational_integer(1);
  while (exponent) {
    if ((exponent & 1) && !rational_multiply(power, base, &power)) return false;
    exponent /= 2;
    if (exponent && !rational_multiply(base, base, &base)) return false;
  }
  *result = power;
  return true;
}

int rational_compare(Rational a, Rational b) {
  const Wide left = (Wide)a.numerator * b.denominator, right = (Wide)b.numerator * a.denominator;
  return (left > right) - (left < right);
}

Rational rational_floor(Rational a) {
  const int64_t quotient = a.numerator / a.denominator;
  return rational_integer(a.numerator % a.denominator < 0 ? quotient - 1 : quotient);
}

Rational rational_ceil(Rational a) {
  const Rational below = rational_floor((Rational){-a.numerator, a.denominator});
  return rational_integer(-below.numerator);
}

Rational rational_round(Rational a) {
  const Wide doubled = 2 * wide_abs(a.numerator) + a.denominator;
  const int64_t magnitude = (int64_t)(doubled / (2 * (Wide)a.denominator));
  return rational_integer(a.numerator < 0 ? -magnitude : magnitude);
}

double rational_to_double(Rational a) {
  const int64_t exact = INT64_C(1) << 53;
  const bool is_exact = a.numerator <= exact && a.numerator >= -exact && a.denominator <= exact;
  /* One division of exact operands rounds once; beyond 53 bits the last bit may be one off. */
  if (is_exact) return (double)a.numerator / (double)a.denominator;
  return (double)((long double)a.numerator / (long double)a.denominator);
}
