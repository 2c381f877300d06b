// SPDX-License-Identifier: MIT
// What a run of a sweep is defined by, as a digest: equal digests, equal results.
#ifndef SEDGE_COMPILER_SWEEP_DEFINITION_H
#define SEDGE_COMPILER_SWEEP_DEFINITION_H

#include <stdbool.h>

#include "compiler/command.h"

/* Contents of data files are digested once for many runs. */
typedef struct DataDigests DataDigests;

/* In the arena. */
DataDigests *data_digests_new(Arena *arena);

/* The digest of a run with these options: the texts of the file, of all that it imports and of each
 * -D (their order does not matter), the contents of its data and of edges given by hand, the
 * options that decide what is computed, and the version of sedge.  A file that is wrong has one
 * too; a run whose data cannot be read has that of their absence.  Messages are for the run itself
 * to give: none is printed here. */
void define_run(const Invocation *invocation, const Options *options, bool is_fit_only,
                DataDigests *data, char digest[65]);

#endif
