// SPDX-License-Identifier: MIT
// Walks the tree and resolves names the way that the checks do: arguments first, then the file's
// definitions.
#include "compiler/lsp/name_index.h"

#include <stdlib.h>

#include "lang/vector.h"

#define NONE UINT32_MAX

/* A name that can be looked up. */
typedef struct Entry {
  const char *text; /* interned */
  uint32_t definition;
} Entry;

/* Names of one place, sorted by pointer once all are known. */
typedef VECTOR(Entry) Table;

typedef struct Walk {
  Arena *arena;
  VECTOR(Definition) definitions;
  VECTOR(Occurrence) occurrences;
  Table globals;
  Table arguments; /* of the item that is walked */
  Table layers;    /* of the network that is walked */
} Walk;

/* ---- tables ---- */

static int compare_entries(const void *left, const void *right) {
  const Entry *a = left, *b = right;
  if (a->text != b->text) return a->text < b->text ? -1 : 1;
  return (a->definition > b->definition) - (a->definition < b->definition);
}

static void sort_table(Table *table) {
  if (table->count > 1) qsort(table->items, table->count, sizeof *table->items, compare_entries);
}

/* The first definition of that name, or NONE. */
static uint32_t find_in(const Table *table, const char *text) {
  uint32_t low = 0, high = table->count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (table->items[middle].text < text) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < table->count && table->items[low].text == text ? table->items[low].definition : NONE;
}

/* ---- definitions ---- */

static void mean(Walk *walk, Span at, uint32_t definition) {
  *VECTOR_ADD(walk->arena, &walk->occurrences) = (Occurrence){at, definition};
}

static uint32_t define(Walk *walk, Definition definition) {
  const uint32_t number = walk->definitions.count;
  *VECTOR_ADD(walk->arena, &walk->definitions) = definition;
  mean(walk, definition.at, number);
  return number;
}

static bool global_kind(ItemKind item, NameKind *kind) {
  switch (item) {
  case ITEM_LET: *kind = NAME_LET; return true;
  case ITEM_PARAM: *kind = NAME_PARAM; return true;
  case ITEM_ACTIVATION: *kind = NAME_ACTIVATION; return true;
  case ITEM_PATTERN: *kind = NAME_PATTERN; return true;
  case ITEM_NETWORK:
  case ITEM_HARDWARE:
  case ITEM_TRAIN:
  case ITEM_IMPORT: break;
  }
  return false;
}

/* Defines all that stands at the top level, before anything looks it up. */
static void define_globals(Walk *walk, const File *file) {
  for (const Item *item = file->items; item; item = item->next) {
    NameKind kind = NAME_BLOCK;
    const bool is_global = global_kind(item->kind, &kind);
    if (!item->name.text || !*item->name.text) continue;
    const uint32_t number = define(
        walk,
        (Definition){.kind = kind, .text = item->name.text, .at = item->name.at, .item = item});
    if (is_global) *VECTOR_ADD(walk->arena, &walk->globals) = (Entry){item->name.text, number};
  }
  sort_table(&walk->globals);
}

/* ---- looking up ---- */

static uint32_t find_name(const Walk *walk, const char *text) {
  const uint32_t argument = find_in(&walk->arguments, text);
  return argument != NONE ? argument : find_in(&walk->globals, text);
}

static void mean_found(Walk *walk, Name name, uint32_t definition) {
  if (definition != NONE) mean(walk, name.at, definition);
}

/* ---- expressions ---- */

static void walk_expr(Walk *walk, const Expr *expr);

/* The arguments of a call; those of an own pattern may name its parameters. */
static void walk_arguments(Walk *walk, const Expr *call, uint32_t callee) {
  const Definition *own = callee != NONE ? &walk->definitions.items[callee] : NULL;
  for (const Argument *a = call->arguments; a; a = a->next) {
    walk_expr(walk, a->value);
    for (uint32_t i = 0; own && a->name.text && i < own->argument_count; i++) {
      const uint32_t argument = own->first_argument + i;
      if (walk->definitions.items[argument].text != a->name.text) continue;
      mean(walk, a->name.at, argument);
      break;
    }
  }
}

/* Long sums lean left, and are as deep as they are long: the left side is no recursion. */
static void walk_expr(Walk *walk, const Expr *expr) {
  for (; expr; expr = expr->operands[0]) {
    if (expr->kind == EXPR_NAME) mean_found(walk, expr->name, find_name(walk, expr->name.text));
    if (expr->kind == EXPR_CALL) {
      const uint32_t callee = find_in(&walk->globals, expr->name.text);
      mean_found(walk, expr->name, callee);
      walk_arguments(walk, expr, callee);
    }
    for (const Expr *e = expr->elements; e; e = e->next) walk_expr(walk, e);
    walk_expr(walk, expr->operands[1]);
    walk_expr(walk, expr->operands[2]);
  }
}

/* ---- items ---- */

static void define_argument(Walk *walk, uint32_t owner, Name name) {
  if (!name.text) return;
  define(walk, (Definition){.kind = NAME_ARGUMENT,
                            .text = name.text,
                            .at = name.at,
                            .item = walk->definitions.items[owner].item});
}

/* Defines the arguments of all activations and patterns, before anything is walked: a call may
 * stand before its pattern. */
static void define_all_arguments(Walk *walk) {
  const uint32_t count = walk->definitions.count;
  for (uint32_t i = 0; i < count; i++) {
    const Item *item = walk->definitions.items[i].item;
    if (item->kind != ITEM_ACTIVATION && item->kind != ITEM_PATTERN) continue;
    const uint32_t first = walk->definitions.count;
    for (const Parameter *p = item->parameters; p; p = p->next) define_argument(walk, i, p->name);
    if (item->kind == ITEM_PATTERN) {
      define_argument(walk, i, item->left);
      define_argument(walk, i, item->right);
    }
    walk->definitions.items[i].first_argument = first;
    walk->definitions.items[i].argument_count = walk->definitions.count - first;
  }
}

/* Makes the arguments of an item the names that are looked up first. */
static void enter_item(Walk *walk, uint32_t owner) {
  walk->arguments.count = 0;
  if (owner == NONE) return;
  const Definition own = walk->definitions.items[owner];
  for (uint32_t i = 0; i < own.argument_count; i++) {
    const uint32_t argument = own.first_argument + i;
    *VECTOR_ADD(walk->arena, &walk->arguments) =
        (Entry){walk->definitions.items[argument].text, argument};
  }
  sort_table(&walk->arguments);
}

static void define_layer(Walk *walk, const Item *item, const Statement *s, const Declarator *d) {
  const Definition layer = {
      .kind = NAME_LAYER,
      .text = d->name.text,
      .at = d->name.at,
      .item = item,
      .statement = s,
      .declarator = d,
  };
  *VECTOR_ADD(walk->arena, &walk->layers) = (Entry){layer.text, define(walk, layer)};
}

static void walk_layers(Walk *walk, const Item *item, const Statement *s) {
  for (const Declarator *d = s->layers; d; d = d->next) {
    if (d->name.text) define_layer(walk, item, s, d);
    for (const Expr *e = d->shape; e; e = e->next) walk_expr(walk, e);
    walk_expr(walk, d->pad);
  }
  walk_expr(walk, s->activation);
}

/* A value in whose place one of a fixed list stands, as in `loss = quadratic`, is no name of the
 * file. */
static void walk_setting(Walk *walk, const Statement *s) {
  if (s->value && s->value->kind == EXPR_NAME &&
      find_in(&walk->globals, s->value->name.text) == NONE)
    return;
  walk_expr(walk, s->value);
}

static void walk_network(Walk *walk, const Item *item) {
  walk->layers.count = 0;
  for (const Statement *s = item->statements; s; s = s->next) {
    if (s->kind == STATEMENT_LAYERS) walk_layers(walk, item, s);
  }
  sort_table(&walk->layers);
  for (const Statement *s = item->statements; s; s = s->next) {
    if (s->kind != STATEMENT_JUNCTION) continue;
    for (const Expr *e = s->joined; e; e = e->next) {
      if (e->kind == EXPR_NAME) mean_found(walk, e->name, find_in(&walk->layers, e->name.text));
    }
    walk_expr(walk, s->pattern);
  }
}

static void walk_item(Walk *walk, const Item *item, uint32_t owner) {
  enter_item(walk, owner);
  for (const Parameter *p = item->parameters; p; p = p->next) walk_expr(walk, p->fallback);
  walk_expr(walk, item->value);
  if (item->kind == ITEM_NETWORK) {
    walk_network(walk, item);
    return;
  }
  for (const Statement *s = item->statements; s; s = s->next) walk_setting(walk, s);
}

/* Walks all items; the named ones among them are the first definitions, in the same order. */
static void walk_items(Walk *walk, const File *file) {
  const uint32_t named_count = walk->definitions.count;
  define_all_arguments(walk);
  uint32_t named = 0;
  for (const Item *item = file->items; item; item = item->next) {
    const bool has_name = named < named_count && walk->definitions.items[named].item == item;
    walk_item(walk, item, has_name ? named : NONE);
    named += has_name;
  }
}

static int compare_occurrences(const void *left, const void *right) {
  const Occurrence *a = left, *b = right;
  return (a->at.begin > b->at.begin) - (a->at.begin < b->at.begin);
}

NameIndex *name_index(const File *file, Arena *arena) {
  Walk walk = {.arena = arena};
  if (file) {
    define_globals(&walk, file);
    walk_items(&walk, file);
  }
  if (walk.occurrences.count > 1)
    qsort(walk.occurrences.items, walk.occurrences.count, sizeof *walk.occurrences.items,
          compare_occurrences);
  NameIndex *index = ARENA_NEW(arena, NameIndex);
  *index = (NameIndex){walk.definitions.count, walk.definitions.items, walk.occurrences.count,
                       walk.occurrences.items};
  return index;
}

const Definition *definition_at(const NameIndex *index, uint32_t offset) {
  uint32_t low = 0, high = index->occurrence_count;
  while (low < high) { /* the first that ends at the offset or behind it */
    const uint32_t middle = low + (high - low) / 2;
    if (index->occurrences[middle].at.end < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == index->occurrence_count || index->occurrences[low].at.begin > offset) return NULL;
  return &index->definitions[index->occurrences[low].definition];
}

const char *name_kind_noun(NameKind kind) {
  static const char *const nouns[] = {
      [NAME_LET] = "let",         [NAME_PARAM] = "param",       [NAME_ACTIVATION] = "activation",
      [NAME_PATTERN] = "pattern", [NAME_ARGUMENT] = "argument", [NAME_LAYER] = "layer",
      [NAME_BLOCK] = "block",
  };
  return nouns[kind];
}
