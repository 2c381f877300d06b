// SPDX-License-Identifier: MIT
// The table of verbs, and the help that is printed from it.
#include "compiler/command.h"

#include <stdarg.h>
#include <stdio.h>

#include "compiler/schedule/schedule_formats.h"

const Command commands[VERB_COUNT] = {
#define COMMAND(id, name, function, fewest, most, arguments, help, example)                        \
  {name, function, fewest, most, arguments, help, example},
#include "compiler/commands.def"
#undef COMMAND
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
  fputs(
      "\nexit status: 0 done, 1 the file is wrong, 2 wrong usage, 3 it does not fit the hardware,\n"
      "             4 reading or writing failed, 70 a defect of sedge, 130 interrupted\n",
      out);
}

void print_verb_help(Verb verb) {
  const Command *command = &commands[verb];
  printf("usage: sedge %s %s [OPTION...]\n\n%s\n\noptions:\n", command->name, command->arguments,
         command->help);
  print_options(stdout, verb);
  if (verb == VERB_SCHEDULE) {
    fputs("\nformats:\n", stdout);
    print_schedule_formats(stdout);
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
