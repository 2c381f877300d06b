// SPDX-License-Identifier: MIT
// Fixed-point arithmetic of generated code against runtime/fixed.h, bit for bit: products that join
// sums, of any range and of small factors, and updates of weights and biases by every kind of
// descent, at the corners of every format's range and at random; and every byte as an input.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/llvm/arithmetic.h"
#include "runtime/fixed.h"
#include "runtime/input_cells.h"
#include "runtime/optimizer.h"
#include "tests/unit/native_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- formats ---- */

static const uint32_t formats[][2] = {{2, 0},  {2, 1},  {4, 2},   {8, 0},  {8, 7},
                                      {12, 3}, {15, 4}, {16, 0},  {16, 8}, {16, 15},
                                      {17, 0}, {18, 5}, {24, 23}, {30, 9}};
static const Rounding roundings[] = {ROUND_NEAREST, ROUND_TRUNCATE, ROUND_STOCHASTIC};
enum { MODELS = COUNT(formats) * COUNT(roundings) };

static void fill_models(Model models[MODELS]) {
  for (uint32_t i = 0; i < MODELS; i++) {
    const uint32_t *format = formats[i / COUNT(roundings)];
    models[i] = (Model){.name = "bench",
                        .number = {.is_fixed = true,
                                   .width = format[0],
                                   .integer = format[1],
                                   .fraction = format[0] - 1 - format[1],
                                   .rounding = roundings[i % COUNT(roundings)],
                                   .rounding_seed = 0x123456789ABC}};
  }
}

/* ---- operands ---- */

enum { OPERANDS = 4096 };

/* Element i of the arrays of one call. */
typedef struct Operands {
  _Alignas(64) int32_t number[OPERANDS];
  _Alignas(64) int32_t factor[OPERANDS];
  _Alignas(64) int32_t base[OPERANDS]; /* a sum, or a parameter */
  _Alignas(64) int32_t result[OPERANDS];
} Operands;

/* A raw number from least to most, at or near an end half of the time. */
static int32_t number_between(int32_t least, int32_t most) {
  const uint32_t span = (uint32_t)(most - least) + 1;
  const uint32_t kind = next_word() % 8, near = next_word() % 3 % span;
  if (kind < 2) return least + (int32_t)near;
  if (kind < 4) return most - (int32_t)near;
  return least + (int32_t)(next_word() % span);
}

static void fill_operands(Operands *o, const NumberFormat *format, ProductRange range) {
  const int32_t greatest = (int32_t)fixed_greatest(format), least = -greatest - 1;
  const int32_t one = (int32_t)1 << format->fraction;
  const int32_t top = one < greatest ? one : greatest;
  for (uint32_t i = 0; i < OPERANDS; i++) {
    o->number[i] = number_between(least, greatest);
    o->factor[i] =
        range == PRODUCT_SMALL ? number_between(1 - one, top) : number_between(least, greatest);
    o->base[i] = number_between(least, greatest);
  }
}

/* ---- kernels ---- */

typedef enum Operation {
  ADD_PRODUCT,
  ADD_SMALL_PRODUCT,
  SCALE_SUM,
  UPDATE_WEIGHT,
  UPDATE_BIAS,
} Operation;
enum { OPERATIONS = UPDATE_BIAS + 1 };

/* What keys the random words. */
enum { JUNCTION = 3 };
static const int64_t input = 0x987654321;

static Value emit_operation(Emitter *e, Operation operation, Value number, Value factor, Value base,
                            Value words) {
  Value shift = rule_field(e, work_field(e, WORK_weight_rule, "rule"), RULE_rate_shift, "shift");
  switch (operation) {
  case ADD_PRODUCT: return add_product(e, number, factor_of(e, factor), base, PRODUCT_ANY, words);
  case ADD_SMALL_PRODUCT:
    return add_product(e, number, factor_of(e, factor), base, PRODUCT_SMALL, words);
  case SCALE_SUM: return scale_sum(e, factor, number, words);
  case UPDATE_WEIGHT: return descend(e, base, number, factor_of(e, factor), shift, words);
  case UPDATE_BIAS: return descend(e, base, number, NULL, shift, words);
  }
  return NULL;
}

static void add_operation(Bench *bench, Operation operation) {
  Emitter *e = &bench->e;
  Value function = begin_kernel(e, 0, "operation");
  Value numbers = work_field(e, WORK_ff_left, ""), factors = work_field(e, WORK_up_left, "");
  Value bases = work_field(e, WORK_right_delta, ""), results = work_field(e, WORK_ff_right, "");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, OPERANDS), LANES, true, "i");
  Value elements = splat(e, LLVMBuildTrunc(e->builder, loop.index, e->i32, ""), "");
  elements = LLVMBuildAdd(e->builder, elements, lane_numbers(e), "elements");
  Value words = rounding_words(e, JUNCTION, operation, const_i64(e, input), elements);
  Value result =
      emit_operation(e, operation, load_vector(e, e->v16i32, numbers, loop.index, 64, "number"),
                     load_vector(e, e->v16i32, factors, loop.index, 64, "factor"),
                     load_vector(e, e->v16i32, bases, loop.index, 64, "base"), words);
  store_vector(e, result, results, loop.index, 64);
  end_loop(e, &loop);
  end_function(e);
  add_kernel(bench, function);
}

/* ---- what it must be ---- */

static int32_t expected(const NumberFormat *format, Operation operation, uint32_t shift,
                        const Operands *o, uint32_t i) {
  const int64_t product = (int64_t)o->number[i] * o->factor[i];
  const uint32_t word = stochastic_word(format, JUNCTION, (uint64_t)input, operation, i);
  switch (operation) {
  case ADD_PRODUCT:
  case ADD_SMALL_PRODUCT:
    return o->base[i] + fixed_round_product(format, format->rounding, product, word);
  case SCALE_SUM: return fixed_round_product(format, format->rounding, product, word);
  case UPDATE_WEIGHT:
    return fixed_round_quotient(format, format->rounding, o->base[i], -product,
                                (Wide)1 << (shift + format->fraction), word);
  case UPDATE_BIAS:
    return fixed_round_quotient(format, format->rounding, o->base[i], -(Wide)o->number[i],
                                (Wide)1 << shift, word);
  }
  return 0;
}

static void compare_operation(NativeKernel *kernel, const NumberFormat *format, Operation operation,
                              uint32_t shift, Operands *o) {
  UpdateRule rule = {.rate_shift = (int32_t)shift};
  const NativeWork work = {.ff_left = o->number,
                           .up_left = o->factor,
                           .right_delta = o->base,
                           .ff_right = o->result,
                           .weight_rule = &rule};
  kernel(&(NativeJunction){0}, &work);
  for (uint32_t i = 0; i < OPERANDS; i++) {
    const int32_t right = expected(format, operation, shift, o, i);
    if (o->result[i] == right) continue;
    fail_msg("fixed(%u, %u), rounding %d, operation %d, shift %u: number %d, factor %d, base %d "
             "give %d, expected %d",
             format->width, format->integer, (int)format->rounding, (int)operation, shift,
             o->number[i], o->factor[i], o->base[i], o->result[i], right);
  }
}

static void operations(void **state) {
  static const uint32_t shifts[] = {0, 1, 6, 13, 15, 16, 17, 29, 30, 31, 32, 100};
  static Model models[MODELS];
  static Operands operands;
  Bench bench;
  fill_models(models);
  open_bench(&bench, &models[0], *state);
  for (uint32_t i = 0; i < MODELS; i++) {
    bench.e.model = &models[i];
    for (uint32_t operation = 0; operation < OPERATIONS; operation++)
      add_operation(&bench, (Operation)operation);
  }
  compile_bench(&bench);
  for (uint32_t i = 0; i < MODELS * OPERATIONS; i++) {
    const NumberFormat *format = &models[i / OPERATIONS].number;
    const Operation operation = (Operation)(i % OPERATIONS);
    const bool is_update = operation == UPDATE_WEIGHT || operation == UPDATE_BIAS;
    fill_operands(&operands, format, operation == ADD_SMALL_PRODUCT ? PRODUCT_SMALL : PRODUCT_ANY);
    for (uint32_t s = 0; s < (is_update ? COUNT(shifts) : 1); s++)
      compare_operation(bench.kernels[i], format, operation, shifts[s], &operands);
  }
  close_bench(&bench);
}

/* ---- momentum and l2 ---- */

/* Biases have no l2, so that theirs are all kinds of momentum alone. */
static const Optimizer optimizers[] = {
    {.l2 = 0.125},
    {.momentum = 0.37, .l2 = 0x1p-20},
    {.momentum = 0.9, .is_nesterov = true, .l2 = 2},
};
enum { WEIGHTS, BIASES, PARAMETER_KINDS };
enum { UPDATES = MODELS * COUNT(optimizers) * PARAMETER_KINDS };

/* Parameters lie in base, what moves them (the optimizer's state) in result; both are replaced. */
static void add_update(Bench *bench, bool is_weight) {
  Emitter *e = &bench->e;
  Value function = begin_kernel(e, 0, "update");
  Value rule = work_field(e, WORK_weight_rule, ""), bases = work_field(e, WORK_right_delta, "");
  Value moved = work_field(e, WORK_ff_right, "");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, OPERANDS), LANES, true, "i");
  Value number = load_vector(e, e->v16i32, work_field(e, WORK_ff_left, ""), loop.index, 64, "n");
  Value factor = load_vector(e, e->v16i32, work_field(e, WORK_up_left, ""), loop.index, 64, "f");
  Value gradient = exact_gradient(e, number, is_weight ? factor_of(e, factor) : NULL);
  Value states[2] = {load_vector(e, e->v16i32, moved, loop.index, 64, "state")};
  Value base = load_vector(e, e->v16i32, bases, loop.index, 64, "base");
  store_vector(e, emit_update(e, rule, is_weight, gradient, base, states), bases, loop.index, 64);
  store_vector(e, states[0], moved, loop.index, 64);
  end_loop(e, &loop);
  end_function(e);
  add_kernel(bench, function);
}

static void compare_update(NativeKernel *kernel, const Model *model, bool is_weight, double rate,
                           Operands *o) {
  static const uint32_t no_words[2];
  static int32_t base[OPERANDS], state[OPERANDS];
  const NumberFormat *format = &model->number;
  UpdateRule rule = update_rule(&model->optimizer, format, rate, 1, is_weight);
  const FixedUpdate update = fixed_update(&rule, format, 1);
  const NativeWork work = {.ff_left = o->number,
                           .up_left = o->factor,
                           .right_delta = o->base,
                           .ff_right = o->result,
                           .weight_rule = &rule};
  fill_operands(o, format, PRODUCT_ANY);
  for (uint32_t i = 0; i < OPERANDS; i++) {
    const int64_t one = (int64_t)1 << format->fraction;
    state[i] = o->result[i] =
        number_between((int32_t)fixed_least(format), (int32_t)fixed_greatest(format));
    base[i] = o->base[i];
    update_fixed(&update, o->number[i] * (is_weight ? (int64_t)o->factor[i] : one), no_words,
                 &base[i], &state[i]);
  }
  kernel(&(NativeJunction){0}, &work);
  for (uint32_t i = 0; i < OPERANDS; i++) {
    if (o->base[i] == base[i] && (!rule.has_momentum || o->result[i] == state[i])) continue;
    fail_msg("fixed(%u, %u), rounding %d, momentum %g, l2 %g, rate %g: number %d, factor %d give "
             "%d and %d, expected %d and %d",
             format->width, format->integer, (int)format->rounding, model->optimizer.momentum,
             model->optimizer.l2, rate, o->number[i], o->factor[i], o->base[i], o->result[i],
             base[i], state[i]);
  }
}

/* Of a format's models with each optimizer, those whose updates are generated. */
static uint32_t fill_optimized(Model models[UPDATES], Bench *bench) {
  Model formatted[MODELS];
  uint32_t count = 0;
  fill_models(formatted);
  for (uint32_t i = 0; i < MODELS * COUNT(optimizers); i++) {
    models[count] = formatted[i / COUNT(optimizers)];
    models[count].optimizer = optimizers[i % COUNT(optimizers)];
    bench->e.model = &models[count];
    count += can_update_fixed(&bench->e);
  }
  return count;
}

static void updates(void **state) {
  static const double rates[] = {0x1p-1, 0x1p-7, 1, 0x1p-40, 0x1p-62};
  static Model models[UPDATES];
  static Operands operands;
  Bench bench;
  open_bench(&bench, &models[0], *state);
  const uint32_t count = fill_optimized(models, &bench);
  for (uint32_t i = 0; i < count; i++) {
    bench.e.model = &models[i];
    for (uint32_t kind = 0; kind < PARAMETER_KINDS; kind++) add_update(&bench, kind == WEIGHTS);
  }
  compile_bench(&bench);
  for (uint32_t i = 0; i < count * PARAMETER_KINDS; i++) {
    for (uint32_t r = 0; r < COUNT(rates); r++)
      compare_update(bench.kernels[i], &models[i / PARAMETER_KINDS], i % PARAMETER_KINDS == WEIGHTS,
                     rates[r], &operands);
  }
  close_bench(&bench);
  /* Formats that round stochastically are left out, and the widest where l2 is fine. */
  assert_true(count > COUNT(formats) * 2 * COUNT(optimizers) * 9 / 10);
}

/* ---- all words of an operation ---- */

static void words_in_turn(void **state) {
  enum { COUNT_OF_WORDS = 3 * 64 };
  Model model = {.name = "bench",
                 .number = {.is_fixed = true, .rounding = ROUND_STOCHASTIC, .rounding_seed = 5}};
  Bench bench;
  open_bench(&bench, &model, *state);
  Emitter *e = &bench.e;
  Value function = begin_kernel(e, 0, "words");
  fill_rounding_words(e, JUNCTION, EDGE_OP_UP_STEP, work_field(e, WORK_up_input, ""),
                      COUNT_OF_WORDS - 1, work_field(e, WORK_ff_right, ""));
  end_function(e);
  add_kernel(&bench, function);
  compile_bench(&bench);
  _Alignas(64) uint32_t words[COUNT_OF_WORDS];
  const uint64_t inputs[] = {0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
  for (uint32_t i = 0; i < COUNT(inputs); i++) {
    bench.kernels[0](&(NativeJunction){0}, &(NativeWork){.ff_right = words, .up_input = inputs[i]});
    for (uint32_t k = 0; k < COUNT_OF_WORDS; k++)
      assert_int_equal(words[k],
                       stochastic_word(&model.number, JUNCTION, inputs[i], EDGE_OP_UP_STEP, k));
  }
  close_bench(&bench);
}

/* ---- bytes as inputs ---- */

enum { BYTES = 256 };

static void bytes(void **state) {
  static Model models[MODELS];
  bool has_kernel[MODELS];
  const Layer layers[] = {{.name = "x", .neuron_count = BYTES, .real_count = BYTES},
                          {.name = "y", .neuron_count = 1, .real_count = 1}};
  const Junction junction = {.edges = {.left_count = BYTES,
                                       .right_count = 1,
                                       .edge_count = BYTES,
                                       .fanin = BYTES,
                                       .fanout = 1},
                             .sum_order = SUM_BY_LANE,
                             .is_place_left = true};
  Bench bench;
  fill_models(models);
  open_bench(&bench, &models[0], *state);
  for (uint32_t i = 0; i < MODELS; i++) {
    models[i].junction_count = 1;
    models[i].layers = layers;
    models[i].junctions = &junction;
    bench.e.model = &models[i];
    const NumberFormat *format = &models[i].number;
    has_kernel[i] = can_enter(&bench.e, true);
    assert_int_equal(has_kernel[i], format->width <= 16 && format->rounding != ROUND_STOCHASTIC);
    if (has_kernel[i]) add_kernel(&bench, emit_enter(&bench.e, true));
  }
  compile_bench(&bench);
  uint8_t values[BYTES];
  const void *example = values;
  _Alignas(64) int32_t cells[BYTES];
  const NativeWork work = {.examples = &example, .ff_left = cells};
  for (uint32_t i = 0; i < BYTES; i++) values[i] = (uint8_t)i;
  uint32_t kernel = 0;
  for (uint32_t i = 0; i < MODELS; i++) {
    if (!has_kernel[i]) continue;
    const InputCells right = input_cells(&models[i].number, BYTES, BYTES);
    bench.kernels[kernel++](&(NativeJunction){0}, &work);
    for (uint32_t byte = 0; byte < BYTES; byte++)
      assert_int_equal(cells[byte], right.bytes[byte].down.raw);
  }
  close_bench(&bench);
}

/* ---- for every processor ---- */

int main(void) {
  int failures = 0;
  for (size_t i = 0; i < PROCESSORS; i++) {
    void *processor = (void *)(uintptr_t)processors[i];
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(operations, processor),
                                       cmocka_unit_test_prestate(updates, processor),
                                       cmocka_unit_test_prestate(words_in_turn, processor),
                                       cmocka_unit_test_prestate(bytes, processor)};
    failures += cmocka_run_group_tests_name(processors[i] ? processors[i] : "this processor", tests,
                                            NULL, NULL);
  }
  return failures;
}
