// SPDX-License-Identifier: MIT
// The verbs that sedge and every built trainer share: train, test, predict, on an engine that is
// open.
//
// Who calls them has made the engine, by compiling a file or by opening what is packed in the
// program, and says how its failures are told; everything else, options, streams, JSON, progress
// and exit codes, is the same here for both.
#ifndef SEDGE_RUNTIME_VERBS_RUN_H
#define SEDGE_RUNTIME_VERBS_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "runtime/engine.h"
#include "runtime/recipe.h"
#include "runtime/trainer.h"
#include "runtime/verbs/exit_code.h"
#include "runtime/verbs/run_options.h"

/* One call of a verb.  Everything is borrowed. */
typedef struct Run {
  const RunOptions *options;
  const Recipe *recipe;
  const Dataset *data; /* may be empty where run_needs_data() says so */
  Engine *engine;      /* with the parameters of --load */
  const char *input;   /* predict: its argument, or NULL */
  const char *program; /* "sedge": begins messages */
  const char *color;   /* --color; NULL: auto */
  const char *again;   /* "sedge train mnist.sedge": how the user repeats this call */
  /* Tells the user of a failure and returns what the program's exit status becomes. */
  ExitCode (*report)(void *context, const Failure *failure);
  /* What the engine counted while it trained, for --verbose; NULL: nothing. */
  void (*print_counts)(const Engine *engine, FILE *out);
  void *context;
} Run;

/* What is wrong with the options of a verb, or NULL. */
const char *train_complaint(const RunOptions *options);
const char *test_complaint(const RunOptions *options);
const char *predict_complaint(const RunOptions *options);
const char *threads_complaint(const RunOptions *options);

/* Whether `predict` reads the data set for this input: not where it is a file of rows. */
bool predict_needs_data(const char *input);

ExitCode run_train(const Run *run);
ExitCode run_test(const Run *run);
ExitCode run_predict(const Run *run);

/* What the recipe and the options say of training; without the checkpoint that an interruption
 * writes. */
TrainerSettings trainer_settings(const RunOptions *options, const Recipe *recipe);

/* --threads, or as many as pay: online training is one thread's work, a batch can be shared out. */
uint32_t run_threads(const RunOptions *options, const Model *model);

/* The network in two lines, the first words of which are labels like those of the results:
 *   network     mnist: 1024-64-16, 8,704 edges (13.1 % of the dense network's)
 *   arithmetic  float32, pipelined, batch 1 */
void print_network(const Model *model, FILE *out);

/* What a failure makes of the exit status. */
ExitCode exit_code_of_failure(FailureKind kind);

#endif
