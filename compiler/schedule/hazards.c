// SPDX-License-Identifier: MIT
// Hazards of partial delta sums, found by stamping each left word with the slot that touched it
// last.
#include "compiler/schedule/hazards.h"

#include "lang/vector.h"

typedef VECTOR(uint32_t) Slots;

static Returns walk(const Interleaver *edges, uint32_t z, Arena *arena, Slots *at_once) {
  Returns returns = {.shortest = UINT32_MAX};
  uint32_t *touched = ARENA_ARRAY(arena, uint32_t, edges->left_count); /* slot + 1; 0: never */
  uint32_t left[1024];
  uint32_t last_at_once = UINT32_MAX;
  for (uint32_t first = 0; first < edges->edge_count; first += 1024) {
    const uint32_t count = edges->edge_count - first < 1024 ? edges->edge_count - first : 1024;
    interleaver_expand(edges, first, count, left);
    for (uint32_t k = 0; k < count; k++) {
      const uint32_t slot = (first + k) / z, before = touched[left[k]];
      if (before == slot + 1) continue;
      touched[left[k]] = slot + 1;
      returns.left_uses++;
      if (before == 0) continue;
      const uint32_t distance = slot + 1 - before;
      if (distance < returns.shortest) returns.shortest = distance;
      if (distance > 1 || slot == last_at_once) continue;
      last_at_once = slot;
      returns.at_once++;
      if (at_once) *VECTOR_ADD(arena, at_once) = slot;
    }
  }
  return returns;
}

Returns find_returns(const Interleaver *edges, uint32_t z, Arena *arena) {
  return walk(edges, z, arena, NULL);
}

HazardRemedy choose_remedy(const Returns *returns, bool has_bp, uint32_t stages, uint32_t clocks,
                           uint32_t longest) {
  if (!has_bp || returns->shortest >= stages + 2) return REMEDY_NONE;
  if (returns->shortest >= 2) return REMEDY_LATE_READ;
  return clocks + returns->at_once <= longest ? REMEDY_BUBBLES : REMEDY_FORWARD;
}

uint32_t place_bubbles(const Interleaver *edges, uint32_t z, Arena *arena,
                       const uint32_t **bubbles) {
  Slots slots = {0};
  walk(edges, z, arena, &slots);
  *bubbles = slots.items;
  return slots.count;
}
