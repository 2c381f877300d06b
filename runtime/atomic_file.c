// SPDX-License-Identifier: MIT
// Files that appear whole or not at all: a new file in the same folder, fsync, rename, fsync of the
// folder.
#include "runtime/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/system.h"

enum {
  NAME_MOST = 200
}; /* bytes of the target's name in the temporary one's, which must not become too long */

struct AtomicFile {
  FILE *stream;
  char *path;       /* as the user gave it, for messages */
  char *target;     /* where it is to appear: path with links resolved */
  char *temporary;  /* where it is written; NULL: at the target itself */
  AtomicFile *next; /* of those that are open */
};

static AtomicFile *open_files;

static void forget(const AtomicFile *file) {
  AtomicFile **place = &open_files;
  while (*place && *place != file) place = &(*place)->next;
  if (*place) *place = file->next;
}

void atomic_files_abandon(void) {
  for (const AtomicFile *file = open_files; file; file = file->next)
    if (file->temporary) unlink(file->temporary);
}

static void free_file(AtomicFile *file) {
  forget(file);
  free(file->path);
  free(file->target);
  free(file->temporary);
  free(file);
}

/* The folder part of a path, with its slash; "" where it has none. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The folder of a path that leads to no file yet. */
static bool stat_folder(const char *path, struct stat *status) {
  const size_t length = folder_length(path);
  char *folder = length > 0 ? strndup(path, length) : strdup(".");
  const bool is_there = folder && stat(folder, status) == 0;
  free(folder);
  return is_there;
}

static bool is_same_place(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool is_same_file(const char *a, const char *b) {
  struct stat first, second;
  const bool is_first = stat(a, &first) == 0, is_second = stat(b, &second) == 0;
  if (is_first != is_second) return false;
  if (is_first) return S_ISREG(first.st_mode) && is_same_place(&first, &second);
  return strcmp(a + folder_length(a), b + folder_length(b)) == 0 && stat_folder(a, &first) &&
         stat_folder(b, &second) && is_same_place(&first, &second);
}

/* FOLDER/.NAME.PID.part, beside the target so that a rename suffices. */
static char *temporary_name(const char *target) {
  const size_t folder = folder_length(target);
  char *name = NULL;
  const int length = asprintf(&name, "%.*s.%.*s.%ld.part", (int)folder, target, (int)NAME_MOST,
                              target + folder, (long)getpid());
  return length < 0 ? NULL : name;
}

/* Fills target and, where a rename is possible, temporary. */
static bool choose_places(AtomicFile *file, Failure *failure) {
  char *resolved = system_resolve(file->path);
  struct stat status;
  const bool exists = stat(file->path, &status) == 0;
  file->target = resolved ? resolved : strdup(file->path);
  if (exists && S_ISDIR(status.st_mode))
    return fail(failure, FAILURE_OUTPUT, file->path, "it is a folder");
  if (exists && !S_ISREG(status.st_mode)) return true;
  /* Neither it nor what it names may be replaced: who made it meant another place. */
  if (!exists && lstat(file->path, &status) == 0)
    return fail(failure, FAILURE_OUTPUT, file->path, "it is a link that leads to no file");
  if (file->target) file->temporary = temporary_name(file->target);
  if (!file->target || !file->temporary)
    return fail(failure, FAILURE_MEMORY, file->path, "no memory");
  return true;
}

/* Creates the file and locks it.  Between the two another process may have taken it for one that
 * was left and removed it: again, then.  Where a file system has no locks, there is none, and
 * nothing is removed there either. */
static int create(const AtomicFile *file) {
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | (file->temporary ? O_NOFOLLOW : 0);
  for (;;) {
    struct stat status;
    const int descriptor = open(file->temporary ? file->temporary : file->target, flags, 0666);
    if (descriptor < 0 || !file->temporary) return descriptor;
    system_lock(descriptor);
    if (fstat(descriptor, &status) != 0 || status.st_nlink > 0) return descriptor;
    close(descriptor);
  }
}

static bool open_stream(AtomicFile *file, Failure *failure) {
  if (file->path[0] == '\0')
    return fail(failure, FAILURE_OUTPUT, NULL, "the name of the file to write is empty");
  if (!choose_places(file, failure)) return false;
  const int descriptor = create(file);
  if (descriptor < 0)
    return fail(failure, FAILURE_OUTPUT, file->path, "cannot be created: %s", strerror(errno));
  file->stream = fdopen(descriptor, "wb");
  errno = 0; /* whatever it is at the end, a write since then has failed with it */
  if (file->stream) return true;
  close(descriptor);
  if (file->temporary) unlink(file->temporary);
  return fail(failure, FAILURE_MEMORY, file->path, "no memory");
}

AtomicFile *atomic_file_open(const char *path, Failure *failure) {
  AtomicFile *file = calloc(1, sizeof *file);
  if (file) file->path = strdup(path);
  if (!file || !file->path) {
    free(file);
    fail(failure, FAILURE_MEMORY, path, "no memory");
    return NULL;
  }
  if (open_stream(file, failure)) {
    file->next = open_files;
    open_files = file;
    return file;
  }
  free_file(file);
  return NULL;
}

FILE *atomic_file_stream(AtomicFile *file) {
  return file->stream;
}

void atomic_file_make_executable(AtomicFile *file) {
  if (file->temporary) system_make_executable(fileno(file->stream));
}

/* Everything on the disk and the stream closed; on failure errno says why. */
static bool finish_stream(AtomicFile *file) {
  const bool is_written = fflush(file->stream) == 0 && !ferror(file->stream);
  /* What is no regular file cannot be synchronized, nor need it. */
  const bool is_synced = is_written && (!file->temporary || fsync(fileno(file->stream)) == 0);
  const int reason = errno;
  const bool is_closed = fclose(file->stream) == 0;
  file->stream = NULL;
  if (!is_synced) errno = reason;
  return is_synced && is_closed;
}

/* After the rename, so that it survives a power failure; where a folder cannot be synchronized,
 * that is no error. */
static void sync_folder(const char *target) {
  const size_t length = folder_length(target);
  char *folder = length > 0 ? strndup(target, length) : strdup(".");
  const int descriptor = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  free(folder);
  if (descriptor < 0) return;
  if (fsync(descriptor) != 0) errno = 0;
  close(descriptor);
}

bool atomic_file_commit(AtomicFile *file, Failure *failure) {
  bool is_good = finish_stream(file);
  if (is_good && file->temporary) is_good = rename(file->temporary, file->target) == 0;
  if (is_good) {
    if (file->temporary) sync_folder(file->target);
  } else {
    fail(failure, FAILURE_OUTPUT, file->path, "cannot be written: %s",
         errno ? strerror(errno) : "the system does not say why");
    if (file->temporary) unlink(file->temporary);
  }
  free_file(file);
  return is_good;
}

void atomic_file_discard(AtomicFile *file) {
  if (!file) return;
  fclose(file->stream);
  if (file->temporary) unlink(file->temporary);
  free_file(file);
}

/* Whether a name is .NAME.PID.part. */
static bool is_part_of(const char *name, const char *file) {
  const size_t length = strnlen(file, NAME_MOST);
  if (name[0] != '.' || strncmp(name + 1, file, length) != 0 || name[1 + length] != '.')
    return false;
  const char *number = name + length + 2;
  const size_t digits = strspn(number, "0123456789");
  return digits > 0 && strcmp(number + digits, ".part") == 0;
}

/* Removes a file that nobody has locked. */
static void remove_if_left(int folder, const char *name) {
  struct stat status;
  const int descriptor = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
      system_lock(descriptor) == FILE_LOCKED)
    unlinkat(folder, name, 0);
  close(descriptor);
}

static void remove_left(const char *target) {
  const size_t length = folder_length(target);
  char *path = length > 0 ? strndup(target, length) : strdup(".");
  DIR *folder = path ? opendir(path) : NULL;
  free(path);
  if (!folder) return;
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (is_part_of(entry->d_name, target + length)) remove_if_left(dirfd(folder), entry->d_name);
  closedir(folder);
}

bool can_write_file(const char *path, Failure *failure) {
  struct stat status;
  if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return true;
  AtomicFile *file = atomic_file_open(path, failure);
  if (!file) return false;
  if (file->temporary) remove_left(file->target);
  atomic_file_discard(file);
  return true;
}
