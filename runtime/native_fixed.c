// SPDX-License-Identifier: MIT
// Fixed-point kernels over any layout: edges in their own order, weights where the layout puts
// them.
#include "runtime/native_fixed.h"

#include <string.h>

#include "runtime/edge_ops.h"
#include "runtime/fixed.h"

enum { EDGES_AT_ONCE = 256 };

/* A junction, and what its kernels ask again and again. */
typedef struct FixedJunction {
  const NativeJunction *native;
  const Model *model;
  NumberFormat format;
  const Interleaver *edges;
  uint32_t index;
} FixedJunction;

static FixedJunction fixed_junction(const NativeJunction *native) {
  const Model *model = native->model;
  return (FixedJunction){.native = native,
                         .model = model,
                         .format = model->number,
                         .edges = &model->junctions[native->index].edges,
                         .index = (uint32_t)native->index};
}

static uint32_t word_for(const FixedJunction *j, uint64_t input, uint32_t operation,
                         uint32_t element) {
  return rounding_word(&j->format, j->index, input, operation, element);
}

static Cell *weight_of(const FixedJunction *j, uint32_t edge) {
  const uint32_t *place = j->native->place;
  return (Cell *)j->native->weight + (place ? place[edge] : edge);
}

/* ---- feedforward ---- */

/* Cells of one input: `stride` apart; `cells` (or NULL) says where each neuron lies. */
typedef struct Column {
  Cell *memory;
  const uint32_t *cells;
  size_t stride;
} Column;

static Cell *cell_of(const Column *column, uint32_t neuron) {
  return &column->memory[(column->cells ? column->cells[neuron] : neuron) * column->stride];
}

static int32_t sum_neuron(const FixedJunction *j, uint32_t right, const Column *left,
                          uint64_t input) {
  uint32_t lefts[EDGES_AT_ONCE];
  const uint32_t end = interleaver_begin(j->edges, right + 1);
  int64_t sum = ((const Cell *)j->native->bias)[right].raw;
  for (uint32_t first = interleaver_begin(j->edges, right); first < end; first += EDGES_AT_ONCE) {
    const uint32_t count = end - first < EDGES_AT_ONCE ? end - first : EDGES_AT_ONCE;
    interleaver_expand(j->edges, first, count, lefts);
    for (uint32_t k = 0; k < count; k++) {
      const int64_t product = (int64_t)weight_of(j, first + k)->raw * cell_of(left, lefts[k])->raw;
      sum += fixed_round_product(&j->format, j->format.rounding, product,
                                 word_for(j, input, EDGE_OP_FF_MAC, first + k));
    }
  }
  return fixed_saturate(&j->format, sum);
}

/* Activations and derivatives of right neurons first .. last - 1 of one input, whose saturated sums
 * are sums[r].  Softmax, which wants all of them, replaces the sums. */
static void fire(const FixedJunction *j, Cell *sums, const Column *right, const Column *derivative,
                 uint32_t first, uint32_t last, uint64_t input) {
  const uint32_t count = model_active_count(j->model, j->index);
  const bool is_softmax = j->model->layers[j->index + 1].activation.function == ACTIVATE_SOFTMAX;
  if (is_softmax) softmax_fixed(&j->format, j->index, input, &sums->raw, count, &sums->raw);
  for (uint32_t r = first; r < last; r++) {
    Cell a = {.raw = 0}, d = {.raw = 0};
    if (r < count) activate_fixed(j->native->table, sums[r].raw, &a.raw, &d.raw);
    *cell_of(right, r) = a;
    *cell_of(derivative, r) = d;
  }
}

/* Right neurons first .. last - 1 of one input; the scratch holds their sums. */
static void feed_forward(const FixedJunction *j, const Column *left, const Column *right,
                         const Column *derivative, uint32_t first, uint32_t last, uint64_t input,
                         Cell *scratch) {
  const uint32_t count = model_active_count(j->model, j->index);
  for (uint32_t r = first; r < last && r < count; r++)
    scratch[r].raw = sum_neuron(j, r, left, input);
  fire(j, scratch, right, derivative, first, last, input);
}

void native_fixed_ff(const NativeJunction *native, const NativeWork *work) {
  const FixedJunction j = fixed_junction(native);
  const Column left = {work->ff_left, native->left_cell, 1};
  const Column right = {work->ff_right, native->right_cell, 1};
  const Column derivative = {work->ff_derivative, native->right_cell, 1};
  feed_forward(&j, &left, &right, &derivative, 0, j.edges->right_count, work->ff_input,
               work->scratch);
}

void native_fixed_fire(const NativeJunction *native, const NativeWork *work) {
  const FixedJunction j = fixed_junction(native);
  const Column right = {work->ff_right, native->right_cell, 1};
  const Column derivative = {work->ff_derivative, native->right_cell, 1};
  fire(&j, work->scratch, &right, &derivative, 0, j.edges->right_count, work->ff_input);
}

/* Right neurons' cells of one column of the batch. */
static Column column_of(const FixedJunction *j, void *matrix, uint32_t neurons, uint64_t column) {
  const uint32_t width = panel_width(j->model);
  return (Column){(Cell *)matrix + cell_of_column(neurons, width, column), NULL, width};
}

void native_fixed_batch_ff(const NativeJunction *native, const NativeWork *work) {
  const FixedJunction j = fixed_junction(native);
  const uint32_t left_count = j.edges->left_count, right_count = j.edges->right_count;
  for (uint64_t column = work->first_column; column < work->last_column; column++) {
    const Column left = column_of(&j, (void *)work->ff_left, left_count, column);
    const Column right = column_of(&j, work->ff_right, right_count, column);
    const Column derivative = column_of(&j, work->ff_derivative, right_count, column);
    feed_forward(&j, &left, &right, &derivative, (uint32_t)work->first, (uint32_t)work->last,
                 work->ff_input + column, work->scratch);
  }
}

void native_fixed_batch_fire(const NativeJunction *native, const NativeWork *work) {
  const FixedJunction j = fixed_junction(native);
  const uint32_t right_count = j.edges->right_count, active = model_active_count(j.model, j.index);
  const uint32_t first = (uint32_t)work->first, last = (uint32_t)work->last;
  Cell *sums = work->scratch;
  for (uint64_t column = work->first_column; column < work->last_column; column++) {
    const Column right = column_of(&j, work->ff_right, right_count, column);
    const Column derivative = column_of(&j, work->ff_derivative, right_count, column);
    for (uint32_t r = first; r < last && r < active; r++) sums[r] = *cell_of(&right, r);
    fire(&j, sums, &right, &derivative, first, last, work->ff_input + column);
  }
}

/* ---- back ---- */

/* An update of weights and biases, and where its words come from: the batch's last input. */
typedef struct JunctionUpdate {
  FixedUpdate weights, biases;
  uint64_t input;
  WordSource step, state; /* of weights */
} JunctionUpdate;

static JunctionUpdate junction_update(const FixedJunction *j, const NativeWork *work,
                                      uint32_t batch) {
  const uint64_t input = work->up_input + batch - 1;
  const WordSource source = {.format = &j->format, .junction = j->index, .input = input};
  JunctionUpdate update = {.weights = fixed_update(work->weight_rule, &j->format, batch),
                           .biases = fixed_update(work->bias_rule, &j->format, batch),
                           .input = input,
                           .step = source,
                           .state = source};
  update.step.operation = EDGE_OP_UP_STEP;
  update.state.operation = ROUNDING_OF_STATE;
  return update;
}

static void update_bias(const FixedJunction *j, const JunctionUpdate *update, uint32_t right,
                        Wide sum) {
  const uint32_t words[2] = {word_for(j, update->input, EDGE_OP_UP_BIAS, right),
                             word_for(j, update->input, ROUNDING_OF_BIAS_STATE, right)};
  update_fixed(&update->biases, sum * ((Wide)1 << j->format.fraction), words,
               &((Cell *)j->native->bias)[right].raw, &((Cell *)j->native->bias_state)[right].raw);
}

static void update_weight(const FixedJunction *j, JunctionUpdate *update, Cell *weight,
                          uint32_t edge, Wide sum) {
  uint32_t words[2] = {0, 0};
  if (rounds_randomly(&j->format)) {
    words[0] = word_from(&update->step, edge);
    if (update->weights.rule->has_momentum) words[1] = word_from(&update->state, edge);
  }
  const ptrdiff_t slot = weight - (Cell *)j->native->weight;
  update_fixed(&update->weights, sum, words, &weight->raw,
               &((Cell *)j->native->weight_state)[slot].raw);
}

/* Online: BP with the old weights into 64-bit sums in scratch, then UP, edge by edge. */
void native_fixed_back(const NativeJunction *native, const NativeWork *work) {
  const FixedJunction j = fixed_junction(native);
  const uint32_t *left_cell = native->left_cell;
  const Cell *activation = work->up_left, *delta = work->right_delta;
  int64_t *sums = work->scratch;
  JunctionUpdate update = junction_update(&j, work, 1);
  uint32_t lefts[EDGES_AT_ONCE];
  if (work->left_delta) memset(sums, 0, j.edges->left_count * sizeof *sums);
  for (uint32_t first = 0, right = 0; first < j.edges->edge_count; first += EDGES_AT_ONCE) {
    const uint32_t rest = j.edges->edge_count - first;
    const uint32_t count = rest < EDGES_AT_ONCE ? rest : EDGES_AT_ONCE;
    interleaver_expand(j.edges, first, count, lefts);
    for (uint32_t k = 0; k < count; k++) {
      const uint32_t e = first + k, left = lefts[k];
      while (interleaver_begin(j.edges, right + 1) <= e) right++;
      const int64_t d = delta[right].raw;
      if (work->left_delta) {
        sums[left] += fixed_round_product(&j.format, j.format.rounding, weight_of(&j, e)->raw * d,
                                          word_for(&j, work->up_input, EDGE_OP_BP_MAC, e));
      }
      update_weight(&j, &update, weight_of(&j, e), e, activation[left_cell[left]].raw * d);
    }
  }
  const Cell *derivative = work->left_derivative;
  for (uint32_t l = 0; work->left_delta && l < j.edges->left_count; l++) {
    const int64_t sum = fixed_saturate(&j.format, sums[l]);
    ((Cell *)work->left_delta)[l].raw =
        fixed_round_product(&j.format, j.format.rounding, sum * derivative[left_cell[l]].raw,
                            word_for(&j, work->up_input, EDGE_OP_BP_END, l));
  }
  for (uint32_t r = 0; r < j.edges->right_count; r++) update_bias(&j, &update, r, delta[r].raw);
}

/* ---- minibatches ---- */

void native_fixed_batch_bp(const NativeJunction *native, const NativeWork *work) {
  const FixedJunction j = fixed_junction(native);
  const uint32_t width = panel_width(j.model);
  const uint32_t *begin = native->back_begin, *rights = native->back_right,
                 *slots = native->back_slot;
  const Cell *weight = native->weight, *delta = work->right_delta,
             *derivative = work->left_derivative;
  for (uint64_t l = work->first; l < work->last; l++) {
    int64_t sums[WIDEST_PANEL];
    for (uint64_t from = 0; from < work->last_column; from += width) {
      const uint64_t rest = work->last_column - from;
      const uint64_t columns = rest < width ? rest : width;
      const Cell *rows = delta + cell_of_column(j.edges->right_count, width, from);
      memset(sums, 0, sizeof sums);
      for (uint32_t k = begin[l]; k < begin[l + 1]; k++) {
        const int64_t w = weight[slots[k]].raw;
        const Cell *row = rows + (size_t)rights[k] * width;
        for (uint64_t c = 0; c < columns; c++) {
          sums[c] += fixed_round_product(
              &j.format, j.format.rounding, w * row[c].raw,
              word_for(&j, work->up_input + from + c, EDGE_OP_BP_MAC, slots[k]));
        }
      }
      for (uint64_t c = 0; c < columns; c++) {
        const size_t cell = cell_of_column(j.edges->left_count, width, from) + l * width + c;
        const int64_t sum = fixed_saturate(&j.format, sums[c]);
        ((Cell *)work->left_delta)[cell].raw = fixed_round_product(
            &j.format, j.format.rounding, sum * derivative[cell].raw,
            word_for(&j, work->up_input + from + c, EDGE_OP_BP_END, (uint32_t)l));
      }
    }
  }
}

/* One neuron's cells of the columns of a panel. */
static const Cell *row_of_panel(const FixedJunction *j, const Cell *matrix, uint32_t neuron_count,
                                uint32_t neuron, uint64_t column) {
  const uint32_t width = panel_width(j->model);
  return matrix + cell_of_column(neuron_count, width, column) + (size_t)neuron * width;
}

/* Of a left and a right neuron, over the batch. */
static Wide sum_products(const FixedJunction *j, const NativeWork *work, uint32_t left,
                         uint32_t right) {
  const uint32_t width = panel_width(j->model);
  Wide sum = 0;
  for (uint64_t column = 0; column < work->last_column; column += width) {
    const Cell *a = row_of_panel(j, work->up_left, j->edges->left_count, left, column);
    const Cell *d = row_of_panel(j, work->right_delta, j->edges->right_count, right, column);
    for (uint32_t c = 0; c < width && column + c < work->last_column; c++)
      sum += (int64_t)a[c].raw * d[c].raw;
  }
  return sum;
}

static Wide sum_deltas(const FixedJunction *j, const NativeWork *work, uint32_t right) {
  const uint32_t width = panel_width(j->model);
  Wide sum = 0;
  for (uint64_t column = 0; column < work->last_column; column++) {
    const uint64_t first = column - column % width;
    sum +=
        row_of_panel(j, work->right_delta, j->edges->right_count, right, first)[column % width].raw;
  }
  return sum;
}

void native_fixed_batch_up(const NativeJunction *native, const NativeWork *work) {
  const FixedJunction j = fixed_junction(native);
  const uint32_t batch = (uint32_t)work->last_column;
  const uint32_t *lefts = native->left;
  JunctionUpdate update = junction_update(&j, work, batch);
  for (uint32_t r = (uint32_t)work->first; r < work->last; r++) {
    const uint32_t end = interleaver_begin(j.edges, r + 1);
    for (uint32_t e = interleaver_begin(j.edges, r); e < end; e++) {
      const uint32_t left = lefts[e];
      update_weight(&j, &update, weight_of(&j, e), e, sum_products(&j, work, left, r));
    }
    update_bias(&j, &update, r, sum_deltas(&j, work, r));
  }
}

void native_fixed_update(const NativeJunction *native, const NativeWork *work, uint64_t right,
                         const int64_t *sums) {
  const FixedJunction j = fixed_junction(native);
  const uint32_t r = (uint32_t)right, end = interleaver_begin(j.edges, r + 1);
  JunctionUpdate update = junction_update(&j, work, (uint32_t)work->last_column);
  Cell *weight = native->weight; /* BATCH: slots are edges */
  for (uint32_t e = interleaver_begin(j.edges, r); e < end; e++)
    update_weight(&j, &update, &weight[e], e, *sums++);
  update_bias(&j, &update, r, *sums);
}
