// SPDX-License-Identifier: MIT
// The model around the graph, and the graph: a Gemm and an activation for each junction.
#include <inttypes.h>
#include <stdio.h>

#include "compiler/onnx/onnx.h"
#include "runtime/atomic_file.h"

/* The format's version, which ONNX 1.8 and later read, and that of the operators. */
enum { IR_VERSION = 7, OPERATORS_VERSION = 13 };

/* Protocol Buffers count bytes in 31 bits; a mebibyte is left for all that are no weights. */
static const uint64_t most_weight_bytes = (1u << 31) - (1u << 20);

void add_node(Message *graph, const OnnxNode *node) {
  Message m = {0};
  for (uint32_t i = 0; i < 3 && node->inputs[i]; i++) message_text(&m, NODE_INPUT, node->inputs[i]);
  message_text(&m, NODE_OUTPUT, node->output);
  message_text(&m, NODE_NAME, node->output);
  message_text(&m, NODE_OP_TYPE, node->op);
  for (uint32_t i = 0; i < 2 && node->attributes[i].name; i++) {
    Message attribute = {0};
    message_text(&attribute, ATTRIBUTE_NAME, node->attributes[i].name);
    message_number(&attribute, ATTRIBUTE_I, node->attributes[i].value);
    message_number(&attribute, ATTRIBUTE_TYPE, ATTRIBUTE_TYPE_INT);
    message_message(&m, NODE_ATTRIBUTE, &attribute);
  }
  message_message(graph, GRAPH_NODE, &m);
}

/* An input or output [batch] or, with columns, [batch, columns]. */
static void add_value(Message *graph, uint32_t field, const char *name, uint32_t element,
                      uint32_t columns) {
  Message value = {0}, type = {0}, tensor = {0}, shape = {0}, batch = {0}, dim = {0};
  message_text(&batch, DIM_PARAM, "batch");
  message_message(&shape, SHAPE_DIM, &batch);
  if (columns > 0) {
    message_number(&dim, DIM_VALUE, columns);
    message_message(&shape, SHAPE_DIM, &dim);
  }
  message_number(&tensor, TENSOR_TYPE_ELEMENT, element);
  message_message(&tensor, TENSOR_TYPE_SHAPE, &shape);
  message_message(&type, TYPE_TENSOR, &tensor);
  message_text(&value, VALUE_NAME, name);
  message_message(&value, VALUE_TYPE, &type);
  message_message(graph, field, &value);
}

static void add_activation(Message *graph, const Layer *layer, const char *sum, const char *name) {
  static const char *const operators[] = {[ACTIVATE_SIGMOID] = "Sigmoid",
                                          [ACTIVATE_TANH] = "Tanh",
                                          [ACTIVATE_RELU] = "Relu",
                                          [ACTIVATE_IDENTITY] = "Identity",
                                          [ACTIVATE_SOFTMAX] = "Softmax"};
  const ActivationFunction function = layer->activation.function;
  if (function == ACTIVATE_FORMULA) {
    add_formula(graph, layer->activation.value, sum, name);
    return;
  }
  OnnxNode node = {.op = operators[function], .inputs = {sum}, .output = name};
  if (function == ACTIVATE_SOFTMAX) {
    node.attributes[0].name = "axis";
    node.attributes[0].value = 1;
  }
  add_node(graph, &node);
}

/* "hidden", "hidden.weight" ...: no layer has a name with a point. */
static void name_value(const Layer *layer, const char *what, char name[ONNX_NAME_SIZE]) {
  snprintf(name, ONNX_NAME_SIZE, "%.100s%s", layer->name, what);
}

static bool add_junction(Message *graph, const Engine *engine, uint32_t junction, bool is_sparse) {
  const Layer *left = &engine->model->layers[junction], *right = left + 1;
  char from[ONNX_NAME_SIZE], weights[ONNX_NAME_SIZE], biases[ONNX_NAME_SIZE], sum[ONNX_NAME_SIZE],
      to[ONNX_NAME_SIZE];
  name_value(left, "", from);
  name_value(right, ".weight", weights);
  name_value(right, ".bias", biases);
  name_value(right, ".sum", sum);
  name_value(right, "", to);
  add_biases(graph, engine, junction, biases);
  add_node(graph, &(OnnxNode){.op = "Gemm",
                              .inputs = {from, weights, biases},
                              .output = sum,
                              .attributes = {{"transB", 1}}});
  add_activation(graph, right, sum, to);
  return add_weights(graph, engine, junction, weights, is_sparse);
}

static bool fill_graph(Message *graph, const Engine *engine, bool is_sparse) {
  const Model *model = engine->model;
  const Layer *input = &model->layers[0], *output = &model->layers[model->junction_count];
  char scores[ONNX_NAME_SIZE], class[ONNX_NAME_SIZE], name[ONNX_NAME_SIZE];
  message_text(graph, GRAPH_NAME, model->name);
  for (uint32_t i = 0; i < model->junction_count; i++) {
    if (!add_junction(graph, engine, i, is_sparse)) return false;
  }
  name_value(input, "", name);
  name_value(output, "", scores);
  name_value(output, ".class", class);
  add_node(graph, &(OnnxNode){.op = "ArgMax",
                              .inputs = {scores},
                              .output = class,
                              .attributes = {{"axis", 1}, {"keepdims", 0}}});
  add_value(graph, GRAPH_INPUT, name, ELEMENT_FLOAT, input->real_count);
  add_value(graph, GRAPH_OUTPUT, scores, ELEMENT_FLOAT, output->real_count);
  add_value(graph, GRAPH_OUTPUT, class, ELEMENT_INT64, 0);
  return message_is_good(graph);
}

static void add_metadata(Message *model, const char *key, const char *value) {
  Message entry = {0};
  message_text(&entry, ENTRY_KEY, key);
  message_text(&entry, ENTRY_VALUE, value);
  message_message(model, MODEL_METADATA, &entry);
}

static void fill_model(Message *model, const Engine *engine) {
  Message operators = {0};
  char digest[65];
  message_number(model, MODEL_IR_VERSION, IR_VERSION);
  message_text(model, MODEL_PRODUCER_NAME, "sedge");
  message_text(model, MODEL_PRODUCER_VERSION, SEDGE_VERSION);
  message_number(&operators, OPSET_VERSION, OPERATORS_VERSION);
  message_message(model, MODEL_OPSET_IMPORT, &operators);
  parameters_digest(engine, digest);
  add_metadata(model, "parameters_sha256", digest);
}

static bool can_be_onnx(const Model *model, bool is_sparse, Failure *failure) {
  uint64_t bytes = 0;
  if (model->number.is_fixed) {
    return fail(
        failure, FAILURE_MODEL, NULL,
        "ONNX has no fixed-point numbers; train and export with -D hardware.number=float32");
  }
  for (uint32_t i = 0; i < model->junction_count; i++) {
    bytes += is_sparse
                 ? 12 * (uint64_t)model->junctions[i].edges.edge_count
                 : 4 * (uint64_t)model->layers[i].real_count * model->layers[i + 1].real_count;
    if (bytes <= most_weight_bytes) continue;
    return fail(failure, FAILURE_MODEL, NULL,
                "the weights take more than the 2 GiB of an ONNX file%s",
                is_sparse ? "" : " as matrices with zeros; --sparse leaves the zeros out");
  }
  return true;
}

bool write_onnx(const char *path, const Engine *engine, bool is_sparse, Failure *failure) {
  Message model = {0}, graph = {0};
  if (!can_be_onnx(engine->model, is_sparse, failure)) return false;
  fill_model(&model, engine);
  bool is_good = fill_graph(&graph, engine, is_sparse);
  message_message(&model, MODEL_GRAPH, &graph);
  is_good = is_good && message_is_good(&model);
  AtomicFile *file = is_good ? atomic_file_open(path, failure) : NULL;
  if (!is_good) fail(failure, FAILURE_MEMORY, path, "no memory for the ONNX model");
  if (file) fwrite(model.bytes.items, 1, model.bytes.count, atomic_file_stream(file));
  message_close(&model);
  return file && atomic_file_commit(file, failure);
}
