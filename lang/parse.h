// SPDX-License-Identifier: MIT
// The only door to flex and bison: text in, tree out.
#ifndef SEDGE_LANG_PARSE_H
#define SEDGE_LANG_PARSE_H

#include "lang/ast.h"
#include "lang/diagnostic.h"
#include "lang/intern.h"

/* Parses a whole file.  Never NULL: what could not be read is left out, and was reported to d. */
File *parse_file(const SourceFile *source, Diagnostics *d, Names *names, Arena *arena);

/* Parses `name = expression` or `block.setting = expression`, the text of a -D option.  NULL after
 * an error. */
typedef struct Define {
  Name block; /* text is NULL where a param is meant */
  Name name;
  Expr *value;
} Define;
Define *parse_define(const SourceFile *source, Diagnostics *d, Names *names, Arena *arena);

#endif
