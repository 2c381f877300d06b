// SPDX-License-Identifier: MIT
// The bar's text: never wider than the terminal, whatever it is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "runtime/progress.h"

static void times_and_rates_read_well(void **state) {
  (void)state;
  static const struct {
    double seconds;
    const char *text;
  } times[] = {{0, "0:00"},        {7.4, "0:07"}, {59.6, "1:00"},      {725, "12:05"},
               {10979, "3:02:59"}, {-1, "--:--"}, {INFINITY, "--:--"}, {NAN, "--:--"}};
  static const struct {
    double per_second;
    const char *text;
  } rates[] = {{0, "0"},          {837.2, "837"},    {999.6, "1.00k"}, {12345, "12.3k"},
               {1.05e6, "1.05M"}, {2.5e12, "2500G"}, {NAN, "0"},       {-3, "0"}};
  char text[24];
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    format_time(times[i].seconds, text);
    assert_string_equal(text, times[i].text);
  }
  for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
    format_rate(rates[i].per_second, text);
    assert_string_equal(text, rates[i].text);
  }
}

static void a_bar_looks_like_this(void **state) {
  (void)state;
  char text[128];
  const ProgressState half = {.label = "epoch 3/15",
                              .done = 30000,
                              .total = 60000,
                              .per_second = 12345,
                              .seconds_left = 61,
                              .unit = "inputs"};
  progress_text(&half, 60, text, sizeof text);
  assert_string_equal(text, "epoch 3/15  50 % [=======>       ] 12.3k inputs/s, 1:01 left");
  const ProgressState unknown = {
      .label = "testing 1/1", .done = 0, .total = 10, .seconds_left = -1, .unit = "inputs"};
  progress_text(&unknown, 40, text, sizeof text);
  assert_string_equal(text, "testing 1/1   0 % [>                   ]");
}

static void no_bar_is_too_wide(void **state) {
  (void)state;
  const uint64_t counts[] = {0, 1, 59999, 60000, 70000, UINT64_MAX};
  for (uint32_t width = 0; width <= 200; width++) {
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
      char text[256];
      memset(text, 'x', sizeof text);
      const ProgressState state_now = {.label = "epoch 1234567/4294967295",
                                       .done = counts[i],
                                       .total = 60000,
                                       .per_second = 1e30,
                                       .seconds_left = 1e30,
                                       .unit = "inputs"};
      progress_text(&state_now, width, text, sizeof text);
      assert_true(strlen(text) <= width);
    }
  }
}

/* A stream that is no terminal gets lines alone. */
static void elsewhere_only_lines_are_shown(void **state) {
  (void)state;
  char text[128] = {0};
  FILE *out = fmemopen(text, sizeof text, "w");
  Progress progress = progress_open(out, false);
  const ProgressState now = {
      .label = "epoch", .done = 1, .total = 2, .per_second = 1, .unit = "inputs"};
  progress_show(&progress, &now);
  progress_line(&progress, "epoch %d", 1);
  progress_clear(&progress);
  Progress quiet = progress_open(out, true);
  progress_line(&quiet, "nothing");
  fclose(out);
  assert_string_equal(text, "epoch 1\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_and_rates_read_well),
      cmocka_unit_test(a_bar_looks_like_this),
      cmocka_unit_test(no_bar_is_too_wide),
      cmocka_unit_test(elsewhere_only_lines_are_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
