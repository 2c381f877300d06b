// SPDX-License-Identifier: MIT
// Parameters and checkpoints of a real engine on disk: read back to the same bits, refused where
// they do not belong.
#include "tests/unit/model_fixture.h"

#include <math.h>
#include <string.h>

#include "runtime/checkpoint.h"
#include "runtime/parameters.h"
#include "runtime/safetensors.h"
#include "runtime/trainer.h"
#include "tests/unit/fixed_engine.h"
#include "tests/unit/scratch_folder.h"

#define NETWORK(seed, output, rest)                                                                \
  "network n { input a[64]; layer h[32] : sigmoid; output b[64] : " output ";"                     \
  " junction a -> h : structured(fanin = 8, seed = " seed "); junction h -> b : dense(); }"        \
  "train { data = morse(train = 200, test = 50);" rest " }"

static const char usual[] = NETWORK("1", "sigmoid", "order = pipelined;");
static const char fixed_point[] =
    NETWORK("1", "sigmoid", "") "hardware h { number = fixed(width = 12, integer = 3); }";

/* A compiled text with an engine and data. */
typedef struct Bench {
  Compilation *c;
  Engine *engine;
  Dataset data;
} Bench;

static Bench bench_open_on(const char *text, bool is_native) {
  Bench bench = {.c = compile_text(text, PASS_SCHEDULE)};
  Failure failure = {0};
  bench.engine = is_native ? open_fixed_engine(bench.c->model, &failure)
                           : simulator_open(bench.c->schedule, &failure);
  assert_non_null(bench.engine);
  assert_true(load_data(bench.c, NULL, &bench.data));
  return bench;
}

static Bench bench_open(const char *text) {
  return bench_open_on(text, false);
}

static void bench_close(Bench *bench) {
  engine_close(bench->engine);
  dataset_close(&bench->data);
  compilation_close(bench->c);
}

static void parameters_come_back_to_the_same_bits(void **state) {
  (void)state;
  const char *const texts[] = {usual, fixed_point};
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "w.safetensors");
  for (size_t i = 0; i < 2; i++) {
    Bench bench = bench_open(texts[i]);
    Bench other = bench_open(texts[i]);
    Failure failure = {0};
    char before[65], after[65];
    assert_true(train_first(bench.engine, &bench.data, 100, &failure));
    parameters_digest(bench.engine, before);
    parameters_digest(other.engine, after);
    assert_string_not_equal(before, after);
    assert_true(save_parameters(path, bench.engine, &failure));
    assert_true(load_parameters(path, other.engine, &failure));
    parameters_digest(other.engine, after);
    assert_string_equal(before, after);
    bench_close(&bench);
    bench_close(&other);
  }
  scratch_close(&folder);
}

static void files_hold_what_the_contract_says(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "w.safetensors");
  Bench bench = bench_open(fixed_point);
  Failure failure = {0};
  StoredFile file;
  assert_true(save_parameters(path, bench.engine, &failure));
  assert_true(read_stored(path, &file, &failure));
  assert_int_equal(file.array_count, 8);
  assert_int_equal(find_stored(&file, "junction1.weight")->dtype, DTYPE_I32);
  assert_int_equal(find_stored(&file, "junction1.weight")->shape[0], 256);
  assert_int_equal(find_stored(&file, "junction2.bias")->shape[0], 64);
  const int32_t *left = find_stored(&file, "junction1.left")->data;
  const int32_t *right = find_stored(&file, "junction1.right")->data;
  for (uint32_t e = 0; e < 256; e++) {
    assert_int_equal(left[e], interleaver_left(&bench.c->model->junctions[0].edges, e));
    assert_int_equal(right[e], e / 8);
  }
  assert_string_equal(find_stored_text(&file, "network"), "n");
  assert_string_equal(find_stored_text(&file, "number"), "fixed(12, 3)");
  assert_string_equal(find_stored_text(&file, "fan_in"), "8 32");
  char digest[65];
  model_digest(bench.c->model, digest);
  assert_string_equal(find_stored_text(&file, "model"), digest);
  stored_file_close(&file);
  bench_close(&bench);
  scratch_close(&folder);
}

/* Loads a file into a model of its own; fails with a message that contains `expected`, and changes
 * nothing. */
static void refuses(const char *text, const char *path, FailureKind kind, const char *expected) {
  Bench bench = bench_open(text);
  Failure failure = {0};
  char before[65], after[65];
  parameters_digest(bench.engine, before);
  assert_false(load_parameters(path, bench.engine, &failure));
  assert_int_equal(failure.kind, kind);
  if (!strstr(failure.message, expected)) fail_msg("%s\nnot: %s", failure.message, expected);
  parameters_digest(bench.engine, after);
  assert_string_equal(before, after);
  bench_close(&bench);
}

static void parameters_of_other_models_are_refused(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "w.safetensors");
  Bench bench = bench_open(usual);
  Failure failure = {0};
  assert_true(save_parameters(path, bench.engine, &failure));
  refuses(NETWORK("2", "sigmoid", ""), path, FAILURE_MODEL, "another pattern or seed");
  refuses(NETWORK("1", "softmax", ""), path, FAILURE_MODEL, "its activations is 'sigmoid sigmoid'");
  refuses(fixed_point, path, FAILURE_MODEL, "its number is 'float32'");
  refuses("network n { input a[64]; output b[64] : sigmoid; junction a -> b : dense(); }", path,
          FAILURE_MODEL, "belongs to another network");
  /* Another way to learn is no other network. */
  Bench later = bench_open(NETWORK("1", "sigmoid", "batch = 4; optimizer = adam(rate = 0.001);"));
  assert_true(load_parameters(path, later.engine, &failure));
  bench_close(&later);
  const RunFacts facts = {0};
  const TrainingPosition position = {0};
  assert_true(write_checkpoint(path, bench.engine, &facts, &position, &failure));
  refuses(usual, path, FAILURE_INPUT, "--resume continues from it");
  bench_close(&bench);
  scratch_close(&folder);
}

static void numbers_that_are_none_are_refused(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "w.safetensors");
  Bench bench = bench_open(usual);
  Failure failure = {0};
  ((float *)engine_weights(bench.engine, 1)->data)[7] = NAN;
  assert_true(save_parameters(path, bench.engine, &failure));
  refuses(usual, path, FAILURE_MODEL, "'junction2.weight' holds a NaN at 7");
  bench_close(&bench);
  bench = bench_open(fixed_point);
  ((int32_t *)engine_biases(bench.engine, 0)->data)[3] = 2048;
  assert_true(save_parameters(path, bench.engine, &failure));
  refuses(fixed_point, path, FAILURE_MODEL,
          "'junction1.bias' holds 2048 at 3, which has more than 12 bits");
  bench_close(&bench);
  scratch_close(&folder);
}

/* ---- checkpoints ---- */

/* Trains examples first .. first + count - 1, leaving the pipeline full. */
static void train_some(Bench *bench, uint32_t first, uint32_t count) {
  uint32_t order[200];
  Tally tally = {0};
  Failure failure = {0};
  for (uint32_t i = 0; i < count; i++) order[i] = first + i;
  const TrainRun run = {
      .examples = &bench->data.train, .order = order, .count = count, .rate = 0.125};
  assert_true(engine_train(bench->engine, &run, &tally, &failure));
}

static void final_digest(Bench *bench, char digest[65]) {
  Tally tally = {0};
  Failure failure = {0};
  assert_true(engine_drain(bench->engine, &tally, &failure));
  parameters_digest(bench->engine, digest);
}

static void a_checkpoint_keeps_what_is_in_the_pipeline(void **state) {
  (void)state;
#define SHORT "hardware h { number = fixed(width = 14, integer = 3); }"
  static const struct {
    const char *text;
    bool is_native;
  } runs[] = {
      {NETWORK("1", "sigmoid", "order = pipelined;"), false},
      {NETWORK("1", "sigmoid", "order = pipelined; batch = 7;"), false},
      {NETWORK("1", "softmax", "order = sequential; batch = 3; optimizer = adam(rate = 0.01);"),
       false},
      {NETWORK("1", "sigmoid",
               "order = pipelined; batch = 5; optimizer = sgd(rate = 0.125, momentum = "
               "0.5);") SHORT,
       false},
      {NETWORK("1", "sigmoid", "order = pipelined;") SHORT, true},
      {NETWORK("1", "sigmoid", "order = pipelined; batch = 5;") SHORT, true},
      {NETWORK("1", "sigmoid", "order = sequential; batch = 29;") SHORT, true}, /* none is open */
  };
#undef SHORT
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    Bench whole = bench_open_on(runs[i].text, runs[i].is_native),
          first = bench_open_on(runs[i].text, runs[i].is_native),
          second = bench_open_on(runs[i].text, runs[i].is_native);
    const TrainingPosition position = {.epoch = 3,
                                       .epoch_inputs = 58,
                                       .inputs = 658,
                                       .tally = {.count = 57, .correct = 5, .loss = 0.1}};
    TrainingPosition found = {0};
    RunFacts facts = {0};
    Failure failure = {0};
    char expected[65], digest[65];
    add_fact(&facts, "seed", "%d", 1);
    train_some(&whole, 0, 100);
    final_digest(&whole, expected);
    train_some(&first, 0, 58);
    assert_true(write_checkpoint(path, first.engine, &facts, &position, &failure));
    assert_true(read_checkpoint(path, second.engine, &facts, &found, &failure));
    assert_int_equal(found.epoch, 3);
    assert_int_equal(found.epoch_inputs, 58);
    assert_int_equal(found.inputs, 658);
    assert_int_equal(found.tally.count, 57);
    assert_true(found.tally.loss == 0.1);
    train_some(&second, 58, 42);
    final_digest(&second, digest);
    assert_string_equal(digest, expected);
    bench_close(&whole);
    bench_close(&first);
    bench_close(&second);
  }
  scratch_close(&folder);
}

static void checkpoint_refused(const char *text, const char *path, const RunFacts *facts,
                               const char *expected) {
  Bench bench = bench_open(text);
  TrainingPosition position = {.epoch = 77};
  Failure failure = {0};
  assert_false(read_checkpoint(path, bench.engine, facts, &position, &failure));
  if (!strstr(failure.message, expected)) fail_msg("%s\nnot: %s", failure.message, expected);
  assert_int_equal(position.epoch, 77);
  bench_close(&bench);
}

static void checkpoints_of_other_runs_are_refused(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  Bench bench = bench_open(usual);
  RunFacts facts = {0}, others = {0};
  const TrainingPosition position = {0};
  Failure failure = {0};
  add_fact(&facts, "seed", "%d", 1);
  add_fact(&others, "seed", "%d", 2);
  assert_true(write_checkpoint(path, bench.engine, &facts, &position, &failure));
  checkpoint_refused(usual, path, &others, "its seed is 1, this run's 2");
  checkpoint_refused(NETWORK("1", "sigmoid", "batch = 2;"), path, &facts,
                     "a checkpoint of another model");
  assert_true(save_parameters(path, bench.engine, &failure));
  checkpoint_refused(usual, path, &facts, "it holds parameters, which --load reads");
  bench_close(&bench);
  scratch_close(&folder);
}

/* Every byte of the state is guarded: an engine is never handed a pipeline that it could not have
 * made. */
static void damaged_checkpoints_are_refused(void **state) {
  (void)state;
  enum { MOST = 1 << 20 };
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  Bench bench = bench_open(usual);
  const RunFacts facts = {0};
  const TrainingPosition position = {0};
  Failure failure = {0};
  train_some(&bench, 0, 20);
  assert_true(write_checkpoint(path, bench.engine, &facts, &position, &failure));
  uint8_t *bytes = malloc(MOST);
  FILE *in = fopen(path, "rb");
  const size_t count = fread(bytes, 1, MOST, in);
  fclose(in);
  for (size_t at = count - 1; at > count / 2; at -= count / 40) {
    TrainingPosition found = {0};
    bytes[at] ^= 0x40;
    scratch_write(&folder, "damaged", bytes, count);
    bytes[at] ^= 0x40;
    failure = (Failure){0};
    assert_false(
        read_checkpoint(scratch_path(&folder, "damaged"), bench.engine, &facts, &found, &failure));
    assert_non_null(strstr(failure.message, "is damaged"));
    scratch_write(&folder, "damaged", bytes, at);
    assert_false(
        read_checkpoint(scratch_path(&folder, "damaged"), bench.engine, &facts, &found, &failure));
  }
  free(bytes);
  bench_close(&bench);
  scratch_close(&folder);
}

/* ---- states that no training leads to, with a checksum that is right ---- */

#define PIPELINED NETWORK("1", "sigmoid", "order = pipelined;")
#define BATCHED   NETWORK("1", "sigmoid", "order = pipelined; batch = 4;")
#define FIXED     "hardware h { number = fixed(width = 12, integer = 3); }"

/* Element `element` of a tensor becomes `value` after 10 inputs.  expected: the message; NULL: it
 * is read, since nothing looks there. */
typedef struct Craft {
  const char *text;
  bool is_native;
  const char *tensor;
  uint64_t element;
  int64_t value;
  const char *expected;
} Craft;

static const Craft crafts[] = {
    {PIPELINED FIXED, false, "junction1.weight", 5, 2048, "'junction1.weight' holds 2048 at 5"},
    {PIPELINED FIXED, false, "layer1.delta", 0, -2049, "'layer1.delta' holds -2049 at 0"},
    {PIPELINED FIXED, true, "junction2.bias", 1, 4000, "'junction2.bias' holds 4000 at 1"},
    {PIPELINED, false, "pipeline.position", 0, -1, "18446744073709551615 inputs that have entered"},
    {PIPELINED, false, "pipeline.position", 0, 3,
     "junction cycle 10 comes next, where it must be 3"},
    {PIPELINED, false, "pipeline.position", 1, 11, "of 10 inputs that have entered, 11 were done"},
    {PIPELINED, false, "pipeline.position", 3, 1, "its open batch holds 1 inputs"},
    {PIPELINED, false, "junction1.step_count", 0, 11,
     "junction 1 has made 11 updates with 10 inputs"},
    {PIPELINED, false, "pipeline.records", 3 * 3, 64, "input 8 has the label 64 of 64 classes"},
    {PIPELINED, false, "pipeline.records", 3 * 3 + 2, -1, "input 8 has the rate -nan"},
    {BATCHED FIXED, false, "pipeline.records", 3 * 3, 7ll << 32,
     "is number 3 of its batch, the next one 7"},
    {BATCHED FIXED, false, "junction1.gradient_sum", 2, INT64_MIN, "a gradient at 2 beyond"},
    {PIPELINED FIXED, true, "pipeline.position", 2, 7, "junction cycle 7 comes next"},
    {PIPELINED FIXED, true, "pipeline.records", 3 * 2, 99, "input 8 has the label 99"},
    {BATCHED FIXED, true, "pipeline.position", 3, 1000, "its batches under way"},
    {BATCHED FIXED, true, "pipeline.position", 3, 0, "its batches under way"},
    {BATCHED FIXED, true, "pipeline.batches", 2, 77, "its batches under way"},
    {BATCHED FIXED, true, "pipeline.batches", 0, 1, "its batches under way"},
    {BATCHED FIXED, true, "pipeline.ff_done", 0, 0, "its batches under way"},
    {BATCHED FIXED, true, "pipeline.ff_done", 1, 0, "its batches under way"},
    {BATCHED FIXED, true, "pipeline.ff_done", 3, 0, "its batches under way"},
    {BATCHED FIXED, true, "pipeline.labels", 0, 64, "has the label 64"},
    {BATCHED FIXED, true, "pipeline.labels", 1, 64, "input 9 has the label 64"},
    {BATCHED FIXED, true, "pipeline.labels", 2, 64, NULL},
    {BATCHED FIXED, true, "pipeline.batches", 2 * 5 + 2, 1ll << 32 | 1000000, NULL},
};

static void craft_state(Engine *engine, const Craft *craft) {
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    const Tensor *tensor = &engine->tensors[i];
    if (strcmp(tensor->name, craft->tensor) != 0) continue;
    assert_true(craft->element < tensor->stored);
    const uint64_t bytes = tensor_bytes(tensor), given = sizeof craft->value;
    uint8_t *at = (uint8_t *)tensor->data + craft->element * bytes;
    memset(at, craft->value < 0 ? 0xff : 0, bytes);
    memcpy(at, &craft->value, bytes < given ? bytes : given);
    return;
  }
  fail_msg("there is no tensor %s", craft->tensor);
}

static void crafted_states_are_refused(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  const RunFacts facts = {0};
  for (size_t i = 0; i < sizeof crafts / sizeof crafts[0]; i++) {
    const Craft *craft = &crafts[i];
    Bench bench = bench_open_on(craft->text, craft->is_native);
    TrainingPosition position = {.epoch = 77};
    Failure failure = {0};
    char before[65], after[65];
    parameters_digest(bench.engine, before);
    Snapshot *start = snapshot_open(bench.engine, &failure);
    train_some(&bench, 0, 10);
    assert_true(write_checkpoint(path, bench.engine, &facts, &position, &failure));
    snapshot_restore(start, bench.engine);
    assert_true(read_checkpoint(path, bench.engine, &facts, &position, &failure));
    craft_state(bench.engine, craft);
    assert_true(write_checkpoint(path, bench.engine, &facts, &position, &failure));
    snapshot_restore(start, bench.engine);
    const bool is_read = read_checkpoint(path, bench.engine, &facts, &position, &failure);
    const char *expected = craft->expected ? craft->expected : "accepted";
    const char *found = is_read ? "accepted" : failure.message;
    if (!strstr(found, expected)) fail_msg("%zu: %s\nnot: %s", i, found, expected);
    parameters_digest(bench.engine, after);
    assert_int_equal(strcmp(before, after) == 0, !is_read);
    snapshot_close(start);
    bench_close(&bench);
  }
  scratch_close(&folder);
}

static void positions_that_no_run_comes_to_are_refused(void **state) {
  (void)state;
  static const TrainingPosition positions[] = {
      {.inputs = 3, .epoch_inputs = 4},
      {.inputs = 3, .tally = {.count = 2, .correct = 3}},
  };
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  const RunFacts facts = {0};
  Bench bench = bench_open(usual);
  for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
    Failure failure = {0};
    assert_true(write_checkpoint(path, bench.engine, &facts, &positions[i], &failure));
    checkpoint_refused(usual, path, &facts, "its position is none that a run comes to");
  }
  bench_close(&bench);
  scratch_close(&folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameters_come_back_to_the_same_bits),
      cmocka_unit_test(files_hold_what_the_contract_says),
      cmocka_unit_test(parameters_of_other_models_are_refused),
      cmocka_unit_test(numbers_that_are_none_are_refused),
      cmocka_unit_test(a_checkpoint_keeps_what_is_in_the_pipeline),
      cmocka_unit_test(checkpoints_of_other_runs_are_refused),
      cmocka_unit_test(damaged_checkpoints_are_refused),
      cmocka_unit_test(crafted_states_are_refused),
      cmocka_unit_test(positions_that_no_run_comes_to_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
