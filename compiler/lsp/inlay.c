// SPDX-License-Identifier: MIT
// textDocument/inlayHint: the z and clocks that fit chose, behind each junction; the speed, behind
// the hardware's name.
#include <string.h>

#include "compiler/lsp/network_facts.h"
#include "compiler/lsp/query.h"

static void add_hint(const Query *query, uint32_t offset, const char *label, json_t *hints) {
  const AnalyzedFile *file = main_file(query->analysis);
  const Span asked = requested_span(query);
  const uint32_t base = file->source.base;
  if (!*label || offset < base || offset > base + file->source.length) return;
  if (offset < asked.begin || offset > asked.end) return;
  json_array_append_new(
      hints, json_pack("{s:o, s:s, s:b}", "position",
                       place_json(&file->lines, offset - base, query->documents->encoding), "label",
                       label, "paddingLeft", 1));
}

/* The offset behind the ';' that ends a statement. */
static uint32_t behind_semicolon(const Query *query, const Statement *s) {
  const SourceFile *source = &main_file(query->analysis)->source;
  const uint32_t end = s->at.end - source->base;
  const bool is_next = end < source->length && source->text[end] == ';';
  return s->at.end + is_next;
}

json_t *answer_inlay_hints(Query *query) {
  json_t *hints = json_array();
  const Item *network = chosen_item(query->analysis, ITEM_NETWORK);
  const Item *hardware = chosen_item(query->analysis, ITEM_HARDWARE);
  for (const Statement *s = network ? network->statements : NULL; s; s = s->next) {
    if (s->kind == STATEMENT_JUNCTION)
      add_hint(query, behind_semicolon(query, s), summarize_fit(query->analysis, s, query->arena),
               hints);
  }
  const Item *titled = hardware ? hardware : network;
  if (titled) {
    const bool is_named = titled->name.text && *titled->name.text;
    add_hint(query, is_named ? titled->name.at.end : titled->keyword_at.end,
             summarize_speed(query->analysis, query->arena), hints);
  }
  return hints;
}
