// SPDX-License-Identifier: MIT
// What the operations of an own pattern's condition give: exact fractions as long as they can, else
// doubles.
//
// Roots, logarithms, powers of e and powers with a fractional exponent are doubles, from operations
// that give the same bits on every machine; all else is exact, and a result that 64 bits cannot
// hold is no result.
#ifndef SEDGE_COMPILER_EDGES_CONDITION_VALUE_H
#define SEDGE_COMPILER_EDGES_CONDITION_VALUE_H

#include "lang/rational.h"
#include "lang/scalar.h"

/* Each applies `op` to operand [3], of which those beyond the op's arity are any number, and
 * returns NULL, or what is wrong in words ("a division by zero").  Truth is 1 or 0.  AND, OR,
 * SELECT, CONSTANT and ARGUMENT are not operations here: who evaluates decides what to evaluate. */
const char *apply_exact(ScalarOp op, const Rational *operand, Rational *result);

/* The same on doubles; comparisons give 1.0 or 0.0, and no result is infinite or not a number. */
const char *apply_real(ScalarOp op, const double *operand, double *result);

#endif
