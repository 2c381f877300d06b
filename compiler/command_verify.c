// SPDX-License-Identifier: MIT
// sedge verify: trains simulator and native code side by side and compares every parameter and prediction, bit by bit.
//
// Both run pieces of growing length; after each, all parameters are compared.  Where they differ, both go back to where they last
// agreed and take one input at a time, so that the first difference is named with its input.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command.h"
#include "compiler/open_engine.h"
#include "compiler/report.h"
#include "runtime/interleaver.h"
#include "runtime/trainer.h"

enum { DEFAULT_INPUTS = 1000, MOST_EXAMPLES = 1000 };

/* Two engines on the same inputs; [0] is the reference. */
typedef struct Comparison {
  Engine *engines[2];
  const Examples *train, *test;
  const TrainerSettings *settings;
  uint32_t *order; /* of the epoch */
  uint32_t order_epoch;
  uint64_t inputs; /* trained so far */
  Tally tallies[2];
} Comparison;

/* The first thing that differs. */
typedef struct Difference {
  bool is_found;
  uint64_t input; /* training inputs before it, or the example */
  char place[160];
  uint32_t bits[2];
} Difference;

/* ---- training ---- */

/* Trains both on at most `count` inputs, up to the end of the epoch; returns how many. */
static uint64_t train_piece(Comparison *c, uint64_t count, bool *is_good, Failure *failure) {
  const uint64_t epoch_size = c->train->count, place = c->inputs % epoch_size;
  const uint32_t epoch = (uint32_t)(c->inputs / epoch_size);
  if (c->order_epoch != epoch) {
    epoch_order(c->settings, epoch, c->order, (uint32_t)epoch_size);
    c->order_epoch = epoch;
  }
  const uint64_t piece = count < epoch_size - place ? count : epoch_size - place;
  const TrainRun run = {
      .examples = c->train,
      .order = c->order + place,
      .count = piece,
      .rate = rate_of_epoch(&c->settings->rate, epoch),
      .ends_batch = place + piece == epoch_size,
  };
  for (int i = 0; i < 2 && *is_good; i++)
    *is_good = engine_train(c->engines[i], &run, &c->tallies[i], failure);
  c->inputs += piece;
  return piece;
}

/* ---- comparing ---- */

static void name_parameter(const Comparison *c, uint32_t tensor, uint64_t element,
                           char place[160]) {
  const uint32_t junction = tensor / 2;
  const Interleaver *edges = &c->engines[0]->model->junctions[junction].edges;
  if (tensor % 2 == 1) {
    snprintf(place, 160, "junction %" PRIu32 ", bias of right neuron %" PRIu64, junction + 1,
             element);
    return;
  }
  snprintf(place, 160,
           "junction %" PRIu32 ", weight of edge %" PRIu64 " (left neuron %" PRIu32
           ", right neuron %" PRIu32 ")",
           junction + 1, element, interleaver_left(edges, (uint32_t)element),
           interleaver_right(edges, (uint32_t)element));
}

static bool compare_tensor(const Comparison *c, uint32_t tensor, Difference *difference) {
  enum { PIECE = 4096 };
  uint32_t cells[2][PIECE];
  const Tensor *tensors[] = {&c->engines[0]->tensors[tensor], &c->engines[1]->tensors[tensor]};
  for (uint64_t first = 0; first < tensors[0]->count; first += PIECE) {
    const uint64_t rest = tensors[0]->count - first, count = rest < PIECE ? rest : PIECE;
    for (int i = 0; i < 2; i++) tensor_read(tensors[i], first, count, cells[i]);
    if (memcmp(cells[0], cells[1], count * sizeof cells[0][0]) == 0) continue;
    uint64_t k = 0;
    while (cells[0][k] == cells[1][k]) k++;
    *difference =
        (Difference){.is_found = true, .input = c->inputs, .bits = {cells[0][k], cells[1][k]}};
    name_parameter(c, tensor, first + k, difference->place);
    return false;
  }
  return true;
}

/* Whether all parameters agree; else the first difference. */
static bool compare_parameters(const Comparison *c, Difference *difference) {
  for (uint32_t tensor = 0; tensor < 2 * c->engines[0]->model->junction_count; tensor++) {
    if (!compare_tensor(c, tensor, difference)) return false;
  }
  return true;
}

static uint32_t float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Whether both see the same outputs for the first examples; classes and tallies follow from them. */
static bool compare_predictions(Comparison *c, uint64_t count, Difference *difference,
                                Failure *failure) {
  const Model *model = c->engines[0]->model;
  const uint32_t outputs = model->layers[model->junction_count].real_count;
  float *scores = malloc(2 * (count * outputs + 1) * sizeof *scores);
  if (!scores)
    return fail(failure, FAILURE_MEMORY, NULL, "no memory for %" PRIu64 " predictions", count);
  bool is_good = true;
  for (int i = 0; i < 2 && is_good; i++) {
    Tally tally = {0};
    is_good = engine_infer(c->engines[i], c->test, 0, count, scores + (uint64_t)i * count * outputs,
                           NULL, &tally, failure);
  }
  for (uint64_t k = 0; is_good && !difference->is_found && k < count * outputs; k++) {
    const uint32_t bits[] = {float_bits(scores[k]), float_bits(scores[count * outputs + k])};
    if (bits[0] == bits[1]) continue;
    *difference = (Difference){.is_found = true, .input = c->inputs, .bits = {bits[0], bits[1]}};
    snprintf(difference->place, sizeof difference->place,
             "prediction of test example %" PRIu64 ", output %" PRIu64, k / outputs, k % outputs);
  }
  free(scores);
  return is_good;
}

/* From a state in which both agreed, one input at a time to the first difference. */
static bool narrow_down(Comparison *c, Snapshot *const agreed[2], uint64_t inputs, uint64_t end,
                        Difference *difference, Failure *failure) {
  bool is_good = true;
  for (int i = 0; i < 2; i++) snapshot_restore(agreed[i], c->engines[i]);
  c->inputs = inputs;
  while (is_good && c->inputs < end && compare_parameters(c, difference))
    train_piece(c, 1, &is_good, failure);
  return is_good;
}

static bool run_pieces(Comparison *c, uint64_t inputs, Difference *difference, Failure *failure) {
  Snapshot *agreed[2] = {NULL, NULL};
  bool is_good = true;
  for (uint64_t piece = 1; is_good && !difference->is_found && c->inputs < inputs; piece *= 2) {
    const uint64_t before = c->inputs;
    for (int i = 0; i < 2; i++) {
      snapshot_close(agreed[i]);
      agreed[i] = snapshot_open(c->engines[i], failure);
      is_good = is_good && agreed[i];
    }
    if (!is_good) break;
    const uint64_t rest = inputs - before;
    train_piece(c, piece < rest ? piece : rest, &is_good, failure);
    if (is_good && !compare_parameters(c, difference))
      is_good = narrow_down(c, agreed, before, c->inputs, difference, failure);
  }
  for (int i = 0; i < 2; i++) snapshot_close(agreed[i]);
  return is_good;
}

static void compare_tallies(const Comparison *c, Difference *difference) {
  const Tally *a = &c->tallies[0], *b = &c->tallies[1];
  if (difference->is_found ||
      (a->count == b->count && a->correct == b->correct && a->loss == b->loss))
    return;
  *difference = (Difference){
      .is_found = true, .input = c->inputs, .bits = {(uint32_t)a->correct, (uint32_t)b->correct}};
  snprintf(difference->place, sizeof difference->place,
           "training outputs seen: %" PRIu64 " (loss %.17g) against %" PRIu64 " (loss %.17g)",
           a->count, a->loss, b->count, b->loss);
}

/* Trains, compares, drains, compares; false with *failure where an engine could not go on. */
static bool compare_engines(Comparison *c, uint64_t inputs, uint64_t examples,
                            Difference *difference, Failure *failure) {
  if (!run_pieces(c, inputs, difference, failure)) return false;
  compare_tallies(c, difference);
  if (difference->is_found) return true;
  for (int i = 0; i < 2; i++) {
    if (!engine_drain(c->engines[i], &c->tallies[i], failure)) return false;
  }
  if (!compare_parameters(c, difference)) return true;
  compare_tallies(c, difference);
  return difference->is_found || compare_predictions(c, examples, difference, failure);
}

/* ---- telling ---- */

static double value_of(const Model *model, uint32_t bits, bool is_score) {
  Cell cell;
  memcpy(&cell, &bits, sizeof cell);
  return is_score ? (double)cell.real : cell_value(&model->number, cell);
}

static void tell_difference(const Invocation *invocation, const Comparison *c,
                            const Difference *d) {
  const Model *model = c->engines[0]->model;
  const bool is_score = strncmp(d->place, "prediction", 10) == 0;
  const double a = value_of(model, d->bits[0], is_score), b = value_of(model, d->bits[1], is_score);
  const char *names[] = {c->engines[0]->kind->name, c->engines[1]->kind->name};
  if (invocation->options.run.json) {
    print_json_line(stdout,
                    json_pack("{s:s, s:I, s:s, s:{s:f, s:I}, s:{s:f, s:I}}", "event", "difference",
                              "inputs", (json_int_t)d->input, "place", d->place, names[0], "value",
                              a, "bits", (json_int_t)d->bits[0], names[1], "value", b, "bits",
                              (json_int_t)d->bits[1]));
    return;
  }
  printf("%s and %s differ after %" PRIu64 " inputs\n  %s\n  %-7s %.9g (0x%08" PRIx32
         ")\n  %-7s %.9g (0x%08" PRIx32 ")\n",
         names[0], names[1], d->input, d->place, names[0], a, d->bits[0], names[1], b, d->bits[1]);
}

static void tell_agreement(const Invocation *invocation, const Comparison *c, uint64_t examples) {
  char digest[65];
  parameters_digest(c->engines[1], digest);
  const uint64_t parameters = model_parameter_count(c->engines[0]->model);
  if (invocation->options.run.json) {
    print_json_line(stdout,
                    json_pack("{s:s, s:I, s:I, s:I, s:s}", "event", "agreement", "inputs",
                              (json_int_t)c->inputs, "parameters", (json_int_t)parameters,
                              "predictions", (json_int_t)examples, "parameters_sha256", digest));
    return;
  }
  printf("%s and %s agree after %s inputs: ", c->engines[0]->kind->name, c->engines[1]->kind->name,
         grouped(c->inputs));
  printf("%s parameters, ", grouped(parameters));
  printf("%s predictions, to the last bit\nparameters  sha256 %s\n", grouped(examples), digest);
}

/* ---- the verb ---- */

static ExitCode run_verify(const Invocation *invocation, Session *session, Comparison *c) {
  const OptionalCount *wanted = &invocation->options.run.inputs;
  const uint64_t inputs = wanted->is_given ? wanted->value : DEFAULT_INPUTS;
  const uint64_t examples = c->test->count < MOST_EXAMPLES ? c->test->count : MOST_EXAMPLES;
  Difference difference = {0};
  Failure failure = {0};
  c->order = malloc((c->train->count + 1) * sizeof *c->order);
  c->order_epoch = UINT32_MAX;
  if (!c->order) fail(&failure, FAILURE_MEMORY, NULL, "no memory for the order of an epoch");
  const bool is_good = c->order && compare_engines(c, inputs, examples, &difference, &failure);
  free(c->order);
  if (!is_good) return report_failure(invocation, session->c, &failure);
  if (difference.is_found) {
    tell_difference(invocation, c, &difference);
    return EXIT_WRONG;
  }
  tell_agreement(invocation, c, examples);
  return EXIT_DONE;
}

ExitCode command_verify(const Invocation *invocation) {
  Session session;
  ExitCode code = EXIT_DONE;
  Failure failure = {0};
  if (!is_engine_known(&invocation->options)) return EXIT_USAGE;
  if (!session_open(invocation, true, &session, &code)) return code;
  const TrainerSettings settings = trainer_settings(&invocation->options.run, &session.recipe);
  Engine *reference = open_engine(session.c, &invocation->options, "sim", &failure);
  if (!reference) {
    code = report_failure(invocation, session.c, &failure);
  } else {
    Comparison c = {.engines = {reference, session.engine},
                    .train = &session.data.train,
                    .test = session.data.test.count > 0 ? &session.data.test : &session.data.train,
                    .settings = &settings};
    code = run_verify(invocation, &session, &c);
  }
  engine_close(reference);
  session_close(&session);
  return code;
}
