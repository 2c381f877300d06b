// SPDX-License-Identifier: MIT
// The steps of a condition on blocks of lanes: tight loops over whole numbers and fractions, one
// call a lane for the rest.
//
// Values that the left neuron does not change are computed in lane 0, and copied to the others
// where a step needs them there.  No loop stops at a lane without a value: it marks the lane and
// goes on with 0.  Fractions are not reduced, which is faster and makes no difference but to how
// soon they leave 64 bits.
#include "compiler/edges/condition_block.h"

#include <string.h>

#include "compiler/edges/condition_value.h"

__extension__ typedef __int128 int128;

/* A step's value in every lane.  INT64_MIN is in none, so that negation is safe. */
typedef union Lanes {
  int64_t integer[BLOCK_LANES];   /* KIND_INTEGER */
  Rational fraction[BLOCK_LANES]; /* KIND_FRACTION; denominator > 0 */
  double real[BLOCK_LANES];       /* KIND_REAL */
} Lanes;

typedef struct Faults {
  uint8_t lane[BLOCK_LANES]; /* 1 where a lane has no value */
} Faults;

struct ConditionBlock {
  const ConditionSteps *condition;
  Lanes *values;                              /* [step] */
  uint32_t *order;                            /* [step] steps by phase, each phase in order */
  uint32_t phase_begin[STEP_PHASE_COUNT + 1]; /* in `order` */
  uint32_t first, count;                      /* left neurons of the block */
  uint32_t right;
  Faults constant_faults, left_faults; /* of the phases that come before a right neuron's */
};

/* ---- whole numbers ---- */

/* floor(a / b) and what it leaves, b != 0.  Division of 32 bits is several times faster. */
static int64_t floor_quotient(int64_t a, int64_t b) {
  if (((uint64_t)a | (uint64_t)b) >> 32 == 0) return (uint32_t)a / (uint32_t)b;
  const int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t floor_rest(int64_t a, int64_t b) {
  if (((uint64_t)a | (uint64_t)b) >> 32 == 0) return (uint32_t)a % (uint32_t)b;
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Sums and products that say whether 64 bits are too few. */
static bool add(int64_t a, int64_t b, int64_t *sum) {
  return __builtin_add_overflow(a, b, sum) || *sum == INT64_MIN;
}
static bool subtract(int64_t a, int64_t b, int64_t *difference) {
  return __builtin_sub_overflow(a, b, difference) || *difference == INT64_MIN;
}
static bool multiply(int64_t a, int64_t b, int64_t *product) {
  return __builtin_mul_overflow(a, b, product) || *product == INT64_MIN;
}

/* A loop over the lanes that computes `value` from x and y; where is_fault, the lane has none. */
#define EACH_LANE(is_fault, value)                                                                 \
  for (uint32_t i = 0; i < count; i++) {                                                           \
    const int64_t x = a[i], y = b[i];                                                              \
    (void)x, (void)y;                                                                              \
    const bool has_fault = (is_fault);                                                             \
    faults->lane[i] |= has_fault;                                                                  \
    to[i] = has_fault ? 0 : (value);                                                               \
  }                                                                                                \
  break

/* The same for functions that store the value themselves. */
#define EACH_LANE_CHECKED(function)                                                                \
  for (uint32_t i = 0; i < count; i++) {                                                           \
    int64_t result;                                                                                \
    const bool has_fault = function(a[i], b[i], &result);                                          \
    faults->lane[i] |= has_fault;                                                                  \
    to[i] = has_fault ? 0 : result;                                                                \
  }                                                                                                \
  break

/* Operations on whole numbers a, b, c that give whole numbers; false: there is no loop for it. */
static bool run_integer(StepOp op, const int64_t *a, const int64_t *b, const int64_t *c,
                        uint32_t count, int64_t *to, Faults *faults) {
  switch (op) {
  case STEP_ADD: EACH_LANE_CHECKED(add);
  case STEP_SUBTRACT: EACH_LANE_CHECKED(subtract);
  case STEP_MULTIPLY: EACH_LANE_CHECKED(multiply);
  case STEP_MODULO: EACH_LANE(y == 0, floor_rest(x, y));
  case STEP_FLOOR_QUOTIENT: EACH_LANE(y == 0, floor_quotient(x, y));
  case STEP_CEIL_QUOTIENT: EACH_LANE(y == 0, -floor_quotient(-x, y));
  case STEP_NEGATE: EACH_LANE(false, -x);
  case STEP_ABS: EACH_LANE(false, x < 0 ? -x : x);
  case STEP_EQUAL: EACH_LANE(false, x == y);
  case STEP_NOT_EQUAL: EACH_LANE(false, x != y);
  case STEP_LESS: EACH_LANE(false, x < y);
  case STEP_LESS_EQUAL: EACH_LANE(false, x <= y);
  case STEP_GREATER: EACH_LANE(false, x > y);
  case STEP_GREATER_EQUAL: EACH_LANE(false, x >= y);
  case STEP_AND: EACH_LANE(false, x & y);
  case STEP_OR: EACH_LANE(false, x | y);
  case STEP_NOT: EACH_LANE(false, x == 0);
  case STEP_TRUTH: EACH_LANE(false, x != 0);
  case STEP_SELECT: EACH_LANE(false, x ? y : c[i]);
  case STEP_MIN: EACH_LANE(false, x < y ? x : y);
  case STEP_MAX: EACH_LANE(false, x > y ? x : y);
  case STEP_FLOOR:
  case STEP_CEIL:
  case STEP_ROUND: EACH_LANE(false, x);
  case STEP_CONSTANT:
  case STEP_ARGUMENT:
  case STEP_DIVIDE:
  case STEP_POWER:
  case STEP_LOG2:
  case STEP_LOG:
  case STEP_SQRT:
  case STEP_EXP:
  case STEP_GCD:
  case STEP_LCM:
  case STEP_TO_FRACTION:
  case STEP_TO_REAL:
  case STEP_OP_COUNT: return false;
  }
  return true;
}

/* ---- fractions ---- */

/* Each returns whether 64 bits are too few. */
static bool add_fractions(Rational a, Rational b, Rational *sum) {
  if (a.denominator == b.denominator) {
    sum->denominator = a.denominator;
    return add(a.numerator, b.numerator, &sum->numerator);
  }
  int64_t from_a, from_b;
  return multiply(a.numerator, b.denominator, &from_a) ||
         multiply(b.numerator, a.denominator, &from_b) ||
         multiply(a.denominator, b.denominator, &sum->denominator) ||
         add(from_a, from_b, &sum->numerator);
}

static bool multiply_fractions(Rational a, Rational b, Rational *product) {
  return multiply(a.numerator, b.numerator, &product->numerator) ||
         multiply(a.denominator, b.denominator, &product->denominator);
}

static bool divide_fractions(Rational a, Rational b, Rational *quotient) {
  const Rational inverse = b.numerator < 0 ? (Rational){-b.denominator, -b.numerator}
                                           : (Rational){b.denominator, b.numerator};
  return b.numerator == 0 || multiply_fractions(a, inverse, quotient);
}

/* Sums, products and quotients of fractions; false: another operation. */
static bool run_fraction(StepOp op, const Rational *a, const Rational *b, uint32_t count,
                         Rational *to, Faults *faults) {
  if (op != STEP_ADD && op != STEP_SUBTRACT && op != STEP_MULTIPLY && op != STEP_DIVIDE)
    return false;
  for (uint32_t i = 0; i < count; i++) {
    const Rational negative_b = {-b[i].numerator, b[i].denominator};
    const bool has_fault = op == STEP_ADD        ? add_fractions(a[i], b[i], &to[i])
                           : op == STEP_SUBTRACT ? add_fractions(a[i], negative_b, &to[i])
                           : op == STEP_MULTIPLY ? multiply_fractions(a[i], b[i], &to[i])
                                                 : divide_fractions(a[i], b[i], &to[i]);
    faults->lane[i] |= has_fault;
    if (has_fault) to[i] = rational_integer(0);
  }
  return true;
}

/* a / b of whole numbers. */
static void divide_integers(const int64_t *a, const int64_t *b, uint32_t count, Rational *to,
                            Faults *faults) {
  for (uint32_t i = 0; i < count; i++) {
    faults->lane[i] |= b[i] == 0;
    to[i] = b[i] < 0 ? (Rational){-a[i], -b[i]} : (Rational){a[i], b[i] ? b[i] : 1};
  }
}

static void compare_fractions(StepOp op, const Rational *a, const Rational *b, uint32_t count,
                              int64_t *to) {
  for (uint32_t i = 0; i < count; i++) {
    const int128 x = (int128)a[i].numerator * b[i].denominator;
    const int128 y = (int128)b[i].numerator * a[i].denominator;
    to[i] = op == STEP_EQUAL        ? x == y
            : op == STEP_NOT_EQUAL  ? x != y
            : op == STEP_LESS       ? x < y
            : op == STEP_LESS_EQUAL ? x <= y
            : op == STEP_GREATER    ? x > y
                                    : x >= y;
  }
}

static bool is_comparison(StepOp op) {
  return op >= STEP_EQUAL && op <= STEP_GREATER_EQUAL;
}

/* ---- operations without a loop of their own ---- */

static Rational lane_fraction(const Lanes *lanes, StepKind kind, uint32_t lane) {
  return kind == KIND_INTEGER ? rational_integer(lanes->integer[lane]) : lanes->fraction[lane];
}

static void run_exact(const Step *step, const Lanes *const operand[3], uint32_t count, Lanes *to,
                      Faults *faults) {
  for (uint32_t i = 0; i < count; i++) {
    Rational exact[3] = {{0, 1}, {0, 1}, {0, 1}};
    for (uint32_t k = 0; k < step_arity(step->op); k++)
      exact[k] = lane_fraction(operand[k], step->operand_kind, i);
    Rational result = rational_integer(0);
    bool has_fault = apply_exact((ScalarOp)step->op, exact, &result) != NULL;
    if (step->kind == KIND_FRACTION) {
      to->fraction[i] = result;
    } else {
      has_fault |= !rational_is_integer(result);
      to->integer[i] = result.numerator;
    }
    faults->lane[i] |= has_fault;
  }
}

static void run_real(const Step *step, const Lanes *const operand[3], uint32_t count, Lanes *to,
                     Faults *faults) {
  for (uint32_t i = 0; i < count; i++) {
    double real[3] = {0};
    for (uint32_t k = 0; k < step_arity(step->op); k++) real[k] = operand[k]->real[i];
    double result = 0;
    faults->lane[i] |= apply_real((ScalarOp)step->op, real, &result) != NULL;
    if (step->kind == KIND_INTEGER) {
      to->integer[i] = result != 0;
    } else {
      to->real[i] = result;
    }
  }
}

/* ?: of fractions or doubles. */
static void select_lanes(const Step *step, const Lanes *const operand[3], uint32_t count,
                         Lanes *to) {
  for (uint32_t i = 0; i < count; i++) {
    const Lanes *chosen = operand[operand[0]->integer[i] ? 1 : 2];
    if (step->kind == KIND_FRACTION) {
      to->fraction[i] = chosen->fraction[i];
    } else {
      to->real[i] = chosen->real[i];
    }
  }
}

static void convert_to_fractions(const int64_t *from, uint32_t count, Rational *to) {
  for (uint32_t i = 0; i < count; i++) to[i] = rational_integer(from[i]);
}

static void convert_to_reals(const Lanes *from, StepKind kind, uint32_t count, double *to) {
  for (uint32_t i = 0; i < count; i++) to[i] = rational_to_double(lane_fraction(from, kind, i));
}

static void convert_to_truth(const Lanes *from, StepKind kind, uint32_t count, int64_t *to) {
  for (uint32_t i = 0; i < count; i++) {
    to[i] = kind == KIND_REAL ? from->real[i] != 0 : from->fraction[i].numerator != 0;
  }
}

/* ---- steps ---- */

static void fill_argument(const ConditionBlock *block, uint32_t argument, uint32_t count,
                          int64_t *to) {
  for (uint32_t i = 0; i < count; i++)
    to[i] = argument == 0 ? (int64_t)block->first + i : block->right;
}

static void fill_constant(const Step *step, Lanes *to) {
  if (step->kind == KIND_INTEGER) {
    to->integer[0] = step->constant.numerator;
  } else {
    to->fraction[0] = step->constant;
  }
}

/* Steps that no lane can fail in, other than those of run_integer; false: another step. */
static bool run_safe_step(const ConditionBlock *block, const Step *step,
                          const Lanes *const operand[3], uint32_t count, Lanes *to) {
  if (step->op == STEP_CONSTANT) {
    fill_constant(step, to);
  } else if (step->op == STEP_ARGUMENT) {
    fill_argument(block, step->argument, count, to->integer);
  } else if (step->op == STEP_TO_FRACTION) {
    convert_to_fractions(operand[0]->integer, count, to->fraction);
  } else if (step->op == STEP_TO_REAL) {
    convert_to_reals(operand[0], step->operand_kind, count, to->real);
  } else if (step->operand_kind == KIND_INTEGER) {
    return false;
  } else if (step->op == STEP_TRUTH) {
    convert_to_truth(operand[0], step->operand_kind, count, to->integer);
  } else if (step->op == STEP_SELECT) {
    select_lanes(step, operand, count, to);
  } else if (step->operand_kind == KIND_FRACTION && is_comparison(step->op)) {
    compare_fractions(step->op, operand[0]->fraction, operand[1]->fraction, count, to->integer);
  } else {
    return false;
  }
  return true;
}

static void run_step(const ConditionBlock *block, const Step *step, uint32_t count, Lanes *to,
                     Faults *faults) {
  const Lanes *operand[3] = {to, to, to};
  for (uint32_t k = 0; k < step_arity(step->op); k++) operand[k] = &block->values[step->operand[k]];
  if (run_safe_step(block, step, operand, count, to)) return;
  switch (step->operand_kind) {
  case KIND_INTEGER:
    if (step->op == STEP_DIVIDE) {
      divide_integers(operand[0]->integer, operand[1]->integer, count, to->fraction, faults);
    } else if (!run_integer(step->op, operand[0]->integer, operand[1]->integer, operand[2]->integer,
                            count, to->integer, faults)) {
      run_exact(step, operand, count, to, faults);
    }
    return;
  case KIND_FRACTION:
    if (!run_fraction(step->op, operand[0]->fraction, operand[1]->fraction, count, to->fraction,
                      faults))
      run_exact(step, operand, count, to, faults);
    return;
  case KIND_REAL: run_real(step, operand, count, to, faults); return;
  }
}

/* Copies lane 0 to all others. */
static void spread(StepKind kind, uint32_t count, Lanes *lanes) {
  switch (kind) {
  case KIND_INTEGER:
    for (uint32_t i = 1; i < count; i++) lanes->integer[i] = lanes->integer[0];
    return;
  case KIND_FRACTION:
    for (uint32_t i = 1; i < count; i++) lanes->fraction[i] = lanes->fraction[0];
    return;
  case KIND_REAL:
    for (uint32_t i = 1; i < count; i++) lanes->real[i] = lanes->real[0];
    return;
  }
}

/* Runs the steps of a phase in lanes 0 .. count-1, and copies what is wanted to lanes below
 * `spread_count`. */
static void run_phase(const ConditionBlock *block, StepPhase phase, uint32_t count,
                      uint32_t spread_count, Faults *faults) {
  for (uint32_t k = block->phase_begin[phase]; k < block->phase_begin[phase + 1]; k++) {
    const Step *step = &block->condition->steps[block->order[k]];
    Lanes *to = &block->values[block->order[k]];
    run_step(block, step, count, to, faults);
    if (step->is_spread) spread(step->kind, spread_count, to);
  }
}

ConditionBlock *condition_block(const ConditionSteps *condition, Arena *arena) {
  ConditionBlock *block = ARENA_NEW(arena, ConditionBlock);
  block->condition = condition;
  block->values = ARENA_ARRAY(arena, Lanes, condition->count);
  block->order = ARENA_ARRAY(arena, uint32_t, condition->count);
  uint32_t place = 0;
  for (uint32_t phase = 0; phase < STEP_PHASE_COUNT; phase++) {
    block->phase_begin[phase] = place;
    for (uint32_t i = 0; i < condition->count; i++) {
      if (condition->steps[i].phase == (StepPhase)phase) block->order[place++] = i;
    }
  }
  block->phase_begin[STEP_PHASE_COUNT] = place;
  run_phase(block, PHASE_CONSTANT, 1, BLOCK_LANES, &block->constant_faults);
  memset(block->constant_faults.lane, block->constant_faults.lane[0], BLOCK_LANES);
  return block;
}

void block_begin(ConditionBlock *block, uint32_t first, uint32_t count) {
  block->first = first;
  block->count = count;
  block->left_faults = block->constant_faults;
  run_phase(block, PHASE_LEFT, count, count, &block->left_faults);
}

/* A bit for each lane below count that is not 0; returns whether there is one. */
static bool pack_faults(const Faults *faults, uint32_t count, uint64_t *words) {
  uint64_t any = 0;
  for (uint32_t i = 0; i < count; i++) any |= faults->lane[i];
  if (any == 0) return false;
  for (uint32_t i = 0; i < count; i++) words[i / 64] |= (uint64_t)faults->lane[i] << i % 64;
  return true;
}

bool block_evaluate(ConditionBlock *block, uint32_t right, uint64_t *joined, uint64_t *unknown) {
  const uint32_t count = block->count;
  const int64_t *is_joined = block->values[block->condition->count - 1].integer;
  Faults right_faults = {{0}};
  block->right = right;
  run_phase(block, PHASE_RIGHT, 1, count, &right_faults);
  Faults faults = block->left_faults;
  if (right_faults.lane[0]) memset(faults.lane, 1, count);
  run_phase(block, PHASE_PAIR, count, count, &faults);
  memset(joined, 0, BLOCK_WORDS * sizeof *joined);
  memset(unknown, 0, BLOCK_WORDS * sizeof *unknown);
  for (uint32_t i = 0; i < count; i++) joined[i / 64] |= (uint64_t)is_joined[i] << i % 64;
  return pack_faults(&faults, count, unknown);
}
