// SPDX-License-Identifier: MIT
// What the training loop asks of an executor: simulator, native code, and whatever comes later.
//
// An engine holds one model's parameters and whatever is still in its pipeline.  Inputs enter in
// the order they are given; in pipelined order the last 2L - 1 are unfinished until later ones push
// them out or engine_drain() does.  The whole state is a list of named tensors, so that a
// checkpoint, a snapshot and a comparison need nothing else.
#ifndef SEDGE_RUNTIME_ENGINE_H
#define SEDGE_RUNTIME_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/data/dataset.h"
#include "runtime/failure.h"
#include "runtime/model.h"
#include "runtime/tally.h"

/* Inputs to train on, one after another. */
typedef struct TrainRun {
  const Examples *examples; /* features <= the input layer's real neurons; missing ones read 0 */
  const uint32_t *order;    /* [count] which example comes when */
  uint64_t count;
  double rate; /* of all of them; it travels with each input through the pipeline */
  /* the last of them closes its batch even if that is not full (end of an epoch) */
  bool ends_batch;
} TrainRun;

typedef enum TensorType {
  TENSOR_F32,
  TENSOR_I32,
  TENSOR_U32,
  TENSOR_U64,
  TENSOR_I64,
  TENSOR_I128
} TensorType;

/* One named piece of an engine's state; data is the engine's own memory, in the machine's byte
 * order.  An engine may keep weights in another order than the edges', with gaps: `place` says
 * where, and tensor_read and tensor_write do not show it. */
typedef struct Tensor {
  char name[48]; /* "junction1.weight", "layer1.activation", "pipeline.labels" ... */
  TensorType type;
  uint64_t count;        /* elements */
  uint64_t stored;       /* elements in memory, gaps included; >= count */
  const uint32_t *place; /* [count] where element i is stored; NULL: at i, and stored = count */
  void *data;
} Tensor;

typedef struct Engine Engine;

typedef struct EngineKind {
  const char *name; /* "sim", "native": --engine, and the done event */
  bool (*train)(Engine *, const TrainRun *, Tally *, Failure *);
  bool (*drain)(Engine *, Tally *, Failure *);
  bool (*infer)(Engine *, const Examples *, uint64_t first, uint64_t count, float *scores,
                uint32_t *classes, Tally *, Failure *);
  bool (*check)(const Engine *, const char *path, Failure *);
  void (*close)(Engine *);
} EngineKind;

/* The head of every engine; executors put their own fields behind it. */
struct Engine {
  const EngineKind *kind;
  const Model *model; /* borrowed */
  uint32_t tensor_count;
  /* the first 2L are junction1.weight, junction1.bias, junction2.weight, ...: [W] and [n] cells,
   * F32 or I32; the rest is optimizer state and what is in the pipeline.  All may be written while
   * the engine is at rest, and the next call continues from what was written. */
  Tensor *tensors;
};

/* Trains on a run; adds to *tally for every input whose output was reached, which in pipelined
 * order lags. On a clash, a hazard or an output that is not a number: false. */
static inline bool engine_train(Engine *e, const TrainRun *run, Tally *tally, Failure *failure) {
  return e->kind->train(e, run, tally, failure);
}

/* Lets everything in the pipeline finish; afterwards it is empty. */
static inline bool engine_drain(Engine *e, Tally *tally, Failure *failure) {
  return e->kind->drain(e, tally, failure);
}

/* Feedforward alone on examples first .. first+count-1, with the parameters as they stand, leaving
 * the pipeline as it is. scores [count][real outputs] and classes [count] may be NULL.  Adds to
 * *tally. */
static inline bool engine_infer(Engine *e, const Examples *examples, uint64_t first, uint64_t count,
                                float *scores, uint32_t *classes, Tally *tally, Failure *failure) {
  return e->kind->infer(e, examples, first, count, scores, classes, tally, failure);
}

/* Whether the state as it stands is one that training can have led to, and so one to go on from:
 * asked where it was read from the file `path`, which *failure names. */
static inline bool engine_check(const Engine *e, const char *path, Failure *failure) {
  return e->kind->check(e, path, failure);
}

static inline void engine_close(Engine *e) {
  if (e) e->kind->close(e);
}

/* Parameters of junction index i inside the tensors. */
static inline Tensor *engine_weights(Engine *e, uint32_t junction) {
  return &e->tensors[2 * junction];
}
static inline Tensor *engine_biases(Engine *e, uint32_t junction) {
  return &e->tensors[2 * junction + 1];
}

/* Copies elements first .. first+count-1 (edge order) of a tensor of 4-byte elements out of the
 * engine, or into it. */
void tensor_read(const Tensor *tensor, uint64_t first, uint64_t count, void *elements);
void tensor_write(Tensor *tensor, uint64_t first, uint64_t count, const void *elements);

/* Bytes of one element, and a copy of all tensors into one block (snapshot_open: owned,
 * snapshot_close) and back. */
uint64_t tensor_bytes(const Tensor *tensor);
typedef struct Snapshot Snapshot;
Snapshot *snapshot_open(const Engine *engine, Failure *failure);
void snapshot_restore(const Snapshot *snapshot, Engine *engine);
void snapshot_close(Snapshot *snapshot);

/* SHA-256, lower-case hexadecimal, over per junction the weights (edge order, little-endian cells),
 * then the biases. */
void parameters_digest(const Engine *engine, char digest[65]);

#endif
