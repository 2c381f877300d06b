// SPDX-License-Identifier: MIT
// The schedule pass: from a model and its z to the complete schedule, and the proof that it is free
// of clashes.
#ifndef SEDGE_COMPILER_SCHEDULE_BUILD_SCHEDULE_H
#define SEDGE_COMPILER_SCHEDULE_BUILD_SCHEDULE_H

#include <stdbool.h>

#include "lang/arena.h"
#include "lang/diagnostic.h"
#include "lang/program.h"
#include "runtime/schedule.h"

typedef struct ScheduleInput {
  const Model *model;
  const uint32_t *z;            /* [junction_count] */
  const HazardRemedy *remedies; /* [junction_count] as fit chose */
  const Hardware *hardware;
} ScheduleInput;

/* Makes the schedule in the arena.  The input has been checked by fit, so this cannot fail for a
 * user's reason. */
void build_schedule(const ScheduleInput *input, Arena *arena, Schedule *schedule);

/* The shared memory list, also what fit counts bits from: fills memories[] (room for 9 * (L + 1)),
 * returns how many. */
uint32_t list_memories(const Model *model, const uint32_t *z, Memory *memories);

/* Proves, by expanding every clock of every junction: each edge issued exactly once, no bank asked
 * for more than its ports, no partial sum read before it is written back, every operand ready.  A
 * violation is reported to d with junction, clock, bank and edges. */
bool verify_schedule(const Schedule *schedule, Diagnostics *d);

#endif
