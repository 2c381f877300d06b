// SPDX-License-Identifier: MIT
// The log of a training: --log FILE.jsonl, and what --report is made from.
#ifndef SEDGE_RUNTIME_VERBS_TRAIN_LOG_H
#define SEDGE_RUNTIME_VERBS_TRAIN_LOG_H

#include <jansson.h>
#include <stdbool.h>

#include "runtime/trainer.h"
#include "runtime/verbs/run.h"

typedef struct TrainLog TrainLog;

/* Begins a log at `path`, or in memory alone where it is NULL; a run that is resumed goes on with
 * the log that is there.  Owned: train_log_close.  NULL: *failure says why. */
TrainLog *train_log_open(const Run *run, const TrainerSettings *settings, const char *path,
                         Failure *failure);
void train_log_close(TrainLog *log);

/* Writes what an epoch gave, and what a probe sees after it. */
void train_log_epoch(TrainLog *log, const EpochReport *report);

/* Writes the end, unless the run was `stopped`.  False: *failure says why the log is not whole. */
bool train_log_end(TrainLog *log, const TrainerResult *result, bool is_stopped, Failure *failure);

/* The events of a log on the disk, of which a run goes on; what is no event, a half line above all,
 * is passed over, and a file that cannot be read holds none.  The caller owns the reference. */
json_t *read_train_log(const char *path);

/* All events so far, those of the log that was gone on with first; borrowed. */
const json_t *train_log_events(const TrainLog *log);

#endif
