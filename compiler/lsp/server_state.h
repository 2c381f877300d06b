// SPDX-License-Identifier: MIT
// What the server keeps, for its own files alone.
#ifndef SEDGE_COMPILER_LSP_SERVER_STATE_H
#define SEDGE_COMPILER_LSP_SERVER_STATE_H

#include "compiler/lsp/query.h"
#include "compiler/lsp/server.h"

typedef enum LspState { LSP_NEW, LSP_RUNNING, LSP_SHUT_DOWN } LspState;

struct Lsp {
  LspSend send;
  void *context; /* of send */
  struct RpcReader *reader;
  json_t *queue; /* messages that were read and not yet handled */
  LspState state;
  bool has_exited;
  Documents documents;
  Arena *settings;   /* owns what documents.options points to */
  json_t *published; /* URI -> URI of the document whose analysis sent messages for it */
};

/* Takes a message that asks nothing about a document; returns a result or NULL. `params` may be
 * anything. */
typedef json_t *(*LspTake)(Lsp *lsp, const json_t *params);

#define METHOD(method, function) json_t *function(Lsp *lsp, const json_t *params);
#include "compiler/lsp/methods.def"
#undef METHOD

typedef struct FeatureFacts {
  const char *method;
  Feature answer;
  bool needs_place, needs_fit;
} FeatureFacts;

/* By name; NULL where there is none. */
const FeatureFacts *find_feature(const char *method);
LspTake find_method(const char *method);

void lsp_notify(Lsp *lsp, const char *method, json_t *params);

/* Sends a document's messages, and those of the files that it imports and the editor has not
 * open. */
void publish(Lsp *lsp, Document *document);

/* Takes back what was sent because of a document that is closed. */
void unpublish(Lsp *lsp, const char *uri);

#endif
