// SPDX-License-Identifier: MIT
// The engine that executes a schedule clock by clock on explicit memory banks with counted ports.
#ifndef SEDGE_RUNTIME_SIMULATOR_H
#define SEDGE_RUNTIME_SIMULATOR_H

#include "runtime/engine.h"
#include "runtime/schedule.h"

/* Opens a simulator of schedule's model with initial parameters drawn by its initializer.  Owned:
 * engine_close.  NULL with *failure filled when there is no memory.  The schedule is borrowed and
 * must outlive the engine. */
Engine *simulator_open(const Schedule *schedule, Failure *failure);

/* What was counted since it was opened (training alone, not inference). */
typedef struct SimulatorCounts {
  uint64_t junction_cycles, clocks;
  const JunctionCounts *junctions; /* [junction_count] */
} SimulatorCounts;
SimulatorCounts simulator_counts(const Engine *engine);

#endif
