// SPDX-License-Identifier: MIT
// The command line of a built trainer: the options that it shares with sedge, by the same table.
#ifndef SEDGE_RUNTIME_BUILT_COMMAND_LINE_H
#define SEDGE_RUNTIME_BUILT_COMMAND_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/verbs/run_options.h"

typedef enum TrainerVerb {
#define TRAINER_VERB(id, name, most, arguments, help) VERB_##id,
#include "runtime/built/verbs.def"
#undef TRAINER_VERB
  TRAINER_VERB_COUNT
} TrainerVerb;

/* A command line in parts; texts are the command line's own. */
typedef struct TrainerLine {
  RunOptions options;
  TrainerVerb verb;  /* TRAINER_VERB_COUNT: none */
  const char *input; /* the argument after the verb, or NULL */
} TrainerLine;

/* Parses argv.  False: `complaint` says why. */
bool parse_trainer_line(int argc, char **argv, TrainerLine *line, char complaint[256]);

/* The verbs, and one verb with its options, of the trainer that is called `program`. */
void print_trainer_overview(const char *program, FILE *out);
void print_trainer_verb(const char *program, TrainerVerb verb, FILE *out);

#endif
