/* SPDX-License-Identifier: MIT
 * The grammar of .sedge: actions build nodes and do nothing else.
 *
 * It takes more than is right (two outputs, a setting in a network), so that the checks can say
 * better what is wrong. After a mistake it goes on behind the next `;` or `}`: one mistake, one
 * message. */
%require "3.8"
%define api.pure full
%define api.prefix {sedge_}
%define api.token.prefix {TOK_}
%define api.value.type union
%define api.location.type {Span}
%locations
%define parse.error custom
%define parse.lac full
%expect 0
%param {yyscan_t scanner} {Parse *parse}

%code requires {
#include "lang/parse_state.h"
typedef void *yyscan_t;
}

%code provides {
#define YY_DECL int sedge_lex(SEDGE_STYPE *value, SEDGE_LTYPE *at, yyscan_t yyscanner, Parse *parse)
YY_DECL;
}

%code {
#include <assert.h>
#include <stdio.h>

/* An empty rule stands at the end of what came before it. */
#define YYLLOC_DEFAULT(current, rhs, n)                   \
  do {                                                    \
    (current).begin = (n) ? YYRHSLOC(rhs, 1).begin : YYRHSLOC(rhs, 0).end; \
    (current).end = YYRHSLOC(rhs, n).end;                 \
  } while (0)

static void sedge_error(const Span *at, yyscan_t scanner, Parse *parse, const char *text);

enum { CHAIN_LIMIT = 2000 };

/* Whether an operation may stand on `left`: what goes through a tree goes down its left side by
 * recursion. */
static bool is_shallow(Parse *parse, Span at, const Expr *left) {
  const bool is_chain = left && left->kind == EXPR_BINARY;
  if (!is_chain || left->chain < CHAIN_LIMIT) return true;
  if (!parse->is_too_deep) error_at(parse->diagnostics, ERROR_TOO_DEEP, at, "this has over %d operators", CHAIN_LIMIT);
  parse->is_too_deep = true;
  return false;
}

static Expr *binary(Parse *parse, Span at, BinaryOp op, Span operator_at, Expr *left, Expr *right) {
  if (!is_shallow(parse, operator_at, left)) return expr_new(parse->arena, EXPR_POISON, at);
  Expr *expr = expr_new(parse->arena, EXPR_BINARY, at);
  expr->chain = left && left->kind == EXPR_BINARY ? left->chain + 1 : 0;
  expr->binary = op;
  expr->operator_at = operator_at;
  expr->operands[0] = left;
  expr->operands[1] = right;
  return expr;
}

static Expr *unary(Parse *parse, Span at, UnaryOp op, Expr *operand) {
  Expr *expr = expr_new(parse->arena, EXPR_UNARY, at);
  expr->unary = op;
  expr->operands[0] = operand;
  return expr;
}

static Expr *list(Parse *parse, Span at, Expr *elements) {
  Expr *expr = expr_new(parse->arena, EXPR_LIST, at);
  expr->elements = elements;
  return expr;
}

static Expr *name_expr(Parse *parse, Name name) {
  Expr *expr = expr_new(parse->arena, EXPR_NAME, name.at);
  expr->name = name;
  return expr;
}

/* Appends a node; NULL stands for one that could not be read. */
#define APPEND(list, node)                       \
  do {                                           \
    __typeof__((list).last) appended = (node);   \
    if (!appended) break;                        \
    if ((list).last) {                           \
      (list).last->next = appended;              \
    } else {                                     \
      (list).first = appended;                   \
    }                                            \
    (list).last = appended;                      \
  } while (0)

static Item *item(Parse *parse, ItemKind kind, Span at, Span keyword_at, Name name) {
  Item *node = ARENA_NEW(parse->arena, Item);
  *node = (Item){.kind = kind, .at = at, .keyword_at = keyword_at, .name = name};
  return node;
}

static Statement *statement(Parse *parse, StatementKind kind, Span at) {
  Statement *node = ARENA_NEW(parse->arena, Statement);
  *node = (Statement){.kind = kind, .at = at};
  return node;
}
}

%initial-action { @$ = (Span){parse->source->base, parse->source->base}; }

%token END 0 "end of file"
%token <Name> IDENT "a name"
%token <Rational> NUMBER "a number"
%token <const char *> STRING "a text in quotes"
%token ARROW "'->'" EQUAL "'=='" NOT_EQUAL "'!='" LESS_EQUAL "'<='" GREATER_EQUAL "'>='" AND "'&&'" OR "'||'"
%token SEMICOLON "';'" COMMA "','" COLON "':'" ASSIGN "'='" OPEN "'('" CLOSE "')'" OPEN_BRACE "'{'" CLOSE_BRACE "'}'"
%token OPEN_BRACKET "'['" CLOSE_BRACKET "']'" QUESTION "'?'" NOT "'!'" LESS "'<'" GREATER "'>'"
%token PLUS "'+'" MINUS "'-'" TIMES "'*'" DIVIDE "'/'" MODULO "'%'" POWER "'^'" DOT "'.'"
%token <Name> IMPORT "'import'" LET "'let'" PARAM "'param'" ACTIVATION "'activation'" PATTERN "'pattern'"
%token <Name> NETWORK "'network'" HARDWARE "'hardware'" TRAIN "'train'" INPUT "'input'" LAYER "'layer'"
%token <Name> OUTPUT "'output'" JUNCTION "'junction'" PAD "'pad'"
%token START_FILE "a file" START_DEFINE "a definition"

%right QUESTION COLON
%left OR
%left AND
%nonassoc EQUAL NOT_EQUAL
%nonassoc LESS LESS_EQUAL GREATER GREATER_EQUAL
%left PLUS MINUS
%left TIMES DIVIDE MODULO
%precedence SIGN
%right POWER

%type <Name> name block_name setting_name
%type <ItemList> items
%type <Item *> item
%type <StatementList> body statements
%type <Statement *> statement
%type <DeclaratorList> declarators
%type <Declarator *> declarator
%type <LayerRole> role
%type <ExprList> shape chain elements
%type <Expr *> expr primary pad activation import_path
%type <ArgumentList> arguments argument_list
%type <Argument *> argument
%type <ParameterList> parameters parameter_list
%type <Parameter *> parameter

%%

start:
  START_FILE items                   { parse->items = $items.first; }
| START_DEFINE name ASSIGN expr      { parse->define_name = $name; parse->define_value = $expr; }
| START_DEFINE name[block] DOT name[setting] ASSIGN expr {
    parse->define_block = $block;
    parse->define_name = $setting;
    parse->define_value = $expr;
  }
;

items:
  %empty                             { $$ = (ItemList){0}; }
| items[before] item                 { $$ = $before; APPEND($$, $item); }
;

item:
  IMPORT import_path SEMICOLON       { $$ = item(parse, ITEM_IMPORT, @$, @1, (Name){"", @2}); $$->path = $2; }
| LET name ASSIGN expr SEMICOLON     { $$ = item(parse, ITEM_LET, @$, @1, $name); $$->value = $expr; }
| PARAM name ASSIGN expr SEMICOLON   { $$ = item(parse, ITEM_PARAM, @$, @1, $name); $$->value = $expr; }
| ACTIVATION name[own] OPEN name[x] CLOSE ASSIGN expr SEMICOLON {
    $$ = item(parse, ITEM_ACTIVATION, @$, @1, $own);
    $$->parameters = ARENA_NEW(parse->arena, Parameter);
    *$$->parameters = (Parameter){.at = @x, .name = $x};
    $$->value = $expr;
  }
| PATTERN name[own] OPEN parameters CLOSE OPEN name[left] COMMA name[right] CLOSE ASSIGN expr SEMICOLON {
    $$ = item(parse, ITEM_PATTERN, @$, @1, $own);
    $$->parameters = $parameters.first;
    $$->left = $left;
    $$->right = $right;
    $$->value = $expr;
  }
| NETWORK block_name body {
    $$ = item(parse, ITEM_NETWORK, @$, @1, $block_name); $$->statements = $body.first;
  }
| HARDWARE block_name body {
    $$ = item(parse, ITEM_HARDWARE, @$, @1, $block_name); $$->statements = $body.first;
  }
| TRAIN block_name body {
    $$ = item(parse, ITEM_TRAIN, @$, @1, $block_name); $$->statements = $body.first;
  }
| error SEMICOLON                    { $$ = NULL; yyerrok; }
| error CLOSE_BRACE                  { $$ = NULL; yyerrok; }
;

import_path:
  STRING                             { $$ = expr_new(parse->arena, EXPR_STRING, @$); $$->string = $1; }
;

block_name:
  %empty                             { $$ = (Name){"", @$}; }
| name                               { $$ = $name; }
;

parameters:
  %empty                             { $$ = (ParameterList){0}; }
| parameter_list
;

parameter_list:
  parameter                          { $$ = (ParameterList){$1, $1}; }
| parameter_list[before] COMMA parameter  { $$ = $before; APPEND($$, $parameter); }
;

parameter:
  name                               { $$ = ARENA_NEW(parse->arena, Parameter); *$$ = (Parameter){.at = @$, .name = $name}; }
| name ASSIGN expr {
    $$ = ARENA_NEW(parse->arena, Parameter);
    *$$ = (Parameter){.at = @$, .name = $name, .fallback = $expr};
  }
;

body:
  OPEN_BRACE statements CLOSE_BRACE       { $$ = $statements; }
| OPEN_BRACE statements error CLOSE_BRACE { $$ = $statements; yyerrok; }
;

statements:
  %empty                             { $$ = (StatementList){0}; }
| statements[before] statement       { $$ = $before; APPEND($$, $statement); }
;

statement:
  role declarators activation SEMICOLON {
    $$ = statement(parse, STATEMENT_LAYERS, @$);
    $$->role = $role;
    $$->layers = $declarators.first;
    $$->activation = $activation;
  }
| JUNCTION chain COLON expr SEMICOLON {
    $$ = statement(parse, STATEMENT_JUNCTION, @$);
    $$->joined = $chain.first;
    $$->pattern = $expr;
  }
| setting_name ASSIGN expr SEMICOLON {
    $$ = statement(parse, STATEMENT_SETTING, (Span){@1.begin, @3.end});
    $$->setting = $setting_name;
    $$->value = $expr;
  }
| error SEMICOLON                    { $$ = NULL; yyerrok; }
;

role:
  INPUT                              { $$ = ROLE_INPUT; }
| LAYER                              { $$ = ROLE_HIDDEN; }
| OUTPUT                             { $$ = ROLE_OUTPUT; }
;

declarators:
  declarator                         { $$ = (DeclaratorList){$1, $1}; }
| declarators[before] COMMA declarator    { $$ = $before; APPEND($$, $declarator); }
;

declarator:
  name OPEN_BRACKET shape CLOSE_BRACKET pad {
    $$ = ARENA_NEW(parse->arena, Declarator);
    *$$ = (Declarator){.at = @$, .name = $name, .shape = $shape.first, .pad = $pad};
  }
;

shape:
  expr                               { $$ = (ExprList){$1, $1}; }
| shape[before] COMMA expr           { $$ = $before; APPEND($$, $expr); }
;

pad:
  %empty                             { $$ = NULL; }
| PAD expr                           { $$ = $expr; }
;

activation:
  %empty                             { $$ = NULL; }
| COLON name                         { $$ = name_expr(parse, $name); }
;

chain:
  name[left] ARROW name[right] {
    $$ = (ExprList){0};
    APPEND($$, name_expr(parse, $left));
    APPEND($$, name_expr(parse, $right));
  }
| chain[before] ARROW name           { $$ = $before; APPEND($$, name_expr(parse, $name)); }
;

setting_name:
  IDENT
| IMPORT | LET | PARAM | ACTIVATION | PATTERN | NETWORK | HARDWARE | TRAIN | PAD
;

name:
  IDENT
| IMPORT | LET | PARAM | ACTIVATION | PATTERN | NETWORK | HARDWARE | TRAIN | INPUT | LAYER | OUTPUT | JUNCTION | PAD
;

expr:
  primary
| expr[a] OR expr[b]                 { $$ = binary(parse, @$, BINARY_OR, @2, $a, $b); }
| expr[a] AND expr[b]                { $$ = binary(parse, @$, BINARY_AND, @2, $a, $b); }
| expr[a] EQUAL expr[b]              { $$ = binary(parse, @$, BINARY_EQUAL, @2, $a, $b); }
| expr[a] NOT_EQUAL expr[b]          { $$ = binary(parse, @$, BINARY_NOT_EQUAL, @2, $a, $b); }
| expr[a] LESS expr[b]               { $$ = binary(parse, @$, BINARY_LESS, @2, $a, $b); }
| expr[a] LESS_EQUAL expr[b]         { $$ = binary(parse, @$, BINARY_LESS_EQUAL, @2, $a, $b); }
| expr[a] GREATER expr[b]            { $$ = binary(parse, @$, BINARY_GREATER, @2, $a, $b); }
| expr[a] GREATER_EQUAL expr[b]      { $$ = binary(parse, @$, BINARY_GREATER_EQUAL, @2, $a, $b); }
| expr[a] PLUS expr[b]               { $$ = binary(parse, @$, BINARY_ADD, @2, $a, $b); }
| expr[a] MINUS expr[b]              { $$ = binary(parse, @$, BINARY_SUBTRACT, @2, $a, $b); }
| expr[a] TIMES expr[b]              { $$ = binary(parse, @$, BINARY_MULTIPLY, @2, $a, $b); }
| expr[a] DIVIDE expr[b]             { $$ = binary(parse, @$, BINARY_DIVIDE, @2, $a, $b); }
| expr[a] MODULO expr[b]             { $$ = binary(parse, @$, BINARY_MODULO, @2, $a, $b); }
| expr[a] POWER expr[b]              { $$ = binary(parse, @$, BINARY_POWER, @2, $a, $b); }
| MINUS expr[a] %prec SIGN           { $$ = unary(parse, @$, UNARY_NEGATE, $a); }
| PLUS expr[a] %prec SIGN            { $$ = $a; }
| NOT expr[a] %prec SIGN             { $$ = unary(parse, @$, UNARY_NOT, $a); }
| expr[a] QUESTION expr[b] COLON expr[c] {
    $$ = expr_new(parse->arena, EXPR_SELECT, @$);
    $$->operands[0] = $a;
    $$->operands[1] = $b;
    $$->operands[2] = $c;
    $$->operator_at = @2;
  }
;

primary:
  NUMBER                             { $$ = expr_new(parse->arena, EXPR_NUMBER, @$); $$->number = $1; }
| NUMBER IDENT                       { $$ = expr_new(parse->arena, EXPR_QUANTITY, @$); $$->number = $1; $$->name = $2; }
| STRING                             { $$ = expr_new(parse->arena, EXPR_STRING, @$); $$->string = $1; }
| name                               { $$ = name_expr(parse, $name); }
| name OPEN arguments CLOSE {
    $$ = expr_new(parse->arena, EXPR_CALL, @$);
    $$->name = $name;
    $$->arguments = $arguments.first;
  }
| OPEN expr CLOSE                    { $$ = $expr; $$->at = @$; $$->is_parenthesized = true; }
| OPEN CLOSE                         { $$ = list(parse, @$, NULL); }
| OPEN expr COMMA CLOSE              { $$ = list(parse, @$, $expr); }
| OPEN expr COMMA elements CLOSE     { $expr->next = $elements.first; $$ = list(parse, @$, $expr); }
| OPEN expr COMMA elements COMMA CLOSE { $expr->next = $elements.first; $$ = list(parse, @$, $expr); }
;

elements:
  expr                               { $$ = (ExprList){$1, $1}; }
| elements[before] COMMA expr        { $$ = $before; APPEND($$, $expr); }
;

arguments:
  %empty                             { $$ = (ArgumentList){0}; }
| argument_list
| argument_list COMMA                { $$ = $1; }
;

argument_list:
  argument                           { $$ = (ArgumentList){$1, $1}; }
| argument_list[before] COMMA argument { $$ = $before; APPEND($$, $argument); }
;

argument:
  expr {
    $$ = ARENA_NEW(parse->arena, Argument);
    *$$ = (Argument){.at = @$, .value = $expr};
  }
| name ASSIGN expr {
    $$ = ARENA_NEW(parse->arena, Argument);
    *$$ = (Argument){.at = @$, .name = $name, .value = $expr};
  }
;

%%

enum { EXPECTED_LIMIT = 4, TOKEN_LIMIT = 64 };

static bool is_among(yysymbol_kind_t symbol, const yysymbol_kind_t *expected, int count) {
  for (int i = 0; i < count; i++) {
    if (expected[i] == symbol) return true;
  }
  return false;
}

/* "expected ';'", "expected a name or '('"; where very many would do, what closes the construct or
 * "a value". */
static void list_expected(const yysymbol_kind_t *expected, int count, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  if (count > EXPECTED_LIMIT) {
    const char *what = is_among(YYSYMBOL_SEMICOLON, expected, count)       ? "';'"
                       : is_among(YYSYMBOL_CLOSE, expected, count)         ? "',' or ')'"
                       : is_among(YYSYMBOL_CLOSE_BRACKET, expected, count) ? "',' or ']'"
                       : is_among(YYSYMBOL_NUMBER, expected, count)        ? "a value"
                       : is_among(YYSYMBOL_CLOSE_BRACE, expected, count)   ? "a statement or '}'"
                       : is_among(YYSYMBOL_IDENT, expected, count)         ? "a name"
                       : is_among(YYSYMBOL_NETWORK, expected, count)       ? "'network', 'hardware', 'train' or another item"
                                                                           : NULL;
    if (what) snprintf(text, size, ", expected %s", what);
    return;
  }
  for (int i = 0; i < count && used < size; i++) {
    const char *before = i == 0 ? ", expected " : i + 1 == count ? " or " : ", ";
    const int written = snprintf(text + used, size - used, "%s%s", before, yysymbol_name(expected[i]));
    used += written > 0 ? (size_t)written : 0;
  }
}

static int yyreport_syntax_error(const yypcontext_t *context, yyscan_t scanner, Parse *parse) {
  (void)scanner;
  yysymbol_kind_t expected[TOKEN_LIMIT];
  const int count = yypcontext_expected_tokens(context, expected, TOKEN_LIMIT);
  char text[256];
  list_expected(expected, count, text, sizeof text);
  const yysymbol_kind_t found = yypcontext_token(context);
  const Span at = *yypcontext_location(context);
  Message *m = NULL;
  assert(found != YYSYMBOL_YYEMPTY); /* no rule fails before the parser has looked at a token */
  if (at.end > at.begin) {
    const uint32_t length = at.end - at.begin < 40 ? at.end - at.begin : 40;
    m = error_at(parse->diagnostics, ERROR_SYNTAX, at, "unexpected '%.*s'%s", (int)length,
                 parse->source->text + (at.begin - parse->source->base), text);
  } else {
    m = error_at(parse->diagnostics, ERROR_SYNTAX, at, "unexpected %s%s", yysymbol_name(found),
                 text);
  }
  if (is_among(YYSYMBOL_SEMICOLON, expected, count) && parse_lacks_semicolon(parse, at)) {
    help(m, "put a ';' after the statement before it");
    fix(m, (Span){parse->previous.end, parse->previous.end}, ";");
  }
  return 0;
}

static void sedge_error(const Span *at, yyscan_t scanner, Parse *parse, const char *text) {
  (void)scanner;
  (void)text; /* bison calls it for one reason alone: its stack is full */
  error_at(parse->diagnostics, ERROR_TOO_DEEP, *at, "this is nested too deeply");
}
