// SPDX-License-Identifier: MIT
// Patterns of connections: from what a junction says to concrete degrees, banks and windows.
#ifndef SEDGE_LANG_CHECK_PATTERN_H
#define SEDGE_LANG_CHECK_PATTERN_H

#include "lang/bind.h"

enum {
  PATTERN_EDGE_LIMIT = 2147483647, /* 2^31 - 1 edges of one junction */
  PATTERN_PAIR_LIMIT = 100000000,  /* pairs that an own condition is asked about */
};

/* A pattern as written, with its arguments evaluated: it can then be put between any two layers. */
typedef struct PatternUse {
  const Expr *expr;
  Form form;   /* FORM_COUNT: the file's own */
  Bound bound; /* unless own */
  const OwnPattern *own;
} PatternUse;

/* Evaluates the pattern of a junction statement.  False after an error. */
bool read_pattern(const Checker *checker, const Expr *expr, PatternUse *use);

/* Puts it between two layers: checks that it fits them and fills *pattern.  False after an error.
 */
bool fit_pattern(const Checker *checker, const PatternUse *use, const NetworkLayer *left,
                 const NetworkLayer *right, Pattern *pattern);

#endif
