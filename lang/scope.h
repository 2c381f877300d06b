// SPDX-License-Identifier: MIT
// The names that a file defines at its top level, and what they stand for.
//
// let, param, activation and pattern share one space of names.  Constants are evaluated once,
// before anything looks them up, whatever their order in the file.
#ifndef SEDGE_LANG_SCOPE_H
#define SEDGE_LANG_SCOPE_H

#include "lang/check.h"
#include "lang/evaluate.h"
#include "lang/intern.h"
#include "lang/parse.h"

typedef enum DeclarationState {
  DECLARATION_WAITING,
  DECLARATION_STARTED, /* meeting it again now is a cycle */
  DECLARATION_DONE,
} DeclarationState;

typedef struct Declaration {
  Name name;
  const Item *item;  /* LET, PARAM, ACTIVATION or PATTERN */
  const Expr *value; /* the item's, or that of a -D */
  uint32_t order;    /* position in the file, imports in place */
  bool is_imported;  /* from another file than the main one */
  bool is_used;
  DeclarationState state;
  Value constant;                  /* LET, PARAM: once DONE */
  const OwnActivation *activation; /* ACTIVATION: once DONE; NULL after an error */
  bool is_sound;                   /* PATTERN: once DONE, whether its condition can be lowered */
} Declaration;

typedef struct Scope {
  Diagnostics *diagnostics;
  Arena *arena;
  Declaration *declarations; /* [count] sorted by name's pointer */
  uint32_t count;
  /* [override_count] settings of blocks that -D gives another value, in order */
  const Define *overrides;
  uint32_t override_count;
  bool is_partial; /* a syntax error may have hidden definitions: unknown names stay silent */
} Scope;

/* Collects the definitions of `file`, applies the defines of the command line, and evaluates all
 * constants; mistakes are reported to d.  In the arena.  is_partial: see Scope. */
Scope *scope_new(const File *file, const CheckOptions *options, Sources *sources, Names *names,
                 Diagnostics *d, Arena *arena, bool is_partial);

/* The definition of an interned name, or NULL. */
Declaration *scope_find(const Scope *scope, const char *name);

/* The value of a constant; reports a name that is unknown or no constant.  A LookUp: context is the
 * Scope. */
Value scope_value(void *context, const Expr *name);

/* Reports `name` as unknown, with what comes near it. */
void report_unknown_name(const Scope *scope, Name name);

/* Warns of definitions in the main file that nothing has looked up. */
void warn_of_unused(const Scope *scope);

#endif
