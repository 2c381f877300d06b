// SPDX-License-Identifier: MIT
// Every line is one write: of a line that is not whole, no part is believed.
#include "compiler/sweep/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char first_line[] = "{\"sedge_sweep\": 1}\n";

enum { DIGEST_LENGTH = 64 };

struct StateFile {
  char *path;
  int file;     /* -1: there is none */
  off_t length; /* bytes of whole lines */
  json_t *rows; /* definition -> row */
};

/* ---- reading ---- */

/* All bytes of the file, NUL-terminated; owned. */
static char *read_all(const StateFile *state, size_t length, Failure *failure) {
  char *text = malloc(length + 1);
  size_t used = 0;
  if (!text) {
    fail(failure, FAILURE_MEMORY, state->path, "not enough memory");
    return NULL;
  }
  while (used < length) {
    const ssize_t got = pread(state->file, text + used, length - used, (off_t)used);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      fail(failure, FAILURE_INPUT, state->path, "cannot be read: %s",
           strerror(got < 0 ? errno : EIO)); /* EIO: it became shorter meanwhile */
      free(text);
      return NULL;
    }
    used += (size_t)got;
  }
  text[length] = '\0';
  return text;
}

static bool read_line(StateFile *state, const char *line, size_t length, unsigned number,
                      Failure *failure) {
  json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
  const char *definition = json_string_value(json_object_get(object, "definition"));
  json_t *row = json_object_get(object, "row");
  const bool is_good = definition && strlen(definition) == DIGEST_LENGTH && json_is_object(row);
  if (is_good) {
    json_object_set(state->rows, definition, row);
  } else {
    fail(failure, FAILURE_INPUT, state->path,
         "line %u is damaged; remove it, and its run is done again", number);
  }
  json_decref(object);
  return is_good;
}

/* Reads all whole lines; *whole is where they end. */
static bool read_lines(StateFile *state, const char *text, size_t length, size_t *whole,
                       Failure *failure) {
  const size_t head = sizeof first_line - 1;
  *whole = 0;
  if (length < head && memcmp(text, first_line, length) == 0) return true;
  if (length < head || memcmp(text, first_line, head) != 0)
    return fail(failure, FAILURE_INPUT, state->path,
                "is no state of a sweep; --state FILE chooses another file");
  *whole = head;
  for (unsigned number = 2;; number++) {
    const char *end = memchr(text + *whole, '\n', length - *whole);
    if (!end) return true;
    const char *line = text + *whole;
    if (!read_line(state, line, (size_t)(end - line), number, failure)) return false;
    *whole += (size_t)(end - line) + 1;
  }
}

static bool read_state(StateFile *state, Failure *failure) {
  struct stat status;
  if (fstat(state->file, &status) != 0 || !S_ISREG(status.st_mode))
    return fail(failure, FAILURE_INPUT, state->path, "is no regular file");
  const size_t length = (size_t)status.st_size;
  size_t whole = 0;
  char *text = read_all(state, length, failure);
  if (!text) return false;
  const bool is_good = read_lines(state, text, length, &whole, failure);
  state->length = (off_t)whole;
  free(text);
  return is_good;
}

/* ---- writing ---- */

static bool write_bytes(StateFile *state, const char *bytes, size_t length, Failure *failure) {
  size_t done = 0;
  while (done < length) {
    const ssize_t got =
        pwrite(state->file, bytes + done, length - done, state->length + (off_t)done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    done += (size_t)got;
  }
  if (done == length && fdatasync(state->file) == 0) {
    state->length += (off_t)length;
    return true;
  }
  fail(failure, FAILURE_OUTPUT, state->path, "cannot be written: %s", strerror(errno));
  if (ftruncate(state->file, state->length) != 0) {
  } /* else the next sweep cuts it off */
  return false;
}

/* Takes the lock, and cuts off what is no whole line. */
static bool prepare_writing(StateFile *state, Failure *failure) {
  if (ftruncate(state->file, state->length) != 0)
    return fail(failure, FAILURE_OUTPUT, state->path, "cannot be written: %s", strerror(errno));
  return state->length > 0 || write_bytes(state, first_line, sizeof first_line - 1, failure);
}

static bool lock(const StateFile *state, Failure *failure) {
  if (flock(state->file, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) {
    return fail(failure, FAILURE_OUTPUT, state->path,
                "another sweep is writing it; wait for it, or choose another file by --state");
  }
  return fail(failure, FAILURE_OUTPUT, state->path, "cannot be locked: %s", strerror(errno));
}

/* ---- the file ---- */

static bool open_file(StateFile *state, bool is_read_only, Failure *failure) {
  const int flags = is_read_only ? O_RDONLY : O_RDWR | O_CREAT;
  state->file = open(state->path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
  if (state->file < 0 && is_read_only && errno == ENOENT) return true;
  if (state->file < 0)
    return fail(failure, is_read_only ? FAILURE_INPUT : FAILURE_OUTPUT, state->path,
                "cannot be opened: %s", strerror(errno));
  if (is_read_only) return read_state(state, failure);
  return lock(state, failure) && read_state(state, failure) && prepare_writing(state, failure);
}

StateFile *state_open(const char *path, bool is_read_only, Failure *failure) {
  StateFile *state = calloc(1, sizeof *state);
  if (state) *state = (StateFile){.path = strdup(path), .file = -1, .rows = json_object()};
  if (!state || !state->path || !state->rows) {
    fail(failure, FAILURE_MEMORY, path, "not enough memory");
  } else if (open_file(state, is_read_only, failure)) {
    return state;
  }
  state_close(state);
  return NULL;
}

void state_close(StateFile *state) {
  if (!state) return;
  if (state->file >= 0) close(state->file);
  json_decref(state->rows);
  free(state->path);
  free(state);
}

json_t *state_find(const StateFile *state, const char *definition) {
  return json_object_get(state->rows, definition);
}

bool state_append(StateFile *state, const char *definition, json_t *row, Failure *failure) {
  json_t *object = json_pack("{s:s, s:O}", "definition", definition, "row", row);
  char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(object);
  if (!text) return fail(failure, FAILURE_MEMORY, state->path, "not enough memory");
  const size_t length = strlen(text);
  text[length] = '\n'; /* in the place of its NUL: one write for the whole line */
  const bool is_written = write_bytes(state, text, length + 1, failure);
  free(text);
  if (is_written) json_object_set(state->rows, definition, row);
  return is_written;
}

void state_forget(const StateFile *state) {
  if (state->file >= 0) close(state->file);
}
