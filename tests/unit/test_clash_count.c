// SPDX-License-Identifier: MIT
// The number of clash-free patterns: the published counts, and what is beyond 64 bits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "compiler/edges/edges.h"

static void check_exact(PatternCount count, uint64_t exact) {
  assert_int_equal(count.exact, exact);
  assert_true(fabs(count.log10 - log10((double)exact)) < 1e-9);
}

static void gives_the_published_counts(void **state) {
  (void)state;
  const uint64_t of_nine[3] = {46656, 729, 27};
  const uint64_t of_twelve[3] = {1679616, 6561, 81};
  const uint64_t of_twelve_dithered[3] = {60466176, 236196, 486};
  for (uint32_t type = 1; type <= 3; type++) {
    check_exact(count_clash_free(9, 2, 6, 3, type, false), of_nine[type - 1]);
    check_exact(count_clash_free(9, 2, 6, 3, type, true), of_nine[type - 1]);
    check_exact(count_clash_free(12, 2, 12, 4, type, false), of_twelve[type - 1]);
    check_exact(count_clash_free(12, 2, 12, 4, type, true), of_twelve_dithered[type - 1]);
  }
}

static void a_full_junction_has_one_pattern(void **state) {
  (void)state;
  for (uint32_t type = 1; type <= 3; type++)
    check_exact(count_clash_free(12, 6, 6, 4, type, true), 1);
}

static void large_counts_keep_their_logarithm(void **state) {
  (void)state;
  const PatternCount type2 = count_clash_free(1024, 8, 64, 512, 2, false);
  assert_int_equal(type2.exact, 0);
  assert_true(fabs(type2.log10 - 4096 * log10(2)) < 1e-9);
  const PatternCount type3 = count_clash_free(128, 1, 64, 64, 3, false);
  assert_int_equal(type3.exact, 0); /* 2^64: one too many */
  check_exact(count_clash_free(126, 1, 63, 63, 3, false), (uint64_t)1 << 63);
  const PatternCount dithered = count_clash_free(1024, 8, 1024, 512, 2, true);
  double expected = 4096 * log10(2); /* 512! / (8!)^64, eight times */
  for (uint32_t i = 2; i <= 512; i++) expected += 8 * log10(i);
  expected -= 8 * 64 * log10(40320);
  assert_true(fabs(dithered.log10 - expected) < 1e-6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_the_published_counts),
      cmocka_unit_test(a_full_junction_has_one_pattern),
      cmocka_unit_test(large_counts_keep_their_logarithm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
