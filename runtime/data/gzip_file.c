// SPDX-License-Identifier: MIT
// Reading through zlib's gzread, which passes files that are not gzipped as they are.
#include "runtime/data/gzip_file.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Takes over zlib's handle; NULL fails with errno. */
static bool take_handle(GzipFile *file, gzFile handle, Failure *failure) {
  file->handle = handle;
  if (handle == NULL) {
    const char *reason = errno != 0 ? strerror(errno) : "out of memory";
    return fail(failure, FAILURE_INPUT, file->path, "cannot open: %s", reason);
  }
  (void)gzbuffer(handle, 1 << 17);
  return true;
}

bool gzip_open(const char *path, GzipFile *file, Failure *failure) {
  *file = (GzipFile){.path = path};
  errno = 0;
  return take_handle(file, gzopen(path, "rb"), failure);
}

bool gzip_open_input(GzipFile *file, Failure *failure) {
  *file = (GzipFile){.path = "standard input"};
  errno = 0;
  return take_handle(file, gzdopen(STDIN_FILENO, "rb"), failure);
}

/* gzread reports a truncated stream only once nothing is left to give. */
static bool report_damage(const GzipFile *file, Failure *failure) {
  int code = Z_OK;
  const char *reason = gzerror(file->handle, &code);
  const int64_t packed = (int64_t)gzoffset(file->handle);
  if (code == Z_ERRNO) {
    return fail(failure, FAILURE_INPUT, file->path, "cannot read: %s", strerror(errno));
  }
  if (code == Z_MEM_ERROR) {
    return fail(failure, FAILURE_MEMORY, file->path, "no memory to unpack gzip data");
  }
  if (code == Z_BUF_ERROR) {
    return fail(failure, FAILURE_INPUT, file->path,
                "the gzip data are truncated: they end at byte %" PRId64 ", after %" PRIu64
                " unpacked bytes",
                packed, file->position);
  }
  return fail(failure, FAILURE_INPUT, file->path,
              "the gzip data are corrupt before byte %" PRId64 ", after %" PRIu64
              " unpacked bytes: %s",
              packed, file->position, reason);
}

bool gzip_read(GzipFile *file, void *bytes, size_t size, size_t *got, Failure *failure) {
  *got = 0;
  while (*got < size) {
    const size_t left = size - *got;
    const unsigned step = left < (1u << 30) ? (unsigned)left : 1u << 30;
    const int count = gzread(file->handle, (char *)bytes + *got, step);
    if (count < 0) return report_damage(file, failure);
    if (count == 0) {
      int code = Z_OK;
      (void)gzerror(file->handle, &code);
      return code == Z_OK || code == Z_STREAM_END ? true : report_damage(file, failure);
    }
    *got += (size_t)count;
    file->position += (uint64_t)count;
  }
  return true;
}

void gzip_close(GzipFile *file) {
  if (file->handle != NULL) (void)gzclose_r(file->handle);
  *file = (GzipFile){0};
}
