// SPDX-License-Identifier: MIT
// One example at a time: feedforward in both kinds of number; back, in fixed point alone, to count
// what saturates.
#include "runtime/probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array.h"
#include "runtime/edge_ops.h"
#include "runtime/fixed.h"
#include "runtime/input_cells.h"
#include "runtime/loss.h"
#include "runtime/optimizer.h"

/* About as many edges in all; a tenth of a second. */
enum { MOST_EDGE_VISITS = 1 << 23, MOST_EXAMPLES = 1000, MOST_VALUES = 1 << 22 };

/* A junction's parameters and edges, and its right layer while an example passes. */
typedef struct JunctionState {
  Cell *weights, *biases; /* [edges], [right] */
  uint32_t *lefts;        /* [edges] */
  Cell *a, *d, *delta;    /* [right] */
  float *values;          /* [examples][real right neurons] activations */
  ActivationTable *table; /* fixed */
} JunctionState;

struct Probe {
  const Model *model;
  const Examples *examples;
  uint32_t count; /* examples that pass */
  InputCells inputs;
  Cell *input;      /* [input neurons] */
  int64_t *sums;    /* [widest layer] */
  float *real_sums; /* [widest layer] */
  JunctionState *states;
  JunctionProbe *results;
};

const SaturationPlaceInfo saturation_places[SATURATION_PLACE_COUNT] = {
#define PLACE(id, key, name, what) {key, name, what},
#include "runtime/saturation_places.def"
#undef PLACE
};

/* ---- memory ---- */

static uint32_t choose_count(const Model *model, const Examples *examples) {
  uint64_t edges = 1, neurons = 1;
  for (uint32_t i = 0; i < model->junction_count; i++) {
    edges += model->junctions[i].edges.edge_count;
    neurons += model->layers[i + 1].real_count;
  }
  uint64_t count = MOST_EDGE_VISITS / edges;
  if (count > MOST_VALUES / neurons) count = MOST_VALUES / neurons;
  if (count > MOST_EXAMPLES) count = MOST_EXAMPLES;
  if (count < 1) count = 1;
  return (uint32_t)(count < examples->count ? count : examples->count);
}

static void open_state(Probe *p, uint32_t i, bool *ok) {
  const Interleaver *edges = &p->model->junctions[i].edges;
  const Layer *layer = &p->model->layers[i + 1];
  JunctionState *s = &p->states[i];
  s->weights = array_next(ok, edges->edge_count, sizeof *s->weights);
  s->biases = array_next(ok, edges->right_count, sizeof *s->biases);
  s->lefts = array_next(ok, edges->edge_count, sizeof *s->lefts);
  s->a = array_next(ok, edges->right_count, sizeof *s->a);
  s->d = array_next(ok, edges->right_count, sizeof *s->d);
  s->delta = array_next(ok, edges->right_count, sizeof *s->delta);
  s->values = array_next(ok, (uint64_t)p->count * layer->real_count, sizeof *s->values);
  if (*ok) interleaver_expand(edges, 0, edges->edge_count, s->lefts);
  const bool has_table =
      p->model->number.is_fixed && layer->activation.function != ACTIVATE_SOFTMAX;
  if (!*ok || !has_table) return;
  s->table = activation_table_open(&layer->activation, &p->model->number);
  *ok = s->table != NULL;
}

Probe *probe_open(const Model *model, const Examples *examples) {
  Probe *p = calloc(1, sizeof *p);
  bool ok = p != NULL;
  if (!ok) return NULL;
  uint32_t widest = 0;
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    if (model->layers[i].neuron_count > widest) widest = model->layers[i].neuron_count;
  }
  *p = (Probe){.model = model,
               .examples = examples,
               .count = choose_count(model, examples),
               .inputs = input_cells(&model->number, model->layers[0].real_count,
                                     model->layers[0].neuron_count)};
  p->input = array_next(&ok, model->layers[0].neuron_count, sizeof *p->input);
  p->sums = array_next(&ok, widest, sizeof *p->sums);
  p->real_sums = array_next(&ok, widest, sizeof *p->real_sums);
  p->states = array_next(&ok, model->junction_count, sizeof *p->states);
  p->results = array_next(&ok, model->junction_count, sizeof *p->results);
  for (uint32_t i = 0; ok && i < model->junction_count; i++) open_state(p, i, &ok);
  if (ok) return p;
  probe_close(p);
  return NULL;
}

void probe_close(Probe *p) {
  if (!p) return;
  for (uint32_t i = 0; p->states && i < p->model->junction_count; i++) {
    JunctionState *s = &p->states[i];
    void *const parts[] = {s->weights, s->biases, s->lefts, s->a, s->d, s->delta, s->values};
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) free(parts[k]);
    activation_table_close(s->table);
  }
  void *const parts[] = {p->input, p->sums, p->real_sums, p->states, p->results, p};
  for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) free(parts[k]);
}

uint32_t probe_examples(const Probe *probe) {
  return probe->count;
}

/* ---- rounding that is counted ---- */

static int32_t narrow(const Probe *p, JunctionProbe *result, SaturationPlace place, int64_t value) {
  const int32_t kept = fixed_saturate(&p->model->number, value);
  result->counts[place].total++;
  result->counts[place].saturated += kept != value;
  return kept;
}

static uint32_t word_for(const Probe *p, uint32_t junction, uint64_t input, uint32_t operation,
                         uint32_t element) {
  return rounding_word(&p->model->number, junction, input, operation, element);
}

/* ---- feedforward ---- */

static void feed_fixed(Probe *p, uint32_t i, const Cell *left, uint64_t input) {
  const Interleaver *edges = &p->model->junctions[i].edges;
  const NumberFormat *format = &p->model->number;
  JunctionState *s = &p->states[i];
  const uint32_t count = model_active_count(p->model, i);
  for (uint32_t r = 0; r < edges->right_count; r++) {
    s->a[r].raw = s->d[r].raw = 0;
    if (r >= count) continue;
    int64_t sum = s->biases[r].raw;
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++) {
      const int64_t product = (int64_t)s->weights[e].raw * left[s->lefts[e]].raw;
      const uint32_t word = word_for(p, i, input, EDGE_OP_FF_MAC, e);
      sum += narrow(p, &p->results[i], SATURATION_FF_PRODUCT,
                    fixed_drop_bits(p->model->number.rounding, product, format->fraction, word));
    }
    s->a[r].raw = narrow(p, &p->results[i], SATURATION_FF_SUM, sum);
    if (s->table) activate_fixed(s->table, s->a[r].raw, &s->a[r].raw, &s->d[r].raw);
  }
  if (!s->table) softmax_fixed(format, i, input, &s->a->raw, count, &s->a->raw);
}

/* The order of a sum is the edges' here, whatever the model's: pictures need no last bit. */
static void feed_float32(Probe *p, uint32_t i, const Cell *left) {
  const Interleaver *edges = &p->model->junctions[i].edges;
  const Activation *activation = &p->model->layers[i + 1].activation;
  JunctionState *s = &p->states[i];
  const uint32_t count = model_active_count(p->model, i);
  const bool is_softmax = activation->function == ACTIVATE_SOFTMAX;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    s->a[r].real = 0;
    if (r >= count) continue;
    float sum = s->biases[r].real;
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++)
      sum = fmaf(s->weights[e].real, left[s->lefts[e]].real, sum);
    p->real_sums[r] = sum;
    if (!is_softmax) activate_float32(activation, sum, &s->a[r].real, &s->d[r].real);
  }
  if (is_softmax) softmax_float32(p->real_sums, count, &s->a->real);
}

/* ---- back ---- */

static void push_back(Probe *p, uint32_t i, uint64_t input) {
  const Interleaver *edges = &p->model->junctions[i].edges;
  const NumberFormat *format = &p->model->number;
  JunctionState *s = &p->states[i], *left = &p->states[i - 1];
  memset(p->sums, 0, edges->left_count * sizeof *p->sums);
  for (uint32_t r = 0; r < edges->right_count; r++) {
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++) {
      const int64_t product = (int64_t)s->weights[e].raw * s->delta[r].raw;
      const uint32_t word = word_for(p, i, input, EDGE_OP_BP_MAC, e);
      p->sums[s->lefts[e]] +=
          narrow(p, &p->results[i], SATURATION_BP_PRODUCT,
                 fixed_drop_bits(p->model->number.rounding, product, format->fraction, word));
    }
  }
  for (uint32_t l = 0; l < edges->left_count; l++) {
    const int64_t sum = narrow(p, &p->results[i], SATURATION_BP_SUM, p->sums[l]);
    const uint32_t word = word_for(p, i, input, EDGE_OP_BP_END, l);
    left->delta[l].raw = narrow(
        p, &p->results[i], SATURATION_DELTA,
        fixed_drop_bits(p->model->number.rounding, sum * left->d[l].raw, format->fraction, word));
  }
}

/* Steps of plain descent whose exact value fits 63 bits; others are not counted. */
static bool has_steps(const Model *model, int shift) {
  const NumberFormat *format = &model->number;
  return model->batch == 1 && optimizer_is_plain(&model->optimizer) && shift >= 0 &&
         format->rounding != ROUND_STOCHASTIC &&
         format->width + format->fraction + (uint32_t)shift <= 61;
}

static void step(Probe *p, uint32_t i, const Cell *left, int shift) {
  const Interleaver *edges = &p->model->junctions[i].edges;
  const uint32_t drop = p->model->number.fraction + (uint32_t)shift;
  JunctionState *s = &p->states[i];
  for (uint32_t r = 0; r < edges->right_count; r++) {
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++) {
      const int64_t product = (int64_t)left[s->lefts[e]].raw * s->delta[r].raw;
      const int64_t exact = s->weights[e].raw * ((int64_t)1 << drop) - product;
      const int64_t stepped = fixed_drop_bits(p->model->number.rounding, exact, drop, 0);
      narrow(p, &p->results[i], SATURATION_STEP, stepped);
      p->results[i].lost_steps += product != 0 && stepped == s->weights[e].raw;
    }
  }
}

static void go_back(Probe *p, uint64_t example, int shift) {
  const Model *model = p->model;
  const uint32_t last = model->junction_count - 1;
  const Layer *output = &model->layers[last + 1];
  JunctionState *s = &p->states[last];
  const OutputShape shape = {
      .neuron_count = output->neuron_count,
      .real_count = output->real_count,
      .is_softmax = output->activation.function == ACTIVATE_SOFTMAX,
  };
  output_delta(&model->number, model->loss, &shape, s->a, s->d, p->examples->labels[example],
               example, model->junction_count, s->delta);
  for (uint32_t i = model->junction_count; i-- > 0;) {
    if (i > 0) push_back(p, i, example);
    if (has_steps(model, shift)) step(p, i, i > 0 ? p->states[i - 1].a : p->input, shift);
  }
}

/* ---- results ---- */

static Histogram count_values(const float *values, uint64_t count) {
  Histogram h = {.low = INFINITY, .high = -INFINITY};
  for (uint64_t k = 0; k < count; k++) {
    if (!isfinite(values[k])) continue;
    h.low = fmin(h.low, values[k]);
    h.high = fmax(h.high, values[k]);
  }
  if (h.low > h.high) return (Histogram){0};
  for (uint64_t k = 0; k < count; k++) {
    if (!isfinite(values[k])) continue;
    const double part = h.high > h.low ? (values[k] - h.low) / (h.high - h.low) : 0;
    const int bin = (int)(part * HISTOGRAM_BINS);
    h.counts[bin < HISTOGRAM_BINS ? bin : HISTOGRAM_BINS - 1]++;
    h.total++;
  }
  return h;
}

static void count_ends(const Probe *p, JunctionProbe *result, SaturationPlace place,
                       const Cell *cells, uint32_t count) {
  const NumberFormat *format = &p->model->number;
  result->counts[place].total = count;
  for (uint32_t k = 0; k < count; k++) {
    result->counts[place].saturated +=
        cells[k].raw == fixed_greatest(format) || cells[k].raw == fixed_least(format);
  }
}

static void look_at_parameters(Probe *p, Engine *engine, uint32_t i) {
  const Interleaver *edges = &p->model->junctions[i].edges;
  JunctionState *s = &p->states[i];
  tensor_read(engine_weights(engine, i), 0, edges->edge_count, s->weights);
  tensor_read(engine_biases(engine, i), 0, edges->right_count, s->biases);
  if (p->model->number.is_fixed) {
    count_ends(p, &p->results[i], SATURATION_WEIGHT, s->weights, edges->edge_count);
    count_ends(p, &p->results[i], SATURATION_BIAS, s->biases, edges->right_count);
  }
  float *values = malloc(edges->edge_count * sizeof *values);
  for (uint32_t e = 0; values && e < edges->edge_count; e++)
    values[e] = (float)cell_value(&p->model->number, s->weights[e]);
  if (values) p->results[i].weights = count_values(values, edges->edge_count);
  free(values);
}

static void pass_example(Probe *p, uint32_t number, int shift) {
  const Model *model = p->model;
  const uint64_t example = (uint64_t)number * p->examples->count / p->count;
  read_input(&p->inputs, p->examples, example, example, NULL, 1, p->input);
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Cell *left = i > 0 ? p->states[i - 1].a : p->input;
    if (model->number.is_fixed) {
      feed_fixed(p, i, left, example);
    } else {
      feed_float32(p, i, left);
    }
    const uint32_t real = model->layers[i + 1].real_count;
    for (uint32_t r = 0; r < real; r++)
      p->states[i].values[(uint64_t)number * real + r] =
          (float)cell_value(&model->number, p->states[i].a[r]);
  }
  if (model->number.is_fixed) go_back(p, example, shift);
}

const JunctionProbe *probe_engine(Probe *p, Engine *engine, double rate) {
  const Model *model = p->model;
  memset(p->results, 0, model->junction_count * sizeof *p->results);
  for (uint32_t i = 0; i < model->junction_count; i++) look_at_parameters(p, engine, i);
  const int shift = rate > 0 ? power_shift(rate) : NO_SHIFT;
  for (uint32_t k = 0; k < p->count; k++) pass_example(p, k, shift);
  for (uint32_t i = 0; i < model->junction_count; i++) {
    p->results[i].activations =
        count_values(p->states[i].values, (uint64_t)p->count * model->layers[i + 1].real_count);
  }
  return p->results;
}
