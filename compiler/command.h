// SPDX-License-Identifier: MIT
// One call of the command: its verb, its options, its arguments, and the functions that the verbs
// share.
#ifndef SEDGE_COMPILER_COMMAND_H
#define SEDGE_COMPILER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/options.h"
#include "lang/arena.h"
#include "runtime/verbs/exit_code.h"

typedef struct Invocation {
  Arena *arena; /* what the call itself allocates; compilations have arenas of their own */
  Verb verb;
  Options options;
  uint32_t argument_count; /* without the verb */
  const char *const *arguments;
  bool with_color; /* on standard error */
} Invocation;

typedef ExitCode (*CommandFunction)(const Invocation *invocation);

typedef struct Command {
  const char *name;
  CommandFunction run;
  uint32_t fewest, most; /* arguments */
  const char *arguments, *help, *example;
} Command;

/* Indexed by Verb (options.h). */
extern const Command commands[VERB_COUNT];

#define COMMAND(id, name, function, fewest, most, arguments, help, example)                        \
  ExitCode function(const Invocation *invocation);
#include "compiler/commands.def"
#undef COMMAND

/* What the exit status means: ends with a NULL meaning. */
typedef struct ExitMeaning {
  ExitCode code;
  const char *meaning;
} ExitMeaning;
extern const ExitMeaning exit_meanings[];

/* Names that may stand somewhere in a verb's call, and what each is; ended by a name that is NULL.
 */
typedef struct Choice {
  const char *name, *help;
} Choice;

/* What a verb's help lists besides its options; ended by a heading that is NULL. */
typedef struct ChoiceList {
  Verb verb;
  const char *heading;
  const Choice *choices;
} ChoiceList;
extern const ChoiceList choice_lists[];

/* The verbs and what they are for; and one verb with its options and an example, on standard
 * output. */
void print_overview(FILE *out);
void print_verb_help(Verb verb);

/* Says on standard error what is wrong with the command line, and the way to help; returns
 * EXIT_USAGE. */
ExitCode usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
