// SPDX-License-Identifier: MIT
// Runs that differ in their seeds alone, taken together: one measurement, made several times.
#ifndef SEDGE_COMPILER_SWEEP_GROUPS_H
#define SEDGE_COMPILER_SWEEP_GROUPS_H

#include "compiler/sweep/results.h"

typedef struct Groups {
  const Axes *axes;
  uint32_t count;       /* groups, numbered as the runs are, without the repetitions */
  uint32_t size;        /* runs in each */
  const uint32_t *runs; /* [count][size] */
} Groups;

/* In the arena. */
const Groups *group_runs(const Axes *axes, Arena *arena);

/* "fanout=4", in the arena: what a group's runs have in common. */
const char *describe_group(const Groups *groups, uint32_t group, Arena *arena);

/* Of one field over the runs of a group that were done; all but count are NaN where there are
 * none. */
typedef struct Spread {
  uint32_t count;
  double mean, deviation, low, high; /* the deviation of a sample: 0 for one run */
} Spread;
Spread measure_group(const Results *results, const Groups *groups, uint32_t group,
                     SweepField field);

#endif
