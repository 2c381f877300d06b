// SPDX-License-Identifier: MIT
// Generates Morse code as a trembling hand would write it: 64 symbols in frames of 64 values.
//
//     frame   | 0 0 | 11 13 12 | 0 | 12 11 14 13 12 12 | 0 0 0 0 ...
//               lead    dot    gap        dash           to the end
//
// Dots are 1 to 3 values long, dashes 4 to 9, the gaps between them 1 to 3; a value inside a dot or
// dash is normal around 12 on a scale of 16, everywhere else 0.  Dilation stretches all lengths,
// the frame's too.  Values are clipped to the scale and then given as 0..1.
// Source: Dey, Chugg, Beerel, "Morse code datasets for machine learning", ICCCNT 2018 (arXiv
// 1807.04239).
#include <assert.h>
#include <math.h>
#include <string.h>

#include "runtime/data/dataset_build.h"
#include "runtime/data/generated.h"

enum { SYMBOL_COUNT = 64 };

static const double scale = 16, level_mean = 12, level_deviation = 1.34;
static const double undilated_frame = 64, most_dilation = 1024;

static const char *const codes[] = {
#define SYMBOL(meaning, code) code,
#include "runtime/data/morse_symbols.def"
#undef SYMBOL
};
static_assert(sizeof codes / sizeof codes[0] == SYMBOL_COUNT, "one class per symbol");

/* Lengths are uniform over the integers from shortest to longest. */
typedef struct LengthRange {
  uint32_t shortest, longest;
} LengthRange;

typedef struct MorseHand {
  LengthRange dot, dash, gap;
  uint32_t frame;
  bool has_leading_spaces;
  double noise;
} MorseHand;

static LengthRange stretch(uint32_t shortest, uint32_t longest, double dilation) {
  return (LengthRange){.shortest = (uint32_t)ceil(shortest * dilation),
                       .longest = (uint32_t)floor(longest * dilation)};
}

static MorseHand hand_of(const MorseOptions *options) {
  return (MorseHand){.dot = stretch(1, 3, options->dilation),
                     .dash = stretch(4, 9, options->dilation),
                     .gap = stretch(1, 3, options->dilation),
                     .frame = (uint32_t)ceil(undilated_frame * options->dilation),
                     .has_leading_spaces = options->has_leading_spaces,
                     .noise = options->noise};
}

static uint32_t draw_length(RandomStream *stream, LengthRange range) {
  return range.shortest + random_below(stream, range.longest - range.shortest + 1);
}

/* Writes a symbol's levels and gaps from values[0] on, and returns how many values they take. */
static uint32_t draw_symbol(const MorseHand *hand, const char *code, RandomStream *stream,
                            float *values) {
  uint32_t length = 0;
  for (const char *sign = code; *sign != '\0'; sign++) {
    if (sign != code) length += draw_length(stream, hand->gap);
    const uint32_t end = length + draw_length(stream, *sign == '.' ? hand->dot : hand->dash);
    assert(end <= hand->frame);
    for (; length < end; length++) {
      values[length] = (float)(level_mean + level_deviation * random_normal(stream));
    }
  }
  return length;
}

/* `values` [frame] are zero before. */
static void draw_frame(const MorseHand *hand, const char *code, RandomStream *stream,
                       float *values) {
  const uint32_t length = draw_symbol(hand, code, stream, values);
  if (hand->has_leading_spaces) {
    const uint32_t lead = random_below(stream, hand->frame - length + 1);
    memmove(values + lead, values, length * sizeof *values);
    memset(values, 0, lead * sizeof *values);
  }
  for (uint32_t i = 0; i < hand->frame; i++) {
    double level = (double)values[i];
    if (hand->noise > 0) level += hand->noise * random_normal(stream);
    values[i] = (float)(fmin(fmax(level, 0), scale) / scale);
  }
}

static bool draw_part(const MorseHand *hand, uint64_t seed, GeneratedPart part, uint32_t count,
                      Dataset *dataset, Examples *examples, Failure *failure) {
  float *values = dataset_allocate(dataset, (uint64_t)count * hand->frame, sizeof *values, failure);
  if (values == NULL) return false;
  uint32_t *labels = dataset_allocate(dataset, count, sizeof *labels, failure);
  if (labels == NULL) return false;
  draw_labels(seed, RANDOM_MORSE, part, SYMBOL_COUNT, labels, count);
  for (uint32_t i = 0; i < count; i++) {
    RandomStream stream = example_stream(seed, RANDOM_MORSE, part, i);
    draw_frame(hand, codes[labels[i]], &stream, values + (uint64_t)i * hand->frame);
  }
  *examples =
      (Examples){.count = count, .features = hand->frame, .floats = values, .labels = labels};
  return true;
}

bool generate_morse(const MorseOptions *options, Dataset *dataset, Failure *failure) {
  *dataset = (Dataset){0};
  if (!(options->dilation >= 1 && options->dilation <= most_dilation)) {
    return fail(failure, FAILURE_MODEL, NULL, "morse: dilation is %g, expected 1 to %g",
                options->dilation, most_dilation);
  }
  if (!(options->noise >= 0 && isfinite(options->noise))) {
    return fail(failure, FAILURE_MODEL, NULL, "morse: noise is %g, expected 0 or more",
                options->noise);
  }
  const MorseHand hand = hand_of(options);
  if (draw_part(&hand, options->seed, GENERATED_TRAIN, options->train_count, dataset,
                &dataset->train, failure) &&
      draw_part(&hand, options->seed, GENERATED_TEST, options->test_count, dataset, &dataset->test,
                failure) &&
      dataset_complete(dataset, NULL, failure)) {
    dataset->class_count = SYMBOL_COUNT;
    return true;
  }
  dataset_close(dataset);
  return false;
}
