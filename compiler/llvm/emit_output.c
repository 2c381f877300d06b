// SPDX-License-Identifier: MIT
// The deltas of the output layer: output_delta() of runtime/loss.c, online for 16 outputs at a
// time, of a batch for 16 inputs.
#include "compiler/llvm/batch.h"
#include "compiler/llvm/kernels.h"

/* What a delta is made of: the layer's size, and 1 as a number of the model. */
typedef struct Output {
  uint32_t neuron_count,
      delta_count; /* delta_count: outputs trained; a softmax's padded ones are not */
  bool is_quadratic;
  Type vector;
  Value one;
  Value activations, derivatives, deltas, labels;
} Output;

static Output open_output(Emitter *e) {
  const Model *model = e->model;
  const NumberFormat *format = &model->number;
  const Layer *layer = &model->layers[model->junction_count];
  const bool is_softmax = layer->activation.function == ACTIVATE_SOFTMAX;
  const Cell one = cell_from_value(format, 1.0);
  return (Output){
      .neuron_count = layer->neuron_count,
      .delta_count = is_softmax ? layer->real_count : layer->neuron_count,
      .is_quadratic = model->loss == LOSS_QUADRATIC,
      .vector = format->is_fixed ? e->v16i32 : e->v16f32,
      .one = format->is_fixed ? const_i32(e, one.raw) : const_f32(e, one.real),
      .activations = work_field(e, WORK_ff_right, "activations"),
      .derivatives = work_field(e, WORK_ff_derivative, "derivatives"),
      .deltas = work_field(e, WORK_right_delta, "deltas"),
      .labels = work_field(e, WORK_labels, "labels"),
  };
}

static Value bounded(Emitter *e, Value vector, int64_t least, int64_t greatest) {
  Type type = LLVMTypeOf(vector);
  Value low = const_vector(e, LLVMConstInt(LLVMGetElementType(type), (uint64_t)least, true));
  Value high = const_vector(e, LLVMConstInt(LLVMGetElementType(type), (uint64_t)greatest, true));
  Value arguments[] = {vector, low};
  vector = call_intrinsic(e, "llvm.smax", type, arguments, 2, "");
  arguments[0] = vector;
  arguments[1] = high;
  return call_intrinsic(e, "llvm.smin", type, arguments, 2, "bounded");
}

/* d matters for quadratic losses alone.  In 64 bits, so that any width will do.  Stochastic
 * rounding of quadratic losses asks the runtime: see emit_output(). */
static Value fixed_delta(Emitter *e, const Output *output, Value a, Value d, Value target) {
  const NumberFormat *format = &e->model->number;
  const int64_t greatest = ((int64_t)1 << (format->width - 1)) - 1;
  Value difference = LLVMBuildSub(e->builder, LLVMBuildSExt(e->builder, a, e->v16i64, ""),
                                  LLVMBuildSExt(e->builder, target, e->v16i64, ""), "");
  difference = bounded(e, difference, -greatest - 1, greatest);
  if (output->is_quadratic) {
    const int64_t half =
        format->rounding == ROUND_NEAREST ? ((int64_t)1 << format->fraction) >> 1 : 0;
    Value product =
        LLVMBuildMul(e->builder, difference, LLVMBuildSExt(e->builder, d, e->v16i64, ""), "");
    product = LLVMBuildAdd(e->builder, product, const_vector(e, const_i64(e, half)), "");
    product =
        LLVMBuildAShr(e->builder, product, const_vector(e, const_i64(e, format->fraction)), "");
    difference = bounded(e, product, -greatest - 1, greatest);
  }
  return LLVMBuildTrunc(e->builder, difference, e->v16i32, "delta");
}

static Value delta_of(Emitter *e, const Output *output, Value a, Value d, Value is_labelled) {
  Value target = LLVMBuildSelect(e->builder, is_labelled, const_vector(e, output->one),
                                 LLVMConstNull(output->vector), "target");
  if (e->model->number.is_fixed) return fixed_delta(e, output, a, d, target);
  Value difference = LLVMBuildFSub(e->builder, a, target, "difference");
  return output->is_quadratic ? LLVMBuildFMul(e->builder, difference, d, "delta") : difference;
}

/* Of 16 cells from `at` on of the layer's matrices. */
static Value load_delta(Emitter *e, const Output *output, Value at, Value is_labelled) {
  Value a = load_vector(e, output->vector, output->activations, at, 64, "a"), d = NULL;
  if (output->is_quadratic) d = load_vector(e, output->vector, output->derivatives, at, 64, "d");
  return delta_of(e, output, a, d, is_labelled);
}

/* ---- online: lanes are outputs ---- */

/* Outputs at .. at + 15; deltas of other lanes than `mask` (NULL: all) are 0. */
static void emit_outputs(Emitter *e, const Output *output, Value at, Value label, Value mask) {
  Value first = splat(e, LLVMBuildTrunc(e->builder, at, e->i32, ""), "");
  Value numbers = LLVMBuildAdd(e->builder, first, lane_numbers(e), "");
  Value delta = load_delta(e, output, at, LLVMBuildICmp(e->builder, LLVMIntEQ, numbers, label, ""));
  if (mask)
    delta = LLVMBuildSelect(e->builder, mask, delta, LLVMConstNull(output->vector), "delta");
  store_vector(e, delta, output->deltas, at, 64);
}

static void emit_online_deltas(Emitter *e, const Output *output) {
  Value label = splat(e, load_at(e, e->i32, output->labels, const_i64(e, 0), "label"), "label");
  const uint32_t rest = output->delta_count % LANES, whole = output->delta_count - rest;
  if (whole > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, whole), LANES, true, "block");
    emit_outputs(e, output, loop.index, label, NULL);
    end_loop(e, &loop);
  }
  if (rest > 0)
    emit_outputs(e, output, const_i64(e, whole), label, lanes_below(e, const_i64(e, rest), "own"));
  for (uint32_t at = whole + (rest > 0 ? LANES : 0); at < output->neuron_count; at += LANES)
    store_vector(e, LLVMConstNull(output->vector), output->deltas, const_i64(e, at), 64);
}

/* ---- batch: lanes are inputs ---- */

/* cell_of_column() of a block of columns. */
static Value first_cell_of(Emitter *e, const Output *output, Value block) {
  const uint32_t width = panel_width(e->model);
  const uint32_t cells = (output->neuron_count + LANES - 1) / LANES * LANES * width;
  Value panel = LLVMBuildUDiv(e->builder, block, const_i64(e, width), "panel");
  Value rest = LLVMBuildURem(e->builder, block, const_i64(e, width), "");
  return LLVMBuildAdd(e->builder, mul_i64(e, panel, cells), rest, "first_cell");
}

/* Columns block .. block + 15 of all outputs; only those of `mask` are written. */
static void emit_block(Emitter *e, const Output *output, Value block, Value mask) {
  const uint32_t width = panel_width(e->model);
  Value first_cell = first_cell_of(e, output, block);
  Value label =
      load_masked(e, e->v16i32, output->labels, block, mask, LLVMConstNull(e->v16i32), "label");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, output->delta_count), 1, true, "output");
  Value at = LLVMBuildAdd(e->builder, mul_i64(e, loop.index, width), first_cell, "");
  Value number = splat(e, LLVMBuildTrunc(e->builder, loop.index, e->i32, ""), "");
  Value is_labelled = LLVMBuildICmp(e->builder, LLVMIntEQ, number, label, "");
  store_masked(e, load_delta(e, output, at, is_labelled), output->deltas, at, mask);
  end_loop(e, &loop);
  if (output->delta_count == output->neuron_count) return;
  Loop padded = begin_loop(e, const_i64(e, output->delta_count), const_i64(e, output->neuron_count),
                           1, true, "padded");
  at = LLVMBuildAdd(e->builder, mul_i64(e, padded.index, width), first_cell, "");
  store_masked(e, LLVMConstNull(output->vector), output->deltas, at, mask);
  end_loop(e, &padded);
}

static void emit_batch_deltas(Emitter *e, const Output *output) {
  Value first = work_field(e, WORK_first_column, "first_column");
  Value last = work_field(e, WORK_last_column, "last_column");
  Value begin = LLVMBuildAnd(e->builder, first, const_i64(e, -(int64_t)LANES), "begin");
  Loop blocks = begin_loop(e, begin, last, LANES, false, "block");
  emit_block(e, output, blocks.index, wanted_columns(e, blocks.index, first, last));
  end_loop(e, &blocks);
}

Value emit_output(Emitter *e) {
  const NumberFormat *format = &e->model->number;
  Value function = begin_kernel(e, e->model->junction_count - 1, "output");
  if (rounds_randomly(format) && e->model->loss == LOSS_QUADRATIC) {
    call_runtime(e, "native_output");
    end_function(e);
    return function;
  }
  const Output output = open_output(e);
  if (e->model->batch > 1) {
    emit_batch_deltas(e, &output);
  } else {
    emit_online_deltas(e, &output);
  }
  end_function(e);
  return function;
}
