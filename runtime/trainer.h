// SPDX-License-Identifier: MIT
// The training loop: epochs, their order, batches, what is measured, checkpoints, and stopping in
// good order.
//
// The pipeline is never emptied between epochs.  What an epoch's end reports is measured on a
// drained copy of the state, which is then put back, so that measuring changes nothing.  A
// checkpoint holds the undrained state: a run that is resumed from it goes on to the same bits.
#ifndef SEDGE_RUNTIME_TRAINER_H
#define SEDGE_RUNTIME_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/checkpoint.h"
#include "runtime/engine.h"
#include "runtime/rate_schedule.h"

typedef struct TrainerSettings {
  uint32_t epochs;
  uint64_t input_limit; /* inputs of all epochs after which to stop; UINT64_MAX: none */
  bool is_shuffled;     /* a new order every epoch, from `seed` */
  uint64_t seed;
  RateSchedule rate;
  const char *checkpoint;           /* where checkpoints are written; NULL: none */
  uint32_t checkpoint_every;        /* epochs, >= 1 */
  const char *interrupt_checkpoint; /* where one is written when the run is stopped; NULL: none */
} TrainerSettings;

/* What an epoch's end reports. */
typedef struct EpochReport {
  uint32_t epoch;         /* from 1 */
  uint64_t inputs;        /* of this epoch */
  double seconds;         /* spent on training them */
  Tally train;            /* of the outputs seen meanwhile, as they passed */
  Tally validation, test; /* count 0 where there are no such examples */
} EpochReport;

typedef struct TrainerProgress {
  uint32_t epoch, epochs; /* epoch from 1 */
  bool is_measuring;      /* at an epoch's end, else training */
  uint64_t done, total;   /* inputs of this epoch, or examples measured */
  uint64_t inputs_left;   /* training inputs of the whole run */
  double per_second;      /* training inputs; 0: not known yet */
} TrainerProgress;

/* What the trainer tells, and asks.  All but `context` may be NULL. */
typedef struct TrainerEvents {
  void (*epoch_done)(void *context, const EpochReport *report);
  void (*progressed)(void *context, const TrainerProgress *progress);
  bool (*is_stopped)(
      void *context); /* polled some twenty times a second; true: stop in good order */
  void *context;
} TrainerEvents;

typedef struct TrainerResult {
  TrainingPosition position;
  double trained_seconds; /* spent on training in this call, without measuring */
  Tally validation, test; /* with the final parameters */
} TrainerResult;

typedef enum TrainerOutcome { TRAINER_DONE, TRAINER_STOPPED, TRAINER_FAILED } TrainerOutcome;

/* Trains from `start` (all zero: the beginning) to the end.  DONE: the pipeline is drained, the
 * parameters are final.  STOPPED: is_stopped said so, and the interrupt checkpoint is written.
 * FAILED: *failure says why; the state is lost. facts: see run_facts(); needed only where
 * checkpoints are written. */
TrainerOutcome run_training(Engine *engine, const Dataset *data, const TrainerSettings *settings,
                            const TrainerEvents *events, const RunFacts *facts,
                            const TrainingPosition *start, TrainerResult *result, Failure *failure);

/* Everything beside the model that decides what training gives, to be compared when a run is
 * resumed. */
RunFacts run_facts(const Dataset *data, const TrainerSettings *settings);

/* Fills order [count] for an epoch: 0, 1, 2, ... or a permutation drawn from (seed, epoch). */
void epoch_order(const TrainerSettings *settings, uint32_t epoch, uint32_t *order, uint32_t count);

#endif
