// SPDX-License-Identifier: MIT
// Chooses the maker for a pattern, and warns of neurons that it leaves without edges.
#include "compiler/edges/edges.h"

#include <assert.h>

#include "compiler/edges/place.h"

static bool place_by_kind(const EdgesInput *input, Diagnostics *d, Arena *arena,
                          Interleaver *edges) {
  switch (pattern_of(input)->kind) {
  case PATTERN_DENSE: return place_dense(input, d, arena, edges);
  case PATTERN_RANDOM: return place_random(input, d, arena, edges);
  case PATTERN_STRUCTURED: return place_structured(input, d, arena, edges);
  case PATTERN_CLASHFREE: return place_clash_free(input, d, arena, edges);
  case PATTERN_WINDOW: return place_window(input, d, arena, edges);
  case PATTERN_EDGES: return place_listed(input, d, arena, edges);
  case PATTERN_OWN: return place_condition(input, d, arena, edges);
  }
  assert(false && "a pattern of no kind");
  return false;
}

/* Real neurons of the right layer that no edge enters. */
static uint32_t count_deaf(const Interleaver *edges, uint32_t real_count) {
  uint32_t count = 0;
  for (uint32_t r = 0; r < real_count; r++) {
    if (interleaver_begin(edges, r) == interleaver_begin(edges, r + 1)) count++;
  }
  return count;
}

/* Real neurons of the left layer that no edge leaves. */
static uint32_t count_mute(const Interleaver *edges, uint32_t real_count) {
  Arena *scratch = arena_open();
  bool *is_read = ARENA_ARRAY(scratch, bool, edges->left_count);
  for (uint32_t e = 0; e < edges->edge_count; e++) is_read[edges->left[e]] = true;
  uint32_t count = 0;
  for (uint32_t l = 0; l < real_count; l++) count += !is_read[l];
  arena_close(scratch);
  return count;
}

/* Only lists can leave a neuron out: the other patterns promise their degrees, and a window that
 * misses neurons was reported when its sizes were checked. */
static void warn_of_unconnected(const EdgesInput *input, const Interleaver *edges, Diagnostics *d) {
  if (edges->kind != INTERLEAVER_LISTED || pattern_of(input)->kind == PATTERN_WINDOW) return;
  const NetworkLayer *left = left_layer_of(input);
  const NetworkLayer *right = right_layer_of(input);
  const uint32_t mute = edges->fanout ? 0 : count_mute(edges, left->real_count);
  const uint32_t deaf = edges->fanin ? 0 : count_deaf(edges, right->real_count);
  const Span at = pattern_of(input)->at;
  if (mute && deaf) {
    warning_at(d, ERROR_UNCONNECTED, at,
               "no edge leaves %u of the %u neurons of '%s', and none enters %u of the %u of '%s'",
               mute, left->real_count, left->name.text, deaf, right->real_count, right->name.text);
  } else if (mute) {
    warning_at(d, ERROR_UNCONNECTED, at, "no edge leaves %u of the %u neurons of '%s'", mute,
               left->real_count, left->name.text);
  } else if (deaf) {
    warning_at(d, ERROR_UNCONNECTED, at, "no edge enters %u of the %u neurons of '%s'", deaf,
               right->real_count, right->name.text);
  }
}

bool place_edges(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  Interleaver placed = {
      .left_count = left_layer_of(input)->neuron_count,
      .right_count = right_layer_of(input)->neuron_count,
  };
  if (!place_by_kind(input, d, arena, &placed)) return false;
  warn_of_unconnected(input, &placed, d);
  *edges = placed;
  return true;
}
