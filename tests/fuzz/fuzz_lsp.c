// SPDX-License-Identifier: MIT
// Fuzzes the language server: bytes of an editor gone wild, and honest questions about any text.
// The first byte chooses:
//   r  a stream of bytes as it is
//   m  lines, each the JSON of one message
//   any other: a document, then every question about a few of its places, and an edit
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lsp/json_rpc.h"
#include "compiler/lsp/server.h"
#include "lang/json_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the server says must be whole messages, each of them JSON, and none about a layout that
 * changes the text's meaning. */
static void check_sent(void *context, const char *bytes, size_t length) {
  (void)context;
  RpcReader *reader = rpc_reader_open();
  json_t *message = NULL;
  rpc_feed(reader, bytes, length);
  if (rpc_next(reader, &message) != RPC_MESSAGE || !json_is_object(message)) abort();
  const json_t *error = json_object_get(message, "error");
  const char *text = json_string_value(json_object_get(error, "message"));
  if (text && strncmp(text, "a defect", 8) == 0) abort();
  json_decref(message);
  rpc_reader_close(reader);
}

static void work(Lsp *lsp) {
  while (lsp_step(lsp)) continue;
  while (lsp_has_idle_work(lsp) && !lsp_has_ended(lsp)) lsp_idle(lsp);
  while (lsp_step(lsp)) continue;
}

static void feed_message(Lsp *lsp, const char *body, size_t length) {
  char header[64];
  snprintf(header, sizeof header, "Content-Length: %zu\r\n\r\n", length);
  lsp_feed(lsp, header, strlen(header));
  lsp_feed(lsp, body, length);
}

/* Takes over the reference. */
static void send(Lsp *lsp, const char *method, int id, json_t *params) {
  json_t *message =
      json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params", params);
  if (id) json_object_set_new(message, "id", json_integer(id));
  char *text = json_dumps(message, JSON_COMPACT);
  feed_message(lsp, text, strlen(text));
  free(text);
  json_decref(message);
}

static void fuzz_messages(Lsp *lsp, const char *lines, size_t size) {
  while (size > 0) {
    const char *end = memchr(lines, '\n', size);
    const size_t length = end ? (size_t)(end - lines) : size;
    feed_message(lsp, lines, length);
    lsp_step(lsp);
    lines += length + (end != NULL);
    size -= length + (end != NULL);
  }
  work(lsp);
}

static json_t *place(unsigned line, unsigned character) {
  return json_pack("{s:i, s:i}", "line", (int)line, "character", (int)character);
}

static json_t *document(void) {
  return json_pack("{s:s, s:i}", "uri", "file:///fuzz/fuzz.sedge", "version", 1);
}

static void ask_everything(Lsp *lsp, unsigned line, unsigned character) {
  static const char *const methods[] = {
#define FEATURE(method, function, needs_place, needs_fit) method,
#include "compiler/lsp/features.def"
#undef FEATURE
  };
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    send(lsp, methods[i], (int)i + 1,
         json_pack("{s:o, s:o, s:s, s:{s:o, s:o}}", "textDocument", document(), "position",
                   place(line, character), "newName", "renamed", "range", "start", place(0, 0),
                   "end", place(line, character)));
  }
  work(lsp);
}

static void fuzz_document(Lsp *lsp, const char *text, size_t size) {
  json_t *opened = document();
  json_object_set_new(opened, "text", json_text(text, size));
  send(lsp, "initialize", 1, json_object());
  send(lsp, "textDocument/didOpen", 0, json_pack("{s:o}", "textDocument", opened));
  work(lsp);
  const unsigned line = (unsigned)(size % 7), character = (unsigned)(size % 31);
  ask_everything(lsp, line, character);
  send(lsp, "textDocument/didChange", 0,
       json_pack("{s:o, s:[{s:{s:o, s:o}, s:s}]}", "textDocument", document(), "contentChanges",
                 "range", "start", place(line, character), "end", place(line + 1, 3), "text", "("));
  ask_everything(lsp, line, character + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Lsp *lsp = lsp_open(check_sent, NULL, NULL);
  const char *text = (const char *)data + (size > 0);
  if (size > 0 && data[0] == 'r') {
    lsp_feed(lsp, text, size - 1);
    work(lsp);
  } else if (size > 0 && data[0] == 'm') {
    fuzz_messages(lsp, text, size - 1);
  } else {
    fuzz_document(lsp, (const char *)data, size);
  }
  lsp_close(lsp);
  return 0;
}
