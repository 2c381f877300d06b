// SPDX-License-Identifier: MIT
// What training tells, as JSON objects: what --json prints, and what a log holds beside.
//
// A log is JSON Lines:  run (what is trained, and on what), then for each epoch  epoch  and  inside
// (what a probe saw after it), and at the end  confusion  and  done.
#ifndef SEDGE_RUNTIME_VERBS_TRAIN_EVENTS_H
#define SEDGE_RUNTIME_VERBS_TRAIN_EVENTS_H

#include <jansson.h>

#include "runtime/probe.h"
#include "runtime/trainer.h"
#include "runtime/verbs/run.h"

/* All of them: the caller owns the reference. */
json_t *run_event(const Run *run, const TrainerSettings *settings);
json_t *epoch_event(const EpochReport *report);
json_t *inside_event(const Model *model, uint32_t epoch, double rate, uint32_t examples,
                     const JunctionProbe *junctions);
json_t *done_event(const Engine *engine, const TrainerResult *result, const char *digest);

/* Of the test set, with the parameters as they stand: matrix[label][predicted], or no matrix where
 * the classes are very many.  NULL: *failure says why. */
json_t *confusion_event(Engine *engine, const Examples *test, Failure *failure);

#endif
