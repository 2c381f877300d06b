// SPDX-License-Identifier: MIT
// What scanner and parser share while they read one text; nobody else includes it.
#ifndef SEDGE_LANG_PARSE_STATE_H
#define SEDGE_LANG_PARSE_STATE_H

#include "lang/parse.h"
#include "lang/vector.h"
#include "lang/words.h"

/* Lists in the making: linked through next, with their last node at hand, so that appending takes
 * no walk. */
#define LIST_OF(Type)                                                                              \
  typedef struct Type##List {                                                                      \
    Type *first, *last;                                                                            \
  } Type##List
LIST_OF(Item);
LIST_OF(Statement);
LIST_OF(Declarator);
LIST_OF(Expr);
LIST_OF(Argument);
LIST_OF(Parameter);

/* The words met so far, for read_words(). */
typedef struct WordRecorder {
  VECTOR(Word) words;
  uint32_t end; /* of the last one, in the text */
} WordRecorder;

typedef struct Parse {
  const SourceFile *source;
  Diagnostics *diagnostics;
  Names *names;
  Arena *arena;
  int start;              /* the token that says what is parsed: given once, first */
  uint32_t offset;        /* of the next byte, in the shared space */
  Span last, previous;    /* the last token given, and the one before it */
  WordRecorder *recorder; /* NULL: words are not kept */
  Item *items;            /* the result of a file */
  bool is_define;         /* a definition is parsed: the only place for a dot between names */
  Name define_block;      /* the result of a definition; text is NULL where it names no block */
  Name define_name;
  Expr *define_value;
  bool is_too_deep; /* an expression with too many operators was reported */
} Parse;

/* Whether the token at `at` begins a line, or closes a block, while the one before it ended without
 * `;`, `{` or `}`. */
bool parse_lacks_semicolon(const Parse *parse, Span at);

#endif
