// SPDX-License-Identifier: MIT
// Reading examples into cells.
#include "runtime/input_cells.h"

#include "runtime/fixed.h"

InputCells input_cells(const NumberFormat *format, uint32_t real_count, uint32_t neuron_count) {
  InputCells cells = {.format = *format, .real_count = real_count, .neuron_count = neuron_count};
  for (uint32_t byte = 0; byte < 256; byte++) {
    const double value = byte / 255.0;
    cells.byte_values[byte] = format->is_fixed
                                  ? fixed_from_value(format, format->rounding, value, 0)
                                  : (Cell){.real = (float)value};
  }
  return cells;
}

static Cell rounded_cell(const InputCells *cells, double value, uint64_t input, uint32_t l) {
  const NumberFormat *format = &cells->format;
  if (!format->is_fixed) return (Cell){.real = (float)value};
  const uint32_t word = format->rounding == ROUND_STOCHASTIC
                            ? stochastic_word(format, 0, input, ROUNDING_OF_INPUT, l)
                            : 0;
  return fixed_from_value(format, format->rounding, value, word);
}

void read_input(const InputCells *cells, const Examples *examples, uint64_t index, uint64_t input,
                const uint32_t *place, size_t stride, Cell *to) {
  const bool is_stochastic = cells->format.is_fixed && cells->format.rounding == ROUND_STOCHASTIC;
  const uint32_t features =
      examples->features < cells->real_count ? examples->features : cells->real_count;
  const uint64_t first = index * examples->features;
  for (uint32_t l = 0; l < cells->neuron_count; l++) {
    Cell cell = {.raw = 0};
    if (l < features && examples->bytes) {
      const uint8_t byte = examples->bytes[first + l];
      cell = is_stochastic ? rounded_cell(cells, byte / 255.0, input, l) : cells->byte_values[byte];
    } else if (l < features) {
      cell = rounded_cell(cells, (double)examples->floats[first + l], input, l);
    }
    to[place ? place[l] : l * stride] = cell;
  }
}
