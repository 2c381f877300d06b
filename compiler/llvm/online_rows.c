// SPDX-License-Identifier: MIT
// Walks whose rows are right neurons (SUM_BY_LANE): DENSE and BLEND.
//
//   DENSE    lanes of a column are neighbouring left neurons: the same for all rows
//   BLEND    lanes are neighbouring banks, each in one of a few rows of its bank: a vector for each
//            bank row, blended by masks.  With two bank rows, two cycles of a sweep choose
//            oppositely, so that one mask serves two rows of a strip
#include "compiler/llvm/online_walk.h"

static bool is_blended(const Walk *walk) {
  return walk->k->layout.kind == LAYOUT_BLEND;
}

static uint32_t vectors_of(const Walk *walk) {
  return is_blended(walk) ? walk->k->layout.bank_rows : 1;
}

/* First cell of a column's vector for bank row `row`. */
static Value column_cell(Emitter *e, const Walk *walk, const WalkStrip *strip,
                         const WalkColumn *column, uint32_t row) {
  const Layout *layout = &walk->k->layout;
  Value first = mul_i64(e, column->number, LANES);
  if (!is_blended(walk)) return first;
  if (layout->parts > 1) {
    Value bank = mul_i64(e, strip->part, (int64_t)layout->columns * LANES);
    first = LLVMBuildAdd(e->builder, bank, first, "");
  } else if (layout->columns * LANES > layout->banks) {
    first = LLVMBuildURem(e->builder, first, const_i64(e, layout->banks), "bank");
  }
  return add_i64(e, first, (int64_t)row * layout->banks);
}

static void open_column(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column) {
  const OnlineKernel *k = walk->k;
  const bool is_wanted[WALK_SIDES] = {k->does_ff, k->does_back};
  for (uint32_t row = 0; row < vectors_of(walk); row++) {
    Value cell = column_cell(e, walk, strip, column, row);
    for (uint32_t side = 0; side < WALK_SIDES; side++) {
      if (!is_wanted[side]) continue;
      Value a = load_vector(e, vector_type(e), walk->left[side], cell, 64, "a");
      column->left[side][row] = factor_of(e, a);
    }
    if (k->does_bp) column->sums[row] = load_left_sums(e, walk, cell);
  }
}

static void close_column(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column) {
  for (uint32_t row = 0; row < vectors_of(walk); row++)
    store_vector(e, column->sums[row], walk->left_sums, column_cell(e, walk, strip, column, row),
                 64);
}

/* Rows 2i and 2i + 1 of a part are the two cycles of a sweep. */
static bool has_opposite(const Walk *walk) {
  const Layout *layout = &walk->k->layout;
  return layout->bank_rows == 2 && layout->columns * LANES * layout->parts == layout->banks;
}

/* Lanes of a crossing that read a bank's row. */
static Value row_mask(Emitter *e, const Walk *walk, Value slot, uint32_t row) {
  Value vector = LLVMBuildUDiv(e->builder, slot, const_i64(e, LANES), "");
  Value at = add_i64(e, mul_i64(e, vector, walk->k->layout.bank_rows), row);
  return LLVMBuildBitCast(e->builder, load_at(e, e->i16, walk->masks, at, "bits"), e->v16i1,
                          "mask");
}

static void open_lanes(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column,
                       WalkLanes *lanes) {
  const uint32_t rows = walk->k->layout.bank_rows;
  if (!is_blended(walk)) return;
  if (rows > 2) {
    for (uint32_t row = 0; row < rows; row++)
      lanes->choice[row] = row_mask(e, walk, lanes->slot, row);
    return;
  }
  const bool is_opposite = has_opposite(walk) && lanes->row % 2 == 1;
  (void)strip;
  if (!is_opposite) column->turn = row_mask(e, walk, lanes->slot, 1);
  lanes->choice[is_opposite ? 0 : 1] = column->turn;
}

/* a where the lanes read bank row `row`, else b. */
static Value choose(Emitter *e, const WalkLanes *lanes, uint32_t row, Value a, Value b) {
  if (lanes->choice[row]) return LLVMBuildSelect(e->builder, lanes->choice[row], a, b, "chosen");
  return LLVMBuildSelect(e->builder, lanes->choice[1 - row], b, a, "chosen"); /* one of two */
}

static Value left(Emitter *e, const Walk *walk, const WalkStrip *strip, const WalkColumn *column,
                  const WalkLanes *lanes, WalkSide side) {
  Value blended = column->left[side][0];
  (void)strip;
  for (uint32_t row = 1; row < vectors_of(walk); row++)
    blended = choose(e, lanes, row, column->left[side][row], blended);
  return blended;
}

static void add_back(Emitter *e, const Walk *walk, WalkColumn *column, const WalkLanes *lanes,
                     Value weight, Value delta) {
  for (uint32_t row = 0; row < vectors_of(walk); row++) {
    Value added = add_product(e, weight, delta, column->sums[row], walk->range, NULL);
    column->sums[row] = is_blended(walk) ? choose(e, lanes, row, added, column->sums[row]) : added;
  }
}

/* Right neuron of a strip's row. */
static Value right_of(Emitter *e, const Walk *walk, const WalkStrip *strip, uint32_t row) {
  Value first = mul_i64(e, strip_row(e, strip, row), walk->k->layout.parts);
  return LLVMBuildAdd(e->builder, first, strip->part, "right");
}

static Value load_pull(Emitter *e, const Walk *walk, const WalkStrip *strip, uint32_t row,
                       Value array) {
  Value right = right_of(e, walk, strip, row);
  return splat(e, load_at(e, cell_type(e), array, right, ""), "pull");
}

/* Sixteen totals at once where the registers hold sixteen sums. */
static void store_sums(Emitter *e, const Walk *walk, const WalkStrip *strip, const Value sums[]) {
  Value first = piece_at(e, walk->k, strip->part, strip_row(e, strip, 0));
  if (walk->strip_rows < LANES) {
    for (uint32_t row = 0; row < strip->rows; row++)
      store_at(e, sum_lanes(e, sums[row]), walk->sums, add_i64(e, first, row));
    return;
  }
  Value all[LANES];
  for (uint32_t row = 0; row < LANES; row++)
    all[row] = row < strip->rows ? sums[row] : zero_vector(e);
  store_vector(e, sum_vectors(e, all), walk->sums, first, 64);
}

const WalkLayout walk_of_rows = {.open_column = open_column,
                                 .open_lanes = open_lanes,
                                 .left = left,
                                 .add_back = add_back,
                                 .close_column = close_column,
                                 .load_pull = load_pull,
                                 .store_sums = store_sums};
