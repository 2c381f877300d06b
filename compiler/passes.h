// SPDX-License-Identifier: MIT
// The compiler's table of contents: which passes there are, in which order, and how far to go.
//
// To add a pass: a line in passes.def, a field in Compilation, and its run (and verify, dump)
// functions.
#ifndef SEDGE_COMPILER_PASSES_H
#define SEDGE_COMPILER_PASSES_H

#include <stdbool.h>
#include <stdio.h>

#include "compiler/compilation.h"

typedef enum PassId {
#define PASS(id, name, makes, run, verify, dump, why) PASS_##id,
#include "compiler/passes.def"
#undef PASS
  PASS_COUNT
} PassId;

typedef struct Pass {
  const char *name;  /* --stop-after=NAME, --dump=NAME */
  const char *makes; /* the field of Compilation */
  bool (*run)(Compilation *c);
  bool (*verify)(const Compilation *c);
  void (*dump)(const Compilation *c, FILE *out);
  const char *why;
} Pass;

/* In order, indexed by PassId. */
extern const Pass passes[PASS_COUNT];

/* Runs the passes up to and including `last`, each followed by its verify.  False: an error was
 * reported, and the passes after it were not run. */
bool run_passes(Compilation *c, PassId last);

/* The same from `first` on, where all before it have been run. */
bool run_passes_from(Compilation *c, PassId first, PassId last);

/* The pass called `name`, or PASS_COUNT. */
PassId find_pass(const char *name);

#endif
