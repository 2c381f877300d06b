// SPDX-License-Identifier: MIT
// Online kernels whose lanes are 16 cycles of one bank (SUM_BY_SEGMENT): no access is a gather.
//
//     bank k, sweep s:   edges in cycles 0, 1, 2 ...  read rows start, start + 1, ... of the bank, modulo its rows
//     activations        lie bank by bank, so the operand is the bank rotated by `start`
//     weights            w[sweep group][bank][sweep of the group][cycle]: each vector is read where the last one ended
//     right neurons      lane c of sweep s adds to piece s * rows + c; a fan-in of several cycles has several pieces
//
// Where a cycle holds several right neurons (fan-in below the banks) it has as many parts, and piece (s * rows + c) * parts + part.
// BP turns the other way: weights and deltas are rotated back, so that lanes are rows of the bank.
// Source: Dey et al., JETCAS 2019, clash-free sweeps; the lanes are sedge's own.
#include "compiler/llvm/online.h"

/* What is known of the pieces. */
typedef struct Pieces {
  uint32_t per_neuron; /* pieces of a right neuron; 1 where parts > 1 */
  uint32_t parts;      /* right neurons of a cycle; 1 where per_neuron > 1 */
  uint32_t part_banks; /* banks of each part */
} Pieces;

static Pieces pieces_of(const OnlineKernel *k) {
  const uint32_t banks = k->layout.banks, fanin = k->edges->fanin;
  return (Pieces){.per_neuron = fanin > banks ? fanin / banks : 1,
                  .parts = fanin < banks ? banks / fanin : 1,
                  .part_banks = fanin < banks ? fanin : banks};
}

/* ---- rotations ---- */

/* Lane i of the result is bank[(from + i) % rows], for 16 cells of a bank of k->layout.rows that begins at array[base]; 0 <= from <
 * rows.  `whole` is the bank as one vector where it is one, else NULL. */
static Value rotate(Emitter *e, const OnlineKernel *k, Value array, Value base, Value whole,
                    Value from) {
  if (whole) {
    Value index = LLVMBuildAdd(e->builder, splat(e, from, ""), lane_numbers(e), "turn");
    Value arguments[] = {whole, index};
    Type vector = vector_type(e), parameters[] = {vector, e->v16i32};
    Type type = LLVMFunctionType(vector, parameters, 2, false);
    const char *name = e->model->number.is_fixed ? "llvm.x86.avx512.permvar.si.512"
                                                 : "llvm.x86.avx512.permvar.sf.512";
    Value permute = runtime_function(e, name, type);
    return LLVMBuildCall2(e->builder, type, permute, arguments, 2, "rotated");
  }
  Value rows = const_i64(e, k->layout.rows);
  Value place = LLVMBuildZExt(e->builder, from, e->i64, "");
  Value at = LLVMBuildAdd(e->builder, base, place, "");
  Value low = load_vector(e, vector_type(e), array, at, 4, "low");
  Value high =
      load_vector(e, vector_type(e), array, LLVMBuildSub(e->builder, at, rows, ""), 4, "high");
  Value mask = lanes_below(e, LLVMBuildSub(e->builder, rows, place, ""), "low_lanes");
  return LLVMBuildSelect(e->builder, mask, low, high, "rotated");
}

/* A bank that fits one vector of the target, which permutes it; else NULL: it is read where it lies. */
static Value whole_bank(Emitter *e, const OnlineKernel *k, Value array, Value base) {
  const bool fits = e->has_avx512 && k->layout.rows == LANES;
  return fits ? load_vector(e, vector_type(e), array, base, 64, "bank") : NULL;
}

/* (start + offset) % rows, start < rows. */
static Value turned(Emitter *e, const OnlineKernel *k, Value start, Value offset) {
  Value sum = LLVMBuildAdd(e->builder, start, offset, "");
  if (k->layout.rows == LANES && e->has_avx512) return sum; /* the permutation takes it modulo 16 */
  Value rows = const_i32(e, (int32_t)k->layout.rows);
  Value is_past = LLVMBuildICmp(e->builder, LLVMIntUGE, sum, rows, "");
  return LLVMBuildSelect(e->builder, is_past, LLVMBuildSub(e->builder, sum, rows, ""), sum,
                         "turned");
}

/* ---- places ---- */

/* Sweeps first .. first + count - 1 of a group; group_base: its first slot (i64 value), the same for all its banks. */
typedef struct Group {
  Value first_sweep, base;
  uint32_t sweeps; /* of the whole group */
} Group;

/* Slot of the first cycle of a bank in sweep i of the group. */
static Value slot_of(Emitter *e, const OnlineKernel *k, const Group *group, Value bank,
                     uint32_t i) {
  const uint32_t rows = k->layout.rows;
  Value in_group = add_i64(e, mul_i64(e, bank, (int64_t)group->sweeps * rows), (int64_t)i * rows);
  return LLVMBuildAdd(e->builder, group->base, in_group, "slot");
}

static Value start_of(Emitter *e, const OnlineKernel *k, Value starts, Value slot) {
  Value row = LLVMBuildUDiv(e->builder, slot, const_i64(e, k->layout.rows), "");
  return load_at(e, e->i32, starts, row, "start");
}

/* First piece of sweep i of the group, block of 16 cycles `block`, as if parts were 1. */
static Value piece_of(Emitter *e, const OnlineKernel *k, const Group *group, uint32_t i,
                      Value block) {
  Value sweep = add_i64(e, group->first_sweep, i);
  Value first = mul_i64(e, sweep, k->layout.rows);
  return LLVMBuildAdd(e->builder, first, mul_i64(e, block, LANES), "piece");
}

/* Calls `body` for every group of sweeps: a loop over the full ones, then the rest. */
typedef void GroupBody(Emitter *e, const OnlineKernel *k, const Group *group, void *context);
static void for_groups(Emitter *e, const OnlineKernel *k, GroupBody *body, void *context) {
  const uint32_t full = k->layout.sweeps / SWEEPS_PER_GROUP,
                 rest = k->layout.sweeps % SWEEPS_PER_GROUP;
  const int64_t step = (int64_t)SWEEPS_PER_GROUP * k->left_count;
  if (full > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, full), 1, true, "group");
    const Group group = {mul_i64(e, loop.index, SWEEPS_PER_GROUP), mul_i64(e, loop.index, step),
                         SWEEPS_PER_GROUP};
    body(e, k, &group, context);
    end_loop(e, &loop);
  }
  if (rest > 0) {
    const Group group = {const_i64(e, (int64_t)full * SWEEPS_PER_GROUP), const_i64(e, full * step),
                         rest};
    body(e, k, &group, context);
  }
}

/* ---- regrouping vectors ---- */

/* Every second lane of a, then of b, from `odd` on. */
static Value half_lanes(Emitter *e, Value a, Value b, uint32_t odd) {
  int32_t order[LANES];
  for (uint32_t lane = 0; lane < LANES; lane++) order[lane] = (int32_t)(2 * lane + odd);
  return shuffle(e, a, b, order, "half");
}

/* Of 16 * count values in a row (count a power of two), vector j becomes values j, j + count, j + 2 count, ... */
static void deinterleave(Emitter *e, Value vectors[], uint32_t count) {
  if (count == 1) return;
  Value half[2][LANES];
  for (uint32_t i = 0; i < count / 2; i++) {
    for (uint32_t odd = 0; odd < 2; odd++)
      half[odd][i] = half_lanes(e, vectors[2 * i], vectors[2 * i + 1], odd);
  }
  deinterleave(e, half[0], count / 2);
  deinterleave(e, half[1], count / 2);
  for (uint32_t i = 0; i < count; i++) vectors[i] = half[i % 2][i / 2];
}

static bool is_small_power(uint32_t count) {
  return count <= LANES && (count & (count - 1)) == 0;
}

/* values[first * count + j + lane * count] for each j < count, without loads from anywhere where count allows it. */
static void load_strided(Emitter *e, Value array, Value first, uint32_t count, uint32_t j_first,
                         uint32_t j_last, Value vectors[]) {
  Value base = mul_i64(e, first, count);
  if (is_small_power(count)) {
    for (uint32_t j = 0; j < count; j++)
      vectors[j] =
          load_vector(e, vector_type(e), array, add_i64(e, base, (int64_t)j * LANES), 64, "");
    deinterleave(e, vectors, count);
    return;
  }
  Value index =
      LLVMBuildMul(e->builder, lane_numbers(e), const_vector(e, const_i32(e, (int32_t)count)), "");
  Value at = element_address(e, cell_type(e), array, base, "");
  for (uint32_t j = j_first; j < j_last; j++) {
    Value from = element_address(e, cell_type(e), at, const_i64(e, j), "");
    vectors[j - j_first] = gather(e, vector_type(e), from, index, "");
  }
}

/* ---- feedforward ---- */

typedef struct Forward {
  Value activations, weights, starts, pieces;
  Pieces shape;
} Forward;

/* Sums of one group over the banks of one part, for one block of 16 cycles. */
static void sum_banks(Emitter *e, const OnlineKernel *k, const Group *group, const Forward *f,
                      uint32_t part, Value block) {
  const uint32_t rows = k->layout.rows, first = part * f->shape.part_banks;
  Value sums[SWEEPS_PER_GROUP];
  Loop loop = begin_loop(e, const_i64(e, first), const_i64(e, first + f->shape.part_banks), 1, true,
                         "bank");
  for (uint32_t i = 0; i < group->sweeps; i++) sums[i] = carry(e, &loop, zero_vector(e), "sum");
  Value base = mul_i64(e, loop.index, rows);
  Value whole = whole_bank(e, k, f->activations, base);
  Value offset = LLVMBuildTrunc(e->builder, mul_i64(e, block, LANES), e->i32, "");
  for (uint32_t i = 0; i < group->sweeps; i++) {
    Value slot = slot_of(e, k, group, loop.index, i);
    Value from = turned(e, k, start_of(e, k, f->starts, slot), offset);
    Value a = rotate(e, k, f->activations, base, whole, from);
    Value at = LLVMBuildAdd(e->builder, slot, mul_i64(e, block, LANES), "");
    Value w = load_vector(e, vector_type(e), f->weights, at, 64, "w");
    carry_next(&loop, sums[i], add_product(e, w, a, sums[i]));
  }
  end_loop(e, &loop);
  for (uint32_t i = 0; i < group->sweeps; i++) {
    Value piece = piece_of(e, k, group, i, block), sum = carried(&loop, sums[i]);
    if (f->shape.parts == 1) {
      store_vector(e, sum, f->pieces, piece, 64);
      continue;
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
      Value at = add_i64(e, mul_i64(e, add_i64(e, piece, lane), f->shape.parts), part);
      store_at(e, LLVMBuildExtractElement(e->builder, sum, const_i32(e, (int32_t)lane), ""),
               f->pieces, at);
    }
  }
}

static void sum_group(Emitter *e, const OnlineKernel *k, const Group *group, void *context) {
  const Forward *f = context;
  for (uint32_t part = 0; part < f->shape.parts; part++) {
    if (k->layout.rows == LANES) {
      sum_banks(e, k, group, f, part, const_i64(e, 0));
      continue;
    }
    Loop loop =
        begin_loop(e, const_i64(e, 0), const_i64(e, k->layout.rows / LANES), 1, true, "block");
    sum_banks(e, k, group, f, part, loop.index);
    end_loop(e, &loop);
  }
}

/* sums[r] = b_r + its pieces in turn. */
static void add_pieces(Emitter *e, const OnlineKernel *k, Value pieces, uint32_t per_neuron,
                       Value sums) {
  const uint32_t count = (k->right_count + LANES - 1) / LANES * LANES;
  Value biases = junction_field(e, JUNCTION_bias, "biases");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, count), LANES, true, "right");
  Value s = load_vector(e, vector_type(e), biases, loop.index, 64, "b");
  if (is_small_power(per_neuron)) {
    Value vectors[LANES];
    load_strided(e, pieces, loop.index, per_neuron, 0, per_neuron, vectors);
    for (uint32_t j = 0; j < per_neuron; j++) s = add_sums(e, s, vectors[j]);
  } else {
    Value stride = const_vector(e, const_i32(e, (int32_t)per_neuron));
    Value index = LLVMBuildMul(e->builder, lane_numbers(e), stride, "");
    Value first = mul_i64(e, loop.index, per_neuron);
    Loop turn = begin_loop(e, const_i64(e, 0), const_i64(e, per_neuron), 1, true, "piece");
    Value sum = carry(e, &turn, s, "s");
    Value from = element_address(e, cell_type(e), pieces,
                                 LLVMBuildAdd(e->builder, first, turn.index, ""), "");
    carry_next(&turn, sum, add_sums(e, sum, gather(e, vector_type(e), from, index, "")));
    end_loop(e, &turn);
    s = carried(&turn, sum);
  }
  store_vector(e, s, sums, loop.index, 64);
  end_loop(e, &loop);
}

void emit_rotate_ff(Emitter *e, const OnlineKernel *k) {
  Value sums = sums_array(e, k), scratch = work_field(e, WORK_scratch, "scratch");
  Forward f = {
      .activations = work_field(e, WORK_ff_left, "left"),
      .weights = junction_field(e, JUNCTION_weight, "weights"),
      .starts = junction_field(e, JUNCTION_starts, "starts"),
      /* Behind the sums, which may be in the scratch too. */
      .pieces = element_address(e, cell_type(e), scratch, const_i64(e, layer_cells(k->right_count)),
                                "pieces"),
      .shape = pieces_of(k),
  };
  for_groups(e, k, sum_group, &f);
  add_pieces(e, k, f.pieces, f.shape.per_neuron, sums);
  finish_sums(e, k, sums);
}

/* ---- back ---- */

typedef struct Back {
  UpdateFields fields;
  Value activations, starts;
  Value deltas, pulls; /* [part][pieces of one part] by piece */
  Value sums;          /* [p] by cell */
  uint32_t part_pieces;
  Pieces shape;
} Back;

/* Spreads deltas over pieces: each to its neuron's pieces, or to its part's. */
static void spread_deltas(Emitter *e, const OnlineKernel *k, const Back *back) {
  const uint32_t per_neuron = back->shape.per_neuron, parts = back->shape.parts;
  const uint32_t pieces = back->part_pieces;
  Value from = work_field(e, WORK_right_delta, "right_deltas");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, pieces), LANES, true, "piece");
  Value index =
      LLVMBuildMul(e->builder, lane_numbers(e), const_vector(e, const_i32(e, (int32_t)parts)), "");
  for (uint32_t part = 0; part < parts; part++) {
    Value delta;
    if (per_neuron == 1 && parts == 1) {
      delta = load_vector(e, vector_type(e), from, loop.index, 64, "delta");
    } else if (parts > 1) {
      Value at = element_address(e, cell_type(e), from,
                                 add_i64(e, mul_i64(e, loop.index, parts), part), "");
      delta = gather(e, vector_type(e), at, index, "delta");
    } else {
      Value numbers =
          LLVMBuildAdd(e->builder, splat(e, LLVMBuildTrunc(e->builder, loop.index, e->i32, ""), ""),
                       lane_numbers(e), "");
      Value right = LLVMBuildUDiv(e->builder, numbers,
                                  const_vector(e, const_i32(e, (int32_t)per_neuron)), "");
      delta = gather(e, vector_type(e), from, right, "delta");
    }
    Value to = add_i64(e, loop.index, (int64_t)part * pieces);
    if (k->has_bp) store_vector(e, delta, back->deltas, to, 64);
    store_vector(e, pull_of_delta(e, k, &back->fields, delta), back->pulls, to, 64);
  }
  end_loop(e, &loop);
}

static Value load_pull(Emitter *e, const OnlineKernel *k, const Group *group, const Back *back,
                       Value part_first, uint32_t i, Value block) {
  Value piece = LLVMBuildAdd(e->builder, part_first, piece_of(e, k, group, i, block), "");
  return load_vector(e, vector_type(e), back->pulls, piece, 64, "pull");
}

/* UP of one bank and group: cycles in blocks of 16.  pulls: of each sweep, where all banks have the same; else NULL. */
static void update_bank(Emitter *e, const OnlineKernel *k, const Group *group, const Back *back,
                        Value bank, Value part_first, const Value pulls[]) {
  const uint32_t rows = k->layout.rows;
  Value base = mul_i64(e, bank, rows);
  Value whole = whole_bank(e, k, back->activations, base);
  for (uint32_t i = 0; i < group->sweeps; i++) {
    Value slot = slot_of(e, k, group, bank, i), start = start_of(e, k, back->starts, slot);
    Value block = const_i64(e, 0);
    Loop loop = {0};
    if (rows > LANES) {
      loop = begin_loop(e, block, const_i64(e, rows / LANES), 1, true, "block");
      block = loop.index;
    }
    Value cycles = mul_i64(e, block, LANES);
    Value from = turned(e, k, start, LLVMBuildTrunc(e->builder, cycles, e->i32, ""));
    Value a = rotate(e, k, back->activations, base, whole, from);
    Value at = LLVMBuildAdd(e->builder, slot, cycles, "");
    Value w = load_vector(e, vector_type(e), back->fields.weight, at, 64, "w");
    Value pull = pulls ? pulls[i] : load_pull(e, k, group, back, part_first, i, block);
    update_weights(e, k, &back->fields, at, w, a, pull);
    if (rows > LANES) end_loop(e, &loop);
  }
}

/* First piece, in the spread deltas, of the part that a bank belongs to. */
static Value part_pieces_of(Emitter *e, const Back *back, Value bank) {
  if (back->shape.parts == 1) return const_i64(e, 0);
  Value part = LLVMBuildUDiv(e->builder, bank, const_i64(e, back->shape.part_banks), "part");
  return mul_i64(e, part, back->part_pieces);
}

static void update_group(Emitter *e, const OnlineKernel *k, const Group *group, void *context) {
  const Back *back = context;
  const bool is_shared = k->layout.rows == LANES && back->shape.parts == 1;
  Value pulls[SWEEPS_PER_GROUP], none = const_i64(e, 0);
  for (uint32_t i = 0; is_shared && i < group->sweeps; i++)
    pulls[i] = load_pull(e, k, group, back, none, i, none);
  Loop loop = begin_loop(e, none, const_i64(e, k->layout.banks), 1, true, "bank");
  update_bank(e, k, group, back, loop.index, part_pieces_of(e, back, loop.index),
              is_shared ? pulls : NULL);
  end_loop(e, &loop);
}

/* One sweep's share of a bank's delta sums, rows row_block * 16 ..: weights and deltas turned back. */
static Value add_sweep(Emitter *e, const OnlineKernel *k, const Group *group, const Back *back,
                       Value bank, Value part_first, uint32_t i, Value rows_first, Value sum) {
  Value slot = slot_of(e, k, group, bank, i), start = start_of(e, k, back->starts, slot);
  Value none = const_i64(e, 0);
  Value piece = LLVMBuildAdd(e->builder, part_first, piece_of(e, k, group, i, none), "");
  /* Row t was read in cycle t - start. */
  Value rows = const_i32(e, (int32_t)k->layout.rows);
  Value from = turned(e, k, rows_first, LLVMBuildSub(e->builder, rows, start, ""));
  Value w =
      rotate(e, k, back->fields.weight, slot, whole_bank(e, k, back->fields.weight, slot), from);
  Value d = rotate(e, k, back->deltas, piece, whole_bank(e, k, back->deltas, piece), from);
  return add_product(e, w, d, sum);
}

/* What add_bank's loop over groups needs beside the groups. */
typedef struct BankSum {
  const Back *back;
  Value bank, part_first, rows_first;
} BankSum;

/* Adds the sweeps of all groups, in order, to one block of a bank's sums. */
static Value add_groups(Emitter *e, const OnlineKernel *k, const BankSum *b) {
  const uint32_t full = k->layout.sweeps / SWEEPS_PER_GROUP,
                 rest = k->layout.sweeps % SWEEPS_PER_GROUP;
  const int64_t step = (int64_t)SWEEPS_PER_GROUP * k->left_count;
  Value sum = zero_vector(e);
  if (full > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, full), 1, true, "group");
    Value total = carry(e, &loop, sum, "sum"), next = total;
    const Group group = {mul_i64(e, loop.index, SWEEPS_PER_GROUP), mul_i64(e, loop.index, step),
                         SWEEPS_PER_GROUP};
    for (uint32_t i = 0; i < SWEEPS_PER_GROUP; i++)
      next = add_sweep(e, k, &group, b->back, b->bank, b->part_first, i, b->rows_first, next);
    carry_next(&loop, total, next);
    end_loop(e, &loop);
    sum = carried(&loop, total);
  }
  const Group last = {const_i64(e, (int64_t)full * SWEEPS_PER_GROUP), const_i64(e, full * step),
                      rest};
  for (uint32_t i = 0; i < rest; i++)
    sum = add_sweep(e, k, &last, b->back, b->bank, b->part_first, i, b->rows_first, sum);
  return sum;
}

/* BP of one bank: its sums, by row. */
static void add_bank(Emitter *e, const OnlineKernel *k, const Back *back, Value bank) {
  Loop blocks = begin_loop(e, const_i64(e, 0), const_i64(e, k->layout.rows), LANES, true, "row");
  const BankSum b = {back, bank, part_pieces_of(e, back, bank),
                     LLVMBuildTrunc(e->builder, blocks.index, e->i32, "")};
  Value sum = add_groups(e, k, &b);
  Value cell = LLVMBuildAdd(e->builder, mul_i64(e, bank, k->layout.rows), blocks.index, "cell");
  Value derivatives = work_field(e, WORK_left_derivative, "derivatives");
  Value d = load_vector(e, vector_type(e), derivatives, cell, 64, "d");
  store_vector(e, scale_sum(e, d, sum), back->sums, cell, 64);
  end_loop(e, &blocks);
}

/* Deltas lie by cell in scratch; the junction before reads them by neuron. */
static void order_deltas(Emitter *e, const OnlineKernel *k, const Back *back) {
  Value cells = junction_field(e, JUNCTION_left_cell, "cells");
  Value to = work_field(e, WORK_left_delta, "left_deltas");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->left_count), LANES, true, "left");
  Value index = load_vector(e, e->v16i32, cells, loop.index, 64, "cells");
  store_vector(e, gather(e, vector_type(e), back->sums, index, "delta"), to, loop.index, 64);
  end_loop(e, &loop);
}

void emit_rotate_back(Emitter *e, const OnlineKernel *k) {
  Value scratch = work_field(e, WORK_scratch, "scratch");
  const uint32_t pieces = k->edges->edge_count / k->layout.banks; /* of one part */
  const uint64_t spread = (uint64_t)pieces * pieces_of(k).parts;
  Back back = {
      .fields = update_fields(e, k),
      .activations = work_field(e, WORK_up_left, "left"),
      .starts = junction_field(e, JUNCTION_starts, "starts"),
      .sums = element_address(e, cell_type(e), scratch, const_i64(e, LANES), "sums"),
      .part_pieces = pieces,
      .shape = pieces_of(k),
  };
  const int64_t after = LANES + (int64_t)layer_cells(k->left_count) + LANES;
  back.deltas = element_address(e, cell_type(e), scratch, const_i64(e, after), "deltas");
  back.pulls =
      element_address(e, cell_type(e), scratch, const_i64(e, after + (int64_t)spread), "pulls");
  spread_deltas(e, k, &back);
  if (k->has_bp) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->layout.banks), 1, true, "bank");
    add_bank(e, k, &back, loop.index);
    end_loop(e, &loop);
    order_deltas(e, k, &back);
  }
  for_groups(e, k, update_group, &back);
}
