// SPDX-License-Identifier: MIT
// Lists of words that can stand at some place of the command line.
#include <string.h>

#include "compiler/generate/generate.h"

#define LIST(array) ((WordList){sizeof(array) / sizeof *(array), (array)})

static const char *const generators[] = {
#define GENERATOR(name, function, help) name,
#include "compiler/generate/generators.def"
#undef GENERATOR
};

static const char *const error_codes[] = {
#define CODE(id, printed, summary, text) printed,
#include "lang/errors.def"
#undef CODE
};

static const char *const formats[] = {
#define FORMAT(name, function, help) name,
#include "compiler/schedule/formats.def"
#undef FORMAT
};

static const char *const engines[] = {
#define ENGINE(name, open, print) name,
#include "compiler/engines.def"
#undef ENGINE
};

static const char *const passes[] = {
#define PASS(id, name, makes, run, verify, dump, why) name,
#include "compiler/passes.def"
#undef PASS
};

static const char *const colors[] = {"auto", "always", "never"};

WordList generator_names(void) {
  return LIST(generators);
}

WordList error_code_names(void) {
  return LIST(error_codes);
}

WordList option_choices(const char *option) {
  const struct {
    const char *option;
    WordList choices;
  } lists[] = {
      {"format", LIST(formats)},    {"engine", LIST(engines)}, {"color", LIST(colors)},
      {"stop-after", LIST(passes)}, {"dump", LIST(passes)},
  };
  for (size_t i = 0; option && i < sizeof lists / sizeof lists[0]; i++) {
    if (strcmp(lists[i].option, option) == 0) return lists[i].choices;
  }
  return (WordList){0, NULL};
}
