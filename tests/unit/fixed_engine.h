// SPDX-License-Identifier: MIT
// The native engine without a code generator: fixed-point models of a few junctions, on the kernels
// that the runtime has in C.
#ifndef SEDGE_TESTS_UNIT_FIXED_ENGINE_H
#define SEDGE_TESTS_UNIT_FIXED_ENGINE_H

#include <assert.h>
#include <string.h>

#include "runtime/native_calls.h"

enum { FIXED_ENGINE_JUNCTIONS = 4 };

/* Of at most that many junctions.  Owned: engine_close.  NULL: *failure says why. */
static inline Engine *open_fixed_engine(const Model *model, Failure *failure) {
  static NativeKernel *const of_junction[2][NATIVE_KERNEL_COUNT] = {
      {[NATIVE_FF] = native_fixed_ff,
       [NATIVE_BACK] = native_fixed_back,
       [NATIVE_OUTPUT] = native_output},
      {[NATIVE_FF] = native_fixed_batch_ff,
       [NATIVE_BP] = native_fixed_batch_bp,
       [NATIVE_UP] = native_fixed_batch_up,
       [NATIVE_OUTPUT] = native_output},
  };
  enum { MOST = FIXED_ENGINE_JUNCTIONS };
  static NativeKernel *all[2][MOST][NATIVE_KERNEL_COUNT];
  static const NativeKernels kernels[2] = {{(uint64_t)MOST * NATIVE_KERNEL_COUNT, all[0][0]},
                                           {(uint64_t)MOST * NATIVE_KERNEL_COUNT, all[1][0]}};
  const int kind = model->batch > 1;
  assert(model->number.is_fixed && model->junction_count <= MOST);
  for (int i = 0; i < MOST; i++) memcpy(all[kind][i], of_junction[kind], sizeof all[kind][i]);
  return native_open(model, &kernels[kind], 1, failure);
}

#endif
