// SPDX-License-Identifier: MIT
// Fixed-point arithmetic: inline, because the simulator's inner loops are made of it.
//
// Raw values are two's complement with `fraction` fraction bits; >> of a negative number is
// arithmetic (floor). One rule rounds everything: x becomes floor(x + share), the share being 1/2
// to the nearest (half up), 0 to truncate and word / 2^32 stochastically, with 32 random bits.
#ifndef SEDGE_RUNTIME_FIXED_H
#define SEDGE_RUNTIME_FIXED_H

#include <stdint.h>

#include "runtime/number.h"
#include "runtime/random.h"

/* Wide enough for every exact sum of products. */
__extension__ typedef __int128 Wide;

static inline int64_t fixed_greatest(const NumberFormat *format) {
  return ((int64_t)1 << (format->width - 1)) - 1;
}
static inline int64_t fixed_least(const NumberFormat *format) {
  return -((int64_t)1 << (format->width - 1));
}

/* Into the range. */
static inline int32_t fixed_saturate(const NumberFormat *format, int64_t value) {
  const int64_t greatest = fixed_greatest(format), least = fixed_least(format);
  if (value > greatest) return (int32_t)greatest;
  return (int32_t)(value < least ? least : value);
}

/* number / 2^shift, rounded, |number| <= 2^62 and shift <= 62.  `word` is the random word of
 * ROUND_STOCHASTIC, unused otherwise; of more than the 32 bits that it decides on, the upper ones
 * go first, since floors compose. */
static inline int64_t fixed_drop_bits(Rounding rounding, int64_t number, uint32_t shift,
                                      uint32_t word) {
  if (rounding == ROUND_TRUNCATE) return number >> shift;
  if (rounding == ROUND_NEAREST) return (number + (((int64_t)1 << shift) >> 1)) >> shift;
  const uint32_t late = shift < 32 ? shift : 32;
  return ((number >> (shift - late)) + (int64_t)((uint64_t)word >> (32 - late))) >> late;
}

/* Drops `fraction` bits of an exact product (2 * fraction of them), rounding, and saturates. */
static inline int32_t fixed_round_product(const NumberFormat *format, Rounding rounding,
                                          int64_t product, uint32_t word) {
  return fixed_saturate(format, fixed_drop_bits(rounding, product, format->fraction, word));
}

/* base + numerator / denominator (> 0), rounded once as `rounding` says and saturated. */
int32_t fixed_round_quotient(const NumberFormat *format, Rounding rounding, int32_t base,
                             Wide numerator, Wide denominator, uint32_t word);

/* The same of numerator / 2^shift, as fixed_drop_bits() takes it: almost every division, since
 * rates are powers of two and batches often. */
static inline int32_t fixed_round_shift(const NumberFormat *format, Rounding rounding, int32_t base,
                                        int64_t numerator, uint32_t shift, uint32_t word) {
  return fixed_saturate(format, fixed_drop_bits(rounding, numerator, shift, word) + base);
}

/* The random word of stochastic rounding for one operation: Philox under rounding_key(), at counter
 * (element / 4, input's lower and upper half, operation), word element % 4.  `operation` is an
 * EdgeOp or one of the below. */
uint32_t stochastic_word(const NumberFormat *format, uint32_t junction, uint64_t input,
                         uint32_t operation, uint32_t element);

/* Four of them: of elements 4 * block .. 4 * block + 3. */
Philox4 stochastic_words(const NumberFormat *format, uint32_t junction, uint64_t input,
                         uint32_t operation, uint32_t block);

/* Its word where rounding needs one, else 0. */
static inline uint32_t rounding_word(const NumberFormat *format, uint32_t junction, uint64_t input,
                                     uint32_t operation, uint32_t element) {
  return rounds_randomly(format) ? stochastic_word(format, junction, input, operation, element) : 0;
}

/* Words of one operation, element by element: four are drawn when the first of them is asked
 * for. */
typedef struct WordSource {
  const NumberFormat *format;
  uint32_t junction;
  uint64_t input;
  uint32_t operation;
  bool is_drawn;
  uint32_t block;
  Philox4 words;
} WordSource;

/* The element's word, or 0 where rounding needs none. */
static inline uint32_t word_from(WordSource *source, uint32_t element) {
  if (!rounds_randomly(source->format)) return 0;
  if (!source->is_drawn || source->block != element / 4) {
    source->is_drawn = true;
    source->block = element / 4;
    source->words = stochastic_words(source->format, source->junction, source->input,
                                     source->operation, source->block);
  }
  return source->words.word[element % 4];
}

/* A mixture of (seed, RANDOM_ROUNDING, junction). */
void rounding_key(const NumberFormat *format, uint32_t junction, uint32_t key[2]);

enum {
  ROUNDING_OF_INPUT = 64,
  ROUNDING_OF_OUTPUT_DELTA,
  ROUNDING_OF_STATE,
  ROUNDING_OF_BIAS_STATE,
  ROUNDING_OF_SOFTMAX
};

#endif
