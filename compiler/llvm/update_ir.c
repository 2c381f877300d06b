// SPDX-License-Identifier: MIT
// update_float32() and update_fixed() for 16 parameters: what the optimizer is, is known; numbers
// that change are read from the rule.
#include "compiler/llvm/arithmetic.h"
#include "compiler/llvm/kernels.h"

typedef struct Rule {
  Emitter *e;
  Value pointer;
} Rule;

/* A number of the rule in all lanes.  Stores of parameters do not change rules, which LLVM could
 * not know otherwise: so it can read them before a loop. */
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

/* ---- fixed point ---- */

/* What does not change; the rate does. */
static UpdateRule lasting_rule(const Emitter *e, bool is_weight) {
  return update_rule(&e->model->optimizer, &e->model->number, 0.0, 1, is_weight);
}

/* Bits of a gradient below the format's unit: those of a product, and finer ones that l2 brings. */
static int fine_bits(const Emitter *e, const UpdateRule *rule) {
  const int fraction = (int)e->model->number.fraction;
  return rule->l2_shift != NO_SHIFT && rule->l2_shift > fraction ? rule->l2_shift : fraction;
}

/* Three numbers of 60 bits are added at most. */
bool can_update_fixed(const Emitter *e) {
  const NumberFormat *format = &e->model->number;
  const UpdateRule rule = lasting_rule(e, true);
  const int fine = fine_bits(e, &rule), width = (int)format->width;
  const int decay = rule.l2_shift == NO_SHIFT ? 0 : width - 1 + fine - rule.l2_shift;
  return !rounds_randomly(format) && 2 * width - 2 + fine - (int)format->fraction <= 60 &&
         decay <= 60;
}

/* number * 2^bits, in 64 bits. */
static Value raise(Emitter *e, Value number, int bits) {
  Value wide = lengthen(e, number);
  return LLVMBuildShl(e->builder, wide, const_vector(e, const_i64(e, bits)), "");
}

static Value fixed_update_of(const Rule *rule, bool is_weight, Value gradient, Value parameters,
                             Value *velocity) {
  Emitter *e = rule->e;
  LLVMBuilderRef b = e->builder;
  const UpdateRule lasting = lasting_rule(e, is_weight);
  const int fine = fine_bits(e, &lasting), finer = fine - (int)e->model->number.fraction;
  Value shift = rule_field(e, rule->pointer, RULE_rate_shift, "shift");
  Value g = raise(e, gradient, finer);
  if (lasting.l2_shift != NO_SHIFT)
    g = LLVMBuildAdd(b, g, raise(e, parameters, fine - lasting.l2_shift), "g");
  if (lasting.has_momentum) {
    Value momentum =
        const_vector(e, const_i64(e, (int64_t)lasting.momentum_raw * ((int64_t)1 << finer)));
    Value kept = LLVMBuildMul(b, lengthen(e, *velocity), momentum, "kept");
    Value sum = LLVMBuildAdd(b, kept, g, "velocity");
    *velocity = shorten(e, saturate(e, drop_bits(e, sum, (uint32_t)fine, NULL)));
    if (!lasting.is_nesterov) return descend(e, parameters, *velocity, NULL, shift, NULL);
    g = LLVMBuildAdd(b, g, LLVMBuildMul(b, lengthen(e, *velocity), momentum, ""), "ahead");
  }
  return descend_by(e, parameters, g, LLVMBuildAdd(b, shift, const_i32(e, fine), ""), NULL);
}

/* ---- either ---- */

Value emit_update(Emitter *e, Value pointer, bool is_weight, Value gradient, Value parameters,
                  Value states[2]) {
  const Optimizer *optimizer = &e->model->optimizer;
  const Rule rule = {e, pointer};
  if (e->model->number.is_fixed)
    return fixed_update_of(&rule, is_weight, gradient, parameters, states);
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
