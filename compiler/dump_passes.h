// SPDX-License-Identifier: MIT
// What each pass made, as text: --dump=NAME.  Tests compare it, so it is stable and holds no
// addresses or times.
#ifndef SEDGE_COMPILER_DUMP_PASSES_H
#define SEDGE_COMPILER_DUMP_PASSES_H

#include <stdio.h>

#include "compiler/compilation.h"

/* Each prints one field of the compilation, which its pass has made. */
void dump_program(const Compilation *c, FILE *out); /* the blocks with every default filled in */
void dump_edges(const Compilation *c,
                FILE *out); /* each right neuron's left neurons, in edge order */
void dump_model(const Compilation *c, FILE *out);    /* layers, sum orders, numbers, digest */
void dump_fit(const Compilation *c, FILE *out);      /* z, remedies, resources of every junction */
void dump_schedule(const Compilation *c, FILE *out); /* as `sedge schedule` prints it */

#endif
