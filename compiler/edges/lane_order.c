// SPDX-License-Identifier: MIT
// Draws one permutation per prime power of the banks, digit by digit, and joins them.
#include "compiler/edges/lane_order.h"

#include <assert.h>

/* The number below `modulus` that, times value, leaves 1; value and modulus share no factor. */
static uint64_t inverse(uint64_t value, uint64_t modulus) {
  int64_t a = (int64_t)(value % modulus), b = (int64_t)modulus;
  int64_t a_share = 1, b_share = 0; /* a == a_share * value, b == b_share * value, modulo modulus */
  while (a > 1) {
    const int64_t quotient = b / a;
    const int64_t rest = b - quotient * a;
    const int64_t rest_share = b_share - quotient * a_share;
    b = a, b_share = a_share;
    a = rest, a_share = rest_share;
  }
  if (a_share < 0) a_share += (int64_t)modulus;
  return (uint64_t)a_share % modulus;
}

static void add_factor(LaneOrder *order, uint32_t prime, uint32_t power, Arena *arena) {
  assert(order->factor_count < MOST_LANE_FACTORS);
  const uint64_t others = order->lanes / power;
  order->factors[order->factor_count++] = (LaneFactor){
      .prime = prime,
      .power = power,
      .unit = others * inverse(others, power) % order->lanes,
      .order = ARENA_ARRAY(arena, uint32_t, power),
      .digits = ARENA_ARRAY(arena, uint32_t, prime),
  };
}

LaneOrder lane_order(uint32_t lanes, Arena *arena) {
  LaneOrder order = {.lanes = lanes};
  uint32_t rest = lanes;
  for (uint32_t prime = 2; prime <= rest / prime; prime++) {
    uint32_t power = 1;
    while (rest % prime == 0) {
      power *= prime;
      rest /= prime;
    }
    if (power > 1) add_factor(&order, prime, power, arena);
  }
  if (rest > 1) {
    /* What is left is a prime, once: smaller ones are divided out, and two larger ones do not
     * fit. */
    add_factor(&order, rest, rest, arena);
  }
  return order;
}

/* Extends the order of one digit to two, of two to three ...: residue x modulo `done` is known. */
static void draw_factor(LaneFactor *factor, RandomStream *stream) {
  factor->order[0] = 0;
  for (uint32_t done = 1; done < factor->power; done *= factor->prime) {
    for (uint32_t x = 0; x < done; x++) {
      const uint32_t lower = factor->order[x];
      random_permutation(stream, factor->digits, factor->prime);
      for (uint32_t digit = 0; digit < factor->prime; digit++) {
        factor->order[x + digit * done] = lower + factor->digits[digit] * done;
      }
    }
  }
}

void draw_lane_order(LaneOrder *order, RandomStream *stream, uint32_t *banks) {
  for (uint32_t f = 0; f < order->factor_count; f++) draw_factor(&order->factors[f], stream);
  for (uint32_t lane = 0; lane < order->lanes; lane++) {
    uint64_t bank = 0;
    for (uint32_t f = 0; f < order->factor_count; f++) {
      const LaneFactor *factor = &order->factors[f];
      bank += factor->order[lane % factor->power] * factor->unit % order->lanes;
    }
    banks[lane] = (uint32_t)(bank % order->lanes);
  }
}
