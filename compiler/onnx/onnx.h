// SPDX-License-Identifier: MIT
// A trained network as an ONNX model, for other programs to infer with.
//
//   input    the input layer's name       float [batch, real inputs]
//   outputs  the output layer's name      float [batch, real outputs]: scores
//            that name and ".class"       int64 [batch]: the largest, among equals the lowest
//
// Each junction is a Gemm with W [right][left] and b [right], each activation a node or, for an own
// one, a few.  Padding is left out: padded neurons add nothing to what is predicted.  Products are
// summed in the order that the reader of the file likes, so scores agree to rounding, not to the
// last bit.
// Source: https://github.com/onnx/onnx, onnx/onnx.proto; operators of version 13 of the standard
// set.
#ifndef SEDGE_COMPILER_ONNX_ONNX_H
#define SEDGE_COMPILER_ONNX_ONNX_H

#include <stdbool.h>

#include "compiler/onnx/protobuf.h"
#include "runtime/engine.h"

/* Writes the parameters of the engine, whose model is float32, as they stand; is_sparse: weights as
 * sparse tensors, else as matrices with zeros, which are limited to 2 GiB in all. */
bool write_onnx(const char *path, const Engine *engine, bool is_sparse, Failure *failure);

/* ---- its parts ---- */

/* Field numbers of onnx.proto, and what stands in some. */
enum {
  MODEL_IR_VERSION = 1,
  MODEL_PRODUCER_NAME = 2,
  MODEL_PRODUCER_VERSION = 3,
  MODEL_GRAPH = 7,
  MODEL_OPSET_IMPORT = 8,
  MODEL_METADATA = 14,
  OPSET_VERSION = 2,
  ENTRY_KEY = 1,
  ENTRY_VALUE = 2,
  GRAPH_NODE = 1,
  GRAPH_NAME = 2,
  GRAPH_INITIALIZER = 5,
  GRAPH_INPUT = 11,
  GRAPH_OUTPUT = 12,
  GRAPH_SPARSE_INITIALIZER = 15,
  NODE_INPUT = 1,
  NODE_OUTPUT = 2,
  NODE_NAME = 3,
  NODE_OP_TYPE = 4,
  NODE_ATTRIBUTE = 5,
  ATTRIBUTE_NAME = 1,
  ATTRIBUTE_I = 3,
  ATTRIBUTE_TYPE = 20,
  ATTRIBUTE_TYPE_INT = 2,
  VALUE_NAME = 1,
  VALUE_TYPE = 2,
  TYPE_TENSOR = 1,
  TENSOR_TYPE_ELEMENT = 1,
  TENSOR_TYPE_SHAPE = 2,
  SHAPE_DIM = 1,
  DIM_VALUE = 1,
  DIM_PARAM = 2,
  TENSOR_DIMS = 1,
  TENSOR_DATA_TYPE = 2,
  TENSOR_NAME = 8,
  TENSOR_RAW_DATA = 9,
  SPARSE_VALUES = 1,
  SPARSE_INDICES = 2,
  SPARSE_DIMS = 3,
  ELEMENT_FLOAT = 1,
  ELEMENT_INT64 = 7,
  ELEMENT_BOOL = 9,
};

/* The longest name of a value in the graph; layers' names are cut to it. */
enum { ONNX_NAME_SIZE = 160 };

/* A node of up to three inputs (NULL: no more) with up to two whole attributes (name NULL: no
 * more). */
typedef struct OnnxNode {
  const char *op, *inputs[3], *output;
  struct {
    const char *name;
    uint64_t value;
  } attributes[2];
} OnnxNode;
void add_node(Message *graph, const OnnxNode *node);

/* A number as an initializer without dimensions. */
void add_constant(Message *graph, const char *name, float value);

/* Weights and biases of a junction as initializers; false: no memory. */
bool add_weights(Message *graph, const Engine *engine, uint32_t junction, const char *name,
                 bool is_sparse);
void add_biases(Message *graph, const Engine *engine, uint32_t junction, const char *name);

/* The nodes of an own activation, from the value `sum` to the value `layer`. */
void add_formula(Message *graph, const Formula *formula, const char *sum, const char *layer);

#endif
