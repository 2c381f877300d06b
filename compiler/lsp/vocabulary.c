// SPDX-License-Identifier: MIT
// Explanations of settings, forms, activations, functions and units, expanded from the language's
// tables.
#include "compiler/lsp/vocabulary.h"

#include <stdint.h>
#include <string.h>

#include "lang/evaluate.h"

typedef struct Explained {
  const char *name, *help;
} Explained;

static const KeywordFacts keywords[] = {
#define KEYWORD(token, text, place, help) {text, KEYWORD_##place, help},
#include "lang/keywords.def"
#undef KEYWORD
};

static const Explained activations[] = {
#define ACTIVATION(id, name, help) {name, help},
#include "lang/activations.def"
#undef ACTIVATION
};

static const Explained functions[] = {
#define FUNCTION(id, name, least, most, scalar, help) {name, help},
#include "lang/functions.def"
#undef FUNCTION
};

typedef struct UnitFacts {
  const char *name;
  long long numerator, denominator;
  int seconds, bits;
} UnitFacts;

static const UnitFacts units[] = {
#define UNIT(name, numerator, denominator, seconds, bits)                                          \
  {name, numerator, denominator, seconds, bits},
#include "lang/units.def"
#undef UNIT
};

static const char *describe_explained(const Explained *list, size_t count, const char *what,
                                      const char *name, Arena *arena) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(list[i].name, name) == 0)
      return arena_print(arena, "%s **%s**: %s", what, name, list[i].help);
  }
  return NULL;
}

const KeywordFacts *keyword_facts(uint32_t number) {
  return number < sizeof keywords / sizeof *keywords ? &keywords[number] : NULL;
}

const char *describe_keyword(const char *name, KeywordPlace place, Arena *arena) {
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
    if (keywords[i].place == place && strcmp(keywords[i].text, name) == 0)
      return arena_print(arena, "**%s**: %s", name, keywords[i].help);
  }
  return NULL;
}

const char *describe_activation(const char *name, Arena *arena) {
  return describe_explained(activations, sizeof activations / sizeof *activations, "activation",
                            name, arena);
}

const char *describe_function(const char *name, Arena *arena) {
  return describe_explained(functions, sizeof functions / sizeof *functions, "function", name,
                            arena);
}

const char *describe_unit(const char *name, Arena *arena) {
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    const UnitFacts *unit = &units[i];
    if (strcmp(unit->name, name) != 0) continue;
    const char *base = unit->bits ? "bit" : unit->seconds < 0 ? "Hz" : "s";
    const char *below =
        unit->denominator == 1 ? "" : arena_print(arena, "/%lld", unit->denominator);
    return arena_print(arena, "unit **%s** = %lld%s %s", name, unit->numerator, below, base);
  }
  return NULL;
}

const char *describe_field(Field field, Arena *arena) {
  if (field == FIELD_COUNT) return NULL;
  const FieldFacts *facts = field_facts(field);
  const char *fallback =
      facts->fallback ? arena_print(arena, "by default `%s`", facts->fallback) : "must be given";
  return arena_print(arena, "**%s** of `%s`: %s\n\n%s; %s", facts->name, form_name(facts->form),
                     facts->help, field_kind_expected(facts->kind), fallback);
}

const char *describe_form(Form form, Arena *arena) {
  if (form == FORM_COUNT) return NULL;
  const char *call = "", *list = "";
  for (uint32_t i = 0; i < field_count(form); i++) {
    const FieldFacts *facts = field_facts((Field)((uint32_t)first_field(form) + i));
    call = arena_print(arena, "%s%s%s", call, i > 0 ? ", " : "", facts->name);
    list = arena_print(arena, "%s\n- `%s`: %s", list, facts->name, facts->help);
    if (facts->fallback) list = arena_print(arena, "%s (default `%s`)", list, facts->fallback);
  }
  return arena_print(arena, "%s **%s(%s)**: %s\n%s", family_noun(form_family(form)),
                     form_name(form), call, form_help(form), list);
}
