// SPDX-License-Identifier: MIT
// What the verbs that compile a file have in common: how far to go, and what to print on the way.
#ifndef SEDGE_COMPILER_COMPILE_H
#define SEDGE_COMPILER_COMPILE_H

#include <stdbool.h>

#include "compiler/command.h"
#include "compiler/passes.h"

/* How far to go: the verb's last pass, or what --stop-after and --dump say. */
typedef struct CompileGoal {
  PassId last;
  PassId dump;     /* PASS_COUNT: none */
  bool is_partial; /* the user asked for passes, not for the verb's result */
  bool is_wrong;   /* the options name no pass; the usage error was printed */
} CompileGoal;

CompileGoal compile_goal(const Invocation *invocation, PassId last);

/* Runs the passes up to the goal and prints the dump.  False: an error was reported. */
bool compile_to(const CompileGoal *goal, Compilation *c);

/* Opens a compilation of the invocation's file (the embedded example where it names none) and runs
 * the passes up to `last`.  On an error, and where the invocation would write over what the program
 * is made of, reports all messages, closes it, fills *code and returns NULL.  Owned:
 * compilation_close. */
Compilation *compile_file(const Invocation *invocation, PassId last, ExitCode *code);

#endif
