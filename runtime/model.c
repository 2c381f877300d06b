// SPDX-License-Identifier: MIT
// Questions about a model: sum orders, sizes, its digest.
#include "runtime/model.h"

#include "runtime/digest.h"

/* Whether each lane of a sweep reads one bank's rows in turn, and cuts between neurons fall on the
 * same lanes in every cycle. */
static bool is_rotating(const Interleaver *edges) {
  if (edges->kind != INTERLEAVER_CLASH_FREE || !edges->starts || edges->lanes) return false;
  if (edges->rows_per_bank % SUM_LANES != 0 || edges->fanin == 0) return false;
  return edges->fanin % edges->banks == 0 || edges->banks % edges->fanin == 0;
}

void choose_sum_order(uint32_t batch, Junction *junction) {
  const Interleaver *edges = &junction->edges;
  const bool is_complete = edges->fanin == edges->left_count;
  junction->sum_order = SUM_BY_LANE;
  junction->is_place_left = is_complete && batch == 1;
  junction->segment = 0;
  if (batch > 1) {
    junction->sum_order = SUM_BY_LEFT;
  } else if (!is_complete && is_rotating(edges)) {
    junction->sum_order = SUM_BY_SEGMENT;
    junction->segment = edges->banks;
  }
}

uint32_t model_active_count(const Model *model, uint32_t junction) {
  const Layer *layer = &model->layers[junction + 1];
  const bool is_output = junction + 1 == model->junction_count;
  return is_output && layer->activation.function != ACTIVATE_SOFTMAX ? layer->neuron_count
                                                                     : layer->real_count;
}

uint64_t model_parameter_count(const Model *model) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < model->junction_count; i++) {
    count += (uint64_t)model->junctions[i].edges.edge_count + model->junctions[i].edges.right_count;
  }
  return count;
}

static void digest_formula(Digest *digest, const Formula *formula) {
  if (!formula) return;
  digest_u64(digest, formula->step_count);
  for (uint32_t i = 0; i < formula->step_count; i++) {
    const FormulaStep *step = &formula->steps[i];
    digest_u64(digest, step->op);
    digest_double(digest, step->constant);
    digest_words(digest, step->operand, 3);
  }
}

static void digest_layer(Digest *digest, const Layer *layer) {
  digest_u64(digest, layer->neuron_count);
  digest_u64(digest, layer->real_count);
  digest_u64(digest, layer->activation.function);
  digest_formula(digest, layer->activation.value);
}

static void digest_junction(Digest *digest, const Junction *junction) {
  const Interleaver *edges = &junction->edges;
  uint32_t left[1024];
  digest_u64(digest, junction->sum_order);
  digest_u64(digest, junction->is_place_left);
  digest_u64(digest, junction->segment);
  digest_u64(digest, edges->edge_count);
  for (uint32_t r = 0; r < edges->right_count; r++) digest_u64(digest, interleaver_begin(edges, r));
  for (uint32_t first = 0; first < edges->edge_count; first += 1024) {
    const uint32_t rest = edges->edge_count - first;
    const uint32_t count = rest < 1024 ? rest : 1024;
    interleaver_expand(edges, first, count, left);
    digest_words(digest, left, count);
  }
}

static void digest_optimizer(Digest *digest, const Optimizer *optimizer) {
  const double numbers[] = {optimizer->momentum, optimizer->decay,   optimizer->beta1,
                            optimizer->beta2,    optimizer->epsilon, optimizer->l2};
  digest_u64(digest, optimizer->method);
  digest_u64(digest, optimizer->is_nesterov);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) digest_double(digest, numbers[i]);
}

void model_digest(const Model *model, char text[65]) {
  Digest digest;
  digest_begin(&digest);
  digest_text(&digest, "sedge model 1");
  digest_u64(&digest, model->number.is_fixed);
  if (model->number.is_fixed) {
    digest_u64(&digest, model->number.width);
    digest_u64(&digest, model->number.integer);
    digest_u64(&digest, model->number.rounding);
    digest_u64(&digest, model->number.rounding_seed);
  }
  digest_u64(&digest, model->junction_count);
  for (uint32_t i = 0; i <= model->junction_count; i++) digest_layer(&digest, &model->layers[i]);
  for (uint32_t i = 0; i < model->junction_count; i++)
    digest_junction(&digest, &model->junctions[i]);
  digest_u64(&digest, model->loss);
  digest_optimizer(&digest, &model->optimizer);
  digest_u64(&digest, model->is_pipelined);
  digest_u64(&digest, model->batch);
  digest_end(&digest, text);
}
