// SPDX-License-Identifier: MIT
// The few operations in which the two kinds of number differ, so that a kernel is written once for
// both.
//
// float32: <16 x float>, a product joins its sum by a fused multiply-add.  Fixed: <16 x i32>, a
// product is rounded and saturated before it joins an exact sum, which saturates at its end
// (runtime/fixed.h); before that, products of formats above 16 bits are <16 x i64>.
#ifndef SEDGE_COMPILER_LLVM_ARITHMETIC_H
#define SEDGE_COMPILER_LLVM_ARITHMETIC_H

#include "compiler/llvm/emitter.h"
#include "runtime/edge_ops.h"

/* Whether a fixed format's sums over a junction's fan-in and fan-out fit 32 bits. */
bool fits_vectors(const Emitter *e, const Interleaver *edges);

Type cell_type(const Emitter *e);   /* one number: float or i32 */
Type vector_type(const Emitter *e); /* 16 of them */
Value zero_vector(const Emitter *e);

/* A number as the second operand of products: fixed ones may be multiplied as words of 16 bits, if
 * one is without its sign's copies above.  A factor keeps its meaning when its lanes are permuted
 * or blended, but is for products alone. */
Value factor_of(Emitter *e, Value number);

/* number * factor without rounding, in 32 or 64 bits as the format needs; fixed vectors or
 * scalars. */
Value exact_product(Emitter *e, Value number, Value factor);

/* What is known of fixed products. */
typedef enum ProductRange {
  PRODUCT_ANY,  /* saturates */
  PRODUCT_SMALL /* -1 < factor <= 1, so that it cannot leave the range */
} ProductRange;

/* The random words of stochastic rounding: <16 x i32>, for each lane of `elements` (<16 x i32>)
 * stochastic_word() of the junction's `operation` (an EdgeOp, or one of fixed.h).  `inputs`: i64,
 * or one for each lane.  NULL where nothing rounds so.  (random_ir.c) */
Value rounding_words(Emitter *e, uint32_t junction, uint32_t operation, Value inputs,
                     Value elements);

/* The words of elements 4 * block .. 4 * block + 3 of 16 inputs (<16 x i64>) and blocks (<16 x
 * i32>): words[i] of the i-th element. */
void rounding_blocks(Emitter *e, uint32_t junction, uint32_t operation, Value inputs, Value blocks,
                     Value words[4]);

/* The same for elements 0 .. count - 1 of one input, in turn, at a quarter of the cost; the array
 * has room for count rounded up to 64. */
void fill_rounding_words(Emitter *e, uint32_t junction, uint32_t operation, Value input,
                         uint32_t count, Value array);

/* sum + number * factor; vectors.  Here and below `words` are rounding_words(). */
Value add_product(Emitter *e, Value number, Value factor, Value sum, ProductRange range,
                  Value words);
Value add_sums(Emitter *e, Value a, Value b);

/* number * factor, rounded and saturated; fixed vectors. */
Value rounded_product(Emitter *e, Value number, Value factor, ProductRange range, Value words);

/* factor * a finished sum: a delta by its derivative. */
Value scale_sum(Emitter *e, Value factor, Value sum, Value words);

/* One number or 16, in 64 bits each; what is in the format's range, back in 32. */
Value lengthen(Emitter *e, Value number);
Value shorten(Emitter *e, Value number);

/* number / 2^bits, rounded, in the same lanes. */
Value drop_bits(Emitter *e, Value number, uint32_t bits, Value words);

/* Into the range of the format; lanes of 32 or 64 bits. */
Value saturate(Emitter *e, Value vector);

/* parameter - 2^-shift * number * factor / 2^fraction (a weight's), or without factor and fraction
 * (a bias's: factor is NULL), rounded once and saturated.  shift: i32, from 0 to what is still a
 * rate (below NO_SHIFT). */
Value descend(Emitter *e, Value parameter, Value number, Value factor, Value shift, Value words);

/* parameter - step / 2^bits, rounded once and saturated; step in lanes of 32 or 64 bits, at least
 * one to spare.  bits: i32. */
Value descend_by(Emitter *e, Value parameter, Value step, Value bits, Value words);

/* One input's gradient, exact: a weight's number * factor, a bias's number (factor NULL); 64 bits,
 * 2 * fraction of them below 1. */
Value exact_gradient(Emitter *e, Value number, Value factor);

#endif
