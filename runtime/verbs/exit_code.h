// SPDX-License-Identifier: MIT
// What the command's exit status means; scripts rely on it.
#ifndef SEDGE_RUNTIME_VERBS_EXIT_CODE_H
#define SEDGE_RUNTIME_VERBS_EXIT_CODE_H

typedef enum ExitCode {
  EXIT_DONE = 0,
  EXIT_WRONG = 1,        /* the file is wrong, or a comparison failed */
  EXIT_USAGE = 2,        /* the command line is wrong */
  EXIT_MISFIT = 3,       /* the network does not fit the hardware */
  EXIT_SYSTEM = 4,       /* reading or writing failed, or memory ran out */
  EXIT_DEFECT = 70,      /* a mistake of ours */
  EXIT_INTERRUPTED = 130 /* by a signal, after a checkpoint was written */
} ExitCode;

#endif
