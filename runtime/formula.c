// SPDX-License-Identifier: MIT
// The interpreter of formulas, once in binary32 and once in double.
//
// POWER with a whole exponent up to 64 multiplies, else it is exp(y log x); MODULO is floored; LOG2
// is taken in double.
#include "runtime/formula.h"

#include <math.h>

#include "runtime/elementary.h"

uint32_t formula_operands(FormulaOp op) {
  static const uint32_t operands[FORMULA_OP_COUNT] = {
#define FORMULA(id, name, operands) operands,
#include "runtime/formula_ops.def"
#undef FORMULA
  };
  return operands[op];
}

static const double log2_of_e = 1.4426950408889634;

/* Of a negative number's power: NaN where the exponent is not whole. */
static float sign_of_power(double exponent) {
  if (exponent != floor(exponent)) return NAN;
  return fmod(exponent, 2.0) == 0.0 ? 1.0F : -1.0F;
}

float formula_power(float x, float y) {
  if (y == floorf(y) && fabsf(y) <= 64.0F) {
    float power = 1.0F;
    for (int i = (int)fabsf(y); i > 0; i--) power = power * x;
    return y < 0.0F ? 1.0F / power : power;
  }
  const float power = exp_float(y * log_float(fabsf(x)));
  return x < 0.0F ? power * sign_of_power((double)y) : power;
}

static double power_double(double x, double y) {
  if (y == floor(y) && fabs(y) <= 64.0) {
    double power = 1.0;
    for (int i = (int)fabs(y); i > 0; i--) power = power * x;
    return y < 0.0 ? 1.0 / power : power;
  }
  const double power = exp_double(y * log_double(fabs(x)));
  return x < 0.0 ? power * (double)sign_of_power(y) : power;
}

/* Exact for powers of two. */
static double log2_of(double x) {
  if (!(x > 0.0) || isinf(x)) return log_double(x);
  int exponent = 0;
  double fraction = frexp(x, &exponent);
  if (fraction < 0.70710678118654752) {
    fraction *= 2.0;
    exponent--;
  }
  return (double)exponent + log_double(fraction) * log2_of_e;
}

float formula_log2(float x) {
  return (float)log2_of((double)x);
}

static float step_float(const FormulaStep *step, float x, float a, float b, float c) {
  switch (step->op) {
  case FORMULA_CONSTANT: return (float)step->constant;
  case FORMULA_ARGUMENT: return x;
  case FORMULA_ADD: return a + b;
  case FORMULA_SUBTRACT: return a - b;
  case FORMULA_MULTIPLY: return a * b;
  case FORMULA_DIVIDE: return a / b;
  case FORMULA_MODULO: return a - floorf(a / b) * b;
  case FORMULA_POWER: return formula_power(a, b);
  case FORMULA_NEGATE: return -a;
  case FORMULA_EQUAL: return a == b ? 1.0F : 0.0F;
  case FORMULA_NOT_EQUAL: return a != b ? 1.0F : 0.0F;
  case FORMULA_LESS: return a < b ? 1.0F : 0.0F;
  case FORMULA_LESS_EQUAL: return a <= b ? 1.0F : 0.0F;
  case FORMULA_GREATER: return a > b ? 1.0F : 0.0F;
  case FORMULA_GREATER_EQUAL: return a >= b ? 1.0F : 0.0F;
  case FORMULA_AND: return a != 0.0F && b != 0.0F ? 1.0F : 0.0F;
  case FORMULA_OR: return a != 0.0F || b != 0.0F ? 1.0F : 0.0F;
  case FORMULA_NOT: return a == 0.0F ? 1.0F : 0.0F;
  case FORMULA_SELECT: return a != 0.0F ? b : c;
  case FORMULA_MIN: return a < b ? a : b;
  case FORMULA_MAX: return a > b ? a : b;
  case FORMULA_ABS: return fabsf(a);
  case FORMULA_FLOOR: return floorf(a);
  case FORMULA_CEIL: return ceilf(a);
  case FORMULA_ROUND: return roundf(a);
  case FORMULA_LOG2: return formula_log2(a);
  case FORMULA_LOG: return log_float(a);
  case FORMULA_SQRT: return sqrtf(a);
  case FORMULA_EXP: return exp_float(a);
  case FORMULA_OP_COUNT: break;
  }
  return 0.0F;
}

static double step_double(const FormulaStep *step, double x, double a, double b, double c) {
  switch (step->op) {
  case FORMULA_CONSTANT: return step->constant;
  case FORMULA_ARGUMENT: return x;
  case FORMULA_ADD: return a + b;
  case FORMULA_SUBTRACT: return a - b;
  case FORMULA_MULTIPLY: return a * b;
  case FORMULA_DIVIDE: return a / b;
  case FORMULA_MODULO: return a - floor(a / b) * b;
  case FORMULA_POWER: return power_double(a, b);
  case FORMULA_NEGATE: return -a;
  case FORMULA_EQUAL: return a == b ? 1.0 : 0.0;
  case FORMULA_NOT_EQUAL: return a != b ? 1.0 : 0.0;
  case FORMULA_LESS: return a < b ? 1.0 : 0.0;
  case FORMULA_LESS_EQUAL: return a <= b ? 1.0 : 0.0;
  case FORMULA_GREATER: return a > b ? 1.0 : 0.0;
  case FORMULA_GREATER_EQUAL: return a >= b ? 1.0 : 0.0;
  case FORMULA_AND: return a != 0.0 && b != 0.0 ? 1.0 : 0.0;
  case FORMULA_OR: return a != 0.0 || b != 0.0 ? 1.0 : 0.0;
  case FORMULA_NOT: return a == 0.0 ? 1.0 : 0.0;
  case FORMULA_SELECT: return a != 0.0 ? b : c;
  case FORMULA_MIN: return a < b ? a : b;
  case FORMULA_MAX: return a > b ? a : b;
  case FORMULA_ABS: return fabs(a);
  case FORMULA_FLOOR: return floor(a);
  case FORMULA_CEIL: return ceil(a);
  case FORMULA_ROUND: return round(a);
  case FORMULA_LOG2: return log2_of(a);
  case FORMULA_LOG: return log_double(a);
  case FORMULA_SQRT: return sqrt(a);
  case FORMULA_EXP: return exp_double(a);
  case FORMULA_OP_COUNT: break;
  }
  return 0.0;
}

float formula_float(const Formula *formula, float x) {
  float values[FORMULA_STEP_LIMIT];
  for (uint32_t i = 0; i < formula->step_count; i++) {
    const FormulaStep *s = &formula->steps[i];
    values[i] = 0.0F;
    values[i] =
        step_float(s, x, values[s->operand[0]], values[s->operand[1]], values[s->operand[2]]);
  }
  return values[formula->step_count - 1];
}

double formula_double(const Formula *formula, double x) {
  double values[FORMULA_STEP_LIMIT];
  for (uint32_t i = 0; i < formula->step_count; i++) {
    const FormulaStep *s = &formula->steps[i];
    values[i] = 0.0;
    values[i] =
        step_double(s, x, values[s->operand[0]], values[s->operand[1]], values[s->operand[2]]);
  }
  return values[formula->step_count - 1];
}
