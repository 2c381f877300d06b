// SPDX-License-Identifier: MIT
// The model pass: the checked program and its edges become the runtime's model.
#ifndef SEDGE_COMPILER_MAKE_MODEL_H
#define SEDGE_COMPILER_MAKE_MODEL_H

#include "lang/arena.h"
#include "lang/program.h"
#include "runtime/interleaver.h"
#include "runtime/model.h"

/* The model of a program with these edges [junction_count]; in the arena, and borrows the program's
 * and the edges' tables.  Cannot fail: whatever a model cannot be was refused by check. */
const Model *make_model(const Program *program, const Interleaver *edges, Arena *arena);

#endif
