// SPDX-License-Identifier: MIT
// Formulas: every operation in both kinds of arithmetic, and programs of several steps.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "runtime/formula.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* op(x, y, z) with x the argument and y, z constants; checked in double and in binary32. */
typedef struct OpCase {
  FormulaOp op;
  double x, y, z, expected;
} OpCase;

static const OpCase op_cases[] = {
    {FORMULA_CONSTANT, 1, 0, 0, 0},
    {FORMULA_ADD, 1.5, 2.25, 0, 3.75},
    {FORMULA_SUBTRACT, 1.5, 2.25, 0, -0.75},
    {FORMULA_MULTIPLY, 1.5, -2, 0, -3},
    {FORMULA_DIVIDE, 1, 4, 0, 0.25},
    {FORMULA_MODULO, 7, 3, 0, 1},
    {FORMULA_MODULO, -7, 3, 0, 2},
    {FORMULA_MODULO, 7, -3, 0, -2},
    {FORMULA_MODULO, 5.5, 2, 0, 1.5},
    {FORMULA_POWER, 3, 4, 0, 81},
    {FORMULA_POWER, -2, 3, 0, -8},
    {FORMULA_POWER, 2, -2, 0, 0.25},
    {FORMULA_POWER, 0, 0, 0, 1},
    {FORMULA_POWER, 0, 0.5, 0, 0},
    {FORMULA_POWER, -1, 65, 0, -1},
    {FORMULA_POWER, -1, 66, 0, 1},
    {FORMULA_POWER, 2, 60, 0, 0x1p60},
    {FORMULA_NEGATE, 3, 0, 0, -3},
    {FORMULA_EQUAL, 2, 2, 0, 1},
    {FORMULA_EQUAL, 2, 3, 0, 0},
    {FORMULA_NOT_EQUAL, 2, 3, 0, 1},
    {FORMULA_LESS, 2, 3, 0, 1},
    {FORMULA_LESS, 3, 3, 0, 0},
    {FORMULA_LESS_EQUAL, 3, 3, 0, 1},
    {FORMULA_GREATER, 3, 3, 0, 0},
    {FORMULA_GREATER_EQUAL, 3, 3, 0, 1},
    {FORMULA_AND, 2, 0, 0, 0},
    {FORMULA_AND, 2, -1, 0, 1},
    {FORMULA_OR, 0, 0, 0, 0},
    {FORMULA_OR, 0, 5, 0, 1},
    {FORMULA_NOT, 0, 0, 0, 1},
    {FORMULA_NOT, 2, 0, 0, 0},
    {FORMULA_SELECT, 1, 5, 6, 5},
    {FORMULA_SELECT, 0, 5, 6, 6},
    {FORMULA_MIN, 3, -1, 0, -1},
    {FORMULA_MAX, 3, -1, 0, 3},
    {FORMULA_ABS, -3, 0, 0, 3},
    {FORMULA_FLOOR, -1.5, 0, 0, -2},
    {FORMULA_CEIL, -1.5, 0, 0, -1},
    {FORMULA_ROUND, 2.5, 0, 0, 3},
    {FORMULA_ROUND, -2.5, 0, 0, -3},
    {FORMULA_ROUND, 2.25, 0, 0, 2},
    {FORMULA_ROUND, -0.25, 0, 0, 0},
    {FORMULA_ROUND, 8388609, 0, 0, 8388609},
    {FORMULA_LOG2, 8, 0, 0, 3},
    {FORMULA_LOG2, 0x1p-100, 0, 0, -100},
    {FORMULA_LOG, 1, 0, 0, 0},
    {FORMULA_SQRT, 6.25, 0, 0, 2.5},
    {FORMULA_EXP, 0, 0, 0, 1},
};

static void every_operation(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(op_cases); i++) {
    const OpCase *c = &op_cases[i];
    const FormulaStep steps[] = {
        {.op = FORMULA_ARGUMENT},
        {.op = FORMULA_CONSTANT, .constant = c->y},
        {.op = FORMULA_CONSTANT, .constant = c->z},
        {.op = c->op, .operand = {0, 1, 2}},
    };
    const Formula formula = {COUNT(steps), steps};
    const double in_double = formula_double(&formula, c->x);
    const float in_float = formula_float(&formula, (float)c->x);
    if (in_double != c->expected || in_float != (float)c->expected) {
      fail_msg("operation %d of %g, %g, %g is %.17g and %.9g, not %g", (int)c->op, c->x, c->y, c->z,
               in_double, (double)in_float, c->expected);
    }
  }
}

static double one_step(FormulaOp op, double x, double y) {
  const FormulaStep steps[] = {{.op = FORMULA_ARGUMENT},
                               {.op = FORMULA_CONSTANT, .constant = y},
                               {.op = op, .operand = {0, 1}}};
  const Formula formula = {COUNT(steps), steps};
  return formula_double(&formula, x);
}

static float one_float_step(FormulaOp op, float x, double y) {
  const FormulaStep steps[] = {{.op = FORMULA_ARGUMENT},
                               {.op = FORMULA_CONSTANT, .constant = y},
                               {.op = op, .operand = {0, 1}}};
  const Formula formula = {COUNT(steps), steps};
  return formula_float(&formula, x);
}

/* The number just below a half rounds to 0, though a half added to it rounds to 1. */
static void just_below_a_half(void **state) {
  (void)state;
  assert_true(one_step(FORMULA_ROUND, 0x1.fffffffffffffp-2, 0) == 0.0);
  assert_true(one_float_step(FORMULA_ROUND, 0x1.fffffep-2F, 0) == 0.0F);
}

static void functions_are_close(void **state) {
  (void)state;
  for (int i = 1; i <= 2000; i++) {
    const double x = (double)i / 97.0;
    const double values[][2] = {
        {one_step(FORMULA_EXP, -x, 0), exp(-x)},
        {one_step(FORMULA_LOG, x, 0), log(x)},
        {one_step(FORMULA_LOG2, x, 0), log2(x)},
        {one_step(FORMULA_POWER, x, 0.3), pow(x, 0.3)},
        {one_step(FORMULA_POWER, x, -1.7), pow(x, -1.7)},
        {one_step(FORMULA_POWER, x, 12), pow(x, 12)},
    };
    for (size_t k = 0; k < COUNT(values); k++) {
      assert_true(fabs(values[k][0] - values[k][1]) <= 2e-15 * fmax(1.0, fabs(values[k][1])) * 8.0);
    }
    const float f = (float)x;
    const double floats[][2] = {
        {(double)one_float_step(FORMULA_EXP, -f, 0), exp((double)-f)},
        {(double)one_float_step(FORMULA_LOG, f, 0), log((double)f)},
        {(double)one_float_step(FORMULA_LOG2, f, 0), log2((double)f)},
        {(double)one_float_step(FORMULA_POWER, f, 0.5), pow((double)f, 0.5)},
    };
    for (size_t k = 0; k < COUNT(floats); k++) {
      assert_true(fabs(floats[k][0] - floats[k][1]) <= 5e-7 * fmax(1.0, fabs(floats[k][1])));
    }
  }
  assert_true(isnan(one_step(FORMULA_POWER, -2.0, 0.5)));
  assert_true(isnan(one_step(FORMULA_LOG, -2.0, 0)));
  assert_true(isinf(one_step(FORMULA_DIVIDE, 1.0, 0)));
}

/* Every step is rounded: (x + 2^24) - 2^24 loses an odd x in binary32 alone. */
static void steps_round_to_their_arithmetic(void **state) {
  (void)state;
  const FormulaStep steps[] = {
      {.op = FORMULA_ARGUMENT},
      {.op = FORMULA_CONSTANT, .constant = 0x1p24},
      {.op = FORMULA_ADD, .operand = {0, 1}},
      {.op = FORMULA_SUBTRACT, .operand = {2, 1}},
  };
  const Formula formula = {COUNT(steps), steps};
  assert_true(formula_double(&formula, 1.0) == 1.0);
  assert_true(formula_float(&formula, 1.0F) == 0.0F);
  const FormulaStep constant = {.op = FORMULA_CONSTANT, .constant = 0.1};
  const Formula tenth = {1, &constant};
  assert_true(formula_float(&tenth, 7.0F) == 0.1F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_operation),
      cmocka_unit_test(just_below_a_half),
      cmocka_unit_test(functions_are_close),
      cmocka_unit_test(steps_round_to_their_arithmetic),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
