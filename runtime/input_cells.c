// SPDX-License-Identifier: MIT
// Reading examples into cells.
#include "runtime/input_cells.h"

#include <math.h>

#include "runtime/fixed.h"

/* What a number has beyond the format's next below, in 2^-32 of a unit; 0 where rounding needs no
 * words. */
static uint32_t share_of(const NumberFormat *format, double value) {
  if (!rounds_randomly(format)) return 0;
  const double scaled = ldexp(value, (int)format->fraction);
  return (uint32_t)((scaled - floor(scaled)) * 0x1p32);
}

InputCells input_cells(const NumberFormat *format, uint32_t real_count, uint32_t neuron_count) {
  InputCells cells = {.format = *format, .real_count = real_count, .neuron_count = neuron_count};
  for (uint32_t byte = 0; byte < 256; byte++) {
    const double value = byte / 255.0;
    if (!format->is_fixed) {
      cells.bytes[byte].down.real = (float)value;
      continue;
    }
    cells.bytes[byte] =
        (ByteCell){.down = fixed_from_value(format, format->rounding, value, 0),
                   .up = fixed_from_value(format, format->rounding, value, UINT32_MAX),
                   .share = share_of(format, value)};
  }
  return cells;
}

static Cell read_float(WordSource *source, float value, uint32_t l) {
  const NumberFormat *format = source->format;
  if (!format->is_fixed) return (Cell){.real = value};
  return fixed_from_value(format, format->rounding, (double)value, word_from(source, l));
}

/* Many bytes are numbers of the format, and need no word. */
static Cell read_byte(WordSource *source, const ByteCell *byte, uint32_t l) {
  if (byte->share == 0) return byte->down;
  return word_from(source, l) > UINT32_MAX - byte->share ? byte->up : byte->down;
}

void read_input(const InputCells *cells, const Examples *examples, uint64_t index, uint64_t input,
                const uint32_t *place, size_t stride, Cell *to) {
  const uint32_t features =
      examples->features < cells->real_count ? examples->features : cells->real_count;
  const uint64_t first = index * examples->features;
  WordSource source = {.format = &cells->format, .input = input, .operation = ROUNDING_OF_INPUT};
  for (uint32_t l = 0; l < cells->neuron_count; l++) {
    Cell cell = {.raw = 0};
    if (l < features && examples->bytes) {
      cell = read_byte(&source, &cells->bytes[examples->bytes[first + l]], l);
    } else if (l < features) {
      cell = read_float(&source, examples->floats[first + l], l);
    }
    to[place ? place[l] : l * stride] = cell;
  }
}
