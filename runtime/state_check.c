// SPDX-License-Identifier: MIT
// Checks of states that were read from files.
#include "runtime/state_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "runtime/parameters.h"

/* More inputs than any run sees, so that sums and products of their numbers stay far from 2^64. */
static const uint64_t MOST_ENTERED = UINT64_C(1) << 56;

bool fail_damaged(const char *path, Failure *failure, const char *format, ...) {
  char what[200];
  va_list values;
  va_start(values, format);
  vsnprintf(what, sizeof what, format, values);
  va_end(values);
  return fail(failure, FAILURE_INPUT, path, "is damaged: %s", what);
}

bool check_state_cells(const Engine *engine, const char *path, Failure *failure) {
  const NumberFormat *number = &engine->model->number;
  for (uint32_t i = 0; number->is_fixed && i < engine->tensor_count; i++) {
    const Tensor *tensor = &engine->tensors[i];
    if (tensor->type != TENSOR_I32) continue;
    if (!check_cells(number, tensor->data, tensor->stored, path, tensor->name, failure))
      return false;
  }
  return true;
}

bool check_stream(uint64_t entered, uint64_t first, uint64_t cycle, uint64_t expected,
                  const char *path, Failure *failure) {
  if (entered > MOST_ENTERED || first > entered)
    return fail_damaged(path, failure,
                        "of %" PRIu64 " inputs that have entered, %" PRIu64 " were done", entered,
                        first);
  if (cycle == expected) return true;
  return fail_damaged(path, failure,
                      "junction cycle %" PRIu64 " comes next, where it must be %" PRIu64, cycle,
                      expected);
}

bool check_step_count(uint32_t junction, uint64_t steps, uint64_t entered, const char *path,
                      Failure *failure) {
  if (steps <= entered) return true;
  return fail_damaged(path, failure,
                      "junction %" PRIu32 " has made %" PRIu64 " updates with %" PRIu64 " inputs",
                      junction + 1, steps, entered);
}

bool check_input(const Model *model, uint64_t input, uint32_t label, double rate, const char *path,
                 Failure *failure) {
  const uint32_t labels = model->layers[model->junction_count].real_count;
  if (label >= labels)
    return fail_damaged(path, failure,
                        "input %" PRIu64 " has the label %" PRIu32 " of %" PRIu32 " classes", input,
                        label, labels);
  if (isfinite(rate) && rate >= 0) return true;
  return fail_damaged(path, failure, "input %" PRIu64 " has the rate %g", input, rate);
}
