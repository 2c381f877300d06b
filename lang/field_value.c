// SPDX-License-Identifier: MIT
// Kinds of field value, one reader each; a mistake is said in the words of field_kinds.def.
#include "lang/field_value.h"

#include <math.h>
#include <string.h>

static void report_kind(const Checker *checker, const char *name, const char *expected,
                        const Expr *expr, const char *found) {
  error_at(checker->diagnostics, ERROR_WRONG_KIND, expr->at, "%s must be %s, not %s", name,
           expected, found);
}

static bool is_number(Value value) {
  return value.kind == VALUE_EXACT || value.kind == VALUE_REAL;
}

/* Whether the value is a number of the dimension; `expected` says what should stand at `expr`. */
static bool check_number(const Checker *checker, const char *what, const char *expected,
                         const Expr *expr, Value value, Dimension dimension) {
  if (value.kind == VALUE_POISON) return false;
  if (!is_number(value)) {
    report_kind(checker, what, expected, expr, value_text(value, checker->arena));
    return false;
  }
  if (dimension_equal(value.dimension, dimension)) return true;
  report_kind(checker, what, expected, expr, dimension_noun(value.dimension));
  return false;
}

static void report_range(const Checker *checker, const char *what, const Expr *expr, Value value,
                         Range range) {
  error_at(checker->diagnostics, ERROR_OUT_OF_RANGE, expr->at, "%s must be %s, but is %s", what,
           range_text(range, checker->arena), value_text(value, checker->arena));
}

/* A double as the rational it is; false where it needs more than 64 bits. */
static bool exact_real(double real, Rational *exact) {
  int64_t denominator = 1;
  while (real != floor(real) && denominator < INT64_MAX / 2) {
    real *= 2;
    denominator *= 2;
  }
  if (real != floor(real) || fabs(real) > 0x1p62) return false;
  return rational_make((int64_t)real, denominator, exact);
}

static void report_fraction(const Checker *checker, const char *what, const Expr *expr,
                            Value value) {
  Message *m =
      error_at(checker->diagnostics, ERROR_FRACTIONAL_COUNT, expr->at,
               "%s must be a whole number, but is %s", what, value_text(value, checker->arena));
  help(m, "floor(...), ceil(...) and round(...) make it whole");
}

static bool check_whole(const Checker *checker, const char *what, const char *expected,
                        const Expr *expr, Value value, Dimension dimension, Range range,
                        uint64_t *whole) {
  if (!check_number(checker, what, expected, expr, value, dimension)) return false;
  Rational exact = value.exact;
  if (value.kind == VALUE_REAL && !exact_real(value.real, &exact)) {
    if (fabs(value.real) > 0x1p62) {
      report_range(checker, what, expr, value, range);
      return false;
    }
    exact = (Rational){1, 2};
  }
  if (!rational_is_integer(exact)) {
    report_fraction(checker, what, expr, value);
    return false;
  }
  if (exact.numerator < 0 || !range_holds(&range, (double)exact.numerator)) {
    report_range(checker, what, expr, value, range);
    return false;
  }
  *whole = (uint64_t)exact.numerator;
  return true;
}

bool read_whole(const Checker *checker, const char *what, const Expr *expr, Range range,
                uint64_t *whole) {
  const Dimension none = {0, 0};
  const Value value = evaluate(&checker->evaluation, expr);
  return check_whole(checker, what, "a whole number", expr, value, none, range, whole);
}

static bool read_real(const Checker *checker, const FieldFacts *facts, const char *what,
                      Dimension dimension, FieldValue *field) {
  const Value value = evaluate(&checker->evaluation, field->expr);
  if (!check_number(checker, what, field_kind_expected(facts->kind), field->expr, value,
                    dimension)) {
    return false;
  }
  if (!range_holds(&facts->range, value_number(value))) {
    report_range(checker, what, field->expr, value, facts->range);
    return false;
  }
  field->number = value_number(value);
  field->exact = value.exact;
  field->is_exact = value.kind == VALUE_EXACT || exact_real(value.real, &field->exact);
  return true;
}

static bool read_memory(const Checker *checker, const FieldFacts *facts, const char *what,
                        FieldValue *field) {
  const Dimension bits = {0, 1};
  const Value value = evaluate(&checker->evaluation, field->expr);
  if (!check_whole(checker, what, field_kind_expected(facts->kind), field->expr, value, bits,
                   facts->range, &field->whole)) {
    return false;
  }
  field->number = (double)field->whole;
  return true;
}

static bool read_flag(const Checker *checker, const FieldFacts *facts, const char *what,
                      FieldValue *field) {
  const Value value = evaluate(&checker->evaluation, field->expr);
  field->flag = value.truth;
  if (value.kind == VALUE_TRUTH) return true;
  if (value.kind != VALUE_POISON) {
    report_kind(checker, what, field_kind_expected(facts->kind), field->expr,
                value_text(value, checker->arena));
  }
  return false;
}

/* idx(mnist): a name that nothing defines was meant as a text. */
static bool report_unquoted(const Checker *checker, const FieldFacts *facts, const char *what,
                            const Expr *expr) {
  if (expr->kind != EXPR_NAME || scope_find(checker->scope, expr->name.text) != NULL) return false;
  Message *m =
      error_at(checker->diagnostics, ERROR_WRONG_KIND, expr->at, "%s must be %s, not the name '%s'",
               what, field_kind_expected(facts->kind), expr->name.text);
  help(m, "write \"%s\"", expr->name.text);
  fix(m, expr->at, arena_print(checker->arena, "\"%s\"", expr->name.text));
  return true;
}

static bool read_text(const Checker *checker, const FieldFacts *facts, const char *what,
                      FieldValue *field) {
  if (report_unquoted(checker, facts, what, field->expr)) return false;
  const Value value = evaluate(&checker->evaluation, field->expr);
  if (value.kind == VALUE_POISON) return false;
  if (value.kind == VALUE_TEXT) {
    field->text = value.text;
    return true;
  }
  if (facts->kind == FIELD_KIND_COLUMN && is_number(value)) {
    const Range range = {0, 16777216, false, false};
    return read_whole(checker, what, field->expr, range, &field->whole);
  }
  report_kind(checker, what, field_kind_expected(facts->kind), field->expr,
              value_text(value, checker->arena));
  return false;
}

/* One whole number or a list of them: z, window sizes. */
static bool read_sizes(const Checker *checker, const FieldFacts *facts, const char *what,
                       uint32_t limit, FieldValue *field) {
  const char *expected = field_kind_expected(facts->kind);
  const Value value = evaluate(&checker->evaluation, field->expr);
  const bool is_list = value.kind == VALUE_LIST;
  const uint32_t count = is_list ? value.count : 1;
  if (count == 0 || count > limit) {
    report_kind(checker, what, expected, field->expr,
                arena_print(checker->arena, "a list of %u", count));
    return false;
  }
  uint32_t *sizes = ARENA_ARRAY(checker->arena, uint32_t, count);
  Span *places = ARENA_ARRAY(checker->arena, Span, count);
  /* A list that is written here has a place for each element; one behind a name has one for all. */
  const Expr *element = field->expr->kind == EXPR_LIST ? field->expr->elements : NULL;
  const Dimension none = {0, 0};
  for (uint32_t i = 0; i < count; i++) {
    const Expr *expr = element != NULL ? element : field->expr;
    uint64_t whole = 0;
    const Value item = is_list ? value.items[i] : value;
    if (!check_whole(checker, what, expected, expr, item, none, facts->range, &whole)) return false;
    sizes[i] = (uint32_t)whole;
    places[i] = expr->at;
    if (element != NULL) element = element->next;
  }
  field->sizes = sizes;
  field->sizes_at = places;
  field->size_count = count;
  return true;
}

static bool read_parallelism(const Checker *checker, const FieldFacts *facts, const char *what,
                             FieldValue *field) {
  const Expr *expr = field->expr;
  if (expr->kind == EXPR_NAME && scope_find(checker->scope, expr->name.text) == NULL) {
    report_kind(checker, what, field_kind_expected(facts->kind), expr,
                arena_print(checker->arena, "'%s'", expr->name.text));
    return false;
  }
  return read_sizes(checker, facts, what, 1000, field);
}

/* A plain number; step(...) and cosine(...) are left to bind_form. */
static bool read_rate(const Checker *checker, const FieldFacts *facts, const char *what,
                      FieldValue *field) {
  const Expr *expr = field->expr;
  const bool is_name = expr->kind == EXPR_NAME;
  const bool is_call = expr->kind == EXPR_CALL;
  if (is_call && find_function(expr->name.text) == FUNCTION_COUNT) return true;
  if (is_name && find_form(FAMILY_RATE, expr->name.text) != FORM_COUNT) return true;
  const Dimension none = {0, 0};
  return read_real(checker, facts, what, none, field);
}

static bool read_kind(const Checker *checker, const FieldFacts *facts, const char *what,
                      FieldValue *field) {
  const Dimension none = {0, 0};
  const Dimension per_second = {-1, 0};
  switch (facts->kind) {
  case FIELD_KIND_WHOLE: return read_whole(checker, what, field->expr, facts->range, &field->whole);
  case FIELD_KIND_REAL: return read_real(checker, facts, what, none, field);
  case FIELD_KIND_FREQUENCY: return read_real(checker, facts, what, per_second, field);
  case FIELD_KIND_MEMORY: return read_memory(checker, facts, what, field);
  case FIELD_KIND_FLAG: return read_flag(checker, facts, what, field);
  case FIELD_KIND_TEXT:
  case FIELD_KIND_COLUMN: return read_text(checker, facts, what, field);
  case FIELD_KIND_SIZES: return read_sizes(checker, facts, what, 3, field);
  case FIELD_KIND_PARALLELISM: return read_parallelism(checker, facts, what, field);
  case FIELD_KIND_RATE: return read_rate(checker, facts, what, field);
  case FIELD_KIND_NUMBER:
  case FIELD_KIND_ROUNDING:
  case FIELD_KIND_DATA:
  case FIELD_KIND_SPLIT:
  case FIELD_KIND_LOSS:
  case FIELD_KIND_OPTIMIZER:
  case FIELD_KIND_INIT:
  case FIELD_KIND_ORDER:
  case FIELD_KIND_COUNT: return true;
  }
  return true;
}

/* `clock = none`: the name of the default stands for it, unless the file defines that name. */
static bool names_default(const Checker *checker, const FieldFacts *facts, const Expr *expr) {
  return facts->fallback != NULL && expr->kind == EXPR_NAME &&
         strcmp(expr->name.text, facts->fallback) == 0 &&
         scope_find(checker->scope, expr->name.text) == NULL && facts->kind != FIELD_KIND_FLAG;
}

void read_field(const Checker *checker, const FieldFacts *facts, FieldValue *field) {
  if (field->expr == NULL || field->expr->kind == EXPR_POISON) {
    field->is_poisoned = true;
    return;
  }
  if (names_default(checker, facts, field->expr)) {
    field->is_absent = true;
    return;
  }
  const char *what = arena_print(checker->arena, "'%s'", facts->name);
  field->is_poisoned = !read_kind(checker, facts, what, field);
}
