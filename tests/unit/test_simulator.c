// SPDX-License-Identifier: MIT
// The simulator: it counts what the schedule predicts, gives the same weights for every z, and
// refuses clashes and hazards.
#include "model_fixture.h"

#include <string.h>

#include "runtime/digest.h"

static const char network[] =
    "network n { input a[64]; layer b[32] : %s; output c[64] : sigmoid;"
    " junction a -> b : clashfree(fanout = 8, banks = 16, type = %d); junction b -> c : %s; }"
    " hardware h { number = %s; z = %s; } train { data = morse(train = 300, test = 10); order = "
    "%s; batch = %d; }";

typedef struct Variant {
  const char *activation;
  int type;
  const char *pattern, *number, *z, *order;
  int batch;
} Variant;

static Compilation *compile_variant(const Variant *v) {
  char text[1024];
  snprintf(text, sizeof text, network, v->activation, v->type, v->pattern, v->number, v->z,
           v->order, v->batch);
  return compile_text(text, PASS_SCHEDULE);
}

static void digest_parameters(Engine *engine, char text[65]) {
  Digest digest;
  digest_begin(&digest);
  for (uint32_t i = 0; i < 2 * engine->model->junction_count; i++) {
    digest_words(&digest, engine->tensors[i].data, engine->tensors[i].count);
  }
  digest_end(&digest, text);
}

static void check_counts(const Compilation *c, const Engine *engine, uint32_t inputs) {
  JunctionCounts predicted[2] = {0};
  const uint32_t batch = c->model->batch;
  const RunCounts run =
      predict_counts(c->schedule, inputs, (inputs + batch - 1) / batch, predicted);
  const SimulatorCounts counted = simulator_counts(engine);
  assert_int_equal(counted.junction_cycles, run.junction_cycles);
  assert_int_equal(counted.clocks, run.clocks);
  assert_memory_equal(counted.junctions, predicted, sizeof predicted);
}

static void run_variant(const Variant *v, char digest[65]) {
  Compilation *c = compile_variant(v);
  Dataset data;
  Failure failure = {0};
  assert_true(load_data(c, NULL, &data));
  Engine *engine = simulator_open(c->schedule, &failure);
  assert_non_null(engine);
  if (!train_first(engine, &data, 101, &failure)) fail_msg("%s", failure.message);
  check_counts(c, engine, 101);
  digest_parameters(engine, digest);
  engine_close(engine);
  dataset_close(&data);
  compilation_close(c);
}

static void same_for_every_z(const Variant *base) {
  static const char *const choices[] = {"auto",    "(1, 1)",   "(4, 8)",
                                        "(16, 8)", "(16, 32)", "(8, 2)"};
  char first[65] = "", digest[65];
  for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
    Variant v = *base;
    v.z = choices[i];
    run_variant(&v, digest);
    if (i == 0) memcpy(first, digest, sizeof first);
    assert_string_equal(digest, first);
  }
}

static void counts_and_weights(void **state) {
  (void)state;
  static const char *const orders[] = {"sequential", "pipelined"};
  static const char *const numbers[] = {"float32", "fixed(12, 3)"};
  static const char *const patterns[] = {"dense()", "clashfree(fanout = 8, banks = 32)"};
  for (uint32_t k = 0; k < 48; k++) {
    const Variant v = {
        .activation = k % 3 ? "sigmoid" : "relu",
        .type = 1 + (int)(k % 3),
        .pattern = patterns[k & 1],
        .number = numbers[k >> 1 & 1],
        .order = orders[k >> 2 & 1],
        .batch = k & 8 ? 20 : 1,
    };
    same_for_every_z(&v);
  }
}

static const Variant plain = {"sigmoid", 2, "dense()", "float32", "(16, 32)", "pipelined", 1};

/* Trains with a schedule that was changed behind the compiler's back, and wants a defect
 * reported. */
static void expect_defect(const Variant *v,
                          void (*doctor)(Schedule *, JunctionSchedule *, uint32_t *),
                          const char *words) {
  Compilation *c = compile_variant(v);
  Schedule schedule = *c->schedule;
  JunctionSchedule junctions[2] = {schedule.junctions[0], schedule.junctions[1]};
  uint32_t banks[3] = {schedule.layer_banks[0], schedule.layer_banks[1], schedule.layer_banks[2]};
  schedule.junctions = junctions;
  schedule.layer_banks = banks;
  doctor(&schedule, junctions, banks);
  Dataset data;
  Failure failure = {0};
  assert_true(load_data(c, NULL, &data));
  Engine *engine = simulator_open(&schedule, &failure);
  assert_non_null(engine);
  assert_false(train_first(engine, &data, 20, &failure));
  assert_int_equal(failure.kind, FAILURE_DEFECT);
  assert_non_null(strstr(failure.message, words));
  engine_close(engine);
  dataset_close(&data);
  compilation_close(c);
}

static void halve_banks(Schedule *schedule, JunctionSchedule *junctions, uint32_t *banks) {
  (void)junctions;
  schedule->ports = 1;
  banks[0] = 8;
}

/* Two words of a bank in a clock fit three ports, but not beside those that are written back. */
static void pair_words(Schedule *schedule, JunctionSchedule *junctions, uint32_t *banks) {
  (void)junctions;
  schedule->ports = 3;
  banks[1] = 16;
}

static void one_bank_behind(Schedule *schedule, JunctionSchedule *junctions, uint32_t *banks) {
  (void)schedule;
  (void)junctions;
  banks[1] = 1;
}

static void forget_the_remedy(Schedule *schedule, JunctionSchedule *junctions, uint32_t *banks) {
  (void)schedule;
  (void)banks;
  junctions[1].remedy = REMEDY_NONE;
}

static void forget_to_forward(Schedule *schedule, JunctionSchedule *junctions, uint32_t *banks) {
  (void)schedule;
  (void)banks;
  junctions[1].remedy = REMEDY_LATE_READ;
}

static void refuses_clashes(void **state) {
  (void)state;
  expect_defect(&plain, halve_banks,
                "junction 1, clock 0: bank 0 of the left activations has no port left of its 1");
  expect_defect(&plain, pair_words,
                "junction 2, clock 0: bank 0 of the left deltas has no port left of its 3");
  Variant v = plain;
  v.pattern = "clashfree(fanout = 8, banks = 32)";
  v.z = "(32, 32)";
  expect_defect(&v, one_bank_behind,
                "junction 1, clock 0: bank 0 of the right neurons has no port left of its 2");
}

/* p / z = 2 with an arithmetic pipeline of 2: the published description's hazard. */
static void refuses_hazards(void **state) {
  (void)state;
  Variant v = plain;
  v.z = "(8, 16)";
  Compilation *c = compile_variant(&v);
  assert_int_equal(c->schedule->junctions[1].shortest_return, 2);
  assert_int_equal(c->schedule->junctions[1].remedy, REMEDY_LATE_READ);
  compilation_close(c);
  expect_defect(&v, forget_the_remedy, "read for edge");
  expect_defect(&plain, forget_to_forward, "read for edge");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_and_weights),
      cmocka_unit_test(refuses_clashes),
      cmocka_unit_test(refuses_hazards),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
