// SPDX-License-Identifier: MIT
// The server's state, its queue of messages, and the order of its work.
#include "compiler/lsp/server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lsp/json_rpc.h"
#include "compiler/lsp/server_state.h"
#include "lang/json_text.h"

/* ---- sending ---- */

static void send_message(Lsp *lsp, json_t *message) {
  json_object_set_new(message, "jsonrpc", json_string("2.0"));
  size_t length = 0;
  char *frame = rpc_frame(message, &length);
  lsp->send(lsp->context, frame, length);
  free(frame);
  json_decref(message);
}

static void send_error(Lsp *lsp, const json_t *id, int code, const char *text) {
  json_t *shown = id ? json_deep_copy(id) : json_null();
  send_message(lsp, json_pack("{s:o, s:{s:i, s:o}}", "id", shown, "error", "code", code, "message",
                              json_text(text, strlen(text))));
}

void lsp_notify(Lsp *lsp, const char *method, json_t *params) {
  send_message(lsp, json_pack("{s:s, s:o}", "method", method, "params", params));
}

/* ---- life ---- */

Lsp *lsp_open(LspSend send, void *context, const CheckOptions *options) {
  Lsp *lsp = calloc(1, sizeof *lsp);
  if (!lsp) abort();
  lsp->send = send;
  lsp->context = context;
  lsp->reader = rpc_reader_open();
  lsp->queue = json_array();
  documents_open(&lsp->documents, options);
  lsp->settings = arena_open();
  lsp->published = json_object();
  return lsp;
}

void lsp_close(Lsp *lsp) {
  if (!lsp) return;
  rpc_reader_close(lsp->reader);
  json_decref(lsp->queue);
  json_decref(lsp->published);
  documents_close(&lsp->documents);
  arena_close(lsp->settings);
  free(lsp);
}

bool lsp_has_ended(const Lsp *lsp) {
  return lsp->has_exited;
}

bool lsp_has_ended_well(const Lsp *lsp) {
  return lsp->has_exited && lsp->state == LSP_SHUT_DOWN;
}

/* ---- the queue ---- */

/* Takes a request that is still waiting out of the queue and says so. */
static void cancel(Lsp *lsp, const json_t *id) {
  size_t i;
  json_t *message;
  json_array_foreach(lsp->queue, i, message) {
    const json_t *own = json_object_get(message, "id");
    if (!own || !json_object_get(message, "method") || !json_equal(own, id)) continue;
    send_error(lsp, own, RPC_REQUEST_CANCELLED, "cancelled");
    json_array_remove(lsp->queue, i);
    return;
  }
}

static void enqueue(Lsp *lsp, json_t *message) {
  const char *method = json_string_value(json_object_get(message, "method"));
  const json_t *id = json_object_get(message, "id");
  const bool has_right_id = !id || json_is_string(id) || json_is_integer(id) || json_is_null(id);
  if (method && strcmp(method, "$/cancelRequest") == 0) {
    const json_t *which = json_object_get(json_object_get(message, "params"), "id");
    if (which) cancel(lsp, which);
    json_decref(message);
  } else if (json_is_object(message) && has_right_id && (method || id)) {
    json_array_append_new(lsp->queue, message);
  } else {
    send_error(lsp, NULL, RPC_INVALID_REQUEST, "neither a request nor a notification");
    json_decref(message);
  }
}

void lsp_feed(Lsp *lsp, const char *bytes, size_t count) {
  rpc_feed(lsp->reader, bytes, count);
  for (;;) {
    json_t *message = NULL;
    switch (rpc_next(lsp->reader, &message)) {
    case RPC_WAITING: return;
    case RPC_MESSAGE: enqueue(lsp, message); break;
    case RPC_NO_JSON: send_error(lsp, NULL, RPC_PARSE_ERROR, "the message is no JSON"); break;
    case RPC_TOO_LARGE:
      send_error(lsp, NULL, RPC_INVALID_REQUEST, "the message is larger than 64 MiB");
      break;
    }
  }
}

/* ---- answering ---- */

/* Fills the query from the params; false: *complaint says what they lack. */
static bool prepare_query(Lsp *lsp, const json_t *params, bool needs_place, Query *query,
                          const char **complaint) {
  const json_t *uri = json_object_get(json_object_get(params, "textDocument"), "uri");
  query->documents = &lsp->documents;
  query->params = params;
  query->document =
      json_is_string(uri) ? find_document(&lsp->documents, json_string_value(uri)) : NULL;
  *complaint = "params.textDocument.uri names no open document";
  if (!query->document) return false;
  query->analysis = document_analysis(&lsp->documents, query->document);
  if (!needs_place) return true;
  Place place;
  *complaint = "params.position is no place";
  if (!read_place(json_object_get(params, "position"), &place)) return false;
  const AnalyzedFile *file = main_file(query->analysis);
  query->offset = file->source.base + offset_of_place(&file->lines, place, lsp->documents.encoding);
  return true;
}

static json_t *answer_feature(Lsp *lsp, const json_t *id, const json_t *params,
                              const FeatureFacts *feature) {
  Query query = {.arena = arena_open()};
  const char *complaint = NULL;
  json_t *result = NULL;
  if (!prepare_query(lsp, params, feature->needs_place, &query, &complaint)) {
    send_error(lsp, id, RPC_INVALID_PARAMS, complaint);
  } else {
    if (feature->needs_fit && analysis_fit(query.analysis)) query.document->is_published = false;
    result = feature->answer(&query);
    if (query.failure) {
      send_error(lsp, id, RPC_REQUEST_FAILED, query.failure);
      json_decref(result);
      result = NULL;
    }
  }
  arena_close(query.arena);
  return result;
}

/* Sends the result of a request. */
static void respond(Lsp *lsp, const json_t *id, json_t *result) {
  send_message(lsp, json_pack("{s:o, s:o}", "id", json_deep_copy(id), "result", result));
}

/* Whether the state allows the message; else a request is told so. */
static bool is_in_order(Lsp *lsp, const char *method, const json_t *id) {
  if (strcmp(method, "exit") == 0) return true;
  const bool is_initialize = strcmp(method, "initialize") == 0;
  if (lsp->state == LSP_NEW && !is_initialize) {
    if (id) send_error(lsp, id, RPC_NOT_INITIALIZED, "the first request must be initialize");
    return false;
  }
  if (lsp->state == LSP_SHUT_DOWN || (is_initialize && lsp->state != LSP_NEW)) {
    if (id)
      send_error(lsp, id, RPC_INVALID_REQUEST,
                 is_initialize ? "initialized already" : "the server is shut down");
    return false;
  }
  return true;
}

static void handle(Lsp *lsp, const json_t *message) {
  const char *method = json_string_value(json_object_get(message, "method"));
  const json_t *id = json_object_get(message, "id");
  const json_t *params = json_object_get(message, "params");
  if (!method || !is_in_order(lsp, method, id)) return; /* a response: we ask nothing */
  const FeatureFacts *feature = find_feature(method);
  const LspTake take = find_method(method);
  if (feature) {
    json_t *result = id ? answer_feature(lsp, id, params, feature) : NULL;
    if (result) respond(lsp, id, result);
  } else if (take) {
    json_t *result = take(lsp, params);
    if (id) {
      respond(lsp, id, result ? result : json_null());
    } else {
      json_decref(result);
    }
  } else if (id) {
    send_error(lsp, id, RPC_METHOD_NOT_FOUND, "there is no such method");
  }
}

/* ---- work ---- */

bool lsp_step(Lsp *lsp) {
  if (lsp->has_exited) return false;
  if (json_array_size(lsp->queue) > 0) {
    json_t *message = json_incref(json_array_get(lsp->queue, 0));
    json_array_remove(lsp->queue, 0);
    handle(lsp, message);
    json_decref(message);
    return true;
  }
  for (Document *d = lsp->documents.first; d; d = d->next) {
    if (d->is_published) continue;
    publish(lsp, d);
    return true;
  }
  return false;
}

bool lsp_has_idle_work(const Lsp *lsp) {
  for (const Document *d = lsp->documents.first; d; d = d->next) {
    if (d->analysis && !d->analysis->is_fit_tried) return true;
  }
  return false;
}

void lsp_idle(Lsp *lsp) {
  for (Document *d = lsp->documents.first; d; d = d->next) {
    if (!d->analysis || d->analysis->is_fit_tried) continue;
    if (analysis_fit(d->analysis)) d->is_published = false;
    return;
  }
}
