// SPDX-License-Identifier: MIT
// Choosing a layout and filling its tables.
#include "runtime/layout.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/array.h"
#include "runtime/tiles.h"

static uint32_t round_up(uint32_t count) {
  return (count + SUM_LANES - 1) / SUM_LANES * SUM_LANES;
}

/* Sixteen edges in a row are sixteen neighbouring banks of one cycle and one right neuron.  A
 * fan-in of several cycles meets a bank in several columns: a group of rows would then add to a
 * left neuron's BP sum out of order. */
static bool is_blending(const Interleaver *edges, bool has_bp) {
  if (edges->kind != INTERLEAVER_CLASH_FREE || edges->lanes) return false;
  const uint32_t rows = edges->rows_per_bank;
  return (rows == 2 || rows == 4 || rows == 8) && edges->banks % SUM_LANES == 0 &&
         edges->fanin % SUM_LANES == 0 &&
         (edges->banks % edges->fanin == 0 || (edges->fanin % edges->banks == 0 && !has_bp));
}

static uint64_t padded_slots(const Interleaver *edges) {
  uint64_t slots = 0;
  for (uint32_t r = 0; r < edges->right_count; r++)
    slots += round_up(interleaver_begin(edges, r + 1) - interleaver_begin(edges, r));
  return slots;
}

/* Right neurons of a cycle. */
static uint32_t parts_of(const Interleaver *edges) {
  return edges->fanin < edges->banks ? edges->banks / edges->fanin : 1;
}

static Layout walk(LayoutKind kind, uint32_t parts, uint32_t rows, uint32_t columns,
                   uint32_t unit) {
  return (Layout){.kind = kind,
                  .slot_count = parts * rows * columns * unit,
                  .parts = parts,
                  .rows = rows,
                  .columns = columns,
                  .unit = unit,
                  .group_rows = kind == LAYOUT_ROTATE ? MOST_GROUP_ROWS / 2 : MOST_GROUP_ROWS};
}

static Layout gather(const Interleaver *edges) {
  return (Layout){.kind = LAYOUT_GATHER,
                  .slot_count = (uint32_t)padded_slots(edges),
                  .row_stride = round_up(edges->fanin)};
}

Layout choose_layout(const Model *model, uint32_t index) {
  const Junction *junction = &model->junctions[index];
  const Interleaver *edges = &junction->edges;
  const uint32_t n = edges->right_count, parts = parts_of(edges);
  Layout layout;
  if (junction->sum_order == SUM_BY_LEFT) {
    layout = (Layout){.kind = model->number.is_fixed ? LAYOUT_BATCH : LAYOUT_TILE,
                      .slot_count = edges->edge_count};
    choose_tiles(model, index, &layout.left_tile, &layout.right_tile);
  } else if (rounds_randomly(&model->number)) {
    layout = gather(edges);
  } else if (junction->is_place_left) {
    layout = walk(LAYOUT_DENSE, 1, n, round_up(edges->left_count) / SUM_LANES, SUM_LANES);
  } else if (junction->sum_order == SUM_BY_SEGMENT) {
    layout =
        walk(LAYOUT_ROTATE, parts, edges->sweep_count, edges->banks / parts, edges->rows_per_bank);
  } else if (is_blending(edges, index > 0)) {
    layout = walk(LAYOUT_BLEND, parts, n / parts, edges->fanin / SUM_LANES, SUM_LANES);
  } else {
    layout = gather(edges);
  }
  layout.banks = edges->banks;
  layout.bank_rows = edges->rows_per_bank;
  return layout;
}

uint64_t scratch_cells(const Model *model, uint32_t index) {
  const Interleaver *edges = &model->junctions[index].edges;
  const Layout layout = choose_layout(model, index);
  if (layout.kind == LAYOUT_TILE) return tile_scratch_cells(model, index, &layout);
  const uint64_t ends = (uint64_t)layer_cells(edges->left_count) + layer_cells(edges->right_count);
  const uint64_t pieces = layout.kind == LAYOUT_ROTATE ? edges->edge_count / layout.columns : 0;
  const uint64_t words =
      rounds_randomly(&model->number) ? 2 * rounding_cells(edges->edge_count) : 0;
  return SUM_LANES * ends + 4 * pieces + words + 1024ull * SUM_LANES;
}

/* ---- tables ---- */

/* A zeroed array with 16 elements more, so that a vector read at its end stays inside; aligned to
 * 64 bytes. */
static void *table(bool *ok, uint64_t count, size_t size) {
  return array_next_aligned(ok, count + SUM_LANES, size);
}

static void fill_rotate(const Interleaver *edges, const Layout *layout, LayoutTables *t) {
  const uint32_t p = edges->left_count, banks = layout->banks;
  for (uint32_t e = 0; e < edges->edge_count; e++) {
    const uint32_t sweep = e / p, cycle = e % p / banks, bank = e % banks;
    const uint32_t slot = walk_slot(layout, bank / layout->columns, sweep, bank % layout->columns);
    t->place[e] = slot + cycle;
    t->starts[slot / layout->unit] =
        edges->starts[(edges->is_start_shared ? 0 : (size_t)sweep * banks) + bank];
  }
}

static void fill_blend(const Interleaver *edges, const Layout *layout, LayoutTables *t) {
  uint32_t left[SUM_LANES];
  for (uint32_t e = 0; e < edges->edge_count; e += SUM_LANES) {
    const uint32_t r = e / edges->fanin, column = e % edges->fanin / SUM_LANES;
    const uint32_t slot = walk_slot(layout, r % layout->parts, r / layout->parts, column);
    uint16_t *masks = t->masks + (size_t)(slot / SUM_LANES) * layout->bank_rows;
    interleaver_expand(edges, e, SUM_LANES, left);
    for (uint32_t lane = 0; lane < SUM_LANES; lane++) {
      t->place[e + lane] = slot + lane;
      masks[left[lane] / layout->banks] |= (uint16_t)(1U << lane);
    }
  }
}

static void fill_dense(const Interleaver *edges, const Layout *layout, LayoutTables *t) {
  interleaver_expand(edges, 0, edges->edge_count, t->place);
  for (uint32_t e = 0; e < edges->edge_count; e++) {
    const uint32_t left = t->place[e];
    t->place[e] = walk_slot(layout, 0, e / edges->fanin, left / SUM_LANES) + left % SUM_LANES;
  }
}

static void fill_gather(const Interleaver *edges, LayoutTables *t) {
  const uint32_t zero_cell = round_up(edges->left_count);
  uint32_t slot = 0;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    const uint32_t begin = interleaver_begin(edges, r);
    const uint32_t count = interleaver_begin(edges, r + 1) - begin;
    t->row_begin[r] = slot;
    t->row_end[r] = slot + count;
    interleaver_expand(edges, begin, count, t->left + slot);
    for (uint32_t k = 0; k < count; k++) t->place[begin + k] = slot + k;
    for (uint32_t k = count; k < round_up(count); k++) t->left[slot + k] = zero_cell;
    slot += round_up(count);
  }
  t->row_begin[edges->right_count] = slot;
}

/* Edges by left neuron, each one's by ascending right neuron. */
static void fill_back(const Interleaver *edges, LayoutTables *t) {
  const uint32_t p = edges->left_count;
  for (uint32_t slot = 0; slot < edges->edge_count; slot++) t->back_begin[t->left[slot] + 1]++;
  for (uint32_t l = 0; l < p; l++) t->back_begin[l + 1] += t->back_begin[l];
  for (uint32_t r = 0; r < edges->right_count; r++) {
    for (uint32_t slot = t->row_begin[r]; slot < t->row_begin[r + 1]; slot++) {
      const uint32_t to = t->back_begin[t->left[slot]]++;
      t->back_right[to] = r;
      t->back_slot[to] = slot;
    }
  }
  memmove(t->back_begin + 1, t->back_begin, p * sizeof *t->back_begin);
  t->back_begin[0] = 0;
}

static bool open_batch(const Interleaver *edges, bool has_bp, LayoutTables *t) {
  bool ok = true;
  t->left = table(&ok, edges->edge_count, sizeof *t->left);
  t->row_begin = table(&ok, edges->right_count + 1ull, sizeof *t->row_begin);
  if (has_bp) {
    t->back_begin = table(&ok, edges->left_count + 1ull, sizeof *t->back_begin);
    t->back_right = table(&ok, edges->edge_count, sizeof *t->back_right);
    t->back_slot = table(&ok, edges->edge_count, sizeof *t->back_slot);
  }
  if (!ok) return false;
  interleaver_expand(edges, 0, edges->edge_count, t->left);
  for (uint32_t r = 0; r <= edges->right_count; r++) t->row_begin[r] = interleaver_begin(edges, r);
  if (has_bp) fill_back(edges, t);
  return true;
}

static bool open_tables(const Model *model, uint32_t junction, const Layout *layout,
                        LayoutTables *t) {
  const Interleaver *edges = &model->junctions[junction].edges;
  const bool has_bp = junction > 0;
  bool ok = true;
  switch (layout->kind) {
  case LAYOUT_DENSE:
    t->place = table(&ok, edges->edge_count, sizeof *t->place);
    if (ok) fill_dense(edges, layout, t);
    return ok;
  case LAYOUT_BLEND:
    t->place = table(&ok, edges->edge_count, sizeof *t->place);
    t->masks =
        table(&ok, (uint64_t)edges->edge_count / SUM_LANES * layout->bank_rows, sizeof *t->masks);
    if (ok) fill_blend(edges, layout, t);
    return ok;
  case LAYOUT_ROTATE:
    t->place = table(&ok, edges->edge_count, sizeof *t->place);
    t->starts = table(&ok, edges->edge_count / layout->unit, sizeof *t->starts);
    if (ok) fill_rotate(edges, layout, t);
    return ok;
  case LAYOUT_GATHER:
    t->place = table(&ok, edges->edge_count, sizeof *t->place);
    t->left = table(&ok, layout->slot_count, sizeof *t->left);
    t->row_begin = table(&ok, edges->right_count + 1ull, sizeof *t->row_begin);
    t->row_end = table(&ok, edges->right_count, sizeof *t->row_end);
    if (ok) fill_gather(edges, t);
    return ok;
  case LAYOUT_BATCH: return open_batch(edges, has_bp, t);
  case LAYOUT_TILE: return open_tiles(edges, layout, panel_width(model), has_bp, t);
  }
  return false;
}

bool layout_tables_open(const Model *model, uint32_t junction, const Layout *layout,
                        LayoutTables *tables, Failure *failure) {
  *tables = (LayoutTables){0};
  if (open_tables(model, junction, layout, tables)) return true;
  layout_tables_close(tables);
  return fail(failure, FAILURE_MEMORY, NULL, "no memory for the tables of junction %u",
              junction + 1);
}

void layout_tables_close(LayoutTables *t) {
  free(t->place);
  free(t->left);
  free(t->row_begin);
  free(t->row_end);
  free(t->masks);
  free(t->starts);
  free(t->back_begin);
  free(t->back_right);
  free(t->back_slot);
  free(t->block_slot);
  free(t->block_forward);
  free(t->block_backward);
  free(t->forward);
  free(t->backward);
  *t = (LayoutTables){0};
}
