// SPDX-License-Identifier: MIT
// Lowers the body of an own activation or pattern: names become arguments or constants, other
// activations that it calls are put in place, and what is constant is folded.
//
// Scalars share subtrees, so their size as a tree can grow exponentially with the text; it is
// counted on the way up, and both limits are checked before anything walks the result.
#include "lang/check_scalar.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "lang/derive.h"

/* A lowered expression; scalar is NULL after an error. */
typedef struct Lowered {
  const Scalar *scalar;
  bool is_truth;
  bool is_any;          /* a parameter without a value yet: number or condition */
  uint32_t size, depth; /* as a tree, at most */
} Lowered;

/* What a name of the body stands for: an argument, a parameter's value, or an inlined argument. */
typedef struct Binding {
  Name name;
  Lowered meaning;
  bool is_used;
} Binding;

/* The definition whose formula is being made, with all that it calls. */
typedef struct Definition {
  Name name;
  uint32_t work;     /* expressions lowered so far, inlined ones each time */
  bool is_too_large; /* and reported */
} Definition;

typedef struct Body {
  const Checker *checker;
  Binding *bindings;
  uint32_t binding_count;
  Definition *definition;
} Body;

/* What a definition may cost: constants fold, so that a small result can hide much inlining. */
enum { WORK_LIMIT = 20000 };

static const Lowered poison = {0};

static Lowered lower(const Body *body, const Expr *expr);

static Lowered argument_scalar(const Checker *checker, uint32_t index, Span at) {
  Scalar *scalar = ARENA_NEW(checker->arena, Scalar);
  *scalar = (Scalar){.op = SCALAR_ARGUMENT, .at = at, .argument = index};
  return (Lowered){.scalar = scalar, .size = 1, .depth = 1};
}

/* The nearest rational to a double; exact where 64 bits suffice. */
static bool nearest_rational(double real, Rational *result) {
  int exponent = 0;
  const double mantissa = frexp(fabs(real), &exponent); /* 0.5 <= mantissa < 1 */
  if (real == 0.0) return rational_make(0, 1, result);
  if (exponent > 62) return false;
  const int64_t sign = real < 0.0 ? -1 : 1;
  const int64_t bits = (int64_t)ldexp(mantissa, 53);
  const int shift = 53 - exponent;
  if (shift <= 0) return rational_make(sign * (bits << -shift), 1, result);
  if (shift <= 62) return rational_make(sign * bits, (int64_t)1 << shift, result);
  const double inverse = 1.0 / fabs(real); /* tiny: 1 / n, or 0 beyond any use */
  if (inverse > 0x1p62) return rational_make(0, 1, result);
  const double scale = floor(0x1p62 / inverse);
  return rational_make(sign * (int64_t)scale, (int64_t)(inverse * scale), result);
}

static Lowered lower_value(const Checker *checker, Value value, const Expr *expr) {
  Rational exact = value.exact;
  switch (value.kind) {
  case VALUE_POISON: return poison;
  case VALUE_TRUTH: exact = rational_integer(value.truth ? 1 : 0); break;
  case VALUE_EXACT: break;
  case VALUE_REAL:
    if (nearest_rational(value.real, &exact)) break;
    error_at(checker->diagnostics, ERROR_OUT_OF_RANGE, expr->at,
             "%s is too large for a formula: its numbers must stay below 2^62",
             value_text(value, checker->arena));
    return poison;
  case VALUE_TEXT:
  case VALUE_LIST:
    error_at(checker->diagnostics, ERROR_WRONG_KIND, expr->at,
             "a formula is made of numbers, not %s", value_text(value, checker->arena));
    return poison;
  }
  const bool is_number = value.kind != VALUE_TRUTH;
  if (is_number && !dimension_is_none(value.dimension)) {
    error_at(checker->diagnostics, ERROR_WRONG_KIND, expr->at,
             "a formula is made of plain numbers, not %s", dimension_noun(value.dimension));
    return poison;
  }
  const Scalar *scalar = scalar_constant(exact, expr->at, checker->arena);
  return (Lowered){.scalar = scalar, .is_truth = !is_number, .size = 1, .depth = 1};
}

static Lowered report_too_large(const Body *body) {
  Definition *definition = body->definition;
  if (definition->is_too_large) return poison;
  definition->is_too_large = true;
  error_at(body->checker->diagnostics, ERROR_BODY_TOO_LARGE, definition->name.at,
           "'%s' is a formula of over %d operations or %d levels", definition->name.text,
           SCALAR_SIZE_LIMIT, SCALAR_DEPTH_LIMIT);
  return poison;
}

/* Applies an operation and counts its tree. */
static Lowered apply(const Body *body, ScalarOp op, const Lowered *operands, uint32_t count,
                     bool is_truth, Span at) {
  uint32_t size = 1;
  uint32_t depth = 0;
  const Scalar *scalars[3] = {0};
  for (uint32_t i = 0; i < count; i++) {
    scalars[i] = operands[i].scalar;
    size += operands[i].size;
    if (operands[i].depth > depth) depth = operands[i].depth;
  }
  const Checker *checker = body->checker;
  if (size > SCALAR_SIZE_LIMIT || depth >= SCALAR_DEPTH_LIMIT) return report_too_large(body);
  const Scalar *scalar = scalar_apply(op, scalars[0], scalars[1], scalars[2], at, checker->arena);
  if (scalar->op == SCALAR_CONSTANT) {
    size = 1;
    depth = 0;
  }
  return (Lowered){.scalar = scalar, .is_truth = is_truth, .size = size, .depth = depth + 1};
}

static bool expect_kind(const Body *body, Lowered lowered, bool is_truth, const Expr *expr) {
  if (lowered.scalar == NULL) return false;
  if (lowered.is_any || lowered.is_truth == is_truth) return true;
  error_at(body->checker->diagnostics, ERROR_BODY_KIND, expr->at, "%s is needed here, not %s",
           is_truth ? "a condition" : "a number", is_truth ? "a number" : "a condition");
  return false;
}

static ScalarOp binary_scalar(BinaryOp op) {
  switch (op) {
  case BINARY_OR: return SCALAR_OR;
  case BINARY_AND: return SCALAR_AND;
  case BINARY_EQUAL: return SCALAR_EQUAL;
  case BINARY_NOT_EQUAL: return SCALAR_NOT_EQUAL;
  case BINARY_LESS: return SCALAR_LESS;
  case BINARY_LESS_EQUAL: return SCALAR_LESS_EQUAL;
  case BINARY_GREATER: return SCALAR_GREATER;
  case BINARY_GREATER_EQUAL: return SCALAR_GREATER_EQUAL;
  case BINARY_ADD: return SCALAR_ADD;
  case BINARY_SUBTRACT: return SCALAR_SUBTRACT;
  case BINARY_MULTIPLY: return SCALAR_MULTIPLY;
  case BINARY_DIVIDE: return SCALAR_DIVIDE;
  case BINARY_MODULO: return SCALAR_MODULO;
  case BINARY_POWER: return SCALAR_POWER;
  }
  return SCALAR_ADD;
}

static bool gives_truth(ScalarOp op) {
  return op >= SCALAR_EQUAL && op <= SCALAR_NOT;
}

static Lowered lower_binary(const Body *body, const Expr *expr) {
  const ScalarOp op = binary_scalar(expr->binary);
  const bool takes_truth = op == SCALAR_AND || op == SCALAR_OR;
  const Lowered operands[2] = {lower(body, expr->operands[0]), lower(body, expr->operands[1])};
  if (!expect_kind(body, operands[0], takes_truth, expr->operands[0])) return poison;
  if (!expect_kind(body, operands[1], takes_truth, expr->operands[1])) return poison;
  const Scalar *right = operands[1].scalar;
  const bool divides = op == SCALAR_DIVIDE || op == SCALAR_MODULO;
  if (divides && right->op == SCALAR_CONSTANT && right->constant.numerator == 0) {
    error_at(body->checker->diagnostics, ERROR_OUT_OF_RANGE, expr->operands[1]->at,
             "a division by 0");
    return poison;
  }
  return apply(body, op, operands, 2, gives_truth(op), expr->at);
}

static Lowered lower_unary(const Body *body, const Expr *expr) {
  const bool is_truth = expr->unary == UNARY_NOT;
  const Lowered operand = lower(body, expr->operands[0]);
  if (!expect_kind(body, operand, is_truth, expr->operands[0])) return poison;
  return apply(body, is_truth ? SCALAR_NOT : SCALAR_NEGATE, &operand, 1, is_truth, expr->at);
}

static Lowered lower_select(const Body *body, const Expr *expr) {
  const Lowered operands[3] = {lower(body, expr->operands[0]), lower(body, expr->operands[1]),
                               lower(body, expr->operands[2])};
  if (!expect_kind(body, operands[0], true, expr->operands[0])) return poison;
  if (operands[1].scalar == NULL) return poison;
  if (!expect_kind(body, operands[2], operands[1].is_truth, expr->operands[2])) return poison;
  return apply(body, SCALAR_SELECT, operands, 3, operands[1].is_truth, expr->at);
}

static Lowered lower_name(const Body *body, const Expr *expr) {
  for (uint32_t i = 0; i < body->binding_count; i++) {
    if (body->bindings[i].name.text != expr->name.text) continue;
    body->bindings[i].is_used = true;
    return body->bindings[i].meaning;
  }
  return lower_value(body->checker, evaluate(&body->checker->evaluation, expr), expr);
}

/* ---- calls ---- */

static uint32_t count_arguments(const Expr *call) {
  uint32_t count = 0;
  for (const Argument *a = call->arguments; a != NULL; a = a->next) count++;
  return count;
}

static bool check_argument_count(const Body *body, const Expr *call, uint32_t least,
                                 uint32_t most) {
  Diagnostics *d = body->checker->diagnostics;
  const uint32_t count = count_arguments(call);
  for (const Argument *a = call->arguments; a != NULL; a = a->next) {
    if (a->name.text == NULL) continue;
    error_at(d, ERROR_FUNCTION, a->name.at, "'%s' has no argument called '%s'", call->name.text,
             a->name.text);
    return false;
  }
  if (count >= least && count <= most) return true;
  assert(least == most || most == UINT32_MAX);
  error_at(d, ERROR_FUNCTION, call->at, "'%s' takes %s%u argument%s, not %u", call->name.text,
           least == most ? "" : "at least ", least, least == 1 ? "" : "s", count);
  return false;
}

static Lowered lower_function(const Body *body, FunctionId function, const Expr *call) {
  if (!check_argument_count(body, call, function_least(function), function_most(function)))
    return poison;
  const ScalarOp op = function_scalar(function);
  Lowered result = poison;
  bool is_first = true;
  for (const Argument *a = call->arguments; a != NULL; a = a->next) {
    const Lowered operand = lower(body, a->value);
    if (!expect_kind(body, operand, false, a->value)) return poison;
    const Lowered pair[2] = {result, operand};
    if (function_most(function) == 1) {
      result = apply(body, op, &operand, 1, false, call->at);
    } else {
      result = is_first ? operand : apply(body, op, pair, 2, false, call->at);
    }
    if (result.scalar == NULL) return poison;
    is_first = false;
  }
  return result;
}

static Lowered lower_body_of(const Checker *checker, Declaration *declaration, Lowered argument,
                             Definition *definition);

static void report_unknown_function(const Body *body, const Expr *call) {
  const Scope *scope = body->checker->scope;
  Message *m = error_at(scope->diagnostics, ERROR_FUNCTION, call->name.at,
                        "there is no function '%s'", call->name.text);
  if (!last_is_shown(scope->diagnostics)) return;
  Suggestion suggestion = suggestion_for(call->name.text);
  suggest_functions(&suggestion);
  for (uint32_t i = 0; i < scope->count; i++) {
    if (scope->declarations[i].item->kind == ITEM_ACTIVATION) {
      suggest(&suggestion, scope->declarations[i].name.text);
    }
  }
  if (suggestion.best == NULL) {
    help(m, "the functions are%s, and the file's own activations", function_names());
    return;
  }
  help(m, "did you mean '%s'?", suggestion.best);
  fix(m, call->name.at, suggestion.best);
}

static Lowered lower_call(const Body *body, const Expr *call) {
  const FunctionId function = find_function(call->name.text);
  if (function != FUNCTION_COUNT) return lower_function(body, function, call);
  Declaration *declaration = scope_find(body->checker->scope, call->name.text);
  if (declaration == NULL || declaration->item->kind != ITEM_ACTIVATION) {
    report_unknown_function(body, call);
    return poison;
  }
  declaration->is_used = true;
  if (!check_argument_count(body, call, 1, 1)) return poison;
  const Lowered argument = lower(body, call->arguments->value);
  if (!expect_kind(body, argument, false, call->arguments->value)) return poison;
  if (declaration->state == DECLARATION_STARTED) {
    error_at(body->checker->diagnostics, ERROR_RECURSIVE, call->at, "'%s' calls itself",
             call->name.text);
    return poison;
  }
  if (check_activation(body->checker, declaration) == NULL)
    return poison; /* reported there, once */
  return lower_body_of(body->checker, declaration, argument, body->definition);
}

static Lowered lower(const Body *body, const Expr *expr) {
  if (expr == NULL) return poison;
  if (++body->definition->work > WORK_LIMIT) return report_too_large(body);
  switch (expr->kind) {
  case EXPR_POISON: return poison;
  case EXPR_NUMBER:
  case EXPR_STRING:
  case EXPR_QUANTITY:
  case EXPR_LIST:
    return lower_value(body->checker, evaluate(&body->checker->evaluation, expr), expr);
  case EXPR_NAME: return lower_name(body, expr);
  case EXPR_UNARY: return lower_unary(body, expr);
  case EXPR_BINARY: return lower_binary(body, expr);
  case EXPR_SELECT: return lower_select(body, expr);
  case EXPR_CALL: return lower_call(body, expr);
  }
  return poison;
}

/* ---- activations ---- */

static Lowered lower_body_of(const Checker *checker, Declaration *declaration, Lowered argument,
                             Definition *definition) {
  const Parameter *parameter = declaration->item->parameters;
  if (parameter == NULL) return poison;
  Binding binding = {.name = parameter->name, .meaning = argument};
  const Body body = {checker, &binding, 1, definition};
  const DeclarationState before = declaration->state;
  declaration->state = DECLARATION_STARTED;
  const Lowered lowered = lower(&body, declaration->item->value);
  declaration->state = before;
  if (before == DECLARATION_WAITING && lowered.scalar != NULL && !binding.is_used) {
    warning_at(checker->diagnostics, ERROR_UNUSED_ARGUMENT, binding.name.at, "'%s' is not used",
               binding.name.text);
  }
  return lowered;
}

const OwnActivation *check_activation(const Checker *checker, Declaration *declaration) {
  if (declaration->state == DECLARATION_DONE) return declaration->activation;
  const Parameter *parameter = declaration->item->parameters;
  Lowered lowered = poison;
  if (parameter != NULL) {
    Definition definition = {.name = declaration->name};
    const Lowered x = argument_scalar(checker, 0, parameter->name.at);
    lowered = lower_body_of(checker, declaration, x, &definition);
  }
  declaration->state = DECLARATION_DONE;
  if (lowered.scalar == NULL) return NULL;
  if (lowered.is_truth) {
    Message *m =
        error_at(checker->diagnostics, ERROR_BODY_KIND, declaration->item->value->at,
                 "the activation '%s' must give a number, not a condition", declaration->name.text);
    help(m, "write `condition ? 1 : 0`");
    return NULL;
  }
  const Scalar *derivative = derive(lowered.scalar, checker->diagnostics, checker->arena);
  if (derivative == NULL) return NULL;
  OwnActivation *activation = ARENA_NEW(checker->arena, OwnActivation);
  *activation = (OwnActivation){declaration->name, lowered.scalar, derivative};
  declaration->activation = activation;
  return activation;
}

/* ---- patterns ---- */

static uint32_t count_parameters(const Item *item) {
  uint32_t count = 0;
  for (const Parameter *p = item->parameters; p != NULL; p = p->next) count++;
  return count;
}

/* Evaluates the arguments of `call` into the first bindings. */
static bool bind_parameters(const Checker *checker, const Item *item, const Expr *call,
                            Binding *bindings) {
  const uint32_t count = count_parameters(item);
  const char **names = ARENA_ARRAY(checker->arena, const char *, count + 1);
  const Argument **places = ARENA_ARRAY(checker->arena, const Argument *, count + 1);
  uint32_t i = 0;
  for (const Parameter *p = item->parameters; p != NULL; p = p->next) names[i++] = p->name.text;
  const Argument *arguments = call->kind == EXPR_CALL ? call->arguments : NULL;
  if (!place_arguments(checker, "argument", item->name.text, names, count, arguments, places))
    return false;
  bool is_right = true;
  i = 0;
  for (const Parameter *p = item->parameters; p != NULL; p = p->next, i++) {
    const Expr *value = places[i] != NULL ? places[i]->value : p->fallback;
    if (value == NULL) {
      Message *m = error_at(checker->diagnostics, ERROR_MISSING_FIELD, call->at, "'%s' needs '%s'",
                            item->name.text, p->name.text);
      note_at(m, p->at, "its parameter");
      return false;
    }
    const Lowered meaning = lower_value(checker, evaluate(&checker->evaluation, value), value);
    bindings[i] = (Binding){p->name, meaning, false};
    is_right = is_right && meaning.scalar != NULL;
  }
  return is_right;
}

/* Parameters whose value is not known, when a definition is checked on its own: any number will do.
 */
static void assume_parameters(const Checker *checker, const Item *item, Binding *bindings) {
  uint32_t i = 0;
  for (const Parameter *p = item->parameters; p != NULL; p = p->next, i++) {
    bindings[i] = (Binding){p->name, argument_scalar(checker, 2 + i, p->name.at), false};
    bindings[i].meaning.is_any = true;
  }
}

/* Each name of a pattern's head must stand for one thing, since the body could not say which it
 * means. */
static bool check_names(const Checker *checker, const Binding *bindings, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    for (uint32_t before = 0; before < i; before++) {
      if (bindings[i].name.text != bindings[before].name.text) continue;
      Message *m = error_at(checker->diagnostics, ERROR_DEFINED_TWICE, bindings[i].name.at,
                            "'%s' is defined twice", bindings[i].name.text);
      note_at(m, bindings[before].name.at, "first defined here");
      return false;
    }
  }
  return true;
}

static void warn_of_unused_bindings(const Checker *checker, const Body *body) {
  for (uint32_t i = 0; i < body->binding_count; i++) {
    if (body->bindings[i].is_used) continue;
    warning_at(checker->diagnostics, ERROR_UNUSED_ARGUMENT, body->bindings[i].name.at,
               "'%s' is not used", body->bindings[i].name.text);
  }
}

/* The condition with `bindings` for the parameters and room for l and r behind them.
 * `is_definition`: its names are checked, too. */
static Lowered lower_condition(const Checker *checker, const Item *item, Binding *bindings,
                               bool is_definition) {
  const uint32_t count = count_parameters(item);
  bindings[count] = (Binding){item->left, argument_scalar(checker, 0, item->left.at), false};
  bindings[count + 1] = (Binding){item->right, argument_scalar(checker, 1, item->right.at), false};
  if (is_definition && !check_names(checker, bindings, count + 2)) return poison;
  Definition definition = {.name = item->name};
  const Body body = {checker, bindings, count + 2, &definition};
  const Lowered lowered = lower(&body, item->value);
  if (lowered.scalar == NULL) return poison;
  if (!lowered.is_truth) {
    Message *m = error_at(checker->diagnostics, ERROR_BODY_KIND, item->value->at,
                          "the pattern '%s' must give a condition, not a number", item->name.text);
    help(m, "compare it with something, as in `... <= 2`");
    return poison;
  }
  if (is_definition) warn_of_unused_bindings(checker, &body);
  return lowered;
}

const OwnPattern *check_own_pattern(const Checker *checker, const Declaration *declaration,
                                    const Expr *call) {
  const Item *item = declaration->item;
  const uint32_t count = count_parameters(item);
  Binding *bindings = ARENA_ARRAY(checker->arena, Binding, count + 2);
  if (!bind_parameters(checker, item, call, bindings)) return NULL;
  /* A body that is wrong was reported where it is defined. */
  if (declaration->state == DECLARATION_DONE && !declaration->is_sound) return NULL;
  const Lowered lowered = lower_condition(checker, item, bindings, false);
  if (lowered.scalar == NULL) return NULL;
  if (lowered.scalar->op == SCALAR_CONSTANT && lowered.scalar->constant.numerator == 0) {
    Message *m = error_at(checker->diagnostics, ERROR_NO_EDGES, call->at, "'%s' joins no neurons",
                          item->name.text);
    note_at(m, item->value->at, "false for every pair");
    return NULL;
  }
  OwnPattern *pattern = ARENA_NEW(checker->arena, OwnPattern);
  *pattern = (OwnPattern){declaration->name, lowered.scalar, lowered.size};
  return pattern;
}

void check_definitions(const Checker *checker) {
  for (uint32_t i = 0; i < checker->scope->count; i++) {
    Declaration *declaration = &checker->scope->declarations[i];
    if (declaration->item->kind == ITEM_ACTIVATION) check_activation(checker, declaration);
    if (declaration->item->kind != ITEM_PATTERN) continue;
    Binding *bindings =
        ARENA_ARRAY(checker->arena, Binding, count_parameters(declaration->item) + 2);
    assume_parameters(checker, declaration->item, bindings);
    declaration->is_sound =
        lower_condition(checker, declaration->item, bindings, true).scalar != NULL;
    declaration->state = DECLARATION_DONE;
  }
}
