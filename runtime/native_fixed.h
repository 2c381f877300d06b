// SPDX-License-Identifier: MIT
// Fixed-point kernels in C, for what is not generated: stochastic rounding, formats above 16 bits, momentum, l2, softmax, minibatches.
//
// They walk the same memory by the same tables as generated kernels do, and are called by them.
#ifndef SEDGE_RUNTIME_NATIVE_FIXED_H
#define SEDGE_RUNTIME_NATIVE_FIXED_H

#include "runtime/native.h"

/* Online: one input. */
void native_fixed_ff(const NativeJunction *junction, const NativeWork *work);
void native_fixed_back(const NativeJunction *junction, const NativeWork *work);

/* The end of FF for what has no table: the scratch holds saturated sums by neuron, which become activations and derivatives. */
void native_fixed_fire(const NativeJunction *junction, const NativeWork *work);

/* Batch. */
void native_fixed_batch_ff(const NativeJunction *junction, const NativeWork *work);
void native_fixed_batch_bp(const NativeJunction *junction, const NativeWork *work);
void native_fixed_batch_up(const NativeJunction *junction, const NativeWork *work);

#endif
