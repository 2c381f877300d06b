// SPDX-License-Identifier: MIT
// What a sweep varies: the --over options, and the options of each run of their cross product.
//
// Runs are numbered as an odometer counts: the last axis turns fastest.
#ifndef SEDGE_COMPILER_SWEEP_AXES_H
#define SEDGE_COMPILER_SWEEP_AXES_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/options.h"
#include "lang/arena.h"
#include "lang/program.h"

typedef enum AxisKind {
  AXIS_DEFINE, /* a param of the file, or hardware.SETTING, train.SETTING: what -D replaces */
#define SWEPT_OPTION(id, name) AXIS_##id,
#include "compiler/sweep/swept_options.def"
#undef SWEPT_OPTION
} AxisKind;

typedef struct Axis {
  AxisKind kind;
  const char *name;
  /* the key of its column: the name, or "over.NAME" where a measured column has that */
  const char *label;
  bool is_repetition;        /* a seed: runs that differ in it alone repeat one measurement */
  uint32_t count;            /* values, >= 1 */
  const char *const *values; /* [count] as given, trimmed; ranges A..B written out */
} Axis;

typedef struct Axes {
  uint32_t count; /* >= 1 */
  const Axis *axes;
  uint32_t run_count; /* product of the counts */
} Axes;

enum { MOST_RUNS = 100000 };

/* Reads the --over options against the program of the file as it stands; all in the arena.  False:
 * *complaint (in the arena) says what is wrong with them. */
bool read_axes(const Options *options, const Program *program, Arena *arena, Axes *axes,
               const char **complaint);

/* Which value of axis index `axis` run index `run` has. */
uint32_t axis_place(const Axes *axes, uint32_t run, uint32_t axis);
const char *axis_value(const Axes *axes, uint32_t run, uint32_t axis);

/* "fanout=4 seed=2", in the arena. */
const char *describe_run(const Axes *axes, uint32_t run, Arena *arena);

/* The options of one run: those of the sweep, with the axes' values put in. */
Options run_options(const Options *options, const Axes *axes, uint32_t run, Arena *arena);

/* A value as a number ("8", "1/4", "2e-3"); NaN where it is none. */
double swept_number(const char *text);

#endif
