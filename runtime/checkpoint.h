// SPDX-License-Identifier: MIT
// Checkpoints: the whole state of a run, pipeline included, so that it goes on to the same bits.
//
// A safetensors file with every tensor of the engine.  __metadata__ holds the model's digest, the
// position, and the facts of the run that must be the same when it goes on; the file is replaced as
// a whole (atomic_file.h).
#ifndef SEDGE_RUNTIME_CHECKPOINT_H
#define SEDGE_RUNTIME_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/engine.h"
#include "runtime/failure.h"

/* How far a run has come. */
typedef struct TrainingPosition {
  uint32_t epoch;        /* epochs completed */
  uint64_t epoch_inputs; /* inputs of the next one that have entered the pipeline */
  uint64_t inputs;       /* of all epochs */
  Tally tally;           /* what was seen at the output of the current epoch's inputs */
  double epoch_seconds;  /* spent on the current epoch */
} TrainingPosition;

/* Something that must be the same when a run goes on: "seed" is "1". */
typedef struct RunFact {
  const char *name;
  char text[80];
} RunFact;

enum { RUN_FACTS_MOST = 8 };

typedef struct RunFacts {
  uint32_t count;
  RunFact facts[RUN_FACTS_MOST];
} RunFacts;

/* Adds a fact; the name is borrowed. */
void add_fact(RunFacts *facts, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool write_checkpoint(const char *path, const Engine *engine, const RunFacts *facts,
                      const TrainingPosition *position, Failure *failure);

/* Reads the state into the engine and the position.  Fails, leaving both untouched, when the file
 * is damaged or belongs to another model, another kind of engine, or a run with other facts. */
bool read_checkpoint(const char *path, Engine *engine, const RunFacts *facts,
                     TrainingPosition *position, Failure *failure);

#endif
