// SPDX-License-Identifier: MIT
// textDocument/publishDiagnostics: who has sent messages for which file, so that they are taken
// back when they are mended.
#include <string.h>

#include "compiler/lsp/server_state.h"

static void send_diagnostics(Lsp *lsp, const char *uri, const Document *document, json_t *list) {
  json_t *params = json_pack("{s:s, s:o}", "uri", uri, "diagnostics", list);
  if (document) json_object_set_new(params, "version", json_integer(document->version));
  lsp_notify(lsp, "textDocument/publishDiagnostics", params);
}

/* Takes back the messages that `sender` sent for others and does not send again (is not in `kept`,
 * which may be NULL). */
static void take_back(Lsp *lsp, const char *sender, const json_t *kept) {
  const char *uri;
  void *next;
  json_t *who;
  json_object_foreach_safe(lsp->published, next, uri, who) {
    if (strcmp(json_string_value(who), sender) != 0 || json_object_get(kept, uri)) continue;
    send_diagnostics(lsp, uri, NULL, json_array());
    json_object_del(lsp->published, uri);
  }
}

void publish(Lsp *lsp, Document *document) {
  Arena *arena = arena_open();
  const Analysis *analysis = document_analysis(&lsp->documents, document);
  json_t *sent = json_object();
  for (uint32_t i = 0; i < analysis->file_count; i++) {
    const AnalyzedFile *file = &analysis->files[i];
    const char *uri = i == 0 ? document->uri : uri_of_file(&lsp->documents, file, arena);
    const bool is_open_itself = i > 0 && find_document(&lsp->documents, uri);
    if (is_open_itself) continue;
    json_t *list = diagnostics_json(&lsp->documents, analysis, file, arena);
    const bool was_sent = json_object_get(lsp->published, uri) != NULL;
    if (i == 0 || was_sent || json_array_size(list) > 0) {
      json_object_set_new(sent, uri, json_true());
      json_object_set_new(lsp->published, uri, json_string(document->uri));
      send_diagnostics(lsp, uri, i == 0 ? document : NULL, list);
    } else {
      json_decref(list);
    }
  }
  take_back(lsp, document->uri, sent);
  json_decref(sent);
  document->is_published = true;
  arena_close(arena);
}

void unpublish(Lsp *lsp, const char *uri) {
  take_back(lsp, uri, NULL);
  if (!json_object_get(lsp->published, uri)) return;
  send_diagnostics(lsp, uri, NULL, json_array());
  json_object_del(lsp->published, uri);
}
