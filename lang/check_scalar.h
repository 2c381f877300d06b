// SPDX-License-Identifier: MIT
// Own activations and own patterns: from their bodies to Scalars.
#ifndef SEDGE_LANG_CHECK_SCALAR_H
#define SEDGE_LANG_CHECK_SCALAR_H

#include "lang/bind.h"

enum { SCALAR_DEPTH_LIMIT = 256, SCALAR_SIZE_LIMIT = 4096 };

/* The activation that `declaration` defines, with its derivative; made once.  NULL after an error.
 */
const OwnActivation *check_activation(const Checker *checker, Declaration *declaration);

/* The pattern that `declaration` defines with the arguments of `call` (a NAME or CALL) bound.  NULL
 * after an error. */
const OwnPattern *check_own_pattern(const Checker *checker, const Declaration *declaration,
                                    const Expr *call);

/* Checks all own activations and patterns, also those that nothing uses. */
void check_definitions(const Checker *checker);

#endif
