// SPDX-License-Identifier: MIT
// Dimensions and units: Hz, s and bit with their prefixes.
#ifndef SEDGE_LANG_UNIT_H
#define SEDGE_LANG_UNIT_H

#include <stdbool.h>

#include "lang/rational.h"
#include "lang/suggest.h"

/* Exponents of the base units, second and bit: Hz is {-1, 0}. */
typedef struct Dimension {
  int8_t second, bit;
} Dimension;

static inline bool dimension_is_none(Dimension d) {
  return d.second == 0 && d.bit == 0;
}
static inline bool dimension_equal(Dimension a, Dimension b) {
  return a.second == b.second && a.bit == b.bit;
}

typedef struct Unit {
  const char *name;
  Rational factor; /* to the base units */
  Dimension dimension;
} Unit;

/* The unit of that name, or NULL. */
const Unit *find_unit(const char *name);
void suggest_units(Suggestion *suggestion);

/* "a frequency", "a time", "an amount of memory", "a plain number", or "a quantity in s^2 bit". */
const char *dimension_noun(Dimension dimension);

#endif
