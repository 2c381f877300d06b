// SPDX-License-Identifier: MIT
// The simulator's own structures, shared by its parts (simulator.c, simulator_clock.c,
// simulator_float32.c, simulator_fixed.c) and nobody else.
//
// All memory is allocated when the simulator opens; a clock allocates nothing.
#ifndef SEDGE_RUNTIME_SIMULATOR_STATE_H
#define SEDGE_RUNTIME_SIMULATOR_STATE_H

#include "runtime/fixed.h"
#include "runtime/input_cells.h"
#include "runtime/memory_bank.h"
#include "runtime/simulator.h"

/* The memories of one layer: [copies][neuron_count] cells each.  The input has activations
 * alone. */
typedef struct LayerState {
  uint32_t neuron_count, real_count;
  uint32_t copies; /* of activation and derivative */
  uint32_t delta_copies;
  Cell *activation, *derivative, *delta;
  Cell *scratch; /* [neuron_count] inference's own activations */
} LayerState;

typedef struct JunctionState JunctionState;

/* What one junction does in one junction cycle: the copies that its inputs choose. */
typedef struct CycleWork {
  bool has_ff, has_bp, has_up;
  uint64_t ff_input, up_input;
  const Cell *ff_activation;   /* [p] of FF's input */
  Cell *right_activation;      /* [n] of FF's input, written */
  Cell *right_derivative;      /* [n], written */
  const Cell *up_activation;   /* [p] of BP and UP's input */
  const Cell *left_derivative; /* [p] */
  const Cell *right_delta;     /* [n] */
  Cell *left_delta;            /* [p] written; has_bp */
  double rate;
  uint32_t batch_place; /* of UP's input in its batch, from 0 */
  bool closes_batch;    /* then batch_place + 1 is the batch's size */
} CycleWork;

/* The arithmetic of one kind of number. begin and end frame a junction cycle; the others do the
 * edges first .. last-1, one slot, FF and BP before UP. */
typedef struct EdgeKernels {
  void (*begin)(JunctionState *, const CycleWork *);
  void (*ff)(JunctionState *, const CycleWork *, uint32_t first, uint32_t last);
  void (*bp)(JunctionState *, const CycleWork *, uint32_t first, uint32_t last);
  void (*up)(JunctionState *, const CycleWork *, uint32_t first, uint32_t last);
  void (*end)(JunctionState *, const CycleWork *);
} EdgeKernels;

struct JunctionState {
  const Model *model;
  const Junction *junction;
  const JunctionSchedule *schedule;
  uint32_t index;
  uint32_t edge_count, left_count, right_count;
  const EdgeKernels *kernels;
  uint32_t *left;        /* [edge_count] what the interleaver generates */
  uint32_t *right_begin; /* [right_count + 1] */
  /* Where a sum takes a row by ascending left neuron, else NULL: */
  uint32_t *by_left; /* [edge_count] each row's edges in that order */
  Cell *latched;     /* [edge_count] their weights as they were read */
  uint32_t right;    /* right neuron of the next edge, while a cycle runs */

  Cell *weight, *bias;               /* [edge_count], [right_count] */
  Cell *weight_state;                /* [state words][edge_count] the optimizer's */
  Cell *bias_state;                  /* [state words][right_count] */
  uint64_t *step_count;              /* [1] updates made, for the optimizer */
  bool is_plain;                     /* online plain descent */
  UpdateRule weight_rule, bias_rule; /* of this junction cycle's update */
  float *gradient;                   /* float32, batch > 1: [lanes][edge_count] */
  float *bias_gradient;              /*                      [lanes][right_count] */
  uint32_t gradient_lanes;
  Wide *gradient_sum;      /* fixed, batch > 1: [edge_count] exact */
  Wide *bias_gradient_sum; /* [right_count] */

  float *sum;             /* float32: [right_count] finished sums */
  float lanes[SUM_LANES]; /* the sum in the making, BY_LANE */
  float piece;            /* and BY_SEGMENT */
  float *step;            /* [right_count] rate * delta, float32 online */
  int64_t *wide_sum;      /* fixed: [right_count] */
  int64_t *wide_delta;    /* fixed: [left_count] */
  ActivationTable *table; /* fixed: of the right layer's activation */

  BankMeter left_meter;    /* the words that FF, BP and UP share: left neurons */
  BankMeter first_meter;   /* right neurons whose first edge is in this clock */
  BankMeter last_meter;    /* right neurons that end in this clock */
  uint32_t left_touched;   /* left neurons with an edge */
  uint64_t *touched;       /* [left_count] clock of the last partial sum of each left word */
  uint32_t least_distance; /* clocks that two touches of a word must be apart */
  uint32_t return_clocks;  /* from reading a partial sum to writing it back */
};

/* An input on its way. */
typedef struct InputRecord {
  uint32_t label;
  uint32_t batch_place;
  uint32_t closes_batch;
  uint32_t reserved;
  double rate;
} InputRecord;

/* Where the pipeline stands; a tensor of 64-bit words. */
typedef struct Position {
  uint64_t entered;    /* inputs that have entered: the next one's number */
  uint64_t first;      /* inputs below it had finished when the pipeline was last drained */
  uint64_t cycle;      /* junction cycle t that comes next */
  uint64_t batch_fill; /* inputs of the open batch that have entered */
} Position;

typedef struct Simulator {
  Engine engine; /* first: an Engine * is a Simulator * */
  const Schedule *schedule;
  LayerState *layers;       /* [L + 1] */
  JunctionState *junctions; /* [L] */
  InputRecord *records;     /* [record_count] of input m at m % record_count */
  uint32_t record_count;
  Position position;
  JunctionCounts *counts; /* [L] */
  uint64_t junction_cycles;
  InputCells inputs;
  double *scores; /* [real outputs] */
} Simulator;

/* Runs one junction cycle: every junction on its inputs.  False with *failure on a clash or a
 * hazard. */
bool simulate_junction_cycle(Simulator *simulator, Tally *tally, Failure *failure);

/* Feedforward of one junction, unmetered, from left to right activations: inference. The example's
 * number keys stochastic rounding. */
void simulate_inference(JunctionState *junction, uint64_t example, const Cell *left, Cell *right);

/* Loss's delta of the output layer and its tally for a labelled input. */
bool finish_output(Simulator *simulator, uint64_t input, Tally *tally, Failure *failure);

/* engine_check(). */
bool simulator_check(const Engine *engine, const char *path, Failure *failure);

const EdgeKernels *float32_kernels(const Model *model, const Junction *junction);
const EdgeKernels *fixed_kernels(const Model *model);

#endif
