// SPDX-License-Identifier: MIT
// Turns the tree of a condition into steps, and evaluates them for one pair of neurons.
#include "compiler/edges/condition_steps.h"

#include <assert.h>

#include "compiler/edges/condition_value.h"

uint32_t step_arity(StepOp op) {
  static const uint8_t arities[STEP_OP_COUNT] = {
#define SCALAR(id, name, arity) [STEP_##id] = (arity),
#include "lang/scalar_ops.def"
#undef SCALAR
      [STEP_TO_FRACTION] = 1,    [STEP_TO_REAL] = 1,       [STEP_TRUTH] = 1,
      [STEP_FLOOR_QUOTIENT] = 2, [STEP_CEIL_QUOTIENT] = 2,
  };
  return arities[op];
}

/* ---- compiling ---- */

typedef struct StepList {
  Arena *arena;
  Step *steps;
  uint32_t count, capacity;
} StepList;

static StepPhase join_phases(StepPhase a, StepPhase b) {
  if (a == PHASE_CONSTANT || a == b) return b;
  return b == PHASE_CONSTANT ? a : PHASE_PAIR;
}

static bool is_same_step(const Step *a, const Step *b) {
  if (a->op != b->op || a->operand_kind != b->operand_kind) return false;
  if (a->op == STEP_CONSTANT)
    return a->constant.numerator == b->constant.numerator &&
           a->constant.denominator == b->constant.denominator;
  if (a->op == STEP_ARGUMENT) return a->argument == b->argument;
  for (uint32_t i = 0; i < step_arity(a->op); i++) {
    if (a->operand[i] != b->operand[i]) return false;
  }
  return true;
}

static void make_room(StepList *list) {
  if (list->count < list->capacity) return;
  const uint32_t capacity = list->capacity ? 2 * list->capacity : 32;
  Step *steps = ARENA_ARRAY(list->arena, Step, capacity);
  for (uint32_t i = 0; i < list->count; i++) steps[i] = list->steps[i];
  list->steps = steps;
  list->capacity = capacity;
}

/* Adds a step, or finds the one that does the same already; fills in its phase. */
static uint32_t add_step(StepList *list, Step step) {
  for (uint32_t i = 0; i < list->count; i++) {
    if (is_same_step(&list->steps[i], &step)) return i;
  }
  for (uint32_t i = 0; i < step_arity(step.op); i++) {
    step.phase = join_phases(step.phase, list->steps[step.operand[i]].phase);
  }
  make_room(list);
  list->steps[list->count] = step;
  return list->count++;
}

/* The step that gives the operand's value as another kind. */
static uint32_t convert(StepList *list, uint32_t operand, StepKind kind) {
  const Step *from = &list->steps[operand];
  if (from->kind == kind) return operand;
  assert(from->kind < kind);
  return add_step(list, (Step){.op = kind == KIND_REAL ? STEP_TO_REAL : STEP_TO_FRACTION,
                               .kind = kind,
                               .operand_kind = from->kind,
                               .operand = {operand},
                               .at = from->at});
}

static uint32_t convert_to_truth(StepList *list, uint32_t operand) {
  const Step *from = &list->steps[operand];
  return add_step(list, (Step){.op = STEP_TRUTH,
                               .kind = KIND_INTEGER,
                               .operand_kind = from->kind,
                               .operand = {operand},
                               .at = from->at});
}

static bool is_truth(ScalarOp op) {
  return (op >= SCALAR_EQUAL && op <= SCALAR_GREATER_EQUAL) || op == SCALAR_NOT ||
         op == SCALAR_AND || op == SCALAR_OR;
}

static bool is_never_exact(ScalarOp op) {
  return op == SCALAR_LOG2 || op == SCALAR_LOG || op == SCALAR_SQRT || op == SCALAR_EXP;
}

static bool is_made_whole(ScalarOp op) {
  return op == SCALAR_FLOOR || op == SCALAR_CEIL || op == SCALAR_ROUND || op == SCALAR_GCD ||
         op == SCALAR_LCM;
}

/* What an operation needs its operands to be, given the widest of them and the last. */
static StepKind needed_kind(ScalarOp op, StepKind widest, StepKind last) {
  if (is_never_exact(op)) return KIND_REAL;
  return op == SCALAR_POWER && last != KIND_INTEGER ? KIND_REAL : widest;
}

/* What an operation gives, its operands being of one kind. */
static StepKind given_kind(ScalarOp op, StepKind operands) {
  if (is_truth(op)) return KIND_INTEGER;
  if (operands == KIND_REAL) return KIND_REAL;
  if (is_made_whole(op)) return KIND_INTEGER;
  return op == SCALAR_DIVIDE ? KIND_FRACTION : operands;
}

static uint32_t compile(StepList *list, const Scalar *scalar);

static uint32_t compile_leaf(StepList *list, const Scalar *scalar) {
  Step step = {.op = (StepOp)scalar->op, .at = scalar->at};
  if (scalar->op == SCALAR_ARGUMENT) {
    assert(scalar->argument < 2);
    step.argument = scalar->argument;
    step.phase = scalar->argument == 0 ? PHASE_LEFT : PHASE_RIGHT;
  } else {
    step.constant = scalar->constant;
    step.kind = rational_is_integer(scalar->constant) ? KIND_INTEGER : KIND_FRACTION;
  }
  return add_step(list, step);
}

/* floor(a / b) and ceil(a / b) of whole numbers in one step; returns false where the scalar is
 * something else. */
static bool compile_quotient(StepList *list, const Scalar *scalar, uint32_t *result) {
  if (scalar->op != SCALAR_FLOOR && scalar->op != SCALAR_CEIL) return false;
  const Scalar *quotient = scalar->operand[0];
  if (quotient->op != SCALAR_DIVIDE) return false;
  const uint32_t a = compile(list, quotient->operand[0]);
  const uint32_t b = compile(list, quotient->operand[1]);
  if (list->steps[a].kind != KIND_INTEGER || list->steps[b].kind != KIND_INTEGER) return false;
  *result = add_step(
      list, (Step){.op = scalar->op == SCALAR_FLOOR ? STEP_FLOOR_QUOTIENT : STEP_CEIL_QUOTIENT,
                   .operand = {a, b},
                   .at = quotient->at});
  return true;
}

static uint32_t compile_operation(StepList *list, const Scalar *scalar) {
  const uint32_t arity = step_arity((StepOp)scalar->op);
  const bool is_logic =
      scalar->op == SCALAR_AND || scalar->op == SCALAR_OR || scalar->op == SCALAR_NOT;
  const uint32_t conditions = is_logic ? arity : scalar->op == SCALAR_SELECT ? 1 : 0;
  Step step = {.op = (StepOp)scalar->op, .at = scalar->at};
  StepKind widest = KIND_INTEGER, last = KIND_INTEGER;
  for (uint32_t i = 0; i < arity; i++) {
    step.operand[i] = compile(list, scalar->operand[i]);
    if (i < conditions) step.operand[i] = convert_to_truth(list, step.operand[i]);
    last = list->steps[step.operand[i]].kind;
    if (i >= conditions && last > widest) widest = last;
  }
  step.operand_kind = needed_kind(scalar->op, widest, last);
  for (uint32_t i = conditions; i < arity; i++) {
    step.operand[i] = convert(list, step.operand[i], step.operand_kind);
  }
  step.kind = given_kind(scalar->op, step.operand_kind);
  return add_step(list, step);
}

static uint32_t compile(StepList *list, const Scalar *scalar) {
  uint32_t quotient;
  if (scalar->op == SCALAR_CONSTANT || scalar->op == SCALAR_ARGUMENT)
    return compile_leaf(list, scalar);
  if (compile_quotient(list, scalar, &quotient)) return quotient;
  return compile_operation(list, scalar);
}

/* Marks what is computed once for many left neurons, but used for each of them. */
static void mark_spread(Step *steps, uint32_t count) {
  const Step *condition = &steps[count - 1];
  steps[count - 1].is_spread =
      condition->phase == PHASE_CONSTANT || condition->phase == PHASE_RIGHT;
  for (uint32_t i = 0; i < count; i++) {
    const bool is_wide = steps[i].phase == PHASE_LEFT || steps[i].phase == PHASE_PAIR;
    for (uint32_t k = 0; is_wide && k < step_arity(steps[i].op); k++) {
      Step *operand = &steps[steps[i].operand[k]];
      if (operand->phase == PHASE_CONSTANT || operand->phase == PHASE_RIGHT)
        operand->is_spread = true;
    }
  }
}

ConditionSteps compile_condition(const Scalar *condition, Arena *arena) {
  StepList list = {.arena = arena};
  const uint32_t root = compile(&list, condition);
  const uint32_t count = convert_to_truth(&list, root) + 1;
  mark_spread(list.steps, count);
  return (ConditionSteps){.count = count, .steps = list.steps};
}

/* ---- evaluating one pair ---- */

typedef struct StepValue {
  Rational exact; /* KIND_INTEGER, KIND_FRACTION */
  double real;    /* KIND_REAL */
} StepValue;

typedef struct Evaluation {
  const Step *steps;
  uint32_t argument[2];
  ConditionFault *fault;
} Evaluation;

static bool evaluate(const Evaluation *e, uint32_t index, StepValue *value);

/* && and || whose second part is looked at only where it decides. */
static bool evaluate_logic(const Evaluation *e, const Step *step, StepValue *value) {
  if (!evaluate(e, step->operand[0], value)) return false;
  const bool is_first_true = value->exact.numerator != 0;
  if (is_first_true == (step->op == STEP_OR)) return true;
  return evaluate(e, step->operand[1], value);
}

static bool evaluate_select(const Evaluation *e, const Step *step, StepValue *value) {
  StepValue condition;
  if (!evaluate(e, step->operand[0], &condition)) return false;
  return evaluate(e, step->operand[condition.exact.numerator != 0 ? 1 : 2], value);
}

/* An operation of apply_exact or apply_real, on operands that are there. */
static const char *apply(const Step *step, ScalarOp op, const StepValue *operand,
                         StepValue *value) {
  const uint32_t arity = step_arity(step->op);
  if (step->operand_kind != KIND_REAL) {
    Rational exact[3] = {{0, 1}, {0, 1}, {0, 1}};
    for (uint32_t i = 0; i < arity; i++) exact[i] = operand[i].exact;
    return apply_exact(op, exact, &value->exact);
  }
  double real[3] = {0};
  for (uint32_t i = 0; i < arity; i++) real[i] = operand[i].real;
  const char *why = apply_real(op, real, &value->real);
  if (why == NULL && step->kind == KIND_INTEGER) value->exact = rational_integer(value->real != 0);
  return why;
}

static const char *apply_quotient(const Step *step, const StepValue *operand, StepValue *value) {
  const char *why = apply(step, SCALAR_DIVIDE, operand, value);
  if (why) return why;
  const bool is_floor = step->op == STEP_FLOOR_QUOTIENT;
  value->exact = is_floor ? rational_floor(value->exact) : rational_ceil(value->exact);
  return NULL;
}

static const char *apply_step(const Step *step, const StepValue *operand, StepValue *value) {
  if (step->op == STEP_FLOOR_QUOTIENT || step->op == STEP_CEIL_QUOTIENT)
    return apply_quotient(step, operand, value);
  if (step->op < STEP_TO_FRACTION) return apply(step, (ScalarOp)step->op, operand, value);
  const bool is_real = step->operand_kind == KIND_REAL;
  if (step->op == STEP_TO_REAL) {
    value->real = rational_to_double(operand->exact);
  } else if (step->op == STEP_TO_FRACTION) {
    value->exact = operand->exact;
  } else {
    assert(step->op == STEP_TRUTH);
    value->exact = rational_integer(is_real ? operand->real != 0 : operand->exact.numerator != 0);
  }
  return NULL;
}

static bool evaluate(const Evaluation *e, uint32_t index, StepValue *value) {
  const Step *step = &e->steps[index];
  if (step->op == STEP_AND || step->op == STEP_OR) return evaluate_logic(e, step, value);
  if (step->op == STEP_SELECT) return evaluate_select(e, step, value);
  if (step->op == STEP_CONSTANT || step->op == STEP_ARGUMENT) {
    value->exact =
        step->op == STEP_CONSTANT ? step->constant : rational_integer(e->argument[step->argument]);
    return true;
  }
  StepValue operand[3];
  for (uint32_t i = 0; i < step_arity(step->op); i++) {
    if (!evaluate(e, step->operand[i], &operand[i])) return false;
  }
  const char *why = apply_step(step, operand, value);
  if (why == NULL) return true;
  *e->fault = (ConditionFault){.why = why, .at = step->at};
  return false;
}

bool evaluate_condition(const ConditionSteps *condition, uint32_t left, uint32_t right,
                        bool *is_joined, ConditionFault *fault) {
  const Evaluation evaluation = {
      .steps = condition->steps, .argument = {left, right}, .fault = fault};
  StepValue value;
  if (!evaluate(&evaluation, condition->count - 1, &value)) return false;
  *is_joined = value.exact.numerator != 0;
  return true;
}
