// SPDX-License-Identifier: MIT
// What must hold of any file that a reader of data sets accepts or refuses.
#ifndef SEDGE_TESTS_FUZZ_FUZZ_DATASET_H
#define SEDGE_TESTS_FUZZ_FUZZ_DATASET_H

#include <math.h>
#include <stdlib.h>

#include "runtime/data/dataset.h"

static inline void require(bool condition) {
  if (!condition) abort();
}

static inline void check_examples(const Dataset *dataset, const Examples *part) {
  if (part->count == 0) return;
  require(part->features == dataset->features && part->features > 0);
  require((part->bytes == NULL) != (part->floats == NULL));
  float *values = malloc(part->features * sizeof *values);
  require(values != NULL);
  for (uint64_t i = 0; i < part->count && i < 1000; i++) {
    example_values(part, i, values);
    require(isfinite(values[0]) && isfinite(values[part->features - 1]));
    require(part->labels[i] < dataset->class_count);
  }
  free(values);
}

/* Checks and closes what a reader made; a refusal must say why and own nothing. */
static inline void check_outcome(bool is_read, Dataset *dataset, const Failure *failure) {
  if (!is_read) {
    require(failure->kind != FAILURE_NONE && failure->message[0] != '\0');
    require(dataset->memory == NULL);
    return;
  }
  require(failure->kind == FAILURE_NONE && dataset->train.count > 0);
  check_examples(dataset, &dataset->train);
  check_examples(dataset, &dataset->validation);
  check_examples(dataset, &dataset->test);
  dataset_close(dataset);
}

#endif
