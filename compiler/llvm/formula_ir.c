// SPDX-License-Identifier: MIT
// Formulas inlined: every step is what runtime/formula.c computes in binary32, for 16 lanes.
//
// A power whose exponent is written as a number becomes multiplications, or exp(y log x); one whose
// exponent varies, and log2, which goes through double, are asked of the runtime lane by lane.
#include <math.h>

#include "compiler/llvm/kernels.h"

static Value constant(Emitter *e, float value) {
  return const_vector(e, const_f32(e, value));
}

static Value zero(Emitter *e) {
  return LLVMConstNull(e->v16f32);
}

static Value compare(Emitter *e, LLVMRealPredicate predicate, Value a, Value b) {
  return LLVMBuildFCmp(e->builder, predicate, a, b, "");
}

/* 1 where the condition holds, else 0. */
static Value truth(Emitter *e, Value condition) {
  return LLVMBuildSelect(e->builder, condition, constant(e, 1.0F), zero(e), "truth");
}

static Value is_true(Emitter *e, Value a) {
  return compare(e, LLVMRealUNE, a, zero(e));
}

static Value intrinsic(Emitter *e, const char *name, Value a) {
  return call_intrinsic(e, name, e->v16f32, &a, 1, "");
}

/* A function of the runtime, lane by lane: for what formulas rarely use.  b may be NULL. */
static Value call_lanes(Emitter *e, const char *name, Value a, Value b) {
  Type parameters[] = {e->f32, e->f32};
  const uint32_t count = b ? 2 : 1;
  Type type = LLVMFunctionType(e->f32, parameters, count, false);
  Value function = runtime_function(e, name, type), result = LLVMGetPoison(e->v16f32);
  for (uint32_t lane = 0; lane < LANES; lane++) {
    Value number = const_i32(e, (int32_t)lane);
    Value arguments[] = {LLVMBuildExtractElement(e->builder, a, number, ""),
                         b ? LLVMBuildExtractElement(e->builder, b, number, "") : NULL};
    Value value = LLVMBuildCall2(e->builder, type, function, arguments, count, "");
    result = LLVMBuildInsertElement(e->builder, result, value, number, "");
  }
  return result;
}

/* ---- powers ---- */

/* Whether a step is a number as it is written: a constant, or one with a minus sign. */
static bool is_number(const Formula *formula, uint32_t step, float *number) {
  const FormulaStep *s = &formula->steps[step];
  if (s->op == FORMULA_NEGATE && is_number(formula, s->operand[0], number)) {
    *number = -*number;
    return true;
  }
  if (s->op != FORMULA_CONSTANT) return false;
  *number = (float)s->constant;
  return true;
}

/* x^y as formula_power() takes it, y finite. */
static Value emit_known_power(Emitter *e, Value x, float y) {
  LLVMBuilderRef build = e->builder;
  if (y == floorf(y) && fabsf(y) <= 64.0F) {
    Value power = constant(e, 1.0F);
    for (int i = (int)fabsf(y); i > 0; i--) power = LLVMBuildFMul(build, power, x, "power");
    return y < 0.0F ? LLVMBuildFDiv(build, constant(e, 1.0F), power, "power") : power;
  }
  Value logarithm = emit_log(e, intrinsic(e, "llvm.fabs", x));
  Value power = emit_exp(e, LLVMBuildFMul(build, constant(e, y), logarithm, ""));
  /* The sign that a negative number's power has, NaN where it has none. */
  Value sign = constant(e, formula_power(-1.0F, y));
  return LLVMBuildSelect(build, compare(e, LLVMRealOLT, x, zero(e)),
                         LLVMBuildFMul(build, power, sign, ""), power, "power");
}

static Value emit_power(Emitter *e, const Formula *formula, const FormulaStep *step, Value x,
                        Value y) {
  float number = 0.0F;
  if (is_number(formula, step->operand[1], &number) && isfinite(number))
    return emit_known_power(e, x, number);
  return call_lanes(e, "formula_power", x, y);
}

/* ---- steps ---- */

static Value emit_step(Emitter *e, const Formula *formula, const FormulaStep *step, Value x,
                       const Value v[3]) {
  LLVMBuilderRef build = e->builder;
  switch (step->op) {
  case FORMULA_CONSTANT: return constant(e, (float)step->constant);
  case FORMULA_ARGUMENT: return x;
  case FORMULA_ADD: return LLVMBuildFAdd(build, v[0], v[1], "");
  case FORMULA_SUBTRACT: return LLVMBuildFSub(build, v[0], v[1], "");
  case FORMULA_MULTIPLY: return LLVMBuildFMul(build, v[0], v[1], "");
  case FORMULA_DIVIDE: return LLVMBuildFDiv(build, v[0], v[1], "");
  case FORMULA_MODULO: {
    Value whole = emit_floor(e, LLVMBuildFDiv(build, v[0], v[1], ""));
    return LLVMBuildFSub(build, v[0], LLVMBuildFMul(build, whole, v[1], ""), "");
  }
  case FORMULA_POWER: return emit_power(e, formula, step, v[0], v[1]);
  case FORMULA_NEGATE: return LLVMBuildFNeg(build, v[0], "");
  case FORMULA_EQUAL: return truth(e, compare(e, LLVMRealOEQ, v[0], v[1]));
  case FORMULA_NOT_EQUAL: return truth(e, compare(e, LLVMRealUNE, v[0], v[1]));
  case FORMULA_LESS: return truth(e, compare(e, LLVMRealOLT, v[0], v[1]));
  case FORMULA_LESS_EQUAL: return truth(e, compare(e, LLVMRealOLE, v[0], v[1]));
  case FORMULA_GREATER: return truth(e, compare(e, LLVMRealOGT, v[0], v[1]));
  case FORMULA_GREATER_EQUAL: return truth(e, compare(e, LLVMRealOGE, v[0], v[1]));
  case FORMULA_AND: return truth(e, LLVMBuildAnd(build, is_true(e, v[0]), is_true(e, v[1]), ""));
  case FORMULA_OR: return truth(e, LLVMBuildOr(build, is_true(e, v[0]), is_true(e, v[1]), ""));
  case FORMULA_NOT: return truth(e, compare(e, LLVMRealOEQ, v[0], zero(e)));
  case FORMULA_SELECT: return LLVMBuildSelect(build, is_true(e, v[0]), v[1], v[2], "");
  case FORMULA_MIN:
    return LLVMBuildSelect(build, compare(e, LLVMRealOLT, v[0], v[1]), v[0], v[1], "");
  case FORMULA_MAX:
    return LLVMBuildSelect(build, compare(e, LLVMRealOGT, v[0], v[1]), v[0], v[1], "");
  case FORMULA_ABS: return intrinsic(e, "llvm.fabs", v[0]);
  case FORMULA_FLOOR: return emit_floor(e, v[0]);
  case FORMULA_CEIL: return emit_ceil(e, v[0]);
  case FORMULA_ROUND: return emit_round(e, v[0]);
  case FORMULA_LOG2: return call_lanes(e, "formula_log2", v[0], NULL);
  case FORMULA_LOG: return emit_log(e, v[0]);
  case FORMULA_SQRT: return intrinsic(e, "llvm.sqrt", v[0]);
  case FORMULA_EXP: return emit_exp(e, v[0]);
  case FORMULA_OP_COUNT: break;
  }
  return x;
}

Value emit_formula(Emitter *e, const Formula *formula, Value x) {
  Value values[FORMULA_STEP_LIMIT];
  for (uint32_t i = 0; i < formula->step_count; i++) {
    const FormulaStep *step = &formula->steps[i];
    values[i] = x; /* what operands that a step does not have refer to */
    const Value operands[] = {values[step->operand[0]], values[step->operand[1]],
                              values[step->operand[2]]};
    values[i] = emit_step(e, formula, step, x, operands);
  }
  return values[formula->step_count - 1];
}
