// SPDX-License-Identifier: MIT
// The tree of a .sedge file, as it was written: nothing is looked up or computed yet.
//
// Everything lives in the arena of the parse.  Lists are linked through `next`, in the file's
// order.  A part that could not be read is an EXPR_POISON (an error has been reported) or is
// missing; later passes stay silent about it.
#ifndef SEDGE_LANG_AST_H
#define SEDGE_LANG_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"
#include "lang/program.h"
#include "lang/rational.h"

typedef enum ExprKind {
#define EXPR(id, noun) EXPR_##id,
#define UNARY(id, text)
#define BINARY(id, text, precedence)
#include "lang/ast.def"
#undef EXPR
#undef UNARY
#undef BINARY
} ExprKind;

typedef enum UnaryOp {
#define EXPR(id, noun)
#define UNARY(id, text) UNARY_##id,
#define BINARY(id, text, precedence)
#include "lang/ast.def"
#undef EXPR
#undef UNARY
#undef BINARY
} UnaryOp;

typedef enum BinaryOp {
#define EXPR(id, noun)
#define UNARY(id, text)
#define BINARY(id, text, precedence) BINARY_##id,
#include "lang/ast.def"
#undef EXPR
#undef UNARY
#undef BINARY
} BinaryOp;

typedef struct Expr Expr;

/* `value` or `name = value`, as in calls. */
typedef struct Argument {
  struct Argument *next;
  Span at;   /* the whole, name included */
  Name name; /* text is NULL where it has none */
  Expr *value;
} Argument;

struct Expr {
  ExprKind kind;
  Span at;
  Expr *next;         /* in lists of expressions (LIST, shapes) */
  Rational number;    /* NUMBER, QUANTITY */
  Name name;          /* NAME, CALL: whose; QUANTITY: the unit */
  const char *string; /* STRING: decoded, NUL-terminated, without NUL inside */
  UnaryOp unary;      /* UNARY: operands[0] */
  BinaryOp binary;    /* BINARY: operands[0], [1]; SELECT: condition, then, else */
  Span operator_at;
  Expr *operands[3];
  Argument *arguments; /* CALL */
  Expr *elements;      /* LIST: two or more, or one with a trailing comma, or none */
  bool is_parenthesized;
  /* BINARY: operations below it along the left side: `1 + 1 + 1` is as deep as it is long */
  uint32_t chain;
};

/* `name[shape] pad n` */
typedef struct Declarator {
  struct Declarator *next;
  Span at;
  Name name;
  Expr *shape; /* list through next; NULL only where a syntax error was reported */
  Expr *pad;   /* or NULL */
} Declarator;

typedef enum LayerRole { ROLE_INPUT, ROLE_HIDDEN, ROLE_OUTPUT } LayerRole;

typedef enum StatementKind {
  STATEMENT_LAYERS,
  STATEMENT_JUNCTION,
  STATEMENT_SETTING
} StatementKind;

/* A statement of a block: layers and junctions in networks, settings elsewhere. */
typedef struct Statement {
  struct Statement *next;
  StatementKind kind;
  Span at;            /* without the semicolon */
  LayerRole role;     /* LAYERS */
  Declarator *layers; /* LAYERS */
  Expr *activation;   /* LAYERS: a NAME, or NULL where none is given */
  Expr *joined;       /* JUNCTION: two or more NAMEs, list through next */
  Expr *pattern;      /* JUNCTION: a CALL or NAME */
  Name setting;       /* SETTING */
  Expr *value;        /* SETTING */
} Statement;

/* A parameter of an own pattern: `name` or `name = default`. */
typedef struct Parameter {
  struct Parameter *next;
  Span at;
  Name name;
  Expr *fallback; /* or NULL */
} Parameter;

typedef enum ItemKind {
  ITEM_IMPORT,
  ITEM_LET,
  ITEM_PARAM,
  ITEM_ACTIVATION,
  ITEM_PATTERN,
  ITEM_NETWORK,
  ITEM_HARDWARE,
  ITEM_TRAIN,
} ItemKind;

typedef struct Item {
  struct Item *next;
  ItemKind kind;
  Span at;
  Span keyword_at;
  Name name;             /* text is "" for a block without a name */
  Expr *path;            /* IMPORT: a STRING */
  Expr *value;           /* LET, PARAM, ACTIVATION (its body), PATTERN (its condition) */
  Parameter *parameters; /* PATTERN: its own; ACTIVATION: the one argument */
  Name left, right;      /* PATTERN: the names of the two neurons */
  Statement *statements; /* NETWORK, HARDWARE, TRAIN */
} Item;

typedef struct File {
  const SourceFile *source;
  Item *items; /* imported files' items stand where the import stood, once import.h has run */
} File;

Expr *expr_new(Arena *arena, ExprKind kind, Span at);

/* What messages call an expression: "a number", "a call of 'f'"... */
const char *expr_noun(const Expr *expr);
const char *unary_text(UnaryOp op);
const char *binary_text(BinaryOp op);
uint32_t binary_precedence(BinaryOp op);

/* The tree as canonical .sedge text, in the arena; parsing it again gives an equal tree. */
const char *print_file(const File *file, Arena *arena);
const char *print_expr(const Expr *expr, Arena *arena);

#endif
