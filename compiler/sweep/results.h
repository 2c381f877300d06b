// SPDX-License-Identifier: MIT
// The rows of a sweep, and what can be asked of them: a field is one of its axes or one of the
// measured columns.
#ifndef SEDGE_COMPILER_SWEEP_RESULTS_H
#define SEDGE_COMPILER_SWEEP_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler/sweep/axes.h"
#include "compiler/sweep/columns.h"

typedef struct SweepField {
  bool is_axis;
  uint32_t index; /* of the axis, or a Column */
} SweepField;

/* The two fields of --plot. */
typedef struct Plot {
  SweepField x, y;
} Plot;

typedef struct Results {
  const char *title; /* the file's name */
  const Axes *axes;
  /* [run_count] objects with keys of columns.def; NULL where a run was not made */
  const json_t *const *rows;
  const Plot *plot; /* NULL: none asked for */
  /* [run_count] the Pareto set of the plot's fields; NULL where there is none */
  const bool *is_best;
} Results;

/* Reads "x,y".  False: *complaint (in the arena) says what is wrong. */
bool read_plot(const char *text, const Axes *axes, Arena *arena, Plot *plot,
               const char **complaint);

/* "test accuracy", for people; "test_accuracy", for programs. */
const char *field_label(const Axes *axes, SweepField field);
const char *field_key(const Axes *axes, SweepField field);

/* Which values beat others; a swept number costs what it says. */
Better field_better(const Axes *axes, SweepField field);

/* Whether its values are names, to be shown one beside the other. */
bool is_field_named(const Axes *axes, SweepField field);

/* A run's value as a number; NaN where it has none, the place among the axis's values where they
 * are names. */
double field_number(const Results *results, SweepField field, uint32_t run);

/* A column's value of a run, borrowed; NULL: none. */
const json_t *column_value(const Results *results, Column column, uint32_t run);

/* Whether a run was made and ended well. */
bool is_run_done(const Results *results, uint32_t run);

/* Marks the runs that no other beats in the plot's fields.  In the arena; NULL where one of them
 * has no better and worse. */
const bool *find_best_runs(const Results *results, Arena *arena);

/* A run as one object: run, the axes, the columns it has, pareto where there is a plot.  The caller
 * owns the reference. */
json_t *result_json(const Results *results, uint32_t run);

/* All rows: a table within 80 columns; CSV with a header (RFC 4180); JSON Lines. */
void print_results_text(const Results *results, Arena *scratch, FILE *out);
void print_results_csv(const Results *results, FILE *out);
void print_results_json(const Results *results, FILE *out);

/* The plot as an SVG picture. */
void print_figure(const Results *results, Arena *scratch, FILE *out);

#endif
