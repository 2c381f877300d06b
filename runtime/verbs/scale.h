// SPDX-License-Identifier: MIT
// An axis of a picture: from values to places, and the round numbers that are written beside it.
#ifndef SEDGE_RUNTIME_VERBS_SCALE_H
#define SEDGE_RUNTIME_VERBS_SCALE_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_TICKS = 16 };

typedef struct Scale {
  double from, to;  /* places of its ends in the picture */
  double low, high; /* values there */
  bool is_log;      /* where positive values span more than a factor of 20 */
  uint32_t tick_count;
  double ticks[MOST_TICKS]; /* values, ascending, within low .. high */
} Scale;

/* A scale that shows all the values (those that are not finite aside), with a little room around
 * them. */
Scale scale_for(const double *values, uint32_t count, double from, double to);

/* The same, never logarithmic. */
Scale scale_linear(const double *values, uint32_t count, double from, double to);

/* A scale for names at 0 .. count-1. */
Scale scale_for_names(uint32_t count, double from, double to);

double place_on(const Scale *scale, double value);

/* "1.5 M", "20 k", "0.25": few digits, no more than are needed. */
void format_tick(double value, char text[32]);

#endif
