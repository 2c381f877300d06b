// SPDX-License-Identifier: MIT
// What generated code computes of a number, against the C that says what it is, bit for bit:
// elementary functions over all exponents, activations, formulas at random, softmax, and every
// optimizer.  NaN is NaN, whatever its payload.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/elementary.h"
#include "tests/unit/native_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- numbers ---- */

static float random_float(void) {
  static const float often[] = {0.0F, -0.0F,      1.0F,  -1.0F,  0.5F,     -0.5F,
                                2.5F, 0.1F,       -3.0F, 1e-40F, INFINITY, -INFINITY,
                                NAN,  8388607.5F, 1e30F, 65.0F,  -2.0F,    0.49999997F};
  const uint32_t kind = next_word() % 8;
  if (kind == 0) return often[next_word() % COUNT(often)];
  if (kind == 1) return float_of_bits(next_word());
  return ((float)(next_word() >> 8) * 0x1p-24F - 0.5F) * 20.0F;
}

static float *new_floats(size_t count) {
  float *floats = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
  assert_non_null(floats);
  return floats;
}

static void expect_same(const char *what, float x, float got, float expected) {
  if (isnan(got) && isnan(expected)) return;
  if (memcmp(&got, &expected, sizeof got) != 0)
    fail_msg("%s of %a is %a, expected %a", what, (double)x, (double)got, (double)expected);
}

/* ---- functions of one number ---- */

typedef void EmitMap(Emitter *e, const void *context, Value x, Value *y, Value *z);

/* ff_right[i], ff_derivative[i] = f(ff_left[i]) for i below last, a multiple of 16. */
static uint32_t add_map(Bench *bench, EmitMap *emit, const void *context) {
  Emitter *e = &bench->e;
  Value function = begin_kernel(e, 0, "map"), y = NULL, z = NULL;
  Value left = work_field(e, WORK_ff_left, "left"), right = work_field(e, WORK_ff_right, "right");
  Value derivative = work_field(e, WORK_ff_derivative, "derivative");
  Loop loop = begin_loop(e, const_i64(e, 0), work_field(e, WORK_last, "last"), LANES, true, "i");
  emit(e, context, load_vector(e, e->v16f32, left, loop.index, 64, "x"), &y, &z);
  store_vector(e, y, right, loop.index, 64);
  if (z) store_vector(e, z, derivative, loop.index, 64);
  end_loop(e, &loop);
  end_function(e);
  return add_kernel(bench, function);
}

static const Model no_model = {.name = "bench"};

typedef struct Elementary {
  const char *name;
  Value (*emit)(Emitter *e, Value x);
  float (*function)(float x);
} Elementary;

static const Elementary elementary[] = {
    {"exp", emit_exp, exp_float},    {"log", emit_log, log_float},
    {"tanh", emit_tanh, tanh_float}, {"sigmoid", emit_sigmoid, sigmoid_float},
    {"floor", emit_floor, floorf},   {"ceil", emit_ceil, ceilf},
    {"round", emit_round, roundf},
};

static void emit_elementary(Emitter *e, const void *context, Value x, Value *y, Value *z) {
  (void)z;
  *y = ((const Elementary *)context)->emit(e, x);
}

enum { MANTISSAS = 4096, AROUND = 2048 };

/* Every sign and exponent with many mantissas, and what lies around the places where functions
 * change their form. */
static float *many_floats(size_t *count) {
  static const float places[] = {-87.3365479F, 88.7228394F,  9.1F,     -9.1F, 0.625F,
                                 -0.625F,      0.707106781F, 1.0F,     0.5F,  -0.5F,
                                 2.0F,         8388608.0F,   0x1p-126F};
  *count = 512 * MANTISSAS + COUNT(places) * 2 * AROUND;
  float *floats = new_floats(*count);
  size_t i = 0;
  for (uint32_t head = 0; head < 512; head++) {
    for (uint32_t k = 0; k < MANTISSAS; k++) {
      const uint32_t edge = k < 8 ? k : 0x007FFFFF - (k - 8);
      floats[i++] = float_of_bits(head << 23 | (k < 16 ? edge : next_word() >> 9));
    }
  }
  for (size_t p = 0; p < COUNT(places); p++) {
    uint32_t bits;
    memcpy(&bits, &places[p], sizeof bits);
    for (uint32_t k = 0; k < 2 * AROUND; k++) floats[i++] = float_of_bits(bits + k - AROUND);
  }
  return floats;
}

static void elementary_functions(void **state) {
  Bench bench;
  open_bench(&bench, &no_model, *state);
  for (size_t f = 0; f < COUNT(elementary); f++) add_map(&bench, emit_elementary, &elementary[f]);
  compile_bench(&bench);
  size_t count = 0;
  float *x = many_floats(&count), *y = new_floats(count);
  const NativeWork work = {.ff_left = x, .ff_right = y, .last = count};
  for (size_t f = 0; f < COUNT(elementary); f++) {
    bench.kernels[f](&(NativeJunction){0}, &work);
    for (size_t i = 0; i < count; i++)
      expect_same(elementary[f].name, x[i], y[i], elementary[f].function(x[i]));
  }
  free(x);
  free(y);
  close_bench(&bench);
}

/* ---- activations and formulas ---- */

enum { FORMULAS = 60, MOST_STEPS = 14, SAMPLES = 4096 };

static const uint32_t operand_counts[FORMULA_OP_COUNT] = {
#define FORMULA(id, name, operands) [FORMULA_##id] = operands,
#include "runtime/formula_ops.def"
#undef FORMULA
};

static void random_formula(FormulaStep steps[MOST_STEPS], Formula *formula) {
  static const double constants[] = {0.0, 1.0,  2.0,  3.0,  64.0, 65.0,  66.0,      -1.0,
                                     0.5, -2.5, 1e-3, 7.25, 1e10, 1e300, -0x1p-140, NAN};
  *formula = (Formula){.step_count = 2 + next_word() % (MOST_STEPS - 1), .steps = steps};
  steps[0] = (FormulaStep){.op = FORMULA_ARGUMENT};
  for (uint32_t i = 1; i < formula->step_count; i++) {
    steps[i] = (FormulaStep){.op = (FormulaOp)(next_word() % FORMULA_OP_COUNT)};
    if (next_word() % 8 == 0) steps[i].op = FORMULA_CONSTANT;
    if (steps[i].op == FORMULA_CONSTANT)
      steps[i].constant = constants[next_word() % COUNT(constants)];
    for (uint32_t k = 0; k < operand_counts[steps[i].op]; k++)
      steps[i].operand[k] = next_word() % i;
  }
}

static void emit_own_activation(Emitter *e, const void *context, Value x, Value *y, Value *z) {
  emit_activation(e, context, x, y, z);
}

static void compare_activations(const char *processor, const Activation *activations,
                                uint32_t count) {
  Bench bench;
  open_bench(&bench, &no_model, processor);
  for (uint32_t i = 0; i < count; i++) add_map(&bench, emit_own_activation, &activations[i]);
  compile_bench(&bench);
  float *x = new_floats(SAMPLES), *a = new_floats(SAMPLES), *d = new_floats(SAMPLES);
  for (size_t s = 0; s < SAMPLES; s++) x[s] = random_float();
  const NativeWork work = {.ff_left = x, .ff_right = a, .ff_derivative = d, .last = SAMPLES};
  for (uint32_t i = 0; i < count; i++) {
    bench.kernels[i](&(NativeJunction){0}, &work);
    for (size_t s = 0; s < SAMPLES; s++) {
      float expected_a, expected_d;
      activate_float32(&activations[i], x[s], &expected_a, &expected_d);
      expect_same("activation", x[s], a[s], expected_a);
      expect_same("derivative", x[s], d[s], expected_d);
    }
  }
  free(x);
  free(a);
  free(d);
  close_bench(&bench);
}

static void built_in_activations(void **state) {
  static const Activation activations[] = {{.function = ACTIVATE_SIGMOID},
                                           {.function = ACTIVATE_TANH},
                                           {.function = ACTIVATE_RELU},
                                           {.function = ACTIVATE_IDENTITY}};
  compare_activations(*state, activations, COUNT(activations));
}

static void formulas_at_random(void **state) {
  static FormulaStep steps[2 * FORMULAS][MOST_STEPS];
  static Formula formulas[2 * FORMULAS];
  static Activation activations[FORMULAS];
  for (uint32_t i = 0; i < 2 * FORMULAS; i++) random_formula(steps[i], &formulas[i]);
  for (uint32_t i = 0; i < FORMULAS; i++) {
    activations[i] = (Activation){.function = ACTIVATE_FORMULA,
                                  .value = &formulas[2 * i],
                                  .derivative = &formulas[2 * i + 1]};
  }
  compare_activations(*state, activations, FORMULAS);
}

/* Every operation by itself, on the argument and two constants, and powers with many constants. */
static void every_operation(void **state) {
  static const double exponents[] = {-65.0, -64.0, -3.0, -0.5, 0.0,      -0.0,  0.5,  1.0,
                                     2.0,   7.0,   64.0, 65.0, INFINITY, 1e300, 66.5, NAN};
  enum { CASES = FORMULA_OP_COUNT + COUNT(exponents) };
  static FormulaStep steps[CASES][5];
  static Formula formulas[CASES];
  static Activation activations[CASES];
  for (uint32_t i = 0; i < CASES; i++) {
    const bool is_power = i >= FORMULA_OP_COUNT;
    steps[i][0] = (FormulaStep){.op = FORMULA_ARGUMENT};
    steps[i][1] = (FormulaStep){.op = FORMULA_CONSTANT,
                                .constant = is_power ? exponents[i - FORMULA_OP_COUNT] : 1.75};
    steps[i][2] = (FormulaStep){.op = FORMULA_CONSTANT, .constant = -3.0};
    steps[i][3] = (FormulaStep){
        .op = is_power ? FORMULA_POWER : (FormulaOp)i, .constant = 1.25, .operand = {0, 1, 2}};
    formulas[i] = (Formula){.step_count = 4, .steps = steps[i]};
    activations[i] = (Activation){
        .function = ACTIVATE_FORMULA, .value = &formulas[i], .derivative = &formulas[i]};
  }
  compare_activations(*state, activations, CASES);
}

/* ---- softmax ---- */

static const uint32_t output_counts[] = {1, 2, 9, 15, 16, 17, 31, 32, 48, 100, 333};
enum { MOST_OUTPUTS = 333, STRIDE = 48 };

/* Finite sums; in every fourth trial a few are not, in every other fourth a few are minus
 * infinity. */
static void fill_sums(float *sums, size_t count, size_t trial) {
  for (size_t i = 0; i < count; i++) {
    sums[i] = ((float)(next_word() >> 8) * 0x1p-24F - 0.5F) * 30.0F;
    if (next_word() % 32 > 0) continue;
    if (trial % 4 == 3) sums[i] = random_float();
    if (trial % 4 == 2) sums[i] = -INFINITY;
  }
}

static void compare_softmax(const float *got, size_t stride, const float *sums, uint32_t count) {
  float own[MOST_OUTPUTS] = {0.0F}, expected[MOST_OUTPUTS];
  for (uint32_t r = 0; r < count; r++) own[r] = sums[r * stride];
  softmax_float32(own, count, expected);
  for (uint32_t r = 0; r < count; r++) expect_same("softmax", own[r], got[r * stride], expected[r]);
}

static void add_softmax(Bench *bench, uint32_t count, bool is_columns) {
  Emitter *e = &bench->e;
  Value function = begin_kernel(e, 0, "softmax");
  Value array = work_field(e, WORK_ff_right, "array");
  if (is_columns) {
    emit_softmax_columns(e, array, count, STRIDE, work_field(e, WORK_first_column, "column"));
  } else {
    emit_softmax(e, array, count);
  }
  end_function(e);
  add_kernel(bench, function);
}

static void softmax(void **state) {
  Bench bench;
  open_bench(&bench, &no_model, *state);
  for (size_t i = 0; i < COUNT(output_counts); i++) {
    add_softmax(&bench, output_counts[i], false);
    add_softmax(&bench, output_counts[i], true);
  }
  compile_bench(&bench);
  const size_t size = (MOST_OUTPUTS + 15) / 16 * 16 * STRIDE;
  float *sums = new_floats(size), *array = new_floats(size);
  for (size_t i = 0; i < COUNT(output_counts) * 16; i++) {
    const uint32_t count = output_counts[i / 16];
    const NativeWork work = {.ff_right = array, .first_column = LANES};
    fill_sums(sums, size, i);
    memcpy(array, sums, size * sizeof *sums);
    bench.kernels[i / 16 * 2](&(NativeJunction){0}, &work);
    compare_softmax(array, 1, sums, count);
    for (uint32_t r = count; r % LANES != 0; r++) assert_true(array[r] == 0.0F);
    memcpy(array, sums, size * sizeof *sums);
    bench.kernels[i / 16 * 2 + 1](&(NativeJunction){0}, &work);
    for (size_t c = LANES; c < 2 * LANES; c++) compare_softmax(array + c, STRIDE, sums + c, count);
    for (size_t c = 0; c < LANES; c++) expect_same("neighbour", 0, array[c], sums[c]);
  }
  free(sums);
  free(array);
  close_bench(&bench);
}

/* ---- optimizers ---- */

static const Optimizer optimizers[] = {
    {.method = OPTIMIZE_SGD},
    {.method = OPTIMIZE_SGD, .l2 = 1e-4},
    {.method = OPTIMIZE_SGD, .l2 = 1e-60},
    {.method = OPTIMIZE_SGD, .momentum = 0.9},
    {.method = OPTIMIZE_SGD, .momentum = 0.9, .is_nesterov = true, .l2 = 0.01},
    {.method = OPTIMIZE_RMSPROP, .decay = 0.9, .epsilon = 1e-7},
    {.method = OPTIMIZE_RMSPROP, .decay = 0.99, .epsilon = 1e-8, .l2 = 0.01},
    {.method = OPTIMIZE_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
    {.method = OPTIMIZE_ADAM, .beta1 = 0.5, .beta2 = 0.9, .epsilon = 1e-3, .l2 = 0.5},
};
enum { PARAMETERS = 64 };

/* ff_left: gradients, ff_right: parameters, scratch: states. */
static void add_update(Bench *bench, bool is_weight) {
  Emitter *e = &bench->e;
  const uint32_t words = optimizer_state_words(&e->model->optimizer);
  Value function = begin_kernel(e, 0, "update"), states[2] = {NULL, NULL}, at[2] = {NULL, NULL};
  Value gradients = work_field(e, WORK_ff_left, ""), rule = work_field(e, WORK_weight_rule, "");
  Value parameters = work_field(e, WORK_ff_right, ""), state = work_field(e, WORK_scratch, "");
  Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, PARAMETERS), LANES, true, "i");
  for (uint32_t word = 0; word < words; word++) {
    at[word] = add_i64(e, loop.index, word * PARAMETERS);
    states[word] = load_vector(e, e->v16f32, state, at[word], 64, "");
  }
  Value updated =
      emit_update(e, rule, is_weight, load_vector(e, e->v16f32, gradients, loop.index, 64, ""),
                  load_vector(e, e->v16f32, parameters, loop.index, 64, ""), states);
  store_vector(e, updated, parameters, loop.index, 64);
  for (uint32_t word = 0; word < words; word++) store_vector(e, states[word], state, at[word], 64);
  end_loop(e, &loop);
  end_function(e);
  add_kernel(bench, function);
}

static void compare_updates(NativeKernel *kernel, const Optimizer *optimizer, bool is_weight) {
  static const NumberFormat float32 = {0};
  float *g = new_floats(PARAMETERS), *w = new_floats(PARAMETERS), *s = new_floats(2 * PARAMETERS);
  float expected_w[PARAMETERS], expected_s[2 * PARAMETERS] = {0.0F};
  for (uint32_t i = 0; i < PARAMETERS; i++) expected_w[i] = w[i] = random_float();
  for (uint32_t i = 0; i < 2 * PARAMETERS; i++) s[i] = 0.0F;
  for (uint64_t step = 1; step <= 20; step++) {
    const UpdateRule rule = update_rule(optimizer, &float32, 0.1 / (double)step, step, is_weight);
    const NativeWork work = {
        .ff_left = g, .ff_right = w, .scratch = s, .weight_rule = (void *)(uintptr_t)&rule};
    for (uint32_t i = 0; i < PARAMETERS; i++) g[i] = random_float();
    kernel(&(NativeJunction){0}, &work);
    for (uint32_t i = 0; i < PARAMETERS; i++) {
      update_float32(&rule, g[i], &expected_w[i], &expected_s[i], PARAMETERS);
      expect_same("parameter", g[i], w[i], expected_w[i]);
      expect_same("state", g[i], s[i], expected_s[i]);
      expect_same("state", g[i], s[PARAMETERS + i], expected_s[PARAMETERS + i]);
    }
  }
  free(g);
  free(w);
  free(s);
}

static void updates(void **state) {
  static Model models[COUNT(optimizers)];
  Bench bench;
  open_bench(&bench, &no_model, *state);
  for (size_t i = 0; i < COUNT(optimizers); i++) {
    models[i] = (Model){.name = "bench", .optimizer = optimizers[i]};
    bench.e.model = &models[i];
    add_update(&bench, true);
    add_update(&bench, false);
  }
  compile_bench(&bench);
  for (size_t i = 0; i < 2 * COUNT(optimizers); i++)
    compare_updates(bench.kernels[i], &optimizers[i / 2], i % 2 == 0);
  close_bench(&bench);
}

/* ---- all of it, for every processor ---- */

int main(void) {
  int failures = 0;
  for (size_t i = 0; i < PROCESSORS; i++) {
    void *processor = (void *)(uintptr_t)processors[i];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(elementary_functions, processor),
        cmocka_unit_test_prestate(built_in_activations, processor),
        cmocka_unit_test_prestate(every_operation, processor),
        cmocka_unit_test_prestate(formulas_at_random, processor),
        cmocka_unit_test_prestate(softmax, processor),
        cmocka_unit_test_prestate(updates, processor),
    };
    failures += cmocka_run_group_tests_name(processors[i] ? processors[i] : "this processor", tests,
                                            NULL, NULL);
  }
  return failures;
}
