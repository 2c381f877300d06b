// SPDX-License-Identifier: MIT
// From the checked train block to the runtime's recipe.
#ifndef SEDGE_COMPILER_MAKE_RECIPE_H
#define SEDGE_COMPILER_MAKE_RECIPE_H

#include "compiler/compilation.h"
#include "runtime/recipe.h"

/* The recipe of a compilation; the hardware's clocks are 0 where it has not come to its schedule.
 * Its texts live in the compilation's arena. */
Recipe make_recipe(const Compilation *c);

#endif
