// SPDX-License-Identifier: MIT
// The table of verbs, and the help that is printed from it.
#include "compiler/command.h"

#include <stdarg.h>
#include <stdio.h>

const Command commands[VERB_COUNT] = {
#define COMMAND(id, name, function, fewest, most, arguments, help, example)                        \
  {name, function, fewest, most, arguments, help, example},
#include "compiler/commands.def"
#undef COMMAND
};

static const Choice formats[] = {
#define FORMAT(name, function, help) {name, help},
#include "compiler/schedule/formats.def"
#undef FORMAT
    {NULL, NULL},
};

static const Choice columns[] = {
#define COLUMN(id, key, heading, label, form, better, path) {key, label},
#include "compiler/sweep/columns.def"
#undef COLUMN
    {NULL, NULL},
};

static const Choice emits[] = {
#define EMIT(id, name, what) {name, what},
#include "compiler/emits.def"
#undef EMIT
    {NULL, NULL},
};

static const Choice generators[] = {
#define GENERATOR(name, function, help) {name, help},
#include "compiler/generate/generators.def"
#undef GENERATOR
    {NULL, NULL},
};

const ChoiceList choice_lists[] = {
    {VERB_SCHEDULE, "formats", formats},
    {VERB_SWEEP, "columns", columns},
    {VERB_BUILD, "what --emit makes", emits},
    {VERB_GENERATE, "what it makes", generators},
    {VERB_COUNT, NULL, NULL},
};

const ExitMeaning exit_meanings[] = {
    {EXIT_DONE, "done"},
    {EXIT_WRONG, "the file is wrong, or a comparison failed"},
    {EXIT_USAGE, "wrong usage"},
    {EXIT_MISFIT, "it does not fit the hardware"},
    {EXIT_SYSTEM, "reading or writing failed"},
    {EXIT_DEFECT, "a defect of sedge"},
    {EXIT_INTERRUPTED, "interrupted, after a checkpoint was written"},
    {0, NULL},
};

static const char overview_head[] =
    "sedge: sparse neural networks on edge processors\n"
    "\n"
    "usage: sedge VERB [OPTION...] ...     one of the verbs below; sedge VERB --help explains it\n"
    "       sedge FILE.sedge               check the file, and fit it to its hardware\n"
    "       sedge train                    train the example that is inside the command\n"
    "\n";

void print_overview(FILE *out) {
  fputs(overview_head, out);
  for (uint32_t i = 0; i < VERB_COUNT; i++) {
    char call[64];
    snprintf(call, sizeof call, "%s %s", commands[i].name, commands[i].arguments);
    fprintf(out, "  %-32s %s\n", call, commands[i].help);
  }
  for (uint32_t i = 0; exit_meanings[i].meaning; i++) {
    fprintf(out, "%s%-4d %s\n", i == 0 ? "\nexit status: " : "             ", exit_meanings[i].code,
            exit_meanings[i].meaning);
  }
}

void print_verb_help(Verb verb) {
  const Command *command = &commands[verb];
  printf("usage: sedge %s%s%s [OPTION...]\n\n%s\n\noptions:\n", command->name,
         *command->arguments ? " " : "", command->arguments, command->help);
  print_options(stdout, verb);
  for (const ChoiceList *list = choice_lists; list->heading; list++) {
    if (list->verb != verb) continue;
    printf("\n%s:\n", list->heading);
    for (const Choice *choice = list->choices; choice->name; choice++)
      printf("  %-26s %s\n", choice->name, choice->help);
  }
  printf("\nexample:\n  %s\n", command->example);
}

ExitCode usage_error(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("sedge: error: ", stderr);
  vfprintf(stderr, format, values);
  va_end(values);
  fputs("\nsedge --help lists the verbs, sedge VERB --help a verb's options\n", stderr);
  return EXIT_USAGE;
}
