// SPDX-License-Identifier: MIT
// Expressions to values.  One mistake gives one message: whatever a poisoned value touches is
// poisoned silently.
#include "lang/evaluate.h"

#include <math.h>
#include <string.h>

static const struct {
  const char *name;
  uint32_t least, most;
  ScalarOp scalar;
} functions[FUNCTION_COUNT] = {
#define FUNCTION(id, name, least, most, scalar, help) {name, least, most, scalar},
#include "lang/functions.def"
#undef FUNCTION
};

FunctionId find_function(const char *name) {
  uint32_t function = 0;
  while (function < FUNCTION_COUNT && strcmp(functions[function].name, name) != 0) function++;
  return (FunctionId)function;
}

void suggest_functions(Suggestion *suggestion) {
  for (uint32_t i = 0; i < FUNCTION_COUNT; i++) suggest(suggestion, functions[i].name);
}

const char *function_names(void) {
#define FUNCTION(id, name, least, most, scalar, help) " " name
  return
#include "lang/functions.def"
      ;
#undef FUNCTION
}

uint32_t function_least(FunctionId function) {
  return functions[function].least;
}
uint32_t function_most(FunctionId function) {
  return functions[function].most;
}
ScalarOp function_scalar(FunctionId function) {
  return functions[function].scalar;
}

/* ---- values ---- */

static const Value poison = {.kind = VALUE_POISON};

static Value exact_value(Rational number, Dimension dimension) {
  return (Value){.kind = VALUE_EXACT, .exact = number, .dimension = dimension};
}

static Value truth_value(bool truth) {
  return (Value){.kind = VALUE_TRUTH, .truth = truth};
}

static bool is_number(Value v) {
  return v.kind == VALUE_EXACT || v.kind == VALUE_REAL;
}

double value_number(Value value) {
  if (value.kind == VALUE_EXACT) return rational_to_double(value.exact);
  return value.kind == VALUE_REAL ? value.real : 0.0;
}

static const char *unit_suffix(Dimension dimension) {
  if (dimension_is_none(dimension)) return "";
  if (dimension_equal(dimension, (Dimension){-1, 0})) return " Hz";
  if (dimension_equal(dimension, (Dimension){1, 0})) return " s";
  if (dimension_equal(dimension, (Dimension){0, 1})) return " bit";
  return " in other units";
}

/* Ten digits, but where they would show a fraction as a whole number. */
static const char *real_text(Value value, Arena *arena) {
  const char *text = arena_print(arena, "%.10g", value.real);
  const bool hides = value.real != floor(value.real) && !strpbrk(text, ".e");
  return arena_print(arena, "%.*g%s", hides ? 17 : 10, value.real, unit_suffix(value.dimension));
}

const char *value_text(Value value, Arena *arena) {
  switch (value.kind) {
  case VALUE_POISON: return "nothing";
  case VALUE_EXACT:
    if (rational_is_integer(value.exact)) {
      return arena_print(arena, "%lld%s", (long long)value.exact.numerator,
                         unit_suffix(value.dimension));
    }
    return arena_print(arena, "%lld/%lld%s", (long long)value.exact.numerator,
                       (long long)value.exact.denominator, unit_suffix(value.dimension));
  case VALUE_REAL: return real_text(value, arena);
  case VALUE_TRUTH: return value.truth ? "true" : "false";
  case VALUE_TEXT: return arena_print(arena, "the text \"%s\"", value.text);
  case VALUE_LIST: return arena_print(arena, "a list of %u", value.count);
  }
  return "nothing";
}

/* ---- mistakes ---- */

static Value too_large(const Evaluation *ev, Span at) {
  error_at(ev->diagnostics, ERROR_NUMBER_SIZE, at,
           "the result does not fit: numerator and denominator must stay below 2^63");
  return poison;
}

static Value wrong_operand(const Evaluation *ev, Span at, const char *what, Value found) {
  error_at(ev->diagnostics, ERROR_OPERAND, at, "%s needs a %snumber, not %s", what,
           is_number(found) ? "plain " : "", value_text(found, ev->arena));
  return poison;
}

static Value wrong_argument(const Evaluation *ev, const Expr *call, Span at, Value found) {
  return wrong_operand(ev, at, arena_print(ev->arena, "'%s'", call->name.text), found);
}

static Value real_value(const Evaluation *ev, Span at, double number, Dimension dimension) {
  if (!isfinite(number)) {
    error_at(ev->diagnostics, ERROR_UNDEFINED, at,
             "this has no value: the result is not a finite number");
    return poison;
  }
  return (Value){.kind = VALUE_REAL, .real = number, .dimension = dimension};
}

/* ---- arithmetic ---- */

static Value divide_by_zero(const Evaluation *ev, Span at) {
  error_at(ev->diagnostics, ERROR_UNDEFINED, at, "division by zero");
  return poison;
}

typedef bool (*ExactOp)(Rational, Rational, Rational *);

static Value combine(const Evaluation *ev, Span at, Value a, Value b, Dimension dimension,
                     ExactOp exact, double real) {
  if (a.kind == VALUE_EXACT && b.kind == VALUE_EXACT) {
    Rational result;
    return exact(a.exact, b.exact, &result) ? exact_value(result, dimension) : too_large(ev, at);
  }
  return real_value(ev, at, real, dimension);
}

static Value power(const Evaluation *ev, Span at, Value a, Value b) {
  if (!dimension_is_none(b.dimension)) return wrong_operand(ev, at, "an exponent", b);
  if (a.kind == VALUE_EXACT && b.kind == VALUE_EXACT && rational_is_integer(b.exact)) {
    const int64_t exponent = b.exact.numerator;
    if (a.exact.numerator == 0 && exponent < 0) return divide_by_zero(ev, at);
    if (!dimension_is_none(a.dimension) && (exponent > 8 || exponent < -8))
      return too_large(ev, at);
    const Dimension dimension = {(int8_t)(a.dimension.second * exponent),
                                 (int8_t)(a.dimension.bit * exponent)};
    Rational result;
    return rational_power(a.exact, exponent, &result) ? exact_value(result, dimension)
                                                      : too_large(ev, at);
  }
  if (!dimension_is_none(a.dimension)) return wrong_operand(ev, at, "a fractional power", a);
  return real_value(ev, at, pow(value_number(a), value_number(b)), (Dimension){0, 0});
}

static Value add_like(const Evaluation *ev, const Expr *expr, Value a, Value b) {
  const double x = value_number(a), y = value_number(b);
  if (!dimension_equal(a.dimension, b.dimension)) {
    error_at(ev->diagnostics, ERROR_DIMENSION, expr->at, "'%s' joins %s and %s",
             binary_text(expr->binary), dimension_noun(a.dimension), dimension_noun(b.dimension));
    return poison;
  }
  switch (expr->binary) {
  case BINARY_ADD: return combine(ev, expr->at, a, b, a.dimension, rational_add, x + y);
  case BINARY_SUBTRACT: return combine(ev, expr->at, a, b, a.dimension, rational_subtract, x - y);
  case BINARY_MODULO:
    if (y == 0.0) return divide_by_zero(ev, expr->operands[1]->at);
    return combine(ev, expr->at, a, b, a.dimension, rational_modulo, x - floor(x / y) * y);
  case BINARY_MULTIPLY:
  case BINARY_DIVIDE:
  case BINARY_POWER:
  case BINARY_OR:
  case BINARY_AND:
  case BINARY_EQUAL:
  case BINARY_NOT_EQUAL:
  case BINARY_LESS:
  case BINARY_LESS_EQUAL:
  case BINARY_GREATER:
  case BINARY_GREATER_EQUAL: break;
  }
  int order = x < y ? -1 : x > y;
  if (a.kind == VALUE_EXACT && b.kind == VALUE_EXACT) order = rational_compare(a.exact, b.exact);
  switch (expr->binary) {
  case BINARY_EQUAL: return truth_value(order == 0);
  case BINARY_NOT_EQUAL: return truth_value(order != 0);
  case BINARY_LESS: return truth_value(order < 0);
  case BINARY_LESS_EQUAL: return truth_value(order <= 0);
  case BINARY_GREATER: return truth_value(order > 0);
  case BINARY_GREATER_EQUAL: return truth_value(order >= 0);
  case BINARY_ADD:
  case BINARY_SUBTRACT:
  case BINARY_MULTIPLY:
  case BINARY_DIVIDE:
  case BINARY_MODULO:
  case BINARY_POWER:
  case BINARY_OR:
  case BINARY_AND: break;
  }
  return poison;
}

static Value multiply_like(const Evaluation *ev, const Expr *expr, Value a, Value b) {
  const bool is_product = expr->binary == BINARY_MULTIPLY;
  const int sign = is_product ? 1 : -1;
  const int second = a.dimension.second + sign * b.dimension.second,
            bit = a.dimension.bit + sign * b.dimension.bit;
  if (second > 100 || second < -100 || bit > 100 || bit < -100) return too_large(ev, expr->at);
  const Dimension dimension = {(int8_t)second, (int8_t)bit};
  const double x = value_number(a), y = value_number(b);
  if (is_product) return combine(ev, expr->at, a, b, dimension, rational_multiply, x * y);
  if (y == 0.0) return divide_by_zero(ev, expr->operands[1]->at);
  return combine(ev, expr->at, a, b, dimension, rational_divide, x / y);
}

/* ---- expressions ---- */

static bool truth_of(const Evaluation *ev, const Expr *expr, bool *truth) {
  const Value v = evaluate(ev, expr);
  if (v.kind == VALUE_POISON) return false;
  if (v.kind != VALUE_TRUTH) {
    error_at(ev->diagnostics, ERROR_OPERAND, expr->at, "expected true or false, not %s",
             value_text(v, ev->arena));
    return false;
  }
  *truth = v.truth;
  return true;
}

static Value evaluate_binary(const Evaluation *ev, const Expr *expr) {
  if (expr->binary == BINARY_OR || expr->binary == BINARY_AND) {
    bool left = false, right = false;
    const bool is_known = truth_of(ev, expr->operands[0], &left);
    if (!truth_of(ev, expr->operands[1], &right) || !is_known) return poison;
    return truth_value(expr->binary == BINARY_OR ? left || right : left && right);
  }
  const Value a = evaluate(ev, expr->operands[0]), b = evaluate(ev, expr->operands[1]);
  if (a.kind == VALUE_POISON || b.kind == VALUE_POISON) return poison;
  if (a.kind == VALUE_TRUTH && b.kind == VALUE_TRUTH && expr->binary == BINARY_EQUAL)
    return truth_value(a.truth == b.truth);
  if (a.kind == VALUE_TRUTH && b.kind == VALUE_TRUTH && expr->binary == BINARY_NOT_EQUAL)
    return truth_value(a.truth != b.truth);
  const char *what = arena_print(ev->arena, "'%s'", binary_text(expr->binary));
  if (!is_number(a)) return wrong_operand(ev, expr->operands[0]->at, what, a);
  if (!is_number(b)) return wrong_operand(ev, expr->operands[1]->at, what, b);
  if (expr->binary == BINARY_POWER) return power(ev, expr->at, a, b);
  if (expr->binary == BINARY_MULTIPLY || expr->binary == BINARY_DIVIDE)
    return multiply_like(ev, expr, a, b);
  return add_like(ev, expr, a, b);
}

static Value evaluate_unary(const Evaluation *ev, const Expr *expr) {
  if (expr->unary == UNARY_NOT) {
    bool truth = false;
    return truth_of(ev, expr->operands[0], &truth) ? truth_value(!truth) : poison;
  }
  Value v = evaluate(ev, expr->operands[0]);
  if (v.kind == VALUE_POISON) return v;
  if (!is_number(v)) return wrong_operand(ev, expr->operands[0]->at, "'-'", v);
  v.exact.numerator = -v.exact.numerator;
  v.real = -v.real;
  return v;
}

static Value evaluate_quantity(const Evaluation *ev, const Expr *expr) {
  const Unit *unit = find_unit(expr->name.text);
  if (!unit) {
    Suggestion suggestion = suggestion_for(expr->name.text);
    suggest_units(&suggestion);
    Message *m = error_at(ev->diagnostics, ERROR_UNIT, expr->name.at, "there is no unit '%s'",
                          expr->name.text);
    if (suggestion.best) {
      help(m, "did you mean '%s'?", suggestion.best);
      fix(m, expr->name.at, suggestion.best);
    } else {
      help(m, "the units are Hz kHz MHz GHz, s ms us ns, bit kbit Mbit B kB MB KiB MiB");
    }
    return poison;
  }
  Rational number;
  return rational_multiply(expr->number, unit->factor, &number)
             ? exact_value(number, unit->dimension)
             : too_large(ev, expr->at);
}

static Value evaluate_list(const Evaluation *ev, const Expr *expr) {
  uint32_t count = 0;
  for (const Expr *e = expr->elements; e; e = e->next) count++;
  Value *items = ARENA_ARRAY(ev->arena, Value, count);
  bool is_poisoned = false;
  uint32_t i = 0;
  for (const Expr *e = expr->elements; e; e = e->next) {
    items[i] = evaluate(ev, e);
    is_poisoned |= items[i++].kind == VALUE_POISON;
  }
  return is_poisoned ? poison : (Value){.kind = VALUE_LIST, .count = count, .items = items};
}

/* ---- functions ---- */

static Value fold_whole(const Evaluation *ev, const Expr *call, FunctionId function,
                        const Value *values, uint32_t count) {
  Rational result = rational_integer(0);
  for (uint32_t i = 0; i < count; i++) {
    if (values[i].kind != VALUE_EXACT || !rational_is_integer(values[i].exact) ||
        !dimension_is_none(values[i].dimension)) {
      error_at(ev->diagnostics, ERROR_OPERAND, call->at, "'%s' needs whole numbers, not %s",
               call->name.text, value_text(values[i], ev->arena));
      return poison;
    }
    Rational a = result, b = values[i].exact, rest;
    if (i == 0) {
      result = b;
      continue;
    }
    while (b.numerator != 0 && rational_modulo(a, b, &rest)) {
      a = b;
      b = rest;
    }
    if (function == FUNCTION_GCD) {
      result = a;
    } else if (a.numerator == 0) {
      result = rational_integer(0);
    } else {
      Rational part;
      if (!rational_divide(values[i].exact, a, &part) || !rational_multiply(result, part, &result))
        return too_large(ev, call->at);
    }
  }
  if (result.numerator < 0) result.numerator = -result.numerator;
  return exact_value(result, (Dimension){0, 0});
}

static Value extreme(const Evaluation *ev, const Expr *call, FunctionId function,
                     const Value *values, uint32_t count) {
  Value best = values[0];
  for (uint32_t i = 1; i < count; i++) {
    if (!dimension_equal(values[i].dimension, best.dimension)) {
      error_at(ev->diagnostics, ERROR_DIMENSION, call->at, "'%s' joins %s and %s", call->name.text,
               dimension_noun(best.dimension), dimension_noun(values[i].dimension));
      return poison;
    }
    const double x = value_number(values[i]), y = value_number(best);
    int order = x < y ? -1 : x > y;
    if (values[i].kind == VALUE_EXACT && best.kind == VALUE_EXACT)
      order = rational_compare(values[i].exact, best.exact);
    if (function == FUNCTION_MIN ? order < 0 : order > 0) best = values[i];
  }
  return best;
}

/* Square root and logarithm stay exact where they are. */
static Value exact_or_real(const Evaluation *ev, const Expr *call, double real, Value argument,
                           bool is_root) {
  const double rounded = nearbyint(real);
  if (argument.kind == VALUE_EXACT && rational_is_integer(argument.exact) && fabs(rounded) < 3e9) {
    const Rational whole = rational_integer((int64_t)rounded);
    Rational back;
    const bool is_exact = is_root
                              ? rational_multiply(whole, whole, &back)
                              : rounded >= 0 && rounded < 63 &&
                                    rational_power(rational_integer(2), (int64_t)rounded, &back);
    if (is_exact && rational_compare(back, argument.exact) == 0)
      return exact_value(whole, (Dimension){0, 0});
  }
  return real_value(ev, call->at, real, (Dimension){0, 0});
}

static Value apply_one(const Evaluation *ev, const Expr *call, FunctionId function, Value v) {
  const double x = value_number(v);
  const bool is_exact = v.kind == VALUE_EXACT;
  switch (function) {
  case FUNCTION_ABS:
    if (v.exact.numerator < 0) v.exact.numerator = -v.exact.numerator;
    v.real = fabs(v.real);
    return v;
  case FUNCTION_FLOOR:
    return is_exact ? exact_value(rational_floor(v.exact), v.dimension)
                    : real_value(ev, call->at, floor(x), v.dimension);
  case FUNCTION_CEIL:
    return is_exact ? exact_value(rational_ceil(v.exact), v.dimension)
                    : real_value(ev, call->at, ceil(x), v.dimension);
  case FUNCTION_ROUND:
    return is_exact ? exact_value(rational_round(v.exact), v.dimension)
                    : real_value(ev, call->at, round(x), v.dimension);
  case FUNCTION_LOG2:
  case FUNCTION_SQRT:
  case FUNCTION_EXP:
    if (!dimension_is_none(v.dimension)) return wrong_argument(ev, call, call->at, v);
    if (function == FUNCTION_EXP) return real_value(ev, call->at, exp(x), v.dimension);
    return function == FUNCTION_SQRT ? exact_or_real(ev, call, sqrt(x), v, true)
                                     : exact_or_real(ev, call, log2(x), v, false);
  case FUNCTION_MIN:
  case FUNCTION_MAX:
  case FUNCTION_GCD:
  case FUNCTION_LCM:
  case FUNCTION_COUNT: break;
  }
  return poison;
}

static Value evaluate_call(const Evaluation *ev, const Expr *call) {
  const FunctionId function = find_function(call->name.text);
  if (function == FUNCTION_COUNT) {
    Suggestion suggestion = suggestion_for(call->name.text);
    suggest_functions(&suggestion);
    Message *m = error_at(ev->diagnostics, ERROR_FUNCTION, call->name.at,
                          "there is no function '%s'", call->name.text);
    if (suggestion.best) {
      help(m, "did you mean '%s'?", suggestion.best);
      fix(m, call->name.at, suggestion.best);
    } else {
      help(m, "the functions are%s", function_names());
    }
    return poison;
  }
  uint32_t count = 0;
  for (const Argument *a = call->arguments; a; a = a->next) count++;
  if (count < functions[function].least || count > functions[function].most) {
    error_at(ev->diagnostics, ERROR_FUNCTION, call->at, "'%s' takes %s%u argument%s, not %u",
             call->name.text,
             functions[function].most == functions[function].least ? "" : "at least ",
             functions[function].least, functions[function].least == 1 ? "" : "s", count);
    return poison;
  }
  Value *values = ARENA_ARRAY(ev->arena, Value, count);
  bool is_poisoned = false;
  uint32_t i = 0;
  for (const Argument *a = call->arguments; a; a = a->next, i++) {
    if (a->name.text) {
      error_at(ev->diagnostics, ERROR_FUNCTION, a->at, "'%s' takes no named arguments",
               call->name.text);
      return poison;
    }
    values[i] = evaluate(ev, a->value);
    if (values[i].kind == VALUE_POISON) {
      is_poisoned = true;
    } else if (!is_number(values[i])) {
      return wrong_argument(ev, call, a->value->at, values[i]);
    }
  }
  if (is_poisoned) return poison;
  if (function == FUNCTION_GCD || function == FUNCTION_LCM)
    return fold_whole(ev, call, function, values, count);
  if (function == FUNCTION_MIN || function == FUNCTION_MAX)
    return extreme(ev, call, function, values, count);
  return apply_one(ev, call, function, values[0]);
}

static Value evaluate_name(const Evaluation *ev, const Expr *expr) {
  return ev->look_up(ev->context, expr);
}

Value evaluate(const Evaluation *ev, const Expr *expr) {
  switch (expr->kind) {
  case EXPR_POISON: return poison;
  case EXPR_NUMBER: return exact_value(expr->number, (Dimension){0, 0});
  case EXPR_STRING: return (Value){.kind = VALUE_TEXT, .text = expr->string};
  case EXPR_NAME:
    if (strcmp(expr->name.text, "true") == 0) return truth_value(true);
    if (strcmp(expr->name.text, "false") == 0) return truth_value(false);
    return evaluate_name(ev, expr);
  case EXPR_QUANTITY: return evaluate_quantity(ev, expr);
  case EXPR_UNARY: return evaluate_unary(ev, expr);
  case EXPR_BINARY: return evaluate_binary(ev, expr);
  case EXPR_SELECT: {
    bool truth = false;
    if (!truth_of(ev, expr->operands[0], &truth)) return poison;
    return evaluate(ev, expr->operands[truth ? 1 : 2]);
  }
  case EXPR_CALL: return evaluate_call(ev, expr);
  case EXPR_LIST: return evaluate_list(ev, expr);
  }
  return poison;
}
