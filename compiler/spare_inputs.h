// SPDX-License-Identifier: MIT
// What a verb writes must not be what it reads: a slip of the hand (-o mnist.sedge) would cost the
// program.
#ifndef SEDGE_COMPILER_SPARE_INPUTS_H
#define SEDGE_COMPILER_SPARE_INPUTS_H

#include "compiler/command.h"
#include "compiler/compilation.h"

/* Why an option would write over a file that the checked program is made of: its texts, its edges,
 * its data.  In the invocation's arena; NULL: none would. */
const char *overwriting_complaint(const Invocation *invocation, const Compilation *c);

#endif
