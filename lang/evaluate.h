// SPDX-License-Identifier: MIT
// From expressions to values: exact rationals as long as possible, with dimensions.
#ifndef SEDGE_LANG_EVALUATE_H
#define SEDGE_LANG_EVALUATE_H

#include <stdbool.h>

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/unit.h"

typedef enum ValueKind {
  VALUE_POISON, /* an error was reported: stay silent */
  VALUE_EXACT,  /* a rational */
  VALUE_REAL,   /* a double, finite: what sqrt, log2, exp and fractional powers give */
  VALUE_TRUTH,
  VALUE_TEXT,
  VALUE_LIST,
} ValueKind;

typedef struct Value {
  ValueKind kind;
  Dimension dimension; /* EXACT, REAL */
  Rational exact;
  double real;
  bool truth;
  const char *text;
  uint32_t count; /* LIST */
  const struct Value *items;
} Value;

/* What a name stands for: looked up by the caller. Reports an unknown name itself (with "did you
 * mean") and returns poison. */
typedef Value (*LookUp)(void *context, const Expr *name);

typedef struct Evaluation {
  Diagnostics *diagnostics;
  Arena *arena;
  LookUp look_up;
  void *context;
} Evaluation;

/* The value of an expression. A mistake in it gives one error and VALUE_POISON.  true and false are
 * truths unless look_up knows them; they are not names of the file. */
Value evaluate(const Evaluation *evaluation, const Expr *expr);

/* EXACT or REAL as a double; 0 otherwise. */
double value_number(Value value);

/* What messages call a value: "the text \"x\"", "3/2", "true", "15000000 Hz" ... in the arena. */
const char *value_text(Value value, Arena *arena);

/* The built-in functions, for scalars too. */
typedef enum FunctionId {
#define FUNCTION(id, name, least, most, scalar, help) FUNCTION_##id,
#include "lang/functions.def"
#undef FUNCTION
  FUNCTION_COUNT
} FunctionId;

/* The function of that name, or FUNCTION_COUNT. */
FunctionId find_function(const char *name);
void suggest_functions(Suggestion *suggestion);
const char *function_names(void); /* all of them, each after a space */
uint32_t
function_least(FunctionId function); /* fewest and most arguments; UINT32_MAX: any number */
uint32_t function_most(FunctionId function);
ScalarOp function_scalar(FunctionId function);

#endif
