// SPDX-License-Identifier: MIT
// Own activations as nodes: each step of the formula becomes those of formula_nodes.def.
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/onnx/onnx.h"

static const char *const nodes_of[FORMULA_OP_COUNT] = {
#define NODES(id, nodes) [FORMULA_##id] = nodes,
#include "compiler/onnx/formula_nodes.def"
#undef NODES
};

/* One step in the making: the values of its nodes are "layer.STEP.NODE", its constants
 * "layer.STEP.NODE.c". */
typedef struct Step {
  Message *graph;
  const Formula *formula;
  const char *layer, *sum;
  uint32_t number, node; /* of the step, and of its node */
} Step;

/* How many nodes a step has; its value is the last one's. */
static uint32_t node_count(const FormulaStep *step) {
  uint32_t count = nodes_of[step->op][0] != '\0';
  for (const char *at = nodes_of[step->op]; *at; at++) count += *at == ';';
  return count;
}

static void name_node(const Step *s, uint32_t step, uint32_t node, char name[ONNX_NAME_SIZE]) {
  snprintf(name, ONNX_NAME_SIZE, "%.100s.%" PRIu32 ".%" PRIu32, s->layer, step, node);
}

/* The value of a whole step. */
static void name_step(const Step *s, uint32_t step, char name[ONNX_NAME_SIZE]) {
  const FormulaStep *meant = &s->formula->steps[step];
  if (meant->op == FORMULA_ARGUMENT) {
    snprintf(name, ONNX_NAME_SIZE, "%s", s->sum);
  } else {
    name_node(s, step, node_count(meant), name);
  }
}

/* What a word of a node's text stands for. */
static void name_operand(const Step *s, const char *word, char name[ONNX_NAME_SIZE]) {
  const FormulaStep *step = &s->formula->steps[s->number];
  if (isdigit((unsigned char)word[0])) {
    snprintf(name, ONNX_NAME_SIZE, "%.100s.%" PRIu32 ".%" PRIu32 ".c", s->layer, s->number,
             s->node);
    add_constant(s->graph, name, strtof(word, NULL));
  } else if (word[0] == '_') {
    name_node(s, s->number, s->node - (uint32_t)strlen(word), name);
  } else {
    name_step(s, step->operand[word[0] - 'a'], name);
  }
}

/* Adds the node that `text`, which it cuts into words, describes. */
static void add_step_node(const Step *s, char *text) {
  char operands[3][ONNX_NAME_SIZE], output[ONNX_NAME_SIZE], *rest = NULL;
  const char *op = strtok_r(text, " ", &rest);
  OnnxNode node = {.op = op, .output = output};
  uint32_t count = 0;
  for (const char *word; (word = strtok_r(NULL, " ", &rest));) {
    assert(count < 3);
    name_operand(s, word, operands[count]);
    node.inputs[count] = operands[count];
    count++;
  }
  if (islower((unsigned char)op[0])) {
    node.op = "Cast";
    node.attributes[0].name = "to";
    node.attributes[0].value = strcmp(op, "bool") == 0 ? ELEMENT_BOOL : ELEMENT_FLOAT;
  }
  name_node(s, s->number, s->node, output);
  add_node(s->graph, &node);
}

static void add_step(Step *s) {
  char text[128], *rest = NULL, name[ONNX_NAME_SIZE];
  const FormulaStep *step = &s->formula->steps[s->number];
  s->node = 0;
  if (step->op == FORMULA_CONSTANT) {
    name_step(s, s->number, name);
    add_constant(s->graph, name, (float)step->constant);
  }
  snprintf(text, sizeof text, "%s", nodes_of[step->op]);
  for (char *node = strtok_r(text, ";", &rest); node; node = strtok_r(NULL, ";", &rest)) {
    s->node++;
    add_step_node(s, node);
  }
}

void add_formula(Message *graph, const Formula *formula, const char *sum, const char *layer) {
  Step s = {.graph = graph, .formula = formula, .layer = layer, .sum = sum};
  char value[ONNX_NAME_SIZE], zeros[ONNX_NAME_SIZE];
  for (s.number = 0; s.number < formula->step_count; s.number++) add_step(&s);
  name_step(&s, formula->step_count - 1, value);
  /* A value that does not depend on the sum has no dimensions yet: those of the sum less itself. */
  snprintf(zeros, sizeof zeros, "%.100s.zeros", layer);
  add_node(graph, &(OnnxNode){.op = "Sub", .inputs = {sum, sum}, .output = zeros});
  add_node(graph, &(OnnxNode){.op = "Add", .inputs = {value, zeros}, .output = layer});
}
