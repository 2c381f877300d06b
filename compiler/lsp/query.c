// SPDX-License-Identifier: MIT
// Places, ranges and messages in the protocol's form.
#include "compiler/lsp/query.h"

#include <string.h>

#include "compiler/lsp/uri.h"
#include "lang/json_text.h"

enum { MESSAGE_LIMIT = 100 };

static bool read_number(const json_t *value, uint32_t *number) {
  if (!json_is_integer(value)) return false;
  const json_int_t integer = json_integer_value(value);
  if (integer < 0) return false;
  *number = integer > UINT32_MAX ? UINT32_MAX : (uint32_t)integer;
  return true;
}

bool read_place(const json_t *value, Place *place) {
  return read_number(json_object_get(value, "line"), &place->line) &&
         read_number(json_object_get(value, "character"), &place->character);
}

json_t *place_json(const TextLines *lines, uint32_t offset, PlaceEncoding encoding) {
  const Place place = place_of_offset(lines, offset, encoding);
  return json_pack("{s:I, s:I}", "line", (json_int_t)place.line, "character",
                   (json_int_t)place.character);
}

json_t *range_json(const Documents *documents, const AnalyzedFile *file, Span at) {
  const uint32_t base = file->source.base;
  return json_pack("{s:o, s:o}", "start",
                   place_json(&file->lines, at.begin - base, documents->encoding), "end",
                   place_json(&file->lines, at.end - base, documents->encoding));
}

const char *uri_of_file(const Documents *documents, const AnalyzedFile *file, Arena *arena) {
  const Document *document = find_document_of_path(documents, file->source.name);
  if (document) return document->uri;
  return uri_of_path(canonical_path(file->source.name, arena), arena);
}

static json_t *location_of(const Documents *documents, const Analysis *analysis, Span at,
                           Arena *arena) {
  const AnalyzedFile *file = span_is_nowhere(at) ? NULL : analyzed_file(analysis, at);
  if (!file) return NULL;
  return json_pack("{s:s, s:o}", "uri", uri_of_file(documents, file, arena), "range",
                   range_json(documents, file, at));
}

json_t *location_json(const Query *query, Span at) {
  return location_of(query->documents, query->analysis, at, query->arena);
}

Span requested_span(const Query *query) {
  const AnalyzedFile *file = main_file(query->analysis);
  const uint32_t base = file->source.base;
  const json_t *range = json_object_get(query->params, "range");
  Place begin, end;
  if (!read_place(json_object_get(range, "start"), &begin) ||
      !read_place(json_object_get(range, "end"), &end)) {
    return (Span){base, base + file->source.length};
  }
  const PlaceEncoding encoding = query->documents->encoding;
  return (Span){base + offset_of_place(&file->lines, begin, encoding),
                base + offset_of_place(&file->lines, end, encoding)};
}

json_t *markdown_json(const char *text) {
  return json_pack("{s:s, s:o}", "kind", "markdown", "value", json_text(text, strlen(text)));
}

/* ---- messages ---- */

/* What is wrong, and below it what would mend it. */
static json_t *message_text(const MessageFacts *m, Arena *arena) {
  const char *text = m->text;
  for (const MessagePart *help = m->helps; help; help = help->next)
    text = arena_print(arena, "%s\nhelp: %s", text, help->text);
  return json_text(text, strlen(text));
}

static json_t *related_json(const Documents *documents, const Analysis *analysis,
                            const MessageFacts *m, Arena *arena) {
  json_t *related = json_array();
  for (const MessagePart *note = m->notes; note; note = note->next) {
    json_t *location = location_of(documents, analysis, note->at, arena);
    if (!location) continue;
    json_array_append_new(related, json_pack("{s:o, s:o}", "location", location, "message",
                                             json_text(note->text, strlen(note->text))));
  }
  return related;
}

static json_t *diagnostic_json(const Documents *documents, const Analysis *analysis,
                               const AnalyzedFile *file, const MessageFacts *m, Arena *arena) {
  enum { SEVERITY_LSP_ERROR = 1, SEVERITY_LSP_WARNING = 2, TAG_UNNECESSARY = 1 };
  const bool is_placed = !span_is_nowhere(m->at);
  const Span at = is_placed ? m->at : (Span){file->source.base, file->source.base};
  json_t *diagnostic =
      json_pack("{s:o, s:i, s:s, s:s, s:o}", "range", range_json(documents, file, at), "severity",
                m->severity == SEVERITY_ERROR ? SEVERITY_LSP_ERROR : SEVERITY_LSP_WARNING, "code",
                error_code_name(m->code), "source", "sedge", "message", message_text(m, arena));
  if (m->notes)
    json_object_set_new(diagnostic, "relatedInformation",
                        related_json(documents, analysis, m, arena));
  const bool is_unused = m->code == ERROR_UNUSED_CONSTANT || m->code == ERROR_UNUSED_FUNCTION ||
                         m->code == ERROR_UNUSED_ARGUMENT;
  if (is_unused) json_object_set_new(diagnostic, "tags", json_pack("[i]", TAG_UNNECESSARY));
  return diagnostic;
}

/* A file of definitions for others to import needs no network of its own. */
static bool is_library(const Analysis *analysis) {
  const File *file = analysis->c->checked.file;
  for (const Item *item = file ? file->items : NULL; item; item = item->next) {
    if (item->kind == ITEM_NETWORK) return false;
  }
  return file && file->items;
}

json_t *diagnostics_json(const Documents *documents, const Analysis *analysis,
                         const AnalyzedFile *file, Arena *arena) {
  const Diagnostics *d = analysis->c->diagnostics;
  json_t *list = json_array();
  for (uint32_t i = 0; i < message_count(d) && json_array_size(list) < MESSAGE_LIMIT; i++) {
    const MessageFacts m = message_facts(d, i);
    const AnalyzedFile *where =
        span_is_nowhere(m.at) ? main_file(analysis) : analyzed_file(analysis, m.at);
    if (where != file || (m.code == ERROR_NO_NETWORK && is_library(analysis))) continue;
    json_array_append_new(list, diagnostic_json(documents, analysis, file, &m, arena));
  }
  return list;
}
