// SPDX-License-Identifier: MIT
// The Morse generator: its symbols, its lengths and levels, its options; every frame is read back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "runtime/data/dataset.h"

static const char *const codes[] = {
#define SYMBOL(meaning, code) code,
#include "runtime/data/morse_symbols.def"
#undef SYMBOL
};
enum { SYMBOLS = sizeof codes / sizeof codes[0] };

static const MorseOptions plain = {.train_count = 640, .test_count = 128, .seed = 1, .dilation = 1};

static void generate(const MorseOptions *options, Dataset *dataset) {
  Failure failure = {0};
  const bool is_made = generate_morse(options, dataset, &failure);
  if (!is_made) print_error("%s\n", failure.message);
  assert_true(is_made);
}

static const float *frame_of(const Examples *part, uint64_t example) {
  return part->floats + example * part->features;
}

static void symbols_differ_and_fit(void **state) {
  (void)state;
  assert_int_equal(SYMBOLS, 64);
  for (size_t i = 0; i < SYMBOLS; i++) {
    size_t longest = 3 * (strlen(codes[i]) - 1);
    for (const char *sign = codes[i]; *sign != '\0'; sign++) longest += *sign == '.' ? 3 : 9;
    assert_in_range(longest, 1, 64);
    for (size_t j = 0; j < i; j++) assert_string_not_equal(codes[i], codes[j]);
  }
}

static void classes_are_balanced(void **state) {
  (void)state;
  Dataset dataset;
  generate(&plain, &dataset);
  assert_int_equal(dataset.class_count, 64);
  assert_int_equal(dataset.features, 64);
  assert_int_equal(dataset.train.count, 640);
  assert_int_equal(dataset.validation.count, 0);
  assert_int_equal(dataset.test.count, 128);
  unsigned counts[SYMBOLS] = {0};
  for (uint64_t i = 0; i < 640; i++) counts[dataset.train.labels[i]]++;
  for (size_t i = 0; i < SYMBOLS; i++) assert_int_equal(counts[i], 10);
  /* Neither the order of the classes nor the frames repeat from block to block. */
  assert_memory_not_equal(dataset.train.labels, dataset.train.labels + 64, 64 * sizeof(uint32_t));
  assert_memory_not_equal(dataset.train.labels, dataset.test.labels, 64 * sizeof(uint32_t));
  dataset_close(&dataset);
}

/* Reads the dots and dashes of a frame without noise; lengths are checked against `dilation`. */
static void read_back(const float *frame, uint32_t features, uint32_t dilation, char code[16]) {
  uint32_t at = 0, sign = 0, gap = 0;
  while (at < features && frame[at] == 0) at++;
  while (at < features) {
    uint32_t length = 0;
    for (; at < features && frame[at] > 0; at++) length++;
    if (length == 0) break;
    if (sign > 0) assert_in_range(gap, dilation, 3 * dilation);
    assert_in_range(length, dilation, 9 * dilation);
    assert_true(length <= 3 * dilation || length >= 4 * dilation);
    code[sign++] = length <= 3 * dilation ? '.' : '-';
    for (gap = 0; at < features && frame[at] == 0; at++) gap++;
  }
  code[sign] = '\0';
}

static void check_frames(const MorseOptions *options, uint32_t dilation, bool is_at_start) {
  Dataset dataset;
  generate(options, &dataset);
  assert_int_equal(dataset.features, 64 * dilation);
  uint64_t late = 0;
  for (uint64_t i = 0; i < dataset.train.count; i++) {
    const float *frame = frame_of(&dataset.train, i);
    char code[16];
    read_back(frame, dataset.features, dilation, code);
    assert_string_equal(code, codes[dataset.train.labels[i]]);
    late += frame[0] == 0;
  }
  assert_true(is_at_start ? late == 0 : late > dataset.train.count / 2);
  dataset_close(&dataset);
}

static void frames_read_back_as_their_symbols(void **state) {
  (void)state;
  check_frames(&plain, 1, true);
  MorseOptions options = plain;
  options.has_leading_spaces = true;
  check_frames(&options, 1, false);
  options.dilation = 3;
  check_frames(&options, 3, false);
}

static void levels_are_normal_around_twelve(void **state) {
  (void)state;
  MorseOptions options = plain;
  options.train_count = 6400;
  Dataset dataset;
  generate(&options, &dataset);
  double count = 0, sum = 0, squares = 0;
  for (uint64_t i = 0; i < dataset.train.count * dataset.features; i++) {
    const double level = 16 * (double)dataset.train.floats[i];
    assert_true(level >= 0 && level <= 16);
    if (level == 0) continue;
    count++;
    sum += level;
    squares += level * level;
  }
  const double mean = sum / count, deviation = sqrt(squares / count - mean * mean);
  assert_true(fabs(mean - 12) < 0.02);
  assert_true(fabs(deviation - 1.34) < 0.02);
  dataset_close(&dataset);
}

static void an_example_does_not_depend_on_the_others(void **state) {
  (void)state;
  Dataset few, many;
  MorseOptions options = plain;
  options.train_count = 10;
  generate(&options, &few);
  generate(&plain, &many);
  assert_memory_equal(few.train.labels, many.train.labels, 10 * sizeof(uint32_t));
  assert_memory_equal(few.train.floats, many.train.floats, 10 * 64 * sizeof(float));
  assert_int_equal(few.class_count, 64);
  dataset_close(&few);
  options.seed = 2;
  generate(&options, &few);
  assert_memory_not_equal(few.train.floats, many.train.floats, 10 * 64 * sizeof(float));
  dataset_close(&few);
  dataset_close(&many);
}

static void noise_touches_every_value(void **state) {
  (void)state;
  MorseOptions options = plain;
  options.noise = 4;
  Dataset dataset;
  generate(&options, &dataset);
  double zeros = 0, full = 0;
  const uint64_t count = dataset.train.count * dataset.features;
  for (uint64_t i = 0; i < count; i++) {
    zeros += dataset.train.floats[i] == 0;
    full += dataset.train.floats[i] == 1;
  }
  /* About half of the spaces (some 60 % of the values) are clipped at 0, some levels at 16. */
  assert_true(zeros > 0.2 * (double)count && zeros < 0.45 * (double)count);
  assert_true(full > 0.02 * (double)count && full < 0.2 * (double)count);
  dataset_close(&dataset);
}

/* A digest (FNV-1a) as it was on the first machine: whoever changes the data changes it
 * knowingly. */
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static void has_the_same_bits_everywhere(void **state) {
  (void)state;
  MorseOptions options = plain;
  options.has_leading_spaces = true;
  options.noise = 1;
  Dataset dataset;
  generate(&options, &dataset);
  uint64_t digest = FNV_START;
  for (uint64_t i = 0; i < dataset.train.count * dataset.features; i++) {
    uint32_t bits;
    memcpy(&bits, &dataset.train.floats[i], sizeof bits);
    digest = (digest ^ bits) * FNV_PRIME;
  }
  assert_int_equal(digest, UINT64_C(0x4ab5582c7f068c6d));
  dataset_close(&dataset);
}

static void refuses_senseless_options(void **state) {
  (void)state;
  const double dilations[] = {0.5, 0, -1, (double)NAN, (double)INFINITY, 1025};
  Dataset dataset;
  for (size_t i = 0; i < sizeof dilations / sizeof dilations[0]; i++) {
    MorseOptions options = plain;
    options.dilation = dilations[i];
    Failure failure = {0};
    assert_false(generate_morse(&options, &dataset, &failure));
    assert_int_equal(failure.kind, FAILURE_MODEL);
  }
  MorseOptions options = plain;
  options.noise = -1;
  Failure failure = {0};
  assert_false(generate_morse(&options, &dataset, &failure));
  assert_string_equal(failure.message, "morse: noise is -1, expected 0 or more");
  options = plain;
  options.train_count = 0;
  assert_false(generate_morse(&options, &dataset, &failure));
  assert_string_equal(failure.message, "there are no training examples");
  assert_null(dataset.memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(symbols_differ_and_fit),
      cmocka_unit_test(classes_are_balanced),
      cmocka_unit_test(frames_read_back_as_their_symbols),
      cmocka_unit_test(levels_are_normal_around_twelve),
      cmocka_unit_test(an_example_does_not_depend_on_the_others),
      cmocka_unit_test(noise_touches_every_value),
      cmocka_unit_test(has_the_same_bits_everywhere),
      cmocka_unit_test(refuses_senseless_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
