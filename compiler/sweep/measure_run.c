// SPDX-License-Identifier: MIT
// Collects the report of the fit and the result of the training in one object, and takes the
// columns out of it.
#include "compiler/sweep/measure_run.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/compile.h"
#include "compiler/fit/fit_report.h"
#include "compiler/open_engine.h"
#include "compiler/report.h"
#include "compiler/sweep/columns.h"
#include "runtime/trainer.h"

/* "(512, 32)", as it would stand in the file. */
static const char *z_text(const Compilation *c) {
  const char *text = "(";
  for (uint32_t i = 0; i < c->model->junction_count; i++)
    text = arena_print(c->arena, "%s%s%" PRIu32, text, i > 0 ? ", " : "", c->fit->z[i]);
  return arena_print(c->arena, "%s)", text);
}

static json_t *network_json(const Compilation *c) {
  uint64_t edges = 0, dense = 0;
  for (uint32_t i = 0; i < c->model->junction_count; i++) {
    const Interleaver *e = &c->model->junctions[i].edges;
    edges += e->edge_count;
    dense += (uint64_t)e->left_count * e->right_count;
  }
  return json_pack("{s:I, s:f, s:s}", "edges", (json_int_t)edges, "density",
                   (double)edges / (double)dense, "z", z_text(c));
}

static json_t *fit_json(const Compilation *c) {
  const FitReportInput input = {
      .program = c->program, .model = c->model, .fit = c->fit, .schedule = c->schedule};
  return fit_report_json(&input);
}

static void add_tally(json_t *object, const char *loss_key, const char *accuracy_key,
                      const Tally *tally) {
  if (tally->count == 0) return;
  json_object_set_new(object, loss_key, json_number(tally_loss(tally)));
  json_object_set_new(object, accuracy_key, json_number(tally_accuracy(tally)));
}

static json_t *training_json(const Session *session, const TrainerResult *result) {
  const Schedule *schedule = session->c->schedule;
  const uint64_t inputs = result->position.inputs, clocks = training_clocks(schedule, inputs);
  const double seconds = result->trained_seconds;
  char digest[65];
  parameters_digest(session->engine, digest);
  json_t *object =
      json_pack("{s:I, s:I, s:f, s:f, s:I, s:s}", "epochs", (json_int_t)result->position.epoch,
                "inputs", (json_int_t)inputs, "seconds", seconds, "inputs_per_second",
                seconds > 0 ? (double)inputs / seconds : 0, "clocks", (json_int_t)clocks,
                "parameters_sha256", digest);
  if (schedule->clock_hz > 0)
    json_object_set_new(object, "hardware_seconds", json_real((double)clocks / schedule->clock_hz));
  add_tally(object, "validation_loss", "validation_accuracy", &result->validation);
  add_tally(object, "test_loss", "test_accuracy", &result->test);
  return object;
}

/* ---- the row ---- */

static const json_t *at_path(const json_t *object, const char *path) {
  for (;;) {
    const size_t length = strcspn(path, ".");
    object = json_object_getn(object, path, length);
    if (!path[length] || !object) return object;
    path += length + 1;
  }
}

static json_t *row_of(const json_t *measured) {
  json_t *row = json_object();
  for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
    const json_t *value = at_path(measured, columns[i].path);
    if (value && !json_is_null(value))
      json_object_set_new(row, columns[i].key, json_deep_copy(value));
  }
  return row;
}

static bool train(const Invocation *invocation, const Session *session, json_t *measured,
                  ExitCode *code) {
  const TrainerSettings settings = trainer_settings(&invocation->options.run, &session->recipe);
  const TrainerEvents events = {0};
  const TrainingPosition start = {0};
  TrainerResult result;
  Failure failure = {0};
  if (run_training(session->engine, &session->data, &settings, &events, NULL, &start, &result,
                   &failure) != TRAINER_DONE) {
    *code = report_failure(invocation, session->c, &failure);
    return false;
  }
  json_object_set_new(measured, "training", training_json(session, &result));
  return true;
}

ExitCode measure_run(const Invocation *invocation, bool is_fit_only, json_t **row) {
  ExitCode code = EXIT_DONE;
  Session session = {0};
  if (is_fit_only) {
    session.c = compile_file(invocation, PASS_SCHEDULE, &code);
    if (!session.c) return code;
  } else if (!session_open(invocation, true, &session, &code)) {
    return code;
  }
  json_t *measured = json_pack("{s:s, s:o, s:o}", "status", "done", "network",
                               network_json(session.c), "fit", fit_json(session.c));
  if (is_fit_only || train(invocation, &session, measured, &code)) *row = row_of(measured);
  json_decref(measured);
  session_close(&session);
  return code;
}
