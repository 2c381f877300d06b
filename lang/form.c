// SPDX-License-Identifier: MIT
// The tables of forms and fields, expanded from their .def files, and look-ups in them.
#include "lang/form.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define REQUIRED NULL
#define ANY                                                                                        \
  { -INFINITY, INFINITY, false, false }
#define ABOVE(a)                                                                                   \
  { (a), INFINITY, true, false }
#define AT_LEAST(a)                                                                                \
  { (a), INFINITY, false, false }
#define WITHIN(a, b)                                                                               \
  { (a), (b), false, false }
#define WITHIN_ABOVE(a, b)                                                                         \
  { (a), (b), true, false } /* a is out, b is in */
#define WITHIN_BELOW(a, b)                                                                         \
  { (a), (b), false, true } /* a is in, b is out */

typedef struct FormFacts {
  Family family;
  const char *name;
  const char *help;
} FormFacts;

static const FormFacts forms[FORM_COUNT] = {
#define FORM(family, id, name, help) {FAMILY_##family, name, help},
#include "lang/forms.def"
#undef FORM
};

static const FieldFacts fields[FIELD_COUNT] = {
#define SETTING(form, id, name, kind, range, fallback, help)                                       \
  {FORM_##form, name, FIELD_KIND_##kind, range, fallback, help},
#include "lang/settings.def"
#undef SETTING
#define ARGUMENT(form, id, name, kind, range, fallback, help)                                      \
  {FORM_##form, name, FIELD_KIND_##kind, range, fallback, help},
#include "lang/arguments.def"
#undef ARGUMENT
};

static const char *const family_nouns[FAMILY_COUNT][2] = {
#define FAMILY(id, noun, with_article) {noun, with_article},
#include "lang/families.def"
#undef FAMILY
};

static const char *const kinds[FIELD_KIND_COUNT] = {
#define FIELD_KIND(id, expected) expected,
#include "lang/field_kinds.def"
#undef FIELD_KIND
};

const FieldFacts *field_facts(Field field) {
  assert(field < FIELD_COUNT);
  return &fields[field];
}

Field first_field(Form form) {
  uint32_t field = 0;
  while (field < FIELD_COUNT && fields[field].form != form) field++;
  return (Field)field;
}

uint32_t field_count(Form form) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < FIELD_COUNT; i++) count += fields[i].form == form;
  assert(count <= FIELDS_PER_FORM);
  return count;
}

Field find_field(Form form, const char *name) {
  for (uint32_t i = 0; i < FIELD_COUNT; i++) {
    if (fields[i].form == form && strcmp(fields[i].name, name) == 0) return (Field)i;
  }
  return FIELD_COUNT;
}

const char *form_name(Form form) {
  assert(form < FORM_COUNT);
  return forms[form].name;
}

const char *form_help(Form form) {
  assert(form < FORM_COUNT);
  return forms[form].help;
}

Family form_family(Form form) {
  assert(form < FORM_COUNT);
  return forms[form].family;
}

Form find_form(Family family, const char *name) {
  for (uint32_t i = 0; i < FORM_COUNT; i++) {
    if (forms[i].family == family && strcmp(forms[i].name, name) == 0) return (Form)i;
  }
  return FORM_COUNT;
}

const char *family_noun(Family family) {
  return family_nouns[family][0];
}

const char *family_with_article(Family family) {
  return family_nouns[family][1];
}

const char *field_kind_expected(FieldKind kind) {
  return kinds[kind];
}

bool range_holds(const Range *range, double value) {
  if (range->is_low_open ? value <= range->low : value < range->low) return false;
  return range->is_high_open ? value < range->high : value <= range->high;
}

const char *range_text(Range range, Arena *arena) {
  const bool has_low = !isinf(range.low);
  const bool has_high = !isinf(range.high);
  if (has_low && has_high && !range.is_low_open && !range.is_high_open) {
    return arena_print(arena, "from %.15g to %.15g", range.low, range.high);
  }
  const char *low = range.is_low_open ? "above" : "at least";
  const char *high = range.is_high_open ? "below" : "at most";
  if (has_low && has_high) {
    return arena_print(arena, "%s %.15g and %s %.15g", low, range.low, high, range.high);
  }
  if (has_low) return arena_print(arena, "%s %.15g", low, range.low);
  return has_high ? arena_print(arena, "%s %.15g", high, range.high) : NULL;
}
