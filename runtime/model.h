// SPDX-License-Identifier: MIT
// What is computed: the network's mathematics and how it learns, without any hardware.
//
// Two executors that are given equal models give equal parameters, whatever their schedules.
#ifndef SEDGE_RUNTIME_MODEL_H
#define SEDGE_RUNTIME_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/activation.h"
#include "runtime/initialize.h"
#include "runtime/interleaver.h"
#include "runtime/loss.h"
#include "runtime/number.h"
#include "runtime/optimizer.h"

typedef struct Layer {
  const char *name;
  uint32_t neuron_count; /* with padding; the padded ones are the last */
  uint32_t real_count;
  Activation activation; /* the input's is never used */
} Layer;

/* The order in which a float32 feedforward sum is taken; decided by choose_sum_order() below, from
 * the model alone, so that code for vectors of 16 lanes needs no gathers where a pattern has
 * structure.
 *   BY_LANE     place k of the fan-in goes to fma chain k % 16, from +0, in k order; lanes are
 *               added as a tree (j + 8, + 4, + 2, + 1); then the bias is added: s = tree + b.
 *   BY_SEGMENT  the neuron's edges are cut where e is a multiple of `segment`; each piece is one
 *               fma chain from +0 in e order; s = b, then each piece is added in turn.
 *   BY_LEFT     s = b, then one fma chain over the neuron's edges by ascending left neuron. */
typedef enum SumOrder { SUM_BY_LANE, SUM_BY_SEGMENT, SUM_BY_LEFT } SumOrder;

enum { SUM_LANES = 16, MODEL_MOST_BATCH = 1 << 24 };

typedef struct Junction {
  Interleaver edges;
  SumOrder sum_order;
  /* BY_LANE: an edge's place is its left neuron, not its number in the fan-in */
  bool is_place_left;
  uint32_t segment; /* BY_SEGMENT: edges per piece */
} Junction;

typedef struct Model {
  const char *name;
  NumberFormat number;
  uint32_t junction_count;   /* L >= 1 */
  const Layer *layers;       /* [L + 1] */
  const Junction *junctions; /* [L]; junction index i joins layers i and i + 1 */
  Loss loss;
  Optimizer optimizer;
  Initializer initializer;
  bool is_pipelined;
  uint32_t batch; /* 1 .. MODEL_MOST_BATCH */
} Model;

/* Fills in a junction's sum order:
 *   batch above 1                                   BY_LEFT: left tiles can be taken in turn
 *   every right neuron has all left neurons         BY_LANE, places by left neuron: a matrix
 *   clash-free by starts, rows per bank a multiple
 *   of 16, fan-in and banks dividing one the other  BY_SEGMENT, segment = banks: lanes are cycles
 *   all else                                        BY_LANE by edge number */
void choose_sum_order(uint32_t batch, Junction *junction);

/* Right neurons of a junction that have an activation, the first of their layer: padded outputs are
 * trained too (except softmax's), but no padded hidden neurons. */
uint32_t model_active_count(const Model *model, uint32_t junction);

/* Parameters: all weights and biases. */
uint64_t model_parameter_count(const Model *model);

/* Lower-case hexadecimal SHA-256 of everything that fixes the mathematics (layers, edges, number,
 * activations, loss, optimizer, order, batch), so that parameters of another model are refused; 64
 * characters and a NUL. */
void model_digest(const Model *model, char digest[65]);

#endif
