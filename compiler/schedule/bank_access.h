// SPDX-License-Identifier: MIT
// Banks of the layers and what a z may ask of them.
#ifndef SEDGE_COMPILER_SCHEDULE_BANK_ACCESS_H
#define SEDGE_COMPILER_SCHEDULE_BANK_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/schedule.h"

/* Right neurons that begin, or that end, in one clock, at most: ceil(z / fanin), or counted where
 * fan-ins differ. */
uint32_t right_ends_per_clock(const Interleaver *edges, uint32_t z);

/* Banks of layer `layer` (0 .. L): the z of the junction that reads it; the output's as many as its
 * junction ends neurons a clock. */
uint32_t layer_banks(const Model *model, const uint32_t *z, uint32_t layer);

/* Whether two right neurons that begin, or two that end, in one clock ever share one of `banks`
 * banks. */
bool right_side_clashes(const Interleaver *edges, uint32_t z, uint32_t banks);

#endif
