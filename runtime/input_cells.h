// SPDX-License-Identifier: MIT
// Examples as the cells of an input layer, for every executor.
#ifndef SEDGE_RUNTIME_INPUT_CELLS_H
#define SEDGE_RUNTIME_INPUT_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/data/dataset.h"
#include "runtime/number.h"

/* What a byte reads as: stochastic rounding goes up where its word + share carries out of 32
 * bits. */
typedef struct ByteCell {
  Cell down, up;
  uint32_t share;
} ByteCell;

typedef struct InputCells {
  NumberFormat format;
  uint32_t real_count, neuron_count;
  ByteCell bytes[256]; /* without stochastic rounding: down */
} InputCells;

InputCells input_cells(const NumberFormat *format, uint32_t real_count, uint32_t neuron_count);

/* Neuron l of example `index` goes to cells[place ? place[l] : l * stride].  Bytes stand for byte /
 * 255, floats for themselves, both rounded to the number as its rounding says; missing features and
 * padding read 0.  `input` numbers the draw of stochastic rounding. */
void read_input(const InputCells *cells, const Examples *examples, uint64_t index, uint64_t input,
                const uint32_t *place, size_t stride, Cell *to);

#endif
