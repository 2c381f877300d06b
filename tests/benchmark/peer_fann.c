// SPDX-License-Identifier: MIT
// FANN: the same edges and weights, through the file format in which FANN keeps a network, trained
// online.
//
// FANN knows no cross entropy: it learns from squared errors, so its outputs are compared, its
// training is not.
#include <stddef.h>

#include "tests/benchmark/peers.h"

#ifdef HAVE_FANN
#include <floatfann.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Fann {
  const PeerNetwork *network;
  struct fann *ann;
  float *target, *last; /* last: what the last inference gave, in FANN's memory */
  uint64_t next;
} Fann;

/* ---- the network as a file of FANN's ---- */

/* FANN's neurons count through the layers, each of which ends with a bias neuron. */
static void write_connections(const PeerNetwork *n, FILE *file) {
  uint64_t first = 0;
  for (uint32_t i = 0; i < n->junction_count; i++) {
    const uint32_t *begin = n->right_begin[i];
    for (uint32_t r = 0; r < n->neurons[i + 1]; r++) {
      for (uint32_t e = begin[r]; e < begin[r + 1]; e++)
        fprintf(file, "(%llu, %.9g) ", (unsigned long long)(first + n->left[i][e]),
                n->weights[i][e]);
      fprintf(file, "(%llu, 0) ", (unsigned long long)(first + n->neurons[i]));
    }
    first += n->neurons[i] + 1ull;
  }
  fputc('\n', file);
}

static void write_neurons(const PeerNetwork *n, FILE *file) {
  for (uint32_t layer = 0; layer <= n->junction_count; layer++) {
    for (uint32_t r = 0; r < n->neurons[layer]; r++) {
      const uint32_t edges =
          layer == 0 ? 0 : n->right_begin[layer - 1][r + 1] - n->right_begin[layer - 1][r] + 1;
      fprintf(file, "(%u, %d, %s) ", edges, layer == 0 ? 0 : FANN_SIGMOID,
              layer == 0 ? "0" : "0.5");
    }
    fprintf(file, "(0, %d, 0) ", layer == 0 ? 0 : FANN_SIGMOID);
  }
  fputc('\n', file);
}

/* What a fresh network's file says down to its layers; only those and what follows are ours. */
static void write_network(const PeerNetwork *n, FILE *file) {
  static const char head[] =
      "FANN_FLO_2.1\nnum_layers=%u\nlearning_rate=%.9g\nconnection_rate=0.5\nnetwork_type=0\n"
      "learning_momentum=0\ntraining_algorithm=0\ntrain_error_function=0\ntrain_stop_function=0\n"
      "cascade_output_change_fraction=0.01\nquickprop_decay=-0.0001\nquickprop_mu=1.75\n"
      "rprop_increase_factor=1.2\nrprop_decrease_factor=0.5\nrprop_delta_min=0\nrprop_delta_max="
      "50\n"
      "rprop_delta_zero=0.1\ncascade_output_stagnation_epochs=12\n"
      "cascade_candidate_change_fraction=0.01\ncascade_candidate_stagnation_epochs=12\n"
      "cascade_max_out_epochs=150\ncascade_min_out_epochs=50\ncascade_max_cand_epochs=150\n"
      "cascade_min_cand_epochs=50\ncascade_num_candidate_groups=2\nbit_fail_limit=0.35\n"
      "cascade_candidate_limit=1000\ncascade_weight_multiplier=0.4\n"
      "cascade_activation_functions_count=1\ncascade_activation_functions=3 \n"
      "cascade_activation_steepnesses_count=1\ncascade_activation_steepnesses=0.5 \nlayer_sizes=";
  fprintf(file, head, n->junction_count + 1, n->rate);
  for (uint32_t i = 0; i <= n->junction_count; i++) fprintf(file, "%u ", n->neurons[i] + 1);
  fputs("\nscale_included=0\nneurons (num_inputs, activation_function, activation_steepness)=",
        file);
  write_neurons(n, file);
  fputs("connections (connected_to_neuron, weight)=", file);
  write_connections(n, file);
}

static struct fann *make_network(const PeerNetwork *n) {
  char path[] = "/tmp/sedge-benchmark-XXXXXX";
  const int descriptor = mkstemp(path);
  FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
  if (!file) return NULL;
  write_network(n, file);
  const bool is_written = fclose(file) == 0;
  struct fann *ann = is_written ? fann_create_from_file(path) : NULL;
  unlink(path);
  return ann;
}

/* ---- the peer ---- */

static void *open_fann(const PeerNetwork *n) {
  struct fann *ann = make_network(n);
  if (!ann) return NULL;
  Fann *f = calloc(1, sizeof *f);
  *f = (Fann){.network = n, .ann = ann};
  f->target = calloc(n->neurons[n->junction_count], sizeof *f->target);
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
  for (uint64_t i = 0; i < inputs; i++) f->last = fann_run(f->ann, next_input(f));
}

static void outputs_fann(void *peer, float *outputs) {
  const Fann *f = peer;
  memcpy(outputs, f->last, f->network->neurons[f->network->junction_count] * sizeof *outputs);
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
                          .infers_online = true,
                          .open = open_fann,
                          .train = train_fann,
                          .infer = infer_fann,
                          .close = close_fann,
                          .outputs = outputs_fann};
const Peer *const peer_fann = &fann;
#else
const Peer *const peer_fann = NULL;
#endif
