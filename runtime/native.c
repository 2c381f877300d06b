// SPDX-License-Identifier: MIT
// The native engine: memory, tensors, outputs, opening and closing.
#include "runtime/native.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array.h"
#include "runtime/native_state.h"
#include "runtime/state_check.h"

_Static_assert(offsetof(UpdateRule, rate) == 8 && offsetof(UpdateRule, rate_shift) == 44,
               "UpdateRule is what native_fields.def says");

/* ---- what both orders share ---- */

void next_rules(NativeEngine *n, uint32_t junction, double rate) {
  JunctionMemory *j = &n->junctions[junction];
  const Model *model = n->engine.model;
  j->step_count++;
  if (j->rule_rate == rate && model->optimizer.method != OPTIMIZE_ADAM) return;
  j->rule_rate = rate;
  j->weight_rule = update_rule(&model->optimizer, &model->number, rate, j->step_count, true);
  j->bias_rule = update_rule(&model->optimizer, &model->number, rate, j->step_count, false);
}

NativeKernel *enter_kernel(const NativeEngine *n, const Examples *examples) {
  if (examples->features != n->inputs.real_count) return NULL;
  return n->junctions[0].kernels[examples->bytes ? NATIVE_ENTER_BYTES : NATIVE_ENTER_FLOATS];
}

const void *example_at(const Examples *examples, uint64_t index) {
  const uint64_t first = index * examples->features;
  return examples->bytes ? (const void *)(examples->bytes + first)
                         : (const void *)(examples->floats + first);
}

bool check_progress(const NativeEngine *n, uint64_t cycle, const char *path, Failure *failure) {
  const NativePosition *at = &n->position;
  if (!check_state_cells(&n->engine, path, failure) ||
      !check_stream(at->entered, at->first, at->cycle, cycle, path, failure))
    return false;
  for (uint32_t i = 0; i < n->junction_count; i++)
    if (!check_step_count(i, n->junctions[i].step_count, at->entered, path, failure)) return false;
  return true;
}

/* ---- memory ---- */

/* Cells with 16 before them, because a rotated load may begin there. */
static Cell *fronted_array(bool *ok, uint64_t count) {
  Cell *cells = array_next_aligned(ok, count + 2 * SUM_LANES, sizeof *cells);
  return cells ? cells + SUM_LANES : NULL;
}

static void free_fronted(void *cells) {
  if (cells) free((Cell *)cells - SUM_LANES);
}

static uint32_t round_up(uint32_t count) {
  return (count + SUM_LANES - 1) / SUM_LANES * SUM_LANES;
}

static bool open_layer(NativeEngine *n, uint32_t index) {
  const Model *model = n->engine.model;
  const Layer *layer = &model->layers[index];
  /* In sequential order the next input enters before the last one has left the first junction. */
  const uint32_t copies = model->is_pipelined ? 2 * (n->junction_count - index) + 1
                          : index == 0        ? 2
                                              : 1;
  bool ok = true;
  LayerMemory *memory = &n->layers[index];
  *memory = (LayerMemory){
      .neuron_count = layer->neuron_count,
      .real_count = layer->real_count,
      .cells = n->columns ? (uint64_t)round_up(layer->neuron_count) * n->columns
                          : layer_cells(layer->neuron_count),
      .copies = n->columns ? n->record_count : copies,
      .delta_copies = n->columns            ? n->record_count
                      : model->is_pipelined ? 2
                                            : 1,
  };
  const uint64_t scratch = memory->cells * (n->columns ? 1 : team_size(n->team));
  memory->activation = fronted_array(&ok, memory->copies * memory->cells);
  memory->scratch = fronted_array(&ok, scratch);
  if (index == 0) return ok;
  memory->scratch_derivative = array_next_aligned(&ok, scratch, sizeof(Cell));
  memory->derivative = array_next_aligned(&ok, memory->copies * memory->cells, sizeof(Cell));
  memory->delta = array_next_aligned(&ok, memory->delta_copies * memory->cells, sizeof(Cell));
  return ok;
}

/* Cells of a layer as its reader wants them; the output is read by none. */
static uint32_t *list_cells(const NativeEngine *n, uint32_t layer, bool *ok) {
  const uint32_t count = round_up(n->engine.model->layers[layer].neuron_count);
  uint32_t *cells = array_next_aligned(ok, count, sizeof *cells);
  if (!*ok) return NULL;
  for (uint32_t l = 0; l < count; l++) {
    const bool is_read =
        layer < n->junction_count && l < n->engine.model->layers[layer].neuron_count;
    cells[l] = is_read ? cell_of_neuron(&n->junctions[layer].layout, l) : l;
  }
  return cells;
}

/* The activation over all numbers of the format, where those are few. */
static bool tabulate(const Model *model, uint32_t junction, NativeJunction *native) {
  const NumberFormat *format = &model->number;
  if (!format->is_fixed) return true;
  native->table = activation_table_open(&model->layers[junction + 1].activation, format);
  if (!native->table) return false;
  if (format->width > 16) return true;
  const int64_t least = -((int64_t)1 << (format->width - 1));
  const uint32_t count = 1U << format->width;
  bool ok = true;
  int32_t *value = native->table_value = array_next_aligned(&ok, count, sizeof *value);
  int32_t *derivative = native->table_derivative = array_next_aligned(&ok, count, sizeof *value);
  for (uint32_t i = 0; ok && i < count; i++)
    activate_fixed(native->table, (int32_t)(least + i), &value[i], &derivative[i]);
  return ok;
}

/* Initial weights, piece by piece: biases are 0 already. */
static void write_initial(const Model *model, uint32_t junction, JunctionMemory *j) {
  enum { PIECE = 1024 };
  const Interleaver *edges = &model->junctions[junction].edges;
  Cell piece[PIECE], *to = j->native.weight;
  for (uint32_t first = 0; first < edges->edge_count;) {
    const uint32_t rest = edges->edge_count - first, count = rest < PIECE ? rest : PIECE;
    initialize_weights(&model->initializer, &model->number, junction, edges, first, count, piece);
    for (uint32_t k = 0; k < count; k++)
      to[j->tables.place ? j->tables.place[first + k] : first + k] = piece[k];
    first += count;
  }
}

static bool open_junction(NativeEngine *n, uint32_t index, const NativeKernels *kernels,
                          Failure *failure) {
  const Model *model = n->engine.model;
  const Interleaver *edges = &model->junctions[index].edges;
  JunctionMemory *j = &n->junctions[index];
  const uint64_t words = optimizer_state_words(&model->optimizer);
  const uint64_t slots = j->layout.slot_count + SUM_LANES, right = round_up(edges->right_count);
  bool ok = layout_tables_open(model, index, &j->layout, &j->tables, failure);
  j->kernels = kernels->kernels + (size_t)index * NATIVE_KERNEL_COUNT;
  j->rule_rate = -1.0;
  NativeJunction *native = &j->native;
  native->left = j->tables.left;
  native->row_begin = j->tables.row_begin;
  native->row_end = j->tables.row_end;
  native->masks = j->tables.masks;
  native->starts = j->tables.starts;
  native->back_begin = j->tables.back_begin;
  native->back_right = j->tables.back_right;
  native->back_slot = j->tables.back_slot;
  native->block_slot = j->tables.block_slot;
  native->block_forward = j->tables.block_forward;
  native->block_backward = j->tables.block_backward;
  native->forward = j->tables.forward;
  native->backward = j->tables.backward;
  native->model = (void *)(uintptr_t)model;
  native->place = j->tables.place;
  native->index = index;
  native->weight = fronted_array(&ok, slots);
  native->bias = array_next_aligned(&ok, right, sizeof(Cell));
  native->weight_state = array_next_aligned(&ok, words * slots, sizeof(Cell));
  native->bias_state = array_next_aligned(&ok, words * right, sizeof(Cell));
  native->left_cell = list_cells(n, index, &ok);
  native->right_cell = list_cells(n, index + 1, &ok);
  native->scratch = array_next_aligned(&ok, scratch_cells(model, index), sizeof(Cell));
  ok = ok && tabulate(model, index, native);
  if (ok) write_initial(model, index, j);
  return ok;
}

static void close_junction(JunctionMemory *j) {
  NativeJunction *native = &j->native;
  free_fronted(native->weight);
  free(native->bias);
  free(native->weight_state);
  free(native->bias_state);
  free(native->left_cell);
  free(native->right_cell);
  free(native->scratch);
  activation_table_close(native->table);
  free(native->table_value);
  free(native->table_derivative);
  layout_tables_close(&j->tables);
}

static void native_close(Engine *engine) {
  NativeEngine *n = (NativeEngine *)engine;
  for (uint32_t i = 0; n->junctions && i < n->junction_count; i++) close_junction(&n->junctions[i]);
  for (uint32_t i = 0; n->layers && i <= n->junction_count; i++) {
    free_fronted(n->layers[i].activation);
    free(n->layers[i].derivative);
    free(n->layers[i].delta);
    free_fronted(n->layers[i].scratch);
    free(n->layers[i].scratch_derivative);
  }
  team_close(n->team);
  free(n->junctions);
  free(n->layers);
  free(n->records);
  free(n->member_of);
  free(n->batches);
  free(n->ff_done);
  free(n->labels);
  free(n->examples);
  free(n->scores);
  free(n->scratch);
  free(engine->tensors);
  if (n->on_close) n->on_close(n->close_context);
  free(n);
}

void native_on_close(Engine *engine, void (*close)(void *), void *context) {
  NativeEngine *n = (NativeEngine *)engine;
  n->on_close = close;
  n->close_context = context;
}

/* ---- tensors ---- */

static Tensor *add_tensor(NativeEngine *n, const char *owner, uint32_t number, const char *what,
                          TensorType type, uint64_t count, void *data) {
  Tensor *tensor = &n->engine.tensors[n->engine.tensor_count];
  *tensor = (Tensor){.type = type, .count = count, .stored = count, .data = data};
  if (count > 0) n->engine.tensor_count++;
  if (number == UINT32_MAX) {
    snprintf(tensor->name, sizeof tensor->name, "%s.%s", owner, what);
  } else {
    snprintf(tensor->name, sizeof tensor->name, "%s%u.%s", owner, number, what);
  }
  return tensor;
}

static void list_parameters(NativeEngine *n, TensorType cells) {
  for (uint32_t i = 0; i < n->junction_count; i++) {
    JunctionMemory *j = &n->junctions[i];
    const Interleaver *edges = &n->engine.model->junctions[i].edges;
    Tensor *weight =
        add_tensor(n, "junction", i + 1, "weight", cells, edges->edge_count, j->native.weight);
    weight->place = j->tables.place;
    weight->stored = j->layout.slot_count;
    add_tensor(n, "junction", i + 1, "bias", cells, edges->right_count, j->native.bias);
  }
}

static void list_optimizer_state(NativeEngine *n, TensorType cells) {
  const uint64_t words = optimizer_state_words(&n->engine.model->optimizer);
  for (uint32_t i = 0; i < n->junction_count; i++) {
    JunctionMemory *j = &n->junctions[i];
    const uint32_t right = round_up(n->engine.model->junctions[i].edges.right_count);
    add_tensor(n, "junction", i + 1, "weight_state", cells, words * j->layout.slot_count,
               j->native.weight_state);
    add_tensor(n, "junction", i + 1, "bias_state", cells, words * right, j->native.bias_state);
    add_tensor(n, "junction", i + 1, "step_count", TENSOR_U64, 1, &j->step_count);
  }
}

static void list_pipeline(NativeEngine *n, TensorType cells) {
  for (uint32_t i = 0; i <= n->junction_count; i++) {
    LayerMemory *layer = &n->layers[i];
    const uint64_t count = layer->copies * layer->cells;
    add_tensor(n, "layer", i, "activation", cells, count, layer->activation);
    if (i == 0) continue;
    add_tensor(n, "layer", i, "derivative", cells, count, layer->derivative);
    add_tensor(n, "layer", i, "delta", cells, layer->delta_copies * layer->cells, layer->delta);
  }
  const uint64_t records = n->record_count;
  if (n->columns) {
    add_tensor(n, "pipeline", UINT32_MAX, "batches", TENSOR_U64,
               records * sizeof(BatchRecord) / sizeof(uint64_t), n->batches);
    add_tensor(n, "pipeline", UINT32_MAX, "ff_done", TENSOR_U32, records * n->junction_count,
               n->ff_done);
    add_tensor(n, "pipeline", UINT32_MAX, "labels", TENSOR_U32, records * n->columns, n->labels);
  } else {
    add_tensor(n, "pipeline", UINT32_MAX, "records", TENSOR_U64,
               records * sizeof(InputRecord) / sizeof(uint64_t), n->records);
  }
  add_tensor(n, "pipeline", UINT32_MAX, "position", TENSOR_U64,
             sizeof(NativePosition) / sizeof(uint64_t), &n->position);
}

/* ---- opening ---- */

static const EngineKind online_kind = {.name = "native",
                                       .train = online_train,
                                       .drain = online_drain,
                                       .infer = online_infer,
                                       .check = online_check,
                                       .close = native_close};
static const EngineKind batch_kind = {.name = "native",
                                      .train = batch_train,
                                      .drain = batch_drain,
                                      .infer = batch_infer,
                                      .check = batch_check,
                                      .close = native_close};

/* Records of batches.  In pipelined order a batch is done 2L - 1 junction cycles after its last
 * input, so that before an input enters, 2L - 1 closed batches can be under way, of one input each
 * where epochs are that short; its own is one more.  Beyond that, room lets what is due wait until
 * it can be done in larger pieces. */
static uint32_t batch_records(const Model *model) {
  enum { ROOM = 5 };
  const uint32_t most = 2 * model->junction_count;
  if (!model->is_pipelined) return 1;
  return most < ROOM ? ROOM : most;
}

static bool open_records(NativeEngine *n) {
  const Model *model = n->engine.model;
  bool ok = true;
  n->record_count = n->columns ? batch_records(model) : 2 * n->junction_count + 1;
  if (n->columns) {
    const uint64_t columns = (uint64_t)n->record_count * n->columns;
    n->batches = array_next_aligned(&ok, n->record_count, sizeof *n->batches);
    n->ff_done =
        array_next_aligned(&ok, (uint64_t)n->record_count * n->junction_count, sizeof *n->ff_done);
    n->labels = array_next_aligned(&ok, columns, sizeof *n->labels);
    n->examples = array_next_aligned(&ok, columns, sizeof *n->examples);
  } else {
    n->records = array_next_aligned(&ok, n->record_count, sizeof *n->records);
  }
  const uint64_t scores = (uint64_t)model->layers[n->junction_count].real_count;
  n->scores = array_next_aligned(&ok, (scores + 8) * team_size(n->team), sizeof *n->scores);
  return ok;
}

static bool open_memory(NativeEngine *n, const NativeKernels *kernels, Failure *failure) {
  const Model *model = n->engine.model;
  bool ok = true;
  n->layers = array_next_aligned(&ok, n->junction_count + 1ull, sizeof *n->layers);
  n->junctions = array_next_aligned(&ok, n->junction_count, sizeof *n->junctions);
  n->engine.tensors =
      array_next_aligned(&ok, 10ull * n->junction_count + 8, sizeof *n->engine.tensors);
  ok = ok && n->team && open_records(n);
  for (uint32_t i = 0; ok && i < n->junction_count; i++) {
    const uint64_t cells = scratch_cells(model, i);
    if (cells > n->scratch_cells) n->scratch_cells = cells;
  }
  n->scratch =
      array_next_aligned(&ok, n->scratch_cells * (ok ? team_size(n->team) : 1), sizeof *n->scratch);
  for (uint32_t i = 0; ok && i < n->junction_count; i++)
    n->junctions[i].layout = choose_layout(model, i);
  for (uint32_t i = 0; ok && i <= n->junction_count; i++) ok = open_layer(n, i);
  for (uint32_t i = 0; ok && i < n->junction_count; i++) ok = open_junction(n, i, kernels, failure);
  return ok;
}

Engine *native_open(const Model *model, const NativeKernels *kernels, uint32_t threads,
                    Failure *failure) {
  NativeEngine *n = calloc(1, sizeof *n);
  if (!n) {
    fail(failure, FAILURE_MEMORY, NULL, "no memory for the engine");
    return NULL;
  }
  const bool is_batched = model->batch > 1;
  n->engine = (Engine){.kind = is_batched ? &batch_kind : &online_kind, .model = model};
  n->junction_count = model->junction_count;
  n->panel = is_batched ? panel_width(model) : 0;
  n->columns = is_batched ? n->panel * panel_count(model) : 0;
  n->inputs =
      input_cells(&model->number, model->layers[0].real_count, model->layers[0].neuron_count);
  n->team = team_open(threads);
  if (!open_memory(n, kernels, failure) || !share_junctions(n)) {
    native_close(&n->engine);
    fail(failure, FAILURE_MEMORY, NULL, "no memory for the engine's weights, tables and layers");
    return NULL;
  }
  if (n->junctions[0].layout.kind == LAYOUT_ROTATE)
    n->input_place = n->junctions[0].native.left_cell;
  const TensorType cells = model->number.is_fixed ? TENSOR_I32 : TENSOR_F32;
  list_parameters(n, cells);
  list_optimizer_state(n, cells);
  list_pipeline(n, cells);
  return &n->engine;
}
