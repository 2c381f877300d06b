// SPDX-License-Identifier: MIT
// a * b + c rounded once by double's operations, in C and as it is generated, against the C
// library's fmaf: over all floats, and where rounding twice would go wrong, which is next to the
// middle of two floats.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/exact_fma.h"
#include "tests/unit/native_fixture.h"

enum { CASES = 1 << 20 };

static float a[CASES], b[CASES], c[CASES], got[CASES];

/* An addend and a product of half its last place, or a hair more or less: (1 + u)(1 - u) = 1 -
 * u^2. */
static void make_middle(size_t i, uint32_t exponent) {
  c[i] = float_of_bits((next_word() & 0x807FFFFF) | exponent << 23);
  const int half = (exponent > 0 ? (int)exponent : 1) - 151; /* its exponent */
  const float u = (float)(next_word() >> (next_word() % 20 + 12)) * 0x1p-23F;
  const float sign = next_word() % 2 ? -1.0F : 1.0F;
  a[i] = ldexpf(sign * (1.0F + u), half / 2);
  b[i] = ldexpf(next_word() % 2 ? 1.0F - u : 1.0F + u, half - half / 2);
}

static void make_cases(void) {
  static const float often[] = {0.0F,      -0.0F,    1.0F,      -1.0F, 1e-45F,
                                0x1p-126F, INFINITY, -INFINITY, NAN,   0x1.FFFFFEp127F};
  for (size_t i = 0; i < CASES; i++) {
    const uint32_t kind = next_word() % 4;
    if (kind == 0) {
      make_middle(i, next_word() % 2); /* results that are subnormal, or just not */
    } else if (kind == 1) {
      make_middle(i, next_word() % 255);
    } else {
      float *const place[] = {&a[i], &b[i], &c[i]};
      for (size_t k = 0; k < 3; k++) {
        const float any = float_of_bits(next_word());
        const bool is_often = kind == 2 && next_word() % 2;
        *place[k] = is_often ? often[next_word() % (sizeof often / sizeof often[0])] : any;
      }
    }
  }
}

static void expect_rounded_once(const char *what, size_t i, float result) {
  const float expected = fmaf(a[i], b[i], c[i]);
  if (isnan(result) && isnan(expected)) return;
  if (memcmp(&result, &expected, sizeof result) != 0)
    fail_msg("%s: %a * %a + %a is %a, not %a", what, (double)a[i], (double)b[i], (double)c[i],
             (double)expected, (double)result);
}

/* Otherwise the cases would show nothing. */
static void rounding_twice_is_wrong_often(void **state) {
  size_t normal = 0, subnormal = 0;
  (void)state;
  for (size_t i = 0; i < CASES; i++) {
    const float once = fmaf(a[i], b[i], c[i]),
                twice = (float)((double)a[i] * (double)b[i] + (double)c[i]);
    if (isnan(once) || once == twice) continue;
    if (fabsf(once) < 0x1p-126F) {
      subnormal++;
    } else {
      normal++;
    }
  }
  assert_true(normal > 1000 && subnormal > 1000);
}

static void in_c(void **state) {
  (void)state;
  for (size_t i = 0; i < CASES; i++) expect_rounded_once("C", i, exact_fma(a[i], b[i], c[i]));
}

static void as_generated(void **state) {
  static const Model model = {.name = "bench"};
  const char *processor = *state;
  Bench bench;
  open_bench(&bench, &model, processor);
  Emitter *e = &bench.e;
  e->lacks_fma = true;
  Value function = begin_kernel(e, 0, "fma");
  const uint32_t fields[] = {WORK_ff_left, WORK_up_left, WORK_left_derivative, WORK_ff_right};
  Value arrays[4], x[3];
  for (size_t k = 0; k < 4; k++) arrays[k] = work_field(e, fields[k], "");
  Loop loop = begin_loop(e, const_i64(e, 0), work_field(e, WORK_last, "last"), LANES, true, "i");
  for (size_t k = 0; k < 3; k++) x[k] = load_vector(e, e->v16f32, arrays[k], loop.index, 4, "");
  store_vector(e, emit_fma(e, x[0], x[1], x[2], "sum"), arrays[3], loop.index, 4);
  end_loop(e, &loop);
  end_function(e);
  add_kernel(&bench, function);
  compile_bench(&bench);
  const NativeWork work = {
      .ff_left = a, .up_left = b, .left_derivative = c, .ff_right = got, .last = CASES};
  bench.kernels[0](&(NativeJunction){0}, &work);
  for (size_t i = 0; i < CASES; i++) expect_rounded_once("generated", i, got[i]);
  close_bench(&bench);
}

int main(void) {
  make_cases();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rounding_twice_is_wrong_often),
      cmocka_unit_test(in_c),
      cmocka_unit_test_prestate(as_generated, (void *)(uintptr_t)processors[0]),
      cmocka_unit_test_prestate(as_generated, (void *)(uintptr_t)processors[PROCESSORS - 1]),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
