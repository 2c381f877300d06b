// SPDX-License-Identifier: MIT
// Fixed-point kernels of one input: integer vectors where sums fit 32 bits and an update 64, else
// calls of the runtime's (runtime/native_fixed.h).
#include "compiler/llvm/kernels.h"
#include "compiler/llvm/online.h"

/* What the runtime does in a kernel's stead; a cycle's FF sees the parameters that it should. */
static void leave_to_runtime(Emitter *e, const OnlineKernel *k) {
  if (k->does_ff && !k->sees_update) call_runtime(e, "native_fixed_ff");
  if (k->does_back) call_runtime(e, "native_fixed_back");
  if (k->does_ff && k->sees_update) call_runtime(e, "native_fixed_ff");
}

/* In vectors, but for a rate above 1 (a negative shift) and for one of 0. */
static void emit_by_shift(Emitter *e, const OnlineKernel *k) {
  Value shift = rule_field(e, work_field(e, WORK_weight_rule, "rule"), RULE_rate_shift, "shift");
  Value fits = LLVMBuildICmp(e->builder, LLVMIntULT, shift, const_i32(e, NO_SHIFT), "fits");
  Branch branch = begin_if(e, fits, "vectors");
  emit_online_body(e, *k);
  end_function(e);
  LLVMMoveBasicBlockAfter(branch.after, LLVMGetInsertBlock(e->builder));
  LLVMPositionBuilderAtEnd(e->builder, branch.after);
  leave_to_runtime(e, k);
}

Value emit_fixed_online(Emitter *e, uint32_t junction, NativeKernelId id) {
  const OnlineKernel k = online_kernel(e, junction, id);
  Value function = begin_kernel(e, junction, native_kernel_name(id));
  if (!fits_vectors(e, k.edges) || (k.does_back && !k.is_plain && !can_update_fixed(e))) {
    leave_to_runtime(e, &k);
  } else if (k.does_back) {
    emit_by_shift(e, &k);
  } else {
    emit_online_body(e, k);
  }
  end_function(e);
  return function;
}
