// SPDX-License-Identifier: MIT
// From what is written to fields: arguments and settings are matched with their table, evaluated
// and bounded.
//
// Every mistake is reported here, once; a field with one is poisoned, and whoever reads it stays
// silent.
#ifndef SEDGE_LANG_BIND_H
#define SEDGE_LANG_BIND_H

#include "lang/form.h"
#include "lang/scope.h"

/* What all checks share. */
typedef struct Checker {
  Diagnostics *diagnostics;
  Arena *arena;
  Scope *scope;
  Evaluation evaluation; /* of constants, in `scope` */
  const CheckOptions *options;
} Checker;

typedef struct FieldValue {
  bool is_given;    /* written in the file, rightly or not */
  bool is_poisoned; /* a mistake in it was reported, or it is required and missing */
  bool is_absent;   /* not given, or given as the name of its default: none, auto ... */
  Span at;          /* `name = value`, or the value alone where it has no name; else the form */
  const Expr *expr; /* what was written; NULL unless given */
  double number;    /* REAL, FREQUENCY, MEMORY, and RATE where it is a plain number */
  Rational exact;   /* REAL: the number exactly, where is_exact */
  bool is_exact;
  uint64_t whole;      /* WHOLE, COLUMN where text is NULL */
  bool flag;           /* FLAG */
  const char *text;    /* TEXT, COLUMN */
  uint32_t size_count; /* SIZES, and PARALLELISM where it is not absent */
  const uint32_t *sizes;
  const Span *sizes_at; /* [size_count] */
} FieldValue;

typedef struct Bound {
  Form form;
  Span at;
  FieldValue fields[FIELDS_PER_FORM];
} Bound;

/* The value of one of the bound form's fields. */
const FieldValue *bound_field(const Bound *bound, Field field);

/* Whether the field was written, and where: its value or the construct it defaults in. */
Given bound_given(const Bound *bound, Field field);

/* Binds a name or call to the form of that family.  FORM_COUNT after an error: no such form. `what`
 * says in messages where it stands ("'loss'", "a junction") and `expected` what should stand there.
 */
Form bind_form(const Checker *checker, Family family, const char *what, const char *expected,
               const Expr *expr, Bound *bound);

/* Binds the settings of a block; NULL for a block that the file does not have. */
void bind_block(const Checker *checker, Form form, const Item *item, Bound *bound);

/* Binds the form that the setting `field` of `block` names, or its default. FORM_COUNT after an
 * error. */
Form bind_setting(const Checker *checker, const Bound *block, Field field, Family family,
                  Bound *bound);

/* Sorts arguments into `count` places by name or order: places[i] is the argument of names[i], or
 * NULL. `what` is "argument" or "setting", `owner` the name of the call or block.  False after an
 * error. */
bool place_arguments(const Checker *checker, const char *what, const char *owner,
                     const char *const *names, uint32_t count, const Argument *arguments,
                     const Argument **places);

/* The value of an expression as a whole number in the range; `what` names it.  False after an
 * error. */
bool read_whole(const Checker *checker, const char *what, const Expr *expr, Range range,
                uint64_t *whole);

#endif
