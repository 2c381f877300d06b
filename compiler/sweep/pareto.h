// SPDX-License-Identifier: MIT
// The runs that no other beats: the Pareto set of two measures.
#ifndef SEDGE_COMPILER_SWEEP_PARETO_H
#define SEDGE_COMPILER_SWEEP_PARETO_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"

/* A point (x, y) is beaten by another that is at least as good in both and better in one; less is
 * better, unless x_more, y_more. is_best [count] becomes true for those that none beats.  A point
 * with a NaN beats nothing and is not in the set. */
void pareto_set(const double *x, const double *y, bool x_more, bool y_more, uint32_t count,
                Arena *scratch, bool *is_best);

#endif
