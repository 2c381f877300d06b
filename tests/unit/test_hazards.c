// SPDX-License-Identifier: MIT
// Hazards of partial sums: how soon left words return, which remedy is cheapest, and that a remedy
// remedies.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/schedule/hazards.h"

static Interleaver dense(uint32_t p, uint32_t n) {
  return (Interleaver){.kind = INTERLEAVER_DENSE,
                       .left_count = p,
                       .right_count = n,
                       .edge_count = p * n,
                       .fanin = p,
                       .fanout = n};
}

static Interleaver listed(uint32_t p, uint32_t n, uint32_t edge_count, const uint32_t *left) {
  return (Interleaver){.kind = INTERLEAVER_LISTED,
                       .left_count = p,
                       .right_count = n,
                       .edge_count = edge_count,
                       .fanin = edge_count / n,
                       .left = left};
}

/* Clash-free edges: lane m of sweep s starts at row starts[s * banks + m]. */
static Interleaver clash_free(uint32_t p, uint32_t banks, uint32_t sweeps, const uint32_t *starts) {
  return (Interleaver){.kind = INTERLEAVER_CLASH_FREE,
                       .left_count = p,
                       .right_count = sweeps,
                       .edge_count = p * sweeps,
                       .fanin = p,
                       .fanout = sweeps,
                       .banks = banks,
                       .rows_per_bank = p / banks,
                       .sweep_count = sweeps,
                       .starts = starts};
}

/* Whether some edge of slot a and some edge of slot b read the same left neuron. */
static bool slots_meet(const Interleaver *edges, uint32_t z, uint32_t a, uint32_t b) {
  for (uint32_t i = a * z; i < (a + 1) * z && i < edges->edge_count; i++) {
    for (uint32_t k = b * z; k < (b + 1) * z && k < edges->edge_count; k++) {
      if (interleaver_left(edges, i) == interleaver_left(edges, k)) return true;
    }
  }
  return false;
}

/* The definition: compare all pairs of slots, nearest first. */
static void check_returns(const Interleaver *edges, uint32_t z) {
  const uint32_t slots = edges->edge_count / z + (edges->edge_count % z != 0);
  uint32_t shortest = UINT32_MAX, at_once = 0;
  for (uint32_t distance = 1; distance < slots && shortest == UINT32_MAX; distance++) {
    for (uint32_t slot = distance; slot < slots; slot++) {
      if (slots_meet(edges, z, slot - distance, slot)) shortest = distance;
    }
  }
  for (uint32_t slot = 1; slot < slots; slot++) at_once += slots_meet(edges, z, slot - 1, slot);
  uint64_t uses = 0;
  for (uint32_t e = 0; e < edges->edge_count; e++) {
    bool is_new = true;
    for (uint32_t k = e - e % z; k < e; k++)
      is_new &= interleaver_left(edges, k) != interleaver_left(edges, e);
    uses += is_new;
  }
  Arena *arena = arena_open();
  const Returns returns = find_returns(edges, z, arena);
  assert_int_equal(returns.shortest, shortest);
  assert_int_equal(returns.at_once, at_once);
  assert_int_equal(returns.left_uses, uses);
  const uint32_t *bubbles = NULL;
  assert_int_equal(place_bubbles(edges, z, arena, &bubbles), at_once);
  for (uint32_t i = 0; i < at_once; i++) {
    assert_true(slots_meet(edges, z, bubbles[i] - 1, bubbles[i]));
    assert_true(i == 0 || bubbles[i] > bubbles[i - 1]);
  }
  arena_close(arena);
}

static void returns_by_definition(void **state) {
  (void)state;
  static const uint32_t starts[] = {0, 0, 0, 0, 1, 0, 2, 1, 0, 2, 2, 1, 1, 1, 1, 1};
  static const uint32_t left[] = {0, 2, 1, 2, 2, 3, 0, 1, 0, 3, 4, 5, 1, 5, 4, 5};
  const Interleaver all[] = {
      dense(8, 3),           dense(6, 4), dense(5, 1), dense(1, 6), clash_free(12, 4, 4, starts),
      listed(6, 8, 16, left)};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    for (uint32_t z = 1; z <= all[i].edge_count + 2; z++) check_returns(&all[i], z);
  }
}

static Returns dense_returns(uint32_t p, uint32_t n, uint32_t z) {
  const Interleaver edges = dense(p, n);
  Arena *arena = arena_open();
  const Returns returns = find_returns(&edges, z, arena);
  arena_close(arena);
  return returns;
}

/* p / z = 2 and stages = 2, as the hardware description was published: a word comes back 2 slots
 * later, when its sum needs 4. */
static void the_published_hazard_is_remedied(void **state) {
  (void)state;
  const Returns returns = dense_returns(64, 16, 32);
  assert_int_equal(returns.shortest, 2);
  assert_int_equal(choose_remedy(&returns, true, 2, 32, 32), REMEDY_LATE_READ);
}

static void the_cheapest_remedy_is_taken(void **state) {
  (void)state;
  const Returns far = dense_returns(64, 16, 16); /* 4 slots = stages + 2 */
  assert_int_equal(choose_remedy(&far, true, 2, 64, 64), REMEDY_NONE);
  assert_int_equal(choose_remedy(&far, true, 3, 64, 64), REMEDY_LATE_READ);
  const Returns at_once = dense_returns(64, 16, 64); /* 16 slots, each but the first returns */
  assert_int_equal(at_once.at_once, 15);
  assert_int_equal(choose_remedy(&at_once, true, 2, 16, 16), REMEDY_FORWARD);
  assert_int_equal(choose_remedy(&at_once, true, 2, 16, 30), REMEDY_FORWARD);
  assert_int_equal(choose_remedy(&at_once, true, 2, 16, 31), REMEDY_BUBBLES);
  /* Without pipelining a sum takes 1 clock, so that a return after 2 slots is late enough. */
  const Returns two = dense_returns(64, 16, 32);
  assert_int_equal(choose_remedy(&two, true, 0, 32, 32), REMEDY_NONE);
}

static void no_remedy_where_nothing_returns(void **state) {
  (void)state;
  const Returns once = dense_returns(64, 1, 16);
  assert_int_equal(once.shortest, UINT32_MAX);
  assert_int_equal(choose_remedy(&once, true, 50, 4, 4), REMEDY_NONE);
  const Returns first_junction = dense_returns(64, 16, 64);
  assert_int_equal(choose_remedy(&first_junction, false, 2, 16, 16), REMEDY_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(returns_by_definition),
      cmocka_unit_test(the_published_hazard_is_remedied),
      cmocka_unit_test(the_cheapest_remedy_is_taken),
      cmocka_unit_test(no_remedy_where_nothing_returns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
