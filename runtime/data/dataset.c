// SPDX-License-Identifier: MIT
// What all data sets have in common: their memory, their values as floats, their split.
#include "runtime/data/dataset.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/array.h"
#include "runtime/data/dataset_build.h"

/* Dataset.memory is a chain of these. */
typedef struct OwnedBlock {
  struct OwnedBlock *next;
  void *block;
} OwnedBlock;

bool dataset_adopt(Dataset *dataset, void *block, Failure *failure) {
  if (block == NULL) return true;
  OwnedBlock *owned = malloc(sizeof *owned);
  if (owned == NULL) {
    free(block);
    return fail(failure, FAILURE_MEMORY, NULL, "no memory for the data");
  }
  *owned = (OwnedBlock){.next = dataset->memory, .block = block};
  dataset->memory = owned;
  return true;
}

bool dataset_adopt_array(Dataset *dataset, GrowingArray *array, const void **items,
                         Failure *failure) {
  *items = array->items;
  return dataset_adopt(dataset, growing_take(array), failure);
}

void *dataset_allocate(Dataset *dataset, uint64_t count, size_t item_bytes, Failure *failure) {
  void *block = array_new(count, item_bytes);
  if (block == NULL) {
    fail(failure, FAILURE_MEMORY, NULL, "no memory for %" PRIu64 " values of %zu bytes", count,
         item_bytes);
    return NULL;
  }
  return dataset_adopt(dataset, block, failure) ? block : NULL;
}

static uint32_t largest_label(const Examples *examples) {
  uint32_t largest = 0;
  for (uint64_t i = 0; i < examples->count; i++) {
    if (examples->labels[i] > largest) largest = examples->labels[i];
  }
  return largest;
}

bool dataset_complete(Dataset *dataset, const char *path, Failure *failure) {
  if (dataset->train.count == 0) {
    return fail(failure, FAILURE_INPUT, path, "there are no training examples");
  }
  dataset->features = dataset->train.features;
  dataset->class_count = 0;
  const struct {
    const Examples *examples;
    const char *name;
  } parts[] = {{&dataset->train, "training"},
               {&dataset->validation, "validation"},
               {&dataset->test, "test"}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    const Examples *examples = parts[i].examples;
    if (examples->count == 0) continue;
    if (examples->features != dataset->features) {
      return fail(failure, FAILURE_INPUT, path,
                  "the training examples have %" PRIu32 " values each, the %s examples %" PRIu32,
                  dataset->features, parts[i].name, examples->features);
    }
    const uint32_t largest = largest_label(examples);
    assert(largest < DATASET_MOST_CLASSES);
    if (largest >= dataset->class_count) dataset->class_count = largest + 1;
  }
  return true;
}

/* Examples first .. first + count - 1 of a part. */
static Examples slice(const Examples *examples, uint64_t first, uint64_t count) {
  Examples part = *examples;
  part.count = count;
  if (part.bytes != NULL) part.bytes += first * part.features;
  if (part.floats != NULL) part.floats += first * part.features;
  part.labels += first;
  return part;
}

void dataset_hold_out_sixth(Dataset *dataset) {
  const Examples whole = dataset->train;
  const uint64_t held_out = whole.count / 6;
  dataset->train = slice(&whole, 0, whole.count - held_out);
  dataset->test = slice(&whole, whole.count - held_out, held_out);
}

bool dataset_split(Dataset *dataset, uint64_t train, uint64_t validation, Failure *failure) {
  const uint64_t available = dataset->train.count;
  if (train > available || validation > available - train) {
    return fail(failure, FAILURE_MODEL, NULL,
                "the split takes %" PRIu64 " training and %" PRIu64
                " validation examples, but the data have %" PRIu64 " to train with",
                train, validation, available);
  }
  if (train == 0) {
    return fail(failure, FAILURE_MODEL, NULL, "the split leaves no training examples");
  }
  const Examples whole = dataset->train;
  dataset->train = slice(&whole, 0, train);
  dataset->validation = slice(&whole, train, validation);
  return true;
}

void example_values(const Examples *examples, uint64_t index, float *values) {
  assert(index < examples->count);
  const uint64_t first = index * examples->features;
  if (examples->bytes == NULL) {
    for (uint32_t i = 0; i < examples->features; i++) values[i] = examples->floats[first + i];
    return;
  }
  for (uint32_t i = 0; i < examples->features; i++) {
    values[i] = (float)(examples->bytes[first + i] / 255.0);
  }
}

bool is_no_pipe(const char *path, Failure *failure) {
  struct stat status;
  return stat(path, &status) != 0 || !S_ISFIFO(status.st_mode) ||
         fail(failure, FAILURE_INPUT, path, "it is a pipe, not a file");
}

void dataset_close(Dataset *dataset) {
  for (OwnedBlock *owned = dataset->memory; owned != NULL;) {
    OwnedBlock *next = owned->next;
    free(owned->block);
    free(owned);
    owned = next;
  }
  *dataset = (Dataset){0};
}
