// SPDX-License-Identifier: MIT
// The tables by which native code walks edges, read back as layout.h and tiles.h describe them:
// they must say what the interleaver says, each edge once.
#include "tests/unit/model_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/layout.h"
#include "runtime/tiles.h"

enum { LANES = 16, NO_EDGE = UINT32_MAX };

/* A junction's edges as pairs, and the edge that each slot holds. */
typedef struct Read {
  const Interleaver *edges;
  Layout layout;
  LayoutTables tables;
  bool has_bp;
  uint32_t panel_width;
  uint32_t *left, *right; /* [edges] */
  uint32_t *edge_of_slot; /* [slots], NO_EDGE for padding */
} Read;

static uint32_t slot_of(const Read *read, uint32_t edge) {
  return read->tables.place ? read->tables.place[edge] : edge;
}

/* Every edge has a slot of its own. */
static void open_read(const Model *model, uint32_t junction, Read *read) {
  Failure failure = {0};
  *read = (Read){.edges = &model->junctions[junction].edges,
                 .layout = choose_layout(model, junction),
                 .has_bp = junction > 0,
                 .panel_width = panel_width(model)};
  assert_true(layout_tables_open(model, junction, &read->layout, &read->tables, &failure));
  const uint32_t count = read->edges->edge_count, slots = read->layout.slot_count;
  read->left = calloc(count, sizeof *read->left);
  read->right = calloc(count, sizeof *read->right);
  read->edge_of_slot = calloc(slots, sizeof *read->edge_of_slot);
  assert_true(read->left && read->right && read->edge_of_slot);
  interleaver_expand(read->edges, 0, count, read->left);
  for (uint32_t slot = 0; slot < slots; slot++) read->edge_of_slot[slot] = NO_EDGE;
  for (uint32_t e = 0, r = 0; e < count; e++) {
    while (interleaver_begin(read->edges, r + 1) <= e) r++;
    read->right[e] = r;
    assert_in_range(slot_of(read, e), 0, slots - 1);
    assert_int_equal(read->edge_of_slot[slot_of(read, e)], NO_EDGE);
    read->edge_of_slot[slot_of(read, e)] = e;
  }
}

static void close_read(Read *read) {
  layout_tables_close(&read->tables);
  free(read->left);
  free(read->right);
  free(read->edge_of_slot);
}

/* ---- online ---- */

/* A column of a row is 16 left neurons, whose lanes they are. */
static void check_dense(const Read *read) {
  for (uint32_t e = 0; e < read->edges->edge_count; e++) {
    const uint32_t l = read->left[e];
    assert_int_equal(slot_of(read, e),
                     walk_slot(&read->layout, 0, read->right[e], l / LANES) + l % LANES);
  }
}

/* A vector's lanes are neighbouring banks; masks tell the row of its bank that each reads. */
static void check_blend(const Read *read) {
  const uint32_t rows = read->layout.bank_rows;
  for (uint32_t e = 0; e < read->edges->edge_count; e++) {
    const uint32_t slot = slot_of(read, e);
    assert_int_equal(slot % LANES, read->left[e] % read->layout.banks % LANES);
    for (uint32_t row = 0; row < rows; row++) {
      const uint16_t mask = read->tables.masks[(size_t)(slot / LANES) * rows + row];
      assert_int_equal(mask >> slot % LANES & 1, row == read->left[e] / read->layout.banks);
    }
  }
}

/* A bank's cycles read its rows one after the other, from the start of the sweep. */
static void check_rotate(const Read *read) {
  for (uint32_t e = 0; e < read->edges->edge_count; e++) {
    const uint32_t slot = slot_of(read, e), unit = read->layout.unit;
    const uint32_t row = (read->tables.starts[slot / unit] + slot % unit) % read->layout.bank_rows;
    assert_int_equal(row, read->left[e] / read->layout.banks);
  }
}

/* A right neuron's edges in their order, then reads of a cell that holds 0 up to a multiple of
 * 16. */
static void check_gather(const Read *read) {
  const LayoutTables *t = &read->tables;
  const uint32_t zero = (read->edges->left_count + LANES - 1) / LANES * LANES;
  for (uint32_t r = 0; r < read->edges->right_count; r++) {
    const uint32_t begin = interleaver_begin(read->edges, r);
    const uint32_t count = interleaver_begin(read->edges, r + 1) - begin;
    assert_int_equal(t->row_end[r], t->row_begin[r] + count);
    assert_int_equal(t->row_begin[r + 1] - t->row_begin[r], (count + LANES - 1) / LANES * LANES);
    for (uint32_t slot = t->row_begin[r]; slot < t->row_begin[r + 1]; slot++) {
      const uint32_t k = slot - t->row_begin[r];
      assert_int_equal(read->edge_of_slot[slot], k < count ? begin + k : NO_EDGE);
      assert_int_equal(t->left[slot], k < count ? read->left[begin + k] : zero);
    }
  }
}

/* ---- batches in fixed point ---- */

static void check_batch(const Read *read) {
  const LayoutTables *t = &read->tables;
  const uint32_t count = read->edges->edge_count;
  for (uint32_t slot = 0; slot < count; slot++) {
    const uint32_t e = read->edge_of_slot[slot], r = read->right[e];
    assert_int_equal(e, slot);
    assert_in_range(slot, t->row_begin[r], t->row_begin[r + 1] - 1);
    assert_int_equal(t->left[slot], read->left[e]);
  }
  assert_int_equal(t->back_begin != NULL, read->has_bp);
  if (!read->has_bp) return;
  assert_int_equal(t->back_begin[0], 0);
  assert_int_equal(t->back_begin[read->edges->left_count], count);
  for (uint32_t l = 0; l < read->edges->left_count; l++) {
    for (uint32_t at = t->back_begin[l]; at < t->back_begin[l + 1]; at++) {
      assert_int_equal(t->left[t->back_slot[at]], l);
      assert_int_equal(read->right[read->edge_of_slot[t->back_slot[at]]], t->back_right[at]);
      if (at > t->back_begin[l]) assert_true(t->back_right[at - 1] < t->back_right[at]);
    }
  }
}

/* ---- batches of floats ---- */

/* One direction of one block. */
typedef struct BlockWords {
  const uint16_t *at, *end;
  uint32_t unit;
  uint32_t first_slot, slots;
  uint32_t first_own, first_other; /* neurons */
  uint32_t own_tile, other_tile;
  bool is_forward;
} BlockWords;

static uint32_t next_neuron(BlockWords *words, uint32_t first, uint32_t tile) {
  assert_true(words->at < words->end);
  const uint32_t place = *words->at++;
  assert_int_equal(place % words->unit, 0);
  assert_in_range(place / words->unit, 0, tile - 1);
  return first + place / words->unit;
}

/* Pieces of falling length; a neuron's edges by ascending neuron at their other end; every slot
 * once. */
static void check_block(const Read *read, BlockWords *words) {
  enum { WIDEST_TILE = 512 };
  int64_t last_other[WIDEST_TILE];
  uint32_t count = 0, last_length = LONGEST_PIECE + 1;
  assert_in_range(words->own_tile, 1, WIDEST_TILE);
  for (uint32_t i = 0; i < WIDEST_TILE; i++) last_other[i] = -1;
  for (uint32_t runs = *words->at++; runs > 0; runs--) {
    const uint32_t length = *words->at++;
    assert_in_range(length, 1, last_length - 1);
    last_length = length;
    for (uint32_t pieces = *words->at++; pieces > 0; pieces--) {
      const uint32_t own = next_neuron(words, words->first_own, words->own_tile);
      for (uint32_t k = 0; k < length; k++, count++) {
        const uint32_t other = next_neuron(words, words->first_other, words->other_tile);
        const uint32_t place = words->is_forward ? count : *words->at++;
        assert_in_range(place, 0, words->slots - 1);
        const uint32_t e = read->edge_of_slot[words->first_slot + place];
        assert_int_equal(read->right[e], words->is_forward ? own : other);
        assert_int_equal(read->left[e], words->is_forward ? other : own);
        assert_true(last_other[own - words->first_own] < other);
        last_other[own - words->first_own] = other;
      }
    }
  }
  assert_ptr_equal(words->at, words->end);
  assert_int_equal(count, words->slots);
}

static void check_tile(const Read *read) {
  const LayoutTables *t = &read->tables;
  const uint32_t left_tile = read->layout.left_tile, right_tile = read->layout.right_tile;
  const uint32_t left_tiles = (read->edges->left_count + left_tile - 1) / left_tile;
  const uint32_t right_tiles = (read->edges->right_count + right_tile - 1) / right_tile;
  assert_true(left_tile * right_tile <= 1U << 16);
  for (uint32_t block = 0; block < left_tiles * right_tiles; block++) {
    const uint32_t left = block % left_tiles * left_tile, right = block / left_tiles * right_tile;
    const BlockWords both = {.unit = read->panel_width / CELLS_PER_PLACE,
                             .first_slot = (uint32_t)t->block_slot[block],
                             .slots = (uint32_t)(t->block_slot[block + 1] - t->block_slot[block])};
    BlockWords words = both;
    words.at = t->forward + t->block_forward[block];
    words.end = t->forward + t->block_forward[block + 1];
    words.is_forward = true;
    words.first_own = right, words.own_tile = right_tile;
    words.first_other = left, words.other_tile = left_tile;
    check_block(read, &words);
    if (!read->has_bp) continue;
    words = both;
    words.at = t->backward + t->block_backward[block];
    words.end = t->backward + t->block_backward[block + 1];
    words.first_own = left, words.own_tile = left_tile;
    words.first_other = right, words.other_tile = right_tile;
    check_block(read, &words);
  }
  assert_int_equal(t->block_slot[left_tiles * right_tiles], read->edges->edge_count);
}

/* ---- all kinds ---- */

/* Checks all junctions of a network and returns the kinds met, a bit each. */
static unsigned check_layouts(const char *junctions, const char *settings) {
  static void (*const checks[])(const Read *) = {
      [LAYOUT_DENSE] = check_dense,   [LAYOUT_BLEND] = check_blend, [LAYOUT_ROTATE] = check_rotate,
      [LAYOUT_GATHER] = check_gather, [LAYOUT_BATCH] = check_batch, [LAYOUT_TILE] = check_tile,
  };
  char text[2048];
  snprintf(text, sizeof text, "network n { %s } %s", junctions, settings);
  Compilation *c = compile_text(text, PASS_MODEL);
  unsigned kinds = 0;
  for (uint32_t i = 0; i < c->model->junction_count; i++) {
    Read read;
    open_read(c->model, i, &read);
    checks[read.layout.kind](&read);
    kinds |= 1U << read.layout.kind;
    close_read(&read);
  }
  compilation_close(c);
  return kinds;
}

/* Layers of odd sizes, of several tiles, and so few edges that tiles grow as large as they may. */
static const char *const networks[] = {
    "input a[20]; layer b[33] : relu; output c[7] : sigmoid; junction a -> b -> c : dense();",
    "input a[300]; layer b[150] : relu; output c[70] : sigmoid; junction a -> b : random(0.2); "
    "junction b -> c : random(0.5);",
    "input a[64]; layer b[32] : relu; layer d[64] : relu; output c[32] : sigmoid; "
    "junction a -> b : clashfree(fanout = 16, banks = 32); "
    "junction b -> d : clashfree(fanout = 32, banks = 16); "
    "junction d -> c : clashfree(fanout = 8, banks = 32);",
    "input a[64]; layer b[64] : relu; output c[64] : sigmoid; "
    "junction a -> b -> c : clashfree(fanout = 8, banks = 16, type = 1);",
    "input a[64]; layer b[64] : relu; output c[64] : sigmoid; "
    "junction a -> b -> c : clashfree(fanout = 8, banks = 16, type = 3);",
    "input a[64]; layer b[32] : relu; output c[32] : sigmoid; "
    "junction a -> b : clashfree(fanout = 16, banks = 32, dither = true); "
    "junction b -> c : clashfree(fanout = 16, banks = 16, dither = true);",
    "input a[1200]; layer b[2048] : relu; layer d[1024] : relu; output c[512] : sigmoid; "
    "junction a -> b : random(0.003); junction b -> d : clashfree(fanout = 2, banks = 128); "
    "junction d -> c : structured(fanout = 4);",
};

static void tables_say_what_the_interleaver_says(void **state) {
  (void)state;
  static const char *const settings[] = {
      "", "train { batch = 5; }", "train { batch = 150; }",
      "hardware h { number = fixed(width = 12, integer = 3); } train { batch = 5; }",
      "hardware h { number = fixed(width = 12, integer = 3); }"};
  unsigned kinds = 0;
  for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
    for (size_t k = 0; k < sizeof settings / sizeof settings[0]; k++)
      kinds |= check_layouts(networks[i], settings[k]);
  }
  assert_int_equal(kinds, (1U << (LAYOUT_TILE + 1)) - 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tables_say_what_the_interleaver_says)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
