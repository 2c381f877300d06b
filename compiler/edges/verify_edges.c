// SPDX-License-Identifier: MIT
// Proves that placed edges keep their pattern's promise, by looking at nothing but the edges
// themselves.
//
// Shares no code with the makers: the edges come from the interleaver as any executor reads them,
// and what is expected comes from the checked program.  Takes time in proportion to the edges, and
// for clash-free patterns to the banks times their divisors for each different order of banks.
#include <stdarg.h>
#include <stdio.h>

#include "compiler/edges/edges.h"

/* The edges written out, and what to say where they are wrong. */
typedef struct Proof {
  const EdgesInput *input;
  const Pattern *pattern;
  const Interleaver *edges;
  const uint32_t *left; /* [edge_count] */
  Diagnostics *d;
  Arena *scratch;
} Proof;

/* Reports a broken promise of the junction; `edge` is where it shows. */
__attribute__((format(printf, 3, 4))) static bool broken(const Proof *proof, uint32_t edge,
                                                         const char *format, ...) {
  va_list values;
  va_start(values, format);
  char text[256];
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  error_at(proof->d, ERROR_EDGES_DEFECT, proof->pattern->at, "junction %u, edge %u: %s",
           proof->input->junction + 1, edge, text);
  return false;
}

static uint32_t begin_of(const Proof *proof, uint32_t right) {
  return interleaver_begin(proof->edges, right);
}

/* Whether counts agree with the program, and the right neurons' runs of edges follow each other. */
static bool prove_counts(const Proof *proof) {
  const Interleaver *edges = proof->edges;
  const NetworkLayer *layers = &proof->input->network->layers[proof->input->junction];
  const uint64_t promised = proof->pattern->edge_count;
  if (edges->left_count != layers[0].neuron_count || edges->right_count != layers[1].neuron_count)
    return broken(proof, 0, "joins %u to %u neurons, but the layers have %u and %u",
                  edges->left_count, edges->right_count, layers[0].neuron_count,
                  layers[1].neuron_count);
  if (edges->edge_count == 0) return broken(proof, 0, "there are no edges");
  if (promised != 0 && edges->edge_count != promised)
    return broken(proof, 0, "%u edges, but the pattern promises %llu", edges->edge_count,
                  (unsigned long long)promised);
  if (edges->right_begin == NULL) {
    if ((uint64_t)edges->fanin * edges->right_count == edges->edge_count) return true;
    return broken(proof, 0, "%u edges are not %u into each of %u neurons", edges->edge_count,
                  edges->fanin, edges->right_count);
  }
  if (edges->right_begin[0] != 0 || edges->right_begin[edges->right_count] != edges->edge_count)
    return broken(proof, 0, "the right neurons' edges do not cover all edges");
  for (uint32_t r = 0; r < edges->right_count; r++) {
    if (edges->right_begin[r] > edges->right_begin[r + 1])
      return broken(proof, edges->right_begin[r], "right neuron %u has less than no edges", r);
  }
  return true;
}

/* Whether the tables of a clash-free pattern are as large as its numbers make them. */
static bool prove_shape(const Proof *proof) {
  const Interleaver *edges = proof->edges;
  if (proof->pattern->kind != PATTERN_CLASHFREE) return true;
  if (edges->kind != INTERLEAVER_CLASH_FREE || edges->banks != proof->pattern->banks)
    return broken(proof, 0, "not the clash-free pattern of %u banks", proof->pattern->banks);
  if ((uint64_t)edges->banks * edges->rows_per_bank != edges->left_count ||
      (uint64_t)edges->sweep_count * edges->left_count != edges->edge_count)
    return broken(proof, 0, "%u banks of %u rows, %u sweeps: not the layer's neurons", edges->banks,
                  edges->rows_per_bank, edges->sweep_count);
  return true;
}

/* Whether every edge reads a neuron that exists, no right neuron reads one twice, and lists
 * ascend. */
static bool prove_pairs(const Proof *proof) {
  const Interleaver *edges = proof->edges;
  uint32_t *reader =
      ARENA_ARRAY(proof->scratch, uint32_t, edges->left_count); /* + 1; 0: none yet */
  for (uint32_t r = 0; r < edges->right_count; r++) {
    for (uint32_t e = begin_of(proof, r); e < begin_of(proof, r + 1); e++) {
      const uint32_t l = proof->left[e];
      if (l >= edges->left_count)
        return broken(proof, e, "reads left neuron %u of %u", l, edges->left_count);
      if (reader[l] == r + 1)
        return broken(proof, e, "a second edge joins left neuron %u to right neuron %u", l, r);
      reader[l] = r + 1;
      if (edges->kind == INTERLEAVER_LISTED && e > begin_of(proof, r) && l < proof->left[e - 1])
        return broken(proof, e, "left neuron %u follows %u", l, proof->left[e - 1]);
    }
  }
  return true;
}

/* Whether one side's degrees are what the pattern promises (0: nothing) and what the interleaver
 * says (0: they differ). */
static bool prove_degrees(const Proof *proof, const uint32_t *degrees, uint32_t neurons,
                          uint32_t promised, uint32_t said, const char *side) {
  bool is_shared = true;
  for (uint32_t i = 0; i < neurons; i++) {
    is_shared &= degrees[i] == degrees[0];
    if (promised != 0 && degrees[i] != promised)
      return broken(proof, 0, "%s neuron %u has %u edges, not %u", side, i, degrees[i], promised);
    if (said != 0 && degrees[i] != said)
      return broken(proof, 0, "%s neuron %u has %u edges, but all are said to have %u", side, i,
                    degrees[i], said);
  }
  if (is_shared && said == 0)
    return broken(proof, 0, "all %s neurons have %u edges, but are said to differ", side,
                  degrees[0]);
  return true;
}

static bool prove_left_degrees(const Proof *proof) {
  const Interleaver *edges = proof->edges;
  uint32_t *degrees = ARENA_ARRAY(proof->scratch, uint32_t, edges->left_count);
  for (uint32_t e = 0; e < edges->edge_count; e++) degrees[proof->left[e]]++;
  return prove_degrees(proof, degrees, edges->left_count, proof->pattern->fanout, edges->fanout,
                       "left");
}

/* Padded right neurons need not see a window, so windows promise no fan-in but what the interleaver
 * says. */
static bool prove_right_degrees(const Proof *proof) {
  const Interleaver *edges = proof->edges;
  uint32_t *degrees = ARENA_ARRAY(proof->scratch, uint32_t, edges->right_count);
  for (uint32_t r = 0; r < edges->right_count; r++)
    degrees[r] = begin_of(proof, r + 1) - begin_of(proof, r);
  const uint32_t promised = proof->pattern->kind == PATTERN_WINDOW ? 0 : proof->pattern->fanin;
  return prove_degrees(proof, degrees, edges->right_count, promised, edges->fanin, "right");
}

/* Shows that in a run of `banks` edges, from `first` on, no z neighbouring ones meet a residue
 * modulo z twice. seen [banks] holds the last clock that met a residue; *clocks counts them, over
 * all z and runs, from 1. */
static bool prove_run(const Proof *proof, uint32_t first, uint32_t z, uint64_t *seen,
                      uint64_t *clocks) {
  for (uint32_t place = 0; place < proof->pattern->banks; place++) {
    const uint32_t edge = first + place;
    const uint32_t bank = proof->left[edge] % z;
    if (place % z == 0) ++*clocks;
    if (seen[bank] == *clocks)
      return broken(proof, edge, "with z = %u, clock %u reads bank %u twice", z, edge / z, bank);
    seen[bank] = *clocks;
  }
  return true;
}

static bool has_equal_banks(const uint32_t *a, const uint32_t *b, uint32_t banks) {
  for (uint32_t place = 0; place < banks; place++) {
    if (a[place] % banks != b[place] % banks) return false;
  }
  return true;
}

/* Shows that no z that divides the banks makes a clock read a bank twice.  A clock of such a z
 * never crosses a multiple of `banks`, and its banks follow from those of z = banks, so a run with
 * the banks of the run before is shown already. */
static bool prove_clash_freedom(const Proof *proof) {
  const uint32_t banks = proof->pattern->banks;
  if (proof->pattern->kind != PATTERN_CLASHFREE) return true;
  uint64_t *seen = ARENA_ARRAY(proof->scratch, uint64_t, banks);
  uint64_t clocks = 0;
  for (uint32_t e = 0; e < proof->edges->edge_count; e += banks) {
    if (e > 0 && has_equal_banks(proof->left + e, proof->left + e - banks, banks)) continue;
    for (uint32_t z = 1; z <= banks; z++) {
      if (banks % z == 0 && !prove_run(proof, e, z, seen, &clocks)) return false;
    }
  }
  return true;
}

bool verify_edges(const EdgesInput *input, const Interleaver *edges, Diagnostics *d) {
  Proof proof = {
      .input = input,
      .pattern = &input->network->junctions[input->junction].pattern,
      .edges = edges,
      .d = d,
  };
  if (!prove_counts(&proof) || !prove_shape(&proof)) return false;
  proof.scratch = arena_open();
  uint32_t *left = ARENA_ARRAY(proof.scratch, uint32_t, edges->edge_count);
  interleaver_expand(edges, 0, edges->edge_count, left);
  proof.left = left;
  const bool is_proved = prove_pairs(&proof) && prove_left_degrees(&proof) &&
                         prove_right_degrees(&proof) && prove_clash_freedom(&proof);
  arena_close(proof.scratch);
  return is_proved;
}
