// SPDX-License-Identifier: MIT
// textDocument/documentSymbol: the file's items, and what stands in its blocks.
#include <string.h>

#include "compiler/lsp/query.h"
#include "lang/json_text.h"

/* The protocol's kinds of symbol. */
enum {
  SYMBOL_CLASS = 5,
  SYMBOL_PROPERTY = 7,
  SYMBOL_FIELD = 8,
  SYMBOL_FUNCTION = 12,
  SYMBOL_CONSTANT = 14,
  SYMBOL_EVENT = 24,
};

/* A symbol; `name_at` must lie within `at`. */
static json_t *symbol_json(const Query *query, int kind, const char *name, Span at, Span name_at) {
  const AnalyzedFile *file = main_file(query->analysis);
  const char *shown = *name ? name : "(no name)";
  return json_pack("{s:o, s:i, s:o, s:o}", "name", json_text(shown, strlen(shown)), "kind", kind,
                   "range", range_json(query->documents, file, at), "selectionRange",
                   range_json(query->documents, file, name_at));
}

static void add_statement(const Query *query, const Statement *s, json_t *children) {
  const Analysis *analysis = query->analysis;
  json_t *symbol = NULL;
  switch (s->kind) {
  case STATEMENT_LAYERS:
    for (const Declarator *d = s->layers; d; d = d->next) {
      json_array_append_new(children, symbol_json(query, SYMBOL_FIELD, span_text(analysis, d->at),
                                                  d->at, d->name.at));
    }
    return;
  case STATEMENT_JUNCTION: {
    Span at = s->at;
    for (const Expr *e = s->joined; e; e = e->next) at.end = e->at.end;
    const Span joined = {s->joined ? s->joined->at.begin : at.begin, at.end};
    symbol = symbol_json(query, SYMBOL_EVENT, span_text(analysis, joined), s->at, joined);
    break;
  }
  case STATEMENT_SETTING:
    symbol = symbol_json(query, SYMBOL_PROPERTY, s->setting.text, s->at, s->setting.at);
    break;
  }
  json_array_append_new(children, symbol);
}

static int kind_of_item(ItemKind kind) {
  switch (kind) {
  case ITEM_LET:
  case ITEM_PARAM: return SYMBOL_CONSTANT;
  case ITEM_ACTIVATION:
  case ITEM_PATTERN: return SYMBOL_FUNCTION;
  case ITEM_NETWORK:
  case ITEM_HARDWARE:
  case ITEM_TRAIN:
  case ITEM_IMPORT: break;
  }
  return SYMBOL_CLASS;
}

static json_t *item_json(const Query *query, const Item *item) {
  const bool is_named = item->name.text && *item->name.text;
  const char *keyword = span_text(query->analysis, item->keyword_at);
  json_t *symbol =
      symbol_json(query, kind_of_item(item->kind), is_named ? item->name.text : keyword, item->at,
                  is_named ? item->name.at : item->keyword_at);
  json_object_set_new(symbol, "detail", json_text(keyword, strlen(keyword)));
  json_t *children = json_array();
  for (const Statement *s = item->statements; s; s = s->next) add_statement(query, s, children);
  json_object_set_new(symbol, "children", children);
  return symbol;
}

json_t *answer_symbols(Query *query) {
  json_t *symbols = json_array();
  const SourceFile *source = &main_file(query->analysis)->source;
  const File *file = query->analysis->c->checked.file;
  for (const Item *item = file ? file->items : NULL; item; item = item->next) {
    const bool is_own =
        source->base <= item->at.begin && item->at.end <= source->base + source->length;
    if (is_own) json_array_append_new(symbols, item_json(query, item));
  }
  return symbols;
}
