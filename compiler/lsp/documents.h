// SPDX-License-Identifier: MIT
// The texts that the editor has open, and the analysis of each.
#ifndef SEDGE_COMPILER_LSP_DOCUMENTS_H
#define SEDGE_COMPILER_LSP_DOCUMENTS_H

#include <jansson.h>
#include <stdbool.h>

#include "compiler/lsp/analysis.h"

typedef struct Document {
  struct Document *next;
  Arena *names;     /* owns the three below */
  const char *uri;  /* as the editor calls it */
  const char *path; /* absolute; the URI itself where it names no file */
  json_int_t version;
  char *text; /* owned; [length], then a NUL */
  size_t length;
  Analysis *analysis; /* of `text`; NULL: to be made */
  bool is_published;  /* the messages of `analysis` were sent */
} Document;

/* All documents, and what their analyses have in common. */
typedef struct Documents {
  Document *first;
  TextOverlay overlay; /* of these very documents */
  CheckOptions options;
  PlaceEncoding encoding;
} Documents;

/* None yet; `options` as in lsp_open. */
void documents_open(Documents *documents, const CheckOptions *options);
void documents_close(Documents *documents);

/* The document of that URI, or NULL. */
Document *find_document(const Documents *documents, const char *uri);

/* The document of the file at that path (any way to it), or NULL. */
Document *find_document_of_path(const Documents *documents, const char *path);

/* Opens a document, or gives an open one a new text; `text` is copied. */
Document *open_document(Documents *documents, const char *uri, const char *text, size_t length,
                        json_int_t version);
void close_document(Documents *documents, Document *document);

/* Replaces what lies between two places; texts of above SOURCE_LIMIT bytes are kept and refused by
 * the analysis. */
void change_document(Documents *documents, Document *document, Place begin, Place end,
                     const char *text, size_t length);
void replace_document(Documents *documents, Document *document, const char *text, size_t length);

/* Forgets the analyses that may depend on a change: this document's and, as imports may lead
 * anywhere, those of all that import. */
void forget_analyses(Documents *documents, const Document *changed);

/* The document's analysis, made where it is missing. */
Analysis *document_analysis(Documents *documents, Document *document);

#endif
