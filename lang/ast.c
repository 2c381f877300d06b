// SPDX-License-Identifier: MIT
// Nodes of the tree, and what messages call them.
#include "lang/ast.h"

Expr *expr_new(Arena *arena, ExprKind kind, Span at) {
  Expr *expr = ARENA_NEW(arena, Expr);
  expr->kind = kind;
  expr->at = at;
  return expr;
}

const char *expr_noun(const Expr *expr) {
  switch (expr->kind) {
#define EXPR(id, noun)                                                                             \
  case EXPR_##id:                                                                                  \
    return noun;
#define UNARY(id, text)
#define BINARY(id, text, precedence)
#include "lang/ast.def"
#undef EXPR
#undef UNARY
#undef BINARY
  }
  return "an expression";
}

const char *unary_text(UnaryOp op) {
  switch (op) {
#define EXPR(id, noun)
#define UNARY(id, text)                                                                            \
  case UNARY_##id:                                                                                 \
    return text;
#define BINARY(id, text, precedence)
#include "lang/ast.def"
#undef EXPR
#undef UNARY
#undef BINARY
  }
  return "";
}

const char *binary_text(BinaryOp op) {
  switch (op) {
#define EXPR(id, noun)
#define UNARY(id, text)
#define BINARY(id, text, precedence)                                                               \
  case BINARY_##id:                                                                                \
    return text;
#include "lang/ast.def"
#undef EXPR
#undef UNARY
#undef BINARY
  }
  return "";
}

uint32_t binary_precedence(BinaryOp op) {
  switch (op) {
#define EXPR(id, noun)
#define UNARY(id, text)
#define BINARY(id, text, precedence)                                                               \
  case BINARY_##id:                                                                                \
    return precedence;
#include "lang/ast.def"
#undef EXPR
#undef UNARY
#undef BINARY
  }
  return 0;
}
