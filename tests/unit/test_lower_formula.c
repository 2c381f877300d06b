// SPDX-License-Identifier: MIT
// Own activations from text to steps: their values, their derivatives, and steps that are shared.
#include "tests/unit/model_fixture.h"

#include <math.h>

#define PROGRAM(formula)                                                                           \
  "activation own(x) = " formula                                                                   \
  "; network n { input a[64]; layer h[64] : own; output b[64] : sigmoid;"                          \
  " junction a -> h -> b : dense(); }"

typedef double (*Function)(double x);

static double softsign(double x) {
  return x / (1 + fabs(x));
}
static double cubic(double x) {
  return x * x * x - 2 * x;
}
static double clipped(double x) {
  return x > 1 ? 1 : x < -1 ? -1 : x;
}
static double swish(double x) {
  return x / (1 + exp(-x));
}

/* Compares with the function, and the derivative with a difference quotient. */
static void compiles_to(const char *text, Function function) {
  Compilation *c = compile_text(text, PASS_MODEL);
  const Activation *activation = &c->model->layers[1].activation;
  assert_int_equal(activation->function, ACTIVATE_FORMULA);
  assert_string_equal(activation->name, "own");
  for (double x = -2.97; x < 3; x += 0.1) {
    const double h = 1e-6;
    const double slope = (function(x + h) - function(x - h)) / (2 * h);
    assert_true(fabs(formula_double(activation->value, x) - function(x)) < 1e-12);
    assert_true(fabs(formula_double(activation->derivative, x) - slope) < 1e-6);
  }
  compilation_close(c);
}

static void formulas_keep_their_meaning(void **state) {
  (void)state;
  compiles_to(PROGRAM("x / (1 + abs(x))"), softsign);
  compiles_to(PROGRAM("x^3 - 2 * x"), cubic);
  compiles_to(PROGRAM("max(-1, min(1, x))"), clipped);
  compiles_to(PROGRAM("x > 1 ? 1 : x < -1 ? -1 : x"), clipped);
  compiles_to(PROGRAM("x / (1 + exp(-x))"), swish);
}

/* Numbers that are no fractions of 64 bits become the nearest that are, and 0 where that is nearer
 * than any. */
static void doubles_become_fractions(void **state) {
  (void)state;
  for (int n = -100; n <= 42; n++) {
    char text[256];
    snprintf(text, sizeof text, "param c = exp(%d); " PROGRAM("x - c"), n);
    Compilation *c = compile_text(text, PASS_MODEL);
    const double wanted = exp(n), found = -formula_double(c->model->layers[1].activation.value, 0);
    if (wanted < 0x1p-62) {
      assert_true(found == 0.0);
    } else {
      assert_true(fabs(found - wanted) <= wanted * 1e-15);
    }
    compilation_close(c);
  }
}

static void equal_parts_become_one_step(void **state) {
  (void)state;
  Compilation *c = compile_text(PROGRAM("(x + 1) * (x + 1)"), PASS_MODEL);
  const Formula *value = c->model->layers[1].activation.value;
  assert_int_equal(value->step_count, 4); /* x, 1, their sum, its square */
  for (uint32_t i = 0; i < value->step_count; i++) {
    for (uint32_t k = 0; k < 3; k++) assert_true(value->steps[i].operand[k] <= i);
  }
  compilation_close(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(formulas_keep_their_meaning),
      cmocka_unit_test(doubles_become_fractions),
      cmocka_unit_test(equal_parts_become_one_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
