// SPDX-License-Identifier: MIT
// A good engineer's C loops over the edges: written once, compiled by two compilers
// (peer_loops_clang.c, peer_loops_gcc.c) as fast as they can: -O3 -march=native -ffast-math.
//
// Online: edges by right neuron, weights, left numbers and activations in flat arrays.  Minibatch:
// inputs are innermost.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/benchmark/peers.h"

typedef struct Loops {
  const PeerNetwork *network;
  float **weight, **bias, **activation, **delta; /* activations and deltas: [neuron][batch] */
  uint64_t next;
} Loops;

static float *loops_array(uint64_t count) {
  float *array = aligned_alloc(64, (count * sizeof *array / 64 + 1) * 64);
  if (array) memset(array, 0, (count * sizeof *array / 64 + 1) * 64);
  return array;
}

static void *loops_open(const PeerNetwork *n) {
  Loops *l = calloc(1, sizeof *l);
  const uint32_t count = n->junction_count;
  l->network = n;
  float ***lists[] = {&l->weight, &l->bias, &l->activation, &l->delta};
  for (int i = 0; i < 4; i++) *lists[i] = calloc(count + 1, sizeof(float *));
  for (uint32_t i = 0; i <= count; i++) {
    l->activation[i] = loops_array((uint64_t)n->neurons[i] * n->batch);
    l->delta[i] = loops_array((uint64_t)n->neurons[i] * n->batch);
    if (i == count) break;
    const uint32_t edges = n->right_begin[i][n->neurons[i + 1]];
    l->weight[i] = loops_array(edges);
    l->bias[i] = loops_array(n->neurons[i + 1]);
    memcpy(l->weight[i], n->weights[i], edges * sizeof(float));
  }
  return l;
}

static void loops_close(void *peer) {
  Loops *l = peer;
  for (uint32_t i = 0; i <= l->network->junction_count; i++) {
    free(l->activation[i]);
    free(l->delta[i]);
    free(l->weight[i]);
    free(l->bias[i]);
  }
  free(l->weight);
  free(l->bias);
  free(l->activation);
  free(l->delta);
  free(l);
}

static float loops_sigmoid(float x) {
  return 1.0F / (1.0F + expf(-x));
}

/* ---- online ---- */

static void loops_ff(const Loops *l, uint32_t i, const float *restrict a, float *restrict out) {
  const PeerNetwork *n = l->network;
  const uint32_t *restrict left = n->left[i], *restrict begin = n->right_begin[i];
  const float *restrict w = l->weight[i];
  for (uint32_t r = 0; r < n->neurons[i + 1]; r++) {
    float sum = l->bias[i][r];
    for (uint32_t e = begin[r]; e < begin[r + 1]; e++) sum += w[e] * a[left[e]];
    out[r] = loops_sigmoid(sum);
  }
}

static void loops_back(const Loops *l, uint32_t i, const float *restrict a) {
  const PeerNetwork *n = l->network;
  const uint32_t *restrict left = n->left[i], *restrict begin = n->right_begin[i];
  float *restrict w = l->weight[i], *restrict back = l->delta[i];
  if (i > 0) memset(back, 0, n->neurons[i] * sizeof *back);
  for (uint32_t r = 0; r < n->neurons[i + 1]; r++) {
    const float delta = l->delta[i + 1][r], step = n->rate * delta;
    if (i > 0) {
      for (uint32_t e = begin[r]; e < begin[r + 1]; e++) back[left[e]] += w[e] * delta;
    }
    for (uint32_t e = begin[r]; e < begin[r + 1]; e++) w[e] -= step * a[left[e]];
    l->bias[i][r] -= step;
  }
  for (uint32_t k = 0; i > 0 && k < n->neurons[i]; k++) back[k] *= a[k] * (1.0F - a[k]);
}

static void loops_forward(Loops *l) {
  const PeerNetwork *n = l->network;
  const float *input = n->examples + l->next * n->neurons[0];
  for (uint32_t i = 0; i < n->junction_count; i++)
    loops_ff(l, i, i == 0 ? input : l->activation[i], l->activation[i + 1]);
}

static void loops_train_online(Loops *l) {
  const PeerNetwork *n = l->network;
  const uint32_t last = n->junction_count;
  loops_forward(l);
  for (uint32_t r = 0; r < n->neurons[last]; r++)
    l->delta[last][r] = l->activation[last][r] - (r == n->labels[l->next] ? 1.0F : 0.0F);
  for (uint32_t i = last; i-- > 0;)
    loops_back(l, i, i == 0 ? n->examples + l->next * n->neurons[0] : l->activation[i]);
}

/* ---- minibatch: the kernels with the batch as a constant where it is one of the usual ---- */

static inline __attribute__((always_inline)) void
loops_ff_row(uint32_t batch, uint32_t count, float bias, const float *restrict w,
             const uint32_t *restrict left, const float *restrict a, float *restrict out) {
  for (uint32_t b = 0; b < batch; b++) out[b] = bias;
  for (uint32_t e = 0; e < count; e++) {
    const float *restrict row = a + (uint64_t)left[e] * batch;
    for (uint32_t b = 0; b < batch; b++) out[b] += w[e] * row[b];
  }
  for (uint32_t b = 0; b < batch; b++) out[b] = loops_sigmoid(out[b]);
}

static inline __attribute__((always_inline)) float
loops_back_row(uint32_t batch, uint32_t count, float rate, float *restrict w,
               const uint32_t *restrict left, const float *restrict a, const float *restrict delta,
               float *restrict back) {
  for (uint32_t e = 0; e < count; e++) {
    const float *restrict row = a + (uint64_t)left[e] * batch;
    float gradient = 0.0F;
    for (uint32_t b = 0; b < batch; b++) gradient += row[b] * delta[b];
    if (back) {
      float *restrict to = back + (uint64_t)left[e] * batch;
      for (uint32_t b = 0; b < batch; b++) to[b] += w[e] * delta[b];
    }
    w[e] -= rate * gradient;
  }
  float gradient = 0.0F;
  for (uint32_t b = 0; b < batch; b++) gradient += delta[b];
  return gradient;
}

static void loops_ff_batch(const Loops *l, uint32_t i) {
  const PeerNetwork *n = l->network;
  for (uint32_t r = 0; r < n->neurons[i + 1]; r++) {
    const uint32_t begin = n->right_begin[i][r], count = n->right_begin[i][r + 1] - begin;
    const float *w = l->weight[i] + begin, *a = l->activation[i], bias = l->bias[i][r];
    const uint32_t *left = n->left[i] + begin;
    float *out = l->activation[i + 1] + (uint64_t)r * n->batch;
    if (n->batch == 64)
      loops_ff_row(64, count, bias, w, left, a, out);
    else if (n->batch == 128)
      loops_ff_row(128, count, bias, w, left, a, out);
    else
      loops_ff_row(n->batch, count, bias, w, left, a, out);
  }
}

static void loops_back_batch(const Loops *l, uint32_t i) {
  const PeerNetwork *n = l->network;
  const float rate = n->rate / (float)n->batch;
  float *back = i > 0 ? l->delta[i] : NULL;
  if (back) memset(back, 0, (uint64_t)n->neurons[i] * n->batch * sizeof(float));
  for (uint32_t r = 0; r < n->neurons[i + 1]; r++) {
    const uint32_t begin = n->right_begin[i][r], count = n->right_begin[i][r + 1] - begin;
    const float *delta = l->delta[i + 1] + (uint64_t)r * n->batch, *a = l->activation[i];
    const uint32_t *left = n->left[i] + begin;
    float *w = l->weight[i] + begin, sum;
    if (n->batch == 64)
      sum = loops_back_row(64, count, rate, w, left, a, delta, back);
    else if (n->batch == 128)
      sum = loops_back_row(128, count, rate, w, left, a, delta, back);
    else
      sum = loops_back_row(n->batch, count, rate, w, left, a, delta, back);
    l->bias[i][r] -= rate * sum;
  }
  for (uint64_t k = 0; i > 0 && k < (uint64_t)n->neurons[i] * n->batch; k++)
    back[k] *= l->activation[i][k] * (1.0F - l->activation[i][k]);
}

/* Examples become columns, sixteen neurons at a time so that what is written stays in L1. */
static void loops_enter_batch(const Loops *l) {
  const PeerNetwork *n = l->network;
  const uint32_t p = n->neurons[0], batch = n->batch;
  for (uint32_t first = 0; first < p; first += 16) {
    const uint32_t last = first + 16 < p ? first + 16 : p;
    for (uint32_t b = 0; b < batch; b++) {
      const float *input = n->examples + (l->next + b) * p;
      for (uint32_t k = first; k < last; k++) l->activation[0][(uint64_t)k * batch + b] = input[k];
    }
  }
}

static void loops_forward_batch(Loops *l) {
  const PeerNetwork *n = l->network;
  loops_enter_batch(l);
  for (uint32_t i = 0; i < n->junction_count; i++) loops_ff_batch(l, i);
}

static void loops_train_batch(Loops *l) {
  const PeerNetwork *n = l->network;
  const uint32_t last = n->junction_count;
  loops_forward_batch(l);
  for (uint32_t r = 0; r < n->neurons[last]; r++) {
    for (uint32_t b = 0; b < n->batch; b++) {
      const uint64_t at = (uint64_t)r * n->batch + b;
      l->delta[last][at] = l->activation[last][at] - (r == n->labels[l->next + b] ? 1.0F : 0.0F);
    }
  }
  for (uint32_t i = last; i-- > 0;) loops_back_batch(l, i);
}

/* ---- a peer ---- */

static void loops_run(Loops *l, uint64_t inputs, void (*one)(Loops *)) {
  flush_denormals(true);
  for (uint64_t done = 0; done < inputs; done += l->network->batch) {
    one(l);
    l->next = (l->next + l->network->batch) % l->network->example_count;
  }
  flush_denormals(false);
}

static void loops_train(void *peer, uint64_t inputs) {
  Loops *l = peer;
  loops_run(l, inputs, l->network->batch > 1 ? loops_train_batch : loops_train_online);
}

static void loops_infer(void *peer, uint64_t inputs) {
  Loops *l = peer;
  loops_run(l, inputs, l->network->batch > 1 ? loops_forward_batch : loops_forward);
}

static void loops_outputs(void *peer, float *outputs) {
  const Loops *l = peer;
  const uint32_t last = l->network->junction_count, count = l->network->neurons[last];
  for (uint32_t b = 0; b < l->network->batch; b++) {
    for (uint32_t r = 0; r < count; r++)
      outputs[b * count + r] = l->activation[last][(uint64_t)r * l->network->batch + b];
  }
}

static float loops_weight(void *peer, uint32_t junction, uint32_t right, uint32_t edge) {
  const Loops *l = peer;
  (void)right;
  return l->weight[junction][edge];
}

/* The loops as a peer, under the compiler's name. */
#define LOOPS_PEER(title, option)                                                                  \
  {                                                                                                \
    .name = (title), .key = (option), .trains_online = true, .trains_batches = true,               \
    .infers_online = true, .infers_batches = true, .open = loops_open, .train = loops_train,       \
    .infer = loops_infer, .close = loops_close, .outputs = loops_outputs, .weight = loops_weight   \
  }
