// SPDX-License-Identifier: MIT
// The simulator as an engine: opening, inputs in and out, tensors, closing.  The clocks are in
// simulator_clock.c.
#include "runtime/simulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array.h"
#include "runtime/simulator_state.h"

/* ---- inputs ---- */

static Cell *activation_of_input(const LayerState *layer, uint64_t input) {
  return layer->activation + (size_t)(input % layer->copies) * layer->neuron_count;
}

static void enter_input(Simulator *s, const TrainRun *run, uint64_t place) {
  const uint64_t input = s->position.entered++;
  const uint32_t example = run->order[place];
  const bool closes = s->position.batch_fill + 1 == s->engine.model->batch ||
                      (run->ends_batch && place + 1 == run->count);
  s->records[input % s->record_count] = (InputRecord){
      .label = run->examples->labels[example],
      .batch_place = (uint32_t)s->position.batch_fill,
      .closes_batch = closes,
      .rate = run->rate,
  };
  s->position.batch_fill = closes ? 0 : s->position.batch_fill + 1;
  read_input(&s->inputs, run->examples, example, input, NULL, 1,
             activation_of_input(&s->layers[0], input));
}

/* ---- outputs ---- */

bool finish_output(Simulator *s, uint64_t input, Tally *tally, Failure *failure) {
  const Model *model = s->engine.model;
  const Layer *output = &model->layers[model->junction_count];
  const LayerState *layer = &s->layers[model->junction_count];
  const size_t copy = (size_t)(input % layer->copies) * layer->neuron_count;
  Cell *delta = layer->delta + (size_t)(input % layer->delta_copies) * layer->neuron_count;
  const uint32_t label = s->records[input % s->record_count].label;
  const OutputShape shape = {layer->neuron_count, layer->real_count,
                             output->activation.function == ACTIVATE_SOFTMAX};
  output_delta(&model->number, model->loss, &shape, layer->activation + copy,
               layer->derivative + copy, label, input, model->junction_count, delta);
  tally_output(model, layer->activation + copy, 1, label, s->scores, tally);
  return check_outputs(model, tally, input, failure);
}

/* ---- engine ---- */

static bool simulator_train(Engine *engine, const TrainRun *run, Tally *tally, Failure *failure) {
  Simulator *s = (Simulator *)engine;
  const uint32_t interval = s->schedule->initiation_interval;
  for (uint64_t place = 0; place < run->count; place++) {
    enter_input(s, run, place);
    for (uint32_t cycle = 0; cycle < interval; cycle++) {
      if (!simulate_junction_cycle(s, tally, failure)) return false;
    }
  }
  return true;
}

static bool simulator_drain(Engine *engine, Tally *tally, Failure *failure) {
  Simulator *s = (Simulator *)engine;
  Position *at = &s->position;
  if (at->entered > at->first) {
    const uint64_t last = at->entered - 1;
    const uint64_t end =
        last * s->schedule->initiation_interval + 2ull * engine->model->junction_count;
    while (at->cycle < end) {
      if (!simulate_junction_cycle(s, tally, failure)) return false;
    }
  }
  /* Time is counted on from where the next input enters: the pipeline is empty, so nothing can
   * tell. */
  at->first = at->entered;
  at->cycle = at->entered * s->schedule->initiation_interval;
  return true;
}

static bool simulator_infer(Engine *engine, const Examples *examples, uint64_t first,
                            uint64_t count, float *scores, uint32_t *classes, Tally *tally,
                            Failure *failure) {
  Simulator *s = (Simulator *)engine;
  (void)failure;
  const uint32_t junction_count = engine->model->junction_count;
  const LayerState *output = &s->layers[junction_count];
  for (uint64_t i = 0; i < count; i++) {
    read_input(&s->inputs, examples, first + i, first + i, NULL, 1, s->layers[0].scratch);
    for (uint32_t junction = 0; junction < junction_count; junction++) {
      simulate_inference(&s->junctions[junction], first + i, s->layers[junction].scratch,
                         s->layers[junction + 1].scratch);
    }
    const uint32_t predicted = tally_output(engine->model, output->scratch, 1,
                                            examples->labels[first + i], s->scores, tally);
    if (classes) classes[i] = predicted;
    for (uint32_t r = 0; scores && r < output->real_count; r++) {
      scores[i * output->real_count + r] = (float)s->scores[r];
    }
  }
  return true;
}

static void close_junction(JunctionState *j) {
  free(j->left);
  free(j->right_begin);
  free(j->by_left);
  free(j->latched);
  free(j->weight);
  free(j->bias);
  free(j->weight_state);
  free(j->bias_state);
  free(j->step_count);
  free(j->gradient);
  free(j->bias_gradient);
  free(j->gradient_sum);
  free(j->bias_gradient_sum);
  free(j->sum);
  free(j->step);
  free(j->wide_sum);
  free(j->wide_delta);
  free(j->touched);
  activation_table_close(j->table);
  bank_meter_close(&j->left_meter);
  bank_meter_close(&j->first_meter);
  bank_meter_close(&j->last_meter);
}

static void simulator_close(Engine *engine) {
  Simulator *s = (Simulator *)engine;
  const uint32_t junction_count = engine->model->junction_count;
  for (uint32_t i = 0; s->junctions && i < junction_count; i++) close_junction(&s->junctions[i]);
  for (uint32_t i = 0; s->layers && i <= junction_count; i++) {
    free(s->layers[i].activation);
    free(s->layers[i].derivative);
    free(s->layers[i].delta);
    free(s->layers[i].scratch);
  }
  free(s->junctions);
  free(s->layers);
  free(s->records);
  free(s->counts);
  free(s->scores);
  free(engine->tensors);
  free(s);
}

static const EngineKind simulator_kind = {
    .name = "sim",
    .train = simulator_train,
    .drain = simulator_drain,
    .infer = simulator_infer,
    .check = simulator_check,
    .close = simulator_close,
};

/* ---- opening ---- */

static bool open_layer(const Simulator *s, uint32_t index, LayerState *layer) {
  const Model *model = s->engine.model;
  const uint32_t after = model->junction_count - index;
  bool ok = true;
  *layer = (LayerState){
      .neuron_count = model->layers[index].neuron_count,
      .real_count = model->layers[index].real_count,
      .copies = 2 * after + 1,
      .delta_copies = 2,
  };
  const uint64_t cells = (uint64_t)layer->copies * layer->neuron_count;
  layer->activation = array_next(&ok, cells, sizeof(Cell));
  layer->scratch = array_next(&ok, layer->neuron_count, sizeof(Cell));
  if (index == 0) return ok;
  layer->derivative = array_next(&ok, cells, sizeof(Cell));
  layer->delta = array_next(&ok, 2ull * layer->neuron_count, sizeof(Cell));
  return ok;
}

static void list_edges(JunctionState *j) {
  interleaver_expand(&j->junction->edges, 0, j->edge_count, j->left);
  for (uint32_t r = 0; r <= j->right_count; r++)
    j->right_begin[r] = interleaver_begin(&j->junction->edges, r);
  for (uint32_t e = 0; e < j->edge_count; e++) j->touched[j->left[e]] = 1;
  for (uint32_t l = 0; l < j->left_count; l++) j->left_touched += j->touched[l] != 0;
  memset(j->touched, 0, j->left_count * sizeof *j->touched);
}

/* Sorts each row by its left neurons: they differ, and are counted into place. */
static bool sort_rows(JunctionState *j) {
  bool ok = true;
  uint32_t *edge_of = array_next(&ok, j->left_count, sizeof *edge_of);
  j->by_left = array_next(&ok, j->edge_count, sizeof *j->by_left);
  j->latched = array_next(&ok, j->edge_count, sizeof *j->latched);
  for (uint32_t r = 0; ok && r < j->right_count; r++) {
    const uint32_t begin = j->right_begin[r], end = j->right_begin[r + 1];
    bool is_sorted = true;
    for (uint32_t e = begin; e < end; e++) {
      j->by_left[e] = e;
      is_sorted &= e == begin || j->left[e - 1] < j->left[e];
    }
    if (is_sorted) continue;
    for (uint32_t e = begin; e < end; e++) edge_of[j->left[e]] = e + 1;
    for (uint32_t l = 0, to = begin; to < end; l++) {
      if (edge_of[l] == 0) continue;
      j->by_left[to++] = edge_of[l] - 1;
      edge_of[l] = 0;
    }
  }
  free(edge_of);
  return ok;
}

static bool open_arithmetic(const Model *model, JunctionState *j) {
  bool ok = true;
  const uint32_t words = optimizer_state_words(&model->optimizer);
  j->weight = array_next(&ok, j->edge_count, sizeof(Cell));
  j->bias = array_next(&ok, j->right_count, sizeof(Cell));
  j->weight_state = array_next(&ok, (uint64_t)words * j->edge_count, sizeof(Cell));
  j->bias_state = array_next(&ok, (uint64_t)words * j->right_count, sizeof(Cell));
  j->step_count = array_next(&ok, 1, sizeof(uint64_t));
  if (model->number.is_fixed) {
    j->wide_sum = array_next(&ok, j->right_count, sizeof(int64_t));
    j->wide_delta = array_next(&ok, j->left_count, sizeof(int64_t));
    j->gradient_sum = array_next(&ok, model->batch > 1 ? j->edge_count : 0, sizeof(Wide));
    j->bias_gradient_sum = array_next(&ok, model->batch > 1 ? j->right_count : 0, sizeof(Wide));
    j->table =
        ok ? activation_table_open(&model->layers[j->index + 1].activation, &model->number) : NULL;
    return j->table != NULL;
  }
  j->gradient_lanes = model->batch < SUM_LANES ? model->batch : SUM_LANES;
  if (model->batch == 1) j->gradient_lanes = 0;
  j->gradient = array_next(&ok, (uint64_t)j->gradient_lanes * j->edge_count, sizeof(float));
  j->bias_gradient = array_next(&ok, (uint64_t)j->gradient_lanes * j->right_count, sizeof(float));
  j->sum = array_next(&ok, j->right_count, sizeof(float));
  j->step = array_next(&ok, j->right_count, sizeof(float));
  return ok;
}

/* A bias is read in the clock in which its neuron ends and written back some clocks later: one word
 * a bank and clock takes two ports. */
static bool open_meters(const Simulator *s, JunctionState *j) {
  const uint32_t *banks = s->schedule->layer_banks, ports = s->schedule->ports;
  const uint32_t pairs = ports > 1 ? ports / 2 : 1;
  return bank_meter_open(&j->left_meter, j->left_count, banks[j->index], ports, j->schedule->z) &&
         bank_meter_open(&j->first_meter, j->right_count, banks[j->index + 1], ports,
                         j->right_count) &&
         bank_meter_open(&j->last_meter, j->right_count, banks[j->index + 1], pairs,
                         j->right_count);
}

static bool open_junction(const Simulator *s, uint32_t index, JunctionState *j) {
  const Model *model = s->engine.model;
  const Junction *junction = &model->junctions[index];
  const JunctionSchedule *schedule = &s->schedule->junctions[index];
  const uint32_t read_late = moment_clocks(s->schedule, index, MOMENT_PARTIAL);
  *j = (JunctionState){
      .model = model,
      .junction = junction,
      .schedule = schedule,
      .index = index,
      .edge_count = junction->edges.edge_count,
      .left_count = junction->edges.left_count,
      .right_count = junction->edges.right_count,
      .is_plain = model->batch == 1 && optimizer_is_plain(&model->optimizer),
      .kernels = model->number.is_fixed ? fixed_kernels(model) : float32_kernels(model, junction),
      .return_clocks = moment_clocks(s->schedule, index, MOMENT_WRITE_BACK) - read_late,
  };
  /* A sum that is written in a clock can be read in the next; a forwarded one in the clock it is
   * written. */
  j->least_distance = schedule->remedy == REMEDY_FORWARD ? j->return_clocks : j->return_clocks + 1;
  bool ok = true;
  j->left = array_next(&ok, j->edge_count, sizeof(uint32_t));
  j->right_begin = array_next(&ok, (uint64_t)j->right_count + 1, sizeof(uint32_t));
  j->touched = array_next(&ok, j->left_count, sizeof(uint64_t));
  if (!ok || !open_arithmetic(model, j) || !open_meters(s, j)) return false;
  list_edges(j);
  if ((junction->sum_order == SUM_BY_LEFT || junction->is_place_left) && !sort_rows(j))
    return false;
  initialize_junction(&model->initializer, &model->number, index, &junction->edges, j->weight,
                      j->bias);
  return true;
}

/* ---- tensors ---- */

static void add_tensor(Engine *engine, const char *owner, uint32_t number, const char *what,
                       TensorType type, uint64_t count, void *data) {
  if (count == 0) return;
  Tensor *tensor = &engine->tensors[engine->tensor_count++];
  *tensor = (Tensor){.type = type, .count = count, .stored = count, .data = data};
  if (number == UINT32_MAX) {
    snprintf(tensor->name, sizeof tensor->name, "%s.%s", owner, what);
  } else {
    snprintf(tensor->name, sizeof tensor->name, "%s%u.%s", owner, number, what);
  }
}

static void list_junction_tensors(Simulator *s, uint32_t index) {
  const Model *model = s->engine.model;
  const JunctionState *j = &s->junctions[index];
  Engine *engine = &s->engine;
  const TensorType cells = model->number.is_fixed ? TENSOR_I32 : TENSOR_F32;
  const uint64_t words = optimizer_state_words(&model->optimizer);
  const uint64_t sums = model->number.is_fixed && model->batch > 1 ? 1 : 0;
  add_tensor(engine, "junction", index + 1, "weight_state", cells, words * j->edge_count,
             j->weight_state);
  add_tensor(engine, "junction", index + 1, "bias_state", cells, words * j->right_count,
             j->bias_state);
  add_tensor(engine, "junction", index + 1, "step_count", TENSOR_U64, 1, j->step_count);
  add_tensor(engine, "junction", index + 1, "gradient", TENSOR_F32,
             (uint64_t)j->gradient_lanes * j->edge_count, j->gradient);
  add_tensor(engine, "junction", index + 1, "bias_gradient", TENSOR_F32,
             (uint64_t)j->gradient_lanes * j->right_count, j->bias_gradient);
  add_tensor(engine, "junction", index + 1, "gradient_sum", TENSOR_I128, sums * j->edge_count,
             j->gradient_sum);
  add_tensor(engine, "junction", index + 1, "bias_gradient_sum", TENSOR_I128, sums * j->right_count,
             j->bias_gradient_sum);
}

static void list_layer_tensors(Simulator *s, uint32_t index) {
  const LayerState *layer = &s->layers[index];
  const TensorType cells = s->engine.model->number.is_fixed ? TENSOR_I32 : TENSOR_F32;
  const uint64_t count = (uint64_t)layer->copies * layer->neuron_count;
  add_tensor(&s->engine, "layer", index, "activation", cells, count, layer->activation);
  if (index == 0) return;
  add_tensor(&s->engine, "layer", index, "derivative", cells, count, layer->derivative);
  add_tensor(&s->engine, "layer", index, "delta", cells, 2ull * layer->neuron_count, layer->delta);
}

/* Everything that decides what comes next is a tensor; parameters come first (see engine.h). */
static void list_tensors(Simulator *s) {
  const Model *model = s->engine.model;
  const TensorType cells = model->number.is_fixed ? TENSOR_I32 : TENSOR_F32;
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const JunctionState *j = &s->junctions[i];
    add_tensor(&s->engine, "junction", i + 1, "weight", cells, j->edge_count, j->weight);
    add_tensor(&s->engine, "junction", i + 1, "bias", cells, j->right_count, j->bias);
  }
  for (uint32_t i = 0; i < model->junction_count; i++) list_junction_tensors(s, i);
  for (uint32_t i = 0; i <= model->junction_count; i++) list_layer_tensors(s, i);
  add_tensor(&s->engine, "pipeline", UINT32_MAX, "records", TENSOR_U64,
             s->record_count * (sizeof(InputRecord) / sizeof(uint64_t)), s->records);
  add_tensor(&s->engine, "pipeline", UINT32_MAX, "position", TENSOR_U64,
             sizeof(Position) / sizeof(uint64_t), &s->position);
}

Engine *simulator_open(const Schedule *schedule, Failure *failure) {
  const Model *model = schedule->model;
  const uint32_t junction_count = model->junction_count;
  Simulator *s = calloc(1, sizeof *s);
  if (!s) {
    fail(failure, FAILURE_MEMORY, NULL, "no memory for the simulator");
    return NULL;
  }
  s->engine = (Engine){.kind = &simulator_kind, .model = model};
  s->schedule = schedule;
  s->inputs =
      input_cells(&model->number, model->layers[0].real_count, model->layers[0].neuron_count);
  s->record_count = 2 * junction_count + 1;
  bool ok = true;
  s->layers = array_next(&ok, junction_count + 1ull, sizeof *s->layers);
  s->junctions = array_next(&ok, junction_count, sizeof *s->junctions);
  s->records = array_next(&ok, s->record_count, sizeof *s->records);
  s->counts = array_next(&ok, junction_count, sizeof *s->counts);
  s->scores = array_next(&ok, model->layers[junction_count].real_count, sizeof *s->scores);
  s->engine.tensors = array_next(&ok, 12ull * junction_count + 8, sizeof *s->engine.tensors);
  for (uint32_t i = 0; ok && i <= junction_count; i++) ok = open_layer(s, i, &s->layers[i]);
  for (uint32_t i = 0; ok && i < junction_count; i++) ok = open_junction(s, i, &s->junctions[i]);
  if (!ok) {
    simulator_close(&s->engine);
    fail(failure, FAILURE_MEMORY, NULL, "no memory for the simulator's banks");
    return NULL;
  }
  list_tensors(s);
  return &s->engine;
}

SimulatorCounts simulator_counts(const Engine *engine) {
  const Simulator *s = (const Simulator *)engine;
  return (SimulatorCounts){
      .junction_cycles = s->junction_cycles,
      .clocks = s->junction_cycles * s->schedule->junction_cycle,
      .junctions = s->counts,
  };
}
