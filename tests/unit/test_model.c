// SPDX-License-Identifier: MIT
// Models: sum orders, sizes, and a digest that tells apart whatever computes differently.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "runtime/model.h"

static SumOrder order_of(uint32_t batch, Interleaver edges, uint32_t segment) {
  Junction junction = {.edges = edges};
  choose_sum_order(batch, &junction);
  if (junction.sum_order == SUM_BY_SEGMENT) assert_int_equal(junction.segment, segment);
  return junction.sum_order;
}

static void sum_orders(void **state) {
  (void)state;
  static const uint32_t starts[64];
  const Interleaver dense = {.kind = INTERLEAVER_DENSE, .left_count = 40, .fanin = 40};
  const Interleaver listed = {.kind = INTERLEAVER_LISTED, .left_count = 40};
  Interleaver tall = {.kind = INTERLEAVER_CLASH_FREE,
                      .left_count = 2048,
                      .fanin = 128,
                      .banks = 64,
                      .rows_per_bank = 32,
                      .starts = starts};
  const Interleaver low = {.kind = INTERLEAVER_CLASH_FREE,
                           .left_count = 1024,
                           .fanin = 128,
                           .banks = 512,
                           .rows_per_bank = 2,
                           .starts = starts};
  assert_int_equal(order_of(1, dense, 0), SUM_BY_LANE);
  assert_int_equal(order_of(1, listed, 0), SUM_BY_LANE);
  assert_int_equal(order_of(1, low, 0), SUM_BY_LANE);
  assert_int_equal(order_of(1, tall, 64), SUM_BY_SEGMENT);
  tall.fanin = 32;
  assert_int_equal(order_of(1, tall, 64), SUM_BY_SEGMENT);
  tall.fanin = 96; /* cuts between neurons would fall on other lanes in every cycle */
  assert_int_equal(order_of(1, tall, 0), SUM_BY_LANE);
  tall.fanin = 2048; /* all edges: a matrix */
  assert_int_equal(order_of(1, tall, 0), SUM_BY_LANE);
  assert_int_equal(order_of(2, dense, 0), SUM_BY_LEFT);
  assert_int_equal(order_of(2, listed, 0), SUM_BY_LEFT);
  assert_int_equal(order_of(2, low, 0), SUM_BY_LEFT);
}

/* 4-3-2, all joined, which a test may change before it asks. */
typedef struct Example {
  Layer layers[3];
  Junction junctions[2];
  uint32_t left[6];
  FormulaStep step;
  Formula formula;
  Model model;
} Example;

static Example *open_example(void) {
  static Example e;
  e = (Example){
      .layers = {{.name = "a", .neuron_count = 4, .real_count = 4},
                 {.name = "b", .neuron_count = 3, .real_count = 3},
                 {.name = "c", .neuron_count = 2, .real_count = 2}},
      .junctions = {{.edges = {.kind = INTERLEAVER_DENSE,
                               .left_count = 4,
                               .right_count = 3,
                               .edge_count = 12,
                               .fanin = 4}},
                    {.edges = {.kind = INTERLEAVER_LISTED,
                               .left_count = 3,
                               .right_count = 2,
                               .edge_count = 6,
                               .fanin = 3}}},
      .left = {0, 1, 2, 0, 1, 2},
      .step = {.op = FORMULA_ARGUMENT},
  };
  e.junctions[1].edges.left = e.left;
  e.formula = (Formula){1, &e.step};
  e.model = (Model){.name = "n",
                    .junction_count = 2,
                    .layers = e.layers,
                    .junctions = e.junctions,
                    .optimizer = {.method = OPTIMIZE_SGD},
                    .batch = 1};
  return &e;
}

static void parameters_are_counted(void **state) {
  (void)state;
  assert_int_equal(model_parameter_count(&open_example()->model), 12 + 3 + 6 + 2);
}

static void sums_in_segments(Example *e) {
  e->junctions[0].sum_order = SUM_BY_SEGMENT;
  e->junctions[0].segment = 2;
}
static void longer_segments(Example *e) {
  e->junctions[0].sum_order = SUM_BY_SEGMENT;
  e->junctions[0].segment = 4;
}
static void fixed_point(Example *e) {
  e->model.number = (NumberFormat){.is_fixed = true, .width = 12, .integer = 3, .fraction = 8};
}
static void truncation(Example *e) {
  fixed_point(e);
  e->model.number.rounding = ROUND_TRUNCATE;
}
static void another_edge(Example *e) {
  e->left[5] = 1;
}
static void padding(Example *e) {
  e->layers[2].real_count = 1;
}
static void another_activation(Example *e) {
  e->layers[1].activation.function = ACTIVATE_RELU;
}
static void own_activation(Example *e) {
  e->layers[1].activation =
      (Activation){.function = ACTIVATE_FORMULA, .value = &e->formula, .derivative = &e->formula};
}
static void own_constant(Example *e) {
  own_activation(e);
  e->step = (FormulaStep){.op = FORMULA_CONSTANT, .constant = 2.0};
}
static void another_loss(Example *e) {
  e->model.loss = LOSS_QUADRATIC;
}
static void momentum(Example *e) {
  e->model.optimizer.momentum = 0.9;
}
static void decay(Example *e) {
  e->model.optimizer.l2 = 1e-4;
}
static void pipeline(Example *e) {
  e->model.is_pipelined = true;
}
static void batches(Example *e) {
  e->model.batch = 2;
}

static void (*const changes[])(Example *) = {
    sums_in_segments,   longer_segments, fixed_point,  truncation,   another_edge, padding,
    another_activation, own_activation,  own_constant, another_loss, momentum,     decay,
    pipeline,           batches,
};

static void digests_tell_models_apart(void **state) {
  (void)state;
  enum { COUNT = sizeof changes / sizeof changes[0] };
  char digests[COUNT + 1][65];
  model_digest(&open_example()->model, digests[COUNT]);
  assert_int_equal(strlen(digests[COUNT]), 64);
  for (size_t i = 0; i < COUNT; i++) {
    Example *e = open_example();
    changes[i](e);
    model_digest(&e->model, digests[i]);
    assert_string_not_equal(digests[i], digests[COUNT]);
    for (size_t j = 0; j < i; j++) {
      if (strcmp(digests[i], digests[j]) == 0)
        fail_msg("changes %zu and %zu have one digest", i, j);
    }
  }
}

/* Names and the kind of table the edges are kept in compute nothing. */
static void digests_ignore_what_computes_nothing(void **state) {
  (void)state;
  char plain[65], renamed[65];
  model_digest(&open_example()->model, plain);
  Example *e = open_example();
  e->model.name = "other";
  e->layers[0].name = "x";
  e->model.initializer.seed = 77;
  Interleaver *edges = &e->junctions[1].edges;
  *edges = (Interleaver){
      .kind = INTERLEAVER_DENSE, .left_count = 3, .right_count = 2, .edge_count = 6, .fanin = 3};
  model_digest(&e->model, renamed);
  assert_string_equal(plain, renamed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sum_orders),
      cmocka_unit_test(parameters_are_counted),
      cmocka_unit_test(digests_tell_models_apart),
      cmocka_unit_test(digests_ignore_what_computes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
