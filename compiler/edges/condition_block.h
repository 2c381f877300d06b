// SPDX-License-Identifier: MIT
// Evaluates a condition for one right neuron and many left neurons at once.
//
// A step works on all lanes (left neurons) of a block before the next step begins, so that finding
// out what a step is costs nothing beside what it computes.  Both parts of && and ?: are computed.
// A lane in which some part has no value, or a number leaves 64 bits, is unknown:
// evaluate_condition must be asked, which looks only at what decides.
#ifndef SEDGE_COMPILER_EDGES_CONDITION_BLOCK_H
#define SEDGE_COMPILER_EDGES_CONDITION_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/edges/condition_steps.h"

enum { BLOCK_LANES = 256, BLOCK_WORDS = BLOCK_LANES / 64 };

typedef struct ConditionBlock ConditionBlock;

/* A block for the condition, in the arena; the condition is borrowed. */
ConditionBlock *condition_block(const ConditionSteps *condition, Arena *arena);

/* Moves the block to left neurons first .. first+count-1, 1 <= count <= BLOCK_LANES. */
void block_begin(ConditionBlock *block, uint32_t first, uint32_t count);

/* Fills joined and unknown [BLOCK_WORDS] with a bit a lane, the first lane the least significant:
 * whether the right neuron joins that left neuron, and whether that is not known.  Bits of lanes
 * beyond count are 0. Returns whether any is unknown. */
bool block_evaluate(ConditionBlock *block, uint32_t right, uint64_t *joined, uint64_t *unknown);

#endif
