// SPDX-License-Identifier: MIT
// OpenBLAS: the dense network of the same layers, as C would call it: matrix times vector online,
// times matrix in minibatches.
//
// It begins with the sparse network's weights and zeros elsewhere, so that one step later the
// weights on the edges must be the same.
#include <stddef.h>

#include "tests/benchmark/peers.h"

#ifdef HAVE_OPENBLAS
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Dense {
  const PeerNetwork *network;
  float **weight, **bias, **activation, **delta; /* [right][left], [right], [batch][neuron] */
  uint64_t next;
} Dense;

static void *open_dense(const PeerNetwork *n) {
  Dense *d = calloc(1, sizeof *d);
  const uint32_t count = n->junction_count;
  d->network = n;
  float ***lists[] = {&d->weight, &d->bias, &d->activation, &d->delta};
  for (int i = 0; i < 4; i++) *lists[i] = calloc(count + 1, sizeof(float *));
  for (uint32_t i = 0; i <= count; i++) {
    d->activation[i] = calloc((uint64_t)n->neurons[i] * n->batch, sizeof(float));
    d->delta[i] = calloc((uint64_t)n->neurons[i] * n->batch, sizeof(float));
    if (i == count) break;
    const uint64_t edges = (uint64_t)n->neurons[i] * n->neurons[i + 1];
    d->weight[i] = calloc(edges, sizeof(float));
    d->bias[i] = calloc(n->neurons[i + 1], sizeof(float));
    for (uint32_t r = 0; r < n->neurons[i + 1]; r++) {
      for (uint32_t e = n->right_begin[i][r]; e < n->right_begin[i][r + 1]; e++)
        d->weight[i][(uint64_t)r * n->neurons[i] + n->left[i][e]] = n->weights[i][e];
    }
  }
  openblas_set_num_threads(1);
  return d;
}

static float *input_of(const Dense *d) {
  return (float *)d->network->examples + d->next * d->network->neurons[0];
}

static float *left_of(const Dense *d, uint32_t i) {
  return i == 0 ? input_of(d) : d->activation[i];
}

static void forward(Dense *d) {
  const PeerNetwork *n = d->network;
  for (uint32_t i = 0; i < n->junction_count; i++) {
    const int p = (int)n->neurons[i], r = (int)n->neurons[i + 1], b = (int)n->batch;
    float *out = d->activation[i + 1];
    for (int k = 0; k < b; k++) cblas_scopy(r, d->bias[i], 1, out + (size_t)k * (size_t)r, 1);
    if (b == 1) {
      cblas_sgemv(CblasRowMajor, CblasNoTrans, r, p, 1, d->weight[i], p, left_of(d, i), 1, 1, out,
                  1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, b, r, p, 1, left_of(d, i), p,
                  d->weight[i], p, 1, out, r);
    }
    for (int k = 0; k < r * b; k++) out[k] = 1.0F / (1.0F + expf(-out[k]));
  }
}

static void back(Dense *d, uint32_t i) {
  const PeerNetwork *n = d->network;
  const int p = (int)n->neurons[i], r = (int)n->neurons[i + 1], b = (int)n->batch;
  const float rate = -n->rate / (float)b;
  if (i > 0 && b == 1)
    cblas_sgemv(CblasRowMajor, CblasTrans, r, p, 1, d->weight[i], p, d->delta[i + 1], 1, 0,
                d->delta[i], 1);
  if (i > 0 && b > 1)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, b, p, r, 1, d->delta[i + 1], r,
                d->weight[i], p, 0, d->delta[i], p);
  for (int k = 0; i > 0 && k < p * b; k++)
    d->delta[i][k] *= d->activation[i][k] * (1.0F - d->activation[i][k]);
  if (b == 1) {
    cblas_sger(CblasRowMajor, r, p, rate, d->delta[i + 1], 1, left_of(d, i), 1, d->weight[i], p);
  } else {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, r, p, b, rate, d->delta[i + 1], r,
                left_of(d, i), p, 1, d->weight[i], p);
  }
  for (int k = 0; k < b; k++)
    cblas_saxpy(r, rate, d->delta[i + 1] + (size_t)k * (size_t)r, 1, d->bias[i], 1);
}

static void train_dense(void *peer, uint64_t inputs) {
  Dense *d = peer;
  const PeerNetwork *n = d->network;
  const uint32_t last = n->junction_count, outputs = n->neurons[last];
  flush_denormals(true);
  for (uint64_t done = 0; done < inputs; done += n->batch) {
    forward(d);
    for (uint32_t b = 0; b < n->batch; b++) {
      for (uint32_t r = 0; r < outputs; r++)
        d->delta[last][b * outputs + r] =
            d->activation[last][b * outputs + r] - (r == n->labels[d->next + b] ? 1.0F : 0.0F);
    }
    for (uint32_t i = last; i-- > 0;) back(d, i);
    d->next = (d->next + n->batch) % n->example_count;
  }
  flush_denormals(false);
}

static void infer_dense(void *peer, uint64_t inputs) {
  Dense *d = peer;
  flush_denormals(true);
  for (uint64_t done = 0; done < inputs; done += d->network->batch) {
    forward(d);
    d->next = (d->next + d->network->batch) % d->network->example_count;
  }
  flush_denormals(false);
}

static void close_dense(void *peer) {
  Dense *d = peer;
  for (uint32_t i = 0; i <= d->network->junction_count; i++) {
    free(d->activation[i]);
    free(d->delta[i]);
    free(d->weight[i]);
    free(d->bias[i]);
  }
  free(d->weight);
  free(d->bias);
  free(d->activation);
  free(d->delta);
  free(d);
}

static void outputs_dense(void *peer, float *outputs) {
  const Dense *d = peer;
  const uint32_t last = d->network->junction_count;
  memcpy(outputs, d->activation[last],
         (uint64_t)d->network->neurons[last] * d->network->batch * sizeof *outputs);
}

static float weight_of_dense(void *peer, uint32_t junction, uint32_t right, uint32_t edge) {
  const Dense *d = peer;
  const PeerNetwork *n = d->network;
  return d->weight[junction][(uint64_t)right * n->neurons[junction] + n->left[junction][edge]];
}

const char *openblas_core(void) {
  return openblas_get_corename();
}

static const Peer dense = {.name = "OpenBLAS, dense",
                           .key = "openblas",
                           .trains_online = true,
                           .trains_batches = true,
                           .infers_online = true,
                           .infers_batches = true,
                           .open = open_dense,
                           .train = train_dense,
                           .infer = infer_dense,
                           .close = close_dense,
                           .outputs = outputs_dense,
                           .weight = weight_of_dense};
const Peer *const peer_openblas = &dense;
#else
const Peer *const peer_openblas = NULL;

const char *openblas_core(void) {
  return NULL;
}
#endif
