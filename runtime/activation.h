// SPDX-License-Identifier: MIT
// Activation functions and their derivatives, in both kinds of number.
//
// float32: a = f(s) by elementary.h; sigmoid' = a * (1 - a), tanh' = 1 - a * a, relu' = s > 0,
// identity' = 1, each operation rounded; an own function and its derivative are formulas. fixed:
// tables over the representable s, each entry the exact value rounded to the nearest (half up),
// saturated.
#ifndef SEDGE_RUNTIME_ACTIVATION_H
#define SEDGE_RUNTIME_ACTIVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/formula.h"
#include "runtime/number.h"

typedef enum ActivationFunction {
  ACTIVATE_SIGMOID,
  ACTIVATE_TANH,
  ACTIVATE_RELU,
  ACTIVATE_IDENTITY,
  ACTIVATE_SOFTMAX, /* output layer alone; needs all sums: see softmax_* */
  ACTIVATE_FORMULA,
} ActivationFunction;

typedef struct Activation {
  ActivationFunction function;
  const char *name;
  const Formula *value, *derivative; /* FORMULA; borrowed */
} Activation;

/* float32, any function but softmax. */
void activate_float32(const Activation *activation, float s, float *a, float *d);

/* a = softmax of `count` sums: exp(s - max), summed in 16 lanes (element k in lane k % 16) as a
 * tree, divided. */
void softmax_float32(const float *sums, uint32_t count, float *a);

/* Fixed point: tables up to 16 bits (activation_has_table), the same values computed when asked
 * above. Owned: activation_table_close.  NULL where there is no memory. */
typedef struct ActivationTable ActivationTable;
bool activation_has_table(const NumberFormat *format);
ActivationTable *activation_table_open(const Activation *activation, const NumberFormat *format);
void activation_table_close(ActivationTable *table);
void activate_fixed(const ActivationTable *table, int32_t s, int32_t *a, int32_t *d);

/* Fixed softmax: in double on the sums' values; no table, so rounded in the format's mode, for
 * which stochastic rounding asks the junction (index) and the input.  a may be sums. */
void softmax_fixed(const NumberFormat *format, uint32_t junction, uint64_t input,
                   const int32_t *sums, uint32_t count, int32_t *a);

#endif
