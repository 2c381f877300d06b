// SPDX-License-Identifier: MIT
// How often and how soon a junction's left words come back, and what keeps their partial sums
// right.
#ifndef SEDGE_COMPILER_SCHEDULE_HAZARDS_H
#define SEDGE_COMPILER_SCHEDULE_HAZARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"
#include "runtime/schedule.h"

/* The left words of a junction at some z, slot by slot. */
typedef struct Returns {
  uint32_t shortest;  /* fewest slots between two touches of a word; UINT32_MAX: none returns */
  uint32_t at_once;   /* slots that touch a word of the slot before */
  uint64_t left_uses; /* different words, summed over slots */
} Returns;

/* Walks all edges once; time in proportion to them. */
Returns find_returns(const Interleaver *edges, uint32_t z, Arena *arena);

/* The cheapest remedy by extra clocks of the junction cycle, then by registers: none where words
 * return late enough, a late read where at least one clock lies between, else bubbles where they
 * hide behind the longest junction (`longest` clocks), else forwarding. */
HazardRemedy choose_remedy(const Returns *returns, bool has_bp, uint32_t stages, uint32_t clocks,
                           uint32_t longest);

/* The slots that touch a word of the slot before, ascending, in the arena. */
uint32_t place_bubbles(const Interleaver *edges, uint32_t z, Arena *arena,
                       const uint32_t **bubbles);

#endif
