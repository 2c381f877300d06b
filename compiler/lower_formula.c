// SPDX-License-Identifier: MIT
// Lowers a Scalar to a Formula: a walk in post-order that numbers operations as it leaves them.
#include "compiler/lower_formula.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

typedef struct Lowering {
  uint32_t step_count, capacity;
  FormulaStep *steps;
} Lowering;

static const uint32_t operand_counts[SCALAR_OP_COUNT] = {
#define SCALAR(id, name, arity) [SCALAR_##id] = arity,
#include "lang/scalar_ops.def"
#undef SCALAR
};

/* Operations of a tree, the most steps it can become. */
static uint32_t count_operations(const Scalar *tree) {
  uint32_t count = 1;
  for (uint32_t i = 0; i < operand_counts[tree->op]; i++)
    count += count_operations(tree->operand[i]);
  return count;
}

/* The two tables of operations have the same names but for gcd and lcm. */
static FormulaOp formula_op(ScalarOp op) {
  switch (op) {
#define FORMULA(id, name, operands)                                                                \
  case SCALAR_##id:                                                                                \
    return FORMULA_##id;
#include "runtime/formula_ops.def"
#undef FORMULA
  case SCALAR_GCD:
  case SCALAR_LCM:
  case SCALAR_OP_COUNT: break;
  }
  assert(false && "check lets no gcd or lcm of x into an activation: they have no derivative");
  return FORMULA_CONSTANT;
}

static bool is_same_step(const FormulaStep *a, const FormulaStep *b) {
  return a->op == b->op && memcmp(&a->constant, &b->constant, sizeof a->constant) == 0 &&
         memcmp(a->operand, b->operand, sizeof a->operand) == 0;
}

/* The number of a step: an earlier equal one's, or a new one's. */
static uint32_t add_step(Lowering *lowering, const FormulaStep *step) {
  for (uint32_t i = 0; i < lowering->step_count; i++) {
    if (is_same_step(&lowering->steps[i], step)) return i;
  }
  assert(lowering->step_count < lowering->capacity);
  lowering->steps[lowering->step_count] = *step;
  return lowering->step_count++;
}

/* Recursion is bounded: check limits the depth of trees. */
static uint32_t lower_tree(Lowering *lowering, const Scalar *tree) {
  FormulaStep step = {.op = formula_op(tree->op)};
  if (tree->op == SCALAR_CONSTANT) step.constant = rational_to_double(tree->constant);
  for (uint32_t i = 0; i < operand_counts[tree->op]; i++)
    step.operand[i] = lower_tree(lowering, tree->operand[i]);
  return add_step(lowering, &step);
}

const Formula *lower_formula(const Scalar *tree, Arena *arena) {
  Lowering lowering = {.capacity = count_operations(tree)};
  lowering.steps = ARENA_ARRAY(arena, FormulaStep, lowering.capacity);
  const uint32_t last = lower_tree(&lowering, tree);
  assert(last == lowering.step_count - 1); /* no tree equals a part of itself */
  Formula *formula = ARENA_NEW(arena, Formula);
  formula->step_count = lowering.step_count;
  formula->steps = lowering.steps;
  return formula;
}
