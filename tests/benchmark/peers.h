// SPDX-License-Identifier: MIT
// What sedge is measured against: other ways to train the same network, from the same weights, on
// the same inputs.
#ifndef SEDGE_BENCHMARK_PEERS_H
#define SEDGE_BENCHMARK_PEERS_H

#include <stdbool.h>
#include <stdint.h>

/* A network with sigmoids and cross entropy, trained by plain descent; arrays are borrowed. */
typedef struct PeerNetwork {
  uint32_t junction_count, batch;
  const uint32_t *neurons;            /* [junctions + 1] */
  uint32_t real_outputs;              /* the others are trained toward 0 too */
  const uint32_t *const *left;        /* [junction][edge] left neuron */
  const uint32_t *const *right_begin; /* [junction][right + 1] first edge */
  const float *const *weights;        /* [junction][edge] initial */
  uint32_t example_count;             /* a multiple of the batch */
  const float *examples;              /* [example][neurons[0]] */
  const uint32_t *labels;             /* [example] < real_outputs */
  float rate;
} PeerNetwork;

/* Examples are taken in their order, round and round; biases begin as 0. */
typedef struct Peer {
  const char *name;
  const char *key; /* in --peers */
  bool trains_online, trains_batches, infers_online, infers_batches;
  void *(*open)(const PeerNetwork *network);  /* NULL: it cannot */
  void (*train)(void *peer, uint64_t inputs); /* whole batches */
  void (*infer)(void *peer, uint64_t inputs);
  void (*close)(void *peer);
  /* Output activations of the last batch that was inferred, [input][outputs]. */
  void (*outputs)(void *peer, float *outputs);
  /* A weight as it is now; NULL: it learns otherwise, and is not compared. */
  float (*weight)(void *peer, uint32_t junction, uint32_t right, uint32_t edge);
  /* Seconds of its own work so far; NULL: it works in the thread that calls it. */
  double (*seconds)(void *peer);
} Peer;

/* Those that were not found when this was built are NULL.  loops_clang is what the bars are
 * measured against. */
extern const Peer *const peer_loops_clang;
extern const Peer *const peer_loops_gcc;
extern const Peer *const peer_fann;
extern const Peer *const peer_openblas;
extern const Peer *const peer_xsmm;
extern const Peer *const peer_torch;

/* "Cooperlake": the kernels that OpenBLAS chose for this processor; NULL: no OpenBLAS. */
const char *openblas_core(void);

/* Programs that are linked with -ffast-math treat denormal numbers as zero; ours is not, so peers
 * ask for it while they run. */
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
