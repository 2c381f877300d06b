// SPDX-License-Identifier: MIT
// The address generators, one edge at a time and in runs.
#include "runtime/interleaver.h"

#include <stddef.h>
#include <string.h>

static uint32_t clash_free_left(const Interleaver *i, uint32_t sweep, uint32_t cycle,
                                uint32_t lane) {
  const uint32_t banks = i->banks;
  const uint32_t bank =
      i->lanes ? i->lanes[(i->is_lane_shared ? 0 : (size_t)sweep * banks) + lane] : lane;
  if (i->rows)
    return i->rows[((size_t)sweep * banks + lane) * i->rows_per_bank + cycle] * banks + bank;
  uint32_t row = i->starts[(i->is_start_shared ? 0 : (size_t)sweep * banks) + lane] + cycle;
  if (row >= i->rows_per_bank) row -= i->rows_per_bank;
  return row * banks + bank;
}

uint32_t interleaver_left(const Interleaver *i, uint32_t edge) {
  switch (i->kind) {
  case INTERLEAVER_DENSE: return edge % i->left_count;
  case INTERLEAVER_CLASH_FREE: {
    const uint32_t place = edge % i->left_count;
    return clash_free_left(i, edge / i->left_count, place / i->banks, place % i->banks);
  }
  case INTERLEAVER_WINDOW: return i->base[edge / i->fanin] + i->offset[edge % i->fanin];
  case INTERLEAVER_LISTED: return i->left[edge];
  }
  return 0;
}

uint32_t interleaver_right(const Interleaver *i, uint32_t edge) {
  if (!i->right_begin) return edge / i->fanin;
  uint32_t low = 0, high = i->right_count;
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    if (i->right_begin[middle] <= edge) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

static void expand_clash_free(const Interleaver *i, uint32_t first, uint32_t count,
                              uint32_t *left) {
  uint32_t sweep = first / i->left_count;
  uint32_t cycle = first % i->left_count / i->banks;
  uint32_t lane = first % i->banks; /* banks divides left_count */
  for (uint32_t k = 0; k < count; k++) {
    left[k] = clash_free_left(i, sweep, cycle, lane);
    if (++lane < i->banks) continue;
    lane = 0;
    if (++cycle < i->rows_per_bank) continue;
    cycle = 0;
    sweep++;
  }
}

void interleaver_expand(const Interleaver *i, uint32_t first, uint32_t count, uint32_t *left) {
  if (count == 0) return;
  switch (i->kind) {
  case INTERLEAVER_DENSE: {
    uint32_t neuron = first % i->left_count;
    for (uint32_t k = 0; k < count; k++) {
      left[k] = neuron;
      neuron = neuron + 1 == i->left_count ? 0 : neuron + 1;
    }
    return;
  }
  case INTERLEAVER_CLASH_FREE: expand_clash_free(i, first, count, left); return;
  case INTERLEAVER_WINDOW: {
    uint32_t right = first / i->fanin, place = first % i->fanin;
    for (uint32_t k = 0; k < count; k++) {
      left[k] = i->base[right] + i->offset[place];
      if (++place < i->fanin) continue;
      place = 0;
      right++;
    }
    return;
  }
  case INTERLEAVER_LISTED: memcpy(left, i->left + first, count * sizeof *left); return;
  }
}
