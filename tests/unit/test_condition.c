// SPDX-License-Identifier: MIT
// Conditions of own patterns: blocks of neurons against plain C for every pair, guarded faults,
// fractions and doubles.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/edges/condition_block.h"
#include "runtime/random.h"
#include "tests/unit/edges_fixture.h"

static Arena *arena;

static int open_arena(void **state) {
  (void)state;
  arena = arena_open();
  return 0;
}

static int close_arena(void **state) {
  (void)state;
  arena_close(arena);
  return 0;
}

static const Scalar *node(ScalarOp op, const Scalar *a, const Scalar *b, const Scalar *c) {
  Scalar *scalar = ARENA_NEW(arena, Scalar);
  *scalar = (Scalar){.op = op, .operand = {a, b, c}};
  return scalar;
}

static const Scalar *fraction(int64_t numerator, int64_t denominator) {
  Scalar *scalar = ARENA_NEW(arena, Scalar);
  *scalar = (Scalar){.op = SCALAR_CONSTANT, .constant = {numerator, denominator}};
  return scalar;
}

static const Scalar *number(int64_t value) {
  return fraction(value, 1);
}

static const Scalar *neuron(uint32_t argument) {
  Scalar *scalar = ARENA_NEW(arena, Scalar);
  *scalar = (Scalar){.op = SCALAR_ARGUMENT, .argument = argument};
  return scalar;
}

#define L             neuron(0)
#define R             neuron(1)
#define ONE(op, a)    node(SCALAR_##op, a, NULL, NULL)
#define TWO(op, a, b) node(SCALAR_##op, a, b, NULL)

/* Places the pattern's edges between p and n neurons. */
static OneJunction *place_own(uint32_t p, uint32_t n, const Scalar *condition) {
  OwnPattern *own = ARENA_NEW(arena, OwnPattern);
  *own = (OwnPattern){.name = {.text = "own"}, .condition = condition};
  return one_junction_open(p, n, (Pattern){.kind = PATTERN_OWN, .own = own});
}

/* Compares with `expected` for every pair; sizes that are no multiple of a block or a word. */
static void assert_joins(const Scalar *condition, bool (*expected)(int64_t l, int64_t r)) {
  const uint32_t p = 2 * BLOCK_LANES + 71, n = 50;
  OneJunction *one = place_own(p, n, condition);
  if (!one_junction_place(one)) print_diagnostics(one->d, stderr, false);
  assert_int_equal(error_count(one->d), 0);
  assert_true(one_junction_verify(one));
  uint32_t edge = 0;
  for (uint32_t r = 0; r < n; r++) {
    assert_int_equal(interleaver_begin(&one->edges, r), edge);
    for (uint32_t l = 0; l < p; l++) {
      if (expected(l, r)) assert_int_equal(interleaver_left(&one->edges, edge++), l);
    }
  }
  assert_int_equal(edge, one->edges.edge_count);
  one_junction_close(one);
}

static bool is_band(int64_t l, int64_t r) {
  return llabs(l - 10 * r) <= 3;
}
static bool is_grid(int64_t l, int64_t r) {
  return llabs(l % 28 - r % 7) <= 1 && l / 28 > r / 7;
}
static bool is_floored(int64_t l, int64_t r) {
  return ((r - l) % 7 + 7) % 7 == 3;
}
static bool is_divided(int64_t l, int64_t r) {
  return (l + r) % 3 == 0 || l - r == 5;
}
static bool is_guarded(int64_t l, int64_t r) {
  return (l > 0 && r % l == 0) || (r > 0 && l % r == 1);
}
static bool is_near(int64_t l, int64_t r) {
  return (l - 20) * (l - 20) + (r - 20) * (r - 20) < 100;
}
static bool is_selected(int64_t l, int64_t r) {
  return l % 2 ? r < 10 : r >= 40;
}
static bool is_sum(int64_t l, int64_t r) {
  return 6 * l + 10 * r < 15 * r + 1;
}
static bool is_coprime(int64_t l, int64_t r) {
  return divisor_common((uint64_t)l, (uint64_t)r) == 1;
}
static bool has_small_multiple(int64_t l, int64_t r) {
  return l * r == 0 || l * r / (int64_t)divisor_common((uint64_t)l, (uint64_t)r) < 40;
}
static bool is_bit(int64_t l, int64_t r) {
  return r < 40 && l >> r & 1;
}
static bool is_left(int64_t l, int64_t r) {
  return (void)r, l % 3 == 0;
}
static bool is_right(int64_t l, int64_t r) {
  return (void)l, r % 3 == 0;
}
static bool is_anything(int64_t l, int64_t r) {
  return (void)l, (void)r, true;
}
static bool is_ceiled(int64_t l, int64_t r) {
  return (l + 4) / 5 == r || (l * 2 + 3) / 6 == r + 40;
}

static void whole_numbers(void **state) {
  (void)state;
  assert_joins(TWO(LESS_EQUAL, ONE(ABS, TWO(SUBTRACT, L, TWO(MULTIPLY, number(10), R))), number(3)),
               is_band);
  const Scalar *column =
      ONE(ABS, TWO(SUBTRACT, TWO(MODULO, L, number(28)), TWO(MODULO, R, number(7))));
  const Scalar *row =
      TWO(GREATER, ONE(FLOOR, TWO(DIVIDE, L, number(28))), ONE(FLOOR, TWO(DIVIDE, R, number(7))));
  assert_joins(TWO(AND, TWO(LESS_EQUAL, column, number(1)), row), is_grid);
  assert_joins(TWO(EQUAL, TWO(MODULO, TWO(SUBTRACT, R, L), number(7)), number(3)), is_floored);
  assert_joins(TWO(EQUAL, TWO(MODULO, TWO(ADD, ONE(NEGATE, L), R), number(-7)), number(-4)),
               is_floored);
  assert_joins(TWO(EQUAL, TWO(GCD, L, R), number(1)), is_coprime);
  assert_joins(TWO(LESS, TWO(LCM, L, R), number(40)), has_small_multiple);
  assert_joins(TWO(EQUAL, TWO(MULTIPLY, TWO(GCD, L, R), TWO(LCM, L, R)), TWO(MULTIPLY, L, R)),
               is_anything);
  assert_joins(node(SCALAR_SELECT, TWO(MODULO, L, number(2)), TWO(LESS, R, number(10)),
                    TWO(GREATER_EQUAL, R, number(40))),
               is_selected);
}

/* Numbers beyond 32 bits, whose lower halves are 0. */
static void wide_numbers(void **state) {
  (void)state;
  const Scalar *wide = number((int64_t)1 << 33);
  const Scalar *left = TWO(MULTIPLY, L, wide), *three = number((int64_t)3 << 33);
  assert_joins(TWO(EQUAL, TWO(MODULO, left, three), number(0)), is_left);
  assert_joins(TWO(EQUAL, TWO(DIVIDE, left, three), ONE(FLOOR, TWO(DIVIDE, left, three))), is_left);
}

static void parts_that_change_seldom(void **state) {
  (void)state;
  assert_joins(TWO(EQUAL, TWO(MODULO, L, number(3)), number(0)), is_left);
  assert_joins(TWO(EQUAL, TWO(MODULO, R, number(3)), number(0)), is_right);
  assert_joins(TWO(LESS, number(1), number(2)), is_anything);
}

static void fractions(void **state) {
  (void)state;
  const Scalar *third = TWO(DIVIDE, TWO(ADD, L, R), number(3));
  assert_joins(
      TWO(OR, TWO(EQUAL, third, ONE(FLOOR, third)), TWO(EQUAL, TWO(SUBTRACT, L, R), number(5))),
      is_divided);
  /* l / 5 + r / 3 < r / 2 + 1 / 30 */
  assert_joins(TWO(LESS, TWO(ADD, TWO(MULTIPLY, L, fraction(1, 5)), TWO(DIVIDE, R, number(3))),
                   TWO(ADD, TWO(DIVIDE, R, number(2)), fraction(1, 30))),
               is_sum);
  assert_joins(TWO(OR, TWO(EQUAL, ONE(CEIL, TWO(DIVIDE, L, number(5))), R),
                   TWO(EQUAL, ONE(ROUND, TWO(DIVIDE, L, number(3))), TWO(ADD, R, number(40)))),
               is_ceiled);
}

static void doubles(void **state) {
  (void)state;
  const Scalar *x = TWO(SUBTRACT, L, number(20)), *y = TWO(SUBTRACT, R, number(20));
  const Scalar *square = TWO(ADD, TWO(MULTIPLY, x, x), TWO(POWER, y, number(2)));
  assert_joins(TWO(LESS, ONE(SQRT, square), number(10)), is_near);
  assert_joins(
      TWO(LESS, TWO(POWER, square, fraction(1, 2)), TWO(SUBTRACT, number(10), fraction(1, 1000))),
      is_near);
}

/* Divisions by zero, and powers that leave 64 bits for large r: none of them decides. */
static void guards_keep_faults_away(void **state) {
  (void)state;
  const Scalar *divides =
      TWO(AND, TWO(GREATER, L, number(0)), TWO(EQUAL, TWO(MODULO, R, L), number(0)));
  const Scalar *rest =
      TWO(AND, TWO(GREATER, R, number(0)), TWO(EQUAL, TWO(MODULO, L, R), number(1)));
  assert_joins(TWO(OR, divides, rest), is_guarded);
  const Scalar *shifted = ONE(FLOOR, TWO(DIVIDE, L, TWO(POWER, number(2), R)));
  const Scalar *bit = TWO(EQUAL, TWO(MODULO, shifted, number(2)), number(1));
  const Scalar *wide = TWO(EQUAL, TWO(POWER, number(10), TWO(ADD, R, number(2))), number(-1));
  const Scalar *either = TWO(OR, bit, TWO(AND, TWO(LESS, R, number(10)), wide));
  assert_joins(TWO(AND, TWO(LESS, R, number(40)), either), is_bit);
}

static void assert_fails(const Scalar *condition, ErrorCode code, const char *message) {
  OneJunction *one = place_own(300, 3, condition);
  assert_false(one_junction_place(one));
  assert_int_equal(error_count(one->d), 1);
  assert_true(has_error_code(one->d, code));
  assert_true(has_message(one, message));
  one_junction_close(one);
}

static void faults_name_the_pair(void **state) {
  (void)state;
  assert_fails(TWO(EQUAL, TWO(MODULO, R, L), number(0)), ERROR_CONDITION_VALUE,
               "for left neuron 0 and right neuron 0 this is a division by zero");
  assert_fails(TWO(EQUAL, TWO(DIVIDE, number(1), TWO(SUBTRACT, L, number(299))), number(0)),
               ERROR_CONDITION_VALUE,
               "for left neuron 299 and right neuron 0 this is a division by zero");
  assert_fails(TWO(LESS, TWO(MULTIPLY, TWO(ADD, L, R), number(INT64_MAX / 200)), number(0)),
               ERROR_CONDITION_VALUE,
               "for left neuron 201 and right neuron 0 this is a number beyond 64 bits");
  assert_fails(TWO(LESS, ONE(SQRT, TWO(SUBTRACT, L, TWO(MULTIPLY, R, number(2)))), number(0)),
               ERROR_CONDITION_VALUE,
               "for left neuron 0 and right neuron 1 this is a square root of a negative number");
  assert_fails(TWO(GREATER, L, number(300)), ERROR_NO_EDGES, "'own' joins no neurons");
}

static void unconnected_neurons_are_told_once(void **state) {
  (void)state;
  OneJunction *one = place_own(
      9, 3, TWO(EQUAL, ONE(FLOOR, TWO(DIVIDE, L, number(3))), TWO(SUBTRACT, R, number(1))));
  assert_true(one_junction_place(one) && one_junction_verify(one));
  assert_int_equal(warning_count(one->d), 1);
  assert_true(has_message(
      one, "no edge leaves 3 of the 9 neurons of 'left', and none enters 1 of the 3 of 'right'"));
  one_junction_close(one);
}

static void regular_conditions_have_degrees(void **state) {
  (void)state;
  OneJunction *one =
      place_own(12, 4, TWO(EQUAL, TWO(MODULO, L, number(2)), TWO(MODULO, R, number(2))));
  assert_true(one_junction_place(one) && one_junction_verify(one));
  assert_int_equal(one->edges.fanin, 6);
  assert_int_equal(one->edges.fanout, 2);
  assert_null(one->edges.right_begin);
  one_junction_close(one);
}

/* A random number expression of some depth, over small numbers so that most pairs have a value. */
static const Scalar *random_scalar(RandomStream *stream, uint32_t depth) {
  static const ScalarOp ops[] = {
      SCALAR_ADD,   SCALAR_SUBTRACT, SCALAR_MULTIPLY, SCALAR_DIVIDE, SCALAR_MODULO,
      SCALAR_MIN,   SCALAR_MAX,      SCALAR_ABS,      SCALAR_NEGATE, SCALAR_FLOOR,
      SCALAR_CEIL,  SCALAR_ROUND,    SCALAR_LESS,     SCALAR_EQUAL,  SCALAR_GREATER_EQUAL,
      SCALAR_AND,   SCALAR_OR,       SCALAR_NOT,      SCALAR_SELECT, SCALAR_GCD,
      SCALAR_POWER, SCALAR_SQRT,     SCALAR_LOG2,     SCALAR_LCM,    SCALAR_NOT_EQUAL};
  const uint32_t leaf = random_below(stream, 4);
  if (depth == 0 && leaf < 2) return neuron(leaf);
  if (depth == 0) return fraction((int64_t)random_below(stream, 9) - 3, leaf == 2 ? 1 : 2);
  const ScalarOp op = ops[random_below(stream, sizeof ops / sizeof ops[0])];
  const Scalar *a = random_scalar(stream, depth - 1 - (depth > 1 ? random_below(stream, 2) : 0));
  const Scalar *b = random_scalar(stream, depth - 1);
  const Scalar *c = random_scalar(stream, depth - 1);
  return node(op, a, b, c);
}

/* A block says for every lane what evaluating the pair alone says, or that it does not know. */
static void blocks_agree_with_single_pairs(void **state) {
  (void)state;
  RandomStream stream = random_stream(1, RANDOM_PATTERN, 0);
  uint32_t known = 0, unknown_but_valued = 0;
  for (uint32_t trial = 0; trial < 3000; trial++) {
    const ConditionSteps steps = compile_condition(random_scalar(&stream, 1 + trial % 5), arena);
    ConditionBlock *block = condition_block(&steps, arena);
    block_begin(block, 5, 67);
    for (uint32_t r = 0; r < 4; r++) {
      uint64_t joined[BLOCK_WORDS], unknown[BLOCK_WORDS];
      const bool has_unknown = block_evaluate(block, r, joined, unknown);
      for (uint32_t i = 0; i < 67; i++) {
        bool is_joined;
        ConditionFault fault;
        const bool is_known = !(has_unknown && unknown[i / 64] >> i % 64 & 1);
        const bool has_value = evaluate_condition(&steps, 5 + i, r, &is_joined, &fault);
        if (is_known) assert_true(has_value);
        if (is_known) assert_int_equal(joined[i / 64] >> i % 64 & 1, is_joined);
        known += is_known;
        unknown_but_valued += !is_known && has_value;
      }
      assert_int_equal(joined[1] >> 3, 0);
    }
  }
  assert_true(known > 200000);
  assert_true(unknown_but_valued >
              1000); /* guards, and fractions that only reducing keeps in 64 bits */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_numbers),
      cmocka_unit_test(wide_numbers),
      cmocka_unit_test(parts_that_change_seldom),
      cmocka_unit_test(fractions),
      cmocka_unit_test(doubles),
      cmocka_unit_test(guards_keep_faults_away),
      cmocka_unit_test(faults_name_the_pair),
      cmocka_unit_test(unconnected_neurons_are_told_once),
      cmocka_unit_test(regular_conditions_have_degrees),
      cmocka_unit_test(blocks_agree_with_single_pairs),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
