// SPDX-License-Identifier: MIT
// A run's group is its odometer reading without the wheels that repeat.
#include "compiler/sweep/groups.h"

#include <math.h>

static uint32_t group_of_run(const Axes *axes, uint32_t run) {
  uint32_t group = 0;
  for (uint32_t i = 0; i < axes->count; i++) {
    if (axes->axes[i].is_repetition) continue;
    group = group * axes->axes[i].count + axis_place(axes, run, i);
  }
  return group;
}

const Groups *group_runs(const Axes *axes, Arena *arena) {
  Groups *groups = ARENA_NEW(arena, Groups);
  *groups = (Groups){.axes = axes, .count = 1, .size = 1};
  for (uint32_t i = 0; i < axes->count; i++) {
    *(axes->axes[i].is_repetition ? &groups->size : &groups->count) *= axes->axes[i].count;
  }
  uint32_t *runs = ARENA_ARRAY(arena, uint32_t, axes->run_count);
  uint32_t *used = ARENA_ARRAY(arena, uint32_t, groups->count);
  for (uint32_t run = 0; run < axes->run_count; run++) {
    const uint32_t group = group_of_run(axes, run);
    runs[group * groups->size + used[group]++] = run;
  }
  groups->runs = runs;
  return groups;
}

const char *describe_group(const Groups *groups, uint32_t group, Arena *arena) {
  const Axes *axes = groups->axes;
  const uint32_t run = groups->runs[group * groups->size];
  const char *text = "";
  for (uint32_t i = 0; i < axes->count; i++) {
    if (axes->axes[i].is_repetition) continue;
    text = arena_print(arena, "%s%s%s=%s", text, *text ? " " : "", axes->axes[i].name,
                       axis_value(axes, run, i));
  }
  return text;
}

Spread measure_group(const Results *results, const Groups *groups, uint32_t group,
                     SweepField field) {
  Spread spread = {.mean = NAN, .deviation = NAN, .low = NAN, .high = NAN};
  double sum = 0, squares = 0;
  for (uint32_t i = 0; i < groups->size; i++) {
    const uint32_t run = groups->runs[group * groups->size + i];
    const double value = is_run_done(results, run) ? field_number(results, field, run) : NAN;
    if (isnan(value)) continue;
    sum += value;
    spread.low = fmin(spread.low, value);
    spread.high = fmax(spread.high, value);
    spread.count++;
  }
  if (spread.count == 0) return spread;
  spread.mean = sum / spread.count;
  for (uint32_t i = 0; i < groups->size; i++) {
    const uint32_t run = groups->runs[group * groups->size + i];
    const double value = is_run_done(results, run) ? field_number(results, field, run) : NAN;
    if (!isnan(value)) squares += (value - spread.mean) * (value - spread.mean);
  }
  spread.deviation = spread.count > 1 ? sqrt(squares / (spread.count - 1)) : 0;
  return spread;
}
