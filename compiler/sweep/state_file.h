// SPDX-License-Identifier: MIT
// The state of a sweep on disk: a line for each run that has ended, so that a sweep that is ended
// by anything goes on from there.
//
// JSON Lines, only ever appended to: a first line that says what the file is, then {"definition":
// DIGEST, "row": {...}}; of several lines with one definition the last counts.  A last line without
// its end was being written when the process was killed: it is cut off.  A lock keeps two sweeps
// apart.
#ifndef SEDGE_COMPILER_SWEEP_STATE_FILE_H
#define SEDGE_COMPILER_SWEEP_STATE_FILE_H

#include <jansson.h>
#include <stdbool.h>

#include "runtime/failure.h"

typedef struct StateFile StateFile;

/* Opens the state at `path`, creating it, and locks it; read-only (is_read_only) nothing is
 * created, cut off or locked, and an absent file is an empty one.  A file that is no sweep's state
 * is refused and left alone.  Owned: state_close. */
StateFile *state_open(const char *path, bool is_read_only, Failure *failure);
void state_close(StateFile *state);

/* The row of a definition, borrowed until the next state_append; NULL: it has not been run. */
json_t *state_find(const StateFile *state, const char *definition);

/* Adds a row (a reference is taken) and has it on the disk when it returns true. */
bool state_append(StateFile *state, const char *definition, json_t *row, Failure *failure);

/* For processes that must not hold the lock. */
void state_forget(const StateFile *state);

#endif
