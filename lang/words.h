// SPDX-License-Identifier: MIT
// A text as words: every token and every comment in its order, for what works on text rather than
// on its meaning.
//
// The scanner is the parser's own.  The tree (ast.h) says what the words mean, its spans say which
// words they are; comments and line ends exist here alone.
#ifndef SEDGE_LANG_WORDS_H
#define SEDGE_LANG_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"
#include "lang/source.h"

typedef enum WordKind {
  WORD_NAME, /* keywords are names: they are reserved only where they can stand */
  WORD_NUMBER,
  WORD_STRING, /* in its quotes */
  WORD_SYMBOL, /* operators, brackets, punctuation */
  WORD_LINE_COMMENT,
  WORD_BLOCK_COMMENT,
  WORD_BAD, /* a character that begins no word, a text or comment that does not end */
} WordKind;

typedef struct Word {
  WordKind kind;
  Span at;
  const char *text;      /* [at.end - at.begin], in the source */
  uint32_t lines_before; /* line ends between the word before it (or the text's beginning) and it */
} Word;

typedef struct Words {
  uint32_t count;
  const Word *items; /* [count] */
} Words;

/* All words of a text, in the arena; never fails: what is no word is a WORD_BAD. */
Words read_words(const SourceFile *source, Arena *arena);

static inline uint32_t word_length(const Word *word) {
  return word->at.end - word->at.begin;
}

static inline bool word_is_comment(const Word *word) {
  return word->kind == WORD_LINE_COMMENT || word->kind == WORD_BLOCK_COMMENT;
}

/* Whether the word is a symbol or name of exactly this text. */
bool word_is(const Word *word, const char *text);

#endif
