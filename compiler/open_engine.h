// SPDX-License-Identifier: MIT
// Engines by name, ready to train or to infer.
#ifndef SEDGE_COMPILER_OPEN_ENGINE_H
#define SEDGE_COMPILER_OPEN_ENGINE_H

#include <stdbool.h>

#include "compiler/command.h"
#include "compiler/compilation.h"
#include "runtime/data/dataset.h"
#include "runtime/engine.h"
#include "runtime/trainer.h"

/* Whether --engine names an engine or is not given; else says so as a usage error. */
bool is_engine_known(const Options *options);

/* Opens the engine of that name (NULL: the one that --engine defaults to), which is known, on a compilation that has come to its
 * schedule. Owned: engine_close.  NULL: *failure says why. */
Engine *open_engine(const Compilation *c, const Options *options, const char *name,
                    Failure *failure);

/* A program with its data and an engine that holds its parameters. */
typedef struct Session {
  Compilation *c;
  Dataset data;
  Engine *engine;
} Session;

/* Compiles the invocation's file, loads its data, opens the engine and loads the parameters of --load.  Warnings have been
 * reported.  On failure reports, fills *code and returns false.  Owned: session_close. */
bool session_open(const Invocation *invocation, Session *session, ExitCode *code);
void session_close(Session *session);

/* The network in one line: "mnist: 1024-64-16, 8,704 edges (13.1 % of the dense network's), float32, pipelined, batch 1". */
void print_session(const Session *session, FILE *out);

/* What the engine counted while it trained, where it counts anything; for --verbose. */
void print_engine_counts(const Engine *engine, FILE *out);

/* What the file and the options say of training; without the checkpoint that an interruption writes. */
TrainerSettings trainer_settings(const Invocation *invocation, const Compilation *c);

#endif
