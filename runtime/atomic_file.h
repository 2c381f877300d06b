// SPDX-License-Identifier: MIT
// Writes a file beside its final place and renames it when it is whole, so that nobody ever sees
// half of it.
//
// The new file is .NAME.PID.part, locked as long as it is written: one without a lock was left by a
// process that was killed.
//
// What stood at the place before stays until the rename, and stays for good where anything fails.
// Places that are no regular files (a pipe, /dev/stdout) cannot be renamed over: they are written
// directly.
#ifndef SEDGE_RUNTIME_ATOMIC_FILE_H
#define SEDGE_RUNTIME_ATOMIC_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "runtime/failure.h"

typedef struct AtomicFile AtomicFile;

/* Opens a new file for `path`; symbolic links are followed.  Owned: end it by atomic_file_commit or
 * atomic_file_discard.  NULL with *failure filled (FAILURE_OUTPUT) when it cannot be created. */
AtomicFile *atomic_file_open(const char *path, Failure *failure);

/* Where to write.  Errors need no check: commit sees them. */
FILE *atomic_file_stream(AtomicFile *file);

/* Lets whoever may read the new file execute it. */
void atomic_file_make_executable(AtomicFile *file);

/* Writes everything to the disk, then puts the file in its place.  On failure the new file is
 * removed.  Frees the AtomicFile either way. */
bool atomic_file_commit(AtomicFile *file, Failure *failure);

/* Removes the new file and frees the AtomicFile; NULL is ignored. */
void atomic_file_discard(AtomicFile *file);

/* Removes what is unfinished, where the process must end at once; may be called by a signal's
 * handler. */
void atomic_files_abandon(void);

/* Fails, before hours of work are spent, when no file can be created where `path` will be.  Removes
 * what processes that were killed while they wrote it have left beside it. */
bool can_write_file(const char *path, Failure *failure);

/* Whether two paths lead to one regular file, so that what is written to one is lost from the
 * other; or would, where there is none yet. */
bool is_same_file(const char *a, const char *b);

#endif
