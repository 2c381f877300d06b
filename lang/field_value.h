// SPDX-License-Identifier: MIT
// One field's value: evaluated, of the right kind and dimension, within its range.
#ifndef SEDGE_LANG_FIELD_VALUE_H
#define SEDGE_LANG_FIELD_VALUE_H

#include "lang/bind.h"

/* Fills *value from value->expr, or poisons it after an error.  Forms (a pattern, a loss ...) are
 * left to bind_form; their expression alone is kept. */
void read_field(const Checker *checker, const FieldFacts *facts, FieldValue *value);

#endif
