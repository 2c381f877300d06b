// SPDX-License-Identifier: MIT
// One process at a time for a file that is replaced as a whole.
//
// The file itself cannot be locked: a rename puts another in its place.  The lock is on .NAME.lock
// beside it, belongs to the process, and goes with it however it ends; that file is removed at the
// end, and one that a killed process left is used again.
#ifndef SEDGE_RUNTIME_FILE_LOCK_H
#define SEDGE_RUNTIME_FILE_LOCK_H

#include <stdbool.h>

#include "runtime/failure.h"

typedef struct FileLock {
  int file;   /* -1: nothing is locked */
  char *path; /* of the lock; owned */
} FileLock;

/* Locks the file at `path`, which need not exist yet; links are followed.  False with *failure
 * (FAILURE_OUTPUT) where another process has it.  What is no regular file, and a file system
 * without locks, are never locked.  Owned: file_lock_close. */
bool file_lock_open(const char *path, FileLock *lock, Failure *failure);

/* A lock that is closed already, or {.file = -1}, is ignored. */
void file_lock_close(FileLock *lock);

#endif
