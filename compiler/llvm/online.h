// SPDX-License-Identifier: MIT
// What the online kernels of float32 share: how a feedforward ends, how weights and biases are
// updated.
//
// A kernel of a walk (DENSE, BLEND, ROTATE: online_walk.h) takes 16 edges and all that is done with
// them at a time, a kernel of GATHER has loops of its own.  Both leave what the edges give to
// finish_sums(), and change weights through update_weights().
#ifndef SEDGE_COMPILER_LLVM_ONLINE_H
#define SEDGE_COMPILER_LLVM_ONLINE_H

#include "compiler/llvm/arithmetic.h"
#include "compiler/llvm/emitter.h"

/* What is known of a junction when its kernel is made. */
typedef struct OnlineKernel {
  uint32_t index;
  const Junction *junction;
  const Interleaver *edges;
  Layout layout;
  uint32_t left_count, right_count;
  bool does_ff, does_back; /* a cycle does both, for two inputs */
  bool does_bp;            /* in every junction but the first */
  bool sees_update;        /* a cycle's FF takes the parameters of after the update */
  bool is_plain;           /* online plain descent: steps instead of gradients */
  uint32_t state_words;
} OnlineKernel;

OnlineKernel online_kernel(const Emitter *e, uint32_t junction, NativeKernelId id);

static inline uint32_t round_to_lanes(uint32_t count) {
  return (count + LANES - 1) / LANES * LANES;
}

/* Fields that many kernels load once, at their beginning. */
typedef struct UpdateFields {
  Value weight, state, rule;
  Value descent; /* float32, is_plain: -rate, a splat */
  Value shift;   /* fixed: -log2 of the rate, i32 */
} UpdateFields;
UpdateFields update_fields(Emitter *e, const OnlineKernel *k);

/* Turns what the edges of each right neuron give (ROTATE: by piece) into the right layer's
 * activations and derivatives. */
void finish_sums(Emitter *e, const OnlineKernel *k, Value edge_sums);

/* New weights of 16 slots from `slot` (i64) on, and their optimizer's state: pull is the step
 * (-rate * delta) where k->is_plain, else the delta, for each lane; activations are factors
 * (factor_of()), words rounding_words().  Returns the weights. */
Value update_weights(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value slot,
                     Value weights, Value activations, Value pull, Value words);

/* rounding_words() of elements first (i64) .. first + 15, for the input in a field of the work. */
Value lane_words(Emitter *e, const OnlineKernel *k, uint32_t operation, uint32_t input_field,
                 Value first);

/* Updates all biases from right_delta. */
void update_biases(Emitter *e, const OnlineKernel *k);

/* What the lanes pull with: -rate * delta in plain descent of float32, else delta itself. */
Value pull_of_delta(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value delta);

/* Totals of 16 vectors, each by sum_lanes()'s tree, as the lanes of one. */
Value sum_vectors(Emitter *e, const Value vectors[LANES]);

/* A kernel but the function's frame. */
void emit_online_body(Emitter *e, OnlineKernel k);

void emit_gather_ff(Emitter *e, const OnlineKernel *k);
void emit_gather_back(Emitter *e, const OnlineKernel *k);

/* ---- pieces (online_pieces.c) ---- */

uint32_t pieces_per_neuron(const OnlineKernel *k);
uint32_t piece_count(const OnlineKernel *k);

/* Number of the piece of a cycle of a part, both i64. */
Value piece_at(Emitter *e, const OnlineKernel *k, Value part, Value cycle);

/* The one piece of each of 16 * count neurons from `first` on, where `parts` (a small power of two)
 * divides count. */
void load_woven(Emitter *e, const OnlineKernel *k, Value pieces, Value first, uint32_t count,
                Value vectors[]);

/* A power of two up to 16: what deinterleave() and interleave() take. */
bool is_small_power(uint32_t count);

/* s and the pieces of 16 neurons from `first` (i64, a multiple of 16) on, added in turn. */
Value sum_pieces(Emitter *e, const OnlineKernel *k, Value pieces, Value first, Value s);

/* Of 16 * count values in a row (count a power of two up to 16), vector j becomes values j, j +
 * count, j + 2 count, ... */
void deinterleave(Emitter *e, Value vectors[], uint32_t count);
void interleave(Emitter *e, Value vectors[], uint32_t count); /* and back */

/* Where spread_deltas() puts the delta of each piece, and what its updates pull with; NULL:
 * nowhere. */
typedef struct Spread {
  const UpdateFields *fields;
  Value deltas, pulls;
} Spread;
void spread_deltas(Emitter *e, const OnlineKernel *k, const Spread *spread);

#endif
