// SPDX-License-Identifier: MIT
// What a choice of z costs, counted from the schedule's own operations and memories.
#ifndef SEDGE_COMPILER_FIT_RESOURCES_H
#define SEDGE_COMPILER_FIT_RESOURCES_H

#include <stdint.h>

#include "runtime/schedule.h"

typedef struct Resources {
  uint64_t ff_multipliers, bp_multipliers, up_multipliers;
  uint64_t multipliers; /* their sum */
  uint64_t ff_adders, bp_adders, up_adders, adders;
  /* activation, bias and d-scaling units: right neurons ended a clock, left words scaled */
  uint64_t neuron_units;
  uint64_t memory_banks; /* banks of all memories and copies */
  uint64_t memory_bits;
  uint64_t forwarding_registers;
} Resources;

/* The processors of one junction at this z: multipliers, adders, neuron units, registers; no
 * memories. */
Resources junction_resources(const Model *model, uint32_t junction, uint32_t z,
                             HazardRemedy remedy);

/* Adds the banks and bits of a schedule's memories (list_memories). */
void memory_resources(const Memory *memories, uint32_t count, Resources *resources);

/* Adds b into a, field by field. */
void resources_add(Resources *a, const Resources *b);

#endif
