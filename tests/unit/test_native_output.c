// SPDX-License-Identifier: MIT
// Generated code for the deltas of output layers, against output_delta(): both kinds of number,
// every rounding and loss, online and minibatches of which only some columns are asked for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/fixed.h"
#include "tests/unit/native_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef struct OutputCase {
  NumberFormat number;
  Loss loss;
  bool is_softmax;
  uint32_t neurons, real, batch;
} OutputCase;

enum { MOST_CASES = 200, MOST_NEURONS = 50, MOST_BATCH = 40, UNTOUCHED = 0x5A5A5A5A };

static const NumberFormat numbers[] = {
    {0},
    {.is_fixed = true, .width = 8, .integer = 2, .fraction = 5, .rounding = ROUND_NEAREST},
    {.is_fixed = true, .width = 12, .integer = 3, .fraction = 8, .rounding = ROUND_TRUNCATE},
    {.is_fixed = true, .width = 16, .integer = 15, .fraction = 0, .rounding = ROUND_NEAREST},
    {.is_fixed = true, .width = 32, .integer = 0, .fraction = 31, .rounding = ROUND_NEAREST},
    {.is_fixed = true,
     .width = 20,
     .integer = 4,
     .fraction = 15,
     .rounding = ROUND_STOCHASTIC,
     .rounding_seed = 7},
};

static const struct {
  uint32_t neurons, real;
} sizes[] = {{1, 1}, {10, 10}, {16, 10}, {32, 16}, {32, 17}, {50, 3}};
static const uint32_t batches[] = {1, 5, 32, 37};

static uint32_t make_cases(OutputCase cases[MOST_CASES]) {
  uint32_t count = 0;
  for (size_t n = 0; n < COUNT(numbers); n++) {
    for (size_t s = 0; s < COUNT(sizes); s++) {
      for (size_t b = 0; b < COUNT(batches); b++) {
        assert_true(count < MOST_CASES);
        const uint32_t kind = next_word() % 4;
        cases[count++] = (OutputCase){numbers[n],    kind % 2 ? LOSS_QUADRATIC : LOSS_CROSS_ENTROPY,
                                      kind / 2 > 0,  sizes[s].neurons,
                                      sizes[s].real, batches[b]};
      }
    }
  }
  return count;
}

static Cell random_cell(const NumberFormat *format) {
  if (!format->is_fixed) return (Cell){.real = (float)(int32_t)next_word() * 0x1p-31F};
  const int32_t any = (int32_t)next_word();
  return (Cell){.raw = next_word() % 8 == 0
                           ? (int32_t)(any < 0 ? fixed_least(format) : fixed_greatest(format))
                           : any >> (32 - format->width)};
}

/* The matrices [neuron][stride] of one call, 64-byte aligned. */
typedef struct Matrices {
  _Alignas(64) Cell a[MOST_NEURONS * 64];
  _Alignas(64) Cell d[MOST_NEURONS * 64];
  _Alignas(64) Cell delta[MOST_NEURONS * 64];
  _Alignas(64) uint32_t labels[MOST_BATCH];
} Matrices;

/* Column c of the deltas must be output_delta()'s, or untouched. */
static void expect_column(const OutputCase *c, const Matrices *m, uint32_t width, uint32_t column,
                          uint64_t input, bool is_asked) {
  Cell a[MOST_NEURONS] = {0}, d[MOST_NEURONS] = {0}, expected[MOST_NEURONS];
  const OutputShape shape = {c->neurons, c->real, c->is_softmax};
  const uint64_t first = cell_of_column(c->neurons, width, column);
  for (uint32_t r = 0; r < c->neurons; r++) {
    a[r] = m->a[first + r * width];
    d[r] = m->d[first + r * width];
    expected[r].raw = UNTOUCHED;
  }
  if (is_asked)
    output_delta(&c->number, c->loss, &shape, a, d, m->labels[column], input + column, 1, expected);
  for (uint32_t r = 0; r < c->neurons; r++)
    assert_int_equal(m->delta[first + r * width].raw, expected[r].raw);
}

static void compare_case(const OutputCase *c, const Model *model, NativeKernel *kernel) {
  static Matrices m;
  const uint32_t width = c->batch > 1 ? panel_width(model) : 1;
  const uint32_t columns = c->batch > 1 ? width * panel_count(model) : 1;
  for (uint32_t trial = 0; trial < 8; trial++) {
    const uint32_t first = next_word() % c->batch,
                   last = first + 1 + next_word() % (c->batch - first);
    for (size_t i = 0; i < COUNT(m.a); i++) {
      m.a[i] = random_cell(&c->number);
      m.d[i] = random_cell(&c->number);
      m.delta[i].raw = UNTOUCHED;
    }
    for (uint32_t i = 0; i < MOST_BATCH; i++) m.labels[i] = next_word() % c->real;
    const NativeJunction junction = {.model = (void *)(uintptr_t)model};
    const NativeWork work = {.ff_right = m.a,
                             .ff_derivative = m.d,
                             .right_delta = m.delta,
                             .labels = m.labels,
                             .first_column = first,
                             .last_column = last,
                             .ff_input = 1000};
    kernel(&junction, &work);
    for (uint32_t column = 0; column < columns; column++)
      expect_column(c, &m, width, column, 1000, column >= first && column < last);
  }
}

static void output_deltas_of_all_kinds(void **state) {
  static OutputCase cases[MOST_CASES];
  static Layer layers[MOST_CASES][2];
  static Model models[MOST_CASES];
  Bench bench;
  const uint32_t count = make_cases(cases);
  for (uint32_t i = 0; i < count; i++) {
    const OutputCase *c = &cases[i];
    layers[i][1] =
        (Layer){.neuron_count = c->neurons,
                .real_count = c->real,
                .activation = {.function = c->is_softmax ? ACTIVATE_SOFTMAX : ACTIVATE_SIGMOID}};
    models[i] = (Model){.name = "output",
                        .number = c->number,
                        .junction_count = 1,
                        .layers = layers[i],
                        .loss = c->loss,
                        .batch = c->batch};
  }
  open_bench(&bench, &models[0], *state);
  for (uint32_t i = 0; i < count; i++) {
    bench.e.model = &models[i];
    add_kernel(&bench, emit_output(&bench.e));
  }
  compile_bench(&bench);
  for (uint32_t i = 0; i < count; i++) compare_case(&cases[i], &models[i], bench.kernels[i]);
  close_bench(&bench);
}

int main(void) {
  int failures = 0;
  for (size_t i = 0; i < PROCESSORS; i++) {
    void *processor = (void *)(uintptr_t)processors[i];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(output_deltas_of_all_kinds, processor)};
    failures += cmocka_run_group_tests_name(processors[i] ? processors[i] : "this processor", tests,
                                            NULL, NULL);
  }
  return failures;
}
