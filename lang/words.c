// SPDX-License-Identifier: MIT
// Questions about single words; they are read by the scanner, in lexer.l.
#include "lang/words.h"

#include <string.h>

bool word_is(const Word *word, const char *text) {
  const size_t length = strlen(text);
  if (word->kind != WORD_SYMBOL && word->kind != WORD_NAME) return false;
  return word_length(word) == length && memcmp(word->text, text, length) == 0;
}
