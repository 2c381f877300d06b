// SPDX-License-Identifier: MIT
// check_file() on texts: what a right program becomes, and which error a wrong one gives, with its
// one message.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/check.h"
#include "lang/degrees.h"

typedef struct Check {
  Arena *arena;
  Diagnostics *diagnostics;
  Program *program; /* NULL after an error */
} Check;

static Check check_with(const char *text, const CheckOptions *options) {
  Check check = {.arena = arena_open()};
  Sources *sources = sources_new(check.arena);
  check.diagnostics = diagnostics_new(check.arena, sources);
  const bool is_right = check_file("test.sedge", text, options, sources, check.diagnostics,
                                   check.arena, &check.program);
  if (error_count(check.diagnostics) > 1) print_diagnostics(check.diagnostics, stderr, false);
  assert_int_equal(is_right, error_count(check.diagnostics) == 0);
  assert_int_equal(is_right, check.program != NULL);
  return check;
}

static Check check_text(const char *text) {
  const CheckOptions none = {0};
  return check_with(text, &none);
}

/* Exactly one error, of this code. */
static void expect_error_with(const char *text, const CheckOptions *options, ErrorCode code) {
  const Check check = check_with(text, options);
  assert_int_equal(error_count(check.diagnostics), 1);
  assert_true(has_error_code(check.diagnostics, code));
  arena_close(check.arena);
}

static void expect_error(const char *text, ErrorCode code) {
  const CheckOptions none = {0};
  expect_error_with(text, &none, code);
}

/* A network of one junction from `left` to `right` neurons. */
static const char *network_text(char *text, size_t size, const char *left, const char *right,
                                const char *pattern) {
  snprintf(text, size, "network n { input a%s; output b%s : sigmoid; junction a -> b : %s; }", left,
           right, pattern);
  return text;
}

/* The checked pattern; its texts are gone with the arena. */
static Pattern pattern_of(const char *left, const char *right, const char *pattern) {
  char text[512];
  const Check check = check_text(network_text(text, sizeof text, left, right, pattern));
  assert_non_null(check.program);
  const Pattern result = check.program->network.junctions[0].pattern;
  arena_close(check.arena);
  return result;
}

static void expect_pattern_error(const char *left, const char *right, const char *pattern,
                                 ErrorCode code) {
  char text[512];
  expect_error(network_text(text, sizeof text, left, right, pattern), code);
}

static const char whole[] =
    "param fanout = 8;\n"
    "network mnist {\n"
    "  input pixels[784] pad 1024; layer hidden[64] : sigmoid; output digit[10] pad 16 : softmax;\n"
    "  junction hidden -> digit : clashfree(fanout = fanout);\n"
    "  junction pixels -> hidden : clashfree(fanout = fanout, banks = 512, type = 3, dither = "
    "true, seed = 7);\n"
    "}\n"
    "hardware artix7 { clock = 15 MHz; multipliers = 240; block_ram = 135 * 36 kbit; ports = 2;\n"
    "  number = fixed(width = 12, integer = 3); rounding = stochastic(seed = 9); z = (512, 32); "
    "stages = 4; }\n"
    "train { data = csv(\"a.csv\", label = \"digit\"); split = split(train = 500, validation = "
    "100);\n"
    "  optimizer = sgd(rate = step(2^-3, factor = 1/2, every = 2, floor = 2^-7), momentum = 1/2, "
    "nesterov = true);\n"
    "  init = uniform(-1/2, 1/2, seed = 5); order = pipelined; batch = 4; epochs = 15; shuffle = "
    "false; seed = 3; }\n";

static void test_network_of_a_whole_file(void **state) {
  (void)state;
  const Check check = check_text(whole);
  assert_non_null(check.program);
  const Network *network = &check.program->network;
  assert_string_equal(network->name.text, "mnist");
  assert_int_equal(network->junction_count, 2);
  assert_string_equal(network->layers[0].name.text, "pixels");
  assert_int_equal(network->layers[0].real_count, 784);
  assert_int_equal(network->layers[0].neuron_count, 1024);
  assert_int_equal(network->layers[2].activation, ACTIVATION_SOFTMAX);
  const Pattern *first = &network->junctions[0].pattern;
  assert_int_equal(first->kind, PATTERN_CLASHFREE);
  assert_int_equal(first->fanout, 8);
  assert_int_equal(first->fanin, 128);
  assert_int_equal(first->edge_count, 8192);
  assert_int_equal(first->banks, 512);
  assert_int_equal(first->type, 3);
  assert_true(first->has_dither);
  assert_int_equal(first->seed, 7);
  assert_true(first->seed_given.is_given);
  const Pattern *second = &network->junctions[1].pattern;
  assert_int_equal(second->banks, 32);
  assert_int_equal(second->seed, 1);
  arena_close(check.arena);
}

static void test_hardware_of_a_whole_file(void **state) {
  (void)state;
  const Check check = check_text(whole);
  const Hardware *hardware = &check.program->hardware;
  assert_true(hardware->clock_hz == 15e6);
  assert_int_equal(hardware->multipliers, 240);
  assert_int_equal(hardware->block_ram_bits, 135 * 36864);
  assert_true(hardware->is_fixed);
  assert_int_equal(hardware->width, 12);
  assert_int_equal(hardware->integer, 3);
  assert_int_equal(hardware->rounding, ROUNDING_KIND_STOCHASTIC);
  assert_int_equal(hardware->rounding_seed, 9);
  assert_false(hardware->is_z_auto);
  assert_int_equal(hardware->z[0], 512);
  assert_int_equal(hardware->z[1], 32);
  assert_int_equal(hardware->stages, 4);
  arena_close(check.arena);
}

static void test_training_of_a_whole_file(void **state) {
  (void)state;
  const Check check = check_text(whole);
  const Training *training = &check.program->training;
  assert_int_equal(training->data.kind, DATA_CSV);
  assert_string_equal(training->data.path, "a.csv");
  assert_string_equal(training->data.label_name, "digit");
  assert_int_equal(training->split.train, 500);
  assert_int_equal(training->split.validation, 100);
  assert_int_equal(training->optimizer.rate.kind, RATE_STEP);
  assert_true(training->optimizer.rate.from == 0.125);
  assert_true(training->optimizer.rate.floor == 1.0 / 128);
  assert_int_equal(training->optimizer.rate.every, 2);
  assert_true(training->optimizer.momentum == 0.5);
  assert_true(training->optimizer.is_nesterov);
  assert_int_equal(training->init.kind, INITIALIZER_UNIFORM);
  assert_true(training->init.low == -0.5 && training->init.high == 0.5);
  assert_int_equal(training->init.seed, 5);
  assert_true(training->is_pipelined);
  assert_int_equal(training->batch, 4);
  assert_int_equal(training->epochs, 15);
  assert_false(training->is_shuffled);
  assert_int_equal(training->seed, 3);
  arena_close(check.arena);
}

static const char bare[] =
    "network n { input a[8]; output b[8] : sigmoid; junction a -> b : clashfree(2); }";

static void test_defaults_without_blocks(void **state) {
  (void)state;
  const Check check = check_text(bare);
  const Hardware *hardware = &check.program->hardware;
  const Training *training = &check.program->training;
  assert_false(hardware->is_fixed);
  assert_true(hardware->is_z_auto);
  assert_false(hardware->has_multiplier_limit);
  assert_false(hardware->has_block_ram_limit);
  assert_true(hardware->clock_hz == 0.0);
  assert_int_equal(hardware->ports, 2);
  assert_int_equal(hardware->stages, 2);
  assert_string_equal(hardware->name.text, "");
  assert_false(training->is_given);
  assert_int_equal(training->data.kind, DATA_MORSE);
  assert_int_equal(training->optimizer.kind, OPTIMIZER_KIND_SGD);
  assert_true(training->optimizer.rate.from == 0.125);
  assert_int_equal(training->init.kind, INITIALIZER_GLOROT_NORMAL);
  assert_int_equal(training->batch, 1);
  assert_int_equal(training->epochs, 1);
  assert_true(training->is_shuffled);
  assert_int_equal(training->seed, 1);
  arena_close(check.arena);
}

static void test_seed_option_replaces_seeds_not_given(void **state) {
  (void)state;
  const CheckOptions options = {.has_seed = true, .seed = 42};
  Check check = check_with(bare, &options);
  assert_int_equal(check.program->network.junctions[0].pattern.seed, 42);
  assert_int_equal(check.program->training.seed, 42);
  assert_int_equal(check.program->training.init.seed, 42);
  assert_int_equal(check.program->training.data.seed, 42);
  arena_close(check.arena);
  check = check_with(whole, &options);
  assert_int_equal(check.program->network.junctions[0].pattern.seed, 7);
  assert_int_equal(check.program->network.junctions[1].pattern.seed, 42);
  assert_int_equal(check.program->training.seed, 3);
  assert_int_equal(check.program->hardware.rounding_seed, 9);
  arena_close(check.arena);
}

static void test_defines(void **state) {
  (void)state;
  const char *right = "param f = 3; network n { input a[8]; output b[8] : sigmoid; junction a -> b "
                      ": clashfree(f); }";
  const char *const last_counts[] = {"f=1", "f = 2 * 2"};
  const CheckOptions options = {.defines = last_counts, .define_count = 2};
  const Check check = check_with(right, &options);
  assert_int_equal(check.program->network.junctions[0].pattern.fanout, 4);
  arena_close(check.arena);

  const char *const unknown[] = {"g=1"};
  expect_error_with(right, &(CheckOptions){.defines = unknown, .define_count = 1},
                    ERROR_UNKNOWN_DEFINE);
  const char *const of_a_let[] = {"k=1"};
  expect_error_with(
      "let k = 8; network n { input a[k]; output b[8] : sigmoid; junction a -> b : dense(); }",
      &(CheckOptions){.defines = of_a_let, .define_count = 1}, ERROR_UNKNOWN_DEFINE);
  const char *const fraction[] = {"f=1/2"};
  expect_error_with(right, &(CheckOptions){.defines = fraction, .define_count = 1},
                    ERROR_FRACTIONAL_COUNT);
}

static void test_choice_of_blocks(void **state) {
  (void)state;
  const char *text =
      "network first { input a[4]; output b[2] : sigmoid; junction a -> b : dense(); }\n"
      "network second { input c[4]; output d[2] : sigmoid; junction c -> d : dense(); }\n"
      "hardware slow { clock = 1 kHz; } hardware fast { clock = 1 GHz; }\n"
      "train short { epochs = 1; } train long { epochs = 9; }\n";
  const CheckOptions options = {.network = "second", .hardware = "fast", .train = "long"};
  Check check = check_with(text, &options);
  assert_string_equal(check.program->network.layers[0].name.text, "c");
  assert_true(check.program->hardware.clock_hz == 1e9);
  assert_int_equal(check.program->training.epochs, 9);
  arena_close(check.arena);
  check = check_text(text);
  assert_string_equal(check.program->network.name.text, "first");
  assert_string_equal(check.program->hardware.name.text, "slow");
  assert_string_equal(check.program->training.name.text, "short");
  arena_close(check.arena);
  expect_error_with(text, &(CheckOptions){.network = "frist"}, ERROR_UNKNOWN_BLOCK);
  expect_error_with(text, &(CheckOptions){.hardware = "fats"}, ERROR_UNKNOWN_BLOCK);
  expect_error_with(text, &(CheckOptions){.train = "lang"}, ERROR_UNKNOWN_BLOCK);
}

static void test_degrees_of_patterns(void **state) {
  (void)state;
  Pattern pattern = pattern_of("[12]", "[8]", "dense()");
  assert_int_equal(pattern.fanout, 8);
  assert_int_equal(pattern.fanin, 12);
  assert_int_equal(pattern.edge_count, 96);
  pattern = pattern_of("[12]", "[8]", "structured(fanout = 2)");
  assert_int_equal(pattern.fanin, 3);
  pattern = pattern_of("[12]", "[8]", "structured(fanin = 6)");
  assert_int_equal(pattern.fanout, 4);
  pattern = pattern_of("[12]", "[8]", "clashfree(density = 1/4)");
  assert_int_equal(pattern.edge_count, 24);
  assert_int_equal(pattern.banks, 6);
  assert_int_equal(pattern.type, 2);
  pattern = pattern_of("[12]", "[8]", "clashfree(density = 0.25)");
  assert_int_equal(pattern.edge_count, 24);
  pattern = pattern_of("[12]", "[8]", "random(0.1, seed = 4)");
  assert_int_equal(pattern.edge_count, 10);
  assert_int_equal(pattern.fanin, 0);
  assert_int_equal(pattern.seed, 4);
  pattern = pattern_of("[7]", "[7]", "clashfree(1)");
  assert_int_equal(pattern.banks, 1);
  pattern = pattern_of("[12]", "[8]", "edges(\"e.npz\")");
  assert_int_equal(pattern.kind, PATTERN_EDGES);
  assert_int_equal(pattern.edge_count, 0);
}

static void test_windows(void **state) {
  (void)state;
  Pattern pattern =
      pattern_of("[1, 28, 28] pad 1024", "[169]", "window(size = (4, 4), stride = (2, 2))");
  assert_int_equal(pattern.axis_count, 3);
  assert_int_equal(pattern.window[0], 1);
  assert_int_equal(pattern.window[1], 4);
  assert_int_equal(pattern.windows[0], 1);
  assert_int_equal(pattern.windows[1], 13);
  assert_int_equal(pattern.windows[2], 13);
  assert_int_equal(pattern.stride[2], 2);
  assert_int_equal(pattern.left_shape[2], 28);
  assert_int_equal(pattern.fanin, 16);
  assert_int_equal(pattern.edge_count, 16 * 169);
  pattern = pattern_of("[3, 6, 6]", "[9]", "window(size = (2, 2), stride = 2)");
  assert_int_equal(pattern.fanin, 12);
  pattern = pattern_of("[3, 6, 6]", "[50]", "window(size = (2, 2, 2))");
  assert_int_equal(pattern.windows[0], 2);
  pattern = pattern_of("[10]", "[4]", "window(4, 2)");
  assert_int_equal(pattern.axis_count, 1);
  assert_int_equal(pattern.fanin, 4);
}

static void test_own_pattern_and_activation(void **state) {
  (void)state;
  const Check check =
      check_text("let w = 1; activation half(x) = x * 1/2; activation quarter(x) = half(half(x));\n"
                 "pattern band(width = 2, centre = w)(l, r) = abs(l - r * centre) <= width;\n"
                 "network n { input a[8]; output b[8] : quarter; junction a -> b : band(3); }");
  assert_non_null(check.program);
  assert_int_equal(warning_count(check.diagnostics), 0);
  const NetworkLayer *output = &check.program->network.layers[1];
  assert_int_equal(output->activation, ACTIVATION_OWN);
  assert_int_equal(output->own_activation->derivative->op, SCALAR_CONSTANT);
  assert_true(rational_to_double(output->own_activation->derivative->constant) == 0.25);
  const Pattern *pattern = &check.program->network.junctions[0].pattern;
  assert_int_equal(pattern->kind, PATTERN_OWN);
  assert_int_equal(pattern->own->condition->op, SCALAR_LESS_EQUAL);
  assert_true(rational_to_double(pattern->own->condition->operand[1]->constant) == 3.0);
  arena_close(check.arena);
}

static void test_errors_of_patterns(void **state) {
  (void)state;
  expect_pattern_error("[10]", "[4]", "clashfree(2, banks = 3)", ERROR_BANKS);
  expect_pattern_error("[10]", "[4]", "clashfree(1)", ERROR_DEGREE);
  expect_pattern_error("[10]", "[4]", "clashfree(8)", ERROR_DEGREE);
  expect_pattern_error("[10]", "[4]", "clashfree(fanin = 20)", ERROR_DEGREE);
  expect_pattern_error("[10]", "[4]", "clashfree(density = 1/3)", ERROR_DEGREE);
  expect_pattern_error("[10]", "[4]", "clashfree(density = sqrt(1/2))", ERROR_DEGREE);
  expect_pattern_error("[10]", "[4]", "clashfree(density = 1e-15)", ERROR_DEGREE);
  expect_pattern_error("[10]", "[4]", "clashfree()", ERROR_DEGREE_CHOICE);
  expect_pattern_error("[10]", "[4]", "clashfree", ERROR_DEGREE_CHOICE);
  expect_pattern_error("[10]", "[4]", "clashfree(2, 5)", ERROR_DEGREE_CHOICE);
  expect_pattern_error("[10]", "[4]", "clashfree(2, type = 0)", ERROR_OUT_OF_RANGE);
  expect_pattern_error("[10]", "[4]", "clashfree(2, dither = 1)", ERROR_WRONG_KIND);
  expect_pattern_error("[10]", "[4]", "clashfre(2)", ERROR_UNKNOWN_FORM);
  expect_pattern_error("[10]", "[4]", "3", ERROR_WRONG_KIND);
  expect_pattern_error("[10]", "[4]", "random(0)", ERROR_OUT_OF_RANGE);
  expect_pattern_error("[10]", "[4]", "random()", ERROR_MISSING_FIELD);
  expect_pattern_error("[10]", "[4]", "window(3)", ERROR_WINDOW);
  expect_pattern_error("[10]", "[4]", "window((3, 3))", ERROR_WINDOW);
  expect_pattern_error("[10]", "[4]", "window(11)", ERROR_WINDOW);
  expect_pattern_error("[1, 5, 5]", "[9]", "window(3)", ERROR_WINDOW);
  expect_pattern_error("[10]", "[4]", "edges(3)", ERROR_WRONG_KIND);
  expect_pattern_error("[16777216]", "[16777216]", "dense()", ERROR_TOO_MANY_EDGES);
  expect_pattern_error("[0]", "[4]", "dense()", ERROR_OUT_OF_RANGE);
  expect_pattern_error("[10, 10]", "[4]", "dense()", ERROR_SHAPE);
  expect_pattern_error("[10] pad 9", "[4]", "dense()", ERROR_PAD);
  expect_pattern_error("[9.5]", "[4]", "dense()", ERROR_FRACTIONAL_COUNT);
  expect_pattern_error("[8 MHz]", "[4]", "dense()", ERROR_WRONG_KIND);
}

/* A pattern wrong between any two layers is one mistake, however many it joins. */
static void test_one_mistake_one_message(void **state) {
  (void)state;
  expect_error("network n { input a[8]; layer b[8], c[8] : relu; output d[8] : sigmoid; "
               "junction a -> b -> c -> d : clashfree(2, banks = 3); }",
               ERROR_BANKS);
  expect_error("let n = 1 / 0; network n { input a[n]; layer b[n] : relu; output d[8] : sigmoid; "
               "junction a -> b -> d : clashfree(n); }",
               ERROR_UNDEFINED);
  expect_error("network n { input a[8]; layer b[8] : sigmod; output d[8] : sigmoid; junction a -> "
               "b -> d : dense(); }",
               ERROR_ACTIVATION);
  expect_error(
      "activation f(x) = gcd(x, 2); network n { input a[8]; layer b[8], c[8] : f; output d[8] : f; "
      "junction a -> b -> c -> d : dense(); }",
      ERROR_NO_DERIVATIVE);
  expect_error(
      "network n { input a[8]; output d[8] : sigmoid; junction a -> d : random(densty = 1/2); }",
      ERROR_UNKNOWN_FIELD);
  expect_error("train { optimizer = sgd(rate = stp(1/8)); } "
               "network n { input a[8]; output d[8] : sigmoid; junction a -> d : dense(); }",
               ERROR_UNKNOWN_FORM);
}

static void test_long_chains_of_constants(void **state) {
  (void)state;
  enum { COUNT = 100000 };
  char *text = malloc(COUNT * 32);
  assert_non_null(text);
  size_t length = 0;
  for (int i = COUNT; i > 0; i--)
    length += (size_t)sprintf(text + length, "let v%d = v%d;\n", i, i - 1);
  length += (size_t)sprintf(text + length,
                            "let v0 = 8; network n { input a[v%d]; output b[8] : sigmoid; "
                            "junction a -> b : dense(); }",
                            COUNT);
  const Check check = check_text(text);
  assert_non_null(check.program);
  assert_int_equal(check.program->network.layers[0].neuron_count, 8);
  arena_close(check.arena);
  free(text);
}

static void test_too_many_layers(void **state) {
  (void)state;
  enum { COUNT = 1100 };
  char *text = malloc(COUNT * 32);
  assert_non_null(text);
  size_t length = (size_t)sprintf(text, "network n { input a[2]; ");
  for (int i = 0; i < COUNT; i++)
    length += (size_t)sprintf(text + length, "layer v%d[2] : relu; ", i);
  sprintf(text + length, "output b[2] : sigmoid; junction a -> b : dense(); }");
  expect_error(text, ERROR_TOO_LARGE);
  free(text);
}

static void test_parts(void **state) {
  (void)state;
  char text[512];
  snprintf(text, sizeof text, "%s hardware h { resources = \"artix7-100t\"; multipliers = 100; }",
           bare);
  const Check check = check_text(text);
  const Hardware *hardware = &check.program->hardware;
  assert_string_equal(hardware->part, "artix7-100t");
  assert_int_equal(hardware->multipliers, 100);
  assert_int_equal(hardware->block_ram_bits, 135 * 36864);
  assert_int_equal(hardware->ports, 2);
  arena_close(check.arena);
}

static void test_neighbours(void **state) {
  (void)state;
  const Neighbours banks = divisors_near(1024, 500);
  assert_int_equal(banks.below, 256);
  assert_int_equal(banks.above, 512);
  assert_int_equal(divisors_near(7, 100).below, 7);
  assert_int_equal(divisors_near(7, 100).above, 0);
  const Neighbours degrees = multiples_near(4, 16, (Rational){11, 2});
  assert_int_equal(degrees.below, 4);
  assert_int_equal(degrees.above, 8);
  assert_int_equal(multiples_near(4, 16, (Rational){40, 1}).below, 16);
  assert_int_equal(multiples_near(4, 16, (Rational){40, 1}).above, 0);
  assert_int_equal(largest_proper_divisor(1024), 512);
  assert_int_equal(largest_proper_divisor(9), 3);
  assert_int_equal(largest_proper_divisor(13), 1);
  assert_int_equal(largest_proper_divisor(1), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_network_of_a_whole_file),
      cmocka_unit_test(test_hardware_of_a_whole_file),
      cmocka_unit_test(test_training_of_a_whole_file),
      cmocka_unit_test(test_defaults_without_blocks),
      cmocka_unit_test(test_seed_option_replaces_seeds_not_given),
      cmocka_unit_test(test_defines),
      cmocka_unit_test(test_choice_of_blocks),
      cmocka_unit_test(test_degrees_of_patterns),
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_own_pattern_and_activation),
      cmocka_unit_test(test_errors_of_patterns),
      cmocka_unit_test(test_one_mistake_one_message),
      cmocka_unit_test(test_long_chains_of_constants),
      cmocka_unit_test(test_too_many_layers),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_neighbours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
