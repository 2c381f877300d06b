// SPDX-License-Identifier: MIT
// Fixed point in C, for what is not generated: sums that need more than 32 bits, momentum and l2
// online, activations without a table, and the updates of minibatches.
//
// They walk the same memory by the same tables as generated kernels do, and are called by them.
#ifndef SEDGE_RUNTIME_NATIVE_FIXED_H
#define SEDGE_RUNTIME_NATIVE_FIXED_H

#include "runtime/native.h"

/* Online: one input. */
void native_fixed_ff(const NativeJunction *junction, const NativeWork *work);
void native_fixed_back(const NativeJunction *junction, const NativeWork *work);

/* The end of FF for what has no table: the scratch holds saturated sums by neuron, which become
 * activations and derivatives. */
void native_fixed_fire(const NativeJunction *junction, const NativeWork *work);

/* Batch. */
void native_fixed_batch_ff(const NativeJunction *junction, const NativeWork *work);
void native_fixed_batch_bp(const NativeJunction *junction, const NativeWork *work);
void native_fixed_batch_up(const NativeJunction *junction, const NativeWork *work);

/* The end of the batch's FF for what has no table: ff_right holds saturated sums, which become
 * activations and derivatives. */
void native_fixed_batch_fire(const NativeJunction *junction, const NativeWork *work);

/* The end of UP for one right neuron: the parameters by the sums of their gradients over the batch,
 * those of its edges in the order of their slots, then that of its bias, each with the fraction
 * bits of a product, the bias's with those of a delta. */
void native_fixed_update(const NativeJunction *junction, const NativeWork *work, uint64_t right,
                         const int64_t *sums);

#endif
