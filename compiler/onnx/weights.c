// SPDX-License-Identifier: MIT
// Weights and biases as initializers: matrices with zeros, or their edges alone.
#include <stdlib.h>
#include <string.h>

#include "compiler/onnx/onnx.h"

/* An edge that ends in the right neuron at hand. */
typedef struct Weight {
  uint32_t left;
  float value;
} Weight;

/* A junction's weights, right neuron by right neuron. */
typedef struct WeightReader {
  const Interleaver *edges;
  uint32_t left_count, right_count; /* real neurons */
  float *weights;                   /* [edges] in their order */
  uint32_t *left;                   /* [left neurons with padding] */
  Weight *fan_in;                   /* as many */
} WeightReader;

static bool open_reader(const Engine *engine, uint32_t junction, WeightReader *reader) {
  const Model *model = engine->model;
  const Interleaver *edges = &model->junctions[junction].edges;
  *reader = (WeightReader){
      .edges = edges,
      .left_count = model->layers[junction].real_count,
      .right_count = model->layers[junction + 1].real_count,
      .weights = malloc(sizeof(float) * ((size_t)edges->edge_count + 1)),
      .left = malloc(sizeof(uint32_t) * ((size_t)edges->left_count + 1)),
      .fan_in = malloc(sizeof(Weight) * ((size_t)edges->left_count + 1)),
  };
  if (!reader->weights || !reader->left || !reader->fan_in) return false;
  tensor_read(&engine->tensors[(size_t)2 * junction], 0, edges->edge_count, reader->weights);
  return true;
}

static void close_reader(WeightReader *reader) {
  free(reader->weights);
  free(reader->left);
  free(reader->fan_in);
}

static int compare_left(const void *a, const void *b) {
  const uint32_t left = ((const Weight *)a)->left, right = ((const Weight *)b)->left;
  return (left > right) - (left < right);
}

/* Fills fan_in with the edges of a right neuron by ascending left neuron, those from padding left
 * out; returns how many. */
static uint32_t read_fan_in(WeightReader *reader, uint32_t right) {
  const uint32_t begin = interleaver_begin(reader->edges, right);
  const uint32_t count = interleaver_begin(reader->edges, right + 1) - begin;
  uint32_t kept = 0;
  interleaver_expand(reader->edges, begin, count, reader->left);
  for (uint32_t i = 0; i < count; i++) {
    if (reader->left[i] >= reader->left_count) continue;
    reader->fan_in[kept++] = (Weight){reader->left[i], reader->weights[begin + i]};
  }
  qsort(reader->fan_in, kept, sizeof *reader->fan_in, compare_left);
  return kept;
}

/* The data of a tensor with its description around them; NULL: no memory. */
static uint8_t *describe_tensor(Message *tensor, const char *name, uint32_t element,
                                uint32_t dim_count, const uint64_t *dims) {
  uint64_t bytes = element == ELEMENT_FLOAT ? 4 : 8;
  for (uint32_t i = 0; i < dim_count; i++) {
    message_number(tensor, TENSOR_DIMS, dims[i]);
    bytes *= dims[i];
  }
  message_number(tensor, TENSOR_DATA_TYPE, element);
  if (name) message_text(tensor, TENSOR_NAME, name);
  return message_bytes(tensor, TENSOR_RAW_DATA, bytes);
}

void add_constant(Message *graph, const char *name, float value) {
  Message tensor = {0};
  uint8_t *at = describe_tensor(&tensor, name, ELEMENT_FLOAT, 0, NULL);
  if (at) put_float(at, value);
  message_message(graph, GRAPH_INITIALIZER, &tensor);
}

static void add_dense(Message *graph, WeightReader *reader, const char *name) {
  Message tensor = {0};
  const uint64_t dims[2] = {reader->right_count, reader->left_count};
  uint8_t *at = describe_tensor(&tensor, name, ELEMENT_FLOAT, 2, dims);
  if (at) memset(at, 0, 4 * dims[0] * dims[1]);
  for (uint32_t r = 0; at && r < reader->right_count; r++, at += 4 * dims[1]) {
    const uint32_t count = read_fan_in(reader, r);
    for (uint32_t i = 0; i < count; i++)
      put_float(at + (size_t)4 * reader->fan_in[i].left, reader->fan_in[i].value);
  }
  message_message(graph, GRAPH_INITIALIZER, &tensor);
}

/* Indices count row by row through the whole matrix, and ascend. */
static void add_sparse(Message *graph, WeightReader *reader, const char *name) {
  Message sparse = {0}, values = {0}, indices = {0};
  uint64_t count = 0;
  for (uint32_t r = 0; r < reader->right_count; r++) count += read_fan_in(reader, r);
  uint8_t *value = describe_tensor(&values, name, ELEMENT_FLOAT, 1, &count);
  uint8_t *index = describe_tensor(&indices, NULL, ELEMENT_INT64, 1, &count);
  for (uint32_t r = 0; value && index && r < reader->right_count; r++) {
    const uint32_t kept = read_fan_in(reader, r);
    for (uint32_t i = 0; i < kept; i++) {
      value = put_float(value, reader->fan_in[i].value);
      index = put_int64(index, (uint64_t)r * reader->left_count + reader->fan_in[i].left);
    }
  }
  message_message(&sparse, SPARSE_VALUES, &values);
  message_message(&sparse, SPARSE_INDICES, &indices);
  message_number(&sparse, SPARSE_DIMS, reader->right_count);
  message_number(&sparse, SPARSE_DIMS, reader->left_count);
  message_message(graph, GRAPH_SPARSE_INITIALIZER, &sparse);
}

bool add_weights(Message *graph, const Engine *engine, uint32_t junction, const char *name,
                 bool is_sparse) {
  WeightReader reader;
  const bool is_good = open_reader(engine, junction, &reader);
  if (is_good) (is_sparse ? add_sparse : add_dense)(graph, &reader, name);
  close_reader(&reader);
  return is_good && message_is_good(graph);
}

void add_biases(Message *graph, const Engine *engine, uint32_t junction, const char *name) {
  Message tensor = {0};
  const Tensor *biases = &engine->tensors[(size_t)2 * junction + 1];
  const uint64_t count = engine->model->layers[junction + 1].real_count;
  uint8_t *at = describe_tensor(&tensor, name, ELEMENT_FLOAT, 1, &count);
  for (uint64_t i = 0; at && i < count; i++) {
    float bias;
    tensor_read(biases, i, 1, &bias);
    at = put_float(at, bias);
  }
  message_message(graph, GRAPH_INITIALIZER, &tensor);
}
