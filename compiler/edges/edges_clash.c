// SPDX-License-Identifier: MIT
// Finds the first clock in which z edges ask a bank of the left layer for two different words.
//
// Neuron l is word l / z of bank l % z, so two edges of a clock clash when their left neurons
// differ, but not modulo z.
#include "compiler/edges/edges.h"

enum { BLOCK_EDGES = 4096 };

/* What a bank was asked last. */
typedef struct BankRequest {
  uint32_t clock; /* + 1; 0: nothing yet */
  uint32_t edge;
  uint32_t left;
} BankRequest;

/* Whether the pattern promises that z is free of clashes, so that looking is not needed;
 * verify_edges has proved the promise of clash-free patterns, and a clock of a dense one reads
 * neighbours in one word. */
static bool is_promised(const Interleaver *edges, uint32_t z) {
  if (z == 1) return true;
  if (edges->kind == INTERLEAVER_CLASH_FREE) return edges->banks % z == 0;
  return edges->kind == INTERLEAVER_DENSE && edges->left_count % z == 0;
}

/* Enters a clock's request; on a clash fills *clash and returns true. */
static bool ask(BankRequest *bank, uint32_t left, uint32_t edge, uint32_t z, EdgeClash *clash) {
  const uint32_t clock = edge / z;
  if (bank->clock != clock + 1) {
    *bank = (BankRequest){clock + 1, edge, left};
    return false;
  }
  if (bank->left == left) return false;
  *clash =
      (EdgeClash){.clock = clock, .bank = left % z, .first_edge = bank->edge, .second_edge = edge};
  return true;
}

bool edges_clash(const Interleaver *edges, uint32_t z, EdgeClash *clash) {
  if (is_promised(edges, z)) return false;
  Arena *scratch = arena_open();
  BankRequest *banks =
      ARENA_ARRAY(scratch, BankRequest, z < edges->left_count ? z : edges->left_count);
  uint32_t left[BLOCK_EDGES];
  bool has_clash = false;
  for (uint32_t first = 0; first < edges->edge_count && !has_clash; first += BLOCK_EDGES) {
    const uint32_t rest = edges->edge_count - first;
    const uint32_t count = rest < BLOCK_EDGES ? rest : BLOCK_EDGES;
    interleaver_expand(edges, first, count, left);
    for (uint32_t i = 0; i < count && !has_clash; i++) {
      has_clash = ask(&banks[left[i] % z], left[i], first + i, z, clash);
    }
  }
  arena_close(scratch);
  return has_clash;
}
