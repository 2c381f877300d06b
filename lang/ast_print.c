// SPDX-License-Identifier: MIT
// The tree as canonical .sedge text: one statement a line, two spaces deep, parentheses where the
// grammar needs them.
#include <inttypes.h>
#include <string.h>

#include "lang/ast.h"
#include "lang/vector.h"

typedef struct Text {
  Arena *arena;
  VECTOR(char) bytes;
} Text;

static void put(Text *text, const char *words) {
  for (; *words; words++) *VECTOR_ADD(text->arena, &text->bytes) = *words;
}

static const char *finish(Text *text) {
  return arena_copy(text->arena, text->bytes.items, text->bytes.count);
}

/* ---- expressions ---- */

enum { SELECT_PRECEDENCE = 0, SIGN_PRECEDENCE = 7, PRIMARY_PRECEDENCE = 9 };

static uint32_t precedence(const Expr *expr) {
  switch (expr->kind) {
  case EXPR_SELECT: return SELECT_PRECEDENCE;
  case EXPR_BINARY: return binary_precedence(expr->binary);
  case EXPR_UNARY: return SIGN_PRECEDENCE;
  case EXPR_NUMBER:
    /* A fraction prints as a quotient. */
    return rational_is_integer(expr->number) ? PRIMARY_PRECEDENCE
                                             : binary_precedence(BINARY_DIVIDE);
  case EXPR_POISON:
  case EXPR_STRING:
  case EXPR_NAME:
  case EXPR_QUANTITY:
  case EXPR_CALL:
  case EXPR_LIST: break;
  }
  return PRIMARY_PRECEDENCE;
}

static void put_expr(Text *text, const Expr *expr, uint32_t least);

static void put_number(Text *text, Rational number) {
  put(text, arena_print(text->arena, "%" PRId64, number.numerator));
  if (!rational_is_integer(number))
    put(text, arena_print(text->arena, " / %" PRId64, number.denominator));
}

/* A fraction with a unit must stay one token: as a decimal where it ends, which every fraction that
 * was written does. */
static void put_quantity(Text *text, const Expr *expr) {
  Rational tenfold = expr->number;
  int places = 0;
  while (!rational_is_integer(tenfold) &&
         rational_multiply(tenfold, rational_integer(10), &tenfold))
    places++;
  put(text, arena_print(text->arena, "%" PRId64, tenfold.numerator));
  if (places > 0) put(text, arena_print(text->arena, "e-%d", places));
  put(text, " ");
  put(text, expr->name.text);
}

static void put_string(Text *text, const char *string) {
  put(text, "\"");
  for (; *string; string++) {
    const unsigned char c = (unsigned char)*string;
    if (c == '"' || c == '\\') {
      put(text, arena_print(text->arena, "\\%c", c));
    } else if (c == '\n' || c == '\t') {
      put(text, c == '\n' ? "\\n" : "\\t");
    } else if (c < ' ' || c == 127) {
      put(text, arena_print(text->arena, "\\x%02x", c));
    } else {
      put(text, (const char[]){(char)c, '\0'});
    }
  }
  put(text, "\"");
}

static void put_call(Text *text, const Expr *call) {
  put(text, call->name.text);
  put(text, "(");
  for (const Argument *a = call->arguments; a; a = a->next) {
    if (a->name.text) put(text, arena_print(text->arena, "%s = ", a->name.text));
    put_expr(text, a->value, SELECT_PRECEDENCE);
    if (a->next) put(text, ", ");
  }
  put(text, ")");
}

static void put_list(Text *text, const Expr *list) {
  put(text, "(");
  for (const Expr *e = list->elements; e; e = e->next) {
    put_expr(text, e, SELECT_PRECEDENCE);
    put(text, e->next ? ", " : e == list->elements ? "," : "");
  }
  put(text, ")");
}

/* Operators lean left, but for ^, and comparisons do not chain: the other side is one tighter. */
static void put_binary(Text *text, const Expr *expr) {
  const uint32_t own = binary_precedence(expr->binary);
  const bool is_power = expr->binary == BINARY_POWER;
  const bool is_comparison =
      own == binary_precedence(BINARY_EQUAL) || own == binary_precedence(BINARY_LESS);
  put_expr(text, expr->operands[0], own + (is_power || is_comparison));
  put(text, arena_print(text->arena, " %s ", binary_text(expr->binary)));
  put_expr(text, expr->operands[1], own + !is_power);
}

static void put_bare(Text *text, const Expr *expr) {
  switch (expr->kind) {
  case EXPR_POISON: put(text, "0"); return;
  case EXPR_NUMBER: put_number(text, expr->number); return;
  case EXPR_STRING: put_string(text, expr->string); return;
  case EXPR_NAME: put(text, expr->name.text); return;
  case EXPR_QUANTITY: put_quantity(text, expr); return;
  case EXPR_CALL: put_call(text, expr); return;
  case EXPR_LIST: put_list(text, expr); return;
  case EXPR_BINARY: put_binary(text, expr); return;
  case EXPR_UNARY:
    put(text, unary_text(expr->unary));
    put_expr(text, expr->operands[0], SIGN_PRECEDENCE);
    return;
  case EXPR_SELECT:
    put_expr(text, expr->operands[0], SELECT_PRECEDENCE + 1);
    put(text, " ? ");
    put_expr(text, expr->operands[1], SELECT_PRECEDENCE + 1);
    put(text, " : ");
    put_expr(text, expr->operands[2], SELECT_PRECEDENCE);
    return;
  }
}

/* Puts parentheses round what binds less tightly than its place asks for. */
static void put_expr(Text *text, const Expr *expr, uint32_t least) {
  const bool needs_parentheses = precedence(expr) < least;
  if (needs_parentheses) put(text, "(");
  put_bare(text, expr);
  if (needs_parentheses) put(text, ")");
}

/* ---- statements and items ---- */

static void put_layers(Text *text, const Statement *s) {
  static const char *const roles[] = {
      [ROLE_INPUT] = "input", [ROLE_HIDDEN] = "layer", [ROLE_OUTPUT] = "output"};
  put(text, roles[s->role]);
  for (const Declarator *d = s->layers; d; d = d->next) {
    put(text, arena_print(text->arena, " %s[", d->name.text));
    for (const Expr *e = d->shape; e; e = e->next) {
      put_expr(text, e, SELECT_PRECEDENCE);
      if (e->next) put(text, ", ");
    }
    put(text, "]");
    if (d->pad) {
      put(text, " pad ");
      put_expr(text, d->pad, SELECT_PRECEDENCE);
    }
    if (d->next) put(text, ",");
  }
  if (s->activation) {
    put(text, " : ");
    put_expr(text, s->activation, SELECT_PRECEDENCE);
  }
}

static void put_statement(Text *text, const Statement *s) {
  put(text, "  ");
  switch (s->kind) {
  case STATEMENT_LAYERS: put_layers(text, s); break;
  case STATEMENT_JUNCTION:
    put(text, "junction ");
    for (const Expr *e = s->joined; e; e = e->next) {
      put_expr(text, e, SELECT_PRECEDENCE);
      put(text, e->next ? " -> " : " : ");
    }
    put_expr(text, s->pattern, SELECT_PRECEDENCE);
    break;
  case STATEMENT_SETTING:
    put(text, s->setting.text);
    put(text, " = ");
    put_expr(text, s->value, SELECT_PRECEDENCE);
    break;
  }
  put(text, ";\n");
}

static void put_block(Text *text, const char *keyword, const Item *item) {
  put(text, keyword);
  if (*item->name.text) put(text, arena_print(text->arena, " %s", item->name.text));
  put(text, " {\n");
  for (const Statement *s = item->statements; s; s = s->next) put_statement(text, s);
  put(text, "}\n");
}

static void put_definition(Text *text, const char *keyword, const Item *item,
                           const char *parameters) {
  put(text, arena_print(text->arena, "%s %s%s = ", keyword, item->name.text, parameters));
  put_expr(text, item->value, SELECT_PRECEDENCE);
  put(text, ";\n");
}

static const char *parameter_list(const Item *item, Arena *arena) {
  Text text = {.arena = arena};
  put(&text, "(");
  for (const Parameter *p = item->parameters; p; p = p->next) {
    put(&text, p->name.text);
    if (p->fallback) {
      put(&text, " = ");
      put_expr(&text, p->fallback, SELECT_PRECEDENCE);
    }
    if (p->next) put(&text, ", ");
  }
  put(&text, ")");
  if (item->kind == ITEM_PATTERN)
    put(&text, arena_print(arena, "(%s, %s)", item->left.text, item->right.text));
  return finish(&text);
}

static void put_item(Text *text, const Item *item) {
  switch (item->kind) {
  case ITEM_IMPORT:
    put(text, "import ");
    put_string(text, item->path->string);
    put(text, ";\n");
    return;
  case ITEM_LET: put_definition(text, "let", item, ""); return;
  case ITEM_PARAM: put_definition(text, "param", item, ""); return;
  case ITEM_ACTIVATION:
    put_definition(text, "activation", item, parameter_list(item, text->arena));
    return;
  case ITEM_PATTERN:
    put_definition(text, "pattern", item, parameter_list(item, text->arena));
    return;
  case ITEM_NETWORK: put_block(text, "network", item); return;
  case ITEM_HARDWARE: put_block(text, "hardware", item); return;
  case ITEM_TRAIN: put_block(text, "train", item); return;
  }
}

const char *print_file(const File *file, Arena *arena) {
  Text text = {.arena = arena};
  for (const Item *item = file->items; item; item = item->next) put_item(&text, item);
  return finish(&text);
}

const char *print_expr(const Expr *expr, Arena *arena) {
  Text text = {.arena = arena};
  put_expr(&text, expr, SELECT_PRECEDENCE);
  return finish(&text);
}
