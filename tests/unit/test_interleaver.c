// SPDX-License-Identifier: MIT
// Address generators: each kind against its definition, one edge at a time and in runs of any
// length.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/interleaver.h"

enum { MOST_EDGES = 64 };

/* Left and right ends of all edges, and every run of them. */
static void check_edges(const Interleaver *interleaver, const uint32_t *left,
                        const uint32_t *right) {
  const uint32_t count = interleaver->edge_count;
  for (uint32_t e = 0; e < count; e++) {
    assert_int_equal(interleaver_left(interleaver, e), left[e]);
    assert_int_equal(interleaver_right(interleaver, e), right[e]);
    assert_in_range(e, interleaver_begin(interleaver, right[e]),
                    interleaver_begin(interleaver, right[e] + 1) - 1);
  }
  assert_int_equal(interleaver_begin(interleaver, interleaver->right_count), count);
  for (uint32_t first = 0; first <= count; first++) {
    for (uint32_t length = 0; first + length <= count; length++) {
      uint32_t run[MOST_EDGES + 1];
      run[length] = 12345;
      interleaver_expand(interleaver, first, length, run);
      for (uint32_t k = 0; k < length; k++) assert_int_equal(run[k], left[first + k]);
      assert_int_equal(run[length], 12345);
    }
  }
}

static void regular_rights(uint32_t fanin, uint32_t count, uint32_t *right) {
  for (uint32_t e = 0; e < count; e++) right[e] = e / fanin;
}

static void dense(void **state) {
  (void)state;
  const Interleaver interleaver = {.kind = INTERLEAVER_DENSE,
                                   .left_count = 5,
                                   .right_count = 3,
                                   .edge_count = 15,
                                   .fanin = 5,
                                   .fanout = 3};
  uint32_t left[15], right[15];
  for (uint32_t e = 0; e < 15; e++) left[e] = e % 5;
  regular_rights(5, 15, right);
  check_edges(&interleaver, left, right);
}

/* p = 12 in 4 banks of 3 rows, 2 sweeps and n = 8 of fan-in 3. */
static Interleaver clash_free(void) {
  return (Interleaver){.kind = INTERLEAVER_CLASH_FREE,
                       .left_count = 12,
                       .right_count = 8,
                       .edge_count = 24,
                       .fanin = 3,
                       .fanout = 2,
                       .banks = 4,
                       .rows_per_bank = 3,
                       .sweep_count = 2};
}

static const uint32_t starts[] = {2, 0, 1, 1, 0, 2, 2, 1};
static const uint32_t lanes[] = {1, 0, 3, 2, 3, 2, 1, 0};
static const uint32_t rows[] = {0, 1, 2, 2, 1, 0, 1, 0, 2, 2, 0, 1,
                                1, 2, 0, 0, 2, 1, 2, 1, 0, 1, 0, 2};

/* The language's definition, word for word. */
static void check_clash_free(const Interleaver *interleaver) {
  uint32_t left[24], right[24];
  for (uint32_t e = 0; e < 24; e++) {
    const uint32_t s = e / 12, c = e % 12 / 4, m = e % 4;
    const uint32_t start = interleaver->is_start_shared ? starts[m] : starts[4 * s + m];
    const uint32_t lane = interleaver->is_lane_shared ? lanes[m] : lanes[4 * s + m];
    const uint32_t t = interleaver->rows ? rows[12 * s + 3 * m + c] : (start + c) % 3;
    left[e] = t * 4 + (interleaver->lanes ? lane : m);
  }
  regular_rights(3, 24, right);
  check_edges(interleaver, left, right);
}

static void clash_free_types(void **state) {
  (void)state;
  Interleaver type1 = clash_free(), type2 = clash_free(), type3 = clash_free();
  type1.rows = rows;
  type2.starts = starts;
  type3.starts = starts;
  type3.is_start_shared = true;
  check_clash_free(&type1);
  check_clash_free(&type2);
  check_clash_free(&type3);
  type1.lanes = type2.lanes = type3.lanes = lanes;
  type3.is_lane_shared = true;
  check_clash_free(&type1);
  check_clash_free(&type2);
  check_clash_free(&type3);
}

static void window(void **state) {
  (void)state;
  /* Four windows of 2 x 2 on a 3 x 3 layer. */
  static const uint32_t base[] = {0, 1, 3, 4}, offset[] = {0, 1, 3, 4};
  const Interleaver interleaver = {.kind = INTERLEAVER_WINDOW,
                                   .left_count = 9,
                                   .right_count = 4,
                                   .edge_count = 16,
                                   .fanin = 4,
                                   .base = base,
                                   .offset = offset};
  const uint32_t left[] = {0, 1, 3, 4, 1, 2, 4, 5, 3, 4, 6, 7, 4, 5, 7, 8};
  uint32_t right[16];
  regular_rights(4, 16, right);
  check_edges(&interleaver, left, right);
}

/* Neurons without edges stand first, in the middle and last. */
static void listed(void **state) {
  (void)state;
  static const uint32_t left[] = {3, 0, 1, 4, 2, 3}, begin[] = {0, 0, 1, 4, 4, 4, 6, 6};
  const uint32_t right[] = {1, 2, 2, 2, 5, 5};
  const Interleaver interleaver = {.kind = INTERLEAVER_LISTED,
                                   .left_count = 5,
                                   .right_count = 7,
                                   .edge_count = 6,
                                   .right_begin = begin,
                                   .left = left};
  check_edges(&interleaver, left, right);
  const Interleaver regular = {.kind = INTERLEAVER_LISTED,
                               .left_count = 5,
                               .right_count = 3,
                               .edge_count = 6,
                               .fanin = 2,
                               .left = left};
  const uint32_t pairs[] = {0, 0, 1, 1, 2, 2};
  check_edges(&regular, left, pairs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dense),
      cmocka_unit_test(clash_free_types),
      cmocka_unit_test(window),
      cmocka_unit_test(listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
