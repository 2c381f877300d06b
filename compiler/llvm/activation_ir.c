// SPDX-License-Identifier: MIT
// Activations and their derivatives for 16 sums: what activate_float32() computes, own formulas in
// formula_ir.c.
#include "compiler/llvm/kernels.h"

static Value one(Emitter *e) {
  return const_vector(e, const_f32(e, 1.0F));
}

static Value zero(Emitter *e) {
  return LLVMConstNull(e->v16f32);
}

static Value positive(Emitter *e, LLVMRealPredicate predicate, Value sums) {
  return LLVMBuildFCmp(e->builder, predicate, sums, zero(e), "");
}

void emit_activation(Emitter *e, const Activation *activation, Value sums, Value *activations,
                     Value *derivatives) {
  LLVMBuilderRef build = e->builder;
  switch (activation->function) {
  case ACTIVATE_SIGMOID:
    *activations = emit_sigmoid(e, sums);
    *derivatives =
        LLVMBuildFMul(build, *activations, LLVMBuildFSub(build, one(e), *activations, ""), "d");
    return;
  case ACTIVATE_TANH:
    *activations = emit_tanh(e, sums);
    *derivatives =
        LLVMBuildFSub(build, one(e), LLVMBuildFMul(build, *activations, *activations, ""), "d");
    return;
  case ACTIVATE_RELU:
    /* NaN stays NaN. */
    *activations = LLVMBuildSelect(build, positive(e, LLVMRealUGT, sums), sums, zero(e), "a");
    *derivatives = LLVMBuildSelect(build, positive(e, LLVMRealOGT, sums), one(e), zero(e), "d");
    return;
  case ACTIVATE_IDENTITY:
  case ACTIVATE_SOFTMAX:
    *activations = sums;
    *derivatives = one(e);
    return;
  case ACTIVATE_FORMULA:
    *activations = emit_formula(e, activation->value, sums);
    *derivatives = emit_formula(e, activation->derivative, sums);
    return;
  }
}

void emit_table(Emitter *e, Value sums, Value *activations, Value *derivatives) {
  const int32_t least = -(int32_t)(1U << (e->model->number.width - 1));
  Value entry = LLVMBuildSub(e->builder, sums, const_vector(e, const_i32(e, least)), "entry");
  Value values = junction_field(e, JUNCTION_table_value, "values");
  Value slopes = junction_field(e, JUNCTION_table_derivative, "derivatives");
  *activations = gather(e, e->v16i32, values, entry, "a");
  *derivatives = gather(e, e->v16i32, slopes, entry, "d");
}
