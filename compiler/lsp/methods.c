// SPDX-License-Identifier: MIT
// The protocol's own messages: beginning, end, and documents that come, change and go.
#include <string.h>

#include "compiler/lsp/server_state.h"
#include "lang/import.h"

static const FeatureFacts features[] = {
#define FEATURE(method, function, needs_place, needs_fit)                                          \
  {method, function, needs_place, needs_fit},
#include "compiler/lsp/features.def"
#undef FEATURE
};

static const struct {
  const char *method;
  LspTake take;
} methods[] = {
#define METHOD(method, function) {method, function},
#include "compiler/lsp/methods.def"
#undef METHOD
};

const FeatureFacts *find_feature(const char *method) {
  for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
    if (strcmp(features[i].method, method) == 0) return &features[i];
  }
  return NULL;
}

LspTake find_method(const char *method) {
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    if (strcmp(methods[i].method, method) == 0) return methods[i].take;
  }
  return NULL;
}

/* ---- beginning and end ---- */

static bool offers_utf8(const json_t *params) {
  const json_t *general = json_object_get(json_object_get(params, "capabilities"), "general");
  size_t i;
  json_t *encoding;
  json_array_foreach(json_object_get(general, "positionEncodings"), i, encoding) {
    const char *name = json_string_value(encoding);
    if (name && strcmp(name, "utf-8") == 0) return true;
  }
  return false;
}

/* initializationOptions.includeFolders: more of what -I is to the command. */
static void take_include_folders(Lsp *lsp, const json_t *params) {
  CheckOptions *options = &lsp->documents.options;
  const json_t *folders =
      json_object_get(json_object_get(params, "initializationOptions"), "includeFolders");
  const size_t count = json_array_size(folders);
  const char **texts =
      ARENA_ARRAY(lsp->settings, const char *, options->include_folder_count + count + 1);
  uint32_t kept = 0;
  for (; kept < options->include_folder_count; kept++) texts[kept] = options->include_folders[kept];
  for (size_t i = 0; i < count; i++) {
    const char *text = json_string_value(json_array_get(folders, i));
    if (text) texts[kept++] = arena_copy(lsp->settings, text, strlen(text));
  }
  options->include_folders = texts;
  options->include_folder_count = kept;
}

/* What the server can do, in the protocol's words. */
static json_t *capabilities(const Lsp *lsp) {
  enum { SYNC_INCREMENTAL = 2 };
  static const char *const plain[] = {
      "hoverProvider",          "definitionProvider",         "referencesProvider",
      "documentSymbolProvider", "documentFormattingProvider", "documentHighlightProvider",
      "inlayHintProvider"};
  const char *encoding = lsp->documents.encoding == PLACE_UTF8 ? "utf-8" : "utf-16";
  json_t *all =
      json_pack("{s:s, s:{s:b, s:i, s:b}}", "positionEncoding", encoding, "textDocumentSync",
                "openClose", 1, "change", SYNC_INCREMENTAL, "save", 1);
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
    json_object_set_new(all, plain[i], json_true());
  json_object_set_new(all, "completionProvider",
                      json_pack("{s:[s, s, s, s]}", "triggerCharacters", "=", ":", "(", ">"));
  json_object_set_new(all, "signatureHelpProvider",
                      json_pack("{s:[s, s]}", "triggerCharacters", "(", ","));
  json_object_set_new(all, "renameProvider", json_pack("{s:b}", "prepareProvider", 1));
  json_object_set_new(all, "codeActionProvider",
                      json_pack("{s:[s]}", "codeActionKinds", "quickfix"));
  return all;
}

json_t *take_initialize(Lsp *lsp, const json_t *params) {
  lsp->state = LSP_RUNNING;
  lsp->documents.encoding = offers_utf8(params) ? PLACE_UTF8 : PLACE_UTF16;
  take_include_folders(lsp, params);
  return json_pack("{s:o, s:{s:s, s:s}}", "capabilities", capabilities(lsp), "serverInfo", "name",
                   "sedge", "version", SEDGE_VERSION);
}

json_t *take_nothing(Lsp *lsp, const json_t *params) {
  (void)lsp, (void)params;
  return NULL;
}

json_t *take_shutdown(Lsp *lsp, const json_t *params) {
  (void)params;
  lsp->state = LSP_SHUT_DOWN;
  return json_null();
}

json_t *take_exit(Lsp *lsp, const json_t *params) {
  (void)params;
  lsp->has_exited = true;
  return NULL;
}

/* ---- documents ---- */

static const char *document_uri(const json_t *params) {
  return json_string_value(json_object_get(json_object_get(params, "textDocument"), "uri"));
}

static json_int_t document_version(const json_t *params) {
  return json_integer_value(json_object_get(json_object_get(params, "textDocument"), "version"));
}

json_t *take_open(Lsp *lsp, const json_t *params) {
  const char *uri = document_uri(params);
  const json_t *text = json_object_get(json_object_get(params, "textDocument"), "text");
  if (!uri || !json_is_string(text)) return NULL;
  unpublish(lsp, uri); /* an importer may have sent messages for it: now it speaks for itself */
  open_document(&lsp->documents, uri, json_string_value(text), json_string_length(text),
                document_version(params));
  return NULL;
}

/* One change: of a range, or of the whole text. */
static void apply_change(Documents *documents, Document *document, const json_t *change) {
  const json_t *text = json_object_get(change, "text");
  const json_t *range = json_object_get(change, "range");
  if (!json_is_string(text)) return;
  const char *bytes = json_string_value(text);
  const size_t length = json_string_length(text);
  Place begin, end;
  if (!range) {
    replace_document(documents, document, bytes, length);
  } else if (read_place(json_object_get(range, "start"), &begin) &&
             read_place(json_object_get(range, "end"), &end) &&
             document->length + length <= 4 * (size_t)SOURCE_LIMIT) {
    change_document(documents, document, begin, end, bytes, length);
  }
}

json_t *take_change(Lsp *lsp, const json_t *params) {
  const char *uri = document_uri(params);
  Document *document = uri ? find_document(&lsp->documents, uri) : NULL;
  if (!document) return NULL;
  document->version = document_version(params);
  size_t i;
  json_t *change;
  json_array_foreach(json_object_get(params, "contentChanges"), i, change) {
    apply_change(&lsp->documents, document, change);
  }
  return NULL;
}

json_t *take_close(Lsp *lsp, const json_t *params) {
  const char *uri = document_uri(params);
  Document *document = uri ? find_document(&lsp->documents, uri) : NULL;
  if (!document) return NULL;
  unpublish(lsp, uri);
  close_document(&lsp->documents, document);
  return NULL;
}

json_t *take_disk_change(Lsp *lsp, const json_t *params) {
  (void)params;
  forget_analyses(&lsp->documents, NULL);
  return NULL;
}
