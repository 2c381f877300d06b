// SPDX-License-Identifier: MIT
// Open documents: their texts stand before those on the disk, also where another document imports
// them.
#include "compiler/lsp/documents.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/lsp/uri.h"

static const char *find_text(void *context, const char *path, size_t *length) {
  const Document *document = find_document_of_path(context, path);
  if (!document) return NULL;
  *length = document->length;
  return document->text;
}

void documents_open(Documents *documents, const CheckOptions *options) {
  *documents = (Documents){.overlay = {find_text, documents}};
  if (options) documents->options = *options;
  documents->options.overlay = &documents->overlay;
}

static void free_document(Document *document) {
  analysis_close(document->analysis);
  arena_close(document->names);
  free(document->text);
  free(document);
}

void documents_close(Documents *documents) {
  while (documents->first) {
    Document *document = documents->first;
    documents->first = document->next;
    free_document(document);
  }
}

Document *find_document(const Documents *documents, const char *uri) {
  Document *document = documents->first;
  while (document && strcmp(document->uri, uri) != 0) document = document->next;
  return document;
}

Document *find_document_of_path(const Documents *documents, const char *path) {
  for (Document *d = documents->first; d; d = d->next) {
    if (strcmp(d->path, path) == 0) return d;
  }
  Arena *arena = arena_open();
  const char *canonical = canonical_path(path, arena);
  Document *document = documents->first;
  while (document && strcmp(document->path, canonical) != 0) document = document->next;
  arena_close(arena);
  return document;
}

static void set_text(Document *document, char *text, size_t length) {
  free(document->text);
  document->text = text;
  document->length = length;
}

/* Three pieces in one owned block, ended by a NUL. */
static char *join(const char *a, size_t a_length, const char *b, size_t b_length, const char *c,
                  size_t c_length) {
  char *text = malloc(a_length + b_length + c_length + 1);
  if (!text) abort();
  if (a_length > 0) memcpy(text, a, a_length);
  if (b_length > 0) memcpy(text + a_length, b, b_length);
  if (c_length > 0) memcpy(text + a_length + b_length, c, c_length);
  text[a_length + b_length + c_length] = '\0';
  return text;
}

Document *open_document(Documents *documents, const char *uri, const char *text, size_t length,
                        json_int_t version) {
  Document *document = find_document(documents, uri);
  if (!document) {
    document = calloc(1, sizeof *document);
    if (!document) abort();
    document->names = arena_open();
    document->uri = arena_copy(document->names, uri, strlen(uri));
    const char *path = path_of_uri(uri, document->names);
    document->path = path ? canonical_path(path, document->names) : document->uri;
    document->next = documents->first;
    documents->first = document;
  }
  document->version = version;
  replace_document(documents, document, text, length);
  return document;
}

void close_document(Documents *documents, Document *document) {
  Document **place = &documents->first;
  while (*place != document) place = &(*place)->next;
  *place = document->next;
  forget_analyses(documents, document);
  free_document(document);
}

void replace_document(Documents *documents, Document *document, const char *text, size_t length) {
  set_text(document, join(text, length, "", 0, "", 0), length);
  forget_analyses(documents, document);
}

void change_document(Documents *documents, Document *document, Place begin, Place end,
                     const char *text, size_t length) {
  Arena *arena = arena_open();
  const TextLines lines = text_lines(document->text, (uint32_t)document->length, arena);
  const uint32_t from = offset_of_place(&lines, begin, documents->encoding);
  uint32_t to = offset_of_place(&lines, end, documents->encoding);
  if (to < from) to = from;
  arena_close(arena);
  char *joined =
      join(document->text, from, text, length, document->text + to, document->length - to);
  set_text(document, joined, document->length - (to - from) + length);
  forget_analyses(documents, document);
}

void forget_analyses(Documents *documents, const Document *changed) {
  for (Document *d = documents->first; d; d = d->next) {
    const bool imports = d->analysis && d->analysis->has_imports;
    if (d != changed && !imports) continue;
    analysis_close(d->analysis);
    d->analysis = NULL;
    d->is_published = false;
  }
}

Analysis *document_analysis(Documents *documents, Document *document) {
  if (!document->analysis) document->analysis = analysis_open(document->path, &documents->options);
  return document->analysis;
}
