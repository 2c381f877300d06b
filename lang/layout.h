// SPDX-License-Identifier: MIT
// From words to text in the one layout (format.h says what it looks like).
#ifndef SEDGE_LANG_LAYOUT_H
#define SEDGE_LANG_LAYOUT_H

#include "lang/words.h"

/* A text that may have NULs inside (comments may), and has one at its end. */
typedef struct LaidOut {
  const char *text;
  uint32_t length; /* bytes */
} LaidOut;

/* The words laid out, in the arena.  They must be those of a text without syntax errors. */
LaidOut lay_out(Words words, Arena *arena);

/* How many of a word's bytes the layout keeps: all but the blanks at a line comment's end. */
uint32_t laid_out_length(const Word *word);

#endif
