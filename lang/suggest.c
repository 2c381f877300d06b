// SPDX-License-Identifier: MIT
// "Did you mean": edit distance with transpositions, case counted as less than an edit.
#include "lang/suggest.h"

#include <stddef.h>
#include <string.h>

enum { LONGEST = 40, EDIT = 2, OTHER_CASE = 1 };

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static uint32_t substitution(char a, char b) {
  if (a == b) return 0;
  return lower(a) == lower(b) ? OTHER_CASE : EDIT;
}

/* Damerau's distance (optimal string alignment), in half edits. */
static uint32_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  uint32_t rows[3][LONGEST + 1];
  uint32_t *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= b_length; j++) last[j] = EDIT * (uint32_t)j;
  for (size_t i = 1; i <= a_length; i++) {
    now[0] = EDIT * (uint32_t)i;
    for (size_t j = 1; j <= b_length; j++) {
      now[j] =
          least(least(last[j], now[j - 1]) + EDIT, last[j - 1] + substitution(a[i - 1], b[j - 1]));
      const int is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) now[j] = least(now[j], before[j - 2] + EDIT);
    }
    uint32_t *free_row = before;
    before = last;
    last = now;
    now = free_row;
  }
  return last[b_length];
}

Suggestion suggestion_for(const char *wanted) {
  const size_t length = strlen(wanted);
  /* A third of the letters may be wrong, three at most. */
  const uint32_t edits = length < 3 ? 1 : least(3, ((uint32_t)length + 2) / 3);
  return (Suggestion){.wanted = wanted, .distance = EDIT * edits + 1};
}

void suggest(Suggestion *suggestion, const char *candidate) {
  const size_t wanted = strlen(suggestion->wanted), length = strlen(candidate);
  if (wanted > LONGEST || length > LONGEST || length == 0) return;
  const uint32_t found = distance(suggestion->wanted, wanted, candidate, length);
  if (found >= suggestion->distance || found >= EDIT * length) return;
  suggestion->best = candidate;
  suggestion->distance = found;
}
