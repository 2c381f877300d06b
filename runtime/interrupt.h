// SPDX-License-Identifier: MIT
// Ctrl-C and SIGTERM as a flag that the training loop polls; a second signal ends the process at
// once.
#ifndef SEDGE_RUNTIME_INTERRUPT_H
#define SEDGE_RUNTIME_INTERRUPT_H

#include <stdbool.h>

/* From now on the first SIGINT or SIGTERM only sets the flag. */
void interrupt_watch(void);

/* Whether one has come since interrupt_watch. */
bool interrupt_requested(void);

/* Back to the default, which ends the process. */
void interrupt_unwatch(void);

#endif
