// SPDX-License-Identifier: MIT
// Messages and exit codes.
#include "compiler/report.h"

#include <assert.h>

#include "compiler/fit/fit.h"

static ErrorCode code_of_failure(FailureKind kind) {
  switch (kind) {
  case FAILURE_NONE: break;
  case FAILURE_INPUT: return ERROR_READ;
  case FAILURE_OUTPUT: return ERROR_WRITE;
  case FAILURE_MEMORY: return ERROR_MEMORY;
  case FAILURE_MODEL: return ERROR_UNSUITABLE;
  case FAILURE_TARGET: return ERROR_TARGET;
  case FAILURE_DEFECT: return ERROR_DEFECT;
  }
  assert(false && "a failure without a kind");
  return ERROR_DEFECT;
}

Message *add_failure(Diagnostics *d, const Failure *failure) {
  const char *path = failure->path[0] != '\0' ? failure->path : NULL;
  return error_in(d, code_of_failure(failure->kind), path, "%s", failure->message);
}

/* The worst that was reported decides: our own defects, then the system, then the file, then the
 * hardware. */
static ExitCode exit_code_of(const Diagnostics *d) {
  if (error_count(d) == 0) return EXIT_DONE;
  if (has_error_code(d, ERROR_DEFECT) || has_error_code(d, ERROR_EDGES_DEFECT)) return EXIT_DEFECT;
  if (has_error_code(d, ERROR_READ) || has_error_code(d, ERROR_WRITE) ||
      has_error_code(d, ERROR_MEMORY)) {
    return EXIT_SYSTEM;
  }
  for (ErrorCode code = 0; code < ERROR_CODE_COUNT; code++) {
    if (has_error_code(d, code) && error_is_misfit(code)) return EXIT_MISFIT;
  }
  return EXIT_WRONG;
}

ExitCode report_messages(const Invocation *invocation, const Compilation *c) {
  const Diagnostics *d = c->diagnostics;
  const ExitCode code = exit_code_of(d);
  const bool is_silent = invocation->options.run.quiet && code == EXIT_DONE;
  if (invocation->options.run.json) {
    const bool is_result = code != EXIT_DONE || invocation->verb == VERB_CHECK;
    if (is_result || !is_silent) print_diagnostics_json(d, is_result ? stdout : stderr);
  } else if (!is_silent) {
    print_diagnostics(d, stderr, invocation->with_color);
  }
  if (code == EXIT_DEFECT) {
    fputs("sedge: this is a defect of sedge, not of your file; please report it with the file and "
          "the command\n",
          stderr);
  }
  return code;
}

void report_warnings(const Invocation *invocation, Compilation *c) {
  assert(error_count(c->diagnostics) == 0);
  report_messages(invocation, c);
  c->diagnostics = diagnostics_new(c->arena, c->sources);
}

ExitCode report_failure(const Invocation *invocation, Compilation *c, const Failure *failure) {
  add_failure(c->diagnostics, failure);
  return report_messages(invocation, c);
}
