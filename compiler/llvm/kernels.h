// SPDX-License-Identifier: MIT
// The kernels of one junction, by what they compute; each begins and ends a function of the module.
//
//   emit_online.c           FF, BACK and CYCLE of float32, batch 1, all layouts
//   emit_batch.c            FF, BP and UP of float32 minibatches
//   emit_fixed.c            FF, BACK and CYCLE of fixed point
//   emit_fixed_batch.c      FF, BP and UP of its minibatches
//   emit_output.c           OUTPUT
// They share what follows.
#ifndef SEDGE_COMPILER_LLVM_KERNELS_H
#define SEDGE_COMPILER_LLVM_KERNELS_H

#include "compiler/llvm/emitter.h"

/* The name that a kernel has in IR. */
const char *native_kernel_name(NativeKernelId id);

/* FF, BACK or CYCLE of float32, batch 1; of CYCLE only where can_cycle(). */
Value emit_online(Emitter *e, uint32_t junction, NativeKernelId id);

/* Whether FF and BACK can be one pass that is worth having: the junction's layout is a walk, and
 * there is a use for it. */
bool can_cycle(const Emitter *e, uint32_t junction);

/* float32, batch above 1. */
Value emit_batch_ff(Emitter *e, uint32_t junction);
Value emit_batch_bp(Emitter *e, uint32_t junction);
Value emit_batch_up(Emitter *e, uint32_t junction);

/* Fixed point, the same kernels; layouts as for float32. */
Value emit_fixed_online(Emitter *e, uint32_t junction, NativeKernelId id);
Value emit_fixed_batch_ff(Emitter *e, uint32_t junction);
Value emit_fixed_batch_bp(Emitter *e, uint32_t junction);
Value emit_fixed_batch_up(Emitter *e, uint32_t junction);

/* ENTER of the first junction, where can_enter() says that it can be generated. */
bool can_enter(const Emitter *e, bool is_bytes);
Value emit_enter(Emitter *e, bool is_bytes);

/* The deltas of the output layer, any number, batch or online. */
Value emit_output(Emitter *e);

/* Activation and derivative of 16 sums <16 x float>, as activate_float32() does, bit for bit; not
 * softmax. (activation_ir.c) */
void emit_activation(Emitter *e, const Activation *activation, Value sums, Value *activations,
                     Value *derivatives);

/* The same of 16 saturated fixed-point sums, by the right layer's table. (activation_ir.c) */
void emit_table(Emitter *e, Value sums, Value *activations, Value *derivatives);

/* exp_float, log_float, tanh_float, sigmoid_float of elementary.h for 16 lanes, bit for bit, NaN
 * and infinities too. (elementary_ir.c) */
Value emit_exp(Emitter *e, Value x);
Value emit_log(Emitter *e, Value x);
Value emit_tanh(Emitter *e, Value x);
Value emit_sigmoid(Emitter *e, Value x);

/* floorf, ceilf, roundf for 16 lanes. (elementary_ir.c) */
Value emit_floor(Emitter *e, Value x);
Value emit_ceil(Emitter *e, Value x);
Value emit_round(Emitter *e, Value x);

/* formula_float() for 16 lanes. (formula_ir.c) */
Value emit_formula(Emitter *e, const Formula *formula, Value x);

/* softmax_float32() online: `count` sums at array[0..count-1] become activations, in place; the
 * array is 16-aligned and may be read to the next multiple of 16. (softmax_ir.c) */
void emit_softmax(Emitter *e, Value array, uint32_t count);

/* The same for columns first .. first + 15 of a matrix [count][stride] (batch): lanes are
 * columns. */
void emit_softmax_columns(Emitter *e, Value matrix, uint32_t count, uint32_t stride, Value column);

/* update_float32() or, of one input's gradient (exact_gradient()), update_fixed() for 16
 * parameters: `rule` points to the UpdateRule, what is known of it when compiling comes from the
 * model (is_weight: l2 may apply).  states[i] are the optimizer's words, replaced by the new ones.
 * Returns the new parameters. (update_ir.c) */
Value emit_update(Emitter *e, Value rule, bool is_weight, Value gradient, Value parameters,
                  Value states[2]);

/* Whether it can, in fixed point: its sums fit 64 bits, and nothing rounds stochastically. */
bool can_update_fixed(const Emitter *e);

#endif
