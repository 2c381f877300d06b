// SPDX-License-Identifier: MIT
// Fields of rows, and the runs that no other beats.
#include "compiler/sweep/results.h"

#include <math.h>
#include <string.h>

#include "compiler/sweep/pareto.h"
#include "lang/suggest.h"

/* ---- fields ---- */

static bool find_field_of_sweep(const char *name, const Axes *axes, SweepField *field) {
  for (uint32_t i = 0; i < axes->count; i++) {
    *field = (SweepField){.is_axis = true, .index = i};
    if (strcmp(axes->axes[i].label, name) == 0) return true;
  }
  const Column column = find_column(name);
  *field = (SweepField){.is_axis = false, .index = column};
  return column != COLUMN_COUNT;
}

static const char *unknown_field(const char *name, const Axes *axes, Arena *arena) {
  Suggestion nearest = suggestion_for(name);
  for (uint32_t i = 0; i < axes->count; i++) suggest(&nearest, axes->axes[i].label);
  for (uint32_t i = 0; i < COLUMN_COUNT; i++) suggest(&nearest, columns[i].key);
  return nearest.best ? arena_print(arena, "--plot: there is no column '%s'; did you mean %s?",
                                    name, nearest.best)
                      : arena_print(arena,
                                    "--plot: there is no column '%s'; what is swept is one, and "
                                    "what --format csv names",
                                    name);
}

bool read_plot(const char *text, const Axes *axes, Arena *arena, Plot *plot,
               const char **complaint) {
  const char *comma = strchr(text, ',');
  if (!comma || strchr(comma + 1, ',')) {
    *complaint = "--plot takes two columns, X,Y: for example clocks_per_input,test_accuracy";
    return false;
  }
  const char *names[] = {arena_copy(arena, text, (size_t)(comma - text)), comma + 1};
  SweepField *fields[] = {&plot->x, &plot->y};
  for (int i = 0; i < 2; i++) {
    if (!find_field_of_sweep(names[i], axes, fields[i])) {
      *complaint = unknown_field(names[i], axes, arena);
      return false;
    }
    if (!fields[i]->is_axis && columns[fields[i]->index].form == FORM_OF_NAME) {
      *complaint = arena_print(arena, "--plot: '%s' is no number", names[i]);
      return false;
    }
  }
  return true;
}

const char *field_label(const Axes *axes, SweepField field) {
  return field.is_axis ? axes->axes[field.index].name : columns[field.index].label;
}

const char *field_key(const Axes *axes, SweepField field) {
  return field.is_axis ? axes->axes[field.index].label : columns[field.index].key;
}

bool is_field_named(const Axes *axes, SweepField field) {
  if (!field.is_axis) return columns[field.index].form == FORM_OF_NAME;
  const Axis *axis = &axes->axes[field.index];
  for (uint32_t i = 0; i < axis->count; i++) {
    if (isnan(swept_number(axis->values[i]))) return true;
  }
  return false;
}

Better field_better(const Axes *axes, SweepField field) {
  if (!field.is_axis) return columns[field.index].better;
  return is_field_named(axes, field) ? BETTER_NEITHER : BETTER_LESS;
}

const json_t *column_value(const Results *results, Column column, uint32_t run) {
  return results->rows[run] ? json_object_get(results->rows[run], columns[column].key) : NULL;
}

double field_number(const Results *results, SweepField field, uint32_t run) {
  if (field.is_axis) {
    if (is_field_named(results->axes, field)) return axis_place(results->axes, run, field.index);
    return swept_number(axis_value(results->axes, run, field.index));
  }
  const json_t *value = column_value(results, (Column)field.index, run);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

bool is_run_done(const Results *results, uint32_t run) {
  const char *status = json_string_value(column_value(results, COLUMN_STATUS, run));
  return status && strcmp(status, "done") == 0;
}

/* ---- the best ---- */

const bool *find_best_runs(const Results *results, Arena *arena) {
  const Plot *plot = results->plot;
  const uint32_t count = results->axes->run_count;
  if (!plot) return NULL;
  const Better x_better = field_better(results->axes, plot->x);
  const Better y_better = field_better(results->axes, plot->y);
  if (x_better == BETTER_NEITHER || y_better == BETTER_NEITHER) return NULL;
  double *x = ARENA_ARRAY(arena, double, count), *y = ARENA_ARRAY(arena, double, count);
  bool *is_best = ARENA_ARRAY(arena, bool, count);
  for (uint32_t run = 0; run < count; run++) {
    const bool is_done = is_run_done(results, run);
    x[run] = is_done ? field_number(results, plot->x, run) : NAN;
    y[run] = is_done ? field_number(results, plot->y, run) : NAN;
  }
  pareto_set(x, y, x_better == BETTER_MORE, y_better == BETTER_MORE, count, arena, is_best);
  return is_best;
}
