// SPDX-License-Identifier: MIT
// Every pattern over many sizes: what is placed keeps its promise, and the proof of it notices when
// not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <minizip/zip.h>
#include <zlib.h>

#include "tests/unit/edges_fixture.h"
#include "tests/unit/scratch_folder.h"

static const uint32_t sizes[][2] = {{4, 4},    {9, 6},   {12, 12}, {12, 8},  {10, 4},  {16, 5},
                                    {30, 42},  {7, 14},  {5, 3},   {36, 60}, {64, 16}, {100, 64},
                                    {128, 48}, {210, 6}, {1, 3},   {1, 1},   {8, 1},   {97, 97}};
enum { SIZE_COUNT = sizeof sizes / sizeof sizes[0] };

/* The least fan-out that comes out whole between p and n neurons; all others are its multiples. */
static uint32_t least_fanout(uint32_t p, uint32_t n) {
  return n / (uint32_t)divisor_common(p, n);
}

/* A fan-out of the p, n that is about a third, all but the least, or all of what is possible. */
static uint32_t some_fanout(uint32_t p, uint32_t n, uint32_t choice) {
  const uint32_t least = least_fanout(p, n), most = n / least;
  const uint32_t multiples[4] = {1, (most + 2) / 3, most > 1 ? most - 1 : 1, most};
  return least * multiples[choice];
}

/* Places, verifies, and leaves the junction open. */
static OneJunction *place(uint32_t p, uint32_t n, Pattern pattern) {
  OneJunction *one = one_junction_open(p, n, pattern);
  if (!one_junction_place(one) || !one_junction_verify(one)) {
    print_diagnostics(one->d, stderr, false);
    fail_msg("%u to %u neurons, pattern %d, fan-out %u, banks %u, type %u, dither %d", p, n,
             (int)pattern.kind, pattern.fanout, pattern.banks, pattern.type, pattern.has_dither);
  }
  return one;
}

static void dense_joins_everybody(void **state) {
  (void)state;
  for (uint32_t i = 0; i < SIZE_COUNT; i++) {
    const uint32_t p = sizes[i][0], n = sizes[i][1];
    OneJunction *one = place(p, n, regular_pattern(PATTERN_DENSE, p, n, n));
    assert_int_equal(one->edges.kind, INTERLEAVER_DENSE);
    assert_int_equal(one->edges.edge_count, p * n);
    one_junction_close(one);
  }
}

static void structured_is_regular(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 4 * SIZE_COUNT; i++) {
    const uint32_t p = sizes[i / 4][0], n = sizes[i / 4][1];
    Pattern pattern = regular_pattern(PATTERN_STRUCTURED, p, n, some_fanout(p, n, i % 4));
    pattern.seed = i;
    one_junction_close(place(p, n, pattern));
  }
}

static void random_places_as_many_as_asked(void **state) {
  (void)state;
  for (uint32_t i = 0; i < SIZE_COUNT; i++) {
    const uint32_t p = sizes[i][0], n = sizes[i][1];
    const uint64_t counts[4] = {1, (uint64_t)(p * n + 2) / 3, (uint64_t)p * n - p * n / 5,
                                (uint64_t)p * n};
    for (uint32_t k = 0; k < 4; k++) {
      OneJunction *one =
          place(p, n, (Pattern){.kind = PATTERN_RANDOM, .edge_count = counts[k], .seed = k});
      assert_int_equal(one->edges.edge_count, counts[k]);
      one_junction_close(one);
    }
  }
}

/* Over many seeds each of the 6 pairs is left out as often as any other: 5 of 6 edges, and 2 of
 * 6. */
static void random_is_fair(void **state) {
  (void)state;
  uint32_t present[2][6] = {{0}};
  for (uint32_t seed = 0; seed < 3000; seed++) {
    for (uint32_t k = 0; k < 2; k++) {
      const Pattern pattern = {.kind = PATTERN_RANDOM, .edge_count = k == 0 ? 5 : 2, .seed = seed};
      OneJunction *one = one_junction_open(3, 2, pattern);
      assert_true(one_junction_place(one));
      for (uint32_t e = 0; e < one->edges.edge_count; e++) {
        present[k][interleaver_right(&one->edges, e) * 3 + interleaver_left(&one->edges, e)]++;
      }
      one_junction_close(one);
    }
  }
  for (uint32_t pair = 0; pair < 6; pair++) {
    assert_in_range(present[0][pair], 2400, 2600); /* 2500, deviation 20 */
    assert_in_range(present[1][pair], 880, 1120);  /* 1000, deviation 26 */
  }
}

/* Structured patterns 4 -> 4 of fan-out 2: 90 of them, each about as often as any other. */
static void structured_is_fair(void **state) {
  (void)state;
  static uint32_t seen[1 << 16];
  memset(seen, 0, sizeof seen);
  for (uint32_t seed = 0; seed < 9000; seed++) {
    Pattern pattern = regular_pattern(PATTERN_STRUCTURED, 4, 4, 2);
    pattern.seed = seed;
    OneJunction *one = one_junction_open(4, 4, pattern);
    assert_true(one_junction_place(one));
    uint32_t matrix = 0;
    for (uint32_t e = 0; e < 8; e++) matrix |= 1u << (e / 2 * 4 + interleaver_left(&one->edges, e));
    seen[matrix]++;
    one_junction_close(one);
  }
  uint32_t distinct = 0;
  for (uint32_t matrix = 0; matrix < 1 << 16; matrix++) {
    distinct += seen[matrix] > 0;
    if (seen[matrix] > 0) assert_in_range(seen[matrix], 50, 160); /* 100, deviation 10 */
  }
  assert_int_equal(distinct, 90);
}

/* No z that divides the banks has a clash; looked for by edges_clash in the edges written out. */
static void assert_free_of_clashes(const OneJunction *one) {
  Interleaver written = one->edges;
  uint32_t *left = ARENA_ARRAY(one->arena, uint32_t, written.edge_count);
  interleaver_expand(&one->edges, 0, written.edge_count, left);
  written.kind = INTERLEAVER_LISTED; /* promises nothing */
  written.left = left;
  for (uint32_t e = 0; e < written.edge_count; e++)
    assert_int_equal(left[e], interleaver_left(&one->edges, e));
  for (uint32_t z = 1; z <= one->edges.banks; z++) {
    EdgeClash clash;
    if (one->edges.banks % z != 0) continue;
    assert_false(edges_clash(&written, z, &clash));
    assert_false(edges_clash(&one->edges, z, &clash));
  }
}

static void check_clash_free(uint32_t p, uint32_t n, uint32_t fanout) {
  for (uint32_t banks = 1; banks <= p; banks++) {
    if (p % banks != 0) continue;
    for (uint32_t kind = 0; kind < 6; kind++) {
      Pattern pattern = clash_free_pattern(p, n, fanout, banks, kind / 2 + 1, kind % 2);
      pattern.seed = banks;
      OneJunction *one = place(p, n, pattern);
      assert_int_equal(one->edges.kind, INTERLEAVER_CLASH_FREE);
      assert_int_equal(warning_count(one->d), 0);
      assert_free_of_clashes(one);
      one_junction_close(one);
    }
  }
}

static void clash_free_is_free_of_clashes(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 4 * SIZE_COUNT; i++) {
    const uint32_t p = sizes[i / 4][0], n = sizes[i / 4][1];
    check_clash_free(p, n, some_fanout(p, n, i % 4));
  }
}

/* All degrees of some sizes whose fan-ins mostly do not divide p: where double edges lurk. */
static void straddling_neurons_get_no_double_edge(void **state) {
  (void)state;
  const uint32_t tight[][2] = {{12, 18}, {8, 12},  {12, 9}, {6, 10},
                               {16, 12}, {18, 15}, {4, 7},  {24, 20}};
  for (uint32_t i = 0; i < sizeof tight / sizeof tight[0]; i++) {
    const uint32_t p = tight[i][0], n = tight[i][1], least = least_fanout(p, n);
    for (uint32_t fanout = least; fanout <= n; fanout += least) check_clash_free(p, n, fanout);
  }
}

static bool has_equal_edges(const Interleaver *a, const Interleaver *b) {
  if (a->edge_count != b->edge_count) return false;
  for (uint32_t e = 0; e < a->edge_count; e++) {
    if (interleaver_left(a, e) != interleaver_left(b, e)) return false;
  }
  return true;
}

/* The draw depends on seed and junction alone. */
static void patterns_follow_their_seed(void **state) {
  (void)state;
  const Pattern patterns[4] = {
      clash_free_pattern(64, 32, 8, 16, 1, true),
      clash_free_pattern(64, 32, 8, 16, 2, false),
      regular_pattern(PATTERN_STRUCTURED, 64, 32, 8),
      {.kind = PATTERN_RANDOM, .edge_count = 512, .seed = 1},
  };
  for (uint32_t i = 0; i < 4; i++) {
    Pattern other_seed = patterns[i];
    other_seed.seed = 2;
    OneJunction *first = place(64, 32, patterns[i]);
    OneJunction *again = place(64, 32, patterns[i]);
    OneJunction *other = place(64, 32, other_seed);
    assert_true(has_equal_edges(&first->edges, &again->edges));
    assert_false(has_equal_edges(&first->edges, &other->edges));
    one_junction_close(first);
    one_junction_close(again);
    one_junction_close(other);
  }
}

/* Sweep by sweep what language.md says of each type. */
static void types_follow_their_formula(void **state) {
  (void)state;
  OneJunction *two = place(24, 12, clash_free_pattern(24, 12, 4, 6, 2, false));
  OneJunction *three = place(24, 12, clash_free_pattern(24, 12, 4, 6, 3, true));
  bool has_other_starts = false;
  for (uint32_t e = 0; e < 96; e++) {
    const uint32_t sweep = e / 24, cycle = e % 24 / 6, lane = e % 6;
    const uint32_t start = interleaver_left(&two->edges, sweep * 24 + lane) / 6;
    assert_int_equal(interleaver_left(&two->edges, e), (start + cycle) % 4 * 6 + lane);
    assert_int_equal(interleaver_left(&three->edges, e), interleaver_left(&three->edges, e % 24));
    has_other_starts |= start != interleaver_left(&two->edges, lane) / 6;
  }
  assert_true(has_other_starts);
  one_junction_close(two);
  one_junction_close(three);
}

/* Over many seeds, dither of four lanes gives the 8 orders that also keep z = 2 free of clashes. */
static void dither_reaches_all_its_orders(void **state) {
  (void)state;
  bool seen[256] = {false};
  uint32_t distinct = 0;
  for (uint32_t seed = 0; seed < 200; seed++) {
    Pattern pattern = clash_free_pattern(8, 8, 1, 4, 3, true);
    pattern.seed = seed;
    OneJunction *one = place(8, 8, pattern);
    uint32_t order = 0;
    for (uint32_t m = 0; m < 4; m++) order = order * 4 + one->edges.lanes[m];
    distinct += !seen[order];
    seen[order] = true;
    one_junction_close(one);
  }
  assert_int_equal(distinct, 8);
}

static Pattern window_pattern(uint32_t axis_count, const uint32_t *shape, const uint32_t *size,
                              const uint32_t *stride) {
  Pattern pattern = {.kind = PATTERN_WINDOW, .axis_count = axis_count, .fanin = 1};
  for (uint32_t axis = 0; axis < axis_count; axis++) {
    pattern.left_shape[axis] = shape[axis];
    pattern.window[axis] = size[axis];
    pattern.stride[axis] = stride[axis];
    pattern.windows[axis] = (shape[axis] - size[axis]) / stride[axis] + 1;
    pattern.fanin *= size[axis];
  }
  return pattern;
}

static void windows_slide_along_one_axis(void **state) {
  (void)state;
  OneJunction *one =
      place(10, 4, window_pattern(1, (uint32_t[3]){10}, (uint32_t[3]){4}, (uint32_t[3]){2}));
  assert_int_equal(one->edges.kind, INTERLEAVER_WINDOW);
  for (uint32_t e = 0; e < 16; e++)
    assert_int_equal(interleaver_left(&one->edges, e), e / 4 * 2 + e % 4);
  assert_int_equal(one->edges.fanout, 0);
  one_junction_close(one);
  OneJunction *tiles =
      place(12, 4, window_pattern(1, (uint32_t[3]){12}, (uint32_t[3]){3}, (uint32_t[3]){3}));
  assert_int_equal(tiles->edges.fanout, 1);
  one_junction_close(tiles);
}

static void windows_slide_along_two_and_three_axes(void **state) {
  (void)state;
  const uint32_t shape[3] = {3, 28, 28}, size[3] = {3, 4, 5}, stride[3] = {1, 2, 3};
  OneJunction *two =
      place(784, 169, window_pattern(2, shape + 1, (uint32_t[3]){4, 4}, (uint32_t[3]){2, 2}));
  assert_int_equal(interleaver_left(&two->edges, 14 * 16 + 6), (2 + 1) * 28 + 2 + 2);
  one_junction_close(two);
  OneJunction *three = place(3 * 784, 13 * 8, window_pattern(3, shape, size, stride));
  for (uint32_t e = 0; e < three->edges.edge_count; e++) {
    const uint32_t window = e / 60, cell = e % 60;
    const uint32_t row = window / 8 * 2 + cell / 5 % 4, column = window % 8 * 3 + cell % 5;
    assert_int_equal(interleaver_left(&three->edges, e), cell / 20 * 784 + row * 28 + column);
  }
  one_junction_close(three);
}

static void padded_neurons_see_no_window(void **state) {
  (void)state;
  const Pattern pattern = window_pattern(1, (uint32_t[3]){10}, (uint32_t[3]){4}, (uint32_t[3]){2});
  OneJunction *one = one_junction_open(16, 6, pattern);
  one->layers[0].real_count = 10;
  one->layers[1].real_count = 4;
  assert_true(one_junction_place(one) && one_junction_verify(one));
  assert_int_equal(one->edges.edge_count, 16);
  assert_int_equal(interleaver_begin(&one->edges, 5), 16);
  assert_int_equal(warning_count(one->d), 0);
  one_junction_close(one);
}

static void windows_say_where_they_clash(void **state) {
  (void)state;
  OneJunction *one = place(
      16, 4, window_pattern(2, (uint32_t[3]){4, 4}, (uint32_t[3]){2, 2}, (uint32_t[3]){2, 2}));
  EdgeClash clash;
  assert_false(edges_clash(&one->edges, 2, &clash)); /* 0 1, 4 5, 2 3, ... */
  assert_true(edges_clash(&one->edges, 4, &clash));  /* 0 1 4 5 */
  assert_int_equal(clash.clock, 0);
  assert_int_equal(clash.bank, 0);
  assert_int_equal(clash.first_edge, 0);
  assert_int_equal(clash.second_edge, 2);
  assert_false(edges_clash(&one->edges, 16, &clash)); /* a bank for every neuron */
  one_junction_close(one);
}

/* ---- edges("file.npz") ---- */

static void add_indices(zipFile zip, const char *member, const uint32_t *values, uint32_t count) {
  uint8_t text[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
  char header[80];
  snprintf(header, sizeof header, "{'descr': '<u4', 'fortran_order': False, 'shape': (%u,), }",
           count);
  snprintf((char *)text + 10, 119, "%-117s\n", header);
  memcpy(text + 128, values, count * sizeof *values);
  assert_int_equal(zipOpenNewFileInZip64(zip, member, NULL, NULL, 0, NULL, 0, NULL, 0, 0, 0),
                   ZIP_OK);
  assert_int_equal(zipWriteInFileInZip(zip, text, 128 + count * 4), ZIP_OK);
  assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
}

/* Places the edges of a file with these arrays between 6 and 4 neurons. */
static OneJunction *place_file(const uint32_t *left, uint32_t left_count, const uint32_t *right,
                               uint32_t right_count, bool *is_placed) {
  const ScratchFolder folder = scratch_open();
  zipFile zip = zipOpen64(scratch_path(&folder, "e.npz"), APPEND_STATUS_CREATE);
  assert_non_null(zip);
  add_indices(zip, "left.npy", left, left_count);
  add_indices(zip, "right.npy", right, right_count);
  zipClose(zip, NULL);
  OneJunction *one = one_junction_open(6, 4, (Pattern){.kind = PATTERN_EDGES, .path = "e.npz"});
  one->input.folder = folder.path;
  *is_placed = one_junction_place(one);
  one->input.folder = "";
  scratch_close(&folder);
  return one;
}

static void listed_edges_are_sorted(void **state) {
  (void)state;
  const uint32_t left[5] = {5, 0, 2, 0, 1}, right[5] = {3, 1, 1, 0, 1};
  bool is_placed;
  OneJunction *one = place_file(left, 5, right, 5, &is_placed);
  assert_true(is_placed && one_junction_verify(one));
  const uint32_t expected[5] = {0, 0, 1, 2, 5}, begin[5] = {0, 1, 4, 4, 5};
  assert_memory_equal(one->edges.left, expected, sizeof expected);
  assert_memory_equal(one->edges.right_begin, begin, sizeof begin);
  assert_int_equal(warning_count(one->d), 1);
  assert_true(has_message(
      one, "no edge leaves 2 of the 6 neurons of 'left', and none enters 1 of the 4 of 'right'"));
  one_junction_close(one);
}

static void listed_edges_may_be_regular(void **state) {
  (void)state;
  const uint32_t left[12] = {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5};
  const uint32_t right[12] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3};
  bool is_placed;
  OneJunction *one = place_file(left, 12, right, 12, &is_placed);
  assert_true(is_placed && one_junction_verify(one));
  assert_null(one->edges.right_begin);
  assert_int_equal(one->edges.fanin, 3);
  assert_int_equal(one->edges.fanout, 2);
  assert_int_equal(error_count(one->d) + warning_count(one->d), 0);
  one_junction_close(one);
}

static void assert_file_refused(const uint32_t *left, uint32_t left_count, const uint32_t *right,
                                uint32_t right_count, ErrorCode code, const char *message) {
  bool is_placed;
  OneJunction *one = place_file(left, left_count, right, right_count, &is_placed);
  assert_false(is_placed);
  assert_int_equal(error_count(one->d), 1);
  assert_true(has_error_code(one->d, code));
  assert_true(has_message(one, message));
  one_junction_close(one);
}

static void wrong_lists_are_refused(void **state) {
  (void)state;
  const uint32_t left[4] = {0, 1, 6, 0}, right[4] = {0, 4, 1, 0}, good[4] = {0, 1, 2, 3};
  assert_file_refused(left, 3, right, 2, ERROR_EDGE_LIST,
                      "the file has 3 left neurons, but 2 right ones");
  assert_file_refused(left, 0, right, 0, ERROR_EDGE_LIST, "the file has no edges");
  assert_file_refused(left, 3, good, 3, ERROR_EDGE_NEURON,
                      "left[2] is 6, but 'left' has 6 neurons");
  assert_file_refused(good, 3, right, 3, ERROR_EDGE_NEURON,
                      "right[1] is 4, but 'right' has 4 neurons");
  const uint32_t twice[4] = {2, 0, 3, 0};
  assert_file_refused(twice, 4, (uint32_t[4]){1, 3, 1, 3}, 4, ERROR_DOUBLE_EDGE,
                      "entries 1 and 3 both join left neuron 0 to right neuron 3");
}

static void a_missing_file_is_a_read_error(void **state) {
  (void)state;
  OneJunction *one =
      one_junction_open(6, 4, (Pattern){.kind = PATTERN_EDGES, .path = "/nowhere/e.npz"});
  assert_false(one_junction_place(one));
  assert_true(has_error_code(one->d, ERROR_READ));
  assert_true(has_message(one, "/nowhere/e.npz"));
  one_junction_close(one);
}

/* ---- the proof notices what is wrong ---- */

/* A good pattern whose tables may be spoilt. */
static OneJunction *good_pattern(uint32_t type, bool has_dither, uint32_t **table,
                                 uint32_t **lanes) {
  OneJunction *one = place(24, 18, clash_free_pattern(24, 18, 6, 6, type, has_dither));
  const uint32_t *from = one->edges.rows ? one->edges.rows : one->edges.starts;
  const uint32_t count = 6u * (type == 3 ? 1u : 6u) * (type == 1 ? 4u : 1u);
  *table = ARENA_ARRAY(one->arena, uint32_t, count);
  memcpy(*table, from, count * sizeof **table);
  if (one->edges.rows) one->edges.rows = *table;
  if (one->edges.starts) one->edges.starts = *table;
  if (has_dither) {
    const uint32_t lane_count = 6u * (type == 3 ? 1u : 6u);
    *lanes = ARENA_ARRAY(one->arena, uint32_t, lane_count);
    memcpy(*lanes, one->edges.lanes, lane_count * sizeof **lanes);
    one->edges.lanes = *lanes;
  }
  return one;
}

static void assert_noticed(OneJunction *one, const char *message) {
  assert_false(one_junction_verify(one));
  assert_true(has_error_code(one->d, ERROR_EDGES_DEFECT));
  assert_true(has_message(one, message));
  one_junction_close(one);
}

static void the_proof_notices_wrong_tables(void **state) {
  (void)state;
  uint32_t *table, *lanes;
  OneJunction *one = good_pattern(1, false, &table, &lanes);
  table[0] = table[2]; /* a row twice in a sweep, so another never */
  assert_noticed(one, "not 6");
  one = good_pattern(1, false, &table, &lanes);
  table[5] = 4; /* no such row */
  assert_noticed(one, "reads left neuron");
  one = good_pattern(2, true, &table, &lanes);
  const uint32_t bank =
      lanes[1]; /* z = 6 and 3 do not mind, but z = 2 meets two even or two odd banks */
  lanes[1] = lanes[2];
  lanes[2] = bank;
  assert_false(one_junction_verify(one));
  one_junction_close(one);
}

/* Fan-in 8, p = 12: right neuron 1 has the last 4 edges of one sweep and the first 4 of the
 * next. */
static void the_proof_notices_double_edges(void **state) {
  (void)state;
  OneJunction *one = place(12, 6, clash_free_pattern(12, 6, 4, 4, 2, false));
  const uint32_t starts[16] = {0, 0, 0, 0, 2, 0, 0, 0};
  one->edges.starts = starts;
  assert_noticed(one, "a second edge joins left neuron 8 to right neuron 1");
}

static void the_proof_notices_clashes(void **state) {
  (void)state;
  OneJunction *one = place(8, 8, clash_free_pattern(8, 8, 1, 4, 2, true));
  const uint32_t lanes[4] = {0, 2, 1, 3}; /* fine for z = 4, not for z = 2 */
  one->edges.lanes = lanes;
  assert_noticed(one, "with z = 2, clock 0 reads bank 0 twice");
}

/* Numbers of the interleaver against the layers and the pattern. */
static void the_proof_notices_wrong_numbers(void **state) {
  (void)state;
  uint32_t *table, *lanes;
  OneJunction *one = good_pattern(1, false, &table, &lanes);
  one->edges.left_count = 25;
  assert_noticed(one, "joins 25 to 18 neurons, but the layers have 24 and 18");
  one = good_pattern(1, false, &table, &lanes);
  one->edges.edge_count = 0;
  assert_noticed(one, "there are no edges");
  one = good_pattern(1, false, &table, &lanes);
  one->edges.banks = 12;
  assert_noticed(one, "not the clash-free pattern of 6 banks");
  one = good_pattern(1, false, &table, &lanes);
  one->edges.rows_per_bank = 5;
  assert_noticed(one, "6 banks of 5 rows, 6 sweeps: not the layer's neurons");
}

static void the_proof_notices_wrong_lists(void **state) {
  (void)state;
  const uint32_t good[6] = {0, 1, 0, 2, 3, 2}, regular[6] = {0, 1, 0, 2, 1, 3};
  const uint32_t twice[6] = {0, 1, 0, 2, 2, 3}, falling[6] = {1, 0, 0, 2, 3, 2};
  const uint32_t begin[4] = {0, 2, 5, 6}, backwards[4] = {0, 5, 2, 6}, shorter[4] = {0, 2, 4, 5};
  const uint32_t even[4] = {0, 2, 4, 6};
  const Interleaver edges = {.kind = INTERLEAVER_LISTED,
                             .left_count = 4,
                             .right_count = 3,
                             .edge_count = 6,
                             .left = good,
                             .right_begin = begin};
  const struct {
    const uint32_t *left, *begin;
    uint32_t edge_count, fanin;
    const char *message;
    uint32_t fanout;
  } cases[] = {
      {good, begin, 6, 0, NULL, 0},
      {twice, begin, 6, 0, "edge 4: a second edge joins left neuron 2 to right neuron 1", 0},
      {falling, begin, 6, 0, "edge 1: left neuron 0 follows 1", 0},
      {good, backwards, 6, 0, "right neuron 1 has less than no edges", 0},
      {good, shorter, 6, 0, "do not cover all edges", 0},
      {good, begin, 5, 0, "5 edges, but the pattern promises 6", 0},
      {good, NULL, 6, 3, "not 3 into each of 3 neurons", 0},
      {regular, NULL, 6, 2, NULL, 0},
      {regular, begin, 6, 0, "left neuron 1 follows 2", 0},
      {regular, even, 6, 0, "all right neurons have 2 edges, but are said to differ", 0},
      {good, begin, 6, 0, "left neuron 1 has 1 edges, but all are said to have 2", 2},
  };
  for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    OneJunction *one = one_junction_open(4, 3, (Pattern){.kind = PATTERN_RANDOM, .edge_count = 6});
    one->edges = edges;
    one->edges.left = cases[i].left;
    one->edges.right_begin = cases[i].begin;
    one->edges.edge_count = cases[i].edge_count;
    one->edges.fanin = cases[i].fanin;
    one->edges.fanout = cases[i].fanout;
    if (cases[i].message) {
      assert_noticed(one, cases[i].message);
      continue;
    }
    assert_true(one_junction_verify(one));
    one_junction_close(one);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dense_joins_everybody),
      cmocka_unit_test(structured_is_regular),
      cmocka_unit_test(random_places_as_many_as_asked),
      cmocka_unit_test(random_is_fair),
      cmocka_unit_test(structured_is_fair),
      cmocka_unit_test(clash_free_is_free_of_clashes),
      cmocka_unit_test(straddling_neurons_get_no_double_edge),
      cmocka_unit_test(patterns_follow_their_seed),
      cmocka_unit_test(types_follow_their_formula),
      cmocka_unit_test(dither_reaches_all_its_orders),
      cmocka_unit_test(windows_slide_along_one_axis),
      cmocka_unit_test(windows_slide_along_two_and_three_axes),
      cmocka_unit_test(padded_neurons_see_no_window),
      cmocka_unit_test(windows_say_where_they_clash),
      cmocka_unit_test(listed_edges_are_sorted),
      cmocka_unit_test(listed_edges_may_be_regular),
      cmocka_unit_test(wrong_lists_are_refused),
      cmocka_unit_test(a_missing_file_is_a_read_error),
      cmocka_unit_test(the_proof_notices_wrong_tables),
      cmocka_unit_test(the_proof_notices_double_edges),
      cmocka_unit_test(the_proof_notices_clashes),
      cmocka_unit_test(the_proof_notices_wrong_numbers),
      cmocka_unit_test(the_proof_notices_wrong_lists),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
