// SPDX-License-Identifier: MIT
// Functions of the runtime that generated code calls, all with C's plainest types: see
// native_calls.def.
#ifndef SEDGE_RUNTIME_NATIVE_CALLS_H
#define SEDGE_RUNTIME_NATIVE_CALLS_H

#include "runtime/formula.h"
#include "runtime/native.h"
#include "runtime/native_fixed.h"

/* OUTPUT for stochastic rounding of quadratic losses, whose random words are keyed by output and
 * input. */
void native_output(const NativeJunction *junction, const NativeWork *work);

#endif
