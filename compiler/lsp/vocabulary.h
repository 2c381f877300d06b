// SPDX-License-Identifier: MIT
// The language's own words, explained from its tables, as Markdown.
//
// Each function returns text in the arena, or NULL where the table has no such word.
#ifndef SEDGE_COMPILER_LSP_VOCABULARY_H
#define SEDGE_COMPILER_LSP_VOCABULARY_H

#include "lang/arena.h"
#include "lang/form.h"

typedef enum KeywordPlace { KEYWORD_ITEM, KEYWORD_NETWORK, KEYWORD_LAYER } KeywordPlace;

typedef struct KeywordFacts {
  const char *text;
  KeywordPlace place; /* where it can stand */
  const char *help;
} KeywordFacts;

/* Keyword number 0, 1, ...; NULL behind the last. */
const KeywordFacts *keyword_facts(uint32_t number);

const char *describe_keyword(const char *name, KeywordPlace place, Arena *arena);

/* A setting or argument: help, what it takes, its default. FIELD_COUNT gives NULL. */
const char *describe_field(Field field, Arena *arena);

/* A pattern, optimizer ...: its call, help, and arguments. */
const char *describe_form(Form form, Arena *arena);

const char *describe_activation(const char *name, Arena *arena);
const char *describe_function(const char *name, Arena *arena);
const char *describe_unit(const char *name, Arena *arena);

#endif
