// SPDX-License-Identifier: MIT
// What the online kernels of float32 share: how a feedforward ends, how weights and biases are updated.
//
// A kernel for rows (DENSE, BLEND, GATHER) takes 16 edges of one right neuron at a time; one for rotations (ROTATE) takes 16
// cycles of one bank.  Both leave sums by neuron to finish_sums(), and change weights through update_weights().
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
  bool has_bp;   /* every junction but the first */
  bool is_plain; /* online plain descent: steps instead of gradients */
  bool is_wide;  /* fixed: updates in 64 bits */
  uint32_t state_words;
} OnlineKernel;

OnlineKernel online_kernel(const Emitter *e, uint32_t junction);

/* Fields that many kernels load once, at their beginning. */
typedef struct UpdateFields {
  Value weight, state, rule;
  Value rate;  /* float32, is_plain: a splat */
  Value shift; /* fixed: -log2 of the rate, i32 */
} UpdateFields;
UpdateFields update_fields(Emitter *e, const OnlineKernel *k);

/* Where sums go before they are activations: ff_right itself, or scratch where the right layer's cells are in another order.
 * Not of a function that has ended. */
Value sums_array(Emitter *e, const OnlineKernel *k);

/* Turns sums[r] (bias included) into the right layer's activations and derivatives. */
void finish_sums(Emitter *e, const OnlineKernel *k, Value sums);

/* New weights of 16 slots from `slot` (i64) on, and their optimizer's state: pull is the step (rate * delta) where k->is_plain, else
 * the delta, for each lane. */
void update_weights(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value slot,
                    Value weights, Value activations, Value pull);

/* Updates all biases from right_delta. */
void update_biases(Emitter *e, const OnlineKernel *k);

/* What the lanes pull with: rate * delta in plain descent of float32, else delta itself. */
Value pull_of_delta(Emitter *e, const OnlineKernel *k, const UpdateFields *fields, Value delta);

/* Totals of 16 vectors, each by sum_lanes()'s tree, as the lanes of one. */
Value sum_vectors(Emitter *e, const Value vectors[LANES]);

/* All of BACK but the function's frame. */
void emit_online_back_body(Emitter *e, const OnlineKernel *k);

void emit_rows_ff(Emitter *e, const OnlineKernel *k);
void emit_rows_back(Emitter *e, const OnlineKernel *k);
void emit_rotate_ff(Emitter *e, const OnlineKernel *k);
void emit_rotate_back(Emitter *e, const OnlineKernel *k);

#endif
