// SPDX-License-Identifier: MIT
// Scalar functions that the compiler must carry on with: own activations and own pattern
// conditions.
//
// All names, params and lets are gone: what is left are exact constants, the arguments, and
// operations.
#ifndef SEDGE_LANG_SCALAR_H
#define SEDGE_LANG_SCALAR_H

#include <stdint.h>

#include "lang/rational.h"
#include "lang/source.h"

typedef enum ScalarOp {
#define SCALAR(id, name, arity) SCALAR_##id,
#include "lang/scalar_ops.def"
#undef SCALAR
  SCALAR_OP_COUNT
} ScalarOp;

/* A tree; at most 256 operations deep and 4,096 in all, which check enforces. */
typedef struct Scalar {
  ScalarOp op;
  Span at;
  Rational constant;               /* SCALAR_CONSTANT */
  uint32_t argument;               /* SCALAR_ARGUMENT */
  const struct Scalar *operand[3]; /* as many as the op's arity */
} Scalar;

#endif
