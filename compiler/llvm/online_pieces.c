// SPDX-License-Identifier: MIT
// What a walk's strips leave, by piece: from there to sums by neuron, and from deltas by neuron to
// deltas by piece.
//
//     ROTATE, a fan-in of several cycles   piece j of neuron r is number r * pieces_per_neuron + j
//                                          (SUM_BY_SEGMENT of runtime/model.h)
//     several neurons in a cycle           neuron r is the one piece of cycle r / parts in part
//                                          r % parts; [part][cycle]
//     all else                             piece r is neuron r's
#include "compiler/llvm/online.h"

uint32_t pieces_per_neuron(const OnlineKernel *k) {
  const bool is_cut = k->layout.kind == LAYOUT_ROTATE && k->layout.parts == 1;
  return is_cut ? k->edges->fanin / k->layout.banks : 1;
}

/* Pieces of each part. */
static uint32_t cycles_of(const OnlineKernel *k) {
  return k->layout.kind == LAYOUT_ROTATE ? k->layout.rows * k->layout.unit
                                         : round_to_lanes(k->layout.rows);
}

uint32_t piece_count(const OnlineKernel *k) {
  return layout_is_walk(&k->layout) ? k->layout.parts * cycles_of(k) : k->right_count;
}

Value piece_at(Emitter *e, const OnlineKernel *k, Value part, Value cycle) {
  return LLVMBuildAdd(e->builder, mul_i64(e, part, cycles_of(k)), cycle, "piece");
}

bool is_small_power(uint32_t count) {
  return count <= LANES && (count & (count - 1)) == 0;
}

/* ---- regrouping vectors ---- */

/* Every second lane of a, then of b, from `odd` on. */
static Value half_lanes(Emitter *e, Value a, Value b, uint32_t odd) {
  int32_t order[LANES];
  for (uint32_t lane = 0; lane < LANES; lane++) order[lane] = (int32_t)(2 * lane + odd);
  return shuffle(e, a, b, order, "half");
}

void deinterleave(Emitter *e, Value vectors[], uint32_t count) {
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

void interleave(Emitter *e, Value vectors[], uint32_t count) {
  if (count == 1) return;
  Value half[2][LANES];
  for (uint32_t i = 0; i < count; i++) half[i % 2][i / 2] = vectors[i];
  interleave(e, half[0], count / 2);
  interleave(e, half[1], count / 2);
  int32_t low[LANES], high[LANES];
  for (int32_t lane = 0; lane < LANES; lane++) {
    low[lane] = lane / 2 + lane % 2 * LANES;
    high[lane] = low[lane] + LANES / 2;
  }
  for (uint32_t i = 0; i < count / 2; i++) {
    vectors[2 * i] = shuffle(e, half[0][i], half[1][i], low, "woven");
    vectors[2 * i + 1] = shuffle(e, half[0][i], half[1][i], high, "woven");
  }
}

void load_woven(Emitter *e, const OnlineKernel *k, Value pieces, Value first, uint32_t count,
                Value vectors[]) {
  const uint32_t parts = k->layout.parts;
  for (uint32_t i = 0; i < count; i += parts) {
    Value neuron = add_i64(e, first, (int64_t)i * LANES);
    Value cycle = LLVMBuildUDiv(e->builder, neuron, const_i64(e, parts), "cycle");
    for (uint32_t part = 0; part < parts; part++)
      vectors[i + part] = load_vector(e, vector_type(e), pieces,
                                      piece_at(e, k, const_i64(e, part), cycle), 64, "pieces");
    interleave(e, vectors + i, parts);
  }
}

/* Piece j of 16 neurons from `first` (i64, a multiple of 16) on, for each j. */
static void load_pieces(Emitter *e, const OnlineKernel *k, Value pieces, Value first,
                        Value vectors[]) {
  const uint32_t count = pieces_per_neuron(k);
  Value base = mul_i64(e, first, count);
  for (uint32_t j = 0; j < count; j++)
    vectors[j] =
        load_vector(e, vector_type(e), pieces, add_i64(e, base, (int64_t)j * LANES), 64, "pieces");
  deinterleave(e, vectors, count);
}

/* The number of each of 16 neurons, from `first` on. */
static Value neuron_numbers(Emitter *e, Value first) {
  Value base = splat(e, LLVMBuildTrunc(e->builder, first, e->i32, ""), "");
  return LLVMBuildAdd(e->builder, base, lane_numbers(e), "numbers");
}

/* Where the one piece of each of 16 neurons lies. */
static Value places_in_parts(Emitter *e, const OnlineKernel *k, Value neurons) {
  Value parts = const_vector(e, const_i32(e, (int32_t)k->layout.parts));
  Value cycles = const_vector(e, const_i32(e, (int32_t)cycles_of(k)));
  Value part = LLVMBuildURem(e->builder, neurons, parts, "");
  Value cycle = LLVMBuildUDiv(e->builder, neurons, parts, "");
  return LLVMBuildAdd(e->builder, LLVMBuildMul(e->builder, part, cycles, ""), cycle, "places");
}

/* Adds the pieces of 16 neurons one by one, each read from where it lies. */
static Value add_scattered(Emitter *e, const OnlineKernel *k, Value pieces, Value first, Value s) {
  Value count = const_i64(e, pieces_per_neuron(k));
  Value stride = const_vector(e, const_i32(e, (int32_t)pieces_per_neuron(k)));
  Value places = LLVMBuildMul(e->builder, neuron_numbers(e, first), stride, "");
  Loop loop = begin_loop(e, const_i64(e, 0), count, 1, true, "piece");
  Value sum = carry(e, &loop, s, "s");
  Value from = element_address(e, cell_type(e), pieces, loop.index, "");
  carry_next(&loop, sum, add_sums(e, sum, gather(e, vector_type(e), from, places, "")));
  end_loop(e, &loop);
  return carried(&loop, sum);
}

Value sum_pieces(Emitter *e, const OnlineKernel *k, Value pieces, Value first, Value s) {
  const uint32_t count = pieces_per_neuron(k);
  if (k->layout.parts > 1) {
    Value places = places_in_parts(e, k, neuron_numbers(e, first));
    return add_sums(e, s, gather(e, vector_type(e), pieces, places, "pieces"));
  }
  if (!is_small_power(count)) return add_scattered(e, k, pieces, first, s);
  Value vectors[LANES];
  load_pieces(e, k, pieces, first, vectors);
  for (uint32_t j = 0; j < count; j++) s = add_sums(e, s, vectors[j]);
  return s;
}

/* ---- the way back ---- */

static void store_spread(Emitter *e, const Spread *spread, const OnlineKernel *k, Value delta,
                         Value piece) {
  if (spread->deltas) store_vector(e, delta, spread->deltas, piece, 64);
  if (spread->pulls)
    store_vector(e, pull_of_delta(e, k, spread->fields, delta), spread->pulls, piece, 64);
}

/* Lane i of vector j of 16 neurons' pieces belongs to neuron (16 j + i) / count of them. */
static void spread_by_neuron(Emitter *e, const OnlineKernel *k, const Spread *spread, Value from) {
  const uint32_t count = pieces_per_neuron(k);
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, k->right_count), LANES, true, "right");
  Value deltas = load_vector(e, vector_type(e), from, loop.index, 64, "deltas");
  Value first = mul_i64(e, loop.index, count);
  for (uint32_t j = 0; j < count; j++) {
    int32_t order[LANES];
    for (uint32_t lane = 0; lane < LANES; lane++)
      order[lane] = (int32_t)((j * LANES + lane) / count);
    store_spread(e, spread, k, shuffle(e, deltas, deltas, order, "spread"),
                 add_i64(e, first, (int64_t)j * LANES));
  }
  end_loop(e, &loop);
}

/* Neurons of 16 cycles, sorted by part. */
static void spread_by_part(Emitter *e, const OnlineKernel *k, const Spread *spread, Value from) {
  const uint32_t parts = k->layout.parts;
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, cycles_of(k)), LANES, true, "cycle");
  Value first = mul_i64(e, loop.index, parts), deltas[LANES];
  for (uint32_t i = 0; i < parts; i++)
    deltas[i] =
        load_vector(e, vector_type(e), from, add_i64(e, first, (int64_t)i * LANES), 64, "deltas");
  deinterleave(e, deltas, parts);
  for (uint32_t part = 0; part < parts; part++)
    store_spread(e, spread, k, deltas[part], piece_at(e, k, const_i64(e, part), loop.index));
  end_loop(e, &loop);
}

/* Any number of pieces for each neuron: 16 pieces at a time, each gathering its delta. */
static void spread_by_piece(Emitter *e, const OnlineKernel *k, const Spread *spread, Value from) {
  const uint32_t cycles = cycles_of(k), parts = k->layout.parts;
  Value count = const_vector(e, const_i32(e, (int32_t)pieces_per_neuron(k)));
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, cycles), LANES, true, "piece");
  Value numbers = neuron_numbers(e, loop.index);
  for (uint32_t part = 0; part < parts; part++) {
    Value right = LLVMBuildUDiv(e->builder, numbers, count, "");
    right = LLVMBuildMul(e->builder, right, const_vector(e, const_i32(e, (int32_t)parts)), "");
    right = LLVMBuildAdd(e->builder, right, const_vector(e, const_i32(e, (int32_t)part)), "right");
    store_spread(e, spread, k, gather(e, vector_type(e), from, right, "delta"),
                 piece_at(e, k, const_i64(e, part), loop.index));
  }
  end_loop(e, &loop);
}

void spread_deltas(Emitter *e, const OnlineKernel *k, const Spread *spread) {
  Value from = work_field(e, WORK_right_delta, "right_deltas");
  if (k->layout.parts == 1 && pieces_per_neuron(k) <= LANES) {
    spread_by_neuron(e, k, spread, from);
  } else if (is_small_power(k->layout.parts) && k->layout.parts > 1) {
    spread_by_part(e, k, spread, from);
  } else {
    spread_by_piece(e, k, spread, from);
  }
}
