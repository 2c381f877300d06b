// SPDX-License-Identifier: MIT
// An own pattern's condition as a list of steps, each an operation on the values of earlier ones.
//
// What the tree leaves to be found out while evaluating is settled once: which values are whole
// numbers, fractions or doubles; which parts are equal and can share a step; which depend on the
// left neuron alone, on the right one alone, or on both, so that a loop over all pairs computes
// each only as often as it changes.
#ifndef SEDGE_COMPILER_EDGES_CONDITION_STEPS_H
#define SEDGE_COMPILER_EDGES_CONDITION_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"
#include "lang/scalar.h"

/* The operations of a Scalar, and those that steps add. */
typedef enum StepOp {
#define SCALAR(id, name, arity) STEP_##id,
#include "lang/scalar_ops.def"
#undef SCALAR
  STEP_TO_FRACTION,    /* a whole number as a fraction */
  STEP_TO_REAL,        /* a whole number or fraction as a double */
  STEP_TRUTH,          /* 1 where the operand is not 0 */
  STEP_FLOOR_QUOTIENT, /* floor(a / b) and ceil(a / b) of whole numbers: no fraction between */
  STEP_CEIL_QUOTIENT,
  STEP_OP_COUNT
} StepOp;

/* What a step gives.  INTEGER is a promise that only a power with a negative exponent breaks: who
 * computes in whole numbers must notice that. */
typedef enum StepKind { KIND_INTEGER, KIND_FRACTION, KIND_REAL } StepKind;

/* When a step's value changes. */
typedef enum StepPhase {
  PHASE_CONSTANT,
  PHASE_LEFT,
  PHASE_RIGHT,
  PHASE_PAIR,
  STEP_PHASE_COUNT
} StepPhase;

typedef struct Step {
  StepOp op;
  StepKind kind;
  /* of all operands; of the last two for SELECT, whose first is a whole number */
  StepKind operand_kind;
  StepPhase phase;
  /* changes less often than a step that uses it: needed once for every left neuron */
  bool is_spread;
  uint32_t operand[3]; /* earlier steps */
  Rational constant;   /* CONSTANT */
  uint32_t argument;   /* ARGUMENT: 0 left neuron, 1 right neuron */
  Span at;
} Step;

typedef struct ConditionSteps {
  uint32_t count;
  const Step *steps; /* [count] the last is the condition: a whole number, 1 or 0 */
} ConditionSteps;

/* Compiles a condition; the steps live in the arena. */
ConditionSteps compile_condition(const Scalar *condition, Arena *arena);

/* How many operands a step has. */
uint32_t step_arity(StepOp op);

/* Why a condition has no value for a pair, and which part of it. */
typedef struct ConditionFault {
  const char *why; /* "a division by zero" */
  Span at;
} ConditionFault;

/* Evaluates the condition for one pair, with the second part of && and ||, and the parts of ?:,
 * only where they decide.  False: it has no value, *fault is filled. */
bool evaluate_condition(const ConditionSteps *condition, uint32_t left, uint32_t right,
                        bool *is_joined, ConditionFault *fault);

#endif
