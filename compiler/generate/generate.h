// SPDX-License-Identifier: MIT
// Files for other programs that must agree with the command's tables, and therefore are made from
// them.
#ifndef SEDGE_COMPILER_GENERATE_GENERATE_H
#define SEDGE_COMPILER_GENERATE_GENERATE_H

#include <stdint.h>
#include <stdio.h>

#define GENERATOR(name, function, help) void function(FILE *out);
#include "compiler/generate/generators.def"
#undef GENERATOR

/* Words that the tables have of one kind. */
typedef struct WordList {
  uint32_t count;
  const char *const *words; /* [count] */
} WordList;

/* The names of generators, error codes; what an option takes (no words where that is free). */
WordList generator_names(void);
WordList error_code_names(void);
WordList option_choices(const char *option);

#endif
