// SPDX-License-Identifier: MIT
// Engines by name, ready to train or to infer.
#ifndef SEDGE_COMPILER_OPEN_ENGINE_H
#define SEDGE_COMPILER_OPEN_ENGINE_H

#include <stdbool.h>

#include "compiler/command.h"
#include "compiler/compilation.h"
#include "runtime/data/dataset.h"
#include "runtime/engine.h"
#include "runtime/recipe.h"
#include "runtime/verbs/run.h"

/* Whether --engine names an engine or is not given; else says so as a usage error. */
bool is_engine_known(const Options *options);

/* Opens the engine of that name (NULL: the one that --engine defaults to), which is known, on a
 * compilation that has come to its schedule. Owned: engine_close.  NULL: *failure says why. */
Engine *open_engine(const Compilation *c, const Options *options, const char *name,
                    Failure *failure);

/* A program with its data and an engine that holds its parameters. */
typedef struct Session {
  const Invocation *invocation;
  Compilation *c;
  Recipe recipe;
  Dataset data;
  Engine *engine;
} Session;

/* Compiles the invocation's file, loads its data where they are needed, opens the engine and loads
 * the parameters of --load.  Warnings have been reported.  On failure reports, fills *code and
 * returns false.  Owned: session_close. */
bool session_open(const Invocation *invocation, bool needs_data, Session *session, ExitCode *code);
void session_close(Session *session);

/* What the shared verbs want of it; borrows the session. */
Run session_run(Session *session);

#endif
