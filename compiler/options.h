// SPDX-License-Identifier: MIT
// The command line as values: options.def and commands.def turned into structs and enums, and the
// parser.
#ifndef SEDGE_COMPILER_OPTIONS_H
#define SEDGE_COMPILER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lang/arena.h"
#include "lang/check.h"
#include "runtime/verbs/run_options.h"

typedef enum Verb {
#define COMMAND(id, name, function, fewest, most, arguments, help, example) VERB_##id,
#include "compiler/commands.def"
#undef COMMAND
  VERB_COUNT
} Verb;

typedef struct TextList {
  uint32_t count;
  const char *const *texts;
} TextList;

#define OPTION_TYPE_LIST TextList

typedef struct Options {
  RunOptions run; /* those that a built trainer has too */
#define OPTION(field, name, letter, kind, value, verbs, help) OPTION_TYPE_##kind field;
#include "compiler/options.def"
#undef OPTION
} Options;

/* A command line in parts. */
typedef struct ParsedLine {
  Options options;
  uint64_t given;          /* bit i: option i of the table in options.c was given */
  uint32_t argument_count; /* everything that is no option, the verb included */
  const char *const *arguments;
} ParsedLine;

/* Parses argv; what it fills lives in the arena.  False: NULL-terminated *complaint (in the arena)
 * says why. */
bool parse_options(int argc, const char **argv, Arena *arena, ParsedLine *line,
                   const char **complaint);

/* Whether `verb` takes every option that was given; else false, and *complaint says which it does
 * not. */
bool options_suit(const ParsedLine *line, Verb verb, Arena *arena, const char **complaint);

/* One option as its help shows it. */
typedef struct OptionFacts {
  const char *name;  /* NULL: none */
  char letter;       /* 0: none */
  const char *value; /* what its value is called; NULL: it takes none */
  const char *help;
} OptionFacts;

/* Options 0 .. option_total() - 1 of all verbs, and which verb takes which. */
uint32_t option_total(void);
OptionFacts option_facts(uint32_t option);
bool verb_has_option(Verb verb, uint32_t option);

/* Prints the options of a verb, one line each. */
void print_options(FILE *out, Verb verb);

/* What the language's checker wants of them. */
CheckOptions check_options(const Options *options);

#endif
