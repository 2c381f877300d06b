// SPDX-License-Identifier: MIT
// textDocument/hover: what stands at a place, in a few lines.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lsp/context.h"
#include "compiler/lsp/network_facts.h"
#include "compiler/lsp/query.h"
#include "compiler/lsp/vocabulary.h"
#include "lang/scope.h"
#include "runtime/verbs/output.h"

static json_t *hover_json(const Query *query, Span at, const char *text) {
  return json_pack("{s:o, s:o}", "contents", markdown_json(text), "range",
                   range_json(query->documents, main_file(query->analysis), at));
}

static const char *code_block(Arena *arena, const char *code) {
  return arena_print(arena, "```sedge\n%s\n```\n", code);
}

/* ---- names of the file ---- */

static const char *constant_text(const Query *query, const Definition *definition) {
  const Scope *scope = query->analysis->c->checked.scope;
  const Declaration *declaration = scope ? scope_find(scope, definition->text) : NULL;
  if (!declaration || declaration->state != DECLARATION_DONE) return "";
  if (declaration->constant.kind == VALUE_POISON) return "";
  return arena_print(query->arena, "\n= %s\n",
                     value_text(declaration->constant, query->analysis->c->arena));
}

static const char *layer_text(const Query *query, const Definition *definition) {
  static const char *const roles[] = {
      [ROLE_INPUT] = "input", [ROLE_HIDDEN] = "layer", [ROLE_OUTPUT] = "output"};
  const Statement *s = definition->statement;
  const bool has_activation = s->activation && s->activation->kind == EXPR_NAME;
  const char *declared =
      arena_print(query->arena, "%s %s%s%s", roles[s->role],
                  span_text(query->analysis, definition->declarator->at),
                  has_activation ? " : " : "", has_activation ? s->activation->name.text : "");
  return arena_print(query->arena, "%s%s", code_block(query->arena, declared),
                     describe_layer(query->analysis, definition, query->arena));
}

static const char *definition_text(const Query *query, const Definition *definition) {
  Arena *arena = query->arena;
  const char *code = code_block(arena, span_text(query->analysis, definition->item->at));
  switch (definition->kind) {
  case NAME_LET:
  case NAME_PARAM: return arena_print(arena, "%s%s", code, constant_text(query, definition));
  case NAME_ACTIVATION:
  case NAME_PATTERN: return code;
  case NAME_LAYER: return layer_text(query, definition);
  case NAME_BLOCK: return describe_block(query->analysis, definition->item, arena);
  case NAME_ARGUMENT:
    return arena_print(arena, "argument `%s` of `%s`", definition->text,
                       definition->item->name.text);
  }
  return "";
}

/* ---- words of the language ---- */

/* The text for a word that is no name of the file, or NULL. */
static const char *word_text(const Query *query, uint32_t number) {
  const Words words = query->analysis->words;
  const Word *word = &words.items[number];
  const WordContext context = context_of(words, number);
  const char *name = arena_copy(query->arena, word->text, word_length(word));
  if (context.slot == SLOT_ITEM) return describe_keyword(name, KEYWORD_ITEM, query->arena);
  if (context.slot == SLOT_AFTER_SHAPE) return describe_keyword(name, KEYWORD_LAYER, query->arena);
  if (context.slot == SLOT_STATEMENT) {
    if (context.form == FORM_COUNT) return describe_keyword(name, KEYWORD_NETWORK, query->arena);
    return describe_field(find_field(context.form, name), query->arena);
  }
  if (context.slot == SLOT_ARGUMENT && context.form != FORM_COUNT && names_field(words, number))
    return describe_field(find_field(context.form, name), query->arena);
  if (context.slot == SLOT_UNIT) return describe_unit(name, query->arena);
  if (context.family != FAMILY_COUNT && find_form(context.family, name) != FORM_COUNT)
    return describe_form(find_form(context.family, name), query->arena);
  if (context.slot == SLOT_ACTIVATION) return describe_activation(name, query->arena);
  if (context.slot == SLOT_VALUE || context.slot == SLOT_ARGUMENT)
    return describe_function(name, query->arena);
  return NULL;
}

/* What follows a junction's own words: what the compiler made of it. */
static const char *junction_text(const Query *query, const Word *word) {
  const bool is_junction_word = word_is(word, "junction") || word_is(word, "->");
  const Statement *s = find_junction_statement(query->analysis, word->at.begin);
  if (!s) return NULL;
  const bool is_pattern = s->pattern && word->at.begin == s->pattern->at.begin;
  if (!is_junction_word && !is_pattern) return NULL;
  return describe_junctions(query->analysis, s, word_is(word, "->") ? word->at : (Span){0, 0},
                            query->arena);
}

json_t *answer_hover(Query *query) {
  const Word *word = word_at(query->analysis, query->offset);
  if (!word || word_is_comment(word)) return json_null();
  const uint32_t number = (uint32_t)(word - query->analysis->words.items);
  const Definition *definition =
      word->kind == WORD_NAME ? definition_at(query->analysis->names, word->at.begin) : NULL;
  const char *text = NULL;
  if (definition) {
    text = definition_text(query, definition);
  } else if (word->kind == WORD_NAME) {
    text = word_text(query, number);
  }
  const char *junction = junction_text(query, word);
  if (junction) text = text ? arena_print(query->arena, "%s\n\n%s", junction, text) : junction;
  return text && *text ? hover_json(query, word->at, text) : json_null();
}
