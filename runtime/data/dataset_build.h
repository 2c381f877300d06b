// SPDX-License-Identifier: MIT
// What the readers and generators share to make a Dataset: its memory, its bounds, its last check.
#ifndef SEDGE_RUNTIME_DATA_DATASET_BUILD_H
#define SEDGE_RUNTIME_DATA_DATASET_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/data/dataset.h"
#include "runtime/data/growing_array.h"

/* No network has more inputs or outputs: a file that claims more is damaged. */
#define DATASET_MOST_FEATURES (1u << 24)
#define DATASET_MOST_CLASSES  (1u << 24)

/* Fails where the path leads to a pipe: to open one may wait forever, and whoever opens a program
 * that names it did not ask for that. */
bool is_no_pipe(const char *path, Failure *failure);

/* Memory for count * item_bytes bytes, zeroed, owned by the dataset; NULL with *failure filled. */
void *dataset_allocate(Dataset *dataset, uint64_t count, size_t item_bytes, Failure *failure);

/* Takes over a block made by malloc, or frees it and fails. NULL is taken as an empty block. */
bool dataset_adopt(Dataset *dataset, void *block, Failure *failure);

/* Takes over an array's block; *items (the array's block, which may be NULL) stays readable. */
bool dataset_adopt_array(Dataset *dataset, GrowingArray *array, const void **items,
                         Failure *failure);

/* Makes the last sixth of the training part the test part: for files that come without one. */
void dataset_hold_out_sixth(Dataset *dataset);

/* Fills `features` and `class_count` from the parts. Fails when there is no training example, or
 * when a part has another number of features than the training part. */
bool dataset_complete(Dataset *dataset, const char *path, Failure *failure);

#endif
