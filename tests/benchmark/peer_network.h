// SPDX-License-Identifier: MIT
// A model and sedge's engine on it as peers see them, and the proof that a peer does the same work.
#ifndef SEDGE_BENCHMARK_PEER_NETWORK_H
#define SEDGE_BENCHMARK_PEER_NETWORK_H

#include "runtime/engine.h"
#include "tests/benchmark/peers.h"

enum { EXAMPLES = 512 };

/* Sedge with the examples that everybody gets, and what it makes of the first of them. */
typedef struct Subject {
  Engine *engine;    /* borrowed */
  Examples examples; /* [EXAMPLES] random bytes, owned */
  uint32_t order[EXAMPLES];
  PeerNetwork network; /* owned; its examples are the same as numbers, padded */
  bool is_comparable;  /* float32: the rest is there */
  float *outputs;      /* [batch][real outputs] of the first batch, with the initial weights */
  float **after;       /* [junction][edge] weights when the second batch has been trained */
  double largest_step; /* the largest change of a weight by that */
} Subject;

/* From an engine whose parameters are the initial ones.  Ends the program where memory or the
 * engine fails. */
Subject *subject_open(Engine *engine, double rate);
void subject_close(Subject *subject);

/* Trains or infers `inputs`, whole batches, of the examples round and round. */
void subject_run(Subject *subject, uint64_t inputs, double rate, bool is_training);

/* Lets a fresh peer do what `subject` did, and compares.  NULL: the same to rounding, or nothing to
 * compare; else what is wrong, in words (static memory). */
const char *compare_peer(const Subject *subject, const Peer *peer, void *open);

#endif
