// SPDX-License-Identifier: MIT
// The scatter of patterns whose coverage of the windows is known by counting.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "tests/unit/edges_fixture.h"

static void assert_near(double value, double expected) {
  assert_true(fabs(value - expected) < 1e-12);
}

static Interleaver listed(uint32_t p, uint32_t n, uint32_t fanin, const uint32_t *left) {
  return (Interleaver){.kind = INTERLEAVER_LISTED,
                       .left_count = p,
                       .right_count = n,
                       .edge_count = n * fanin,
                       .fanin = fanin,
                       .left = left};
}

static void dense_edges_spread_ideally(void **state) {
  (void)state;
  const Interleaver edges = {.kind = INTERLEAVER_DENSE,
                             .left_count = 7,
                             .right_count = 5,
                             .edge_count = 35,
                             .fanin = 7,
                             .fanout = 5};
  const Scatter scatter = edges_scatter(&edges);
  assert_near(scatter.forward, 1);
  assert_near(scatter.backward, 1);
  assert_near(scatter.scatter, 1);
}

/* 8 left, 4 right, fan-in 2, fan-out 1: two windows of four left neurons, one window of all right
 * ones. */
static void neighbours_meet_few_windows(void **state) {
  (void)state;
  const uint32_t near[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  const Interleaver narrow = listed(8, 4, 2, near);
  assert_near(edges_scatter(&narrow).forward, 0.5);
  assert_near(edges_scatter(&narrow).backward, 1);
  assert_near(edges_scatter(&narrow).scatter, 0.5);
  const uint32_t far[8] = {0, 4, 1, 5, 2, 6, 3, 7};
  const Interleaver wide = listed(8, 4, 2, far);
  assert_near(edges_scatter(&wide).scatter, 1);
}

/* Both right neurons of the first window read left neurons 0 and 1, those of the second 2 and 3. */
static void backward_counts_windows_of_the_right_layer(void **state) {
  (void)state;
  const uint32_t left[8] = {0, 2, 0, 2, 1, 3, 1, 3};
  const Interleaver edges = listed(4, 4, 2, left);
  assert_near(edges_scatter(&edges).forward, 1);
  assert_near(edges_scatter(&edges).backward, 0.5);
  assert_near(edges_scatter(&edges).scatter, 0.5);
}

/* Right neuron 0 has three edges, 1 has one, 2 none: K = round(4 / 3) = 1. */
static void neurons_without_edges_lower_it(void **state) {
  (void)state;
  const uint32_t left[4] = {0, 1, 2, 3}, begin[4] = {0, 3, 4, 4};
  const Interleaver edges = {.kind = INTERLEAVER_LISTED,
                             .left_count = 4,
                             .right_count = 3,
                             .edge_count = 4,
                             .fanout = 1,
                             .right_begin = begin,
                             .left = left};
  assert_near(edges_scatter(&edges).forward, 2.0 / 3);
  assert_near(edges_scatter(&edges).backward, 1);
}

/* Fewer edges than half the neurons on a side: its windows are one. */
static void few_edges_have_one_window(void **state) {
  (void)state;
  const uint32_t left[1] = {3}, begin[6] = {0, 0, 1, 1, 1, 1};
  const Interleaver edges = {.kind = INTERLEAVER_LISTED,
                             .left_count = 4,
                             .right_count = 5,
                             .edge_count = 1,
                             .right_begin = begin,
                             .left = left};
  assert_near(edges_scatter(&edges).forward, 1.0 / 5);
  assert_near(edges_scatter(&edges).backward, 1.0 / 4);
}

/* A random right neuron misses a window of p / K left neurons with probability (1 - 1 / K)^K,
 * nearly. */
static void random_edges_miss_a_third(void **state) {
  (void)state;
  OneJunction *one =
      one_junction_open(1024, 512, regular_pattern(PATTERN_STRUCTURED, 1024, 512, 16));
  assert_true(one_junction_place(one));
  const Scatter scatter = edges_scatter(&one->edges);
  assert_true(fabs(scatter.forward - 0.64) < 0.02);
  assert_true(fabs(scatter.backward - 0.65) < 0.02);
  one_junction_close(one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dense_edges_spread_ideally),
      cmocka_unit_test(neighbours_meet_few_windows),
      cmocka_unit_test(backward_counts_windows_of_the_right_layer),
      cmocka_unit_test(neurons_without_edges_lower_it),
      cmocka_unit_test(few_edges_have_one_window),
      cmocka_unit_test(random_edges_miss_a_third),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
