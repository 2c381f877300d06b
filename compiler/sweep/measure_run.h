// SPDX-License-Identifier: MIT
// One run of a sweep: what a fit predicts and what training gives, as one row.
#ifndef SEDGE_COMPILER_SWEEP_MEASURE_RUN_H
#define SEDGE_COMPILER_SWEEP_MEASURE_RUN_H

#include <jansson.h>
#include <stdbool.h>

#include "compiler/command.h"

/* Compiles the invocation's file and, unless is_fit_only, trains it.  On EXIT_DONE *row is an
 * object with the keys of columns.def, where they apply; the caller owns the reference.  Else what
 * went wrong was printed on standard error. */
ExitCode measure_run(const Invocation *invocation, bool is_fit_only, json_t **row);

#endif
