// SPDX-License-Identifier: MIT
// Runs epochs in small pieces, so that progress is seen and a signal is heard; the pieces do not
// show in the result.
#include "runtime/trainer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#include "runtime/array.h"
#include "runtime/progress.h"
#include "runtime/random.h"

/* A piece's length is adjusted to take about this long. */
static const double SECONDS_PER_PIECE = 0.05;
enum { MOST_PIECE = 1 << 14 };

typedef struct Trainer {
  Engine *engine;
  const Dataset *data;
  const TrainerSettings *settings;
  const TrainerEvents *events;
  const RunFacts *facts;
  Failure *failure;
  TrainingPosition position;
  uint32_t *order;        /* [training examples] of the current epoch */
  uint64_t epoch_size;    /* training examples */
  uint64_t piece;         /* inputs of the next piece */
  double trained_seconds; /* in this call, and the inputs trained in them */
  uint64_t trained_inputs;
} Trainer;

void epoch_order(const TrainerSettings *settings, uint32_t epoch, uint32_t *order, uint32_t count) {
  if (settings->is_shuffled) {
    RandomStream stream = random_stream(settings->seed, RANDOM_ORDER, epoch);
    random_permutation(&stream, order, count);
    return;
  }
  for (uint32_t i = 0; i < count; i++) order[i] = i;
}

/* ---- what must not change when a run goes on ---- */

static uint32_t checksum(uint32_t sum, const void *bytes, uint64_t count) {
  return (uint32_t)crc32_z(sum, bytes, count);
}

static uint32_t data_checksum(const Examples *examples) {
  const uint64_t values = examples->count * examples->features;
  uint32_t sum = checksum(0, examples->labels, examples->count * sizeof *examples->labels);
  if (examples->bytes) return checksum(sum, examples->bytes, values);
  return checksum(sum, examples->floats, values * sizeof *examples->floats);
}

RunFacts run_facts(const Dataset *data, const TrainerSettings *settings) {
  const RateSchedule *rate = &settings->rate;
  RunFacts facts = {0};
  add_fact(&facts, "data", "%" PRIu64 " examples of %" PRIu32 " values", data->train.count,
           data->features);
  add_fact(&facts, "checksum of the data", "%08" PRIx32, data_checksum(&data->train));
  add_fact(&facts, "shuffle", "%s", settings->is_shuffled ? "true" : "false");
  if (settings->is_shuffled) add_fact(&facts, "seed", "%" PRIu64, settings->seed);
  switch (rate->shape) {
  case RATE_SHAPE_CONSTANT: add_fact(&facts, "rate", "%.17g", rate->from); break;
  case RATE_SHAPE_STEP:
    add_fact(&facts, "rate", "step(%.17g, %.17g, %" PRIu32 ", %.17g)", rate->from, rate->factor,
             rate->every, rate->floor);
    break;
  case RATE_SHAPE_COSINE:
    add_fact(&facts, "rate", "cosine(%.17g, %.17g) over %" PRIu32 " epochs", rate->from, rate->to,
             rate->epochs);
    break;
  }
  return facts;
}

/* ---- telling and asking ---- */

static bool is_stopped(const Trainer *t) {
  return t->events->is_stopped && t->events->is_stopped(t->events->context);
}

static uint64_t smaller(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* Inputs of the whole run that have not entered. */
static uint64_t inputs_left(const Trainer *t) {
  const uint32_t epochs = t->settings->epochs;
  const uint64_t epochs_left = epochs > t->position.epoch ? epochs - t->position.epoch : 0;
  uint64_t left = epochs_left * t->epoch_size; /* both below 2^32 */
  left -= smaller(left, t->position.epoch_inputs);
  return smaller(left,
                 t->settings->input_limit - smaller(t->settings->input_limit, t->position.inputs));
}

static void tell_progress(const Trainer *t, bool is_measuring, uint64_t done, uint64_t total) {
  if (!t->events->progressed) return;
  const TrainerProgress progress = {
      .epoch = t->position.epoch + 1,
      .epochs = t->settings->epochs,
      .is_measuring = is_measuring,
      .done = done,
      .total = total,
      .inputs_left = inputs_left(t),
      .per_second = t->trained_seconds > 0 ? (double)t->trained_inputs / t->trained_seconds : 0,
  };
  t->events->progressed(t->events->context, &progress);
}

static uint64_t next_piece(uint64_t piece, double seconds) {
  if (seconds < SECONDS_PER_PIECE / 2) return smaller(2 * piece, MOST_PIECE);
  if (seconds > SECONDS_PER_PIECE * 2 && piece > 1) return piece / 2;
  return piece;
}

/* ---- one epoch ---- */

static TrainerOutcome write_stop_checkpoint(const Trainer *t) {
  const char *path = t->settings->interrupt_checkpoint;
  if (path && !write_checkpoint(path, t->engine, t->facts, &t->position, t->failure))
    return TRAINER_FAILED;
  return TRAINER_STOPPED;
}

static bool train_piece(Trainer *t, uint64_t count, bool ends_batch) {
  const TrainRun run = {
      .examples = &t->data->train,
      .order = t->order + t->position.epoch_inputs,
      .count = count,
      .rate = rate_of_epoch(&t->settings->rate, t->position.epoch),
      .ends_batch = ends_batch,
  };
  const double begin = monotonic_seconds();
  if (!engine_train(t->engine, &run, &t->position.tally, t->failure)) return false;
  const double seconds = monotonic_seconds() - begin;
  t->position.epoch_inputs += count;
  t->position.inputs += count;
  t->position.epoch_seconds += seconds;
  t->trained_seconds += seconds;
  t->trained_inputs += count;
  t->piece = next_piece(t->piece, seconds);
  return true;
}

/* Trains until the epoch has seen `end` inputs; closes its batch there if ends_batch. */
static TrainerOutcome train_until(Trainer *t, uint64_t end, bool ends_batch, uint64_t total) {
  while (t->position.epoch_inputs < end) {
    if (is_stopped(t)) return write_stop_checkpoint(t);
    const uint64_t count = smaller(t->piece, end - t->position.epoch_inputs);
    const bool is_last = t->position.epoch_inputs + count == end;
    if (!train_piece(t, count, ends_batch && is_last)) return TRAINER_FAILED;
    tell_progress(t, false, t->position.epoch_inputs, total);
  }
  return TRAINER_DONE;
}

/* Measures a part of the data with the parameters as they stand. */
static TrainerOutcome measure(Trainer *t, const Examples *examples, Tally *tally) {
  uint64_t piece = 1;
  *tally = (Tally){0};
  for (uint64_t done = 0; done < examples->count;) {
    if (is_stopped(t)) return TRAINER_STOPPED;
    const uint64_t count = smaller(piece, examples->count - done);
    const double begin = monotonic_seconds();
    if (!engine_infer(t->engine, examples, done, count, NULL, NULL, tally, t->failure))
      return TRAINER_FAILED;
    piece = next_piece(piece, monotonic_seconds() - begin);
    done += count;
    tell_progress(t, true, done, examples->count);
  }
  return TRAINER_DONE;
}

static TrainerOutcome measure_all(Trainer *t, Tally *validation, Tally *test) {
  const TrainerOutcome outcome = measure(t, &t->data->validation, validation);
  return outcome == TRAINER_DONE ? measure(t, &t->data->test, test) : outcome;
}

/* Drains, measures, and puts the pipeline back unless this was the end of the run. */
static TrainerOutcome measure_drained(Trainer *t, bool is_end, Tally *drained, Tally *validation,
                                      Tally *test) {
  Snapshot *snapshot = snapshot_open(t->engine, t->failure);
  if (!snapshot) return TRAINER_FAILED;
  TrainerOutcome outcome = TRAINER_FAILED;
  if (engine_drain(t->engine, drained, t->failure)) outcome = measure_all(t, validation, test);
  if (outcome == TRAINER_STOPPED || (outcome == TRAINER_DONE && !is_end))
    snapshot_restore(snapshot, t->engine);
  snapshot_close(snapshot);
  return outcome == TRAINER_STOPPED ? write_stop_checkpoint(t) : outcome;
}

static TrainerOutcome end_epoch(Trainer *t, bool is_end, TrainerResult *result) {
  EpochReport report = {
      .epoch = t->position.epoch + 1,
      .inputs = t->position.epoch_inputs,
      .seconds = t->position.epoch_seconds,
      .train = t->position.tally,
  };
  /* What the drained copy sees at its output passes again in the next epoch, and is counted
   * then. */
  Tally unseen = {0};
  const TrainerOutcome outcome = measure_drained(t, is_end, is_end ? &report.train : &unseen,
                                                 &report.validation, &report.test);
  if (outcome != TRAINER_DONE) return outcome;
  result->validation = report.validation;
  result->test = report.test;
  if (t->events->epoch_done) t->events->epoch_done(t->events->context, &report);
  return TRAINER_DONE;
}

static void begin_next_epoch(TrainingPosition *position) {
  position->epoch++;
  position->epoch_inputs = 0;
  position->epoch_seconds = 0;
  position->tally = (Tally){0};
}

/* A checkpoint between epochs says that the next one begins. */
static bool write_epoch_checkpoint(const Trainer *t) {
  TrainingPosition next = t->position;
  if (next.epoch_inputs == t->epoch_size) begin_next_epoch(&next);
  return write_checkpoint(t->settings->checkpoint, t->engine, t->facts, &next, t->failure);
}

/* Trains the rest of an epoch that ends after `end` inputs.  Where the input limit ends it inside a
 * batch, the batch is closed early; the last checkpoint is written before that batch, because a
 * longer run would fill it. */
static TrainerOutcome train_epoch(Trainer *t, uint64_t end, bool is_end) {
  const uint64_t batch = t->engine->model->batch;
  const uint64_t whole = end == t->epoch_size ? end : end - end % batch;
  if (t->position.epoch_inputs < whole) {
    const TrainerOutcome outcome = train_until(t, whole, whole == end, end);
    if (outcome != TRAINER_DONE) return outcome;
  }
  if (is_end && t->settings->checkpoint && !write_epoch_checkpoint(t)) return TRAINER_FAILED;
  return train_until(t, end, true, end);
}

/* ---- the run ---- */

/* Where the current epoch ends, for the input limit may end it early. */
static uint64_t epoch_end(const Trainer *t) {
  const uint64_t before = t->position.inputs - t->position.epoch_inputs;
  const uint64_t limit = t->settings->input_limit;
  return smaller(t->epoch_size, limit > before ? limit - before : 0);
}

static TrainerOutcome run_epochs(Trainer *t, TrainerResult *result) {
  bool is_measured = false;
  while (!is_measured && t->position.epoch < t->settings->epochs) {
    const uint64_t end = epoch_end(t);
    if (end == 0 || end < t->position.epoch_inputs) break;
    const bool is_end = t->position.epoch + 1 == t->settings->epochs ||
                        inputs_left(t) == end - t->position.epoch_inputs;
    epoch_order(t->settings, t->position.epoch, t->order, (uint32_t)t->epoch_size);
    TrainerOutcome outcome = train_epoch(t, end, is_end);
    if (outcome == TRAINER_DONE) outcome = end_epoch(t, is_end, result);
    if (outcome != TRAINER_DONE) return outcome;
    is_measured = is_end;
    begin_next_epoch(&t->position);
    const bool is_due =
        t->settings->checkpoint && t->position.epoch % t->settings->checkpoint_every == 0;
    if (!is_end && is_due && !write_epoch_checkpoint(t)) return TRAINER_FAILED;
  }
  if (is_measured) return TRAINER_DONE;
  Tally unseen = {0};
  return measure_drained(t, true, &unseen, &result->validation, &result->test);
}

TrainerOutcome run_training(Engine *engine, const Dataset *data, const TrainerSettings *settings,
                            const TrainerEvents *events, const RunFacts *facts,
                            const TrainingPosition *start, TrainerResult *result,
                            Failure *failure) {
  Trainer t = {
      .engine = engine,
      .data = data,
      .settings = settings,
      .events = events,
      .facts = facts,
      .failure = failure,
      .position = *start,
      .epoch_size = data->train.count,
      .piece = 1,
  };
  *result = (TrainerResult){0};
  if (t.epoch_size > UINT32_MAX || start->epoch_inputs > t.epoch_size) {
    fail(failure, FAILURE_MODEL, NULL,
         "an epoch of %" PRIu64 " inputs is too long, or shorter than the position in it",
         t.epoch_size);
    return TRAINER_FAILED;
  }
  t.order = array_new(t.epoch_size + 1, sizeof *t.order);
  if (!t.order) {
    fail(failure, FAILURE_MEMORY, NULL, "no memory for the order of %" PRIu64 " inputs",
         t.epoch_size);
    return TRAINER_FAILED;
  }
  const TrainerOutcome outcome = run_epochs(&t, result);
  result->position = t.position;
  result->trained_seconds = t.trained_seconds;
  free(t.order);
  return outcome;
}
