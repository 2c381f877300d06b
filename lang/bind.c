// SPDX-License-Identifier: MIT
// Matching of arguments and settings with the fields of their form, and their defaults.
#include "lang/bind.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lang/field_value.h"

const FieldValue *bound_field(const Bound *bound, Field field) {
  const Field first = first_field(bound->form);
  assert(field >= first && field < first + field_count(bound->form));
  return &bound->fields[field - first];
}

Given bound_given(const Bound *bound, Field field) {
  const FieldValue *value = bound_field(bound, field);
  if (!value->is_given) return (Given){false, bound->at};
  return (Given){true, value->expr != NULL ? value->expr->at : value->at};
}

/* ---- names and places ---- */

/* "fanout, fanin and density", in the arena. */
static const char *listed(const Checker *checker, const char *const *names, uint32_t count) {
  const char *text = count > 0 ? names[0] : "";
  for (uint32_t i = 1; i < count; i++) {
    text = arena_print(checker->arena, "%s%s%s", text, i + 1 == count ? " and " : ", ", names[i]);
  }
  return text;
}

static void report_unknown_place(const Checker *checker, const char *what, const char *owner,
                                 const char *const *names, uint32_t count, Name name) {
  Message *m = error_at(checker->diagnostics, ERROR_UNKNOWN_FIELD, name.at,
                        "unknown %s '%s' of '%s'", what, name.text, owner);
  Suggestion suggestion = suggestion_for(name.text);
  for (uint32_t i = 0; i < count; i++) suggest(&suggestion, names[i]);
  if (suggestion.best != NULL) {
    help(m, "did you mean '%s'?", suggestion.best);
    fix(m, name.at, suggestion.best);
    return;
  }
  if (count > 0) help(m, "'%s' has the %ss %s", owner, what, listed(checker, names, count));
}

static void report_too_many(const Checker *checker, const char *owner, const char *const *names,
                            uint32_t count, Span at) {
  Diagnostics *d = checker->diagnostics;
  if (count == 0) {
    error_at(d, ERROR_TOO_MANY_ARGUMENTS, at, "'%s' takes no arguments", owner);
    return;
  }
  Message *m = error_at(d, ERROR_TOO_MANY_ARGUMENTS, at, "'%s' takes at most %u argument%s", owner,
                        count, count == 1 ? "" : "s");
  help(m, "they are %s", listed(checker, names, count));
}

static uint32_t find_place(const char *const *names, uint32_t count, const char *name) {
  uint32_t place = 0;
  while (place < count && strcmp(names[place], name) != 0) place++;
  return place;
}

bool place_arguments(const Checker *checker, const char *what, const char *owner,
                     const char *const *names, uint32_t count, const Argument *arguments,
                     const Argument **places) {
  const uint32_t errors = error_count(checker->diagnostics);
  uint32_t next = 0;
  for (const Argument *argument = arguments; argument != NULL; argument = argument->next) {
    const bool is_named = argument->name.text != NULL;
    const uint32_t place = is_named ? find_place(names, count, argument->name.text) : next++;
    if (place >= count && is_named) {
      report_unknown_place(checker, what, owner, names, count, argument->name);
      continue;
    }
    if (place >= count) {
      report_too_many(checker, owner, names, count, argument->at);
      break;
    }
    if (places[place] == NULL) {
      places[place] = argument;
      continue;
    }
    Message *m = error_at(checker->diagnostics, ERROR_GIVEN_TWICE, argument->at,
                          "'%s' is given twice", names[place]);
    note_at(m, places[place]->at, "first given here");
  }
  return error_count(checker->diagnostics) == errors;
}

/* ---- defaults ---- */

/* A default that is a number, "1/16" or "0.9" or "1e-8", and nothing else. */
static bool read_fallback_number(const char *text, FieldValue *value) {
  char *rest = NULL;
  double number = strtod(text, &rest);
  if (rest == text) return false;
  if (*rest == '/') number /= strtod(rest + 1, &rest);
  if (*rest != '\0') return false;
  value->number = number;
  value->whole = (uint64_t)number;
  return true;
}

static void take_fallback(const Checker *checker, const FieldFacts *facts, FieldValue *value) {
  static const uint32_t one = 1;
  value->is_absent = true;
  value->flag = strcmp(facts->fallback, "true") == 0;
  if (!read_fallback_number(facts->fallback, value)) return;
  if (facts->kind == FIELD_KIND_SIZES) {
    value->size_count = 1;
    value->sizes = &one;
    value->sizes_at = &value->at;
  }
  const bool is_seed = strcmp(facts->name, "seed") == 0;
  if (is_seed && checker->options->has_seed) value->whole = checker->options->seed;
}

static void report_missing(const Checker *checker, const Bound *bound, const FieldFacts *facts) {
  Message *m = error_at(checker->diagnostics, ERROR_MISSING_FIELD, bound->at, "'%s' needs '%s'",
                        form_name(bound->form), facts->name);
  help(m, "'%s' is %s: %s", facts->name, field_kind_expected(facts->kind), facts->help);
}

/* ---- forms ---- */

static void bind_fields(const Checker *checker, Form form, Span at, const Argument *arguments,
                        Bound *bound) {
  const char *names[FIELDS_PER_FORM] = {0};
  const Argument *places[FIELDS_PER_FORM] = {0};
  const Field first = first_field(form);
  const uint32_t count = field_count(form);
  for (uint32_t i = 0; i < count; i++) names[i] = field_facts((Field)(first + i))->name;
  *bound = (Bound){.form = form, .at = at};
  const char *what = form_family(form) == FAMILY_BLOCK ? "setting" : "argument";
  const bool is_placed =
      place_arguments(checker, what, form_name(form), names, count, arguments, places);
  for (uint32_t i = 0; i < count; i++) {
    const FieldFacts *facts = field_facts((Field)(first + i));
    FieldValue *value = &bound->fields[i];
    value->at = at;
    if (places[i] != NULL) {
      value->is_given = true;
      value->at = places[i]->at;
      value->expr = places[i]->value;
      read_field(checker, facts, value);
    } else if (facts->fallback != NULL) {
      take_fallback(checker, facts, value);
    } else {
      /* An argument that could not be placed may have been meant for this one. */
      if (is_placed) report_missing(checker, bound, facts);
      value->is_poisoned = true;
    }
  }
}

static void report_unknown_form(const Checker *checker, Family family, Name name) {
  Message *m = error_at(checker->diagnostics, ERROR_UNKNOWN_FORM, name.at, "unknown %s '%s'",
                        family_noun(family), name.text);
  Suggestion suggestion = suggestion_for(name.text);
  const char *names[FORM_COUNT];
  uint32_t count = 0;
  for (uint32_t i = 0; i < FORM_COUNT; i++) {
    if (form_family((Form)i) != family) continue;
    names[count++] = form_name((Form)i);
    suggest(&suggestion, names[count - 1]);
  }
  if (suggestion.best != NULL) {
    help(m, "did you mean '%s'?", suggestion.best);
    fix(m, name.at, suggestion.best);
    return;
  }
  help(m, "there %s %s", count == 1 ? "is" : "are", listed(checker, names, count));
}

Form bind_form(const Checker *checker, Family family, const char *what, const char *expected,
               const Expr *expr, Bound *bound) {
  if (expr == NULL || expr->kind == EXPR_POISON) return FORM_COUNT;
  if (expr->kind != EXPR_NAME && expr->kind != EXPR_CALL) {
    error_at(checker->diagnostics, ERROR_WRONG_KIND, expr->at, "%s must be %s, not %s", what,
             expected, expr_noun(expr));
    return FORM_COUNT;
  }
  const Form form = find_form(family, expr->name.text);
  if (form == FORM_COUNT) {
    report_unknown_form(checker, family, expr->name);
    return FORM_COUNT;
  }
  bind_fields(checker, form, expr->at, expr->kind == EXPR_CALL ? expr->arguments : NULL, bound);
  return form;
}

void bind_block(const Checker *checker, Form form, const Item *item, Bound *bound) {
  Argument *first = NULL;
  Argument **end = &first;
  for (const Statement *s = item != NULL ? item->statements : NULL; s != NULL; s = s->next) {
    if (s->kind != STATEMENT_SETTING) {
      Message *m = error_at(checker->diagnostics, ERROR_MISPLACED, s->at, "%s in a %s block",
                            s->kind == STATEMENT_LAYERS ? "layers" : "a junction", form_name(form));
      help(m, "layers and junctions stand in a network");
      continue;
    }
    *end = ARENA_NEW(checker->arena, Argument);
    **end = (Argument){.at = s->at, .name = s->setting, .value = s->value};
    end = &(*end)->next;
  }
  const Span nowhere = {0};
  bind_fields(checker, form, item != NULL ? item->keyword_at : nowhere, first, bound);
}

Form bind_setting(const Checker *checker, const Bound *block, Field field, Family family,
                  Bound *bound) {
  const FieldFacts *facts = field_facts(field);
  const FieldValue *value = bound_field(block, field);
  if (value->is_poisoned) return FORM_COUNT;
  if (!value->is_absent) {
    const char *what = arena_print(checker->arena, "'%s'", facts->name);
    return bind_form(checker, family, what, field_kind_expected(facts->kind), value->expr, bound);
  }
  const size_t length = strcspn(facts->fallback, "(");
  const Form form = find_form(family, arena_copy(checker->arena, facts->fallback, length));
  assert(form != FORM_COUNT);
  bind_fields(checker, form, block->at, NULL, bound);
  return form;
}
