// SPDX-License-Identifier: MIT
// Cutting a stream of bytes into JSON-RPC messages.
#include "compiler/lsp/json_rpc.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct RpcReader {
  char *bytes; /* [used]; those before `taken` are done with */
  size_t used, capacity, taken;
  size_t body;         /* bytes of the frame's body; has_length says whether it is known */
  bool has_length;     /* the header of the frame gave a length */
  bool is_in_body;     /* the header's empty line was met */
  bool is_in_long;     /* a header line above the limit is being skipped */
  size_t skipped_body; /* bytes of a frame that is too large, still to come */
};

RpcReader *rpc_reader_open(void) {
  RpcReader *reader = calloc(1, sizeof *reader);
  if (!reader) abort();
  return reader;
}

void rpc_reader_close(RpcReader *reader) {
  if (reader) free(reader->bytes);
  free(reader);
}

/* Moves what is left to the front. */
static void compact(RpcReader *reader) {
  if (reader->taken == 0) return;
  memmove(reader->bytes, reader->bytes + reader->taken, reader->used - reader->taken);
  reader->used -= reader->taken;
  reader->taken = 0;
}

void rpc_feed(RpcReader *reader, const char *bytes, size_t count) {
  const size_t skipped = count < reader->skipped_body ? count : reader->skipped_body;
  reader->skipped_body -= skipped;
  bytes += skipped;
  count -= skipped;
  compact(reader);
  if (reader->used + count > reader->capacity) {
    reader->capacity = 2 * (reader->used + count);
    reader->bytes = realloc(reader->bytes, reader->capacity);
    if (!reader->bytes) abort();
  }
  if (count > 0) memcpy(reader->bytes + reader->used, bytes, count);
  reader->used += count;
}

/* The value of a Content-Length line; false for any other. */
static bool read_length(const char *line, size_t length, size_t *value) {
  static const char name[] = "content-length:";
  size_t at = sizeof name - 1;
  if (length < at || strncasecmp(line, name, at) != 0) return false;
  while (at < length && (line[at] == ' ' || line[at] == '\t')) at++;
  if (at == length) return false;
  size_t number = 0;
  for (; at < length && line[at] >= '0' && line[at] <= '9'; at++) {
    if (number > SIZE_MAX / 20) return false;
    number = 10 * number + (size_t)(line[at] - '0');
  }
  while (at < length && (line[at] == ' ' || line[at] == '\t')) at++;
  *value = number;
  return at == length;
}

/* Takes one line of the header; false where it is not whole yet. */
static bool take_line(RpcReader *reader) {
  const char *line = reader->bytes + reader->taken;
  const size_t there = reader->used - reader->taken;
  const char *end = there > 0 ? memchr(line, '\n', there) : NULL;
  if (!end) {
    if (there <= RPC_HEADER_LIMIT) return false;
    reader->is_in_long = true;
    reader->taken = reader->used;
    return false;
  }
  size_t length = (size_t)(end - line);
  reader->taken += length + 1;
  if (length > 0 && line[length - 1] == '\r') length--;
  if (reader->is_in_long) {
    reader->is_in_long = false;
  } else if (length == 0) {
    /* An empty line without a length before it ends nothing. */
    reader->is_in_body = reader->has_length;
  } else if (read_length(line, length, &reader->body)) {
    reader->has_length = true;
  }
  return true;
}

static void begin_frame(RpcReader *reader) {
  reader->has_length = reader->is_in_body = false;
}

RpcStatus rpc_next(RpcReader *reader, json_t **message) {
  while (!reader->is_in_body) {
    if (!take_line(reader)) return RPC_WAITING;
  }
  const size_t there = reader->used - reader->taken;
  if (reader->body > RPC_FRAME_LIMIT) {
    const size_t taken = there < reader->body ? there : reader->body;
    reader->taken += taken;
    reader->skipped_body = reader->body - taken;
    begin_frame(reader);
    return RPC_TOO_LARGE;
  }
  if (there < reader->body) return RPC_WAITING;
  *message = json_loadb(reader->bytes + reader->taken, reader->body,
                        JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
  reader->taken += reader->body;
  begin_frame(reader);
  return *message ? RPC_MESSAGE : RPC_NO_JSON;
}

char *rpc_frame(const json_t *message, size_t *length) {
  char *body = json_dumps(message, JSON_COMPACT);
  assert(body != NULL);
  char *frame = NULL;
  FILE *out = open_memstream(&frame, length);
  if (!out) abort();
  fprintf(out, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
  fclose(out);
  free(body);
  return frame;
}
