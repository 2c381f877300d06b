// SPDX-License-Identifier: MIT
// The operations of a condition on exact fractions, and on doubles.
#include "compiler/edges/condition_value.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "runtime/elementary.h"

static const char by_zero[] = "a division by zero";
static const char too_large[] = "a number beyond 64 bits";
static const char not_whole[] = "a divisor or multiple of a number that is not whole";
static const char no_root[] = "a square root of a negative number";
static const char no_logarithm[] = "a logarithm of a number that is not positive";
static const char no_power[] = "a fractional power of a negative number";

static const char *fits(bool is_representable) {
  return is_representable ? NULL : too_large;
}

static const char *truth(bool is_true, Rational *result) {
  *result = rational_integer(is_true);
  return NULL;
}

/* The absolute values of two whole numbers; NULL, or what is wrong. */
static const char *whole_sizes(const Rational *operand, uint64_t size[2]) {
  for (int i = 0; i < 2; i++) {
    if (!rational_is_integer(operand[i])) return not_whole;
    const int64_t number = operand[i].numerator;
    size[i] = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  }
  return NULL;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
  while (b != 0) {
    const uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static const char *from_size(uint64_t size, Rational *result) {
  if (size > INT64_MAX) return too_large;
  *result = rational_integer((int64_t)size);
  return NULL;
}

static const char *apply_gcd(const Rational *operand, Rational *result) {
  uint64_t size[2];
  const char *wrong = whole_sizes(operand, size);
  return wrong ? wrong : from_size(common_divisor(size[0], size[1]), result);
}

static const char *apply_lcm(const Rational *operand, Rational *result) {
  uint64_t size[2], multiple = 0;
  const char *wrong = whole_sizes(operand, size);
  if (wrong) return wrong;
  if (size[0] != 0 && size[1] != 0 &&
      __builtin_mul_overflow(size[0] / common_divisor(size[0], size[1]), size[1], &multiple))
    return too_large;
  return from_size(multiple, result);
}

static const char *apply_power(Rational base, Rational exponent, Rational *result) {
  if (!rational_is_integer(exponent)) return no_power;
  if (base.numerator == 0 && exponent.numerator < 0) return by_zero;
  return fits(rational_power(base, exponent.numerator, result));
}

/* The commonest operations on whole numbers, without the detour over fractions; false: not one of
 * them, or the result needs the detour. */
static bool apply_whole(ScalarOp op, int64_t a, int64_t b, Rational *result) {
  int64_t value;
  if (op == SCALAR_ADD) {
    if (__builtin_add_overflow(a, b, &value)) return false;
  } else if (op == SCALAR_SUBTRACT) {
    if (__builtin_sub_overflow(a, b, &value)) return false;
  } else if (op == SCALAR_MULTIPLY) {
    if (__builtin_mul_overflow(a, b, &value)) return false;
  } else if (op == SCALAR_MODULO && b > 0) {
    value = a % b;
    if (value < 0) value += b;
  } else {
    return false;
  }
  *result = rational_integer(value);
  return value != INT64_MIN;
}

const char *apply_exact(ScalarOp op, const Rational *operand, Rational *result) {
  const Rational a = operand[0];
  const Rational zero = rational_integer(0);
  if (rational_is_integer(a) && rational_is_integer(operand[1]) &&
      apply_whole(op, a.numerator, operand[1].numerator, result))
    return NULL;
  switch (op) {
  case SCALAR_ADD: return fits(rational_add(a, operand[1], result));
  case SCALAR_SUBTRACT: return fits(rational_subtract(a, operand[1], result));
  case SCALAR_MULTIPLY: return fits(rational_multiply(a, operand[1], result));
  case SCALAR_DIVIDE:
    return operand[1].numerator == 0 ? by_zero : fits(rational_divide(a, operand[1], result));
  case SCALAR_MODULO:
    return operand[1].numerator == 0 ? by_zero : fits(rational_modulo(a, operand[1], result));
  case SCALAR_POWER: return apply_power(a, operand[1], result);
  case SCALAR_NEGATE: return fits(rational_subtract(zero, a, result));
  case SCALAR_EQUAL: return truth(rational_compare(a, operand[1]) == 0, result);
  case SCALAR_NOT_EQUAL: return truth(rational_compare(a, operand[1]) != 0, result);
  case SCALAR_LESS: return truth(rational_compare(a, operand[1]) < 0, result);
  case SCALAR_LESS_EQUAL: return truth(rational_compare(a, operand[1]) <= 0, result);
  case SCALAR_GREATER: return truth(rational_compare(a, operand[1]) > 0, result);
  case SCALAR_GREATER_EQUAL: return truth(rational_compare(a, operand[1]) >= 0, result);
  case SCALAR_NOT: return truth(a.numerator == 0, result);
  case SCALAR_MIN: *result = rational_compare(a, operand[1]) <= 0 ? a : operand[1]; return NULL;
  case SCALAR_MAX: *result = rational_compare(a, operand[1]) >= 0 ? a : operand[1]; return NULL;
  case SCALAR_ABS:
    *result = a;
    return a.numerator < 0 ? fits(rational_subtract(zero, a, result)) : NULL;
  case SCALAR_FLOOR: *result = rational_floor(a); return NULL;
  case SCALAR_CEIL: *result = rational_ceil(a); return NULL;
  case SCALAR_ROUND: *result = rational_round(a); return NULL;
  case SCALAR_GCD: return apply_gcd(operand, result);
  case SCALAR_LCM: return apply_lcm(operand, result);
  case SCALAR_LOG2:
  case SCALAR_LOG:
  case SCALAR_SQRT:
  case SCALAR_EXP: /* never exact */
  case SCALAR_CONSTANT:
  case SCALAR_ARGUMENT:
  case SCALAR_AND:
  case SCALAR_OR:
  case SCALAR_SELECT:
  case SCALAR_OP_COUNT: break;
  }
  assert(false && "an operation without an exact value");
  return too_large;
}

static const char *give(double value, double *result) {
  if (!isfinite(value)) return too_large;
  *result = value;
  return NULL;
}

/* Floored: the sign of the divisor.  fmod is exact. */
static double real_modulo(double a, double b) {
  const double rest = fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Exact for powers of two. */
static double real_log2(double value) {
  int exponent;
  const double fraction = frexp(value, &exponent);
  if (fraction == 0.5) return exponent - 1;
  return exponent + log_double(fraction) / 0x1.62e42fefa39efp-1; /* ln 2 */
}

static const char *real_power(double base, double exponent, double *result) {
  if (exponent == 0) return give(1, result);
  if (base == 0) return exponent < 0 ? by_zero : give(0, result);
  const double size = exp_double(exponent * log_double(fabs(base)));
  if (base > 0) return give(size, result);
  if (floor(exponent) != exponent) return no_power;
  return give(fmod(exponent, 2) == 0 ? size : -size, result);
}

const char *apply_real(ScalarOp op, const double *operand, double *result) {
  const double a = operand[0];
  switch (op) {
  case SCALAR_ADD: return give(a + operand[1], result);
  case SCALAR_SUBTRACT: return give(a - operand[1], result);
  case SCALAR_MULTIPLY: return give(a * operand[1], result);
  case SCALAR_DIVIDE: return operand[1] == 0 ? by_zero : give(a / operand[1], result);
  case SCALAR_MODULO: return operand[1] == 0 ? by_zero : give(real_modulo(a, operand[1]), result);
  case SCALAR_POWER: return real_power(a, operand[1], result);
  case SCALAR_NEGATE: return give(-a, result);
  case SCALAR_EQUAL: return give(a == operand[1], result);
  case SCALAR_NOT_EQUAL: return give(a != operand[1], result);
  case SCALAR_LESS: return give(a < operand[1], result);
  case SCALAR_LESS_EQUAL: return give(a <= operand[1], result);
  case SCALAR_GREATER: return give(a > operand[1], result);
  case SCALAR_GREATER_EQUAL: return give(a >= operand[1], result);
  case SCALAR_NOT: return give(a == 0, result);
  case SCALAR_MIN: return give(a <= operand[1] ? a : operand[1], result);
  case SCALAR_MAX: return give(a >= operand[1] ? a : operand[1], result);
  case SCALAR_ABS: return give(fabs(a), result);
  case SCALAR_FLOOR: return give(floor(a), result);
  case SCALAR_CEIL: return give(ceil(a), result);
  case SCALAR_ROUND: return give(round(a), result);
  case SCALAR_LOG2: return a > 0 ? give(real_log2(a), result) : no_logarithm;
  case SCALAR_LOG: return a > 0 ? give(log_double(a), result) : no_logarithm;
  case SCALAR_SQRT: return a >= 0 ? give(sqrt(a), result) : no_root;
  case SCALAR_EXP: return give(exp_double(a), result);
  case SCALAR_GCD:
  case SCALAR_LCM: return not_whole;
  case SCALAR_CONSTANT:
  case SCALAR_ARGUMENT:
  case SCALAR_AND:
  case SCALAR_OR:
  case SCALAR_SELECT:
  case SCALAR_OP_COUNT: break;
  }
  assert(false && "an operation without a value");
  return too_large;
}
