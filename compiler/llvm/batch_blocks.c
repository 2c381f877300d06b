// SPDX-License-Identifier: MIT
// Blocks of columns.
#include "compiler/llvm/batch.h"

BatchKernel batch_kernel(const Emitter *e, uint32_t index) {
  const Model *model = e->model;
  const Layer *layer = &model->layers[index + 1];
  const bool is_softmax = layer->activation.function == ACTIVATE_SOFTMAX;
  const bool is_output = index + 1 == model->junction_count;
  return (BatchKernel){
      .index = index,
      .edges = &model->junctions[index].edges,
      .stride = column_stride(model),
      .right_count = layer->neuron_count,
      .active_count = is_output && !is_softmax ? layer->neuron_count : layer->real_count,
      .is_softmax = is_softmax,
      .slot_count = choose_layout(model, index).slot_count,
      .state_words = optimizer_state_words(&model->optimizer),
  };
}

Value cell_address(Emitter *e, const BatchKernel *k, Value matrix, Value row, Value column) {
  Value at = LLVMBuildAdd(e->builder, mul_i64(e, row, k->stride), column, "");
  return element_address(e, e->i32, matrix, at, "");
}

Value wanted_columns(Emitter *e, Value block, Value first, Value last) {
  Value lanes = LLVMBuildZExt(e->builder, lane_numbers(e), e->v16i64, "");
  Value columns = LLVMBuildAdd(e->builder, splat(e, block, ""), lanes, "columns");
  Value is_after = LLVMBuildICmp(e->builder, LLVMIntUGE, columns, splat(e, first, ""), "");
  Value is_before = LLVMBuildICmp(e->builder, LLVMIntULT, columns, splat(e, last, ""), "");
  return LLVMBuildAnd(e->builder, is_after, is_before, "wanted");
}

void for_blocks(Emitter *e, const BatchKernel *k, Value begin, Value end, BlocksBody *body,
                void *context) {
  const int64_t wide = (int64_t)WIDE_BLOCKS * LANES;
  Value narrow_begin = begin;
  if (k->stride >= (uint32_t)wide) {
    /* Whole wide steps that end before the last block does. */
    Value rounded =
        LLVMBuildAnd(e->builder, add_i64(e, end, LANES - 1), const_i64(e, -(int64_t)LANES), "");
    Value width = LLVMBuildSub(e->builder, rounded, begin, "");
    Value steps = LLVMBuildUDiv(e->builder, width, const_i64(e, wide), "");
    narrow_begin = LLVMBuildAdd(e->builder, begin, mul_i64(e, steps, wide), "narrow");
    Loop loop = begin_loop(e, begin, narrow_begin, wide, false, "columns");
    body(e, k, loop.index, WIDE_BLOCKS, context);
    end_loop(e, &loop);
  }
  Loop loop = begin_loop(e, narrow_begin, end, LANES, false, "columns");
  body(e, k, loop.index, 1, context);
  end_loop(e, &loop);
}

Value load_index(Emitter *e, Value array, Value index, const char *name) {
  return LLVMBuildZExt(e->builder, load_at(e, e->i32, array, index, ""), e->i64, name);
}
