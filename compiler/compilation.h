// SPDX-License-Identifier: MIT
// All state of one run of the compiler, handed first to every pass.
//
// Each pass reads what earlier ones made and writes one new thing; nothing is edited afterwards.
#ifndef SEDGE_COMPILER_COMPILATION_H
#define SEDGE_COMPILER_COMPILATION_H

#include <stdbool.h>

#include "compiler/fit/fit.h"
#include "lang/check.h"
#include "lang/diagnostic.h"
#include "lang/program.h"
#include "runtime/interleaver.h"
#include "runtime/model.h"
#include "runtime/schedule.h"

typedef struct Compilation {
  Arena *arena; /* owns all that the passes make */
  Sources *sources;
  Diagnostics *diagnostics;
  const char *path; /* of the .sedge file; a name for messages where `text` is given */
  const char *text; /* its text where it is embedded, else NULL */
  CheckOptions options;
  Checked checked;          /* by check: the tree and its names, also after an error */
  const Program *program;   /* by check */
  const Interleaver *edges; /* by edges: [junction_count] */
  const Model *model;       /* by model */
  const Fit *fit;           /* by fit */
  const Schedule *schedule; /* by schedule */
} Compilation;

/* Begins a compilation of the file at `path`, or of `text` where that is not NULL; nothing is read
 * yet.  `options` is copied, what it points to is borrowed.  Owned: compilation_close, which frees
 * all that the passes made. */
Compilation *compilation_open(const char *path, const char *text, const CheckOptions *options);
void compilation_close(Compilation *c);

/* The folder of the file that contains `span`, "." for nowhere; in the arena.  Paths inside a file
 * are relative to it. */
const char *folder_of_span(const Compilation *c, Span span);

/* Where the file of a pattern edges(file) is; in the arena. */
const char *edge_file(const Compilation *c, const Pattern *pattern);

#endif
