// SPDX-License-Identifier: MIT
// What the generators of data share: a random stream for each example alone, and classes in
// balance.
#ifndef SEDGE_RUNTIME_DATA_GENERATED_H
#define SEDGE_RUNTIME_DATA_GENERATED_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/failure.h"
#include "runtime/random.h"

/* Parts of a generated set never share random numbers. */
typedef enum GeneratedPart { GENERATED_TRAIN, GENERATED_TEST } GeneratedPart;

/* The numbers of one example; they do not depend on how many examples there are. */
RandomStream example_stream(uint64_t seed, RandomUse use, GeneratedPart part, uint32_t example);

/* Fills labels[0 .. count-1]: each run of class_count examples has every class once, in random
 * order, so that any stretch of the data is balanced. class_count <= GENERATED_MOST_CLASSES. */
enum { GENERATED_MOST_CLASSES = 64 };
void draw_labels(uint64_t seed, RandomUse use, GeneratedPart part, uint32_t class_count,
                 uint32_t *labels, uint32_t count);

#endif
