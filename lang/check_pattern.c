// SPDX-License-Identifier: MIT
// What each pattern promises must come out whole: degrees, banks, windows.
//
// Neurons are counted with their padding here, as the hardware has them; only windows look at the
// shape, which the padding is no part of.
#include "lang/check_pattern.h"

#include <math.h>
#include <string.h>

#include "lang/check_scalar.h"
#include "lang/degrees.h"

/* A pattern between two layers, while it is checked. */
typedef struct Fitting {
  const Checker *checker;
  const PatternUse *use;
  const NetworkLayer *left, *right;
  uint32_t p, n;
  Pattern *pattern;
} Fitting;

static Declaration *find_own(const Checker *checker, const Expr *expr) {
  if (expr->kind != EXPR_NAME && expr->kind != EXPR_CALL) return NULL;
  Declaration *declaration = scope_find(checker->scope, expr->name.text);
  return declaration != NULL && declaration->item->kind == ITEM_PATTERN ? declaration : NULL;
}

/* clasfree(...): an own pattern may be what was meant, too. */
static bool report_misspelt_own(const Checker *checker, const Expr *expr) {
  if (expr->kind != EXPR_NAME && expr->kind != EXPR_CALL) return false;
  if (find_form(FAMILY_PATTERN, expr->name.text) != FORM_COUNT) return false;
  Suggestion suggestion = suggestion_for(expr->name.text);
#define PATTERN(id, name, help) suggest(&suggestion, name);
#include "lang/patterns.def"
#undef PATTERN
  const char *built_in = suggestion.best;
  for (uint32_t i = 0; i < checker->scope->count; i++) {
    const Declaration *declaration = &checker->scope->declarations[i];
    if (declaration->item->kind == ITEM_PATTERN) suggest(&suggestion, declaration->name.text);
  }
  if (suggestion.best == built_in) return false;
  Message *m = error_at(checker->diagnostics, ERROR_UNKNOWN_FORM, expr->name.at,
                        "unknown pattern '%s'", expr->name.text);
  help(m, "did you mean '%s'?", suggestion.best);
  fix(m, expr->name.at, suggestion.best);
  return true;
}

static bool is_bound_whole(const Bound *bound) {
  for (uint32_t i = 0; i < field_count(bound->form); i++) {
    if (bound->fields[i].is_poisoned) return false;
  }
  return true;
}

bool read_pattern(const Checker *checker, const Expr *expr, PatternUse *use) {
  *use = (PatternUse){.expr = expr, .form = FORM_COUNT};
  if (expr == NULL || expr->kind == EXPR_POISON) return false;
  Declaration *own = find_own(checker, expr);
  if (own != NULL) {
    own->is_used = true;
    use->own = check_own_pattern(checker, own, expr);
    return use->own != NULL;
  }
  if (report_misspelt_own(checker, expr)) return false;
  const uint32_t errors = error_count(checker->diagnostics);
  use->form = bind_form(checker, FAMILY_PATTERN, "a connection", "a pattern, as in dense()", expr,
                        &use->bound);
  if (use->form == FORM_COUNT || error_count(checker->diagnostics) != errors) return false;
  return is_bound_whole(&use->bound);
}

/* ---- degrees ---- */

static bool check_edge_count(const Fitting *f, double edges, Span at) {
  if (edges <= (double)PATTERN_EDGE_LIMIT) return true;
  Message *m =
      error_at(f->checker->diagnostics, ERROR_TOO_MANY_EDGES, at,
               "%.0f edges between '%s' and '%s'", edges, f->left->name.text, f->right->name.text);
  help(m, "a junction has at most %d", PATTERN_EDGE_LIMIT);
  return false;
}

static bool set_degrees(const Fitting *f, uint64_t edges, Span at) {
  if (!check_edge_count(f, (double)edges, at)) return false;
  f->pattern->edge_count = edges;
  f->pattern->fanout = (uint32_t)(edges / f->p);
  f->pattern->fanin = (uint32_t)(edges / f->n);
  f->pattern->degree_at = at;
  return true;
}

/* "the nearest that do are 8 and 16", instead of `value`, for numbers that are multiples of 1 /
 * denominator. */
static void help_nearest(const Fitting *f, Message *m, const FieldValue *value, Neighbours near,
                         uint64_t denominator) {
  const char *texts[2] = {NULL, NULL};
  uint32_t count = 0;
  const uint64_t numbers[2] = {near.below, near.above};
  for (int i = 0; i < 2; i++) {
    if (numbers[i] == 0) continue;
    const uint64_t common = greatest_common_divisor(numbers[i], denominator);
    const unsigned long long top = numbers[i] / common;
    const unsigned long long bottom = denominator / common;
    texts[count++] = bottom == 1 ? arena_print(f->checker->arena, "%llu", top)
                                 : arena_print(f->checker->arena, "%llu/%llu", top, bottom);
  }
  for (uint32_t i = 0; value->expr != NULL && i < count; i++) fix(m, value->expr->at, texts[i]);
  if (count == 1) help(m, "the nearest that does is %s", texts[0]);
  if (count == 2) help(m, "the nearest that do are %s and %s", texts[0], texts[1]);
}

/* fanout: `degree` edges at each of `many` neurons, to be shared equally by the `others`. */
static bool fit_degree(const Fitting *f, const char *name, const FieldValue *value, uint32_t many,
                       const NetworkLayer *others_layer, uint32_t others) {
  const uint64_t degree = value->whole;
  Diagnostics *d = f->checker->diagnostics;
  const uint64_t step = others / greatest_common_divisor(many, others);
  if (degree > others) {
    Message *m = error_at(d, ERROR_DEGREE, value->at, "%s %llu is more than the %u neurons of '%s'",
                          name, (unsigned long long)degree, others, others_layer->name.text);
    help(m, "the largest that does is %u", others);
    if (value->expr != NULL) fix(m, value->expr->at, arena_print(f->checker->arena, "%u", others));
    return false;
  }
  if (degree % step == 0) return set_degrees(f, degree * many, value->at);
  Message *m =
      error_at(d, ERROR_DEGREE, value->at,
               "%s %llu gives %llu edges, which the %u neurons of '%s' cannot share equally", name,
               (unsigned long long)degree, (unsigned long long)(degree * many), others,
               others_layer->name.text);
  help_nearest(f, m, value, multiples_near(step, others, rational_integer((int64_t)degree)), 1);
  return false;
}

/* A density as a person would write it: 1/5, or rounded where that gets long. */
static const char *density_text(const Fitting *f, const FieldValue *value) {
  if (!value->is_exact || value->exact.denominator > 10000) {
    return arena_print(f->checker->arena, "%.6g", value->number);
  }
  return arena_print(f->checker->arena, "%lld/%lld", (long long)value->exact.numerator,
                     (long long)value->exact.denominator);
}

/* A density is k / gcd(p, n), k = 1 .. gcd(p, n). */
static bool fit_density(const Fitting *f, const FieldValue *value) {
  const uint64_t steps = greatest_common_divisor(f->p, f->n);
  Rational count = {0, 1};
  const bool is_exact =
      value->is_exact && rational_multiply(value->exact, rational_integer((int64_t)steps), &count);
  if (is_exact && rational_is_integer(count)) {
    return set_degrees(f, (uint64_t)count.numerator * (f->p / steps) * f->n, value->at);
  }
  if (!is_exact) {
    count =
        (Rational){(int64_t)(value->number * (double)steps * 2) | 1, 2}; /* between two that do */
  }
  Message *m = error_at(f->checker->diagnostics, ERROR_DEGREE, value->at,
                        "density %s gives no whole degrees between %u and %u neurons",
                        density_text(f, value), f->p, f->n);
  help_nearest(f, m, value, multiples_near(1, steps, count), steps);
  return false;
}

/* Exactly one of three fields, whose order is fanout, fanin, density. */
static bool fit_regular(const Fitting *f, Field fanout, Field fanin, Field density) {
  const FieldValue *values[3] = {bound_field(&f->use->bound, fanout),
                                 bound_field(&f->use->bound, fanin),
                                 bound_field(&f->use->bound, density)};
  const FieldValue *chosen = NULL;
  Diagnostics *d = f->checker->diagnostics;
  for (int i = 0; i < 3; i++) {
    if (values[i]->is_absent) continue;
    if (chosen == NULL) {
      chosen = values[i];
      continue;
    }
    Message *m = error_at(d, ERROR_DEGREE_CHOICE, values[i]->at,
                          "only one of fanout, fanin and density can be given");
    note_at(m, chosen->at, "given here");
    return false;
  }
  if (chosen == NULL) {
    Message *m = error_at(d, ERROR_DEGREE_CHOICE, f->use->expr->at,
                          "'%s' needs fanout, fanin or density", form_name(f->use->form));
    help(m, "fanout is the number of edges that leave each of the %u neurons of '%s'", f->p,
         f->left->name.text);
    return false;
  }
  if (chosen == values[0]) return fit_degree(f, "fanout", chosen, f->p, f->right, f->n);
  if (chosen == values[1]) return fit_degree(f, "fanin", chosen, f->n, f->left, f->p);
  return fit_density(f, chosen);
}

/* ---- one function a pattern ---- */

static void take_seed(const Fitting *f, Field field) {
  f->pattern->seed = bound_field(&f->use->bound, field)->whole;
  f->pattern->seed_given = bound_given(&f->use->bound, field);
}

static bool fit_dense(const Fitting *f) {
  const Span at = f->use->expr->at;
  if (!check_edge_count(f, (double)f->p * f->n, at)) return false;
  return set_degrees(f, (uint64_t)f->p * f->n, at);
}

static bool fit_random(const Fitting *f) {
  const FieldValue *density = bound_field(&f->use->bound, FIELD_PATTERN_RANDOM_DENSITY);
  take_seed(f, FIELD_PATTERN_RANDOM_SEED);
  const double edges = floor(density->number * f->p * f->n + 0.5);
  if (!check_edge_count(f, edges, density->at)) return false;
  if (edges < 1) {
    Message *m = error_at(f->checker->diagnostics, ERROR_NO_EDGES, density->at,
                          "density %s leaves not one edge between %u and %u neurons",
                          density_text(f, density), f->p, f->n);
    help(m, "one edge is a density of 1/%llu", (unsigned long long)f->p * f->n);
    return false;
  }
  f->pattern->edge_count = (uint64_t)edges;
  f->pattern->degree_at = density->at;
  return true;
}

static bool fit_structured(const Fitting *f) {
  take_seed(f, FIELD_PATTERN_STRUCTURED_SEED);
  return fit_regular(f, FIELD_PATTERN_STRUCTURED_FANOUT, FIELD_PATTERN_STRUCTURED_FANIN,
                     FIELD_PATTERN_STRUCTURED_DENSITY);
}

static bool fit_banks(const Fitting *f) {
  const FieldValue *banks = bound_field(&f->use->bound, FIELD_PATTERN_CLASHFREE_BANKS);
  if (banks->is_absent) {
    f->pattern->banks = largest_proper_divisor(f->p);
    return true;
  }
  f->pattern->banks = (uint32_t)banks->whole;
  if (f->p % f->pattern->banks == 0) return true;
  Message *m = error_at(f->checker->diagnostics, ERROR_BANKS, banks->at,
                        "banks must divide the %u neurons of '%s'", f->p, f->left->name.text);
  help_nearest(f, m, banks, divisors_near(f->p, f->pattern->banks), 1);
  return false;
}

static bool fit_clashfree(const Fitting *f) {
  const Bound *bound = &f->use->bound;
  take_seed(f, FIELD_PATTERN_CLASHFREE_SEED);
  f->pattern->type = (uint32_t)bound_field(bound, FIELD_PATTERN_CLASHFREE_TYPE)->whole;
  f->pattern->has_dither = bound_field(bound, FIELD_PATTERN_CLASHFREE_DITHER)->flag;
  if (!fit_regular(f, FIELD_PATTERN_CLASHFREE_FANOUT, FIELD_PATTERN_CLASHFREE_FANIN,
                   FIELD_PATTERN_CLASHFREE_DENSITY)) {
    return false;
  }
  return fit_banks(f);
}

/* Number of the size or stride along an axis: those given are for the last axes, one alone for all
 * of them. */
static uint32_t along_axis(const FieldValue *value, uint32_t axis, uint32_t axis_count,
                           uint32_t given, uint32_t otherwise) {
  const uint32_t first = axis_count - given;
  if (axis < first) return otherwise;
  return value->size_count == 1 ? value->sizes[0] : value->sizes[axis - first];
}

static bool check_window_axes(const Fitting *f, const FieldValue *size, const FieldValue *stride) {
  Diagnostics *d = f->checker->diagnostics;
  if (size->size_count > f->left->axis_count) {
    Message *m = error_at(d, ERROR_WINDOW, size->at, "a window of %u axes over '%s', which has one",
                          size->size_count, f->left->name.text);
    note_at(m, f->left->name.at, "its shape");
    return false;
  }
  if (stride->size_count == 1 || stride->size_count == size->size_count) return true;
  Message *m = error_at(d, ERROR_WINDOW, stride->at, "'stride' has %u numbers, but 'size' has %u",
                        stride->size_count, size->size_count);
  help(m, "give one number for all axes, or one for each axis of the window");
  return false;
}

static bool fit_axis(const Fitting *f, uint32_t axis, const FieldValue *size,
                     const FieldValue *stride) {
  Pattern *pattern = f->pattern;
  const uint32_t length = f->left->shape[axis];
  const uint32_t count = f->left->axis_count;
  const uint32_t window = along_axis(size, axis, count, size->size_count, length);
  const uint32_t step = along_axis(stride, axis, count, size->size_count, 1);
  if (window > length) {
    const char *what = count == 1 ? "neurons" : "neurons along that axis";
    error_at(f->checker->diagnostics, ERROR_WINDOW, size->at,
             "a window of %u does not fit in the %u %s of '%s'", window, length, what,
             f->left->name.text);
    return false;
  }
  pattern->window[axis] = window;
  pattern->stride[axis] = step;
  pattern->left_shape[axis] = length;
  pattern->windows[axis] = (length - window) / step + 1;
  return true;
}

/* The windows as a person would say them: "13 x 13 = 169", leaving out leading ones. */
static const char *windows_text(const Fitting *f, uint64_t total) {
  const Pattern *pattern = f->pattern;
  uint32_t first = 0;
  while (first + 1 < pattern->axis_count && pattern->windows[first] == 1) first++;
  if (first + 1 == pattern->axis_count)
    return arena_print(f->checker->arena, "%llu", (unsigned long long)total);
  const char *text = arena_print(f->checker->arena, "%u", pattern->windows[first]);
  for (uint32_t axis = first + 1; axis < pattern->axis_count; axis++) {
    text = arena_print(f->checker->arena, "%s x %u", text, pattern->windows[axis]);
  }
  return arena_print(f->checker->arena, "%s = %llu", text, (unsigned long long)total);
}

static void warn_of_unseen(const Fitting *f) {
  const Pattern *pattern = f->pattern;
  for (uint32_t axis = 0; axis < pattern->axis_count; axis++) {
    const uint32_t seen =
        (pattern->windows[axis] - 1) * pattern->stride[axis] + pattern->window[axis];
    if (seen == pattern->left_shape[axis]) continue;
    Message *m =
        warning_at(f->checker->diagnostics, ERROR_UNSEEN_NEURONS, f->use->expr->at,
                   "no window sees the last %u of %u neurons %s '%s'",
                   pattern->left_shape[axis] - seen, pattern->left_shape[axis],
                   pattern->axis_count == 1 ? "of" : "along an axis of", f->left->name.text);
    help(m, "windows of %u with stride %u end at %u", pattern->window[axis], pattern->stride[axis],
         seen);
    return;
  }
}

static bool fit_window(const Fitting *f) {
  const FieldValue *size = bound_field(&f->use->bound, FIELD_PATTERN_WINDOW_SIZE);
  const FieldValue *stride = bound_field(&f->use->bound, FIELD_PATTERN_WINDOW_STRIDE);
  Pattern *pattern = f->pattern;
  if (!check_window_axes(f, size, stride)) return false;
  pattern->axis_count = f->left->axis_count;
  uint64_t fanin = 1;
  uint64_t windows = 1;
  for (uint32_t axis = 0; axis < pattern->axis_count; axis++) {
    if (!fit_axis(f, axis, size, stride)) return false;
    fanin *= pattern->window[axis];
    windows *= pattern->windows[axis];
  }
  if (windows != f->n) {
    Message *m = error_at(f->checker->diagnostics, ERROR_WINDOW, f->use->expr->at,
                          "%s windows, but '%s' has %u neurons", windows_text(f, windows),
                          f->right->name.text, f->n);
    note_at(m, f->right->name.at, "it should have %llu", (unsigned long long)windows);
    return false;
  }
  if (!check_edge_count(f, (double)fanin * f->n, size->at)) return false;
  pattern->fanin = (uint32_t)fanin;
  pattern->edge_count = fanin * f->n;
  pattern->degree_at = size->at;
  warn_of_unseen(f);
  return true;
}

static bool fit_listed(const Fitting *f) {
  const FieldValue *file = bound_field(&f->use->bound, FIELD_PATTERN_EDGES_FILE);
  f->pattern->path = file->text;
  f->pattern->path_at = file->expr->at;
  return true;
}

static bool fit_own(const Fitting *f) {
  const double pairs = (double)f->p * f->n;
  f->pattern->own = f->use->own;
  if (pairs <= (double)PATTERN_PAIR_LIMIT) return true;
  Message *m =
      error_at(f->checker->diagnostics, ERROR_TOO_MANY_PAIRS, f->use->expr->at,
               "'%s' would be asked about %.0f pairs of neurons", f->use->own->name.text, pairs);
  help(m, "own patterns are for at most %d pairs", PATTERN_PAIR_LIMIT);
  return false;
}

bool fit_pattern(const Checker *checker, const PatternUse *use, const NetworkLayer *left,
                 const NetworkLayer *right, Pattern *pattern) {
  *pattern = (Pattern){.kind = PATTERN_OWN, .at = use->expr->at, .degree_at = use->expr->at};
  const Fitting f = {checker, use, left, right, left->neuron_count, right->neuron_count, pattern};
  if (use->own != NULL) return fit_own(&f);
  pattern->kind = (PatternKind)(use->form - FORM_PATTERN_DENSE);
  switch (pattern->kind) {
  case PATTERN_DENSE: return fit_dense(&f);
  case PATTERN_RANDOM: return fit_random(&f);
  case PATTERN_STRUCTURED: return fit_structured(&f);
  case PATTERN_CLASHFREE: return fit_clashfree(&f);
  case PATTERN_WINDOW: return fit_window(&f);
  case PATTERN_EDGES: return fit_listed(&f);
  case PATTERN_OWN: break;
  }
  return false; /* own ones were taken above */
}
