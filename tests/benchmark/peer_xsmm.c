// SPDX-License-Identifier: MIT
// LIBXSMM: the feedforward of minibatches, by code that it makes for the positions of a sparse
// matrix.
#include <stddef.h>

#include "tests/benchmark/peers.h"

#ifdef HAVE_XSMM
#include <libxsmm.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* LIBXSMM's generator writes past the end of a buffer of 128 KB, and is wrong from 8 vectors a row
 * on, so a kernel gets as many right neurons as surely fit, and 4 vectors of each, or 1. */
enum { PACKED = 16, INSTRUCTION_BYTES = 12, CODE_BYTES = 100000 };

/* C [right][columns] = W [right][left] * A [left][columns] for right neurons first .. */
typedef struct Kernel {
  uint32_t first, edge; /* its first right neuron and edge */
  uint32_t columns;     /* inputs at once */
  libxsmm_smmfunction run;
} Kernel;

typedef struct Xsmm {
  const PeerNetwork *network;
  Kernel **kernels;        /* [junction][kernel_count] */
  uint32_t *kernel_counts; /* [junction] */
  float **activation;      /* [neuron][batch] */
  uint64_t next;
} Xsmm;

static float *array(uint64_t count) {
  float *memory = aligned_alloc(64, (count * sizeof *memory / 64 + 1) * 64);
  if (memory) memset(memory, 0, count * sizeof *memory);
  return memory;
}

static void close_xsmm(void *peer) {
  Xsmm *x = peer;
  for (uint32_t i = 0; i <= x->network->junction_count; i++) {
    free(x->activation[i]);
    if (i == x->network->junction_count) break;
    for (uint32_t k = 0; k < x->kernel_counts[i]; k++)
      libxsmm_release_kernel((const void *)x->kernels[i][k].run);
    free(x->kernels[i]);
  }
  free(x->kernels);
  free(x->kernel_counts);
  free(x->activation);
  free(x);
}

/* Right neurons first .. last - 1 of junction i. */
static libxsmm_smmfunction make_kernel(const PeerNetwork *n, uint32_t i, uint32_t first,
                                       uint32_t last, uint32_t vectors) {
  const uint32_t *begin = n->right_begin[i], edge = begin[first];
  const libxsmm_blasint columns = (libxsmm_blasint)(n->batch / PACKED);
  unsigned *rows = malloc((last - first + 1) * sizeof *rows);
  for (uint32_t r = first; r <= last; r++) rows[r - first] = begin[r] - edge;
  libxsmm_descriptor_blob blob;
  const libxsmm_gemm_descriptor *descriptor = libxsmm_gemm_descriptor_dinit(
      &blob, LIBXSMM_GEMM_PRECISION_F32, (libxsmm_blasint)(last - first), (libxsmm_blasint)vectors,
      (libxsmm_blasint)n->neurons[i], 0, columns, columns, 1.0, 0.0, LIBXSMM_GEMM_FLAG_NONE,
      LIBXSMM_GEMM_PREFETCH_NONE);
  libxsmm_smmfunction run =
      libxsmm_create_xcsr_soa(descriptor, rows, n->left[i] + edge, n->weights[i] + edge, PACKED)
          .smm;
  free(rows);
  return run;
}

/* Each edge is one load and a multiply-add for each vector. */
static uint32_t most_edges(uint32_t vectors) {
  return CODE_BYTES / INSTRUCTION_BYTES / (vectors + 1);
}

static bool make_kernels(Xsmm *x, uint32_t i) {
  const PeerNetwork *n = x->network;
  const uint32_t *begin = n->right_begin[i], right = n->neurons[i + 1];
  uint32_t longest = 0;
  for (uint32_t r = 0; r < right; r++) {
    if (begin[r + 1] - begin[r] > longest) longest = begin[r + 1] - begin[r];
  }
  const bool is_short = n->batch % (4 * PACKED) == 0 && longest <= most_edges(4);
  const uint32_t vectors = is_short ? 4 : 1, most = most_edges(vectors);
  x->kernels[i] = calloc(right, sizeof(Kernel));
  for (uint32_t first = 0, last = 0; first < right; first = last) {
    while (last < right && begin[last + 1] - begin[first] <= most) last++;
    if (last == first) return false;
    Kernel kernel = {first, begin[first], vectors * PACKED,
                     make_kernel(n, i, first, last, vectors)};
    if (!kernel.run) return false;
    x->kernels[i][x->kernel_counts[i]++] = kernel;
  }
  return true;
}

static void *open_xsmm(const PeerNetwork *n) {
  if (n->batch % PACKED != 0) return NULL;
  libxsmm_init();
  Xsmm *x = calloc(1, sizeof *x);
  *x = (Xsmm){.network = n,
              .kernels = calloc(n->junction_count, sizeof(Kernel *)),
              .kernel_counts = calloc(n->junction_count, sizeof(uint32_t)),
              .activation = calloc(n->junction_count + 1, sizeof(float *))};
  bool is_good = true;
  for (uint32_t i = 0; i <= n->junction_count; i++) {
    x->activation[i] = array((uint64_t)n->neurons[i] * n->batch);
    if (i < n->junction_count) is_good = is_good && make_kernels(x, i);
  }
  if (is_good) return x;
  close_xsmm(x);
  return NULL;
}

static void enter(const Xsmm *x) {
  const PeerNetwork *n = x->network;
  const uint32_t p = n->neurons[0], batch = n->batch;
  for (uint32_t first = 0; first < p; first += 16) {
    const uint32_t last = first + 16 < p ? first + 16 : p;
    for (uint32_t b = 0; b < batch; b++) {
      for (uint32_t k = first; k < last; k++)
        x->activation[0][(uint64_t)k * batch + b] = n->examples[(x->next + b) * p + k];
    }
  }
}

static void infer_xsmm(void *peer, uint64_t inputs) {
  Xsmm *x = peer;
  const PeerNetwork *n = x->network;
  flush_denormals(true);
  for (uint64_t done = 0; done < inputs; done += n->batch) {
    enter(x);
    for (uint32_t i = 0; i < n->junction_count; i++) {
      float *out = x->activation[i + 1];
      for (uint32_t k = 0; k < x->kernel_counts[i]; k++) {
        const Kernel *kernel = &x->kernels[i][k];
        for (uint32_t column = 0; column < n->batch; column += kernel->columns)
          kernel->run(n->weights[i] + kernel->edge, x->activation[i] + column,
                      out + (uint64_t)kernel->first * n->batch + column);
      }
      for (uint64_t k = 0; k < (uint64_t)n->neurons[i + 1] * n->batch; k++)
        out[k] = 1.0F / (1.0F + expf(-out[k]));
    }
    x->next = (x->next + n->batch) % n->example_count;
  }
  flush_denormals(false);
}

static void outputs_xsmm(void *peer, float *outputs) {
  const Xsmm *x = peer;
  const uint32_t last = x->network->junction_count, count = x->network->neurons[last];
  for (uint32_t b = 0; b < x->network->batch; b++) {
    for (uint32_t r = 0; r < count; r++)
      outputs[b * count + r] = x->activation[last][r * x->network->batch + b];
  }
}

static const Peer xsmm = {.name = "LIBXSMM, sparse",
                          .key = "libxsmm",
                          .infers_batches = true,
                          .open = open_xsmm,
                          .infer = infer_xsmm,
                          .close = close_xsmm,
                          .outputs = outputs_xsmm};
const Peer *const peer_xsmm = &xsmm;
#else
const Peer *const peer_xsmm = NULL;
#endif
