// SPDX-License-Identifier: MIT
// sedge generate: files for shells, man and editors, made from the command's own tables.
#include <string.h>

#include "compiler/command.h"
#include "compiler/generate/generate.h"
#include "lang/suggest.h"

static const struct {
  const char *name;
  void (*generate)(FILE *out);
  const char *help;
} generators[] = {
#define GENERATOR(name, function, help) {name, function, help},
#include "compiler/generate/generators.def"
#undef GENERATOR
};

ExitCode command_generate(const Invocation *invocation) {
  const char *wanted = invocation->arguments[0], *list = "";
  Suggestion nearest = suggestion_for(wanted);
  for (size_t i = 0; i < sizeof generators / sizeof generators[0]; i++) {
    if (strcmp(generators[i].name, wanted) == 0) {
      generators[i].generate(stdout);
      return EXIT_DONE;
    }
    suggest(&nearest, generators[i].name);
    list = arena_print(invocation->arena, "%s\n  %-10s %s", list, generators[i].name,
                       generators[i].help);
  }
  if (nearest.best)
    return usage_error("generate makes no '%s'; did you mean '%s'?", wanted, nearest.best);
  return usage_error("generate makes no '%s'; it makes%s", wanted, list);
}
