// SPDX-License-Identifier: MIT
// Why something in the runtime could not be done, in words for the user.
#ifndef SEDGE_RUNTIME_FAILURE_H
#define SEDGE_RUNTIME_FAILURE_H

#include <stdbool.h>

typedef enum FailureKind {
  FAILURE_NONE,
  FAILURE_INPUT,  /* a file is missing, truncated or corrupt: exit 4 */
  FAILURE_OUTPUT, /* a file cannot be written: exit 4 */
  FAILURE_MEMORY, /* no memory: exit 4 */
  /* the model cannot do that: labels out of range, parameters of another one ...: exit 1 */
  FAILURE_MODEL,
  /* no code can be made or linked: an unknown target or processor, no linker: exit 1 */
  FAILURE_TARGET,
  FAILURE_DEFECT, /* a clash or hazard that slipped through the compiler: exit 70 */
} FailureKind;

/* Functions that can fail take a Failure * last, return false, and fill it exactly then. */
typedef struct Failure {
  FailureKind kind;
  char path[512]; /* the file concerned, or "" */
  /* "expected 60000 labels, found 59999 (byte 60007)": lower case, no full stop */
  char message[512];
} Failure;

/* Fills *failure; always returns false, so that callers can `return fail(...)`.  path may be NULL.
 * (The name stands in parentheses because cmocka has a macro fail().) */
bool(fail)(Failure *failure, FailureKind kind, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
