// SPDX-License-Identifier: MIT
// What peers are given, and whether they do with it what sedge does.
#include "tests/benchmark/peer_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory(uint64_t count, size_t size) {
  void *block = calloc(count + 1, size);
  if (block) return block;
  fputs("no memory\n", stderr);
  exit(1);
}

/* ---- the network ---- */

/* Random bytes, as MNIST's files give them. */
static uint8_t *make_examples(const Layer *input) {
  const uint64_t count = (uint64_t)EXAMPLES * input->real_count;
  uint8_t *bytes = memory(count, sizeof *bytes);
  uint32_t state = 1;
  for (uint64_t i = 0; i < count; i++) {
    state = state * 1664525 + 1013904223;
    bytes[i] = (uint8_t)(state >> 24);
  }
  return bytes;
}

/* The same as numbers, with zeros for the padded neurons. */
static float *pad_examples(const uint8_t *bytes, const Layer *input) {
  const uint64_t neurons = input->neuron_count, features = input->real_count;
  float *padded = memory(EXAMPLES * neurons, sizeof *padded);
  for (uint64_t i = 0; i < EXAMPLES; i++) {
    for (uint64_t k = 0; k < features; k++)
      padded[i * neurons + k] = (float)(bytes[i * features + k] / 255.0);
  }
  return padded;
}

static float *read_weights(Engine *engine, uint32_t junction) {
  const uint32_t count = engine->model->junctions[junction].edges.edge_count;
  float *weights = memory(count, sizeof *weights);
  if (!engine->model->number.is_fixed)
    tensor_read(engine_weights(engine, junction), 0, count, weights);
  return weights;
}

static PeerNetwork make_network(Engine *engine, const uint8_t *examples, double rate) {
  const Model *model = engine->model;
  const uint32_t count = model->junction_count;
  uint32_t *neurons = memory(count + 1, sizeof *neurons),
           *labels = memory(EXAMPLES, sizeof *labels);
  uint32_t **left = memory(count, sizeof *left), **begin = memory(count, sizeof *begin);
  float **weights = memory(count, sizeof *weights);
  for (uint32_t i = 0; i < EXAMPLES; i++) labels[i] = i % model->layers[count].real_count;
  for (uint32_t i = 0; i <= count; i++) neurons[i] = model->layers[i].neuron_count;
  for (uint32_t i = 0; i < count; i++) {
    const Interleaver *edges = &model->junctions[i].edges;
    left[i] = memory(edges->edge_count, sizeof **left);
    begin[i] = memory(edges->right_count + 1, sizeof **begin);
    weights[i] = read_weights(engine, i);
    interleaver_expand(edges, 0, edges->edge_count, left[i]);
    for (uint32_t r = 0; r <= edges->right_count; r++) begin[i][r] = interleaver_begin(edges, r);
  }
  return (PeerNetwork){.junction_count = count,
                       .batch = model->batch,
                       .neurons = neurons,
                       .real_outputs = model->layers[count].real_count,
                       .left = (const uint32_t *const *)left,
                       .right_begin = (const uint32_t *const *)begin,
                       .weights = (const float *const *)weights,
                       .example_count = EXAMPLES,
                       .examples = pad_examples(examples, &model->layers[0]),
                       .labels = labels,
                       .rate = (float)rate};
}

static void free_network(const PeerNetwork *n) {
  for (uint32_t i = 0; i < n->junction_count; i++) {
    free((void *)n->left[i]);
    free((void *)n->right_begin[i]);
    free((void *)n->weights[i]);
  }
  free((void *)n->left);
  free((void *)n->right_begin);
  free((void *)n->weights);
  free((void *)n->neurons);
  free((void *)n->examples);
  free((void *)n->labels);
}

/* ---- sedge ---- */

static void run_piece(Subject *s, uint64_t first, uint64_t count, double rate, bool is_training,
                      float *scores) {
  const TrainRun run = {
      .examples = &s->examples, .order = s->order + first, .count = count, .rate = rate};
  Tally tally = {0};
  Failure failure = {0};
  if (is_training
          ? engine_train(s->engine, &run, &tally, &failure)
          : engine_infer(s->engine, &s->examples, first, count, scores, NULL, &tally, &failure))
    return;
  fprintf(stderr, "%s\n", failure.message);
  exit(1);
}

void subject_run(Subject *s, uint64_t inputs, double rate, bool is_training) {
  for (uint64_t done = 0; done < inputs;) {
    const uint64_t count = inputs - done < EXAMPLES ? inputs - done : EXAMPLES;
    run_piece(s, 0, count, rate, is_training, NULL);
    done += count;
  }
}

/* The first batch is inferred, the second one trained. */
static void note_results(Subject *s, double rate) {
  const PeerNetwork *n = &s->network;
  s->outputs = memory((uint64_t)n->batch * n->real_outputs, sizeof *s->outputs);
  s->after = memory(n->junction_count, sizeof *s->after);
  run_piece(s, 0, n->batch, rate, false, s->outputs);
  run_piece(s, n->batch, n->batch, rate, true, NULL);
  for (uint32_t i = 0; i < n->junction_count; i++) {
    s->after[i] = read_weights(s->engine, i);
    for (uint32_t e = 0; e < s->engine->model->junctions[i].edges.edge_count; e++)
      s->largest_step =
          fmax(s->largest_step, fabs((double)s->after[i][e] - (double)n->weights[i][e]));
  }
}

Subject *subject_open(Engine *engine, double rate) {
  const Model *model = engine->model;
  Subject *s = memory(1, sizeof *s);
  uint8_t *bytes = make_examples(&model->layers[0]);
  s->engine = engine;
  s->network = make_network(engine, bytes, rate);
  s->examples = (Examples){.count = EXAMPLES,
                           .features = model->layers[0].real_count,
                           .bytes = bytes,
                           .labels = s->network.labels};
  for (uint32_t i = 0; i < EXAMPLES; i++) s->order[i] = i;
  s->is_comparable =
      !model->number.is_fixed && !model->is_pipelined && 2 * model->batch <= EXAMPLES;
  if (s->is_comparable) note_results(s, rate);
  return s;
}

void subject_close(Subject *s) {
  for (uint32_t i = 0; s->after && i < s->network.junction_count; i++) free(s->after[i]);
  free(s->after);
  free(s->outputs);
  free((void *)s->examples.bytes);
  free_network(&s->network);
  free(s);
}

/* ---- comparing ---- */

static char complaint[160];

static bool are_outputs_good(const Subject *s, const float *outputs) {
  const PeerNetwork *n = &s->network;
  const uint32_t all = n->neurons[n->junction_count];
  for (uint32_t b = 0; b < n->batch; b++) {
    for (uint32_t r = 0; r < n->real_outputs; r++) {
      const float ours = s->outputs[b * n->real_outputs + r], theirs = outputs[b * all + r];
      if (fabsf(ours - theirs) <= 1e-4F) continue;
      snprintf(complaint, sizeof complaint, "output %u of input %u is %.7g, sedge's is %.7g", r, b,
               (double)theirs, (double)ours);
      return false;
    }
  }
  return true;
}

/* A weight may differ by rounding, and by a hundredth of the largest step. */
static bool are_weights_good(const Subject *s, const Peer *peer, void *open) {
  const PeerNetwork *n = &s->network;
  const double most = 1e-6 + s->largest_step / 100;
  for (uint32_t i = 0; i < n->junction_count; i++) {
    for (uint32_t r = 0; r < n->neurons[i + 1]; r++) {
      for (uint32_t e = n->right_begin[i][r]; e < n->right_begin[i][r + 1]; e++) {
        const double ours = (double)s->after[i][e], theirs = (double)peer->weight(open, i, r, e);
        if (fabs(ours - theirs) <= most) continue;
        snprintf(complaint, sizeof complaint,
                 "the weight of edge %u in junction %u is %.8g after a step, sedge's is %.8g", e,
                 i + 1, theirs, ours);
        return false;
      }
    }
  }
  return true;
}

const char *compare_peer(const Subject *s, const Peer *peer, void *open) {
  const PeerNetwork *n = &s->network;
  if (!s->is_comparable) return NULL;
  float *outputs = memory((uint64_t)n->batch * n->neurons[n->junction_count], sizeof *outputs);
  peer->infer(open, n->batch);
  peer->outputs(open, outputs);
  bool is_good = are_outputs_good(s, outputs);
  if (is_good && peer->weight) {
    peer->train(open, n->batch);
    is_good = are_weights_good(s, peer, open);
  }
  free(outputs);
  return is_good ? NULL : complaint;
}
