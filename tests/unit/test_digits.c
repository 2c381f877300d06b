// SPDX-License-Identifier: MIT
// The digit generator: its shapes are where they should be, can be told apart, and can be drawn
// again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "runtime/data/dataset.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, DIGITS = 10 };

static const DigitsOptions clean = {.train_count = 1000, .test_count = 500, .seed = 1};

static void generate(const DigitsOptions *options, Dataset *dataset) {
  Failure failure = {0};
  const bool is_made = generate_digits(options, dataset, &failure);
  if (!is_made) print_error("%s\n", failure.message);
  assert_true(is_made);
}

static void has_the_shape_of_mnist(void **state) {
  (void)state;
  Dataset dataset;
  generate(&clean, &dataset);
  assert_int_equal(dataset.features, PIXELS);
  assert_int_equal(dataset.class_count, DIGITS);
  assert_int_equal(dataset.train.count, 1000);
  assert_int_equal(dataset.test.count, 500);
  assert_null(dataset.train.floats);
  unsigned counts[DIGITS] = {0};
  for (uint64_t i = 0; i < 1000; i++) counts[dataset.train.labels[i]]++;
  for (size_t digit = 0; digit < DIGITS; digit++) assert_int_equal(counts[digit], 100);
  dataset_close(&dataset);
}

static void every_image_is_written_inside_its_frame(void **state) {
  (void)state;
  Dataset dataset;
  generate(&clean, &dataset);
  double mean = 0;
  for (uint64_t i = 0; i < dataset.train.count; i++) {
    const uint8_t *image = dataset.train.bytes + i * PIXELS;
    unsigned ink = 0, border = 0, grey = 0, blackest = 0;
    for (unsigned p = 0; p < PIXELS; p++) {
      const bool is_border =
          p < SIDE || p >= PIXELS - SIDE || p % SIDE == 0 || p % SIDE == SIDE - 1;
      ink += image[p];
      border += is_border ? image[p] : 0;
      grey += image[p] > 0 && image[p] < 200;
      if (image[p] > blackest) blackest = image[p];
    }
    assert_in_range(ink, 15 * 255, 280 * 255);
    assert_true(border * 20 < ink); /* hardly anything is cut off */
    assert_true(grey > 10);         /* edges are smooth */
    assert_in_range(blackest, 150, 255);
    mean += (double)ink / (255 * PIXELS);
  }
  mean /= (double)dataset.train.count;
  assert_true(mean > 0.06 && mean < 0.2);
  dataset_close(&dataset);
}

/* Brightness at (x, y), 0 outside the image. */
static double pixel(const uint8_t *image, int x, int y) {
  return x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0 : image[y * SIDE + x] / 255.0;
}

/* Number of regions of dark pixels: 1 and the outside alone, one more for each closed loop. */
static int holes(const uint8_t *image) {
  int region[PIXELS] = {0};
  int stack[PIXELS], regions = 0;
  for (int start = 0; start < PIXELS; start++) {
    if (region[start] != 0 || image[start] > 60) continue;
    int size = 0, top = 0;
    regions++;
    region[start] = regions;
    stack[top++] = start;
    while (top > 0) {
      const int at = stack[--top], x = at % SIDE, y = at / SIDE;
      size++;
      const int next[4][2] = {{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}};
      for (int k = 0; k < 4; k++) {
        const int nx = next[k][0], ny = next[k][1];
        if (nx < 0 || ny < 0 || nx >= SIDE || ny >= SIDE || region[ny * SIDE + nx] != 0) continue;
        if (pixel(image, nx, ny) * 255 > 60) continue;
        region[ny * SIDE + nx] = regions;
        stack[top++] = ny * SIDE + nx;
      }
    }
    if (size < 2) regions--;
  }
  return regions - 1;
}

static void loops_are_where_the_digits_have_them(void **state) {
  (void)state;
  Dataset dataset;
  generate(&clean, &dataset);
  double mean[DIGITS] = {0};
  for (uint64_t i = 0; i < dataset.train.count; i++) {
    mean[dataset.train.labels[i]] += holes(dataset.train.bytes + i * PIXELS) / 100.0;
  }
  assert_true(mean[0] > 0.97 && mean[0] < 1.03);
  assert_true(mean[8] > 1.6 && mean[8] < 2.1);
  assert_true(mean[6] > 0.8 && mean[9] > 0.8);
  assert_true(mean[1] < 0.05 && mean[3] < 0.3 && mean[5] < 0.3 && mean[7] < 0.2);
  dataset_close(&dataset);
}

/* The nearest class mean tells most test images right: the classes are distinct, yet not
 * trivial. */
static void classes_can_be_told_apart(void **state) {
  (void)state;
  Dataset dataset;
  DigitsOptions options = clean;
  options.noise = 0.1;
  generate(&options, &dataset);
  static double mean[DIGITS][PIXELS];
  memset(mean, 0, sizeof mean);
  for (uint64_t i = 0; i < 1000; i++) {
    const uint8_t *image = dataset.train.bytes + i * PIXELS;
    for (int p = 0; p < PIXELS; p++) mean[dataset.train.labels[i]][p] += image[p] / 100.0;
  }
  unsigned right = 0;
  for (uint64_t i = 0; i < 500; i++) {
    uint32_t nearest = 0;
    double least = HUGE_VAL;
    for (uint32_t digit = 0; digit < DIGITS; digit++) {
      double distance = 0;
      for (int p = 0; p < PIXELS; p++) {
        const double step = dataset.test.bytes[i * PIXELS + (uint64_t)p] - mean[digit][p];
        distance += step * step;
      }
      if (distance < least) nearest = digit;
      if (distance < least) least = distance;
    }
    right += nearest == dataset.test.labels[i];
  }
  assert_in_range(right, 350, 490);
  dataset_close(&dataset);
}

static void an_example_does_not_depend_on_the_others(void **state) {
  (void)state;
  Dataset few, many;
  DigitsOptions options = clean;
  options.train_count = 7;
  generate(&options, &few);
  generate(&clean, &many);
  assert_memory_equal(few.train.labels, many.train.labels, 7 * sizeof(uint32_t));
  assert_memory_equal(few.train.bytes, many.train.bytes, 7 * PIXELS);
  assert_memory_not_equal(many.train.bytes, many.test.bytes, 100 * PIXELS);
  assert_int_equal(few.class_count, DIGITS);
  dataset_close(&few);
  options.seed = 2;
  generate(&options, &few);
  assert_memory_not_equal(few.train.bytes, many.train.bytes, 7 * PIXELS);
  dataset_close(&few);
  dataset_close(&many);
}

/* A digest (FNV-1a) as it was on the first machine: whoever changes the data changes it
 * knowingly. */
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static void has_the_same_bits_everywhere(void **state) {
  (void)state;
  DigitsOptions options = clean;
  options.noise = 0.05;
  Dataset dataset;
  generate(&options, &dataset);
  uint64_t digest = FNV_START;
  for (uint64_t i = 0; i < dataset.train.count * PIXELS; i++) {
    digest = (digest ^ dataset.train.bytes[i]) * FNV_PRIME;
  }
  assert_int_equal(digest, UINT64_C(0xb2ead1e9b1260a2a));
  dataset_close(&dataset);
}

static void refuses_senseless_options(void **state) {
  (void)state;
  Dataset dataset;
  Failure failure = {0};
  DigitsOptions options = clean;
  options.noise = (double)NAN;
  assert_false(generate_digits(&options, &dataset, &failure));
  assert_int_equal(failure.kind, FAILURE_MODEL);
  options = clean;
  options.train_count = 0;
  assert_false(generate_digits(&options, &dataset, &failure));
  assert_null(dataset.memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(has_the_shape_of_mnist),
      cmocka_unit_test(every_image_is_written_inside_its_frame),
      cmocka_unit_test(loops_are_where_the_digits_have_them),
      cmocka_unit_test(classes_can_be_told_apart),
      cmocka_unit_test(an_example_does_not_depend_on_the_others),
      cmocka_unit_test(has_the_same_bits_everywhere),
      cmocka_unit_test(refuses_senseless_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
