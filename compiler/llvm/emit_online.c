// SPDX-License-Identifier: MIT
// FF and BACK of float32, one input at a time: what all layouts share.
#include <string.h>

#include "compiler/llvm/kernels.h"
#include "compiler/llvm/online.h"

OnlineKernel online_kernel(const Emitter *e, uint32_t index) {
  const Model *model = e->model;
  const Junction *junction = &model->junctions[index];
  return (OnlineKernel){
      .index = index,
      .junction = junction,
      .edges = &junction->edges,
      .layout = choose_layout(model, index),
      .left_count = junction->edges.left_count,
      .right_count = junction->edges.right_count,
      .has_bp = index > 0,
      .is_plain = optimizer_is_plain(&model->optimizer),
      .state_words = optimizer_state_words(&model->optimizer),
  };
}

/* ---- sums ---- */

/* One vector in the making: the vectors whose lanes it holds, in groups of equal width. */
typedef struct Partial {
  Value vector;
  uint32_t owners[LANES];
} Partial;

/* Halves the groups of a and b: low halves meet high halves. */
static Partial meet_halves(Emitter *e, const Partial *a, const Partial *b, uint32_t width) {
  int32_t low[LANES], high[LANES];
  const uint32_t half = width / 2, groups = LANES / width;
  Partial met;
  for (uint32_t group = 0; group < 2 * groups; group++) {
    const uint32_t from = group < groups ? group * width : LANES + (group - groups) * width;
    met.owners[group] = group < groups ? a->owners[group] : b->owners[group - groups];
    for (uint32_t lane = 0; lane < half; lane++) {
      low[group * half + lane] = (int32_t)(from + lane);
      high[group * half + lane] = (int32_t)(from + half + lane);
    }
  }
  met.vector = add_sums(e, shuffle(e, a->vector, b->vector, low, ""),
                        shuffle(e, a->vector, b->vector, high, ""));
  return met;
}

Value sum_vectors(Emitter *e, const Value vectors[LANES]) {
  Partial partials[LANES];
  for (uint32_t i = 0; i < LANES; i++) partials[i] = (Partial){vectors[i], {i}};
  for (uint32_t width = LANES; width > 1; width /= 2) {
    for (uint32_t i = 0; i < width / 2; i++)
      partials[i] = meet_halves(e, &partials[i], &partials[i + width / 2], width);
  }
  int32_t order[LANES];
  for (uint32_t lane = 0; lane < LANES; lane++) order[partials[0].owners[lane]] = (int32_t)lane;
  return shuffle(e, partials[0].vector, partials[0].vector, order, "totals");
}

/* ---- the end of a feedforward ---- */

/* Whether the right layer's cells are its neurons' numbers. */
static bool is_natural(const Emitter *e, const OnlineKernel *k) {
  return k->index + 1 == e->model->junction_count ||
         choose_layout(e->model, k->index + 1).kind != LAYOUT_ROTATE;
}

Value sums_array(Emitter *e, const OnlineKernel *k) {
  return is_natural(e, k) ? work_field(e, WORK_ff_right, "sums")
                          : work_field(e, WORK_scratch, "sums");
}

/* Cells of 16 neurons are 16 scalars apart. */
static void store_by_cell(Emitter *e, Value vector, Value cells, Value array) {
  for (uint32_t lane = 0; lane < LANES; lane++) {
    Value number = const_i32(e, (int32_t)lane);
    Value cell = LLVMBuildZExt(e->builder, LLVMBuildExtractElement(e->builder, cells, number, ""),
                               e->i64, "cell");
    store_at(e, LLVMBuildExtractElement(e->builder, vector, number, ""), array, cell);
  }
}

/* The arrays that a feedforward's end writes. */
typedef struct Outcome {
  Value activation, derivative, cells; /* cells: NULL where natural */
} Outcome;

static void store_outcome(Emitter *e, const Outcome *to, Value first, Value a, Value d) {
  if (!to->cells) {
    store_vector(e, a, to->activation, first, 64);
    store_vector(e, d, to->derivative, first, 64);
    return;
  }
  Value cells = load_vector(e, e->v16i32, to->cells, first, 64, "cells");
  store_by_cell(e, a, cells, to->activation);
  store_by_cell(e, d, cells, to->derivative);
}

/* The last block of a layer whose real neurons end inside it: lanes beyond hold 0. */
static Value keep_lanes(Emitter *e, Value vector, uint32_t count) {
  return LLVMBuildSelect(e->builder, lanes_below(e, const_i64(e, count), ""), vector,
                         zero_vector(e), "kept");
}

/* Activations and derivatives of 16 finished sums. */
static void activate(Emitter *e, const OnlineKernel *k, Value sums, Value *a, Value *d) {
  const NumberFormat *format = &e->model->number;
  if (!format->is_fixed) {
    emit_activation(e, &e->model->layers[k->index + 1].activation, sums, a, d);
    return;
  }
  const int32_t least = -(int32_t)(1U << (format->width - 1));
  Value entry =
      LLVMBuildSub(e->builder, saturate(e, sums), const_vector(e, const_i32(e, least)), "entry");
  *a = gather(e, e->v16i32, junction_field(e, JUNCTION_table_value, "values"), entry, "a");
  *d =
      gather(e, e->v16i32, junction_field(e, JUNCTION_table_derivative, "derivatives"), entry, "d");
}

/* Blocks from `first` on that hold padding, and softmax's, whose activations are done. */
static void finish_blocks(Emitter *e, const OnlineKernel *k, const Outcome *to, Value sums,
                          uint32_t first, uint32_t count, bool is_softmax) {
  const uint32_t all = (k->right_count + LANES - 1) / LANES * LANES;
  for (; first < all; first += LANES) {
    Value at = const_i64(e, first), a = zero_vector(e), d = a;
    if (first < count) a = load_vector(e, vector_type(e), sums, at, 64, "sum");
    if (first < count && !is_softmax) activate(e, k, a, &a, &d);
    if (is_softmax) d = const_vector(e, const_f32(e, 1.0F));
    const uint32_t kept = count > first ? count - first : 0;
    store_outcome(e, to, at, kept < LANES ? keep_lanes(e, a, kept) : a,
                  kept < LANES ? keep_lanes(e, d, kept) : d);
  }
}

void finish_sums(Emitter *e, const OnlineKernel *k, Value sums) {
  const Layer *layer = &e->model->layers[k->index + 1];
  const bool is_softmax = layer->activation.function == ACTIVATE_SOFTMAX;
  const bool is_output = k->index + 1 == e->model->junction_count;
  const uint32_t count = is_output && !is_softmax ? layer->neuron_count : layer->real_count;
  const uint32_t whole = is_softmax ? 0 : count / LANES * LANES;
  const Outcome to = {
      .activation = work_field(e, WORK_ff_right, "right"),
      .derivative = work_field(e, WORK_ff_derivative, "right_derivative"),
      .cells = is_natural(e, k) ? NULL : junction_field(e, JUNCTION_right_cell, "cells"),
  };
  if (is_softmax) emit_softmax(e, sums, count);
  if (whole > 0) {
    Value a, d;
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, whole), LANES, true, "right");
    activate(e, k, load_vector(e, vector_type(e), sums, loop.index, 64, "sum"), &a, &d);
    store_outcome(e, &to, loop.index, a, d);
    end_loop(e, &loop);
  }
  finish_blocks(e, k, &to, sums, whole, count, is_softmax);
}

/* ---- updates ---- */

UpdateFields update_fields(Emitter *e, const OnlineKernel *k) {
  UpdateFields fields = {.weight = junction_field(e, JUNCTION_weight, "weights"),
                         .rule = work_field(e, WORK_weight_rule, "rule")};
  if (e->model->number.is_fixed) {
    fields.shift = rule_field(e, fields.rule, RULE_rate_shift, "shift");
  } else if (k->is_plain) {
    fields.rate = splat(e, rule_field(e, fields.rule, RULE_rate, "rate"), "rates");
  }
  if (k->state_words > 0) fields.state = junction_field(e, JUNCTION_weight_state, "states");
  return fields;
}

Value pull_of_delta(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value delta) {
  if (!k->is_plain || e->model->number.is_fixed) return delta;
  return LLVMBuildFMul(e->builder, fields->rate, delta, "step");
}

/* Updates 16 parameters of an array by their gradient; state word i lies `stride` elements after word i - 1. */
static void update_parameters(Emitter *e, const OnlineKernel *k, Value rule, bool is_weight,
                              Value gradient, Value array, Value state, Value index, Value old,
                              uint64_t stride) {
  Value states[2] = {NULL, NULL};
  for (uint32_t word = 0; word < k->state_words; word++)
    states[word] =
        load_vector(e, e->v16f32, state, add_i64(e, index, (int64_t)(word * stride)), 4, "state");
  Value updated = emit_update(e, rule, is_weight, gradient, old, states);
  store_vector(e, updated, array, index, 64);
  for (uint32_t word = 0; word < k->state_words; word++)
    store_vector(e, states[word], state, add_i64(e, index, (int64_t)(word * stride)), 4);
}

void update_weights(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value slot,
                    Value weights, Value activations, Value pull) {
  if (e->model->number.is_fixed) {
    Value updated = descend(e, weights, activations, pull, fields->shift, k->is_wide);
    store_vector(e, updated, fields->weight, slot, 64);
    return;
  }
  if (k->is_plain) {
    Value change = LLVMBuildFMul(e->builder, pull, activations, "change");
    store_vector(e, LLVMBuildFSub(e->builder, weights, change, "updated"), fields->weight, slot,
                 64);
    return;
  }
  Value gradient = LLVMBuildFMul(e->builder, activations, pull, "gradient");
  update_parameters(e, k, fields->rule, true, gradient, fields->weight, fields->state, slot,
                    weights, k->layout.slot_count);
}

/* Biases index .. index + 15. */
static void update_bias_block(Emitter *e, const OnlineKernel *k, Value rule, Value bias,
                              Value state, Value delta, Value index, uint32_t count) {
  Value old = load_vector(e, vector_type(e), bias, index, 64, "old");
  if (e->model->number.is_fixed) {
    Value shift = rule_field(e, rule, RULE_rate_shift, "shift");
    store_vector(e, descend(e, old, delta, NULL, shift, k->is_wide), bias, index, 64);
  } else if (k->is_plain) {
    Value rate = splat(e, rule_field(e, rule, RULE_rate, "rate"), "rates");
    Value step = LLVMBuildFMul(e->builder, rate, delta, "step");
    store_vector(e, LLVMBuildFSub(e->builder, old, step, "updated"), bias, index, 64);
  } else {
    update_parameters(e, k, rule, false, delta, bias, state, index, old, count);
  }
}

void update_biases(Emitter *e, const OnlineKernel *k) {
  const uint32_t count = (k->right_count + LANES - 1) / LANES * LANES;
  Value bias = junction_field(e, JUNCTION_bias, "biases");
  Value rule = work_field(e, WORK_bias_rule, "bias_rule");
  Value state = junction_field(e, JUNCTION_bias_state, "bias_states");
  Value deltas = work_field(e, WORK_right_delta, "deltas");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, count), LANES, true, "bias");
  Value delta = load_vector(e, vector_type(e), deltas, loop.index, 64, "delta");
  update_bias_block(e, k, rule, bias, state, delta, loop.index, count);
  end_loop(e, &loop);
}

/* ---- the two kernels ---- */

Value emit_online_ff(Emitter *e, uint32_t junction) {
  const OnlineKernel k = online_kernel(e, junction);
  Value function = begin_kernel(e, junction, "ff");
  if (k.layout.kind == LAYOUT_ROTATE) {
    emit_rotate_ff(e, &k);
  } else {
    emit_rows_ff(e, &k);
  }
  end_function(e);
  return function;
}

void emit_online_back_body(Emitter *e, const OnlineKernel *k) {
  if (k->layout.kind == LAYOUT_ROTATE) {
    emit_rotate_back(e, k);
  } else {
    emit_rows_back(e, k);
  }
  update_biases(e, k);
}

Value emit_online_back(Emitter *e, uint32_t junction) {
  const OnlineKernel k = online_kernel(e, junction);
  Value function = begin_kernel(e, junction, "back");
  emit_online_back_body(e, &k);
  end_function(e);
  return function;
}
