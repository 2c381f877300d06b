// SPDX-License-Identifier: MIT
// Activation functions, float32 and tabulated.
#include "runtime/activation.h"

#include <math.h>
#include <stdlib.h>

#include "runtime/elementary.h"
#include "runtime/fixed.h"
#include "runtime/model.h"

void activate_float32(const Activation *activation, float s, float *a, float *d) {
  switch (activation->function) {
  case ACTIVATE_SIGMOID:
    *a = sigmoid_float(s);
    *d = *a * (1.0F - *a);
    return;
  case ACTIVATE_TANH:
    *a = tanh_float(s);
    *d = 1.0F - *a * *a;
    return;
  case ACTIVATE_RELU:
    *a = s > 0.0F || isnan(s) ? s : 0.0F;
    *d = s > 0.0F ? 1.0F : 0.0F;
    return;
  case ACTIVATE_IDENTITY:
  case ACTIVATE_SOFTMAX:
    *a = s;
    *d = 1.0F;
    return;
  case ACTIVATE_FORMULA:
    *a = formula_float(activation->value, s);
    *d = formula_float(activation->derivative, s);
    return;
  }
}

void softmax_float32(const float *sums, uint32_t count, float *a) {
  float greatest = sums[0];
  for (uint32_t r = 1; r < count; r++) greatest = sums[r] > greatest ? sums[r] : greatest;
  float lanes[SUM_LANES] = {0.0F};
  for (uint32_t r = 0; r < count; r++) {
    a[r] = exp_float(sums[r] - greatest);
    lanes[r % SUM_LANES] += a[r];
  }
  for (uint32_t width = SUM_LANES / 2; width > 0; width /= 2) {
    for (uint32_t lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];
  }
  for (uint32_t r = 0; r < count; r++) a[r] = a[r] / lanes[0];
}

/* ---- fixed point ---- */

struct ActivationTable {
  Activation activation;
  NumberFormat format;
  int32_t *value, *derivative; /* [2^width] indexed by s - least, or NULL without a table */
};

bool activation_has_table(const NumberFormat *format) {
  return format->width <= 16;
}

static void activate_double(const Activation *activation, double s, double *a, double *d) {
  double opposite;
  switch (activation->function) {
  case ACTIVATE_SIGMOID:
    /* a (1 - a) with both factors exact to their last bits: 1 - a is the sigmoid of -s. */
    sigmoid_both(s, a, &opposite);
    *d = *a * opposite;
    return;
  case ACTIVATE_TANH:
    *a = tanh_double(s);
    sigmoid_both(2.0 * s, d, &opposite);
    *d = 4.0 * *d * opposite;
    return;
  case ACTIVATE_RELU:
    *a = s > 0.0 ? s : 0.0;
    *d = s > 0.0 ? 1.0 : 0.0;
    return;
  case ACTIVATE_IDENTITY:
  case ACTIVATE_SOFTMAX:
    *a = s;
    *d = 1.0;
    return;
  case ACTIVATE_FORMULA:
    *a = formula_double(activation->value, s);
    *d = formula_double(activation->derivative, s);
    return;
  }
}

static void compute_entry(const ActivationTable *table, int32_t s, int32_t *a, int32_t *d) {
  double value = 0.0, derivative = 0.0;
  activate_double(&table->activation, cell_value(&table->format, (Cell){.raw = s}), &value,
                  &derivative);
  *a = cell_from_value(&table->format, value).raw;
  *d = cell_from_value(&table->format, derivative).raw;
}

ActivationTable *activation_table_open(const Activation *activation, const NumberFormat *format) {
  ActivationTable *table = calloc(1, sizeof *table);
  if (!table) return NULL;
  table->activation = *activation;
  table->format = *format;
  if (!activation_has_table(format)) return table;
  const size_t count = (size_t)1 << format->width;
  table->value = malloc(count * sizeof *table->value);
  table->derivative = malloc(count * sizeof *table->derivative);
  if (!table->value || !table->derivative) {
    activation_table_close(table);
    return NULL;
  }
  const int64_t least = fixed_least(format);
  for (size_t i = 0; i < count; i++) {
    compute_entry(table, (int32_t)((int64_t)i + least), &table->value[i], &table->derivative[i]);
  }
  return table;
}

void activation_table_close(ActivationTable *table) {
  if (!table) return;
  free(table->value);
  free(table->derivative);
  free(table);
}

void activate_fixed(const ActivationTable *table, int32_t s, int32_t *a, int32_t *d) {
  if (!table->value) {
    compute_entry(table, s, a, d);
    return;
  }
  const int64_t entry = s - fixed_least(&table->format);
  *a = table->value[entry];
  *d = table->derivative[entry];
}

void softmax_fixed(const NumberFormat *format, uint32_t junction, uint64_t input,
                   const int32_t *sums, uint32_t count, int32_t *a) {
  int32_t greatest = sums[0];
  for (uint32_t r = 1; r < count; r++) greatest = sums[r] > greatest ? sums[r] : greatest;
  const double unit = cell_value(format, (Cell){.raw = 1});
  double sum = 0.0;
  for (uint32_t r = 0; r < count; r++)
    sum += exp_double((double)((int64_t)sums[r] - greatest) * unit);
  for (uint32_t r = 0; r < count; r++) {
    const double share = exp_double((double)((int64_t)sums[r] - greatest) * unit) / sum;
    const uint32_t word = rounding_word(format, junction, input, ROUNDING_OF_SOFTMAX, r);
    a[r] = fixed_from_value(format, format->rounding, share, word).raw;
  }
}
