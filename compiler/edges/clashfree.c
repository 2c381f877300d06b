// SPDX-License-Identifier: MIT
// Places clash-free edges: sweeps over the left neurons, a lane of the sweep always in one bank.
//
//   sweep s = e / p, cycle c = (e % p) / B, lane m = e % B, bank v = lanes[s][m], rows D = p / B
//   left(e) = row * B + v    type 1: row = rows[s][m][c]    types 2, 3: row = (starts[s][m]+c) % D
//
// A sweep meets every left neuron once, so a double edge can only be in a right neuron that begins
// in one sweep (its tail) and ends in the next (its head):
//
//        sweep s   ... . . . . . | j j j j j |         fan-in of j = tail + head
//        sweep s+1               | j j j | . . . . ...
//
// Of a bank the tail takes the last t rows of its lane in sweep s, the head the first h of its lane
// in s + 1. They must differ, so sweep s + 1 is drawn among the rows that make them differ: starts
// 0 .. D - t - h after the old start, permutations whose first h entries are not the old one's last
// t.  There are such rows where t + h <= D. That always holds when a bank keeps its lane, because
// fan-in <= p; a dither for which it does not hold is drawn again, and after some draws the old one
// is kept.  So a clash-free pattern without double edges exists for all degrees that come out
// whole, and type 3, whose sweeps are all alike, needs no care at all.
//
// Source: Dey et al., "Interleaver design for deep neural networks", Asilomar 2017 (types and
// dither).
#include <assert.h>
#include <string.h>

#include "compiler/edges/lane_order.h"
#include "compiler/edges/place.h"
#include "runtime/random.h"

enum { DITHER_DRAWS = 16 };

/* Edges of the right neuron that straddles two sweeps, on either side; both 0 where none does. */
typedef struct Straddle {
  uint32_t tail, head;
} Straddle;

static Straddle straddle_before(uint32_t sweep, const Interleaver *edges) {
  const uint32_t tail = (uint32_t)((uint64_t)sweep * edges->left_count % edges->fanin);
  return tail ? (Straddle){tail, edges->fanin - tail} : (Straddle){0, 0};
}

/* Rows that a lane gives to the last `tail` edges of a sweep, and to the first `head`. */
static uint32_t tail_rows(uint32_t tail, uint32_t lane, uint32_t banks) {
  return tail / banks + (lane >= banks - tail % banks);
}
static uint32_t head_rows(uint32_t head, uint32_t lane, uint32_t banks) {
  return head / banks + (lane < head % banks);
}

/* What drawing a sweep needs; the tables are the interleaver's, written in place. */
typedef struct Drawing {
  const Interleaver *edges;
  RandomStream *stream;
  LaneOrder order;
  uint32_t *starts, *rows, *lanes; /* as in Interleaver, or NULL */
  uint32_t *old_lane;              /* [banks] lane of each bank in the sweep before */
} Drawing;

/* Whether every bank has rows enough for the straddling neuron, its lane in the old sweep being
 * old_lane. */
static bool lanes_fit(const Drawing *drawing, const uint32_t *lanes, Straddle straddle) {
  const Interleaver *edges = drawing->edges;
  for (uint32_t m = 0; m < edges->banks; m++) {
    const uint32_t head = head_rows(straddle.head, m, edges->banks);
    const uint32_t tail = tail_rows(straddle.tail, drawing->old_lane[lanes[m]], edges->banks);
    if (head && tail && head + tail > edges->rows_per_bank) return false;
  }
  return true;
}

/* Draws the lanes of a sweep; the old lanes are those of the sweep before. */
static void draw_lanes(Drawing *drawing, uint32_t sweep, Straddle straddle) {
  const uint32_t banks = drawing->edges->banks;
  uint32_t *lanes = drawing->lanes + (size_t)sweep * banks;
  for (uint32_t draw = 0; draw < DITHER_DRAWS; draw++) {
    draw_lane_order(&drawing->order, drawing->stream, lanes);
    if (sweep == 0 || lanes_fit(drawing, lanes, straddle)) return;
  }
  memcpy(lanes, lanes - banks, banks * sizeof *lanes);
}

/* Draws a permutation of the rows whose first `head` entries are none of the last `tail` entries of
 * old; old may be NULL where tail is 0. */
static void draw_rows(RandomStream *stream, const uint32_t *old, uint32_t tail, uint32_t head,
                      uint32_t count, uint32_t *rows) {
  for (uint32_t i = 0; i < count; i++) rows[i] = old ? old[i] : i;
  for (uint32_t i = 0; i + 1 < count; i++) {
    const uint32_t choices = (i < head ? count - tail : count) - i;
    const uint32_t chosen = i + random_below(stream, choices);
    const uint32_t row = rows[chosen];
    rows[chosen] = rows[i];
    rows[i] = row;
  }
}

/* Draws one lane of a sweep; old_lane is the lane of its bank in the sweep before. */
static void draw_lane(Drawing *drawing, uint32_t sweep, uint32_t lane, uint32_t old_lane,
                      Straddle straddle) {
  const uint32_t banks = drawing->edges->banks;
  const uint32_t row_count = drawing->edges->rows_per_bank;
  const size_t place = (size_t)sweep * banks + lane;
  const size_t old_place = (size_t)(sweep - 1) * banks + old_lane;
  uint32_t tail = tail_rows(straddle.tail, old_lane, banks);
  uint32_t head = head_rows(straddle.head, lane, banks);
  if (sweep == 0 || head == 0 || tail == 0) head = tail = 0;
  if (drawing->rows) {
    const uint32_t *old = tail ? drawing->rows + old_place * row_count : NULL;
    draw_rows(drawing->stream, old, tail, head, row_count, drawing->rows + place * row_count);
    return;
  }
  const uint32_t choices = tail ? row_count - tail - head + 1 : row_count;
  const uint32_t start = random_below(drawing->stream, choices);
  drawing->starts[place] = tail ? (drawing->starts[old_place] + start) % row_count : start;
}

/* Draws one sweep after the sweep before it. */
static void draw_sweep(Drawing *drawing, uint32_t sweep) {
  const uint32_t banks = drawing->edges->banks;
  const Straddle straddle = straddle_before(sweep, drawing->edges);
  if (drawing->lanes) draw_lanes(drawing, sweep, straddle);
  const uint32_t *lanes = drawing->lanes ? drawing->lanes + (size_t)sweep * banks : NULL;
  for (uint32_t m = 0; m < banks; m++) {
    draw_lane(drawing, sweep, m, lanes ? drawing->old_lane[lanes[m]] : m, straddle);
  }
  for (uint32_t m = 0; lanes && m < banks; m++) drawing->old_lane[lanes[m]] = m;
}

/* Fills in all counts, from what the pattern promises. */
static void set_counts(const Pattern *pattern, Interleaver *edges) {
  const uint64_t edge_count = (uint64_t)edges->left_count * pattern->fanout;
  assert(pattern->fanin <= edges->left_count && pattern->fanout <= edges->right_count);
  assert(edge_count == (uint64_t)edges->right_count * pattern->fanin && edge_count <= MOST_EDGES);
  assert(pattern->banks >= 1 && edges->left_count % pattern->banks == 0);
  edges->kind = INTERLEAVER_CLASH_FREE;
  edges->edge_count = (uint32_t)edge_count;
  edges->fanin = pattern->fanin;
  edges->fanout = pattern->fanout;
  edges->banks = pattern->banks;
  edges->rows_per_bank = edges->left_count / pattern->banks;
  edges->sweep_count = pattern->fanout; /* W = p * fanout: all sweeps are whole */
  edges->is_start_shared = pattern->type == 3;
  edges->is_lane_shared = pattern->type == 3 && pattern->has_dither;
}

bool place_clash_free(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  (void)d;
  const Pattern *pattern = pattern_of(input);
  set_counts(pattern, edges);
  const uint32_t drawn_sweeps = edges->is_start_shared ? 1 : edges->sweep_count;
  const size_t lane_count = (size_t)drawn_sweeps * edges->banks;
  RandomStream stream = random_stream(pattern->seed, RANDOM_PATTERN, input->junction);
  Arena *scratch = arena_open();
  Drawing drawing = {.edges = edges, .stream = &stream};
  if (pattern->type == 1) {
    drawing.rows = ARENA_ARRAY(arena, uint32_t, lane_count * edges->rows_per_bank);
  } else {
    drawing.starts = ARENA_ARRAY(arena, uint32_t, lane_count);
  }
  if (pattern->has_dither) {
    drawing.order = lane_order(edges->banks, scratch);
    drawing.lanes = ARENA_ARRAY(arena, uint32_t, lane_count);
    drawing.old_lane = ARENA_ARRAY(scratch, uint32_t, edges->banks);
  }
  for (uint32_t sweep = 0; sweep < drawn_sweeps; sweep++) draw_sweep(&drawing, sweep);
  edges->starts = drawing.starts;
  edges->rows = drawing.rows;
  edges->lanes = drawing.lanes;
  arena_close(scratch);
  return true;
}
