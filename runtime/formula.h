// SPDX-License-Identifier: MIT
// Own activations as a list of steps, each an operation on earlier steps: one form for every
// executor.
#ifndef SEDGE_RUNTIME_FORMULA_H
#define SEDGE_RUNTIME_FORMULA_H

#include <stdint.h>

typedef enum FormulaOp {
#define FORMULA(id, name, operands) FORMULA_##id,
#include "runtime/formula_ops.def"
#undef FORMULA
  FORMULA_OP_COUNT
} FormulaOp;

typedef struct FormulaStep {
  FormulaOp op;
  double constant;     /* CONSTANT */
  uint32_t operand[3]; /* numbers of earlier steps */
} FormulaStep;

enum { FORMULA_STEP_LIMIT = 8192 };

/* The value is the last step's.  Steps are borrowed. */
typedef struct Formula {
  uint32_t step_count; /* 1 .. FORMULA_STEP_LIMIT */
  const FormulaStep *steps;
} Formula;

/* How many operands an operation has, 0 to 3. */
uint32_t formula_operands(FormulaOp op);

/* In binary32, every step rounded; and in double, for fixed point's tables. */
float formula_float(const Formula *formula, float x);
double formula_double(const Formula *formula, double x);

/* POWER and LOG2 in binary32, for executors that call them. */
float formula_power(float x, float y);
float formula_log2(float x);

#endif
