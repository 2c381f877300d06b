// SPDX-License-Identifier: MIT
// A library to preload: makes the n-th call of one kind fail, as a machine without memory or with a
// broken disk would.
//
// FAULT_KIND names the kind (see kinds), FAULT_CALL the call, from 1; "N+" fails that call and all
// after it.  Without them, or with 0, calls are only counted.  At the end FAULT_COUNTS, where
// given, is the file that gets a line "KIND COUNT" for every kind.
//
// Counted are the calls that leave a program or library for the C library: the memory that stdio
// takes for itself is not, so stdio's own functions stand in for the reads and writes that they
// make.  What goes to standard output and error is left alone.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

typedef enum Kind { MEMORY, READ, WRITE, SYNC, RENAME, OPEN, MAP, KIND_COUNT } Kind;

static const char *const kinds[KIND_COUNT] = {"memory", "read", "write", "sync",
                                              "rename", "open", "map"};

static const int reasons[KIND_COUNT] = {ENOMEM, EIO, ENOSPC, EIO, EIO, EMFILE, ENOMEM};

static atomic_ulong counts[KIND_COUNT];
static Kind wanted = KIND_COUNT;
static unsigned long failing;
static bool fails_after;
static pid_t process;
static atomic_bool is_counting;

/* The next function of that name after ours. */
#define NEXT(result, name, ...)                                                                    \
  static result (*next)(__VA_ARGS__);                                                              \
  if (!next) *(void **)(&next) = dlsym(RTLD_NEXT, name)

static bool fails(Kind kind) {
  if (!is_counting) return false;
  const unsigned long call = ++counts[kind];
  if (kind != wanted || failing == 0 || call < failing || (call > failing && !fails_after))
    return false;
  errno = reasons[kind];
  return true;
}

__attribute__((constructor)) static void begin(void) {
  const char *kind = getenv("FAULT_KIND"), *call = getenv("FAULT_CALL");
  for (int k = 0; k < KIND_COUNT; k++) {
    if (kind && strcmp(kind, kinds[k]) == 0) wanted = (Kind)k;
  }
  if (call) {
    failing = strtoul(call, NULL, 10);
    fails_after = strchr(call, '+') != NULL;
  }
  process = getpid();
  is_counting = true;
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("FAULT_COUNTS");
  if (!is_counting || !path || getpid() != process) return;
  is_counting = false;
  FILE *out = fopen(path, "w");
  if (!out) return;
  for (int k = 0; k < KIND_COUNT; k++) fprintf(out, "%s %lu\n", kinds[k], counts[k]);
  fclose(out);
}

/* ---- memory: under a sanitizer, the next malloc() is the sanitizer's ---- */

void *malloc(size_t bytes) {
  NEXT(void *, "malloc", size_t);
  return fails(MEMORY) ? NULL : next(bytes);
}

void *calloc(size_t count, size_t bytes) {
  NEXT(void *, "calloc", size_t, size_t);
  return fails(MEMORY) ? NULL : next(count, bytes);
}

void *realloc(void *old, size_t bytes) {
  NEXT(void *, "realloc", void *, size_t);
  return fails(MEMORY) ? NULL : next(old, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes) {
  NEXT(int, "posix_memalign", void **, size_t, size_t);
  return fails(MEMORY) ? ENOMEM : next(memory, alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
  NEXT(void *, "aligned_alloc", size_t, size_t);
  return fails(MEMORY) ? NULL : next(alignment, bytes);
}

void *mmap(void *place, size_t length, int protection, int flags, int file, off_t offset) {
  NEXT(void *, "mmap", void *, size_t, int, int, int, off_t);
  return fails(MAP) ? MAP_FAILED : next(place, length, protection, flags, file, offset);
}

void *mmap64(void *place, size_t length, int protection, int flags, int file, off64_t offset) {
  return mmap(place, length, protection, flags, file, offset);
}

/* ---- files ---- */

ssize_t read(int file, void *to, size_t length) {
  NEXT(ssize_t, "read", int, void *, size_t);
  return fails(READ) ? -1 : next(file, to, length);
}

ssize_t pread(int file, void *to, size_t length, off_t offset) {
  NEXT(ssize_t, "pread", int, void *, size_t, off_t);
  return fails(READ) ? -1 : next(file, to, length, offset);
}

ssize_t write(int file, const void *from, size_t length) {
  NEXT(ssize_t, "write", int, const void *, size_t);
  return file > STDERR_FILENO && fails(WRITE) ? -1 : next(file, from, length);
}

ssize_t pwrite(int file, const void *from, size_t length, off_t offset) {
  NEXT(ssize_t, "pwrite", int, const void *, size_t, off_t);
  return fails(WRITE) ? -1 : next(file, from, length, offset);
}

int fsync(int file) {
  NEXT(int, "fsync", int);
  return fails(SYNC) ? -1 : next(file);
}

int fdatasync(int file) {
  NEXT(int, "fdatasync", int);
  return fails(SYNC) ? -1 : next(file);
}

/* Sets a stream's mark of an error, as a failed read or write of its buffer does. */
static void mark_error(FILE *stream) {
  stream->_flags |= 0x20; /* glibc's _IO_ERR_SEEN */
}

static bool stream_fails(FILE *stream, Kind kind) {
  if (!stream || stream == stdout || stream == stderr || stream == stdin || !fails(kind))
    return false;
  mark_error(stream);
  return true;
}

size_t fread(void *to, size_t bytes, size_t count, FILE *stream) {
  NEXT(size_t, "fread", void *, size_t, size_t, FILE *);
  return stream_fails(stream, READ) ? 0 : next(to, bytes, count, stream);
}

ssize_t getline(char **line, size_t *size, FILE *stream) {
  NEXT(ssize_t, "getline", char **, size_t *, FILE *);
  return stream_fails(stream, READ) ? -1 : next(line, size, stream);
}

size_t fwrite(const void *from, size_t bytes, size_t count, FILE *stream) {
  NEXT(size_t, "fwrite", const void *, size_t, size_t, FILE *);
  return stream_fails(stream, WRITE) ? 0 : next(from, bytes, count, stream);
}

int fflush(FILE *stream) {
  NEXT(int, "fflush", FILE *);
  return stream_fails(stream, WRITE) ? EOF : next(stream);
}

int fclose(FILE *stream) {
  NEXT(int, "fclose", FILE *);
  const bool is_lost = stream_fails(stream, WRITE);
  const int reason = errno;
  const int result = next(stream);
  if (!is_lost) return result;
  errno = reason;
  return EOF;
}

FILE *fopen(const char *path, const char *mode) {
  NEXT(FILE *, "fopen", const char *, const char *);
  return fails(OPEN) ? NULL : next(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
  return fopen(path, mode);
}

FILE *tmpfile(void) {
  NEXT(FILE *, "tmpfile", void);
  return fails(OPEN) ? NULL : next();
}

FILE *fdopen(int file, const char *mode) {
  NEXT(FILE *, "fdopen", int, const char *);
  return fails(MEMORY) ? NULL : next(file, mode);
}

char *strdup(const char *text) {
  const size_t bytes = strlen(text) + 1;
  char *copy = malloc(bytes);
  return copy ? memcpy(copy, text, bytes) : NULL;
}

char *strndup(const char *text, size_t most) {
  const size_t length = strnlen(text, most);
  char *copy = malloc(length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

char *realpath(const char *path, char *resolved) {
  NEXT(char *, "realpath", const char *, char *);
  return !resolved && fails(MEMORY) ? NULL : next(path, resolved);
}

int vasprintf(char **text, const char *format, va_list values) {
  NEXT(int, "vasprintf", char **, const char *, va_list);
  return fails(MEMORY) ? -1 : next(text, format, values);
}

int asprintf(char **text, const char *format, ...) {
  va_list values;
  va_start(values, format);
  const int length = vasprintf(text, format, values);
  va_end(values);
  return length;
}

int rename(const char *from, const char *to) {
  NEXT(int, "rename", const char *, const char *);
  return fails(RENAME) ? -1 : next(from, to);
}

int open(const char *path, int flags, ...) {
  NEXT(int, "open", const char *, int, ...);
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list values;
    va_start(values, flags);
    mode = va_arg(values, mode_t);
    va_end(values);
  }
  return fails(OPEN) ? -1 : next(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list values;
    va_start(values, flags);
    mode = va_arg(values, mode_t);
    va_end(values);
  }
  return open(path, flags, mode);
}
