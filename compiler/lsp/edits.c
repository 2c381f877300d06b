// SPDX-License-Identifier: MIT
// Answers that change the text: formatting, and the fixes of messages.
#include <string.h>

#include "compiler/lsp/query.h"
#include "lang/format.h"
#include "lang/json_text.h"

/* ---- formatting ---- */

/* One edit for all lines between what stays at the text's beginning and what stays at its end. */
static json_t *smallest_edit(const Query *query, LaidOut new) {
  const AnalyzedFile *file = main_file(query->analysis);
  const SourceFile *source = &file->source;
  const char *text = new.text;
  const uint32_t length = new.length;
  const uint32_t shorter = length < source->length ? length : source->length;
  uint32_t begin = 0, kept = 0;
  while (begin < shorter && text[begin] == source->text[begin]) begin++;
  while (begin > 0 && text[begin - 1] != '\n') begin--;
  while (kept < shorter - begin &&
         text[length - kept - 1] == source->text[source->length - kept - 1])
    kept++;
  /* Edits begin and end with lines, so never inside a character. */
  while (kept > 0 && text[length - kept - 1] != '\n') kept--;
  const Span at = {source->base + begin, source->base + source->length - kept};
  return json_pack("{s:o, s:o}", "range", range_json(query->documents, file, at), "newText",
                   json_text(text + begin, length - kept - begin));
}

json_t *answer_formatting(Query *query) {
  const SourceFile *source = &main_file(query->analysis)->source;
  Sources *sources = sources_new(query->arena);
  Diagnostics *d = diagnostics_new(query->arena, sources);
  const SourceFile *own = sources_add(sources, source->name, source->text, source->length);
  LaidOut new = {0};
  if (own) new = format_source(own, sources, d, query->arena);
  if (!new.text) {
    query->failure = has_error_code(d, ERROR_DEFECT)
                         ? "a defect of sedge: the new layout would not read as the old one does"
                         : "the file has syntax errors";
    return json_null();
  }
  if (new.length == source->length && memcmp(new.text, source->text, new.length) == 0)
    return json_array();
  return json_pack("[o]", smallest_edit(query, new));
}

/* ---- fixes ---- */

/* "write `sigmoid` instead of `sigmiod`", "remove `let x = 1;`", "insert `;`". */
static const char *fix_title(const Query *query, const MessagePart *fix) {
  const char *before = span_text(query->analysis, fix->at);
  if (!*fix->text) return arena_print(query->arena, "remove `%s`", before);
  if (fix->at.begin == fix->at.end) return arena_print(query->arena, "insert `%s`", fix->text);
  return arena_print(query->arena, "write `%s` instead of `%s`", fix->text, before);
}

static json_t *fix_json(const Query *query, const MessagePart *fix, bool is_only) {
  const AnalyzedFile *file = analyzed_file(query->analysis, fix->at);
  const char *uri = uri_of_file(query->documents, file, query->arena);
  const char *title = fix_title(query, fix);
  json_t *edit = json_pack("{s:o, s:o}", "range", range_json(query->documents, file, fix->at),
                           "newText", json_text(fix->text, strlen(fix->text)));
  return json_pack("{s:o, s:s, s:b, s:{s:{s:[o]}}}", "title", json_text(title, strlen(title)),
                   "kind", "quickfix", "isPreferred", is_only, "edit", "changes", uri, edit);
}

/* The editor's diagnostics of that code, which the action mends. */
static json_t *mended_diagnostics(const Query *query, const MessageFacts *m) {
  json_t *mended = json_array();
  const json_t *given = json_object_get(json_object_get(query->params, "context"), "diagnostics");
  size_t i;
  json_t *diagnostic;
  json_array_foreach(given, i, diagnostic) {
    const char *code = json_string_value(json_object_get(diagnostic, "code"));
    if (code && strcmp(code, error_code_name(m->code)) == 0) json_array_append(mended, diagnostic);
  }
  return mended;
}

/* Whether the editor asks for quick fixes, among others or alone. */
static bool wants_fixes(const Query *query) {
  const json_t *only = json_object_get(json_object_get(query->params, "context"), "only");
  if (!json_is_array(only)) return true;
  size_t i;
  json_t *kind;
  json_array_foreach(only, i, kind) {
    const char *text = json_string_value(kind);
    if (text && (strcmp(text, "quickfix") == 0 || !*text)) return true;
  }
  return false;
}

json_t *answer_code_actions(Query *query) {
  json_t *actions = json_array();
  const Span asked = requested_span(query);
  const Diagnostics *d = query->analysis->c->diagnostics;
  for (uint32_t i = 0; wants_fixes(query) && i < message_count(d); i++) {
    const MessageFacts m = message_facts(d, i);
    if (!m.fixes || m.at.end < asked.begin || m.at.begin > asked.end) continue;
    for (const MessagePart *fix = m.fixes; fix; fix = fix->next) {
      if (!analyzed_file(query->analysis, fix->at)) continue;
      json_t *action = fix_json(query, fix, m.fixes->next == NULL);
      json_object_set_new(action, "diagnostics", mended_diagnostics(query, &m));
      json_array_append_new(actions, action);
    }
  }
  return actions;
}
