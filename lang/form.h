// SPDX-License-Identifier: MIT
// Forms and their fields: what may be written where, with defaults, from the tables.
//
// A form is anything with named fields: the blocks `hardware` and `train`, and every call that
// stands in a setting or after a junction's colon.  Checks, "did you mean" and help texts all read
// these tables.
#ifndef SEDGE_LANG_FORM_H
#define SEDGE_LANG_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"

typedef enum Family {
#define FAMILY(id, noun, with_article) FAMILY_##id,
#include "lang/families.def"
#undef FAMILY
  FAMILY_COUNT
} Family;

typedef enum Form {
#define FORM(family, id, name, help) FORM_##id,
#include "lang/forms.def"
#undef FORM
  FORM_COUNT
} Form;

typedef enum FieldKind {
#define FIELD_KIND(id, expected) FIELD_KIND_##id,
#include "lang/field_kinds.def"
#undef FIELD_KIND
  FIELD_KIND_COUNT
} FieldKind;

/* FIELD_HARDWARE_CLOCK, FIELD_PATTERN_CLASHFREE_BANKS, ...; the fields of a form are neighbours. */
typedef enum Field {
#define SETTING(form, id, name, kind, range, fallback, help) FIELD_##form##_##id,
#include "lang/settings.def"
#undef SETTING
#define ARGUMENT(form, id, name, kind, range, fallback, help) FIELD_##form##_##id,
#include "lang/arguments.def"
#undef ARGUMENT
  FIELD_COUNT
} Field;

enum { FIELDS_PER_FORM = 16 }; /* no form has more */

/* Bounds of a number, in base units; an open end is itself left out. */
typedef struct Range {
  double low, high;
  bool is_low_open, is_high_open;
} Range;

typedef struct FieldFacts {
  Form form;
  const char *name;
  FieldKind kind;
  Range range;
  const char *fallback; /* the default as text; NULL: the field is required */
  const char *help;
} FieldFacts;

const FieldFacts *field_facts(Field field);

/* The fields of a form: first_field(form) .. first_field(form) + field_count(form) - 1. */
Field first_field(Form form);
uint32_t field_count(Form form);

/* The field of that name, or FIELD_COUNT. */
Field find_field(Form form, const char *name);

const char *form_name(Form form);
const char *form_help(Form form);
Family form_family(Form form);

/* The form of that name in a family, or FORM_COUNT. */
Form find_form(Family family, const char *name);

const char *family_noun(Family family);          /* "number format" */
const char *family_with_article(Family family);  /* "a number format" */
const char *field_kind_expected(FieldKind kind); /* "a whole number" */

/* Whether a number is within the range. */
bool range_holds(const Range *range, double value);

/* "from 4 to 32", "above 0 and at most 1" ..., in the arena; NULL where any number will do. */
const char *range_text(Range range, Arena *arena);

#endif
