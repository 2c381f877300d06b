// SPDX-License-Identifier: MIT
// The nearest of some names to a misspelt one: "did you mean".
#ifndef SEDGE_LANG_SUGGEST_H
#define SEDGE_LANG_SUGGEST_H

#include <stdint.h>

/* Collects candidates one by one; best is NULL as long as none is near (an edit or two, a
 * transposition, another case). */
typedef struct Suggestion {
  const char *wanted;
  const char *best;
  uint32_t distance;
} Suggestion;

Suggestion suggestion_for(const char *wanted);
void suggest(Suggestion *suggestion, const char *candidate);

#endif
