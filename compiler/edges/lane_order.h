// SPDX-License-Identifier: MIT
// Random orders of the lanes of a sweep (dither) that keep every z which divides the banks free of
// clashes.
//
// A clock takes z neighbouring lanes, hence each residue modulo z once; it is free of clashes when
// the banks it meets have each residue once as well.  So a lane's bank must be, modulo every
// divisor z of B, a bijection of the lane.  For B = q^k that is a permutation which works digit by
// digit, base q, the least significant first:
//
//     bank digit j = sigma(lane digit j),   sigma another one for each value of the digits below j
//
// and for other B one such permutation per prime power, joined by the Chinese remainder theorem.
#ifndef SEDGE_COMPILER_EDGES_LANE_ORDER_H
#define SEDGE_COMPILER_EDGES_LANE_ORDER_H

#include <stdint.h>

#include "lang/arena.h"
#include "runtime/random.h"

/* One prime power of the number of lanes. */
typedef struct LaneFactor {
  uint32_t prime;
  uint32_t power;   /* prime^k, the largest that divides the lanes */
  uint64_t unit;    /* < lanes; 1 modulo this power and 0 modulo the others */
  uint32_t *order;  /* [power] the permutation drawn last */
  uint32_t *digits; /* [prime] room for a permutation of digits */
} LaneFactor;

enum { MOST_LANE_FACTORS = 9 }; /* 2 * 3 * 5 * ... * 23 * 29 > 2^32 */

typedef struct LaneOrder {
  uint32_t lanes; /* B */
  uint32_t factor_count;
  LaneFactor factors[MOST_LANE_FACTORS];
} LaneOrder;

/* Prepares to draw orders of `lanes` lanes; tables live in the arena. */
LaneOrder lane_order(uint32_t lanes, Arena *arena);

/* Draws the bank of every lane into banks [lanes]. */
void draw_lane_order(LaneOrder *order, RandomStream *stream, uint32_t *banks);

#endif
