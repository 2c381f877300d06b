// SPDX-License-Identifier: MIT
// The beginning and the end of a process: what happens when memory runs out, on a defect of ours,
// and when output is lost.
#ifndef SEDGE_RUNTIME_VERBS_PROCESS_H
#define SEDGE_RUNTIME_VERBS_PROCESS_H

#include <stddef.h>

#include "runtime/verbs/exit_code.h"

/* Installs the handlers of a command called `program` (borrowed for good). */
void process_begin(const char *program);

/* Says that memory ran out, and ends the process. */
_Noreturn void process_no_memory(size_t bytes);

/* Closes standard output; what was printed may still be in a buffer, and its end may meet a full
 * disk.  Returns the exit code. */
ExitCode process_end(ExitCode code);

#endif
