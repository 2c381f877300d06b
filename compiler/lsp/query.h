// SPDX-License-Identifier: MIT
// One question of the editor about one document, and the few forms of answer that features share.
#ifndef SEDGE_COMPILER_LSP_QUERY_H
#define SEDGE_COMPILER_LSP_QUERY_H

#include <jansson.h>

#include "compiler/lsp/documents.h"

typedef struct Query {
  Documents *documents;
  Document *document;
  Analysis *analysis; /* of the document; fitted where the feature asks for it */
  /* the place asked about, in the analysis' space of offsets; 0 where there is none */
  uint32_t offset;
  const json_t *params; /* of the request, an object */
  Arena *arena;         /* for the time of the request */
  const char *failure;  /* why the feature refuses, set by it; NULL otherwise */
} Query;

/* Answers a question: a new reference, json_null() where there is nothing to say. */
typedef json_t *(*Feature)(Query *query);

#define FEATURE(method, function, needs_place, needs_fit) json_t *function(Query *query);
#include "compiler/lsp/features.def"
#undef FEATURE

/* Reads {line, character}; false where the value is none. */
bool read_place(const json_t *value, Place *place);

/* A place or range of a file in the protocol's form. */
json_t *place_json(const TextLines *lines, uint32_t offset, PlaceEncoding encoding);
json_t *range_json(const Documents *documents, const AnalyzedFile *file, Span at);

/* {uri, range}; NULL where the span is in no file. */
json_t *location_json(const Query *query, Span at);

/* The URI of an analyzed file: the editor's own where it has the file open. */
const char *uri_of_file(const Documents *documents, const AnalyzedFile *file, Arena *arena);

/* The range of the params as a span of the main file; the whole file where there is none. */
Span requested_span(const Query *query);

/* {"kind": "markdown", "value": text} */
json_t *markdown_json(const char *text);

/* All messages of an analysis as the protocol's diagnostics of one of its files. */
json_t *diagnostics_json(const Documents *documents, const Analysis *analysis,
                         const AnalyzedFile *file, Arena *arena);

#endif
