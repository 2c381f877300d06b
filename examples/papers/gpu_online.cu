// SPDX-License-Identifier: MIT
// Trains 784-64-10 (sigmoid, cross-entropy, SGD) online on one multiprocessor of a GPU: one kernel for all inputs, so that what an input
// costs is its arithmetic and three barriers. gpu_baseline.py compiles it, compares it with float64, and times it.
//
// 512 threads. Eight of them share a hidden neuron, each with EDGES of its edges: weights, and where edges are sparse the left neurons,
// stay in registers from the first input to the last. The second junction is in shared memory; warp `o` does FF and UP of output `o`.

#include <cuda_runtime.h>

namespace {

constexpr int PIXELS = 784, HIDDEN = 64, OUTPUTS = 10, SHARE = 8, THREADS = HIDDEN * SHARE;

struct Junctions {
  const int *left;    // [HIDDEN][SHARE * EDGES]: the pixel at each edge's left
  float *weights1;    // [HIDDEN][SHARE * EDGES]
  float *biases1;     // [HIDDEN]
  float *weights2;    // [OUTPUTS][HIDDEN]
  const float *mask2; // [OUTPUTS][HIDDEN]: 1 where there is an edge, else 0
  float *biases2;     // [OUTPUTS]
};

__device__ float sigmoid(float x) {
  return 1.0f / (1.0f + __expf(-x));
}

// Each of `count` neighbouring threads gets the sum over them; count is a power of two up to 32.
__device__ float sum_over(float value, int count) {
  for (int distance = count / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, distance);
  }
  return value;
}

// `parity` buffers: while this input's pixels and hidden values are still read, the next one's are written.
template <int EDGES, bool SPARSE>
__global__ void __launch_bounds__(THREADS)
    train(const float *images, const int *labels, Junctions all, int inputs, float rate) {
  __shared__ float pixels[2][PIXELS];
  __shared__ float hidden[2][HIDDEN];
  __shared__ float weights2[OUTPUTS][HIDDEN];
  __shared__ float delta2[OUTPUTS];
  const int thread = threadIdx.x, neuron = thread / SHARE, part = thread % SHARE;
  const int output = thread / 32, lane = thread % 32;

  float weight[EDGES];
  int left[SPARSE ? EDGES : 1];
  float value[SPARSE ? EDGES : 1];
#pragma unroll
  for (int k = 0; k < EDGES; k++) {
    const int edge = neuron * SHARE * EDGES + k * SHARE + part;
    weight[k] = all.weights1[edge];
    if (SPARSE) {
      left[k] = all.left[edge];
    }
  }
  float bias1 = all.biases1[neuron], bias2 = 0, mask_low = 0, mask_high = 0;
  if (output < OUTPUTS) {
    bias2 = all.biases2[output];
    mask_low = all.mask2[output * HIDDEN + lane];
    mask_high = all.mask2[output * HIDDEN + lane + 32];
  }
  for (int k = thread; k < OUTPUTS * HIDDEN; k += THREADS) {
    weights2[k / HIDDEN][k % HIDDEN] = all.weights2[k];
  }
  for (int k = thread; k < PIXELS; k += THREADS) {
    pixels[0][k] = images[k];
  }
  __syncthreads();

  for (int input = 0; input < inputs; input++) {
    const int parity = input & 1;
    const float *next =
        images + static_cast<size_t>(input + 1 < inputs ? input + 1 : input) * PIXELS;
    const float next_low = next[thread];
    const float next_high = thread + THREADS < PIXELS ? next[thread + THREADS] : 0;
    const int label = labels[input];

    float sums[4] = {0, 0, 0, 0}; // four, so that additions do not wait for each other
#pragma unroll
    for (int k = 0; k < EDGES; k++) {
      const float pixel = pixels[parity][SPARSE ? left[SPARSE ? k : 0] : k * SHARE + part];
      if (SPARSE) {
        value[SPARSE ? k : 0] = pixel;
      }
      sums[k % 4] += weight[k] * pixel;
    }
    const float mine = sigmoid(sum_over(sums[0] + sums[1] + sums[2] + sums[3], SHARE) + bias1);
    if (part == 0) {
      hidden[parity][neuron] = mine;
    }
    __syncthreads();

    float error = 0, low = 0, high = 0;
    if (output < OUTPUTS) {
      low = hidden[parity][lane];
      high = hidden[parity][lane + 32];
      const float sum = weights2[output][lane] * low + weights2[output][lane + 32] * high;
      error = sigmoid(sum_over(sum, 32) + bias2) - (label == output ? 1.0f : 0.0f);
      if (lane == 0) {
        delta2[output] = error;
      }
    }
    __syncthreads();

    float back = weights2[part][neuron] * delta2[part];
    if (part + SHARE < OUTPUTS) {
      back += weights2[part + SHARE][neuron] * delta2[part + SHARE];
    }
    const float step = -rate * sum_over(back, SHARE) * mine * (1 - mine);
#pragma unroll
    for (int k = 0; k < EDGES; k++) {
      weight[k] += step * (SPARSE ? value[SPARSE ? k : 0] : pixels[parity][k * SHARE + part]);
    }
    bias1 += step;
    pixels[parity ^ 1][thread] = next_low;
    if (thread + THREADS < PIXELS) {
      pixels[parity ^ 1][thread + THREADS] = next_high;
    }
    __syncthreads();

    if (output < OUTPUTS) { // after the barrier: BP reads the weights from before this update
      weights2[output][lane] -= rate * error * low * mask_low;
      weights2[output][lane + 32] -= rate * error * high * mask_high;
      bias2 -= rate * error;
    }
  }

  __syncthreads();
#pragma unroll
  for (int k = 0; k < EDGES; k++) {
    all.weights1[neuron * SHARE * EDGES + k * SHARE + part] = weight[k];
  }
  if (part == 0) {
    all.biases1[neuron] = bias1;
  }
  if (output < OUTPUTS && lane == 0) {
    all.biases2[output] = bias2;
  }
  for (int k = thread; k < OUTPUTS * HIDDEN; k += THREADS) {
    all.weights2[k] = weights2[k / HIDDEN][k % HIDDEN];
  }
}

} // namespace

// Trains on `inputs` images [inputs][784] with labels [inputs], all pointers to the GPU's memory; returns CUDA's error, 0 for none.
// It does not wait for the kernel to end.
extern "C" int train_online(int sparse, const float *images, const int *labels, const int *left,
                            float *weights1, float *biases1, float *weights2, const float *mask2,
                            float *biases2, int inputs, float rate) {
  const Junctions all = {left, weights1, biases1, weights2, mask2, biases2};
  if (sparse) {
    train<16, true><<<1, THREADS>>>(images, labels, all, inputs, rate);
  } else {
    train<98, false><<<1, THREADS>>>(images, labels, all, inputs, rate);
  }
  return static_cast<int>(cudaGetLastError());
}
