// SPDX-License-Identifier: MIT
// Names to declarations: a sorted array, since every name is interned and all are known before the
// first look-up.
//
// Constants may be used before they are defined, so each is evaluated after those it names.  That
// walk keeps its own stack: a chain of a million definitions must not exhaust ours.
#include "lang/scope.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lang/vector.h"

typedef VECTOR(Declaration *) Pending;

static bool is_definition(const Item *item) {
  switch (item->kind) {
  case ITEM_LET:
  case ITEM_PARAM:
  case ITEM_ACTIVATION:
  case ITEM_PATTERN: return true;
  case ITEM_IMPORT:
  case ITEM_NETWORK:
  case ITEM_HARDWARE:
  case ITEM_TRAIN: return false;
  }
  return false;
}

static bool is_constant(const Declaration *declaration) {
  return declaration->item->kind == ITEM_LET || declaration->item->kind == ITEM_PARAM;
}

static int compare_declarations(const void *left, const void *right) {
  const Declaration *a = left;
  const Declaration *b = right;
  if (a->name.text != b->name.text) return a->name.text < b->name.text ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

/* Whether a name is taken by the language where this definition would be used. */
static bool is_built_in(const Item *item) {
  static const char *const activations[] = {
#define ACTIVATION(id, name, help) name,
#include "lang/activations.def"
#undef ACTIVATION
  };
  static const char *const patterns[] = {
#define PATTERN(id, name, help) name,
#include "lang/patterns.def"
#undef PATTERN
  };
  const bool is_activation = item->kind == ITEM_ACTIVATION;
  if (!is_activation && item->kind != ITEM_PATTERN) return false;
  const char *const *names = is_activation ? activations : patterns;
  const size_t count = is_activation ? sizeof activations / sizeof activations[0]
                                     : sizeof patterns / sizeof patterns[0];
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], item->name.text) == 0) return true;
  }
  return false;
}

static void collect(Scope *scope, const File *file) {
  VECTOR(Declaration) found = {0};
  const uint32_t begin = file->source->base;
  const uint32_t end = begin + file->source->length;
  for (const Item *item = file->items; item != NULL; item = item->next) {
    if (!is_definition(item) || item->name.text == NULL) continue;
    if (is_built_in(item)) {
      error_at(scope->diagnostics, ERROR_DEFINED_TWICE, item->name.at, "'%s' is a built-in %s",
               item->name.text, item->kind == ITEM_PATTERN ? "pattern" : "activation");
    }
    Declaration *declaration = VECTOR_ADD(scope->arena, &found);
    *declaration = (Declaration){
        .name = item->name,
        .item = item,
        .value = item->value,
        .order = found.count - 1,
        .is_imported = item->at.begin < begin || item->at.begin > end,
    };
  }
  if (found.count > 1) {
    qsort(found.items, found.count, sizeof *found.items, compare_declarations);
  }
  scope->declarations = found.items;
  scope->count = found.count;
}

/* Reports and drops every definition but the first of its name. */
static void drop_duplicates(Scope *scope) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < scope->count; i++) {
    const Declaration *declaration = &scope->declarations[i];
    const Declaration *last = kept > 0 ? &scope->declarations[kept - 1] : NULL;
    if (last == NULL || last->name.text != declaration->name.text) {
      scope->declarations[kept++] = *declaration;
      continue;
    }
    Message *m = error_at(scope->diagnostics, ERROR_DEFINED_TWICE, declaration->name.at,
                          "'%s' is defined twice", declaration->name.text);
    note_at(m, last->name.at, "first defined here");
  }
  scope->count = kept;
}

Declaration *scope_find(const Scope *scope, const char *name) {
  uint32_t low = 0;
  uint32_t high = scope->count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (scope->declarations[middle].name.text == name) return &scope->declarations[middle];
    if (scope->declarations[middle].name.text < name) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}

static void report_unknown_define(Scope *scope, const Define *define) {
  Declaration *other = scope_find(scope, define->name.text);
  Message *m = error_at(scope->diagnostics, ERROR_UNKNOWN_DEFINE, define->name.at,
                        "no param is called '%s'", define->name.text);
  if (other != NULL) {
    note_at(m, other->name.at, "'%s' is defined here", define->name.text);
    if (other->item->kind == ITEM_LET) help(m, "write `param` instead of `let` there");
    return;
  }
  Suggestion suggestion = suggestion_for(define->name.text);
  for (uint32_t i = 0; i < scope->count; i++) {
    if (scope->declarations[i].item->kind == ITEM_PARAM) {
      suggest(&suggestion, scope->declarations[i].name.text);
    }
  }
  if (suggestion.best != NULL) help(m, "did you mean '%s'?", suggestion.best);
}

/* Values for params replace theirs; those for settings are kept until their block is known. */
static void apply_defines(Scope *scope, const CheckOptions *options, Sources *sources,
                          Names *names) {
  VECTOR(Define) overrides = {0};
  for (uint32_t i = 0; i < options->define_count; i++) {
    const char *text = options->defines[i];
    const SourceFile *source = sources_add(sources, "-D", text, strlen(text));
    if (source == NULL) continue;
    const Define *define = parse_define(source, scope->diagnostics, names, scope->arena);
    if (define == NULL) continue;
    if (define->block.text != NULL) {
      *VECTOR_ADD(scope->arena, &overrides) = *define;
      continue;
    }
    Declaration *declaration = scope_find(scope, define->name.text);
    if (declaration == NULL || declaration->item->kind != ITEM_PARAM) {
      report_unknown_define(scope, define);
      continue;
    }
    declaration->value = define->value;
  }
  scope->overrides = overrides.items;
  scope->override_count = overrides.count;
}

/* ---- evaluation in order of dependence ---- */

static void push_names(const Scope *scope, const Expr *expr, Pending *pending);

static void push_list(const Scope *scope, const Expr *first, Pending *pending) {
  for (const Expr *expr = first; expr != NULL; expr = expr->next) push_names(scope, expr, pending);
}

/* Adds to `pending` each constant that the expression names and that is not evaluated yet. */
static void push_names(const Scope *scope, const Expr *expr, Pending *pending) {
  switch (expr->kind) {
  case EXPR_POISON:
  case EXPR_NUMBER:
  case EXPR_STRING:
  case EXPR_QUANTITY: return;
  case EXPR_NAME: {
    Declaration *named = scope_find(scope, expr->name.text);
    if (named == NULL || !is_constant(named) || named->state == DECLARATION_DONE) return;
    *VECTOR_ADD(scope->arena, pending) = named;
    return;
  }
  case EXPR_UNARY:
  case EXPR_BINARY:
  case EXPR_SELECT:
    for (size_t i = 0; i < 3 && expr->operands[i] != NULL; i++) {
      push_names(scope, expr->operands[i], pending);
    }
    return;
  case EXPR_CALL:
    for (const Argument *a = expr->arguments; a != NULL; a = a->next) {
      if (a->value != NULL) push_names(scope, a->value, pending);
    }
    return;
  case EXPR_LIST: push_list(scope, expr->elements, pending); return;
  }
}

static void poison_cycle(Scope *scope, Declaration *declaration) {
  error_at(scope->diagnostics, ERROR_CONSTANT_CYCLE, declaration->name.at,
           "'%s' is defined by itself", declaration->name.text);
  declaration->constant = (Value){.kind = VALUE_POISON};
  declaration->state = DECLARATION_DONE;
}

static void evaluate_constant(Scope *scope, Declaration *declaration) {
  const Evaluation evaluation = {scope->diagnostics, scope->arena, scope_value, scope};
  declaration->constant = (Value){.kind = VALUE_POISON};
  if (declaration->value != NULL) declaration->constant = evaluate(&evaluation, declaration->value);
  declaration->state = DECLARATION_DONE;
}

static void evaluate_in_order(Scope *scope, Declaration *first) {
  Pending pending = {0};
  *VECTOR_ADD(scope->arena, &pending) = first;
  while (pending.count > 0) {
    Declaration *top = pending.items[pending.count - 1];
    const uint32_t before = pending.count;
    if (top->state == DECLARATION_WAITING) {
      top->state = DECLARATION_STARTED;
      if (top->value != NULL) push_names(scope, top->value, &pending);
      for (uint32_t i = before; i < pending.count; i++) {
        if (pending.items[i]->state == DECLARATION_STARTED) poison_cycle(scope, pending.items[i]);
      }
    }
    if (pending.count > before) continue;
    if (top->state == DECLARATION_STARTED) evaluate_constant(scope, top);
    pending.count--;
  }
}

static void evaluate_all(Scope *scope) {
  for (uint32_t i = 0; i < scope->count; i++) {
    Declaration *declaration = &scope->declarations[i];
    if (is_constant(declaration) && declaration->state == DECLARATION_WAITING) {
      evaluate_in_order(scope, declaration);
    }
  }
}

Scope *scope_new(const File *file, const CheckOptions *options, Sources *sources, Names *names,
                 Diagnostics *d, Arena *arena, bool is_partial) {
  Scope *scope = ARENA_NEW(arena, Scope);
  scope->diagnostics = d;
  scope->arena = arena;
  scope->is_partial = is_partial;
  collect(scope, file);
  drop_duplicates(scope);
  apply_defines(scope, options, sources, names);
  evaluate_all(scope);
  return scope;
}

void report_unknown_name(const Scope *scope, Name name) {
  if (scope->is_partial) return;
  Message *m =
      error_at(scope->diagnostics, ERROR_UNKNOWN_NAME, name.at, "unknown name '%s'", name.text);
  if (!last_is_shown(scope->diagnostics)) return;
  Suggestion suggestion = suggestion_for(name.text);
  for (uint32_t i = 0; i < scope->count; i++)
    suggest(&suggestion, scope->declarations[i].name.text);
  if (suggestion.best == NULL) return;
  help(m, "did you mean '%s'?", suggestion.best);
  fix(m, name.at, suggestion.best);
}

Value scope_value(void *context, const Expr *name) {
  const Scope *scope = context;
  Declaration *declaration = scope_find(scope, name->name.text);
  if (declaration == NULL) {
    report_unknown_name(scope, (Name){name->name.text, name->at});
    return (Value){.kind = VALUE_POISON};
  }
  declaration->is_used = true;
  if (is_constant(declaration)) {
    assert(declaration->state == DECLARATION_DONE);
    return declaration->constant;
  }
  const bool is_pattern = declaration->item->kind == ITEM_PATTERN;
  Message *m =
      error_at(scope->diagnostics, ERROR_WRONG_KIND, name->at, "'%s' is %s, not a constant",
               name->name.text, is_pattern ? "a pattern" : "an activation");
  note_at(m, declaration->name.at, "defined here");
  return (Value){.kind = VALUE_POISON};
}

void warn_of_unused(const Scope *scope) {
  for (uint32_t i = 0; i < scope->count; i++) {
    const Declaration *declaration = &scope->declarations[i];
    if (declaration->is_used || declaration->is_imported) continue;
    const char *name = declaration->name.text;
    const Span at = declaration->name.at;
    Diagnostics *d = scope->diagnostics;
    Message *m = NULL;
    switch (declaration->item->kind) {
    case ITEM_LET: m = warning_at(d, ERROR_UNUSED_CONSTANT, at, "nothing uses '%s'", name); break;
    case ITEM_PARAM:
      m = warning_at(d, ERROR_UNUSED_CONSTANT, at, "nothing uses param '%s'", name);
      break;
    case ITEM_ACTIVATION:
      m = warning_at(d, ERROR_UNUSED_FUNCTION, at, "nothing uses activation '%s'", name);
      break;
    case ITEM_PATTERN:
      m = warning_at(d, ERROR_UNUSED_FUNCTION, at, "nothing uses pattern '%s'", name);
      break;
    case ITEM_IMPORT:
    case ITEM_NETWORK:
    case ITEM_HARDWARE:
    case ITEM_TRAIN: break;
    }
    if (m != NULL) fix(m, declaration->item->at, "");
  }
}
