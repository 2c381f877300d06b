// SPDX-License-Identifier: MIT
// Derivatives of own activations, against differences of the function itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "model_fixture.h"

/* The model of a network whose hidden layer has this activation. */
static Compilation *compile_activation(const char *body) {
  char text[512];
  snprintf(text, sizeof text,
           "activation f(x) = %s; network n { input a[64]; layer b[4] : f; output c[64] : sigmoid;"
           " junction a -> b -> c : dense(); }",
           body);
  return compile_text(text, PASS_MODEL);
}

static void derivatives_are_slopes(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "x ^ 3 - 2 * x + 7",
      "x / (1 + abs(x))",
      "exp(-x ^ 2)",
      "max(x / 8, min(x, 1))",
      "sqrt(x ^ 2 + 1)",
      "log2(1 + exp(x))",
      "2 ^ x",
      "(x ^ 2 + 1) ^ x",
      "x > 1/2 ? x * x : -x / 3",
      "(1 - exp(-x)) / (1 + exp(-x))",
      "floor(x) + x / 2",
      "-(3 - x) * (x + 1)",
  };
  static const double points[] = {-2.3, -0.7, -0.11, 0.23, 0.61, 1.4, 2.9};
  const double h = 1e-6;
  for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
    Compilation *c = compile_activation(bodies[i]);
    const Activation *f = &c->model->layers[1].activation;
    for (size_t k = 0; k < sizeof points / sizeof points[0]; k++) {
      const double x = points[k];
      const double slope =
          (formula_double(f->value, x + h) - formula_double(f->value, x - h)) / (2.0 * h);
      const double derivative = formula_double(f->derivative, x);
      if (fabs(slope - derivative) > 1e-5 * (1.0 + fabs(slope))) {
        fail_msg("%s at %g: derivative %g, slope %g", bodies[i], x, derivative, slope);
      }
    }
    compilation_close(c);
  }
}

static void kinks_take_a_side(void **state) {
  (void)state;
  Compilation *c = compile_activation("max(0, x)");
  const Activation *f = &c->model->layers[1].activation;
  assert_true(formula_double(f->derivative, 0.0) == 0.0);
  assert_true(formula_double(f->derivative, 1e-9) == 1.0);
  assert_true(formula_double(f->derivative, -1e-9) == 0.0);
  compilation_close(c);
}

static void steps_without_a_derivative_are_refused(void **state) {
  (void)state;
  const CheckOptions options = {0};
  Compilation *c =
      compilation_open("test.sedge",
                       "activation f(x) = x % 1; network n { input a[4]; layer b[4] : f;"
                       " output c[4] : sigmoid; junction a -> b -> c : dense(); }",
                       &options);
  assert_false(run_passes(c, PASS_CHECK));
  assert_true(has_error_code(c->diagnostics, ERROR_NO_DERIVATIVE));
  assert_int_equal(error_count(c->diagnostics), 1);
  compilation_close(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(derivatives_are_slopes),
      cmocka_unit_test(kinks_take_a_side),
      cmocka_unit_test(steps_without_a_derivative_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
