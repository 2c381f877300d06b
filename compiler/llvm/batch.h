// SPDX-License-Identifier: MIT
// What the minibatch kernels share: blocks of 16 columns, and which of them are wanted.
#ifndef SEDGE_COMPILER_LLVM_BATCH_H
#define SEDGE_COMPILER_LLVM_BATCH_H

#include "compiler/llvm/emitter.h"

enum { WIDE_BLOCKS = 4 }; /* blocks that are worked on at once: 64 columns */

typedef struct BatchKernel {
  uint32_t index;
  const Interleaver *edges;
  uint32_t stride; /* columns of a matrix */
  uint32_t right_count,
      active_count; /* active: the right neurons that are not padding without activation */
  bool is_softmax;
  uint32_t slot_count, state_words;
} BatchKernel;

BatchKernel batch_kernel(const Emitter *e, uint32_t junction);

/* &matrix[row][column]. */
Value cell_address(Emitter *e, const BatchKernel *k, Value matrix, Value row, Value column);

/* Lanes of a block that are columns from first to last - 1. */
Value wanted_columns(Emitter *e, Value block, Value first, Value last);

/* Calls `body` for the blocks from `begin` (a multiple of 16) to `end`: WIDE_BLOCKS at once while there are so many, then one by one.
 * `body` may read the columns up to the next multiple of 16. */
typedef void BlocksBody(Emitter *e, const BatchKernel *k, Value column, uint32_t blocks,
                        void *context);
void for_blocks(Emitter *e, const BatchKernel *k, Value begin, Value end, BlocksBody *body,
                void *context);

/* array[index] of 32-bit unsigned numbers, as i64. */
Value load_index(Emitter *e, Value array, Value index, const char *name);

#endif
