// SPDX-License-Identifier: MIT
// The sedge command: finds the verb, calls it, and turns what it returns into the exit status.
//
// Only here does the process end.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/command.h"
#include "lang/suggest.h"
#include "runtime/verbs/output.h"
#include "runtime/verbs/process.h"

static Verb find_verb(const char *name) {
  uint32_t verb = 0;
  while (verb < VERB_COUNT && strcmp(commands[verb].name, name) != 0) verb++;
  return (Verb)verb;
}

/* Whether a first word that is no verb is meant as a file. */
static bool is_file_name(const char *word) {
  const size_t length = strlen(word);
  return strchr(word, '/') || (length > 6 && strcmp(word + length - 6, ".sedge") == 0);
}

static ExitCode unknown_verb(const char *word) {
  Suggestion nearest = suggestion_for(word);
  for (uint32_t i = 0; i < VERB_COUNT; i++) suggest(&nearest, commands[i].name);
  if (nearest.best)
    return usage_error("there is no verb '%s'; did you mean '%s'?", word, nearest.best);
  return usage_error("there is no verb '%s'", word);
}

static bool is_color_known(const char *when) {
  return !when || strcmp(when, "auto") == 0 || strcmp(when, "always") == 0 ||
         strcmp(when, "never") == 0;
}

/* What is wrong with the values of options that several verbs have, or NULL. */
static const char *value_complaint(const Options *options, Arena *arena) {
  if (!is_color_known(options->color))
    return arena_print(arena, "--color is auto, always or never, not '%s'", options->color);
  if (options->level.is_given && options->level.value > 3)
    return arena_print(arena, "-O is 0, 1, 2 or 3, not %" PRIu64, options->level.value);
  if (options->cpu && !*options->cpu) return "--cpu needs the name of a processor";
  return NULL;
}

static ExitCode run_verb(Verb verb, const ParsedLine *line, uint32_t skipped, Arena *arena) {
  const Command *command = &commands[verb];
  Invocation invocation = {
      .arena = arena,
      .verb = verb,
      .options = line->options,
      .argument_count = line->argument_count - skipped,
      .arguments = line->arguments + skipped,
  };
  const char *complaint = NULL;
  if (!options_suit(line, verb, arena, &complaint)) return usage_error("%s", complaint);
  if (line->options.run.help) {
    print_verb_help(verb);
    return EXIT_DONE;
  }
  complaint = value_complaint(&line->options, arena);
  if (complaint) return usage_error("%s", complaint);
  invocation.with_color = stream_has_color(stderr, line->options.color);
  if (invocation.argument_count < command->fewest || invocation.argument_count > command->most) {
    return usage_error("usage: sedge %s %s", command->name, command->arguments);
  }
  return command->run(&invocation);
}

static ExitCode run_line(int argc, const char **argv, Arena *arena) {
  ParsedLine line;
  const char *complaint = NULL;
  if (!parse_options(argc, argv, arena, &line, &complaint)) return usage_error("%s", complaint);
  if (line.options.run.version) {
    puts("sedge " SEDGE_VERSION);
    return EXIT_DONE;
  }
  if (line.argument_count == 0) {
    print_overview(stdout);
    return EXIT_DONE;
  }
  const Verb verb = find_verb(line.arguments[0]);
  if (verb != VERB_COUNT) return run_verb(verb, &line, 1, arena);
  if (is_file_name(line.arguments[0])) return run_verb(VERB_FIT, &line, 0, arena);
  return unknown_verb(line.arguments[0]);
}

int main(int argc, const char **argv) {
  process_begin("sedge");
  arena_on_failure(process_no_memory);
  Arena *arena = arena_open();
  const ExitCode code = run_line(argc, argv, arena);
  arena_close(arena);
  return (int)process_end(code);
}
