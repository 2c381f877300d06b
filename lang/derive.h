// SPDX-License-Identifier: MIT
// The derivative of a scalar function of one argument, symbolically.
#ifndef SEDGE_LANG_DERIVE_H
#define SEDGE_LANG_DERIVE_H

#include "lang/arena.h"
#include "lang/diagnostic.h"
#include "lang/scalar.h"

/* The derivative of `value` by argument 0, simplified, in the arena.  At a kink (max, min, abs, ?:)
 * it takes the side that the function itself takes; relu's, written max(0, x), is 0 at 0.  NULL
 * after an error at the place that has none, as of % or gcd is reported, or when the result grows
 * beyond 4,096 operations. */
const Scalar *derive(const Scalar *value, Diagnostics *d, Arena *arena);

/* Simplified copies of operations, shared by derive and check: constants folded exactly, x + 0, x *
 * 1 and the like removed. */
const Scalar *scalar_constant(Rational value, Span at, Arena *arena);
const Scalar *scalar_apply(ScalarOp op, const Scalar *a, const Scalar *b, const Scalar *c, Span at,
                           Arena *arena);

#endif
