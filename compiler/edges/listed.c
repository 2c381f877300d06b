// SPDX-License-Identifier: MIT
// Places edges that are given by hand, in the arrays left and right of an npz file.
#include <stdlib.h>

#include "compiler/edges/edge_list.h"
#include "compiler/edges/place.h"
#include "runtime/data/npz.h"

/* The file's two arrays; owned, free both. */
typedef struct EdgeArrays {
  uint32_t *left, *right;
  uint64_t left_count, right_count;
} EdgeArrays;

/* Where the file is: beside the one that names it, unless the path says otherwise. */
static const char *find_file(const EdgesInput *input, Arena *arena) {
  const char *path = pattern_of(input)->path;
  if (path[0] == '/' || input->folder == NULL || input->folder[0] == '\0') return path;
  return arena_print(arena, "%s/%s", input->folder, path);
}

static bool read_arrays(const char *path, Span at, Diagnostics *d, EdgeArrays *arrays) {
  Failure failure = {0};
  if (read_npz_indices(path, "left", &arrays->left, &arrays->left_count, &failure) &&
      read_npz_indices(path, "right", &arrays->right, &arrays->right_count, &failure)) {
    return true;
  }
  Message *m = error_at(d, ERROR_READ, at, "%s: %s", failure.path, failure.message);
  help(m, "the file needs arrays 'left' and 'right': numpy.savez(file, left=..., right=...)");
  return false;
}

static bool check_counts(const EdgeArrays *arrays, Span at, Diagnostics *d) {
  const unsigned long long left = arrays->left_count, right = arrays->right_count;
  if (left != right) {
    error_at(d, ERROR_EDGE_LIST, at, "the file has %llu left neurons, but %llu right ones", left,
             right);
    return false;
  }
  if (left == 0) {
    error_at(d, ERROR_EDGE_LIST, at, "the file has no edges");
    return false;
  }
  if (left > MOST_EDGES) {
    error_at(d, ERROR_TOO_MANY_EDGES, at, "%llu edges, but a junction has at most %u", left,
             MOST_EDGES);
    return false;
  }
  return true;
}

/* Reports the first neuron number that is too large. */
static bool check_neurons(const uint32_t *neurons, uint64_t count, const char *array,
                          const NetworkLayer *layer, Span at, Diagnostics *d) {
  for (uint64_t i = 0; i < count; i++) {
    if (neurons[i] < layer->neuron_count) continue;
    Message *m =
        error_at(d, ERROR_EDGE_NEURON, at, "%s[%llu] is %u, but '%s' has %u neurons", array,
                 (unsigned long long)i, neurons[i], layer->name.text, layer->neuron_count);
    help(m, "neurons are numbered from 0 to %u", layer->neuron_count - 1);
    return false;
  }
  return true;
}

/* Reports a pair that stands twice, and where. */
static void report_double(const EdgeArrays *arrays, EdgePair pair, Span at, Diagnostics *d) {
  uint64_t places[2] = {0};
  uint32_t found = 0;
  for (uint64_t i = 0; found < 2; i++) {
    if (edge_pair(arrays->left[i], arrays->right[i]) == pair) places[found++] = i;
  }
  error_at(d, ERROR_DOUBLE_EDGE, at,
           "entries %llu and %llu both join left neuron %u to right neuron %u",
           (unsigned long long)places[0], (unsigned long long)places[1], pair_left(pair),
           pair_right(pair));
}

static bool list_arrays(const EdgeArrays *arrays, Span at, Diagnostics *d, Arena *arena,
                        Interleaver *edges) {
  const uint32_t count = (uint32_t)arrays->left_count;
  Arena *scratch = arena_open();
  EdgePair *pairs = ARENA_ARRAY(scratch, EdgePair, count);
  for (uint32_t i = 0; i < count; i++) pairs[i] = edge_pair(arrays->left[i], arrays->right[i]);
  sort_pairs(pairs, ARENA_ARRAY(scratch, EdgePair, count), count);
  uint32_t doubled = 1;
  while (doubled < count && pairs[doubled] != pairs[doubled - 1]) doubled++;
  const bool is_right = doubled == count;
  if (is_right) {
    list_pairs(pairs, count, arena, edges);
  } else {
    report_double(arrays, pairs[doubled], at, d);
  }
  arena_close(scratch);
  return is_right;
}

bool place_listed(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  const Span at = pattern_of(input)->path_at;
  EdgeArrays arrays = {0};
  const bool is_placed =
      read_arrays(find_file(input, arena), at, d, &arrays) && check_counts(&arrays, at, d) &&
      check_neurons(arrays.left, arrays.left_count, "left", left_layer_of(input), at, d) &&
      check_neurons(arrays.right, arrays.right_count, "right", right_layer_of(input), at, d) &&
      list_arrays(&arrays, at, d, arena, edges);
  free(arrays.left);
  free(arrays.right);
  return is_placed;
}
