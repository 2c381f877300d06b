// SPDX-License-Identifier: MIT
// Symbolic derivatives, simplified as they are built: scalar_apply folds constants and drops what
// does nothing.
#include "lang/derive.h"

#include <stddef.h>

/* ---- building simplified operations ---- */

static Scalar *new_scalar(ScalarOp op, Span at, Arena *arena) {
  Scalar *scalar = ARENA_NEW(arena, Scalar);
  scalar->op = op;
  scalar->at = at;
  scalar->constant = rational_integer(0);
  return scalar;
}

const Scalar *scalar_constant(Rational value, Span at, Arena *arena) {
  Scalar *scalar = new_scalar(SCALAR_CONSTANT, at, arena);
  scalar->constant = value;
  return scalar;
}

static bool is_constant(const Scalar *s, int64_t value) {
  return s && s->op == SCALAR_CONSTANT && rational_is_integer(s->constant) &&
         s->constant.numerator == value;
}

/* The exact result of an operation on constants; false where there is none or it is not exact. */
static bool fold(ScalarOp op, Rational a, Rational b, Rational *result) {
  switch (op) {
  case SCALAR_ADD: return rational_add(a, b, result);
  case SCALAR_SUBTRACT: return rational_subtract(a, b, result);
  case SCALAR_MULTIPLY: return rational_multiply(a, b, result);
  case SCALAR_DIVIDE: return rational_divide(a, b, result);
  case SCALAR_MODULO: return b.numerator != 0 && rational_modulo(a, b, result);
  case SCALAR_POWER: return rational_is_integer(b) && rational_power(a, b.numerator, result);
  case SCALAR_NEGATE: *result = (Rational){-a.numerator, a.denominator}; return true;
  case SCALAR_EQUAL: *result = rational_integer(rational_compare(a, b) == 0); return true;
  case SCALAR_NOT_EQUAL: *result = rational_integer(rational_compare(a, b) != 0); return true;
  case SCALAR_LESS: *result = rational_integer(rational_compare(a, b) < 0); return true;
  case SCALAR_LESS_EQUAL: *result = rational_integer(rational_compare(a, b) <= 0); return true;
  case SCALAR_GREATER: *result = rational_integer(rational_compare(a, b) > 0); return true;
  case SCALAR_GREATER_EQUAL: *result = rational_integer(rational_compare(a, b) >= 0); return true;
  case SCALAR_AND: *result = rational_integer(a.numerator != 0 && b.numerator != 0); return true;
  case SCALAR_OR: *result = rational_integer(a.numerator != 0 || b.numerator != 0); return true;
  case SCALAR_NOT: *result = rational_integer(a.numerator == 0); return true;
  case SCALAR_MIN: *result = rational_compare(a, b) < 0 ? a : b; return true;
  case SCALAR_MAX: *result = rational_compare(a, b) > 0 ? a : b; return true;
  case SCALAR_ABS:
    *result = (Rational){a.numerator < 0 ? -a.numerator : a.numerator, a.denominator};
    return true;
  case SCALAR_FLOOR: *result = rational_floor(a); return true;
  case SCALAR_CEIL: *result = rational_ceil(a); return true;
  case SCALAR_ROUND: *result = rational_round(a); return true;
  case SCALAR_CONSTANT:
  case SCALAR_ARGUMENT:
  case SCALAR_SELECT:
  case SCALAR_LOG2:
  case SCALAR_LOG:
  case SCALAR_SQRT:
  case SCALAR_EXP:
  case SCALAR_GCD:
  case SCALAR_LCM:
  case SCALAR_OP_COUNT: break;
  }
  return false;
}

/* An operand that the operation would give back, or the constant it must give; else NULL. */
static const Scalar *simplify(ScalarOp op, const Scalar *a, const Scalar *b, const Scalar *c) {
  if (op == SCALAR_ADD) return is_constant(a, 0) ? b : is_constant(b, 0) ? a : NULL;
  if (op == SCALAR_SUBTRACT) return is_constant(b, 0) ? a : NULL;
  if (op == SCALAR_MULTIPLY) {
    if (is_constant(a, 0) || is_constant(b, 1)) return a;
    return is_constant(b, 0) || is_constant(a, 1) ? b : NULL;
  }
  if (op == SCALAR_DIVIDE) return is_constant(a, 0) || is_constant(b, 1) ? a : NULL;
  if (op == SCALAR_POWER) return is_constant(b, 1) ? a : NULL;
  if (op == SCALAR_NEGATE) return a->op == SCALAR_NEGATE ? a->operand[0] : NULL;
  if (op != SCALAR_SELECT) return NULL; /* all others keep their form */
  if (a->op == SCALAR_CONSTANT) return a->constant.numerator ? b : c;
  const bool is_same = b->op == SCALAR_CONSTANT && c->op == SCALAR_CONSTANT &&
                       rational_compare(b->constant, c->constant) == 0;
  return is_same ? b : NULL;
}

const Scalar *scalar_apply(ScalarOp op, const Scalar *a, const Scalar *b, const Scalar *c, Span at,
                           Arena *arena) {
  const Scalar *kept = simplify(op, a, b, c);
  if (kept) return kept;
  const bool is_exact = a->op == SCALAR_CONSTANT && (!b || b->op == SCALAR_CONSTANT) && !c;
  Rational folded;
  if (is_exact && fold(op, a->constant, b ? b->constant : rational_integer(0), &folded)) {
    return scalar_constant(folded, at, arena);
  }
  Scalar *scalar = new_scalar(op, at, arena);
  scalar->operand[0] = a;
  scalar->operand[1] = b;
  scalar->operand[2] = c;
  return scalar;
}

/* ---- deriving ---- */

enum { SIZE_LIMIT = 4096 };

typedef struct Derivation {
  Diagnostics *diagnostics;
  Arena *arena;
  uint32_t made; /* operations built so far */
} Derivation;

static const Scalar *apply(Derivation *v, ScalarOp op, const Scalar *a, const Scalar *b, Span at) {
  v->made++;
  return scalar_apply(op, a, b, NULL, at, v->arena);
}

static const Scalar *choose(Derivation *v, const Scalar *condition, const Scalar *yes,
                            const Scalar *no, Span at) {
  v->made++;
  return scalar_apply(SCALAR_SELECT, condition, yes, no, at, v->arena);
}

static const Scalar *number(Derivation *v, int64_t value, Span at) {
  return scalar_constant(rational_integer(value), at, v->arena);
}

static const Scalar *derive_node(Derivation *v, const Scalar *s);

static const Scalar *derive_power(Derivation *v, const Scalar *s, const Scalar *da) {
  const Scalar *a = s->operand[0], *b = s->operand[1];
  if (b->op == SCALAR_CONSTANT) {
    const Scalar *less = apply(v, SCALAR_SUBTRACT, b, number(v, 1, s->at), s->at);
    const Scalar *slope =
        apply(v, SCALAR_MULTIPLY, b, apply(v, SCALAR_POWER, a, less, s->at), s->at);
    return apply(v, SCALAR_MULTIPLY, slope, da, s->at);
  }
  /* (a^b)' = a^b (b' log a + b a' / a) */
  const Scalar *db = derive_node(v, b);
  if (!db) return NULL;
  const Scalar *first = apply(v, SCALAR_MULTIPLY, db, apply(v, SCALAR_LOG, a, NULL, s->at), s->at);
  const Scalar *second = apply(v, SCALAR_DIVIDE, apply(v, SCALAR_MULTIPLY, b, da, s->at), a, s->at);
  return apply(v, SCALAR_MULTIPLY, s, apply(v, SCALAR_ADD, first, second, s->at), s->at);
}

static const Scalar *derive_quotient(Derivation *v, const Scalar *s, const Scalar *da,
                                     const Scalar *db) {
  const Scalar *a = s->operand[0], *b = s->operand[1];
  if (is_constant(db, 0)) return apply(v, SCALAR_DIVIDE, da, b, s->at);
  const Scalar *top = apply(v, SCALAR_SUBTRACT, apply(v, SCALAR_MULTIPLY, da, b, s->at),
                            apply(v, SCALAR_MULTIPLY, a, db, s->at), s->at);
  return apply(v, SCALAR_DIVIDE, top, apply(v, SCALAR_MULTIPLY, b, b, s->at), s->at);
}

static const Scalar *derive_select(Derivation *v, const Scalar *s) {
  const Scalar *yes = derive_node(v, s->operand[1]), *no = derive_node(v, s->operand[2]);
  return yes && no ? choose(v, s->operand[0], yes, no, s->at) : NULL;
}

static const Scalar *derive_two(Derivation *v, const Scalar *s) {
  const Scalar *a = s->operand[0], *b = s->operand[1];
  const Scalar *da = derive_node(v, a), *db = derive_node(v, b);
  if (!da || !db) return NULL;
  if (s->op == SCALAR_ADD || s->op == SCALAR_SUBTRACT) return apply(v, s->op, da, db, s->at);
  if (s->op == SCALAR_MULTIPLY) {
    return apply(v, SCALAR_ADD, apply(v, SCALAR_MULTIPLY, da, b, s->at),
                 apply(v, SCALAR_MULTIPLY, a, db, s->at), s->at);
  }
  if (s->op == SCALAR_DIVIDE) return derive_quotient(v, s, da, db);
  const Scalar *is_less = apply(v, SCALAR_LESS, a, b, s->at);
  if (s->op == SCALAR_MIN) return choose(v, is_less, da, db, s->at);
  /* max(0, x) at 0 takes the side of its first argument, so that relu' is 0 there. */
  return choose(v, is_less, db, da, s->at);
}

static const Scalar *derive_one(Derivation *v, const Scalar *s) {
  const Scalar *a = s->operand[0], *da = derive_node(v, a);
  if (!da) return NULL;
  if (s->op == SCALAR_NEGATE) return apply(v, SCALAR_NEGATE, da, NULL, s->at);
  if (s->op == SCALAR_POWER) return derive_power(v, s, da);
  if (s->op == SCALAR_EXP) return apply(v, SCALAR_MULTIPLY, s, da, s->at);
  if (s->op == SCALAR_LOG) return apply(v, SCALAR_DIVIDE, da, a, s->at);
  if (s->op == SCALAR_ABS) {
    const Scalar *is_negative = apply(v, SCALAR_LESS, a, number(v, 0, s->at), s->at);
    return choose(v, is_negative, apply(v, SCALAR_NEGATE, da, NULL, s->at), da, s->at);
  }
  const Scalar *two = number(v, 2, s->at);
  if (s->op == SCALAR_SQRT) {
    return apply(v, SCALAR_DIVIDE, da, apply(v, SCALAR_MULTIPLY, two, s, s->at), s->at);
  }
  /* log2 */
  const Scalar *log_of_two = apply(v, SCALAR_LOG, two, NULL, s->at);
  return apply(v, SCALAR_DIVIDE, da, apply(v, SCALAR_MULTIPLY, a, log_of_two, s->at), s->at);
}

static const Scalar *derive_node(Derivation *v, const Scalar *s) {
  if (v->made > SIZE_LIMIT) return NULL;
  switch (s->op) {
  case SCALAR_CONSTANT: return number(v, 0, s->at);
  case SCALAR_ARGUMENT: return number(v, s->argument == 0, s->at);
  case SCALAR_ADD:
  case SCALAR_SUBTRACT:
  case SCALAR_MULTIPLY:
  case SCALAR_DIVIDE:
  case SCALAR_MIN:
  case SCALAR_MAX: return derive_two(v, s);
  case SCALAR_NEGATE:
  case SCALAR_POWER:
  case SCALAR_ABS:
  case SCALAR_LOG2:
  case SCALAR_LOG:
  case SCALAR_SQRT:
  case SCALAR_EXP: return derive_one(v, s);
  case SCALAR_SELECT: return derive_select(v, s);
  /* Steps: flat wherever they have a slope. */
  case SCALAR_FLOOR:
  case SCALAR_CEIL:
  case SCALAR_ROUND:
  case SCALAR_EQUAL:
  case SCALAR_NOT_EQUAL:
  case SCALAR_LESS:
  case SCALAR_LESS_EQUAL:
  case SCALAR_GREATER:
  case SCALAR_GREATER_EQUAL:
  case SCALAR_AND:
  case SCALAR_OR:
  case SCALAR_NOT: return number(v, 0, s->at);
  case SCALAR_MODULO:
  case SCALAR_GCD:
  case SCALAR_LCM:
  case SCALAR_OP_COUNT: break;
  }
  error_at(v->diagnostics, ERROR_NO_DERIVATIVE, s->at,
           "training needs a derivative, and this has none");
  return NULL;
}

const Scalar *derive(const Scalar *value, Diagnostics *d, Arena *arena) {
  Derivation derivation = {.diagnostics = d, .arena = arena};
  const uint32_t errors = error_count(d);
  const Scalar *derivative = derive_node(&derivation, value);
  if (!derivative && error_count(d) == errors) {
    error_at(d, ERROR_NO_DERIVATIVE, value->at,
             "the derivative of this takes more than %d operations", SIZE_LIMIT);
  }
  return derivative;
}
