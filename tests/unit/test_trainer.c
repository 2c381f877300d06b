// SPDX-License-Identifier: MIT
// The training loop against an engine that only writes down what it is asked: order, rates,
// batches, measuring without a trace, and runs that are stopped anywhere and go on to the same
// bits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "runtime/trainer.h"
#include "tests/unit/scratch_folder.h"

enum { TRAIN = 10, TEST = 4, LOG = 4096 };

/* A history as a number; the last input is still in the pipeline, and counts only when it leaves
 * it. */
typedef struct FakeEngine {
  Engine head;
  Tensor tensors[4];
  float weight[1], bias[1];
  uint64_t history[1], pending[1]; /* pending: 0 none, else example + 1 */
  uint32_t measured;               /* examples inferred, over all */
} FakeEngine;

/* What was trained, over all engines of a test. */
static struct {
  uint32_t count;
  uint32_t example[LOG];
  double rate[LOG];
  bool ends[LOG];
} trained;

static void finish(FakeEngine *engine, Tally *tally) {
  if (engine->pending[0] == 0) return;
  engine->history[0] = engine->history[0] * 1000003 + engine->pending[0];
  engine->weight[0] += 1;
  engine->pending[0] = 0;
  tally->count++;
  tally->loss += 0.5;
}

static bool fake_train(Engine *head, const TrainRun *run, Tally *tally, Failure *failure) {
  FakeEngine *engine = (FakeEngine *)head;
  for (uint64_t i = 0; i < run->count; i++) {
    const uint32_t example = run->order[i];
    if (run->examples->floats[example] < 0)
      return (fail)(failure, FAILURE_MODEL, NULL, "a negative example");
    finish(engine, tally);
    engine->pending[0] = example + 1;
    trained.example[trained.count] = example;
    trained.rate[trained.count] = run->rate;
    trained.ends[trained.count++] = run->ends_batch && i + 1 == run->count;
  }
  return true;
}

static bool fake_drain(Engine *head, Tally *tally, Failure *failure) {
  (void)failure;
  finish((FakeEngine *)head, tally);
  return true;
}

static bool fake_infer(Engine *head, const Examples *examples, uint64_t first, uint64_t count,
                       float *scores, uint32_t *classes, Tally *tally, Failure *failure) {
  (void)scores;
  (void)classes;
  (void)failure;
  assert_in_range(first + count, 1, examples->count);
  ((FakeEngine *)head)->measured += (uint32_t)count;
  tally->count += count;
  tally->correct += count / 2;
  return true;
}

static void fake_close(Engine *head) {
  (void)head;
}

static bool fake_check(const Engine *engine, const char *path, Failure *failure) {
  (void)engine, (void)path, (void)failure;
  return true;
}

static const EngineKind fake_kind = {.name = "fake",
                                     .train = fake_train,
                                     .drain = fake_drain,
                                     .infer = fake_infer,
                                     .check = fake_check,
                                     .close = fake_close};

static const uint32_t no_left[1] = {0};
static const Junction junction = {.edges = {.kind = INTERLEAVER_LISTED,
                                            .left_count = 1,
                                            .right_count = 1,
                                            .edge_count = 1,
                                            .fanin = 1,
                                            .fanout = 1,
                                            .left = no_left}};
static const Layer layers[2] = {
    {.name = "a", .neuron_count = 1, .real_count = 1, .activation = {.name = ""}},
    {.name = "b", .neuron_count = 1, .real_count = 1, .activation = {.name = ""}}};
static Model model = {.name = "fake",
                      .junction_count = 1,
                      .layers = layers,
                      .junctions = &junction,
                      .batch = 1,
                      .is_pipelined = true};

static void fake_open(FakeEngine *engine) {
  *engine = (FakeEngine){.head = {.kind = &fake_kind, .model = &model, .tensor_count = 4}};
  engine->tensors[0] = (Tensor){"junction1.weight", TENSOR_F32, 1, 1, NULL, engine->weight};
  engine->tensors[1] = (Tensor){"junction1.bias", TENSOR_F32, 1, 1, NULL, engine->bias};
  engine->tensors[2] = (Tensor){"history", TENSOR_U64, 1, 1, NULL, engine->history};
  engine->tensors[3] = (Tensor){"pipeline", TENSOR_U64, 1, 1, NULL, engine->pending};
  engine->head.tensors = engine->tensors;
}

static float values[TRAIN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
static const uint32_t labels[TRAIN];
static const Dataset data = {
    .train = {.count = TRAIN, .features = 1, .floats = values, .labels = labels},
    .test = {.count = TEST, .features = 1, .floats = values, .labels = labels},
    .features = 1,
    .class_count = 1,
};

static TrainerSettings usual_settings(void) {
  return (TrainerSettings){
      .epochs = 3,
      .input_limit = UINT64_MAX,
      .is_shuffled = true,
      .seed = 7,
      .rate = {.shape = RATE_SHAPE_STEP, .from = 1, .factor = 0.5, .every = 1, .floor = 0.25},
      .checkpoint_every = 1,
  };
}

/* What the events saw. */
typedef struct Watch {
  uint32_t epochs;
  EpochReport reports[8];
  int64_t polls_left;  /* stops when it reaches 0; negative: never */
  uint32_t stop_epoch; /* stops once so many epochs are done; 0: never */
} Watch;

static void watch_epoch(void *context, const EpochReport *report) {
  Watch *watch = context;
  watch->reports[watch->epochs++] = *report;
}

static bool watch_stop(void *context) {
  Watch *watch = context;
  if (watch->stop_epoch > 0 && watch->epochs >= watch->stop_epoch) return true;
  return watch->polls_left == 0 || (watch->polls_left > 0 && --watch->polls_left == 0);
}

static TrainerOutcome train(FakeEngine *engine, const TrainerSettings *settings, Watch *watch,
                            const TrainingPosition *start, TrainerResult *result) {
  const TrainerEvents events = {
      .epoch_done = watch_epoch, .is_stopped = watch_stop, .context = watch};
  const RunFacts facts = run_facts(&data, settings);
  Failure failure = {0};
  const TrainerOutcome outcome =
      run_training(&engine->head, &data, settings, &events, &facts, start, result, &failure);
  assert_int_equal(outcome == TRAINER_FAILED, failure.kind != FAILURE_NONE);
  return outcome;
}

/* A whole run from the beginning; returns its history. */
static uint64_t history_of(const TrainerSettings *settings) {
  FakeEngine engine;
  Watch watch = {.polls_left = -1};
  const TrainingPosition start = {0};
  TrainerResult result;
  fake_open(&engine);
  trained.count = 0;
  assert_int_equal(train(&engine, settings, &watch, &start, &result), TRAINER_DONE);
  return engine.history[0];
}

static void every_epoch_is_a_permutation_of_its_own(void **state) {
  (void)state;
  const TrainerSettings settings = usual_settings();
  history_of(&settings);
  assert_int_equal(trained.count, 3 * TRAIN);
  for (uint32_t epoch = 0; epoch < 3; epoch++) {
    uint32_t seen = 0;
    for (uint32_t i = 0; i < TRAIN; i++) seen |= 1u << trained.example[epoch * TRAIN + i];
    assert_int_equal(seen, (1u << TRAIN) - 1);
  }
  assert_memory_not_equal(trained.example, trained.example + TRAIN,
                          TRAIN * sizeof *trained.example);
  TrainerSettings unshuffled = settings;
  unshuffled.is_shuffled = false;
  history_of(&unshuffled);
  for (uint32_t i = 0; i < trained.count; i++) assert_int_equal(trained.example[i], i % TRAIN);
}

static void rates_follow_the_epochs_and_batches_end_with_them(void **state) {
  (void)state;
  const TrainerSettings settings = usual_settings();
  history_of(&settings);
  static const double rates[] = {1, 0.5, 0.25};
  for (uint32_t i = 0; i < trained.count; i++) {
    assert_true(trained.rate[i] == rates[i / TRAIN]);
    assert_int_equal(trained.ends[i], i % TRAIN == TRAIN - 1);
  }
}

static void measuring_leaves_no_trace(void **state) {
  (void)state;
  FakeEngine engine;
  Watch watch = {.polls_left = -1};
  const TrainerSettings settings = usual_settings();
  const TrainingPosition start = {0};
  TrainerResult result;
  fake_open(&engine);
  assert_int_equal(train(&engine, &settings, &watch, &start, &result), TRAINER_DONE);
  assert_int_equal(watch.epochs, 3);
  assert_int_equal(engine.measured, 3 * TEST);
  assert_int_equal(engine.weight[0], 3 * TRAIN);
  /* Each epoch's last input is seen in the next one, and the last epoch's in its own. */
  assert_int_equal(watch.reports[0].train.count, TRAIN - 1);
  assert_int_equal(watch.reports[1].train.count, TRAIN);
  assert_int_equal(watch.reports[2].train.count, TRAIN + 1);
  assert_int_equal(watch.reports[2].test.count, TEST);
  assert_int_equal(watch.reports[2].validation.count, 0);
  assert_int_equal(result.test.count, TEST);
  assert_int_equal(result.position.inputs, 3 * TRAIN);
  assert_int_equal(result.position.epoch, 3);
  assert_true(isnan(tally_loss(&watch.reports[0].validation)));
  assert_true(tally_loss(&watch.reports[0].train) == 0.5);
}

static void stops_after_so_many_inputs(void **state) {
  (void)state;
  for (uint64_t limit = 0; limit <= 31; limit++) {
    FakeEngine engine;
    Watch watch = {.polls_left = -1};
    TrainerSettings settings = usual_settings();
    const TrainingPosition start = {0};
    TrainerResult result;
    fake_open(&engine);
    trained.count = 0;
    settings.input_limit = limit;
    assert_int_equal(train(&engine, &settings, &watch, &start, &result), TRAINER_DONE);
    const uint64_t expected = limit < 3 * TRAIN ? limit : 3 * TRAIN;
    assert_int_equal(trained.count, expected);
    assert_int_equal(result.position.inputs, expected);
    assert_int_equal(engine.weight[0], expected);
    assert_int_equal(watch.epochs, (expected + TRAIN - 1) / TRAIN);
    assert_int_equal(result.test.count, TEST);
    if (expected > 0) assert_true(trained.ends[expected - 1]);
  }
}

static void no_epochs_only_measure(void **state) {
  (void)state;
  FakeEngine engine;
  Watch watch = {.polls_left = -1};
  TrainerSettings settings = usual_settings();
  const TrainingPosition start = {0};
  TrainerResult result;
  fake_open(&engine);
  trained.count = 0;
  settings.epochs = 0;
  assert_int_equal(train(&engine, &settings, &watch, &start, &result), TRAINER_DONE);
  assert_int_equal(trained.count, 0);
  assert_int_equal(watch.epochs, 0);
  assert_int_equal(result.test.count, TEST);
}

/* Stops a run at its n-th poll, wherever that is, and goes on in another engine. */
static bool stopped_run_agrees(int64_t polls, const char *path, uint64_t expected) {
  FakeEngine first, second;
  Watch watch = {.polls_left = polls};
  TrainerSettings settings = usual_settings();
  TrainingPosition position = {0};
  TrainerResult result;
  Failure failure = {0};
  fake_open(&first);
  fake_open(&second);
  settings.interrupt_checkpoint = path;
  const TrainerOutcome outcome = train(&first, &settings, &watch, &position, &result);
  if (outcome == TRAINER_DONE) {
    assert_int_equal(first.history[0], expected);
    return false;
  }
  assert_int_equal(outcome, TRAINER_STOPPED);
  const RunFacts facts = run_facts(&data, &settings);
  assert_true(read_checkpoint(path, &second.head, &facts, &position, &failure));
  Watch rest = {.polls_left = -1};
  assert_int_equal(train(&second, &settings, &rest, &position, &result), TRAINER_DONE);
  assert_int_equal(second.history[0], expected);
  assert_int_equal(result.position.inputs, 3 * TRAIN);
  assert_int_equal(watch.epochs + rest.epochs, 3);
  const EpochReport *last = &rest.reports[rest.epochs - 1];
  assert_int_equal(last->train.count, TRAIN + 1);
  return true;
}

static void goes_on_from_wherever_it_was_stopped(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  const TrainerSettings settings = usual_settings();
  const uint64_t expected = history_of(&settings);
  int64_t stops = 0;
  trained.count = 0;
  while (stopped_run_agrees(stops + 1, path, expected)) {
    stops++;
    trained.count = 0;
  }
  assert_in_range(stops, 15, 1000);
  scratch_close(&folder);
}

/* A run that is ended early by a limit, inside a batch, and then made longer equals one that was
 * long at once. */
static void goes_on_from_its_last_checkpoint(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  model.batch = 4;
  TrainerSettings settings = usual_settings();
  const uint64_t expected = history_of(&settings);
  for (uint64_t limit = 1; limit <= 30; limit++) {
    FakeEngine engine;
    Watch watch = {.polls_left = -1};
    TrainingPosition position = {0};
    TrainerResult result;
    Failure failure = {0};
    settings.checkpoint = path;
    settings.input_limit = limit;
    history_of(&settings);
    fake_open(&engine);
    const RunFacts facts = run_facts(&data, &settings);
    assert_true(read_checkpoint(path, &engine.head, &facts, &position, &failure));
    assert_int_equal(position.inputs, limit / 10 * 10 + limit % 10 / 4 * 4);
    settings.input_limit = UINT64_MAX;
    settings.checkpoint = NULL;
    assert_int_equal(train(&engine, &settings, &watch, &position, &result), TRAINER_DONE);
    assert_int_equal(engine.history[0], expected);
  }
  model.batch = 1;
  scratch_close(&folder);
}

static void checkpoints_come_every_so_many_epochs(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "run.checkpoint");
  FakeEngine engine;
  TrainerSettings settings = usual_settings();
  settings.checkpoint = path;
  settings.checkpoint_every = 2;
  /* Stopped at the third epoch, without a checkpoint of its own: the last one is of the second. */
  Watch watch = {.polls_left = -1, .stop_epoch = 2};
  TrainingPosition position = {0};
  TrainerResult result;
  Failure failure = {0};
  fake_open(&engine);
  assert_int_equal(train(&engine, &settings, &watch, &position, &result), TRAINER_STOPPED);
  const RunFacts facts = run_facts(&data, &settings);
  fake_open(&engine);
  assert_true(read_checkpoint(path, &engine.head, &facts, &position, &failure));
  assert_int_equal(position.epoch, 2);
  assert_int_equal(position.epoch_inputs, 0);
  assert_int_equal(position.inputs, 2 * TRAIN);
  scratch_close(&folder);
}

static void failures_of_the_engine_and_of_the_disk_end_the_run(void **state) {
  (void)state;
  FakeEngine engine;
  Watch watch = {.polls_left = -1};
  TrainerSettings settings = usual_settings();
  const TrainingPosition start = {0};
  TrainerResult result;
  fake_open(&engine);
  values[3] = -1;
  assert_int_equal(train(&engine, &settings, &watch, &start, &result), TRAINER_FAILED);
  values[3] = 3;
  fake_open(&engine);
  settings.checkpoint = "/dev/full";
  assert_int_equal(train(&engine, &settings, &watch, &start, &result), TRAINER_FAILED);
  fake_open(&engine);
  settings.checkpoint = NULL;
  const TrainingPosition beyond = {.epoch_inputs = TRAIN + 1};
  assert_int_equal(train(&engine, &settings, &watch, &beyond, &result), TRAINER_FAILED);
}

static void rates_have_three_shapes(void **state) {
  (void)state;
  const RateSchedule constant = {.shape = RATE_SHAPE_CONSTANT, .from = 0.1};
  const RateSchedule step = {
      .shape = RATE_SHAPE_STEP, .from = 0.125, .factor = 0.5, .every = 2, .floor = 0.0078125};
  const RateSchedule cosine = {.shape = RATE_SHAPE_COSINE, .from = 1, .to = 0.5, .epochs = 4};
  assert_true(rate_of_epoch(&constant, 1000) == 0.1);
  static const double steps[] = {0.125,   0.125,    0.0625,   0.0625,   0.03125,
                                 0.03125, 0.015625, 0.015625, 0.0078125};
  for (uint32_t i = 0; i < 9; i++) assert_true(rate_of_epoch(&step, i) == steps[i]);
  assert_true(rate_of_epoch(&step, UINT32_MAX) == 0.0078125);
  assert_true(rate_of_epoch(&cosine, 0) == 1);
  assert_true(fabs(rate_of_epoch(&cosine, 1) - (0.75 + 0.25 * sqrt(0.5))) < 1e-15);
  assert_true(fabs(rate_of_epoch(&cosine, 2) - 0.75) < 1e-15);
  assert_true(rate_of_epoch(&cosine, 4) == 0.5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_epoch_is_a_permutation_of_its_own),
      cmocka_unit_test(rates_follow_the_epochs_and_batches_end_with_them),
      cmocka_unit_test(measuring_leaves_no_trace),
      cmocka_unit_test(stops_after_so_many_inputs),
      cmocka_unit_test(no_epochs_only_measure),
      cmocka_unit_test(goes_on_from_wherever_it_was_stopped),
      cmocka_unit_test(goes_on_from_its_last_checkpoint),
      cmocka_unit_test(checkpoints_come_every_so_many_epochs),
      cmocka_unit_test(failures_of_the_engine_and_of_the_disk_end_the_run),
      cmocka_unit_test(rates_have_three_shapes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
