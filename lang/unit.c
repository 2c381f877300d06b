// SPDX-License-Identifier: MIT
// Units and their dimensions.
#include "lang/unit.h"

#include <stddef.h>
#include <string.h>

static const Unit units[] = {
#define UNIT(name, numerator, denominator, second, bit)                                            \
  {name, {numerator, denominator}, {second, bit}},
#include "lang/units.def"
#undef UNIT
};

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

const Unit *find_unit(const char *name) {
  for (size_t i = 0; i < UNIT_COUNT; i++) {
    if (strcmp(units[i].name, name) == 0) return &units[i];
  }
  return NULL;
}

void suggest_units(Suggestion *suggestion) {
  for (size_t i = 0; i < UNIT_COUNT; i++) suggest(suggestion, units[i].name);
}

const char *dimension_noun(Dimension dimension) {
  if (dimension_is_none(dimension)) return "a plain number";
  if (dimension.second == -1 && dimension.bit == 0) return "a frequency";
  if (dimension.second == 1 && dimension.bit == 0) return "a time";
  if (dimension.second == 0 && dimension.bit == 1) return "an amount of memory";
  if (dimension.second == -1 && dimension.bit == 1) return "a data rate";
  return "a quantity in other units";
}
