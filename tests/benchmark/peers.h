// SPDX-License-Identifier: MIT
// What sedge is measured against: other ways to train the same network on the same inputs.
#ifndef SEDGE_BENCHMARK_PEERS_H
#define SEDGE_BENCHMARK_PEERS_H

#include <stdbool.h>
#include <stdint.h>

/* A network with sigmoids and cross entropy, trained by plain descent; arrays are borrowed. */
typedef struct PeerNetwork {
  uint32_t junction_count, batch;
  const uint32_t *neurons;            /* [junctions + 1] */
  const uint32_t *const *left;        /* [junction][edge] left neuron */
  const uint32_t *const *right_begin; /* [junction][right + 1] first edge */
  uint32_t example_count;             /* a multiple of the batch */
  const float *examples;              /* [example][neurons[0]] */
  const uint32_t *labels;             /* [example] */
  float rate;
} PeerNetwork;

typedef struct Peer {
  const char *name;
  const char *key; /* in --peers */
  bool trains_online, trains_batches, infers;
  void *(*open)(const PeerNetwork *network);  /* NULL: it cannot */
  void (*train)(void *peer, uint64_t inputs); /* goes round through the examples */
  void (*infer)(void *peer, uint64_t inputs);
  void (*close)(void *peer);
} Peer;

/* Those that were found when this was built; the others are NULL.  loops_clang is what the bars are measured against. */
extern const Peer *const peer_loops_clang, *const peer_loops_gcc, *const peer_fann,
                                                                      *const peer_openblas;

/* Programs that are linked with -ffast-math treat denormal numbers as zero; ours is not, so peers ask for it while they run. */
static inline void flush_denormals(bool on) {
#ifdef __SSE2__
  const unsigned flush_and_zero = 0x8040;
  const unsigned now = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(on ? now | flush_and_zero : now & ~flush_and_zero);
#else
  (void)on;
#endif
}

#endif
