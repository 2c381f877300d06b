// SPDX-License-Identifier: MIT
// Every name of a program: where it is defined, and where it is meant.
//
// Made from the tree alone, so that it is there while the file has mistakes.  Only names that the
// user gives are in it: settings, built-in patterns and the like are found in their tables.
#ifndef SEDGE_COMPILER_LSP_NAME_INDEX_H
#define SEDGE_COMPILER_LSP_NAME_INDEX_H

#include "lang/ast.h"

typedef enum NameKind {
  NAME_LET,
  NAME_PARAM,
  NAME_ACTIVATION,
  NAME_PATTERN,
  NAME_ARGUMENT, /* x of an activation; parameters, l and r of a pattern */
  NAME_LAYER,
  NAME_BLOCK,
} NameKind;

typedef struct Definition {
  NameKind kind;
  const char *text;             /* interned */
  Span at;                      /* of the name where it is defined */
  const Item *item;             /* what defines it, or what it is defined in */
  const Statement *statement;   /* LAYER */
  const Declarator *declarator; /* LAYER */
  uint32_t first_argument;      /* ACTIVATION, PATTERN: index of its first argument's definition */
  uint32_t argument_count;
} Definition;

/* One place where a name is written. */
typedef struct Occurrence {
  Span at;
  uint32_t definition; /* index in NameIndex.definitions */
} Occurrence;

typedef struct NameIndex {
  uint32_t definition_count;
  const Definition *definitions; /* [definition_count] in the order of the files */
  uint32_t occurrence_count;
  const Occurrence *occurrences; /* [occurrence_count] ascending; definitions are among them */
} NameIndex;

/* Of a tree, or of nothing where `file` is NULL; in the arena. */
NameIndex *name_index(const File *file, Arena *arena);

/* The definition that the name at this offset means (its end counts too), or NULL. */
const Definition *definition_at(const NameIndex *index, uint32_t offset);

/* "param", "layer" ... */
const char *name_kind_noun(NameKind kind);

#endif
