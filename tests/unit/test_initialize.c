// SPDX-License-Identifier: MIT
// Initial parameters: each draw alone, their distribution, both kinds of number.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "runtime/initialize.h"

enum { LEFT = 400, RIGHT = 100, FANIN = 100, EDGES = RIGHT * FANIN };

static const Interleaver edges = {.kind = INTERLEAVER_DENSE,
                                  .left_count = LEFT,
                                  .right_count = RIGHT,
                                  .edge_count = EDGES,
                                  .fanin = FANIN,
                                  .fanout = 25};
static const NumberFormat float32 = {0};

typedef struct Parameters {
  Cell weights[EDGES], biases[RIGHT];
} Parameters;

static void draw(const Initializer *initializer, const NumberFormat *format, uint32_t junction,
                 Parameters *out) {
  memset(out, 0x5a, sizeof *out);
  initialize_junction(initializer, format, junction, &edges, out->weights, out->biases);
}

static void check_distribution(const Initializer *initializer, double mean, double deviation,
                               double least, double most) {
  static Parameters drawn;
  draw(initializer, &float32, 0, &drawn);
  double sum = 0.0, square = 0.0;
  for (uint32_t e = 0; e < EDGES; e++) {
    const double w = (double)drawn.weights[e].real;
    assert_true(w >= least && w <= most);
    sum += w;
    square += (w - mean) * (w - mean);
  }
  assert_true(fabs(sum / (double)EDGES - mean) <= 0.05 * deviation);
  assert_true(fabs(sqrt(square / (double)EDGES) - deviation) <= 0.03 * deviation);
  for (uint32_t r = 0; r < RIGHT; r++) assert_true(drawn.biases[r].raw == 0);
}

static void distributions(void **state) {
  (void)state;
  const double glorot = sqrt(2.0 / (double)(FANIN + 25)), he = sqrt(2.0 / (double)FANIN),
               bound = sqrt(6.0 / (double)(FANIN + 25));
  check_distribution(&(Initializer){.method = INITIALIZE_GLOROT_NORMAL, .seed = 1}, 0.0, glorot,
                     -6 * glorot, 6 * glorot);
  check_distribution(&(Initializer){.method = INITIALIZE_HE_NORMAL, .seed = 1}, 0.0, he, -6 * he,
                     6 * he);
  check_distribution(&(Initializer){.method = INITIALIZE_GLOROT_UNIFORM, .seed = 1}, 0.0,
                     bound / sqrt(3.0), -bound, bound);
  check_distribution(
      &(Initializer){.method = INITIALIZE_UNIFORM, .seed = 1, .low = 2.0, .high = 5.0}, 3.5,
      3.0 / sqrt(12.0), 2.0, 5.0);
  check_distribution(&(Initializer){.method = INITIALIZE_ZEROS, .seed = 1}, 0.0, 0.0, 0.0, 0.0);
}

/* A weight is a function of seed, junction and edge, however many edges there are. */
static void draws_stand_alone(void **state) {
  (void)state;
  static Parameters first, second;
  const Initializer one = {.method = INITIALIZE_UNIFORM, .seed = 1, .low = -1.0, .high = 1.0};
  const Initializer two = {.method = INITIALIZE_UNIFORM, .seed = 2, .low = -1.0, .high = 1.0};
  draw(&one, &float32, 0, &first);
  draw(&one, &float32, 0, &second);
  assert_memory_equal(first.weights, second.weights, sizeof first.weights);
  Interleaver fewer = edges;
  fewer.edge_count = 37;
  initialize_junction(&one, &float32, 0, &fewer, second.weights, second.biases);
  assert_memory_equal(first.weights, second.weights, 37 * sizeof(Cell));
  draw(&one, &float32, 1, &second);
  uint32_t shared = 0;
  for (uint32_t e = 0; e < EDGES; e++) shared += first.weights[e].raw == second.weights[e].raw;
  draw(&two, &float32, 0, &second);
  for (uint32_t e = 0; e < EDGES; e++) shared += first.weights[e].raw == second.weights[e].raw;
  assert_in_range(shared, 0, 10);
}

/* Fixed weights are the same draws to the nearest, whatever the rounding mode. */
static void fixed_weights_are_the_nearest(void **state) {
  (void)state;
  static Parameters real, raw;
  const Initializer initializer = {.method = INITIALIZE_GLOROT_NORMAL, .seed = 3};
  const NumberFormat format = {
      .is_fixed = true, .width = 12, .integer = 3, .fraction = 8, .rounding = ROUND_TRUNCATE};
  draw(&initializer, &float32, 2, &real);
  draw(&initializer, &format, 2, &raw);
  for (uint32_t e = 0; e < EDGES; e++) {
    assert_true(fabs((double)real.weights[e].real - (double)raw.weights[e].raw / 256.0) <=
                0.5000001 / 256.0);
  }
  const Initializer wide = {.method = INITIALIZE_UNIFORM, .seed = 3, .low = 100.0, .high = 200.0};
  draw(&wide, &format, 0, &raw);
  for (uint32_t e = 0; e < EDGES; e++) assert_int_equal(raw.weights[e].raw, 2047);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(distributions),
      cmocka_unit_test(draws_stand_alone),
      cmocka_unit_test(fixed_weights_are_the_nearest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
