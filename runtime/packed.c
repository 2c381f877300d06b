// SPDX-License-Identifier: MIT
// The fields of a model and a recipe, in the order in which they lie; each function walks one
// structure, both ways.
#include "runtime/packed.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const uint8_t magic[8] = {'s', 'e', 'd', 'g', 'e', 'p', 'k', PACKED_VERSION};

enum { CHECKSUM_BYTES = 4, MOST_WIDTH = 32, LEAST_WIDTH = 4 };

/* ---- layers ---- */

static void pack_step(Packing *p, FormulaStep *step, uint32_t number) {
  PACK_ENUM(p, &step->op, FORMULA_OP_COUNT - 1);
  pack_real(p, &step->constant);
  for (int i = 0; i < 3; i++) pack_u32(p, &step->operand[i], 0, number > 0 ? number - 1 : 0);
  if (number == 0) packing_expect(p, formula_operands(step->op) == 0);
}

static void pack_formula(Packing *p, const Formula **formula) {
  uint32_t count = p->is_reading ? 0 : (*formula)->step_count;
  pack_u32(p, &count, 1, FORMULA_STEP_LIMIT);
  if (!p->is_reading) {
    for (uint32_t i = 0; i < count; i++) {
      FormulaStep step = (*formula)->steps[i];
      pack_step(p, &step, i);
    }
    return;
  }
  FormulaStep *steps = packing_array(p, count, sizeof *steps);
  Formula *made = steps ? packing_array(p, 0, sizeof *made) : NULL;
  if (!made) return;
  for (uint32_t i = 0; i < count && packing_is_good(p); i++) pack_step(p, &steps[i], i);
  *made = (Formula){.step_count = count, .steps = steps};
  *formula = made;
}

static void pack_layer(Packing *p, Layer *layer, bool is_output) {
  p->what = "the layers";
  pack_text(p, &layer->name);
  pack_u32(p, &layer->neuron_count, 1, INT32_MAX);
  pack_u32(p, &layer->real_count, 1, layer->neuron_count);
  PACK_ENUM(p, &layer->activation.function, ACTIVATE_FORMULA);
  pack_text(p, &layer->activation.name);
  packing_expect(p, layer->name && layer->activation.name);
  packing_expect(p, is_output || layer->activation.function != ACTIVATE_SOFTMAX);
  if (layer->activation.function != ACTIVATE_FORMULA) return;
  p->what = "the formula of an activation";
  pack_formula(p, &layer->activation.value);
  pack_formula(p, &layer->activation.derivative);
}

/* ---- junctions ---- */

/* Degrees: either is 0 where it differs from neuron to neuron; then the fan-in's bounds are
 * listed. */
static void pack_degrees(Packing *p, Interleaver *edges) {
  pack_u32(p, &edges->edge_count, 0, INT32_MAX);
  pack_u32(p, &edges->fanin, 0, edges->left_count);
  pack_u32(p, &edges->fanout, 0, edges->right_count);
  const uint64_t by_right = (uint64_t)edges->fanin * edges->right_count;
  const uint64_t by_left = (uint64_t)edges->fanout * edges->left_count;
  packing_expect(p, edges->fanin == 0 || by_right == edges->edge_count);
  packing_expect(p, edges->fanout == 0 || by_left == edges->edge_count);
  if (edges->fanin != 0) return;
  const uint64_t count = (uint64_t)edges->right_count + 1;
  pack_table(p, &edges->right_begin, count, edges->edge_count, true);
  if (packing_is_good(p))
    packing_expect(p, edges->right_begin[0] == 0 &&
                          edges->right_begin[edges->right_count] == edges->edge_count);
}

static void pack_optional_table(Packing *p, const uint32_t **table, uint64_t count, uint32_t most) {
  bool has_table = !p->is_reading && *table;
  pack_flag(p, &has_table);
  if (has_table) pack_table(p, table, count, most, false);
}

static void pack_clash_free(Packing *p, Interleaver *edges) {
  pack_u32(p, &edges->banks, 1, edges->left_count);
  if (!packing_expect(p, edges->left_count % edges->banks == 0)) return;
  const uint32_t sweeps = edges->edge_count / edges->left_count;
  edges->rows_per_bank = edges->left_count / edges->banks;
  edges->sweep_count = sweeps + (edges->edge_count % edges->left_count != 0);
  pack_flag(p, &edges->is_start_shared);
  pack_flag(p, &edges->is_lane_shared);
  const uint64_t lanes = (uint64_t)edges->sweep_count * edges->banks;
  pack_optional_table(p, &edges->starts, edges->is_start_shared ? edges->banks : lanes,
                      edges->rows_per_bank - 1);
  pack_optional_table(p, &edges->rows, lanes * edges->rows_per_bank, edges->rows_per_bank - 1);
  pack_optional_table(p, &edges->lanes, edges->is_lane_shared ? edges->banks : lanes,
                      edges->banks - 1);
  packing_expect(p, !edges->starts != !edges->rows);
}

static void pack_window(Packing *p, Interleaver *edges) {
  if (!packing_expect(p, edges->fanin != 0)) return;
  pack_table(p, &edges->offset, edges->fanin, edges->left_count - 1, true);
  if (!packing_is_good(p)) return;
  const uint32_t widest = edges->offset[edges->fanin - 1];
  pack_table(p, &edges->base, edges->right_count, edges->left_count - 1 - widest, false);
}

/* Left neurons ascend within a right neuron, so only their differences are kept. */
static void pack_listed(Packing *p, Interleaver *edges) {
  uint32_t *to = p->is_reading ? packing_array(p, edges->edge_count, sizeof *to) : NULL;
  if (p->is_reading) edges->left = to;
  for (uint32_t r = 0; r < edges->right_count && packing_is_good(p); r++) {
    uint32_t least = 0;
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++) {
      uint32_t value = p->is_reading ? 0 : edges->left[e] - least;
      if (!packing_expect(p, least < edges->left_count)) return;
      pack_u32(p, &value, 0, edges->left_count - 1 - least);
      if (to) to[e] = least + value;
      least += value + 1;
    }
  }
}

static void pack_junction(Packing *p, const Layer *left, Junction *junction) {
  Interleaver *edges = &junction->edges;
  p->what = "the edges of a junction";
  edges->left_count = left[0].neuron_count;
  edges->right_count = left[1].neuron_count;
  PACK_ENUM(p, &edges->kind, INTERLEAVER_LISTED);
  pack_degrees(p, edges);
  if (!packing_is_good(p)) return;
  switch (edges->kind) {
  case INTERLEAVER_DENSE: packing_expect(p, edges->fanin == edges->left_count); break;
  case INTERLEAVER_CLASH_FREE: pack_clash_free(p, edges); break;
  case INTERLEAVER_WINDOW: pack_window(p, edges); break;
  case INTERLEAVER_LISTED: pack_listed(p, edges); break;
  }
}

/* ---- the model ---- */

static void pack_number(Packing *p, NumberFormat *number) {
  p->what = "the number format";
  pack_flag(p, &number->is_fixed);
  if (!number->is_fixed) return;
  pack_u32(p, &number->width, LEAST_WIDTH, MOST_WIDTH);
  pack_u32(p, &number->integer, 0, number->width - 1);
  PACK_ENUM(p, &number->rounding, ROUND_STOCHASTIC);
  pack_u64(p, &number->rounding_seed, 0, UINT64_MAX);
  number->fraction = number->width - 1 - number->integer;
}

static void pack_optimizer(Packing *p, Optimizer *optimizer) {
  p->what = "the optimizer";
  PACK_ENUM(p, &optimizer->method, OPTIMIZE_ADAM);
  pack_flag(p, &optimizer->is_nesterov);
  pack_real(p, &optimizer->momentum);
  pack_real(p, &optimizer->decay);
  pack_real(p, &optimizer->beta1);
  pack_real(p, &optimizer->beta2);
  pack_real(p, &optimizer->epsilon);
  pack_real(p, &optimizer->l2);
}

static void pack_initializer(Packing *p, Initializer *initializer) {
  p->what = "the initial parameters";
  PACK_ENUM(p, &initializer->method, INITIALIZE_UNIFORM);
  pack_u64(p, &initializer->seed, 0, UINT64_MAX);
  pack_real(p, &initializer->low);
  pack_real(p, &initializer->high);
}

/* All of a model but its layers and junctions. */
static void pack_head(Packing *p, Model *model) {
  p->what = "the network's head";
  pack_text(p, &model->name);
  packing_expect(p, model->name != NULL);
  pack_u32(p, &model->junction_count, 1, INT32_MAX);
  PACK_ENUM(p, &model->loss, LOSS_QUADRATIC);
  pack_flag(p, &model->is_pipelined);
  pack_u32(p, &model->batch, 1, MODEL_MOST_BATCH);
  pack_number(p, &model->number);
  pack_optimizer(p, &model->optimizer);
  pack_initializer(p, &model->initializer);
}

static void write_body(Packing *p, const Model *model) {
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    Layer layer = model->layers[i];
    pack_layer(p, &layer, i == model->junction_count);
  }
  for (uint32_t i = 0; i < model->junction_count; i++) {
    Junction junction = model->junctions[i];
    pack_junction(p, &model->layers[i], &junction);
  }
}

static void read_body(Packing *p, Model *model) {
  p->what = "the layers";
  const uint32_t count = packing_is_good(p) ? model->junction_count : 0;
  Layer *layers = packing_array(p, (uint64_t)count + 1, sizeof *layers);
  Junction *junctions = layers ? packing_array(p, count, sizeof *junctions) : NULL;
  if (!junctions) return;
  for (uint32_t i = 0; i <= count && packing_is_good(p); i++) pack_layer(p, &layers[i], i == count);
  for (uint32_t i = 0; i < count && packing_is_good(p); i++) {
    pack_junction(p, &layers[i], &junctions[i]);
    if (packing_is_good(p)) choose_sum_order(model->batch, &junctions[i]);
  }
  model->layers = layers;
  model->junctions = junctions;
}

/* ---- the recipe ---- */

static void pack_counts(Packing *p, uint32_t *train, uint32_t *test, uint64_t *seed,
                        double *noise) {
  pack_u32(p, train, 0, UINT32_MAX);
  pack_u32(p, test, 0, UINT32_MAX);
  pack_u64(p, seed, 0, UINT64_MAX);
  pack_real(p, noise);
}

static void pack_data(Packing *p, DataRecipe *data) {
  p->what = "the data's recipe";
  PACK_ENUM(p, &data->origin, DATA_ORIGIN_COUNT - 1);
  pack_text(p, &data->path);
  packing_expect(p, data->path != NULL);
  switch (data->origin) {
  case DATA_FROM_IDX:
  case DATA_FROM_NPZ:
  case DATA_FROM_LIBSVM: return;
  case DATA_FROM_CSV:
    pack_text(p, &data->csv.label_name);
    pack_i64(p, &data->csv.label_column);
    return;
  case DATA_FROM_MORSE: {
    MorseOptions *morse = &data->morse;
    pack_counts(p, &morse->train_count, &morse->test_count, &morse->seed, &morse->noise);
    pack_flag(p, &morse->has_leading_spaces);
    pack_real(p, &morse->dilation);
    return;
  }
  case DATA_FROM_DIGITS: {
    DigitsOptions *digits = &data->digits;
    pack_counts(p, &digits->train_count, &digits->test_count, &digits->seed, &digits->noise);
    return;
  }
  case DATA_ORIGIN_COUNT: break;
  }
}

static void pack_rate(Packing *p, RateSchedule *rate) {
  p->what = "the rate";
  PACK_ENUM(p, &rate->shape, RATE_SHAPE_COSINE);
  pack_real(p, &rate->from);
  pack_real(p, &rate->to);
  pack_real(p, &rate->factor);
  pack_real(p, &rate->floor);
  pack_u32(p, &rate->every, 1, UINT32_MAX);
  pack_u32(p, &rate->epochs, 0, UINT32_MAX);
}

static void pack_recipe(Packing *p, Recipe *recipe) {
  p->what = "the recipe";
  pack_flag(p, &recipe->is_given);
  pack_data(p, &recipe->data);
  p->what = "the recipe";
  pack_flag(p, &recipe->is_split);
  pack_u64(p, &recipe->split_train, 0, UINT64_MAX);
  pack_u64(p, &recipe->split_validation, 0, UINT64_MAX);
  pack_u32(p, &recipe->epochs, 0, UINT32_MAX);
  pack_flag(p, &recipe->is_shuffled);
  pack_u64(p, &recipe->seed, 0, UINT64_MAX);
  pack_rate(p, &recipe->rate);
  p->what = "the recipe";
  pack_flag(p, &recipe->is_seed_free);
  pack_flag(p, &recipe->is_data_seed_free);
  pack_flag(p, &recipe->is_initial_seed_free);
  pack_flag(p, &recipe->is_rounding_seed_free);
  pack_u32(p, &recipe->junction_cycle, 0, UINT32_MAX);
  pack_u32(p, &recipe->initiation_interval, 0, UINT32_MAX);
  pack_real(p, &recipe->clock_hz);
}

/* ---- both ---- */

bool pack_trainer(const Model *model, const Recipe *recipe, uint8_t **bytes, size_t *count,
                  Failure *failure) {
  Packing p = {.bytes = {.item_bytes = 1}};
  Model head = *model;
  Recipe own = *recipe;
  uint8_t *start = growing_extend(&p.bytes, sizeof magic);
  if (start) memcpy(start, magic, sizeof magic);
  pack_head(&p, &head);
  write_body(&p, model);
  pack_recipe(&p, &own);
  uint8_t *end = growing_extend(&p.bytes, CHECKSUM_BYTES);
  if (!start || !end || p.is_out_of_memory) {
    growing_close(&p.bytes);
    return fail(failure, FAILURE_MEMORY, NULL, "no memory to pack the model");
  }
  const size_t length = (size_t)p.bytes.count - CHECKSUM_BYTES;
  const uint32_t sum = (uint32_t)crc32_z(0, p.bytes.items, length);
  for (unsigned i = 0; i < CHECKSUM_BYTES; i++) end[i] = (uint8_t)(sum >> 8 * i);
  *count = (size_t)p.bytes.count;
  *bytes = growing_take(&p.bytes);
  return true;
}

static bool check_frame(const uint8_t *bytes, size_t count, Failure *failure) {
  const size_t least = sizeof magic + CHECKSUM_BYTES;
  if (count < least || memcmp(bytes, magic, sizeof magic - 1) != 0)
    return fail(failure, FAILURE_INPUT, NULL, "the packed model is none: it begins otherwise");
  if (bytes[sizeof magic - 1] != PACKED_VERSION) {
    return fail(failure, FAILURE_INPUT, NULL,
                "the packed model has version %u, this runtime reads %u", bytes[sizeof magic - 1],
                PACKED_VERSION);
  }
  const uint32_t sum = (uint32_t)crc32_z(0, bytes, count - CHECKSUM_BYTES);
  for (unsigned i = 0; i < CHECKSUM_BYTES; i++) {
    if (bytes[count - CHECKSUM_BYTES + i] == (uint8_t)(sum >> 8 * i)) continue;
    return fail(failure, FAILURE_INPUT, NULL, "the packed model is damaged: its checksum differs");
  }
  return true;
}

bool unpack_trainer(const void *bytes, size_t count, UnpackedTrainer *unpacked, Failure *failure) {
  const uint8_t *from = bytes;
  *unpacked = (UnpackedTrainer){0};
  if (!check_frame(from, count, failure)) return false;
  Packing p = {.is_reading = true, .at = from + sizeof magic, .end = from + count - CHECKSUM_BYTES};
  pack_head(&p, &unpacked->model);
  read_body(&p, &unpacked->model);
  pack_recipe(&p, &unpacked->recipe);
  p.what = "what follows the recipe";
  packing_expect(&p, p.at == p.end);
  unpacked->blocks = p.blocks;
  if (packing_is_good(&p)) return true;
  unpacked_close(unpacked);
  if (p.is_out_of_memory)
    return fail(failure, FAILURE_MEMORY, NULL, "no memory for the packed model");
  return fail(failure, FAILURE_INPUT, NULL, "the packed model is damaged: %s", p.problem);
}

void unpacked_close(UnpackedTrainer *unpacked) {
  packing_free(unpacked->blocks);
  *unpacked = (UnpackedTrainer){0};
}
