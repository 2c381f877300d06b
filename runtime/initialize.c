// SPDX-License-Identifier: MIT
// Initial parameters.
// Source: Glorot, Bengio, AISTATS 2010 (glorot); He et al., ICCV 2015 (he).
#include "runtime/initialize.h"

#include <math.h>
#include <string.h>

#include "runtime/random.h"

static double normal_of_edge(RandomStream stream, uint32_t edge) {
  stream.counter[0] = edge;
  return random_normal(&stream);
}

static double uniform_of_edge(RandomStream stream, uint32_t edge, double low, double high) {
  stream.counter[0] = edge;
  return low + (high - low) * random_unit(&stream);
}

static double draw(const Initializer *initializer, const Interleaver *edges, RandomStream stream,
                   uint32_t edge) {
  const double count = edges->edge_count;
  const double fan_in = count / edges->right_count, fan_out = count / edges->left_count;
  switch (initializer->method) {
  case INITIALIZE_GLOROT_NORMAL:
    return sqrt(2.0 / (fan_in + fan_out)) * normal_of_edge(stream, edge);
  case INITIALIZE_GLOROT_UNIFORM: {
    const double bound = sqrt(6.0 / (fan_in + fan_out));
    return uniform_of_edge(stream, edge, -bound, bound);
  }
  case INITIALIZE_HE_NORMAL: return sqrt(2.0 / fan_in) * normal_of_edge(stream, edge);
  case INITIALIZE_ZEROS: return 0.0;
  case INITIALIZE_UNIFORM:
    return uniform_of_edge(stream, edge, initializer->low, initializer->high);
  }
  return 0.0;
}

void initialize_weights(const Initializer *initializer, const NumberFormat *format,
                        uint32_t junction, const Interleaver *edges, uint32_t first, uint32_t count,
                        Cell *weights) {
  const RandomStream stream = random_stream(initializer->seed, RANDOM_WEIGHTS, junction);
  for (uint32_t i = 0; i < count; i++)
    weights[i] = cell_from_value(format, draw(initializer, edges, stream, first + i));
}

void initialize_junction(const Initializer *initializer, const NumberFormat *format,
                         uint32_t junction, const Interleaver *edges, Cell *weights, Cell *biases) {
  initialize_weights(initializer, format, junction, edges, 0, edges->edge_count, weights);
  memset(biases, 0, edges->right_count * sizeof *biases);
}
