// SPDX-License-Identifier: MIT
// FANN: a network of all edges, of which those that are not ours are removed, trained online.
#include "tests/benchmark/peers.h"

#ifdef HAVE_FANN
#include <floatfann.h>
#include <stdlib.h>
#include <string.h>

typedef struct Fann {
  const PeerNetwork *network;
  struct fann *ann;
  float *target;
  uint64_t next;
} Fann;

/* FANN's own sparse networks choose their edges at random, as many as ours: the arithmetic is the same. */
static void *open_fann(const PeerNetwork *n) {
  uint64_t edges = 0, all = 0;
  for (uint32_t i = 0; i < n->junction_count; i++) {
    edges += n->right_begin[i][n->neurons[i + 1]];
    all += (uint64_t)n->neurons[i] * n->neurons[i + 1];
  }
  Fann *f = calloc(1, sizeof *f);
  f->network = n;
  f->ann = fann_create_sparse_array((float)edges / (float)all, n->junction_count + 1, n->neurons);
  f->target = calloc(n->neurons[n->junction_count], sizeof *f->target);
  fann_set_training_algorithm(f->ann, FANN_TRAIN_INCREMENTAL);
  fann_set_activation_function_hidden(f->ann, FANN_SIGMOID);
  fann_set_activation_function_output(f->ann, FANN_SIGMOID);
  fann_set_learning_rate(f->ann, n->rate);
  return f;
}

static float *next_input(Fann *f) {
  float *input = (float *)f->network->examples + f->next * f->network->neurons[0];
  f->next = (f->next + 1) % f->network->example_count;
  return input;
}

static void train_fann(void *peer, uint64_t inputs) {
  Fann *f = peer;
  for (uint64_t i = 0; i < inputs; i++) {
    const uint32_t label = f->network->labels[f->next];
    f->target[label] = 1.0F;
    fann_train(f->ann, next_input(f), f->target);
    f->target[label] = 0.0F;
  }
}

static void infer_fann(void *peer, uint64_t inputs) {
  Fann *f = peer;
  for (uint64_t i = 0; i < inputs; i++) fann_run(f->ann, next_input(f));
}

static void close_fann(void *peer) {
  Fann *f = peer;
  fann_destroy(f->ann);
  free(f->target);
  free(f);
}

static const Peer fann = {.name = "FANN, sparse",
                          .key = "fann",
                          .trains_online = true,
                          .infers = true,
                          .open = open_fann,
                          .train = train_fann,
                          .infer = infer_fann,
                          .close = close_fann};
const Peer *const peer_fann = &fann;
#else
const Peer *const peer_fann = NULL;
#endif
