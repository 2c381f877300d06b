// SPDX-License-Identifier: MIT
// The order of a walk.
#include "compiler/llvm/online_walk.h"

Value strip_row(Emitter *e, const WalkStrip *strip, uint32_t row) {
  return add_i64(e, LLVMBuildAdd(e->builder, strip->group, strip->offset, ""), row);
}

Value load_left_sums(Emitter *e, const Walk *walk, Value cell) {
  if (walk->visits_once) return zero_vector(e);
  return load_vector(e, vector_type(e), walk->left_sums, cell, 64, "back");
}

/* First slot of the strip's first row in its first column. */
static Value first_slot(Emitter *e, const Walk *walk, const WalkStrip *strip) {
  const Layout *layout = &walk->k->layout;
  Value rows = LLVMBuildAdd(e->builder, mul_i64(e, strip->part, layout->rows), strip->group, "");
  Value group = mul_i64(e, rows, (int64_t)layout->columns * layout->unit);
  Value offset = mul_i64(e, strip->offset, layout->unit);
  Value first = LLVMBuildAdd(e->builder, group, offset, "");
  return LLVMBuildAdd(e->builder, first, strip->block, "first_slot");
}

/* One crossing: BP and, unless it waits for the update, FF see the old weights. */
static Value cross(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column,
                   uint32_t row, Value sum) {
  const OnlineKernel *k = walk->k;
  WalkLanes lanes = {.row = row, .slot = add_i64(e, column->slot, (int64_t)row * k->layout.unit)};
  walk->layout->open_lanes(e, walk, strip, column, &lanes);
  Value w = load_vector(e, vector_type(e), walk->fields.weight, lanes.slot, 64, "w");
  Value ff_left = NULL;
  if (k->does_ff) ff_left = walk->layout->left(e, walk, strip, column, &lanes, WALK_FF);
  if (k->does_ff && !k->sees_update) sum = add_product(e, w, ff_left, sum, walk->range, NULL);
  if (!k->does_back) return sum;
  if (k->does_bp) walk->layout->add_back(e, walk, column, &lanes, w, strip->delta[row]);
  Value left = walk->layout->left(e, walk, strip, column, &lanes, WALK_BACK);
  Value updated = update_weights(e, k, &walk->fields, lanes.slot, w, left, strip->pull[row], NULL);
  return k->does_ff && k->sees_update ? add_product(e, updated, ff_left, sum, walk->range, NULL)
                                      : sum;
}

uint32_t known(Value constant) {
  return (uint32_t)LLVMConstIntGetZExtValue(constant);
}

/* All crossings of a column with the strip; sums[row] become the new ones. */
static void emit_column(Emitter *e, const Walk *walk, const WalkStrip *strip, Value number,
                        Value first, Value sums[]) {
  const Layout *layout = &walk->k->layout;
  Value before = mul_i64(e, number, (int64_t)strip->group_rows * layout->unit);
  WalkColumn column = {.number = number, .slot = LLVMBuildAdd(e->builder, first, before, "slot")};
  walk->layout->open_column(e, walk, strip, &column);
  for (uint32_t row = 0; row < strip->rows; row++)
    sums[row] = cross(e, walk, strip, &column, row, sums[row]);
  if (walk->k->does_bp) walk->layout->close_column(e, walk, strip, &column);
}

static void loop_over_columns(Emitter *e, const Walk *walk, const WalkStrip *strip, Value first,
                              Value sums[]) {
  const uint32_t carried_rows = walk->k->does_ff ? strip->rows : 0;
  Value before[MOST_GROUP_ROWS] = {NULL}, next[MOST_GROUP_ROWS] = {NULL};
  Loop loop =
      begin_loop(e, const_i64(e, 0), const_i64(e, walk->k->layout.columns), 1, true, "column");
  for (uint32_t row = 0; row < carried_rows; row++)
    before[row] = next[row] = carry(e, &loop, sums[row], "sum");
  emit_column(e, walk, strip, loop.index, first, next);
  for (uint32_t row = 0; row < carried_rows; row++) carry_next(&loop, before[row], next[row]);
  end_loop(e, &loop);
  for (uint32_t row = 0; row < carried_rows; row++) sums[row] = carried(&loop, before[row]);
}

static void emit_strip(Emitter *e, const Walk *walk, WalkStrip *strip) {
  const OnlineKernel *k = walk->k;
  Value sums[MOST_GROUP_ROWS] = {NULL};
  for (uint32_t row = 0; k->does_back && row < strip->rows; row++) {
    strip->pull[row] = walk->layout->load_pull(e, walk, strip, row, walk->pulls);
    if (!k->does_bp) continue;
    Value delta = walk->layout->load_pull(e, walk, strip, row, walk->deltas);
    strip->delta[row] = factor_of(e, delta);
  }
  Value first = first_slot(e, walk, strip);
  for (uint32_t row = 0; row < strip->rows; row++) sums[row] = zero_vector(e);
  if (walk->is_unrolled) {
    for (uint32_t column = 0; column < k->layout.columns; column++)
      emit_column(e, walk, strip, const_i64(e, column), first, sums);
  } else {
    loop_over_columns(e, walk, strip, first, sums);
  }
  if (k->does_ff) walk->layout->store_sums(e, walk, strip, sums);
}

/* A strip for each block of 16 of its units. */
static void emit_blocks(Emitter *e, const Walk *walk, WalkStrip *strip) {
  const uint32_t unit = walk->k->layout.unit;
  strip->block = const_i64(e, 0);
  if (unit == LANES) {
    emit_strip(e, walk, strip);
    return;
  }
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, unit), LANES, true, "block");
  strip->block = loop.index;
  emit_strip(e, walk, strip);
  end_loop(e, &loop);
}

static void emit_group(Emitter *e, const Walk *walk, WalkStrip *strip) {
  const uint32_t most = walk->strip_rows, whole = strip->group_rows / most * most;
  if (whole > most) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, whole), most, true, "strip");
    strip->offset = loop.index;
    strip->rows = most;
    emit_blocks(e, walk, strip);
    end_loop(e, &loop);
  } else if (whole == most) {
    strip->offset = const_i64(e, 0);
    strip->rows = most;
    emit_blocks(e, walk, strip);
  }
  if (whole == strip->group_rows) return;
  strip->offset = const_i64(e, whole);
  strip->rows = strip->group_rows - whole;
  emit_blocks(e, walk, strip);
}

/* `number` of 0, step .. last, or where the walk goes backward its opposite. */
static Value in_direction(Emitter *e, const Walk *walk, Value number, uint32_t last) {
  if (!walk->is_backward) return number;
  Value opposite = LLVMBuildSub(e->builder, const_i64(e, last), number, "");
  return LLVMBuildSelect(e->builder, walk->is_backward, opposite, number, "in_direction");
}

static void emit_part(Emitter *e, const Walk *walk, Value part) {
  const Layout *layout = &walk->k->layout;
  const uint32_t rest = layout->rows % layout->group_rows, whole = layout->rows - rest;
  WalkStrip strip = {.part = part, .group_rows = layout->group_rows};
  if (walk->is_unrolled) {
    for (uint32_t group = 0; group < whole; group += layout->group_rows) {
      strip.group = const_i64(e, group);
      emit_group(e, walk, &strip);
    }
  } else if (whole > 0) {
    Loop loop =
        begin_loop(e, const_i64(e, 0), const_i64(e, whole), layout->group_rows, true, "group");
    strip.group = in_direction(e, walk, loop.index, whole - layout->group_rows);
    emit_group(e, walk, &strip);
    end_loop(e, &loop);
  }
  if (rest == 0) return;
  strip.group = const_i64(e, whole);
  strip.group_rows = rest;
  emit_group(e, walk, &strip);
}

void emit_walk(Emitter *e, const Walk *walk) {
  const uint32_t parts = walk->k->layout.parts;
  if (parts == 1 || walk->is_unrolled) {
    for (uint32_t part = 0; part < parts; part++) emit_part(e, walk, const_i64(e, part));
    return;
  }
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, parts), 1, true, "part");
  emit_part(e, walk, in_direction(e, walk, loop.index, parts - 1));
  end_loop(e, &loop);
}
