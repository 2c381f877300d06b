// SPDX-License-Identifier: MIT
// Structs of the trainer and of the probe, as JSON.
#include "runtime/verbs/train_events.h"

#include <stdlib.h>

#include "runtime/array.h"
#include "runtime/parameters.h"
#include "runtime/verbs/output.h"

enum { MOST_CLASSES = 256 };

static double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? (double)count / seconds : 0;
}

static void add_tally(json_t *object, const char *loss_key, const char *accuracy_key,
                      const Tally *tally) {
  if (tally->count == 0) return;
  json_object_set_new(object, loss_key, json_number(tally_loss(tally)));
  json_object_set_new(object, accuracy_key, json_number(tally_accuracy(tally)));
}

/* ---- the run ---- */

static json_t *layers_json(const Model *model) {
  json_t *layers = json_array();
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    const Layer *layer = &model->layers[i];
    json_array_append_new(layers, json_pack("{s:s, s:I, s:I, s:s?}", "name", layer->name, "neurons",
                                            (json_int_t)layer->neuron_count, "real",
                                            (json_int_t)layer->real_count, "activation",
                                            i > 0 ? layer->activation.name : NULL));
  }
  return layers;
}

static json_t *junctions_json(const Model *model) {
  json_t *junctions = json_array();
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Interleaver *e = &model->junctions[i].edges;
    json_array_append_new(
        junctions,
        json_pack("{s:i, s:I, s:f}", "junction", (int)i + 1, "edges", (json_int_t)e->edge_count,
                  "density", (double)e->edge_count / ((double)e->left_count * e->right_count)));
  }
  return junctions;
}

json_t *run_event(const Run *run, const TrainerSettings *settings) {
  const Model *model = run->engine->model;
  const NumberFormat *format = &model->number;
  char number[40];
  number_name(format, number);
  json_t *event = json_pack(
      "{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "event", "run", "network",
      model->name, "engine", run->engine->kind->name, "number", number, "order",
      model->is_pipelined ? "pipelined" : "sequential", "batch", (json_int_t)model->batch, "epochs",
      (json_int_t)settings->epochs, "training_examples", (json_int_t)run->data->train.count,
      "test_examples", (json_int_t)run->data->test.count, "layers", layers_json(model), "junctions",
      junctions_json(model));
  if (format->is_fixed) {
    json_object_set_new(
        event, "least",
        json_real(cell_value(format, (Cell){.raw = INT32_MIN >> (32 - format->width)})));
    json_object_set_new(
        event, "greatest",
        json_real(cell_value(format, (Cell){.raw = INT32_MAX >> (32 - format->width)})));
  }
  const uint64_t clocks = (uint64_t)run->recipe->junction_cycle * run->recipe->initiation_interval;
  if (clocks > 0) json_object_set_new(event, "clocks_per_input", json_integer((json_int_t)clocks));
  if (run->recipe->clock_hz > 0)
    json_object_set_new(event, "clock_hz", json_real(run->recipe->clock_hz));
  return event;
}

/* ---- epochs ---- */

json_t *epoch_event(const EpochReport *r) {
  json_t *event = json_pack("{s:s, s:I, s:I}", "event", "epoch", "epoch", (json_int_t)r->epoch,
                            "inputs", (json_int_t)r->inputs);
  add_tally(event, "train_loss", "train_accuracy", &r->train);
  add_tally(event, "validation_loss", "validation_accuracy", &r->validation);
  add_tally(event, "test_loss", "test_accuracy", &r->test);
  json_object_set_new(event, "seconds", json_number(r->seconds));
  json_object_set_new(event, "inputs_per_second", json_number(per_second(r->inputs, r->seconds)));
  return event;
}

static json_t *histogram_json(const Histogram *h) {
  json_t *counts = json_array();
  for (int bin = 0; bin < HISTOGRAM_BINS; bin++)
    json_array_append_new(counts, json_integer((json_int_t)h->counts[bin]));
  return json_pack("{s:f, s:f, s:o}", "low", h->low, "high", h->high, "counts", counts);
}

static json_t *saturation_json(const JunctionProbe *probe) {
  json_t *object = json_object();
  for (uint32_t place = 0; place < SATURATION_PLACE_COUNT; place++) {
    const SaturationCount *count = &probe->counts[place];
    if (count->total == 0) continue;
    json_object_set_new(object, saturation_places[place].key,
                        json_pack("{s:I, s:I}", "of", (json_int_t)count->total, "saturated",
                                  (json_int_t)count->saturated));
  }
  if (probe->counts[SATURATION_STEP].total > 0)
    json_object_set_new(object, "lost_steps", json_integer((json_int_t)probe->lost_steps));
  return object;
}

json_t *inside_event(const Model *model, uint32_t epoch, double rate, uint32_t examples,
                     const JunctionProbe *probes) {
  json_t *junctions = json_array();
  for (uint32_t i = 0; i < model->junction_count; i++) {
    json_t *junction = json_pack("{s:i, s:o, s:o}", "junction", (int)i + 1, "weights",
                                 histogram_json(&probes[i].weights), "activations",
                                 histogram_json(&probes[i].activations));
    if (model->number.is_fixed)
      json_object_set_new(junction, "saturation", saturation_json(&probes[i]));
    json_array_append_new(junctions, junction);
  }
  return json_pack("{s:s, s:I, s:f, s:I, s:o}", "event", "inside", "epoch", (json_int_t)epoch,
                   "rate", rate, "examples", (json_int_t)examples, "junctions", junctions);
}

/* ---- the end ---- */

static json_t *matrix_json(const Examples *test, const uint32_t *classes, uint32_t count) {
  uint64_t *cells = calloc((size_t)count * count, sizeof *cells);
  if (!cells) return json_null();
  for (uint64_t k = 0; k < test->count; k++) {
    if (test->labels[k] < count && classes[k] < count)
      cells[(size_t)test->labels[k] * count + classes[k]]++;
  }
  json_t *matrix = json_array();
  for (uint32_t label = 0; label < count; label++) {
    json_t *row = json_array();
    for (uint32_t predicted = 0; predicted < count; predicted++)
      json_array_append_new(row,
                            json_integer((json_int_t)cells[(size_t)label * count + predicted]));
    json_array_append_new(matrix, row);
  }
  free(cells);
  return matrix;
}

json_t *confusion_event(Engine *engine, const Examples *test, Failure *failure) {
  const uint32_t count = engine->model->layers[engine->model->junction_count].real_count;
  json_t *event =
      json_pack("{s:s, s:I, s:n}", "event", "confusion", "classes", (json_int_t)count, "matrix");
  if (count > MOST_CLASSES || test->count == 0) return event;
  uint32_t *classes = array_new(test->count, sizeof *classes);
  Tally tally = {0};
  bool ok = classes || fail(failure, FAILURE_MEMORY, NULL, "no memory for %llu predictions",
                            (unsigned long long)test->count);
  ok = ok && engine_infer(engine, test, 0, test->count, NULL, classes, &tally, failure);
  if (ok) json_object_set_new(event, "matrix", matrix_json(test, classes, count));
  free(classes);
  if (ok) return event;
  json_decref(event);
  return NULL;
}

json_t *done_event(const Engine *engine, const TrainerResult *result, const char *digest) {
  json_t *event =
      json_pack("{s:s, s:s, s:I, s:I}", "event", "done", "engine", engine->kind->name, "epochs",
                (json_int_t)result->position.epoch, "inputs", (json_int_t)result->position.inputs);
  if (result->validation.count > 0) {
    json_object_set_new(event, "validation_accuracy",
                        json_number(tally_accuracy(&result->validation)));
  }
  if (result->test.count > 0)
    json_object_set_new(event, "test_accuracy", json_number(tally_accuracy(&result->test)));
  json_object_set_new(event, "parameters",
                      json_integer((json_int_t)model_parameter_count(engine->model)));
  json_object_set_new(event, "parameters_sha256", json_string(digest));
  return event;
}
