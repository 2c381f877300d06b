// SPDX-License-Identifier: MIT
// Files of parameters and checkpoints that are well-formed, but not this model's: each is refused
// by its own message.
#include "tests/unit/model_fixture.h"

#include <string.h>

#include "runtime/checkpoint.h"
#include "runtime/parameters.h"
#include "runtime/safetensors.h"
#include "tests/unit/scratch_folder.h"

enum { MOST_ARRAYS = 64 };

static const char network[] =
    "network n { input a[8]; layer h[4] : relu; output b[8] : sigmoid;"
    " junction a -> h : dense(); junction h -> b : dense(); } train { data = csv(\"none.csv\"); }";

typedef struct Bench {
  Compilation *c;
  Engine *engine;
  ScratchFolder folder;
  StoredFile file; /* what the engine saved, to be changed */
  StoredArray arrays[MOST_ARRAYS];
} Bench;

static Engine *open_engine_of(Compilation *c) {
  Failure failure = {0};
  Engine *engine = simulator_open(c->schedule, &failure);
  assert_non_null(engine);
  return engine;
}

/* An engine, and the file that it saved: parameters, or a checkpoint. */
static Bench bench_open(bool is_checkpoint) {
  Bench bench = {.c = compile_text(network, PASS_SCHEDULE), .folder = scratch_open()};
  const char *path = scratch_path(&bench.folder, "saved");
  const RunFacts facts = {0};
  const TrainingPosition position = {0};
  Failure failure = {0};
  bench.engine = open_engine_of(bench.c);
  assert_true(is_checkpoint ? write_checkpoint(path, bench.engine, &facts, &position, &failure)
                            : save_parameters(path, bench.engine, &failure));
  assert_true(read_stored(path, &bench.file, &failure));
  assert_true(bench.file.array_count < MOST_ARRAYS);
  memcpy(bench.arrays, bench.file.arrays, bench.file.array_count * sizeof bench.arrays[0]);
  return bench;
}

static void bench_close(Bench *bench) {
  stored_file_close(&bench->file);
  engine_close(bench->engine);
  compilation_close(bench->c);
  scratch_close(&bench->folder);
}

static StoredArray *array_of(Bench *bench, const char *name) {
  for (uint32_t i = 0; i < bench->file.array_count; i++) {
    if (strcmp(bench->arrays[i].name, name) == 0) return &bench->arrays[i];
  }
  fail_msg("there is no array %s", name);
  return NULL;
}

/* Writes `count` of the bench's arrays as they are now; the path. */
static const char *write_changed(Bench *bench, uint32_t count) {
  const StoredFile file = {.array_count = count,
                           .arrays = bench->arrays,
                           .text_count = bench->file.text_count,
                           .texts = bench->file.texts};
  const char *path = scratch_path(&bench->folder, "changed");
  Failure failure = {0};
  assert_true(write_stored(path, &file, &failure));
  return path;
}

static void assert_message(const Failure *failure, FailureKind kind, const char *expected) {
  assert_int_equal(failure->kind, kind);
  if (!strstr(failure->message, expected)) fail_msg("%s\nnot: %s", failure->message, expected);
}

/* What is right in itself, but another network's. */
static void refuses_parameters(Bench *bench, uint32_t count, const char *expected) {
  Failure failure = {0};
  assert_false(load_parameters(write_changed(bench, count), bench->engine, &failure));
  assert_message(&failure, FAILURE_MODEL, expected);
}

static void refuses_checkpoint(Bench *bench, uint32_t count, const RunFacts *facts,
                               FailureKind kind, const char *expected) {
  TrainingPosition position = {0};
  Failure failure = {0};
  const char *path = write_changed(bench, count);
  assert_false(read_checkpoint(path, bench->engine, facts, &position, &failure));
  assert_message(&failure, kind, expected);
}

static void test_parameters_with_other_arrays(void **state) {
  (void)state;
  Bench bench = bench_open(false);
  StoredArray *bias = array_of(&bench, "junction2.bias");
  const StoredArray own = *bias;
  const uint32_t count = bench.file.array_count;

  bias->name = "bias";
  refuses_parameters(&bench, count, "has no array 'junction2.bias'");
  *bias = own;
  bias->dtype = DTYPE_I32;
  refuses_parameters(&bench, count, "array 'junction2.bias' is I32, but this model's is F32");
  *bias = own;
  bias->axis_count = 2;
  bias->shape[1] = 1;
  refuses_parameters(&bench, count, "has 8 elements in 2 axes, this model's 8 in 1");
  *bias = own;
  bench.arrays[count] = own;
  bench.arrays[count].name = "junction3.weight";
  refuses_parameters(&bench, count + 1,
                     "has an array 'junction3.weight', but this network has 2 junctions");
  bench_close(&bench);
}

static void test_checkpoints_with_other_arrays(void **state) {
  (void)state;
  Bench bench = bench_open(true);
  const RunFacts facts = {0};
  StoredArray *first = &bench.arrays[0];
  const StoredArray own = *first;
  const uint32_t count = bench.file.array_count;
  char expected[128];

  first->name = "other";
  snprintf(expected, sizeof expected, "has no array '%s'", own.name);
  refuses_checkpoint(&bench, count, &facts, FAILURE_INPUT, expected);
  *first = own;
  first->axis_count++;
  first->shape[own.axis_count] = 1;
  snprintf(expected, sizeof expected, "array '%s' has another type or shape", own.name);
  refuses_checkpoint(&bench, count, &facts, FAILURE_INPUT, expected);
  *first = own;
  bench.arrays[count] = own;
  bench.arrays[count].name = "other";
  snprintf(expected, sizeof expected, "has %u arrays where this run has %u", count + 1, count);
  refuses_checkpoint(&bench, count + 1, &facts, FAILURE_INPUT, expected);
  bench_close(&bench);
}

static void test_checkpoints_of_runs_with_more_facts(void **state) {
  (void)state;
  Bench bench = bench_open(true);
  RunFacts facts = {0};
  add_fact(&facts, "seed", "%d", 3);
  refuses_checkpoint(&bench, bench.file.array_count, &facts, FAILURE_MODEL,
                     "its seed is not given, this run's 3");
  bench_close(&bench);
}

/* The metadata with another text for a key. */
static void change_text(Bench *bench, StoredText texts[MOST_ARRAYS], const char *key,
                        const char *text) {
  const StoredFile *file = &bench->file;
  assert_true(file->text_count < MOST_ARRAYS);
  memmove(texts, file->texts, file->text_count * sizeof texts[0]);
  for (uint32_t i = 0; i < file->text_count; i++) {
    if (strcmp(texts[i].key, key) == 0) texts[i].text = text;
  }
  bench->file.texts = texts;
}

/* The position in the training, as texts: each must be a number, and those that were written. */
static void test_checkpoints_without_a_position(void **state) {
  (void)state;
  Bench bench = bench_open(true);
  const RunFacts facts = {0};
  StoredText texts[MOST_ARRAYS];
  change_text(&bench, texts, "position.epoch", "three");
  refuses_checkpoint(&bench, bench.file.array_count, &facts, FAILURE_INPUT,
                     "its 'position.epoch' is no number");
  change_text(&bench, texts, "position.epoch", "3");
  refuses_checkpoint(&bench, bench.file.array_count, &facts, FAILURE_INPUT,
                     "is damaged: its state and position");
  change_text(&bench, texts, "format", "sedge checkpoint 1");
  refuses_checkpoint(&bench, bench.file.array_count, &facts, FAILURE_INPUT,
                     "is no checkpoint of this version of sedge");
  bench_close(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parameters_with_other_arrays),
      cmocka_unit_test(test_checkpoints_with_other_arrays),
      cmocka_unit_test(test_checkpoints_of_runs_with_more_facts),
      cmocka_unit_test(test_checkpoints_without_a_position),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
