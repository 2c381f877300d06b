// SPDX-License-Identifier: MIT
// The public functions of a built library, over the engine.  Everything from outside is checked
// here.
#include "runtime/sedge_runtime.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/built/built.h"
#include "runtime/checkpoint.h"
#include "runtime/parameters.h"
#include "runtime/rate_schedule.h"
#include "runtime/verbs/run.h"

/* Examples are handed to the engine in pieces, whose order [PIECE] is 0, 1, 2, ... */
enum { PIECE = 4096 };

struct SedgeTrainer {
  UnpackedTrainer built;
  Engine *engine;
  TrainingPosition position; /* only its inputs are counted */
  bool may_hold_inputs; /* the pipeline, since training or a checkpoint and until it is drained */
  Failure failure;
  uint32_t order[PIECE];
  uint32_t no_labels[PIECE]; /* zeros */
};

/* What a library's JSON reader takes for standard input, which it never reads: see
 * compiler/link.c. */
extern const void *const sedge_no_input;
const void *const sedge_no_input = NULL;

static _Thread_local Failure open_failure;

static const Model *model_of(const SedgeTrainer *t) {
  return &t->built.model;
}

/* ---- opening ---- */

uint32_t sedge_trainer_version(void) {
  return SEDGE_TRAINER_VERSION;
}

SedgeTrainer *sedge_trainer_open(uint32_t threads) {
  const RunOptions options = {.threads = {.is_given = threads > 0, .value = threads}};
  SedgeTrainer *t = calloc(1, sizeof *t);
  open_failure = (Failure){0};
  if (!t) {
    fail(&open_failure, FAILURE_MEMORY, NULL, "no memory for a trainer");
    return NULL;
  }
  if (open_built_model(&t->built, &open_failure)) {
    const uint32_t count = run_threads(&options, model_of(t));
    t->engine = open_built_engine(&t->built, count, &open_failure);
  }
  for (uint32_t i = 0; i < PIECE; i++) t->order[i] = i;
  if (t->engine) return t;
  sedge_trainer_close(t);
  return NULL;
}

void sedge_trainer_close(SedgeTrainer *t) {
  if (!t) return;
  engine_close(t->engine);
  unpacked_close(&t->built);
  free(t);
}

const char *sedge_trainer_error(const SedgeTrainer *t) {
  static _Thread_local char text[sizeof(Failure)];
  const Failure *failure = t ? &t->failure : &open_failure;
  snprintf(text, sizeof text, "%s%s%s", failure->path, failure->path[0] ? ": " : "",
           failure->message);
  return text;
}

/* ---- the network ---- */

const char *sedge_trainer_name(const SedgeTrainer *t) {
  return model_of(t)->name;
}
uint32_t sedge_trainer_inputs(const SedgeTrainer *t) {
  return model_of(t)->layers[0].real_count;
}
uint32_t sedge_trainer_outputs(const SedgeTrainer *t) {
  return model_of(t)->layers[model_of(t)->junction_count].real_count;
}
uint32_t sedge_trainer_batch(const SedgeTrainer *t) {
  return model_of(t)->batch;
}
uint32_t sedge_trainer_junctions(const SedgeTrainer *t) {
  return model_of(t)->junction_count;
}
uint64_t sedge_trainer_parameters(const SedgeTrainer *t) {
  return model_parameter_count(model_of(t));
}
uint32_t sedge_trainer_epochs(const SedgeTrainer *t) {
  return t->built.recipe.epochs;
}
int32_t sedge_trainer_fraction_bits(const SedgeTrainer *t) {
  return model_of(t)->number.is_fixed ? (int32_t)model_of(t)->number.fraction : -1;
}
double sedge_trainer_rate(const SedgeTrainer *t, uint32_t epoch) {
  return rate_of_epoch(&t->built.recipe.rate, epoch);
}

static bool is_given(SedgeTrainer *t, const void *pointer, const char *what) {
  return pointer || fail(&t->failure, FAILURE_MODEL, NULL, "%s: a NULL pointer", what);
}

/* ---- training and inference ---- */

static bool check_values(SedgeTrainer *t, const float *values, uint64_t count) {
  const uint32_t inputs = sedge_trainer_inputs(t);
  if (count > 0 && !is_given(t, values, "values")) return false;
  if (count > SIZE_MAX / sizeof *values / inputs)
    return fail(&t->failure, FAILURE_MODEL, NULL, "%" PRIu64 " examples fit no memory", count);
  for (uint64_t i = 0; i < count * inputs; i++) {
    if (isfinite(values[i])) continue;
    return fail(&t->failure, FAILURE_MODEL, NULL,
                "value %" PRIu64 " of example %" PRIu64 " is not finite", i % inputs, i / inputs);
  }
  return true;
}

static bool check_labels(SedgeTrainer *t, const uint32_t *labels, uint64_t count) {
  const uint32_t outputs = sedge_trainer_outputs(t);
  if (count > 0 && !is_given(t, labels, "labels")) return false;
  for (uint64_t i = 0; i < count; i++) {
    if (labels[i] < outputs) continue;
    return fail(&t->failure, FAILURE_MODEL, NULL,
                "example %" PRIu64 " has label %" PRIu32 ", the outputs are 0 to %" PRIu32, i,
                labels[i], outputs - 1);
  }
  return true;
}

static Examples piece_of(const SedgeTrainer *t, const float *values, const uint32_t *labels,
                         uint64_t first, uint64_t count) {
  const uint32_t inputs = sedge_trainer_inputs(t);
  return (Examples){.count = count,
                    .features = inputs,
                    .floats = values + first * inputs,
                    .labels = labels ? labels + first : t->no_labels};
}

static void give_tally(const Tally *from, SedgeTally *to) {
  if (to) *to = (SedgeTally){.count = from->count, .correct = from->correct, .loss = from->loss};
}

static uint64_t piece_length(uint64_t left) {
  return left < PIECE ? left : PIECE;
}

int sedge_trainer_train(SedgeTrainer *t, const float *values, const uint32_t *labels,
                        uint64_t count, double rate, int ends_epoch, SedgeTally *tally) {
  Tally seen = {0};
  if (!check_values(t, values, count) || !check_labels(t, labels, count)) return 0;
  if (!(rate >= 0 && rate <= 1 << 20)) {
    fail(&t->failure, FAILURE_MODEL, NULL, "a rate of %g is not between 0 and 2^20", rate);
    return 0;
  }
  t->may_hold_inputs |= model_of(t)->is_pipelined;
  for (uint64_t done = 0; done < count;) {
    const uint64_t length = piece_length(count - done);
    const Examples examples = piece_of(t, values, labels, done, length);
    const TrainRun run = {.examples = &examples,
                          .order = t->order,
                          .count = length,
                          .rate = rate,
                          .ends_batch = ends_epoch && done + length == count};
    if (!engine_train(t->engine, &run, &seen, &t->failure)) return 0;
    t->position.inputs += length;
    done += length;
  }
  give_tally(&seen, tally);
  return 1;
}

int sedge_trainer_drain(SedgeTrainer *t, SedgeTally *tally) {
  Tally seen = {0};
  if (!engine_drain(t->engine, &seen, &t->failure)) return 0;
  t->may_hold_inputs = false;
  give_tally(&seen, tally);
  return 1;
}

static bool infer(SedgeTrainer *t, const float *values, const uint32_t *labels, uint64_t count,
                  float *scores, uint32_t *classes, Tally *tally) {
  const uint64_t outputs = sedge_trainer_outputs(t);
  if (!check_values(t, values, count)) return false;
  for (uint64_t done = 0; done < count;) {
    const uint64_t length = piece_length(count - done);
    const Examples examples = piece_of(t, values, labels, done, length);
    if (!engine_infer(t->engine, &examples, 0, length, scores ? scores + done * outputs : NULL,
                      classes ? classes + done : NULL, tally, &t->failure))
      return false;
    done += length;
  }
  return true;
}

int sedge_trainer_infer(SedgeTrainer *t, const float *values, uint64_t count, float *scores,
                        uint32_t *classes) {
  Tally unseen = {0};
  return infer(t, values, NULL, count, scores, classes, &unseen);
}

int sedge_trainer_test(SedgeTrainer *t, const float *values, const uint32_t *labels, uint64_t count,
                       SedgeTally *tally) {
  Tally seen = {0};
  if (!check_labels(t, labels, count) || !infer(t, values, labels, count, NULL, NULL, &seen))
    return 0;
  give_tally(&seen, tally);
  return 1;
}

/* ---- parameters ---- */

uint32_t sedge_trainer_edges(const SedgeTrainer *t, uint32_t junction) {
  return junction < model_of(t)->junction_count ? model_of(t)->junctions[junction].edges.edge_count
                                                : 0;
}

uint32_t sedge_trainer_neurons(const SedgeTrainer *t, uint32_t junction) {
  return junction < model_of(t)->junction_count ? model_of(t)->junctions[junction].edges.right_count
                                                : 0;
}

static bool has_junction(SedgeTrainer *t, uint32_t junction) {
  if (junction < model_of(t)->junction_count) return true;
  return fail(&t->failure, FAILURE_MODEL, NULL,
              "there is no junction %" PRIu32 ": they are numbered 0 to %" PRIu32, junction,
              model_of(t)->junction_count - 1);
}

int sedge_trainer_read_edges(SedgeTrainer *t, uint32_t junction, uint32_t *left, uint32_t *right) {
  if (!has_junction(t, junction)) return 0;
  const Interleaver *edges = &model_of(t)->junctions[junction].edges;
  if (left) interleaver_expand(edges, 0, edges->edge_count, left);
  for (uint32_t r = 0; right && r < edges->right_count; r++) {
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++)
      right[e] = r;
  }
  return 1;
}

static int read_cells(SedgeTrainer *t, uint32_t junction, uint32_t part, void *cells) {
  if (!has_junction(t, junction) || !is_given(t, cells, "parameters")) return 0;
  const Tensor *tensor = &t->engine->tensors[2 * junction + part];
  tensor_read(tensor, 0, tensor->count, cells);
  return 1;
}

/* Inputs in the pipeline have seen the parameters as they are, and will change them. */
static bool is_at_rest(SedgeTrainer *t) {
  return !t->may_hold_inputs ||
         fail(&t->failure, FAILURE_MODEL, NULL,
              "inputs are still in the pipeline: drain it before parameters are written");
}

static int write_cells(SedgeTrainer *t, uint32_t junction, uint32_t part, const void *cells) {
  if (!has_junction(t, junction) || !is_given(t, cells, "parameters") || !is_at_rest(t)) return 0;
  Tensor *tensor = &t->engine->tensors[2 * junction + part];
  if (!check_cells(&model_of(t)->number, cells, tensor->count, NULL, tensor->name, &t->failure))
    return 0;
  tensor_write(tensor, 0, tensor->count, cells);
  return 1;
}

enum { WEIGHTS, BIASES };

int sedge_trainer_read_weights(SedgeTrainer *t, uint32_t junction, void *weights) {
  return read_cells(t, junction, WEIGHTS, weights);
}
int sedge_trainer_write_weights(SedgeTrainer *t, uint32_t junction, const void *weights) {
  return write_cells(t, junction, WEIGHTS, weights);
}
int sedge_trainer_read_biases(SedgeTrainer *t, uint32_t junction, void *biases) {
  return read_cells(t, junction, BIASES, biases);
}
int sedge_trainer_write_biases(SedgeTrainer *t, uint32_t junction, const void *biases) {
  return write_cells(t, junction, BIASES, biases);
}

int sedge_trainer_save(SedgeTrainer *t, const char *path) {
  return is_given(t, path, "path") && save_parameters(path, t->engine, &t->failure);
}

int sedge_trainer_load(SedgeTrainer *t, const char *path) {
  return is_given(t, path, "path") && is_at_rest(t) &&
         load_parameters(path, t->engine, &t->failure);
}

int sedge_trainer_checkpoint(SedgeTrainer *t, const char *path) {
  const RunFacts none = {0};
  return is_given(t, path, "path") &&
         write_checkpoint(path, t->engine, &none, &t->position, &t->failure);
}

int sedge_trainer_resume(SedgeTrainer *t, const char *path) {
  const RunFacts none = {0};
  if (!is_given(t, path, "path") ||
      !read_checkpoint(path, t->engine, &none, &t->position, &t->failure))
    return 0;
  t->may_hold_inputs = model_of(t)->is_pipelined;
  return 1;
}

void sedge_trainer_digest(const SedgeTrainer *t, char digest[65]) {
  parameters_digest(t->engine, digest);
}
