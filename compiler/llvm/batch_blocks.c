// SPDX-License-Identifier: MIT
// Panels of columns, blocks of edges.
#include "compiler/llvm/batch.h"

#include "runtime/tiles.h"

static uint32_t ceiling(uint32_t a, uint32_t b) {
  return (uint32_t)(((uint64_t)a + b - 1) / b);
}

/* Four blocks' sums, a weight and a row: in 16 registers of 16 bytes there is room for half of
 * that. */
static uint32_t wide_blocks(const Emitter *e, uint32_t width) {
  const uint32_t most = e->registers * e->bytes >= 512 ? 4 : 2;
  return width / LANES < most ? width / LANES : most;
}

BatchKernel batch_kernel(const Emitter *e, uint32_t index) {
  const Model *model = e->model;
  const Layer *layer = &model->layers[index + 1];
  const bool is_softmax = layer->activation.function == ACTIVATE_SOFTMAX;
  const Interleaver *edges = &model->junctions[index].edges;
  const Layout layout = choose_layout(model, index);
  return (BatchKernel){
      .index = index,
      .edges = edges,
      .layout = layout,
      .width = panel_width(model),
      .wide = wide_blocks(e, panel_width(model)),
      .left_tiles = ceiling(edges->left_count, layout.left_tile),
      .right_tiles = ceiling(edges->right_count, layout.right_tile),
      .right_count = layer->neuron_count,
      .active_count = model_active_count(model, index),
      .is_softmax = is_softmax,
      .state_words = optimizer_state_words(&model->optimizer),
  };
}

Value lesser_i64(Emitter *e, Value a, Value b) {
  Value arguments[] = {a, b};
  return call_intrinsic(e, "llvm.umin", e->i64, arguments, 2, "");
}

Value greater_i64(Emitter *e, Value a, Value b) {
  Value arguments[] = {a, b};
  return call_intrinsic(e, "llvm.umax", e->i64, arguments, 2, "");
}

/* ---- panels ---- */

Value panel_address(Emitter *e, const BatchKernel *k, Value matrix, uint32_t neuron_count,
                    Value panel) {
  const uint64_t cells = cell_of_column(neuron_count, k->width, k->width);
  return element_address(e, e->i32, matrix, mul_i64(e, panel, (int64_t)cells), "panel");
}

Value cell_address(Emitter *e, const BatchKernel *k, Value panel, Value row, Value column) {
  Value at = LLVMBuildAdd(e->builder, mul_i64(e, row, k->width), column, "");
  return element_address(e, e->i32, panel, at, "");
}

Value row_address(Emitter *e, const BatchKernel *k, Value matrix, uint32_t neuron_count,
                  Value panel, Value row, Value column) {
  return cell_address(e, k, panel_address(e, k, matrix, neuron_count, panel), row, column);
}

Value block_of(Emitter *e, uint32_t block) {
  return const_i64(e, (int64_t)block * LANES);
}

Value batch_column(Emitter *e, const BatchKernel *k, Value panel, Value column, uint32_t block) {
  Value begin = LLVMBuildAdd(e->builder, mul_i64(e, panel, k->width), column, "");
  return LLVMBuildAdd(e->builder, begin, block_of(e, block), "block");
}

Value numbers_from(Emitter *e, Value first) {
  Value lanes = LLVMBuildZExt(e->builder, lane_numbers(e), e->v16i64, "");
  return LLVMBuildAdd(e->builder, splat(e, first, ""), lanes, "numbers");
}

Value wanted_columns(Emitter *e, Value block, Value first, Value last) {
  Value columns = numbers_from(e, block);
  Value is_after = LLVMBuildICmp(e->builder, LLVMIntUGE, columns, splat(e, first, ""), "");
  Value is_before = LLVMBuildICmp(e->builder, LLVMIntULT, columns, splat(e, last, ""), "");
  return LLVMBuildAnd(e->builder, is_after, is_before, "wanted");
}

static Value round_down(Emitter *e, Value number) {
  return LLVMBuildAnd(e->builder, number, const_i64(e, -(int64_t)LANES), "");
}

ColumnRange column_range(Emitter *e, const BatchKernel *k, Value first, Value last) {
  Value width = const_i64(e, k->width);
  return (ColumnRange){
      .begin = round_down(e, first),
      .end = round_down(e, add_i64(e, last, LANES - 1)),
      .first_panel = LLVMBuildUDiv(e->builder, first, width, "first_panel"),
      .last_panel = LLVMBuildUDiv(e->builder, add_i64(e, last, k->width - 1), width, "last_panel"),
  };
}

void for_columns(Emitter *e, const BatchKernel *k, const ColumnRange *range, Value panel,
                 ColumnsBody *body, void *context) {
  const int64_t wide = (int64_t)k->wide * LANES;
  Value origin = mul_i64(e, panel, k->width);
  Value begin =
      LLVMBuildSub(e->builder, greater_i64(e, range->begin, origin), origin, "begin_column");
  Value end =
      lesser_i64(e, LLVMBuildSub(e->builder, range->end, origin, ""), const_i64(e, k->width));
  Value steps =
      LLVMBuildUDiv(e->builder, LLVMBuildSub(e->builder, end, begin, ""), const_i64(e, wide), "");
  Value narrow = LLVMBuildAdd(e->builder, begin, mul_i64(e, steps, wide), "narrow");
  Loop loop = begin_loop(e, begin, narrow, wide, false, "columns");
  body(e, k, panel, loop.index, k->wide, context);
  end_loop(e, &loop);
  if (k->wide == 1) return;
  loop = begin_loop(e, narrow, end, LANES, false, "columns");
  body(e, k, panel, loop.index, 1, context);
  end_loop(e, &loop);
}

void for_panels(Emitter *e, const BatchKernel *k, const ColumnRange *range, ColumnsBody *body,
                void *context) {
  Loop panels = begin_loop(e, range->first_panel, range->last_panel, 1, false, "panel");
  for_columns(e, k, range, panels.index, body, context);
  end_loop(e, &panels);
}

/* ---- blocks of edges ---- */

Value load_word(Emitter *e, Value words, Value index, const char *name) {
  return LLVMBuildZExt(e->builder, load_at(e, e->i16, words, index, ""), e->i64, name);
}

Value row_at_place(Emitter *e, Value tile, Value place) {
  return element_address(e, e->i64, tile, place, "row");
}

Value block_number(Emitter *e, const BatchKernel *k, Value right_tile, Value left_tile) {
  return LLVMBuildAdd(e->builder, mul_i64(e, right_tile, k->left_tiles), left_tile, "block");
}

Value block_words(Emitter *e, uint32_t begin_field, uint32_t words_field, Value block) {
  Value begin = load_at(e, e->i64, junction_field(e, begin_field, ""), block, "");
  return element_address(e, e->i16, junction_field(e, words_field, ""), begin, "words");
}

Value block_slot(Emitter *e, Value block) {
  return load_at(e, e->i64, junction_field(e, JUNCTION_block_slot, ""), block, "slot");
}

void for_pieces(Emitter *e, Value words, uint32_t words_per_edge, PieceBody *body,
                Value *carried_value, void *context) {
  Value zero = const_i64(e, 0), one = const_i64(e, 1), value = NULL, inner = NULL;
  Loop runs = begin_loop(e, zero, load_word(e, words, zero, "runs"), 1, false, "run");
  Value at = carry(e, &runs, one, "at"), slot = carry(e, &runs, zero, "slot");
  if (carried_value) value = carry(e, &runs, *carried_value, "carried");
  Value length = load_word(e, words, at, "length");
  Value count = load_word(e, words, add_i64(e, at, 1), "pieces"), first = add_i64(e, at, 2);
  Loop pieces = begin_loop(e, zero, count, 1, true, "piece");
  Value piece = carry(e, &pieces, first, "at");
  Value piece_slot = carry(e, &pieces, slot, "slot");
  if (carried_value) inner = carry(e, &pieces, value, "carried");
  Value place = load_word(e, words, piece, "place"), edges = add_i64(e, piece, 1);
  Value next = inner;
  body(e, place, length, (Walk){element_address(e, e->i16, words, edges, "edges"), piece_slot},
       carried_value ? &next : NULL, context);
  carry_next(&pieces, piece,
             LLVMBuildAdd(e->builder, edges, mul_i64(e, length, words_per_edge), ""));
  carry_next(&pieces, piece_slot, LLVMBuildAdd(e->builder, piece_slot, length, ""));
  if (carried_value) carry_next(&pieces, inner, next);
  end_loop(e, &pieces);
  carry_next(&runs, at, carried(&pieces, piece));
  carry_next(&runs, slot, carried(&pieces, piece_slot));
  if (carried_value) carry_next(&runs, value, carried(&pieces, inner));
  end_loop(e, &runs);
  if (carried_value) *carried_value = carried(&runs, value);
}
