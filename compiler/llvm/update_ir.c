// SPDX-License-Identifier: MIT
// update_float32() for 16 parameters: what the optimizer is, is known; its numbers are read from the rule.
#include "compiler/llvm/kernels.h"

typedef struct Rule {
  Emitter *e;
  Value pointer;
} Rule;

/* A number of the rule in all lanes.  Stores of parameters do not change rules, which LLVM could not know otherwise: so it can
 * read them before a loop. */
static Value number(const Rule *rule, uint32_t field) {
  LLVMContextRef context = rule->e->context;
  Value loaded = rule_field(rule->e, rule->pointer, field, "");
  LLVMSetMetadata(loaded, LLVMGetMDKindIDInContext(context, "invariant.load", 14),
                  LLVMMetadataAsValue(context, LLVMMDNodeInContext2(context, NULL, 0)));
  return splat(rule->e, loaded, "");
}

static Value times(const Rule *rule, uint32_t field, Value value) {
  return LLVMBuildFMul(rule->e->builder, number(rule, field), value, "");
}

/* 0 where a number is below `least` in size. */
static Value settle(Emitter *e, Value value, float least) {
  Value size = call_intrinsic(e, "llvm.fabs", e->v16f32, &value, 1, "");
  Value is_less =
      LLVMBuildFCmp(e->builder, LLVMRealOLT, size, const_vector(e, const_f32(e, least)), "");
  return LLVMBuildSelect(e->builder, is_less, LLVMConstNull(e->v16f32), value, "settled");
}

static Value root(Emitter *e, Value value) {
  return call_intrinsic(e, "llvm.sqrt", e->v16f32, &value, 1, "");
}

/* What plain descent, momentum and Nesterov go along. */
static Value sgd_direction(const Rule *rule, const Optimizer *optimizer, Value g, Value states[2]) {
  LLVMBuilderRef build = rule->e->builder;
  if (!(optimizer->momentum > 0.0)) return g;
  Value velocity = LLVMBuildFAdd(build, times(rule, RULE_momentum, states[0]), g, "velocity");
  states[0] = settle(rule->e, velocity, LEAST_MOMENT);
  if (!optimizer->is_nesterov) return states[0];
  return LLVMBuildFAdd(build, g, times(rule, RULE_momentum, states[0]), "ahead");
}

static Value square_of(const Rule *rule, Value g) {
  Value squared = settle(rule->e, g, LEAST_SQUARED);
  return LLVMBuildFMul(rule->e->builder, squared, squared, "square");
}

static Value rmsprop_change(const Rule *rule, Value g, Value states[2]) {
  LLVMBuilderRef build = rule->e->builder;
  Value kept = times(rule, RULE_decay, states[0]);
  Value mean =
      LLVMBuildFAdd(build, kept, times(rule, RULE_rest, square_of(rule, g)), "mean_square");
  states[0] = settle(rule->e, mean, LEAST_MOMENT);
  Value below = LLVMBuildFAdd(build, root(rule->e, states[0]), number(rule, RULE_epsilon), "");
  return LLVMBuildFDiv(build, times(rule, RULE_rate, g), below, "change");
}

static Value adam_change(const Rule *rule, Value g, Value states[2]) {
  LLVMBuilderRef build = rule->e->builder;
  Value first = LLVMBuildFAdd(build, times(rule, RULE_beta1, states[0]),
                              times(rule, RULE_beta1_rest, g), "first_moment");
  Value second = LLVMBuildFAdd(build, times(rule, RULE_decay, states[1]),
                               times(rule, RULE_rest, square_of(rule, g)), "second_moment");
  states[0] = settle(rule->e, first, LEAST_MOMENT);
  states[1] = settle(rule->e, second, LEAST_MOMENT);
  Value corrected = LLVMBuildFMul(build, states[1], number(rule, RULE_second_correction), "");
  Value below = LLVMBuildFAdd(build, root(rule->e, corrected), number(rule, RULE_epsilon), "");
  return LLVMBuildFDiv(build, times(rule, RULE_rate, states[0]), below, "change");
}

Value emit_update(Emitter *e, Value pointer, bool is_weight, Value gradient, Value parameters,
                  Value states[2]) {
  const Optimizer *optimizer = &e->model->optimizer;
  const Rule rule = {e, pointer};
  Value g = gradient, change = NULL;
  if (is_weight && (float)optimizer->l2 != 0.0F)
    g = LLVMBuildFAdd(e->builder, g, times(&rule, RULE_l2, parameters), "g");
  switch (optimizer->method) {
  case OPTIMIZE_SGD:
    change = times(&rule, RULE_rate, sgd_direction(&rule, optimizer, g, states));
    break;
  case OPTIMIZE_RMSPROP: change = rmsprop_change(&rule, g, states); break;
  case OPTIMIZE_ADAM: change = adam_change(&rule, g, states); break;
  }
  return LLVMBuildFSub(e->builder, parameters, change, "updated");
}
