// SPDX-License-Identifier: MIT
// One junction between two layers, to place edges in: what the tests of compiler/edges share.
#ifndef SEDGE_TESTS_UNIT_EDGES_FIXTURE_H
#define SEDGE_TESTS_UNIT_EDGES_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/edges/edges.h"

typedef struct OneJunction {
  Arena *arena;
  Sources *sources;
  Diagnostics *d;
  NetworkLayer layers[2];
  NetworkJunction junction;
  Network network;
  EdgesInput input;
  Interleaver edges;
} OneJunction;

/* Opens a junction from p left to n right neurons, without padding; close with
 * one_junction_close. */
static inline OneJunction *one_junction_open(uint32_t p, uint32_t n, Pattern pattern) {
  Arena *arena = arena_open();
  OneJunction *one = ARENA_NEW(arena, OneJunction);
  const uint32_t counts[2] = {p, n};
  one->arena = arena;
  one->sources = sources_new(arena);
  one->d = diagnostics_new(arena, one->sources);
  for (uint32_t i = 0; i < 2; i++) {
    one->layers[i] = (NetworkLayer){.name = {.text = i == 0 ? "left" : "right"},
                                    .axis_count = 1,
                                    .shape = {counts[i]},
                                    .real_count = counts[i],
                                    .neuron_count = counts[i]};
  }
  one->junction.pattern = pattern;
  one->network = (Network){
      .layer_count = 2, .layers = one->layers, .junction_count = 1, .junctions = &one->junction};
  one->input = (EdgesInput){.network = &one->network, .folder = ""};
  return one;
}

static inline void one_junction_close(OneJunction *one) {
  arena_close(one->arena);
}

static inline bool one_junction_place(OneJunction *one) {
  return place_edges(&one->input, one->d, one->arena, &one->edges);
}

static inline bool one_junction_verify(OneJunction *one) {
  return verify_edges(&one->input, &one->edges, one->d);
}

/* Whether some message so far contains the text. */
static inline bool has_message(const OneJunction *one, const char *text) {
  char *printed = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&printed, &bytes);
  if (out == NULL) return false;
  print_diagnostics(one->d, out, false);
  fclose(out);
  const bool is_there = strstr(printed, text) != NULL;
  if (!is_there) fprintf(stderr, "expected: %s\nprinted: %s\n", text, printed);
  free(printed);
  return is_there;
}

static inline uint64_t divisor_common(uint64_t a, uint64_t b) {
  return b ? divisor_common(b, a % b) : a;
}

/* Patterns with all that lang fills in. */
static inline Pattern regular_pattern(PatternKind kind, uint32_t p, uint32_t n, uint32_t fanout) {
  return (Pattern){.kind = kind,
                   .fanin = (uint32_t)((uint64_t)p * fanout / n),
                   .fanout = fanout,
                   .edge_count = (uint64_t)p * fanout,
                   .seed = 1};
}

static inline Pattern clash_free_pattern(uint32_t p, uint32_t n, uint32_t fanout, uint32_t banks,
                                         uint32_t type, bool has_dither) {
  Pattern pattern = regular_pattern(PATTERN_CLASHFREE, p, n, fanout);
  pattern.banks = banks;
  pattern.type = type;
  pattern.has_dither = has_dither;
  return pattern;
}

#endif
