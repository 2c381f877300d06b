// SPDX-License-Identifier: MIT
// Own activations: from the language's tree to the runtime's list of steps.
#ifndef SEDGE_COMPILER_LOWER_FORMULA_H
#define SEDGE_COMPILER_LOWER_FORMULA_H

#include "lang/arena.h"
#include "lang/scalar.h"
#include "runtime/formula.h"

/* The steps of a tree, operands before their users, equal steps once; in the arena.  The tree is an
 * activation or its derivative: SCALAR_ARGUMENT 0 is x. */
const Formula *lower_formula(const Scalar *tree, Arena *arena);

#endif
