// SPDX-License-Identifier: MIT
// sedge verify: trains simulator and native code side by side and compares every parameter and
// prediction, bit by bit.
//
// Both run pieces of growing length; after each, all parameters are compared.  Where they differ,
// both go back to where they last agreed and take one input at a time, so that the first difference
// is named with its input.
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
  char place[2 * sizeof((Failure){0}.message) + 80];
  bool has_values;
  uint32_t bits[2];
} Difference;

/* ---- training ---- */

typedef bool Step(Engine *engine, const void *context, Tally *tally, Failure *failure);

static bool train_step(Engine *engine, const void *run, Tally *tally, Failure *failure) {
  return engine_train(engine, run, tally, failure);
}

static bool drain_step(Engine *engine, const void *unused, Tally *tally, Failure *failure) {
  (void)unused;
  return engine_drain(engine, tally, failure);
}

/* Lets both engines take the same step.  Where both stop for the same reason, *failure is that;
 * where one goes on, or stops for another reason, that is a difference.  False where they cannot go
 * on. */
static bool take_step(Comparison *c, Step *step, const void *context, Difference *difference,
                      Failure *failure) {
  Failure failures[2] = {0};
  bool is_good[2];
  for (int i = 0; i < 2; i++)
    is_good[i] = step(c->engines[i], context, &c->tallies[i], &failures[i]);
  if (is_good[0] && is_good[1]) return true;
  *failure = failures[is_good[0] ? 1 : 0];
  if (is_good[0] == is_good[1] && strcmp(failures[0].message, failures[1].message) == 0)
    return false;
  *difference = (Difference){.is_found = true, .input = c->inputs};
  snprintf(difference->place, sizeof difference->place, "%s stops (%s), but %s %s",
           c->engines[is_good[0] ? 1 : 0]->kind->name, failure->message,
           c->engines[is_good[0] ? 0 : 1]->kind->name,
           is_good[0] || is_good[1] ? "goes on" : failures[1].message);
  return false;
}

/* Trains both on at most `count` inputs, up to the end of the epoch. */
static bool train_piece(Comparison *c, uint64_t count, Difference *difference, Failure *failure) {
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
  c->inputs += piece;
  return take_step(c, train_step, &run, difference, failure);
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
    *difference = (Difference){.is_found = true,
                               .input = c->inputs,
                               .has_values = true,
                               .bits = {cells[0][k], cells[1][k]}};
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

/* Whether both see the same outputs for the first examples; classes and tallies follow from
 * them. */
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
    *difference = (Difference){
        .is_found = true, .input = c->inputs, .has_values = true, .bits = {bits[0], bits[1]}};
    snprintf(difference->place, sizeof difference->place,
             "prediction of test example %" PRIu64 ", output %" PRIu64, k / outputs, k % outputs);
  }
  free(scores);
  return is_good;
}

/* From a state in which both agreed, one input at a time to the first difference. */
static bool narrow_down(Comparison *c, Snapshot *const agreed[2], uint64_t inputs, uint64_t end,
                        Difference *difference, Failure *failure) {
  for (int i = 0; i < 2; i++) snapshot_restore(agreed[i], c->engines[i]);
  c->inputs = inputs;
  while (c->inputs < end && compare_parameters(c, difference)) {
    if (!train_piece(c, 1, difference, failure)) return false;
  }
  return true;
}

/* One piece from where both agree, whose state is kept in `agreed`. */
static bool run_piece(Comparison *c, uint64_t piece, Snapshot *agreed[2], Difference *difference,
                      Failure *failure) {
  const uint64_t before = c->inputs;
  for (int i = 0; i < 2; i++) {
    snapshot_close(agreed[i]);
    agreed[i] = snapshot_open(c->engines[i], failure);
    if (!agreed[i]) return false;
  }
  if (!train_piece(c, piece, difference, failure)) return false;
  if (compare_parameters(c, difference)) return true;
  return narrow_down(c, agreed, before, c->inputs, difference, failure);
}

static bool run_pieces(Comparison *c, uint64_t inputs, Difference *difference, Failure *failure) {
  Snapshot *agreed[2] = {NULL, NULL};
  bool is_good = true;
  for (uint64_t piece = 1; is_good && !difference->is_found && c->inputs < inputs; piece *= 2) {
    const uint64_t rest = inputs - c->inputs;
    is_good = run_piece(c, piece < rest ? piece : rest, agreed, difference, failure);
  }
  for (int i = 0; i < 2; i++) snapshot_close(agreed[i]);
  return is_good;
}

/* Whether both saw the same outputs while they trained: the loss is a sum over all of them. */
static bool compare_tallies(const Comparison *c, Difference *difference) {
  const Tally *a = &c->tallies[0], *b = &c->tallies[1];
  if (a->count == b->count && a->correct == b->correct && a->loss == b->loss) return true;
  *difference = (Difference){.is_found = true, .input = c->inputs};
  snprintf(difference->place, sizeof difference->place,
           "training outputs: %" PRIu64 " of %" PRIu64 " right, loss %.17g, against %" PRIu64
           " of %" PRIu64 ", loss %.17g",
           a->correct, a->count, a->loss, b->correct, b->count, b->loss);
  return false;
}

/* Trains, compares, drains, compares; false where the engines could not go on: *failure, and
 * *difference where one of them could. */
static bool compare_engines(Comparison *c, uint64_t inputs, uint64_t examples,
                            Difference *difference, Failure *failure) {
  if (!run_pieces(c, inputs, difference, failure)) return false;
  if (difference->is_found || !compare_tallies(c, difference)) return true;
  if (!take_step(c, drain_step, NULL, difference, failure)) return false;
  if (!compare_parameters(c, difference) || !compare_tallies(c, difference)) return true;
  return compare_predictions(c, examples, difference, failure);
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
  const char *names[] = {c->engines[0]->kind->name, c->engines[1]->kind->name};
  json_t *object = json_pack("{s:s, s:I, s:s}", "event", "difference", "inputs",
                             (json_int_t)d->input, "place", d->place);
  if (!invocation->options.run.json)
    printf("%s and %s differ after %s inputs\n  %s\n", names[0], names[1], grouped(d->input),
           d->place);
  for (int i = 0; i < 2 && d->has_values; i++) {
    const double value = value_of(model, d->bits[i], is_score);
    json_object_set_new(
        object, names[i],
        json_pack("{s:o, s:I}", "value", json_number(value), "bits", (json_int_t)d->bits[i]));
    if (!invocation->options.run.json)
      printf("  %-7s %.9g (0x%08" PRIx32 ")\n", names[i], value, d->bits[i]);
  }
  if (invocation->options.run.json) {
    print_json_line(stdout, object);
  } else {
    json_decref(object);
  }
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
  printf("%s predictions, to the last bit\nsha256      %s\n", grouped(examples), digest);
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
  if (difference.is_found) {
    tell_difference(invocation, c, &difference);
    return EXIT_WRONG;
  }
  if (!is_good) return report_failure(invocation, session->c, &failure);
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
