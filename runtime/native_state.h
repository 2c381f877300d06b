// SPDX-License-Identifier: MIT
// The native engine's own structures, shared by its parts (native.c, native_online.c,
// native_batch.c) and nobody else.
#ifndef SEDGE_RUNTIME_NATIVE_STATE_H
#define SEDGE_RUNTIME_NATIVE_STATE_H

#include "runtime/input_cells.h"
#include "runtime/native.h"
#include "runtime/native_team.h"

/* The memories of one layer.  Online: copies by input of `cells` each.  Batch: slots of
 * neuron_count * columns each. */
typedef struct LayerMemory {
  uint32_t neuron_count, real_count;
  uint64_t cells;  /* of one copy */
  uint32_t copies; /* of activation and derivative */
  uint32_t delta_copies;
  uint32_t last_copy, last_delta_copy; /* online: of the input that entered last */
  Cell *activation, *derivative, *delta;
  Cell *scratch, *scratch_derivative; /* inference's own: one copy for each thread */
} LayerMemory;

typedef struct JunctionMemory {
  NativeJunction native;
  Layout layout;
  LayoutTables tables;
  NativeKernel *const *kernels; /* [NATIVE_KERNEL_COUNT] */
  uint64_t step_count;          /* updates made */
  UpdateRule weight_rule, bias_rule;
  double rule_rate; /* of the rules; negative: none made yet */
} JunctionMemory;

/* An input on its way, online. */
typedef struct InputRecord {
  uint32_t label, reserved;
  double rate;
} InputRecord;

/* A batch on its way. Its matrices are copy `slot` of every layer's. */
typedef struct BatchRecord {
  uint64_t first; /* number of its first input */
  double rate;    /* of its last input */
  uint32_t slot, count;
  uint32_t read;         /* columns whose example is in the matrix */
  uint32_t is_closed;    /* no further input will come */
  uint32_t update_count; /* junctions updated, from the last one down */
  uint32_t reserved;
} BatchRecord;

/* Where the pipeline stands. */
typedef struct NativePosition {
  uint64_t entered; /* inputs that have entered: the next one's number */
  uint64_t first;   /* inputs below it had finished when the pipeline was last drained */
  uint64_t cycle;   /* junction cycle that comes next */
  uint64_t batches; /* records in use, the oldest first */
} NativePosition;

typedef struct NativeEngine {
  Engine engine; /* first: an Engine * is a NativeEngine * */
  uint32_t junction_count;
  uint32_t columns; /* batch: of a matrix; online: 0 */
  uint32_t panel;   /* batch: columns of a panel */
  InputCells inputs;
  uint32_t *input_place; /* [p] cell of each input neuron, or NULL */
  LayerMemory *layers;   /* [L + 1] */
  JunctionMemory *junctions;
  NativePosition position;
  InputRecord *records;  /* online: of input m at m % record_count */
  uint32_t record_count; /* online: 2L + 1; batch: records of batches */
  uint32_t last_record;  /* online: of the input that entered last */
  /* online: [L] who works on each junction of a cycle; NULL: one thread on all */
  uint32_t *member_of;
  BatchRecord *batches; /* batch: [record_count] */
  uint32_t *ff_done;    /* batch: [record_count][L] columns of each junction's FF */
  uint32_t *labels;     /* batch: [slots][columns] */
  /* batch: [slots][columns] which example a column that is not read yet will hold */
  uint64_t *examples;
  double *scores; /* [real outputs] for each thread */
  Cell *scratch;  /* [scratch_cells] for each thread */
  uint64_t scratch_cells;
  Team *team;
  void (*on_close)(void *context);
  void *close_context;
} NativeEngine;

/* The rules of a junction's next update at this rate. */
void next_rules(NativeEngine *engine, uint32_t junction, double rate);

/* The kernel that reads such examples, and their values; NULL: read_input() does. */
NativeKernel *enter_kernel(const NativeEngine *engine, const Examples *examples);
const void *example_at(const Examples *examples, uint64_t index);

/* Gives each junction of a pipelined model to a member of the team, the largest first to whoever
 * has least, where that pays. */
bool share_junctions(NativeEngine *engine);

/* What must hold of either order's state that was read from a file (state_check.h); `cycle` is the
 * junction cycle that must come next. */
bool check_progress(const NativeEngine *engine, uint64_t cycle, const char *path, Failure *failure);

bool online_train(Engine *engine, const TrainRun *run, Tally *tally, Failure *failure);
bool online_drain(Engine *engine, Tally *tally, Failure *failure);
bool online_infer(Engine *engine, const Examples *examples, uint64_t first, uint64_t count,
                  float *scores, uint32_t *classes, Tally *tally, Failure *failure);
bool online_check(const Engine *engine, const char *path, Failure *failure);

bool batch_train(Engine *engine, const TrainRun *run, Tally *tally, Failure *failure);
bool batch_drain(Engine *engine, Tally *tally, Failure *failure);
bool batch_infer(Engine *engine, const Examples *examples, uint64_t first, uint64_t count,
                 float *scores, uint32_t *classes, Tally *tally, Failure *failure);
bool batch_check(const Engine *engine, const char *path, Failure *failure);

#endif
