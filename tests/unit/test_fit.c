// SPDX-License-Identifier: MIT
// The choice of z: exact against all choices, the published networks' numbers, and what is said
// when nothing fits.
#include "model_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/fit/fit_report.h"

static Compilation *compile_fit(const char *layers, const char *hardware) {
  char text[1024];
  snprintf(text, sizeof text, "network n { %s } hardware h { %s } train { order = pipelined; }",
           layers, hardware);
  return compile_text(text, PASS_SCHEDULE);
}

/* ---- published networks ---- */

static const char reconfig[] =
    "input a[784] pad 1024; layer b[64] : sigmoid; output c[10] pad 32 : sigmoid;"
    " junction a -> b : clashfree(fanout = 4); junction b -> c : clashfree(fanout = 16);";
static const char icann[] =
    "input a[784] pad 1024; layer b[64] : sigmoid; output c[10] pad 16 : sigmoid;"
    " junction a -> b -> c : clashfree(fanout = 8);";

/* 4096 / 128 = 1024 / 32 = 32 clocks; FF and UP of both junctions, BP of the second. */
static void reconfig_2018(void **state) {
  (void)state;
  Compilation *c = compile_fit(reconfig, "z = (128, 32); number = fixed(width = 12, integer = 3);");
  assert_int_equal(c->schedule->junctions[0].slot_count, 32);
  assert_int_equal(c->schedule->junctions[1].slot_count, 32);
  assert_int_equal(c->schedule->junction_cycle, 36);
  assert_int_equal(c->fit->used.multipliers, 352);
  assert_int_equal(c->fit->used.ff_multipliers, 128 + 32);
  assert_int_equal(c->fit->used.bp_multipliers, 32);
  assert_int_equal(c->fit->used.up_multipliers, 128 + 32);
  /* Fan-ins 64 and 32: a clock ends 2 and 1 neurons, so the trees have 126 and 31 adders. */
  assert_int_equal(c->fit->used.ff_adders, 126 + 31);
  assert_int_equal(warning_count(c->diagnostics), 0);
  compilation_close(c);
}

static void icann_2017(void **state) {
  (void)state;
  Compilation *c = compile_fit(icann, "z = (512, 32);");
  assert_int_equal(c->schedule->junctions[0].slot_count, 16);
  assert_int_equal(c->schedule->junctions[1].slot_count, 16);
  assert_int_equal(c->schedule->junction_cycle, 20);
  assert_int_equal(c->fit->used.multipliers, 3 * 32 + 2 * 512);
  assert_int_equal(model_parameter_count(c->model), 8192 + 512 + 64 + 16);
  compilation_close(c);
}

/* Banks and bits by hand: 3 copies of hidden a and d, 5 of the input's a, 1 and 1 of the output's;
 * 2 deltas each. */
static void memories_by_hand(void **state) {
  (void)state;
  Compilation *c = compile_fit(reconfig, "z = (128, 32); number = fixed(width = 12, integer = 3);");
  const uint64_t parameters = 4096 + 1024 + 64 + 32;
  const uint64_t values = 5 * 1024 + (3 + 3 + 2) * 64 + (1 + 1 + 2) * 32;
  assert_int_equal(c->fit->used.memory_bits, 12 * (parameters + values));
  const uint64_t banks = 128 + 32 + 32 + 1 + 5 * 128 + (3 + 3 + 2) * 32 + (1 + 1 + 2) * 1;
  assert_int_equal(c->fit->used.memory_banks, banks);
  compilation_close(c);
}

/* ---- auto is exact ---- */

static const uint32_t sizes[] = {48, 24, 36, 12};
static const uint32_t fanins[] = {16, 12, 36}; /* clash-free with fan-outs 8 and 18, then dense */
static const char chain[] = "input a[48]; layer b[24], c[36] : relu; output d[12] : sigmoid;"
                            " junction a -> b : clashfree(fanout = 8, banks = 48); junction b -> c "
                            ": clashfree(fanout = 18, banks = 12);"
                            " junction c -> d : dense();";

static uint32_t divide_up(uint32_t a, uint32_t b) {
  return a / b + (a % b != 0);
}

/* The fewest clocks of the longest junction that any three divisors within the multipliers give; 0:
 * none fit. */
static uint32_t fewest_clocks(uint32_t multipliers) {
  static const uint32_t banks[] = {48, 12, 36};
  uint32_t fewest = 0;
  for (uint32_t x = 1; x <= banks[0]; x++) {
    for (uint32_t y = 1; y <= banks[1]; y++) {
      for (uint32_t w = 1; w <= banks[2]; w++) {
        const bool is_choice = banks[0] % x == 0 && banks[1] % y == 0 && banks[2] % w == 0;
        const bool has_banks = divide_up(x, fanins[0]) <= y && divide_up(y, fanins[1]) <= w;
        if (!is_choice || !has_banks || 2 * x + 3 * y + 3 * w > multipliers) continue;
        const uint32_t z[] = {x, y, w};
        uint32_t longest = 0;
        for (uint32_t i = 0; i < 3; i++) {
          const uint32_t clocks = divide_up(sizes[i + 1] * fanins[i], z[i]);
          if (clocks > longest) longest = clocks;
        }
        if (fewest == 0 || longest < fewest) fewest = longest;
      }
    }
  }
  return fewest;
}

static void auto_is_the_fastest_of_all_choices(void **state) {
  (void)state;
  for (uint32_t multipliers = 8; multipliers < 320; multipliers++) {
    char hardware[64];
    snprintf(hardware, sizeof hardware, "multipliers = %u;", multipliers);
    Compilation *c = compile_fit(chain, hardware);
    assert_true(c->fit->used.multipliers <= multipliers);
    assert_true(c->fit->is_z_chosen);
    assert_int_equal(c->schedule->junction_cycle, fewest_clocks(multipliers) + 4);
    compilation_close(c);
  }
}

/* Balanced: no junction has a larger z than the junction cycle needs. */
static void auto_wastes_nothing(void **state) {
  (void)state;
  Compilation *c = compile_fit(chain, "multipliers = 100;");
  const uint32_t longest = c->schedule->junction_cycle - 4;
  static const uint32_t banks[] = {48, 12, 36};
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t smaller = c->fit->z[i] - 1;
    while (smaller > 0 && banks[i] % smaller) smaller--;
    if (smaller == 0) continue;
    const bool is_too_slow = divide_up(sizes[i + 1] * fanins[i], smaller) > longest;
    const bool has_no_banks = i > 0 && divide_up(c->fit->z[i - 1], fanins[i - 1]) > smaller;
    assert_true(is_too_slow || has_no_banks);
  }
  compilation_close(c);
}

/* ---- what does not fit ---- */

static const char small[] =
    "input a[64]; layer b[32] : relu; output c[16] : sigmoid; junction a -> b -> c : dense();";

/* Whether the messages so far, as they are printed, contain the words. */
static bool is_said(const Compilation *c, const char *words) {
  char *printed = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&printed, &bytes);
  assert_non_null(out);
  print_diagnostics(c->diagnostics, out, false);
  fclose(out);
  const bool is_there = strstr(printed, words) != NULL;
  if (!is_there) print_message("expected: %s\nprinted: %s", words, printed);
  free(printed);
  return is_there;
}

/* Compiles, and wants exactly this error, with these words in the message. */
static void expect_error(const char *layers, const char *hardware, ErrorCode code,
                         const char *words) {
  char text[1024];
  snprintf(text, sizeof text, "network n { %s } hardware h { %s }", layers, hardware);
  const CheckOptions options = {0};
  Compilation *c = compilation_open("test.sedge", text, &options);
  assert_false(run_passes(c, PASS_SCHEDULE));
  assert_int_equal(error_count(c->diagnostics), 1);
  assert_true(has_error_code(c->diagnostics, code));
  assert_true(error_is_misfit(code));
  assert_true(is_said(c, words));
  compilation_close(c);
}

static void what_runs_out_is_named(void **state) {
  (void)state;
  expect_error(small, "ports = 1;", ERROR_FIT_PORTS, "1 more than there are");
  expect_error(small, "z = (24, 4);", ERROR_FIT_CLASH, "in clock 2 edges 48 and 64");
  expect_error(small, "z = (2048, 4);", ERROR_FIT_BANKS,
               "up to 32 neurons of 'b' in a clock, into 4 banks");
  expect_error(small, "multipliers = 100; z = (64, 32);", ERROR_FIT_MULTIPLIERS,
               "needs 224 multipliers, 124 more than the 100");
  expect_error(small, "multipliers = 4;", ERROR_FIT_MULTIPLIERS,
               "needs 5 multipliers, 1 more than the 4");
  expect_error(small, "block_ram = 1000 bit;", ERROR_FIT_MEMORY, "more than the 1");
}

static void other_errors_are_no_misfits(void **state) {
  (void)state;
  assert_false(error_is_misfit(ERROR_DEFECT));
  assert_false(error_is_misfit(ERROR_SCHEDULE_DEFECT));
  assert_false(error_is_misfit(ERROR_UNBALANCED));
  assert_false(error_is_misfit(ERROR_BANKS));
}

/* Many neurons end in one clock, but none of them shares a bank. */
static void narrow_bands_fit_wide_clocks(void **state) {
  (void)state;
  const char *text =
      "pattern band(w)(l, r) = abs(l - r) <= w; network n { input a[1024]; layer b[1024] : relu;"
      " output c[16] : sigmoid; junction a -> b : band(1); junction b -> c : dense(); }"
      " hardware h { z = (1024, 512); }";
  Compilation *c = compile_text(text, PASS_SCHEDULE);
  assert_int_equal(c->schedule->junctions[0].slot_count, 3);
  compilation_close(c);
}

/* ---- warnings ---- */

/* Compiles, and wants one warning with these words; none where they are NULL. */
static void expect_warning(const char *hardware, const char *words) {
  Compilation *c = compile_fit(small, hardware);
  assert_int_equal(warning_count(c->diagnostics), words ? 1 : 0);
  if (words) assert_true(is_said(c, words));
  compilation_close(c);
}

static void waste_is_warned_of(void **state) {
  (void)state;
  expect_warning("z = (64, 32);", "z = (64, 16) is as fast with fewer multipliers");
  expect_warning("z = (64, 16);", NULL);
  expect_warning("z = (16, 4); multipliers = 200;", "156 of 200 multipliers are left idle");
  expect_warning("z = (64, 16); multipliers = 200;", NULL);
  expect_warning("multipliers = 1000;", NULL);
  /* Half of them are idle, but the next faster choice takes 176. */
  expect_warning("z = (32, 8); multipliers = 175;", NULL);
}

/* ---- the report ---- */

static void the_report_is_what_is_scheduled(void **state) {
  (void)state;
  Compilation *c = compile_fit(
      reconfig, "z = (128, 32); clock = 15 MHz; number = fixed(width = 12, integer = 3);");
  const FitReportInput input = {c->program, c->model, c->fit, c->schedule, false};
  json_t *report = fit_report_json(&input);
  assert_int_equal(json_integer_value(json_object_get(report, "junction_cycle")), 36);
  assert_true(json_number_value(json_object_get(report, "inputs_per_second")) == 15e6 / 36);
  const json_t *operations = json_object_get(report, "operations");
  assert_int_equal(json_integer_value(json_object_get(operations, "sparse")), 2 * 4096 + 3 * 1024);
  assert_int_equal(json_integer_value(json_object_get(operations, "dense")), 2 * 65536 + 3 * 2048);
  const json_t *multipliers = json_object_get(report, "multipliers");
  assert_int_equal(json_integer_value(json_object_get(multipliers, "used")), 352);
  assert_true(json_is_null(json_object_get(multipliers, "available")));
  json_decref(report);
  compilation_close(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reconfig_2018),
      cmocka_unit_test(icann_2017),
      cmocka_unit_test(memories_by_hand),
      cmocka_unit_test(auto_is_the_fastest_of_all_choices),
      cmocka_unit_test(auto_wastes_nothing),
      cmocka_unit_test(what_runs_out_is_named),
      cmocka_unit_test(other_errors_are_no_misfits),
      cmocka_unit_test(narrow_bands_fit_wide_clocks),
      cmocka_unit_test(waste_is_warned_of),
      cmocka_unit_test(the_report_is_what_is_scheduled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
