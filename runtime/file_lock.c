// SPDX-License-Identifier: MIT
// flock() on a file beside; on NFS, Linux makes a lock of the server's from it.
#include "runtime/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/system.h"

/* FOLDER/.NAME.lock of the file that `path` leads to; NULL: no memory. */
static char *lock_path(const char *path) {
  enum { NAME_MOST = 200 };
  char *resolved = system_resolve(path), *name = NULL;
  const char *target = resolved ? resolved : path, *slash = strrchr(target, '/');
  const size_t folder = slash ? (size_t)(slash - target) + 1 : 0;
  const int length =
      asprintf(&name, "%.*s.%.*s.lock", (int)folder, target, (int)NAME_MOST, target + folder);
  free(resolved);
  return length < 0 ? NULL : name;
}

/* Whether the file that is open is still the one of that name: who had the lock may have removed it
 * meanwhile. */
static bool is_in_place(int file, const char *path) {
  struct stat open_one, named;
  return fstat(file, &open_one) == 0 && stat(path, &named) == 0 &&
         open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

bool file_lock_open(const char *path, FileLock *lock, Failure *failure) {
  struct stat status;
  *lock = (FileLock){.file = -1};
  if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) return true;
  lock->path = lock_path(path);
  if (!lock->path) return fail(failure, FAILURE_MEMORY, path, "no memory");
  for (;;) {
    lock->file = open(lock->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (lock->file < 0) {
      fail(failure, FAILURE_OUTPUT, path, "cannot be locked: %s", strerror(errno));
      break;
    }
    const FileLocking locking = system_lock(lock->file);
    if (locking == FILE_UNLOCKED) return true;
    if (locking == FILE_IN_USE) {
      fail(failure, FAILURE_OUTPUT, path,
           "another process is training into it; wait for it, or choose another file");
      break;
    }
    if (is_in_place(lock->file, lock->path)) return true;
    close(lock->file);
  }
  if (lock->file >= 0) close(lock->file);
  free(lock->path);
  *lock = (FileLock){.file = -1};
  return false;
}

void file_lock_close(FileLock *lock) {
  if (lock->file >= 0) {
    unlink(lock->path); /* while it is locked: who opened it sees that it is gone */
    close(lock->file);
  }
  free(lock->path);
  *lock = (FileLock){.file = -1};
}
