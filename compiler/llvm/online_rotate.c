// SPDX-License-Identifier: MIT
// Walks whose rows are sweeps (SUM_BY_SEGMENT): ROTATE.  Lanes are 16 cycles of one bank, so that
// no access is a gather.
//
//     bank k, sweep s:   edges in cycles 0, 1, 2 ... read rows start, start + 1, ... of the
//                        bank, modulo its rows
//     activations        lie bank by bank, so the operand is the bank rotated by `start`
//     right neurons      lane c of sweep s adds to piece s * rows + c; a fan-in of several cycles
//                        has several pieces
//
// Where a cycle holds several right neurons (fan-in below the banks) each part has pieces of its
// own: [part][sweep][cycle]. BP's sums of a bank turn from sweep to sweep, so that its lanes meet
// the cycle's; where a bank is no one vector of the target, BP is a pass of its own over the
// weights of before the update, which are turned back.
// Source: Dey et al., JETCAS 2019, clash-free sweeps; the lanes are sedge's own.
#include "compiler/llvm/online_walk.h"

bool is_permuted(const Emitter *e, const OnlineKernel *k) {
  return e->has_avx512 && k->layout.bank_rows == LANES;
}

/* ---- rotations ---- */

Value rotations_table(Emitter *e) {
  static const char name[] = "rotations";
  Value table = LLVMGetNamedGlobal(e->module, name);
  if (table) return table;
  Value lanes[LANES * LANES];
  for (int32_t i = 0; i < LANES * LANES; i++)
    lanes[i] = const_i32(e, (i / LANES + i % LANES) % LANES);
  Value content = LLVMConstArray2(e->i32, lanes, LANES * LANES);
  table = LLVMAddGlobal(e->module, LLVMTypeOf(content), name);
  LLVMSetInitializer(table, content);
  LLVMSetGlobalConstant(table, true);
  LLVMSetLinkage(table, LLVMInternalLinkage);
  LLVMSetAlignment(table, 64);
  return table;
}

/* What permute() takes, so that lane i takes lane (turn + i) % 16; turn is i32, below 16. */
static Value permutation(Emitter *e, const Walk *walk, Value turn) {
  if (walk->is_unrolled) return turn;
  Value row = LLVMBuildZExt(e->builder, turn, e->i64, "");
  return load_vector(e, e->v16i32, walk->rotations, mul_i64(e, row, LANES), 64, "permutation");
}

/* A rotation that is known is one instruction without a table. */
static Value permute(Emitter *e, const Walk *walk, Value vector, Value lanes) {
  if (walk->is_unrolled) {
    int32_t order[LANES];
    for (uint32_t lane = 0; lane < LANES; lane++)
      order[lane] = (int32_t)((lane + known(lanes)) % LANES);
    return shuffle(e, vector, vector, order, "rotated");
  }
  Type type = LLVMTypeOf(vector), parameters[] = {type, e->v16i32};
  Type function_type = LLVMFunctionType(type, parameters, 2, false);
  const char *name = e->model->number.is_fixed ? "llvm.x86.avx512.permvar.si.512"
                                               : "llvm.x86.avx512.permvar.sf.512";
  Value arguments[] = {vector, lanes};
  return LLVMBuildCall2(e->builder, function_type, runtime_function(e, name, function_type),
                        arguments, 2, "rotated");
}

/* Lane i is bank[(from + i) % rows], for 16 cells of a bank of `rows` that begins at array[base];
 * from (i32) is below rows.  Before the array lie 16 cells, no more: where no lane turns, the
 * second load stays at them. */
static Value rotated_load(Emitter *e, const OnlineKernel *k, Value array, Value base, Value from) {
  Value rows = const_i64(e, k->layout.bank_rows);
  Value place = LLVMBuildZExt(e->builder, from, e->i64, "");
  Value at = LLVMBuildAdd(e->builder, base, place, "");
  Value low = load_vector(e, vector_type(e), array, at, 4, "low");
  Value lowest[] = {LLVMBuildSub(e->builder, place, rows, ""), const_i64(e, -LANES)};
  Value before = call_intrinsic(e, "llvm.smax", e->i64, lowest, 2, "before");
  Value high =
      load_vector(e, vector_type(e), array, LLVMBuildAdd(e->builder, base, before, ""), 4, "high");
  Value mask = lanes_below(e, LLVMBuildSub(e->builder, rows, place, ""), "low_lanes");
  return LLVMBuildSelect(e->builder, mask, low, high, "rotated");
}

/* (start + offset) % rows; their sum is below 2 * rows. */
static Value turned(Emitter *e, const OnlineKernel *k, Value start, Value offset) {
  Value sum = LLVMBuildAdd(e->builder, start, offset, "");
  Value rows = const_i32(e, (int32_t)k->layout.bank_rows);
  Value is_past = LLVMBuildICmp(e->builder, LLVMIntUGE, sum, rows, "");
  return LLVMBuildSelect(e->builder, is_past, LLVMBuildSub(e->builder, sum, rows, ""), sum,
                         "turned");
}

/* ---- the walk ---- */

/* The start of a crossing, where the walk is unrolled. */
static Value known_start(const Emitter *e, const Walk *walk, const WalkStrip *strip,
                         const WalkColumn *column, uint32_t row) {
  const Interleaver *edges = walk->k->edges;
  const uint32_t sweep = known(strip->group) + known(strip->offset) + row;
  const uint32_t bank = known(strip->part) * walk->k->layout.columns + known(column->number);
  const size_t first = edges->is_start_shared ? 0 : (size_t)sweep * edges->banks;
  return const_i32(e, (int32_t)edges->starts[first + bank]);
}

/* The start of the sweep that a slot belongs to. */
static Value start_of(Emitter *e, const Walk *walk, Value slot) {
  Value unit = LLVMBuildUDiv(e->builder, slot, const_i64(e, walk->k->layout.unit), "");
  return load_at(e, e->i32, walk->starts, unit, "start");
}

/* First cell of a column's bank. */
static Value bank_cell(Emitter *e, const Walk *walk, const WalkStrip *strip,
                       const WalkColumn *column) {
  const Layout *layout = &walk->k->layout;
  Value first = mul_i64(e, strip->part, layout->columns);
  Value bank = LLVMBuildAdd(e->builder, first, column->number, "bank");
  return mul_i64(e, bank, layout->bank_rows);
}

static void open_column(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column) {
  const OnlineKernel *k = walk->k;
  const bool is_wanted[WALK_SIDES] = {k->does_ff, k->does_back};
  if (k->edges->is_start_shared && !walk->is_unrolled)
    column->start = start_of(e, walk, column->slot);
  if (!is_permuted(e, k)) return;
  Value cell = bank_cell(e, walk, strip, column);
  for (uint32_t side = 0; side < WALK_SIDES; side++) {
    if (!is_wanted[side]) continue;
    Value bank = load_vector(e, vector_type(e), walk->left[side], cell, 64, "bank");
    column->left[side][0] = factor_of(e, bank);
  }
  if (!k->does_bp) return;
  column->sums[0] = load_left_sums(e, walk, cell);
  column->turn = const_i32(e, 0);
}

/* Turns BP's sums on until lane i is row turn + i. */
static void turn_sums(Emitter *e, const Walk *walk, WalkColumn *column, Value turn) {
  if (turn == column->turn) return;
  Value on = LLVMBuildSub(e->builder, turn, column->turn, "");
  on = LLVMBuildAnd(e->builder, on, const_i32(e, LANES - 1), "on");
  column->sums[0] = permute(e, walk, column->sums[0], permutation(e, walk, on));
  column->turn = turn;
}

static void close_column(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column) {
  turn_sums(e, walk, column, const_i32(e, 0));
  store_vector(e, column->sums[0], walk->left_sums, bank_cell(e, walk, strip, column), 64);
}

static void open_lanes(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column,
                       WalkLanes *lanes) {
  const OnlineKernel *k = walk->k;
  if (walk->is_unrolled) {
    column->start = known_start(e, walk, strip, column, lanes->row);
  } else if (!k->edges->is_start_shared) {
    column->start = start_of(e, walk, lanes->slot);
  }
  if (is_permuted(e, k)) {
    lanes->choice[0] = permutation(e, walk, column->start);
  } else {
    Value block = LLVMBuildTrunc(e->builder, strip->block, e->i32, "");
    lanes->choice[0] = turned(e, k, column->start, block);
  }
}

static Value left(Emitter *e, const Walk *walk, const WalkStrip *strip, const WalkColumn *column,
                  const WalkLanes *lanes, WalkSide side) {
  if (is_permuted(e, walk->k)) return permute(e, walk, column->left[side][0], lanes->choice[0]);
  Value bank = bank_cell(e, walk, strip, column);
  return factor_of(e, rotated_load(e, walk->k, walk->left[side], bank, lanes->choice[0]));
}

static void add_back(Emitter *e, const Walk *walk, WalkColumn *column, const WalkLanes *lanes,
                     Value weight, Value delta) {
  (void)lanes;
  turn_sums(e, walk, column, column->start);
  column->sums[0] = add_product(e, weight, delta, column->sums[0], walk->range, NULL);
}

/* ---- pieces ---- */

/* First of the 16 pieces of a strip's row. */
static Value piece_of(Emitter *e, const Walk *walk, const WalkStrip *strip, uint32_t row) {
  Value first = mul_i64(e, strip_row(e, strip, row), walk->k->layout.bank_rows);
  Value cycle = LLVMBuildAdd(e->builder, first, strip->block, "cycle");
  return piece_at(e, walk->k, strip->part, cycle);
}

static Value load_pull(Emitter *e, const Walk *walk, const WalkStrip *strip, uint32_t row,
                       Value array) {
  return load_vector(e, vector_type(e), array, piece_of(e, walk, strip, row), 64, "pull");
}

static void store_sums(Emitter *e, const Walk *walk, const WalkStrip *strip, const Value sums[]) {
  for (uint32_t row = 0; row < strip->rows; row++)
    store_vector(e, sums[row], walk->sums, piece_of(e, walk, strip, row), 64);
}

const WalkLayout walk_of_rotations = {.open_column = open_column,
                                      .open_lanes = open_lanes,
                                      .left = left,
                                      .add_back = add_back,
                                      .close_column = close_column,
                                      .load_pull = load_pull,
                                      .store_sums = store_sums};

/* ---- BP as a pass of its own ---- */

/* One sweep's share of 16 rows of a bank, from `rows_first` (i32) on: row t was read in cycle t -
 * start. */
static Value add_turned_back(Emitter *e, const Walk *walk, Value part, Value sweep, Value slot,
                             Value rows_first, Value sum) {
  const OnlineKernel *k = walk->k;
  const uint32_t rows = k->layout.bank_rows;
  Value start = start_of(e, walk, slot);
  Value back = LLVMBuildSub(e->builder, const_i32(e, (int32_t)rows), start, "");
  Value from = turned(e, k, back, rows_first);
  Value piece = piece_at(e, k, part, mul_i64(e, sweep, rows));
  Value w = rotated_load(e, k, walk->fields.weight, slot, from);
  Value delta = factor_of(e, rotated_load(e, k, walk->deltas, piece, from));
  return add_product(e, w, delta, sum, PRODUCT_ANY, NULL);
}

/* A loop over the sweeps of groups of `count`, from sweep `first` to `last`. */
static Value add_sweeps(Emitter *e, const Walk *walk, Value part, Value column, uint32_t first,
                        uint32_t last, uint32_t count, Value rows_first, Value sum) {
  const Layout *layout = &walk->k->layout;
  if (first == last) return sum;
  Loop loop = begin_loop(e, const_i64(e, first), const_i64(e, last), 1, true, "sweep");
  Value total = carry(e, &loop, sum, "sum");
  Value in_group = LLVMBuildURem(e->builder, loop.index, const_i64(e, layout->group_rows), "");
  Value group = LLVMBuildSub(e->builder, loop.index, in_group, "");
  Value rows = LLVMBuildAdd(e->builder, mul_i64(e, part, layout->rows), group, "");
  Value units =
      LLVMBuildAdd(e->builder, mul_i64(e, rows, layout->columns),
                   LLVMBuildAdd(e->builder, mul_i64(e, column, count), in_group, ""), "units");
  Value slot = mul_i64(e, units, layout->unit);
  carry_next(&loop, total, add_turned_back(e, walk, part, loop.index, slot, rows_first, total));
  end_loop(e, &loop);
  return carried(&loop, total);
}

void emit_rotate_bp(Emitter *e, const Walk *walk) {
  const Layout *layout = &walk->k->layout;
  const uint32_t rest = layout->rows % layout->group_rows, whole = layout->rows - rest;
  Loop banks = begin_loop(e, const_i64(e, 0), const_i64(e, layout->banks), 1, true, "bank");
  Value columns = const_i64(e, layout->columns);
  Value part = LLVMBuildUDiv(e->builder, banks.index, columns, "part");
  Value column = LLVMBuildURem(e->builder, banks.index, columns, "column");
  Loop rows = begin_loop(e, const_i64(e, 0), const_i64(e, layout->bank_rows), LANES, true, "row");
  Value first = LLVMBuildTrunc(e->builder, rows.index, e->i32, "");
  Value sum =
      add_sweeps(e, walk, part, column, 0, whole, layout->group_rows, first, zero_vector(e));
  sum = add_sweeps(e, walk, part, column, whole, layout->rows, rest, first, sum);
  Value cell = LLVMBuildAdd(e->builder, mul_i64(e, banks.index, layout->bank_rows), rows.index, "");
  store_vector(e, sum, walk->left_sums, cell, 64);
  end_loop(e, &rows);
  end_loop(e, &banks);
}
