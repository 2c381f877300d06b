// SPDX-License-Identifier: MIT
// FF and BACK of float32, one input at a time: what all layouts share.
#include "compiler/llvm/kernels.h"
#include "compiler/llvm/online_walk.h"

OnlineKernel online_kernel(const Emitter *e, uint32_t index, NativeKernelId id) {
  const Model *model = e->model;
  const Junction *junction = &model->junctions[index];
  return (OnlineKernel){
      .index = index,
      .junction = junction,
      .edges = &junction->edges,
      .layout = choose_layout(model, index),
      .left_count = junction->edges.left_count,
      .right_count = junction->edges.right_count,
      .does_ff = id != NATIVE_BACK,
      .does_back = id != NATIVE_FF,
      .does_bp = id != NATIVE_FF && index > 0,
      .sees_update = id == NATIVE_CYCLE && !model->is_pipelined,
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

/* How the junction that reads the right layer lays it out; nothing reads the output. */
static Layout reader_of(const Emitter *e, const OnlineKernel *k) {
  if (k->index + 1 == e->model->junction_count) return (Layout){.kind = LAYOUT_DENSE};
  return choose_layout(e->model, k->index + 1);
}

/* The arrays that a feedforward's end writes. */
typedef struct Outcome {
  Value activation, derivative;
  Value cells; /* of each neuron; NULL: its number */
  /* `cells` and all neurons 16 to a bank: vectors of as many banks are finished together; else 0 */
  uint32_t banks;
} Outcome;

/* Cells of 16 neurons are 16 scalars apart. */
static void store_by_cell(Emitter *e, Value vector, Value cells, Value array) {
  for (uint32_t lane = 0; lane < LANES; lane++) {
    Value number = const_i32(e, (int32_t)lane);
    Value cell = LLVMBuildZExt(e->builder, LLVMBuildExtractElement(e->builder, cells, number, ""),
                               e->i64, "cell");
    store_at(e, LLVMBuildExtractElement(e->builder, vector, number, ""), array, cell);
  }
}

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

/* Neurons first .. first + 16 * banks - 1 as 16 rows of each bank: in vectors, which whoever reads
 * them next finds whole. */
static void store_rows(Emitter *e, const Outcome *to, Value first, uint32_t bank_rows,
                       Value vectors[], Value array) {
  Value row = LLVMBuildUDiv(e->builder, first, const_i64(e, to->banks), "row");
  deinterleave(e, vectors, to->banks);
  for (uint32_t bank = 0; bank < to->banks; bank++)
    store_vector(e, vectors[bank], array, add_i64(e, row, (int64_t)bank * bank_rows), 64);
}

/* The last block of a layer whose real neurons end inside it: lanes beyond hold 0. */
static Value keep_lanes(Emitter *e, Value vector, uint32_t count) {
  return LLVMBuildSelect(e->builder, lanes_below(e, const_i64(e, count), ""), vector,
                         zero_vector(e), "kept");
}

/* Activations and derivatives of 16 finished sums. */
static void activate(Emitter *e, const OnlineKernel *k, Value sums, Value *a, Value *d) {
  if (e->model->number.is_fixed) {
    emit_table(e, saturate(e, sums), a, d);
  } else {
    emit_activation(e, &e->model->layers[k->index + 1].activation, sums, a, d);
  }
}

/* s of 16 * count neurons from `first` on: b_r and what their edges gave. */
static void finished_sums(Emitter *e, const OnlineKernel *k, Value edge_sums, Value first,
                          uint32_t count, Value sums[]) {
  Value biases = junction_field(e, JUNCTION_bias, "biases");
  const bool is_woven = k->layout.parts > 1 && count % k->layout.parts == 0;
  if (is_woven) load_woven(e, k, edge_sums, first, count, sums);
  for (uint32_t i = 0; i < count; i++) {
    Value at = add_i64(e, first, (int64_t)i * LANES);
    Value b = load_vector(e, vector_type(e), biases, at, 64, "b");
    sums[i] = is_woven ? add_sums(e, sums[i], b) : sum_pieces(e, k, edge_sums, at, b);
  }
}

/* What a feedforward's end works on. */
typedef struct Finish {
  const OnlineKernel *k;
  Value edge_sums;
  Value softmax; /* NULL, or its activations */
  Layout reader;
  Outcome to;
  uint32_t count; /* neurons that fire */
} Finish;

/* Activations and derivatives of 16 * count neurons from `first` (i64) on, of which `kept` fire. */
static void finish_neurons(Emitter *e, const Finish *finish, Value first, uint32_t count,
                           uint32_t kept, Value a[], Value d[]) {
  if (kept > 0 && !finish->softmax) finished_sums(e, finish->k, finish->edge_sums, first, count, a);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t before = i * LANES, firing = kept > before ? kept - before : 0;
    if (firing == 0) {
      a[i] = d[i] = zero_vector(e);
    } else if (finish->softmax) {
      a[i] = load_vector(e, vector_type(e), finish->softmax, add_i64(e, first, before), 64, "a");
      d[i] = const_vector(e, const_f32(e, 1.0F));
    } else {
      activate(e, finish->k, a[i], &a[i], &d[i]);
    }
    if (firing == 0 || firing >= LANES) continue;
    a[i] = keep_lanes(e, a[i], firing);
    d[i] = keep_lanes(e, d[i], firing);
  }
}

/* `count` blocks of 16 neurons from `first` on; as rows of the reader's banks where there are
 * enough of them. */
static void finish_blocks(Emitter *e, const Finish *finish, Value first, uint32_t count,
                          uint32_t kept) {
  Value a[LANES], d[LANES];
  finish_neurons(e, finish, first, count, kept, a, d);
  const uint32_t banks = finish->to.banks;
  if (banks > 0 && count % banks == 0) {
    for (uint32_t i = 0; i < count; i += banks) {
      Value at = add_i64(e, first, (int64_t)i * LANES);
      store_rows(e, &finish->to, at, finish->reader.bank_rows, a + i, finish->to.activation);
      store_rows(e, &finish->to, at, finish->reader.bank_rows, d + i, finish->to.derivative);
    }
    return;
  }
  for (uint32_t i = 0; i < count; i++)
    store_outcome(e, &finish->to, add_i64(e, first, (int64_t)i * LANES), a[i], d[i]);
}

/* All sums by neuron, as native_fixed_fire() and softmax want them; fixed ones in their range. */
static void store_sums(Emitter *e, const OnlineKernel *k, Value edge_sums, uint32_t count,
                       Value array) {
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, count), LANES, true, "right");
  Value s;
  finished_sums(e, k, edge_sums, loop.index, 1, &s);
  if (e->model->number.is_fixed) s = saturate(e, s);
  store_vector(e, s, array, loop.index, 64);
  end_loop(e, &loop);
}

void finish_sums(Emitter *e, const OnlineKernel *k, Value edge_sums) {
  const Layer *layer = &e->model->layers[k->index + 1];
  const bool is_softmax = layer->activation.function == ACTIVATE_SOFTMAX;
  const Layout reader = reader_of(e, k);
  const uint32_t count = model_active_count(e->model, k->index);
  if (e->model->number.is_fixed && (is_softmax || !activation_has_table(&e->model->number))) {
    store_sums(e, k, edge_sums, count, work_field(e, WORK_scratch, "sums"));
    call_runtime(e, "native_fixed_fire");
    return;
  }
  const bool is_rotated = reader.kind == LAYOUT_ROTATE;
  const bool has_rows = is_rotated && is_small_power(reader.banks);
  const Finish finish = {
      .k = k,
      .edge_sums = edge_sums,
      .softmax = is_softmax ? work_field(e, WORK_scratch, "softmax") : NULL,
      .reader = reader,
      .to = {.activation = work_field(e, WORK_ff_right, "right"),
             .derivative = work_field(e, WORK_ff_derivative, "right_derivative"),
             .cells = is_rotated ? junction_field(e, JUNCTION_right_cell, "cells") : NULL,
             .banks = has_rows ? reader.banks : 0},
      .count = count,
  };
  /* Blocks that are finished together: both ways of lying turn whole vectors. */
  uint32_t blocks = has_rows ? reader.banks : 1;
  if (is_small_power(k->layout.parts) && k->layout.parts > blocks) blocks = k->layout.parts;
  const uint32_t step = LANES * blocks, whole = count / step * step;
  if (is_softmax) {
    store_sums(e, k, edge_sums, count, finish.softmax);
    emit_softmax(e, finish.softmax, count);
  }
  if (whole > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, whole), step, true, "right");
    finish_blocks(e, &finish, loop.index, blocks, step);
    end_loop(e, &loop);
  }
  const uint32_t all = round_to_lanes(k->right_count);
  for (uint32_t first = whole; first < all; first += LANES)
    finish_blocks(e, &finish, const_i64(e, first), 1, count > first ? count - first : 0);
}

/* ---- updates ---- */

Value lane_words(Emitter *e, const OnlineKernel *k, uint32_t operation, uint32_t input_field,
                 Value first) {
  if (!rounds_randomly(&e->model->number)) return NULL;
  Value elements = splat(e, LLVMBuildTrunc(e->builder, first, e->i32, ""), "");
  elements = LLVMBuildAdd(e->builder, elements, lane_numbers(e), "elements");
  return rounding_words(e, k->index, operation, work_field(e, input_field, "input"), elements);
}

UpdateFields update_fields(Emitter *e, const OnlineKernel *k) {
  UpdateFields fields = {.weight = junction_field(e, JUNCTION_weight, "weights"),
                         .rule = work_field(e, WORK_weight_rule, "rule")};
  if (e->model->number.is_fixed) {
    fields.shift = rule_field(e, fields.rule, RULE_rate_shift, "shift");
  } else if (k->is_plain) {
    Value rate = rule_field(e, fields.rule, RULE_rate, "rate");
    fields.descent = splat(e, LLVMBuildFNeg(e->builder, rate, ""), "descent");
  }
  if (k->state_words > 0) fields.state = junction_field(e, JUNCTION_weight_state, "states");
  return fields;
}

Value pull_of_delta(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value delta) {
  if (!k->is_plain || e->model->number.is_fixed) return delta;
  return LLVMBuildFMul(e->builder, fields->descent, delta, "step");
}

/* Updates 16 parameters of an array by their gradient; state word i lies `stride` elements after
 * word i - 1. */
static Value update_parameters(Emitter *e, const OnlineKernel *k, Value rule, bool is_weight,
                               Value gradient, Value array, Value state, Value index, Value old,
                               uint64_t stride) {
  Value states[2] = {NULL, NULL};
  for (uint32_t word = 0; word < k->state_words; word++)
    states[word] = load_vector(e, vector_type(e), state,
                               add_i64(e, index, (int64_t)(word * stride)), 4, "state");
  Value updated = emit_update(e, rule, is_weight, gradient, old, states);
  store_vector(e, updated, array, index, 64);
  for (uint32_t word = 0; word < k->state_words; word++)
    store_vector(e, states[word], state, add_i64(e, index, (int64_t)(word * stride)), 4);
  return updated;
}

Value update_weights(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value slot,
                     Value weights, Value activations, Value pull, Value words) {
  const bool is_fixed = e->model->number.is_fixed;
  Value updated;
  if (!k->is_plain) {
    Value gradient = is_fixed ? exact_gradient(e, pull, activations)
                              : LLVMBuildFMul(e->builder, activations, pull, "gradient");
    return update_parameters(e, k, fields->rule, true, gradient, fields->weight, fields->state,
                             slot, weights, k->layout.slot_count);
  }
  if (is_fixed) {
    updated = descend(e, weights, pull, activations, fields->shift, words);
  } else {
    updated = emit_fma(e, pull, activations, weights, "updated");
  }
  store_vector(e, updated, fields->weight, slot, 64);
  return updated;
}

/* Biases index .. index + 15. */
static void update_bias_block(Emitter *e, const OnlineKernel *k, Value rule, Value bias,
                              Value state, Value delta, Value index, uint32_t count) {
  Value old = load_vector(e, vector_type(e), bias, index, 64, "old");
  const bool is_fixed = e->model->number.is_fixed;
  if (!k->is_plain) {
    Value gradient = is_fixed ? exact_gradient(e, delta, NULL) : delta;
    update_parameters(e, k, rule, false, gradient, bias, state, index, old, count);
  } else if (is_fixed) {
    Value shift = rule_field(e, rule, RULE_rate_shift, "shift");
    Value words = lane_words(e, k, EDGE_OP_UP_BIAS, WORK_up_input, index);
    store_vector(e, descend(e, old, delta, NULL, shift, words), bias, index, 64);
  } else {
    Value rate = splat(e, rule_field(e, rule, RULE_rate, "rate"), "rates");
    Value step = LLVMBuildFMul(e->builder, rate, delta, "step");
    store_vector(e, LLVMBuildFSub(e->builder, old, step, "updated"), bias, index, 64);
  }
}

void update_biases(Emitter *e, const OnlineKernel *k) {
  const uint32_t count = round_to_lanes(k->right_count);
  Value bias = junction_field(e, JUNCTION_bias, "biases");
  Value rule = work_field(e, WORK_bias_rule, "bias_rule");
  Value state = junction_field(e, JUNCTION_bias_state, "bias_states");
  Value deltas = work_field(e, WORK_right_delta, "deltas");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, count), LANES, true, "bias");
  Value delta = load_vector(e, vector_type(e), deltas, loop.index, 64, "delta");
  update_bias_block(e, k, rule, bias, state, delta, loop.index, count);
  end_loop(e, &loop);
}

/* ---- where a kernel keeps what it needs while it runs ---- */

typedef struct Scratch {
  Value softmax;       /* FF, by neuron */
  Value pieces;        /* FF: what the edges give */
  Value left_sums;     /* BP, by cell of the left layer */
  Value deltas, pulls; /* ROTATE: by piece;  pulls of other layouts: by neuron */
} Scratch;

static Scratch lay_out_scratch(Emitter *e, const OnlineKernel *k) {
  const bool is_rotated = k->layout.kind == LAYOUT_ROTATE;
  const uint64_t pieces = round_to_lanes(piece_count(k)) + LANES * LANES;
  const uint64_t spread = is_rotated ? pieces : layer_cells(k->right_count);
  const uint64_t sizes[] = {layer_cells(k->right_count), pieces, layer_cells(k->left_count),
                            spread};
  Value scratch = work_field(e, WORK_scratch, "scratch"), place[5];
  uint64_t at = 0;
  for (uint32_t i = 0; i < 5; i++) {
    place[i] = element_address(e, cell_type(e), scratch, const_i64(e, (int64_t)at), "");
    if (i < 4) at += sizes[i];
  }
  return (Scratch){place[0], place[1], place[2], place[3], place[4]};
}

/* ---- back ---- */

/* What a walk's updates pull with, and its deltas, where the walk reads them. */
static void prepare_pulls(Emitter *e, const OnlineKernel *k, Walk *walk, const Scratch *scratch) {
  const bool is_scaled = k->is_plain && !e->model->number.is_fixed;
  if (k->layout.kind == LAYOUT_ROTATE) {
    const bool needs_deltas = k->does_bp || !is_scaled;
    const Spread spread = {.fields = &walk->fields,
                           .deltas = needs_deltas ? scratch->deltas : NULL,
                           .pulls = is_scaled ? scratch->pulls : NULL};
    spread_deltas(e, k, &spread);
    walk->deltas = scratch->deltas;
    walk->pulls = is_scaled ? scratch->pulls : scratch->deltas;
    return;
  }
  walk->deltas = walk->pulls = work_field(e, WORK_right_delta, "deltas");
  if (!is_scaled) return;
  walk->pulls = scratch->pulls;
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, round_to_lanes(k->right_count)), LANES,
                         true, "right");
  Value delta = load_vector(e, vector_type(e), walk->deltas, loop.index, 64, "delta");
  store_vector(e, pull_of_delta(e, k, &walk->fields, delta), walk->pulls, loop.index, 64);
  end_loop(e, &loop);
}

static void clear_left_sums(Emitter *e, const OnlineKernel *k, Value left_sums) {
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, round_to_lanes(k->left_count)), LANES,
                         true, "left");
  store_vector(e, zero_vector(e), left_sums, loop.index, 64);
  end_loop(e, &loop);
}

/* Sixteen values of the left layer for each of `count` blocks of neurons, read from where its cells
 * are. */
static void load_by_neuron(Emitter *e, const OnlineKernel *k, Value array, Value first,
                           uint32_t count, Value vectors[]) {
  const Layout *layout = &k->layout;
  if (layout->kind != LAYOUT_ROTATE) {
    vectors[0] = load_vector(e, vector_type(e), array, first, 64, "by_neuron");
  } else if (count == layout->banks) {
    Value row = LLVMBuildUDiv(e->builder, first, const_i64(e, layout->banks), "row");
    for (uint32_t bank = 0; bank < count; bank++)
      vectors[bank] = load_vector(e, vector_type(e), array,
                                  add_i64(e, row, (int64_t)bank * layout->bank_rows), 64, "rows");
    interleave(e, vectors, count);
  } else {
    Value cells = load_vector(e, e->v16i32, junction_field(e, JUNCTION_left_cell, "cells"), first,
                              64, "cells");
    vectors[0] = gather(e, vector_type(e), array, cells, "by_neuron");
  }
}

/* left_delta = derivative * sum, by neuron. */
static void store_left_deltas(Emitter *e, const OnlineKernel *k, Value left_sums) {
  const Layout *layout = &k->layout;
  const uint32_t all = round_to_lanes(k->left_count);
  const bool has_rows = layout->kind == LAYOUT_ROTATE && is_small_power(layout->banks);
  const uint32_t blocks = has_rows ? layout->banks : 1;
  Value derivatives = work_field(e, WORK_left_derivative, "derivatives");
  Value to = work_field(e, WORK_left_delta, "left_deltas");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, all), LANES * blocks, true, "left");
  Value d[LANES], sums[LANES];
  load_by_neuron(e, k, derivatives, loop.index, blocks, d);
  load_by_neuron(e, k, left_sums, loop.index, blocks, sums);
  for (uint32_t i = 0; i < blocks; i++)
    store_vector(e, scale_sum(e, d[i], sums[i], NULL), to,
                 add_i64(e, loop.index, (int64_t)i * LANES), 64);
  end_loop(e, &loop);
}

/* ---- a pass over a walk ---- */

/* Unrolled code knows every rotation; it must stay within the first cache of instructions, of which
 * a fixed crossing takes more. */
static bool is_worth_unrolling(const Emitter *e, const OnlineKernel *k) {
  const uint32_t most_crossings = e->model->number.is_fixed ? 256 : 512;
  return k->layout.kind == LAYOUT_ROTATE && is_permuted(e, k) && (k->does_ff && k->is_plain) &&
         k->edges->edge_count / LANES <= most_crossings;
}

static void open_walk(Emitter *e, const OnlineKernel *k, const Scratch *scratch, Walk *walk) {
  const bool is_rotated = k->layout.kind == LAYOUT_ROTATE;
  *walk = (Walk){.k = k,
                 .layout = is_rotated ? &walk_of_rotations : &walk_of_rows,
                 .sums = scratch->pieces,
                 .left_sums = scratch->left_sums,
                 .strip_rows = e->bytes == 64 ? k->layout.group_rows : 4};
  walk->visits_once = k->layout.rows <= walk->strip_rows;
  walk->is_unrolled = is_worth_unrolling(e, k);
  if (k->does_back) {
    walk->fields = update_fields(e, k);
    walk->left[WALK_BACK] = work_field(e, WORK_up_left, "back_left");
  } else {
    walk->fields.weight = junction_field(e, JUNCTION_weight, "weights");
  }
  if (k->does_ff) walk->left[WALK_FF] = work_field(e, WORK_ff_left, "ff_left");
  /* BP adds to a left neuron's sum in the order of right neurons: forward. */
  if (k->does_ff && !k->does_bp) {
    Value flag = work_field(e, WORK_is_backward, "is_backward");
    walk->is_backward = LLVMBuildICmp(e->builder, LLVMIntNE, flag, const_i64(e, 0), "");
  }
  if (k->layout.kind == LAYOUT_BLEND) walk->masks = junction_field(e, JUNCTION_masks, "masks");
  if (!is_rotated) return;
  walk->starts = junction_field(e, JUNCTION_starts, "starts");
  if (is_permuted(e, k)) walk->rotations = rotations_table(e);
}

/* Whether -1 < factor <= 1 for the first `count` numbers of an array: i1. */
static Value are_small(Emitter *e, Value array, uint32_t count) {
  const int32_t one = (int32_t)1 << e->model->number.fraction;
  Loop loop =
      begin_loop(e, const_i64(e, 0), const_i64(e, round_to_lanes(count)), LANES, true, "at");
  Value greatest = carry(e, &loop, zero_vector(e), "greatest");
  Value factor = load_vector(e, vector_type(e), array, loop.index, 64, "factor");
  /* From -1 on, negative numbers are the greatest. */
  Value above = LLVMBuildAdd(e->builder, factor, const_vector(e, const_i32(e, one - 1)), "above");
  Value both[] = {greatest, above};
  carry_next(&loop, greatest, call_intrinsic(e, "llvm.umax", e->v16i32, both, 2, ""));
  end_loop(e, &loop);
  Value all = carried(&loop, greatest);
  Value most = call_intrinsic(e, "llvm.vector.reduce.umax", e->v16i32, &all, 1, "most");
  return LLVMBuildICmp(e->builder, LLVMIntULT, most, const_i32(e, 2 * one), "are_small");
}

/* Fixed FF and BP have two walks: products with small numbers need no saturation.  The other is
 * rare, and short. */
static void emit_walks(Emitter *e, Walk *walk) {
  const OnlineKernel *k = walk->k;
  if (!e->model->number.is_fixed || (!k->does_ff && !k->does_bp)) {
    emit_walk(e, walk);
    return;
  }
  Value is_small = LLVMConstInt(e->i1, 1, false);
  if (k->does_ff) is_small = are_small(e, walk->left[WALK_FF], k->left_count);
  if (k->does_bp) {
    Value are_deltas = are_small(e, work_field(e, WORK_right_delta, "deltas"), k->right_count);
    is_small = LLVMBuildAnd(e->builder, is_small, are_deltas, "is_small");
  }
  Branch small = begin_if(e, is_small, "small");
  walk->range = PRODUCT_SMALL;
  emit_walk(e, walk);
  end_if(e, &small);
  Branch any = begin_if(e, LLVMBuildNot(e->builder, is_small, ""), "any");
  walk->range = PRODUCT_ANY;
  walk->is_unrolled = false;
  emit_walk(e, walk);
  end_if(e, &any);
}

/* Biases change after FF has read them, or before where FF sees the update. */
static void emit_pass(Emitter *e, OnlineKernel *k) {
  const Scratch scratch = lay_out_scratch(e, k);
  const bool has_own_bp = k->does_bp && k->layout.kind == LAYOUT_ROTATE && !is_permuted(e, k);
  Walk walk;
  open_walk(e, k, &scratch, &walk);
  if (k->does_back) prepare_pulls(e, k, &walk, &scratch);
  if (has_own_bp) {
    emit_rotate_bp(e, &walk);
    k->does_bp = false;
  } else if (k->does_bp && !walk.visits_once) {
    clear_left_sums(e, k, scratch.left_sums);
  }
  emit_walks(e, &walk);
  if (k->does_bp || has_own_bp) store_left_deltas(e, k, scratch.left_sums);
  if (k->does_back && k->sees_update) update_biases(e, k);
  if (k->does_ff) finish_sums(e, k, walk.sums);
  if (k->does_back && !k->sees_update) update_biases(e, k);
}

/* ---- the kernels ---- */

void emit_online_body(Emitter *e, OnlineKernel k) {
  if (k.layout.kind != LAYOUT_GATHER) {
    emit_pass(e, &k);
  } else if (k.does_ff) {
    emit_gather_ff(e, &k);
  } else {
    emit_gather_back(e, &k);
    update_biases(e, &k);
  }
}

Value emit_online(Emitter *e, uint32_t junction, NativeKernelId id) {
  Value function = begin_kernel(e, junction, native_kernel_name(id));
  emit_online_body(e, online_kernel(e, junction, id));
  end_function(e);
  return function;
}

bool can_cycle(const Emitter *e, uint32_t junction) {
  const Layout layout = choose_layout(e->model, junction);
  if (!layout_is_walk(&layout)) return false;
  return e->model->is_pipelined || junction == 0;
}
