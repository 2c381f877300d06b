// SPDX-License-Identifier: MIT
// textDocument/completion: what could stand at a place.
#include <ctype.h>
#include <string.h>

#include "compiler/lsp/context.h"
#include "compiler/lsp/query.h"
#include "compiler/lsp/vocabulary.h"

/* The protocol's kinds of item, which choose the picture beside it. */
enum {
  ITEM_FUNCTION = 3,
  ITEM_FIELD = 5,
  ITEM_VARIABLE = 6,
  ITEM_PROPERTY = 10,
  ITEM_UNIT = 11,
  ITEM_VALUE = 12,
  ITEM_KEYWORD = 14,
  ITEM_CONSTANT = 21,
  ITEM_STRUCT = 22,
};

typedef struct Completion {
  Query *query;
  json_t *items;
} Completion;

static void add(Completion *out, int kind, const char *label, const char *insert,
                const char *detail, const char *explained) {
  json_t *item = json_pack("{s:s, s:i, s:s}", "label", label, "kind", kind, "insertText", insert);
  if (detail) json_object_set_new(item, "detail", json_string(detail));
  if (explained) json_object_set_new(item, "documentation", markdown_json(explained));
  json_array_append_new(out->items, item);
}

/* ---- words of the language ---- */

static void add_keywords(Completion *out, KeywordPlace place) {
  const KeywordFacts *keyword;
  for (uint32_t i = 0; (keyword = keyword_facts(i)) != NULL; i++) {
    if (keyword->place == place)
      add(out, ITEM_KEYWORD, keyword->text, keyword->text, NULL, keyword->help);
  }
}

/* Whether the setting stands in the block already. */
static bool has_setting(const Words words, uint32_t block, const char *name) {
  for (uint32_t i = block; i < words.count && !word_is(&words.items[i], "}"); i++) {
    const bool begins =
        i > 0 && (word_is(&words.items[i - 1], ";") || word_is(&words.items[i - 1], "{"));
    if (begins && word_is(&words.items[i], name)) return true;
  }
  return false;
}

static void add_fields(Completion *out, Form form, uint32_t block) {
  Arena *arena = out->query->arena;
  for (uint32_t i = 0; i < field_count(form); i++) {
    const Field field = (Field)((uint32_t)first_field(form) + i);
    const FieldFacts *facts = field_facts(field);
    const bool is_setting = block != NO_WORD;
    if (is_setting && has_setting(out->query->analysis->words, block, facts->name)) continue;
    add(out, is_setting ? ITEM_PROPERTY : ITEM_FIELD, facts->name,
        arena_print(arena, "%s = ", facts->name), field_kind_expected(facts->kind),
        describe_field(field, arena));
  }
}

static void add_forms(Completion *out, Family family) {
  for (uint32_t i = 0; i < FORM_COUNT; i++) {
    const Form form = (Form)i;
    if (form_family(form) == family)
      add(out, ITEM_FUNCTION, form_name(form), form_name(form), family_noun(family),
          describe_form(form, out->query->arena));
  }
}

static void add_activations(Completion *out) {
#define ACTIVATION(id, name, help) add(out, ITEM_FUNCTION, name, name, "activation", help);
#include "lang/activations.def"
#undef ACTIVATION
}

static void add_functions(Completion *out) {
#define FUNCTION(id, name, least, most, scalar, help)                                              \
  add(out, ITEM_FUNCTION, name, name, "function", help);
#include "lang/functions.def"
#undef FUNCTION
}

static void add_units(Completion *out) {
#define UNIT(name, numerator, denominator, seconds, bits)                                          \
  add(out, ITEM_UNIT, name, name, "unit", describe_unit(name, out->query->arena));
#include "lang/units.def"
#undef UNIT
}

/* ---- names of the file ---- */

static void add_names(Completion *out, NameKind kind, int picture) {
  const NameIndex *names = out->query->analysis->names;
  for (uint32_t i = 0; i < names->definition_count; i++) {
    const Definition *d = &names->definitions[i];
    if (d->kind == kind) add(out, picture, d->text, d->text, name_kind_noun(kind), NULL);
  }
}

/* Arguments of the item that is being written. */
static void add_own_arguments(Completion *out) {
  const NameIndex *names = out->query->analysis->names;
  const uint32_t offset = out->query->offset;
  for (uint32_t i = 0; i < names->definition_count; i++) {
    const Definition *d = &names->definitions[i];
    if (d->kind == NAME_ARGUMENT && d->item->at.begin <= offset && offset <= d->item->at.end)
      add(out, ITEM_VARIABLE, d->text, d->text, "argument", NULL);
  }
}

/* Parameters of the own pattern that is called. */
static void add_parameters(Completion *out, uint32_t callee) {
  const NameIndex *names = out->query->analysis->names;
  const Word *word = &out->query->analysis->words.items[callee];
  for (uint32_t i = 0; i < names->definition_count; i++) {
    const Definition *d = &names->definitions[i];
    if (d->kind != NAME_PATTERN || !word_is(word, d->text)) continue;
    for (const Parameter *p = d->item->parameters; p; p = p->next) {
      if (p->name.text)
        add(out, ITEM_FIELD, p->name.text, arena_print(out->query->arena, "%s = ", p->name.text),
            "parameter", NULL);
    }
  }
}

/* The layers of the network that is being written: by the words, as its tree may be broken. */
static void add_layers(Completion *out, uint32_t block) {
  const Words words = out->query->analysis->words;
  for (uint32_t i = block; i + 1 < words.count && !word_is(&words.items[i], "}"); i++) {
    const Word *word = &words.items[i];
    if (word->kind != WORD_NAME || !word_is(word + 1, "[")) continue;
    const char *name = arena_copy(out->query->arena, word->text, word_length(word));
    add(out, ITEM_STRUCT, name, name, "layer", NULL);
  }
}

/* ---- places ---- */

/* A default that is a name, as in `z = auto`. */
static void add_fallback(Completion *out, Field field) {
  const char *fallback = field_facts(field)->fallback;
  if (fallback && isalpha((unsigned char)fallback[0]) && !strchr(fallback, '('))
    add(out, ITEM_VALUE, fallback, fallback, "the default", NULL);
}

static void add_values(Completion *out, const WordContext *context) {
  const bool has_field = context->field != FIELD_COUNT;
  if (context->family != FAMILY_COUNT) add_forms(out, context->family);
  if (context->family == FAMILY_PATTERN) {
    add_names(out, NAME_PATTERN, ITEM_FUNCTION);
    return;
  }
  if (has_field && field_facts(context->field)->kind == FIELD_KIND_FLAG) {
    add(out, ITEM_VALUE, "true", "true", NULL, NULL);
    add(out, ITEM_VALUE, "false", "false", NULL, NULL);
    return;
  }
  if (has_field && context->family == FAMILY_COUNT) add_fallback(out, context->field);
  /* A family but the rates' takes one of its forms and nothing else. */
  if (context->family != FAMILY_COUNT && context->family != FAMILY_RATE) return;
  add_own_arguments(out);
  add_names(out, NAME_PARAM, ITEM_CONSTANT);
  add_names(out, NAME_LET, ITEM_CONSTANT);
  add_functions(out);
}

static void add_arguments(Completion *out, const WordContext *context) {
  if (context->form != FORM_COUNT) {
    add_fields(out, context->form, NO_WORD);
  } else {
    add_parameters(out, context->callee);
  }
  add_values(out, context);
}

static void add_statements(Completion *out, const WordContext *context) {
  if (context->form != FORM_COUNT) {
    add_fields(out, context->form, context->block);
  } else {
    add_keywords(out, KEYWORD_NETWORK);
  }
}

static void add_for_context(Completion *out, const WordContext *context) {
  switch (context->slot) {
  case SLOT_ITEM: add_keywords(out, KEYWORD_ITEM); return;
  case SLOT_STATEMENT: add_statements(out, context); return;
  case SLOT_LAYER: add_layers(out, context->block); return;
  case SLOT_AFTER_SHAPE: add_keywords(out, KEYWORD_LAYER); return;
  case SLOT_ACTIVATION:
    add_activations(out);
    add_names(out, NAME_ACTIVATION, ITEM_FUNCTION);
    return;
  case SLOT_ARGUMENT: add_arguments(out, context); return;
  case SLOT_VALUE: add_values(out, context); return;
  case SLOT_UNIT: add_units(out); return;
  case SLOT_NEW_NAME:
  case SLOT_PATH: return;
  }
}

json_t *answer_completion(Query *query) {
  Completion out = {query, json_array()};
  const Word *word = word_at(query->analysis, query->offset);
  const bool is_text =
      word && (word_is_comment(word) || word->kind == WORD_STRING || word->kind == WORD_BAD);
  const bool is_inside = is_text && word->at.begin < query->offset &&
                         (query->offset < word->at.end || word->kind == WORD_LINE_COMMENT);
  if (!is_inside) {
    const Words words = query->analysis->words;
    const WordContext context = context_of(words, word_number_at(words, query->offset));
    add_for_context(&out, &context);
  }
  return json_pack("{s:b, s:o}", "isIncomplete", 0, "items", out.items);
}
