// SPDX-License-Identifier: MIT
// Tasks in processes of their own, a few at a time: whatever happens to one, crash or lack of
// memory, happens to it alone.
#ifndef SEDGE_COMPILER_SWEEP_WORKER_POOL_H
#define SEDGE_COMPILER_SWEEP_WORKER_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/failure.h"

/* How a task ended. */
typedef struct WorkerResult {
  int exit_code; /* what `work` returned; 128 + signal where a signal ended the process */
  int signal;    /* that signal, or 0 */
  /* what it wrote to `out`, NUL-terminated; until the call of `done` returns, like `errors` */
  const char *output;
  const char *errors; /* the beginning of what it wrote to standard output and standard error */
} WorkerResult;

typedef struct PoolEvents {
  int (*work)(void *context, uint32_t task, FILE *out); /* in the task's process */
  bool (*done)(void *context, uint32_t task, const WorkerResult *result); /* in ours; false: stop */
  bool (*waiting)(void *context); /* in ours, some ten times a second; false: stop */
  void *context;
} PoolEvents;

typedef enum PoolOutcome { POOL_DONE, POOL_STOPPED, POOL_FAILED } PoolOutcome;

/* Does tasks[0 .. count-1], `jobs` (>= 1) at a time, in this order.  STOPPED: an event said so;
 * FAILED: *failure says why no process could be begun.  In both cases the tasks that ran are ended,
 * without a call of `done`.  A task dies with our process. */
PoolOutcome run_pool(const uint32_t *tasks, uint32_t count, uint32_t jobs, const PoolEvents *events,
                     Failure *failure);

#endif
