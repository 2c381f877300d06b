// SPDX-License-Identifier: MIT
// Random numbers: Philox's published vectors, streams that can be entered anywhere, fair and
// well-shaped draws.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/random.h"

/* Random123's known-answer vectors of philox4x32 with 10 rounds. */
typedef struct KnownAnswer {
  uint32_t counter[4], key[2], word[4];
} KnownAnswer;

static const KnownAnswer known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void philox_gives_the_published_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known_answers / sizeof known_answers[0]; i++) {
    const KnownAnswer *known = &known_answers[i];
    const Philox4 block = philox(known->counter, known->key);
    assert_memory_equal(block.word, known->word, sizeof known->word);
  }
}

static void a_stream_is_philox_by_position(void **state) {
  (void)state;
  const uint64_t seed = 0x123456789abcdef0;
  RandomStream stream = random_stream(seed, RANDOM_WEIGHTS, 7);
  for (uint32_t position = 0; position < 100; position++) {
    const uint32_t counter[4] = {position / 4, 0, 7, RANDOM_WEIGHTS};
    const uint32_t key[2] = {0x9abcdef0, 0x12345678};
    assert_int_equal(random_word(&stream), philox(counter, key).word[position % 4]);
  }
  /* The position carries into the counter's second word. */
  stream.counter[0] = UINT32_MAX;
  stream.counter[1] = 0;
  stream.used = 4;
  for (int i = 0; i < 4; i++) random_word(&stream);
  assert_int_equal(stream.counter[0], 0);
  assert_int_equal(stream.counter[1], 1);
}

static void seeds_uses_and_indices_do_not_share_numbers(void **state) {
  (void)state;
  const RandomStream streams[] = {
      random_stream(1, RANDOM_PATTERN, 0),          random_stream(1, RANDOM_WEIGHTS, 0),
      random_stream(1, RANDOM_WEIGHTS, 1),          random_stream(2, RANDOM_WEIGHTS, 0),
      random_stream(1ull << 32, RANDOM_WEIGHTS, 0), random_stream(1, RANDOM_ORDER, 0),
  };
  enum { COUNT = sizeof streams / sizeof streams[0], WORDS = 64 };
  uint32_t words[COUNT][WORDS];
  for (size_t i = 0; i < COUNT; i++) {
    RandomStream stream = streams[i];
    for (size_t k = 0; k < WORDS; k++) words[i][k] = random_word(&stream);
    for (size_t j = 0; j < i; j++) assert_memory_not_equal(words[i], words[j], sizeof words[i]);
  }
}

static void below_is_in_range_and_fair(void **state) {
  (void)state;
  RandomStream stream = random_stream(3, RANDOM_PATTERN, 0);
  for (int i = 0; i < 100; i++) assert_int_equal(random_below(&stream, 1), 0);
  enum { BOUND = 7, DRAWS = 70000 };
  uint32_t counts[BOUND] = {0};
  for (int i = 0; i < DRAWS; i++) {
    const uint32_t draw = random_below(&stream, BOUND);
    assert_in_range(draw, 0, BOUND - 1);
    counts[draw]++;
  }
  /* 10,000 each, deviation 93: five of them. */
  for (int k = 0; k < BOUND; k++) assert_in_range(counts[k], 9537, 10463);
  /* A bound of 3 * 2^30 without redrawing would favour every third number by a half. */
  uint32_t favoured = 0;
  for (int i = 0; i < 30000; i++) {
    const uint32_t draw = random_below(&stream, 3u << 30);
    assert_true(draw < 3u << 30);
    favoured += draw % 3 == 0;
  }
  assert_in_range(favoured, 9600, 10400);
}

static void units_and_normals_have_their_moments(void **state) {
  (void)state;
  RandomStream stream = random_stream(4, RANDOM_WEIGHTS, 0);
  enum { DRAWS = 100000 };
  double sum = 0, square = 0, normal_sum = 0, normal_square = 0, normal_fourth = 0;
  for (int i = 0; i < DRAWS; i++) {
    const double unit = random_unit(&stream);
    assert_true(unit >= 0.0 && unit < 1.0);
    sum += unit;
    square += unit * unit;
  }
  for (int i = 0; i < DRAWS; i++) {
    const double normal = random_normal(&stream);
    assert_true(isfinite(normal));
    normal_sum += normal;
    normal_square += normal * normal;
    normal_fourth += normal * normal * normal * normal;
  }
  assert_true(fabs(sum / (double)DRAWS - 0.5) < 0.005);
  assert_true(fabs(square / (double)DRAWS - 1.0 / 3) < 0.005);
  assert_true(fabs(normal_sum / (double)DRAWS) < 0.016);
  assert_true(fabs(normal_square / (double)DRAWS - 1.0) < 0.025);
  assert_true(fabs(normal_fourth / (double)DRAWS - 3.0) < 0.16);
}

static void a_permutation_has_everything_once(void **state) {
  (void)state;
  RandomStream stream = random_stream(5, RANDOM_ORDER, 0);
  uint32_t order[257];
  bool is_seen[257] = {false};
  random_permutation(&stream, order, 257);
  uint32_t fixed_points = 0;
  for (uint32_t i = 0; i < 257; i++) {
    assert_in_range(order[i], 0, 256);
    assert_false(is_seen[order[i]]);
    is_seen[order[i]] = true;
    fixed_points += order[i] == i;
  }
  assert_in_range(fixed_points, 0, 8);
  random_permutation(&stream, order, 1);
  assert_int_equal(order[0], 0);
  random_permutation(&stream, order, 0);

  /* Each of the 6 orders of 3 is as likely. */
  uint32_t counts[27] = {0};
  for (int i = 0; i < 12000; i++) {
    random_permutation(&stream, order, 3);
    counts[9 * order[0] + 3 * order[1] + order[2]]++;
  }
  for (int i = 0; i < 27; i++) {
    if (counts[i] != 0) assert_in_range(counts[i], 1790, 2210);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_gives_the_published_vectors),
      cmocka_unit_test(a_stream_is_philox_by_position),
      cmocka_unit_test(seeds_uses_and_indices_do_not_share_numbers),
      cmocka_unit_test(below_is_in_range_and_fair),
      cmocka_unit_test(units_and_normals_have_their_moments),
      cmocka_unit_test(a_permutation_has_everything_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
