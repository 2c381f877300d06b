// SPDX-License-Identifier: MIT
// What `predict` is to predict: an example of the test set by number, or rows of numbers in a text
// file.
#ifndef SEDGE_RUNTIME_VERBS_READ_INPUTS_H
#define SEDGE_RUNTIME_VERBS_READ_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/data/dataset.h"

/* Rows of `features` numbers, separated by commas, semicolons or white space, gzipped or not; "-"
 * is standard input.  A first line that is no row of numbers is a header.  Where a row has one
 * number more, `label_column` (from 0, -1 the last) is left out.  *values is owned by the caller
 * (free), the rows' count * features floats. */
bool read_rows(const char *path, uint32_t features, int64_t label_column, float **values,
               uint64_t *count, Failure *failure);

/* Whether the text is a whole number below 2^63 and nothing else. */
bool is_number(const char *text, uint64_t *number);

#endif
