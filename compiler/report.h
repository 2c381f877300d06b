// SPDX-License-Identifier: MIT
// How a verb tells the user what went wrong, and what its exit status becomes.
#ifndef SEDGE_COMPILER_REPORT_H
#define SEDGE_COMPILER_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "compiler/command.h"
#include "compiler/compilation.h"
#include "runtime/failure.h"
#include "runtime/verbs/output.h"

/* Adds a runtime failure to the messages; returns the message, for help to be added. */
Message *add_failure(Diagnostics *d, const Failure *failure);

/* Prints the messages of a compilation that has come to its end, and returns what they mean:
 * EXIT_DONE without errors.  As text they go to standard error.  With --json they are objects: on
 * standard output where they are the result (the verb is `check`, or there are errors), else on
 * standard error, so that a result stays alone. */
ExitCode report_messages(const Invocation *invocation, const Compilation *c);

/* Reports the warnings of a compilation that is to be used further, and forgets them, so that a
 * later report_messages prints only what comes after. */
void report_warnings(const Invocation *invocation, Compilation *c);

/* add_failure, then report_messages. */
ExitCode report_failure(const Invocation *invocation, Compilation *c, const Failure *failure);

#endif
