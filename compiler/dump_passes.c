// SPDX-License-Identifier: MIT
// The text of --dump, one function a pass.
#include "compiler/dump_passes.h"

#include <assert.h>
#include <inttypes.h>

#include "compiler/schedule/schedule_formats.h"

/* ---- program ---- */

static const char *pattern_name(const Pattern *pattern) {
  switch (pattern->kind) {
#define PATTERN(id, name, help)                                                                    \
  case PATTERN_##id:                                                                               \
    return name;
#include "lang/patterns.def"
#undef PATTERN
  case PATTERN_OWN: return pattern->own->name.text;
  }
  assert(false && "a pattern of no kind");
  return "";
}

static const char *activation_name(const NetworkLayer *layer) {
  switch (layer->activation) {
#define ACTIVATION(id, name, help)                                                                 \
  case ACTIVATION_##id:                                                                            \
    return name;
#include "lang/activations.def"
#undef ACTIVATION
  case ACTIVATION_OWN: return layer->own_activation->name.text;
  }
  assert(false && "an activation of no kind");
  return "";
}

static void dump_pattern(const Pattern *pattern, FILE *out) {
  fprintf(out, "%s", pattern_name(pattern));
  if (pattern->fanin) fprintf(out, " fanin %" PRIu32, pattern->fanin);
  if (pattern->fanout) fprintf(out, " fanout %" PRIu32, pattern->fanout);
  if (pattern->edge_count) fprintf(out, " edges %" PRIu64, pattern->edge_count);
  switch (pattern->kind) {
  case PATTERN_CLASHFREE:
    fprintf(out, " banks %" PRIu32 " type %" PRIu32 "%s seed %" PRIu64, pattern->banks,
            pattern->type, pattern->has_dither ? " dither" : "", pattern->seed);
    break;
  case PATTERN_RANDOM:
  case PATTERN_STRUCTURED: fprintf(out, " seed %" PRIu64, pattern->seed); break;
  case PATTERN_WINDOW:
    for (uint32_t i = 0; i < pattern->axis_count; i++) {
      fprintf(out, "%s%" PRIu32 " by %" PRIu32, i > 0 ? ", " : " size and stride ",
              pattern->window[i], pattern->stride[i]);
    }
    break;
  case PATTERN_EDGES: fprintf(out, " file %s", pattern->path); break;
  case PATTERN_DENSE:
  case PATTERN_OWN: break;
  }
  fputc('\n', out);
}

static void dump_hardware(const Hardware *h, FILE *out) {
  fprintf(out, "hardware %s\n  clock %.17g Hz, ports %" PRIu32 ", stages %" PRIu32 "\n",
          h->name.text, h->clock_hz, h->ports, h->stages);
  if (h->has_multiplier_limit) fprintf(out, "  multipliers %" PRIu64 "\n", h->multipliers);
  if (h->has_block_ram_limit) fprintf(out, "  block RAM %" PRIu64 " bits\n", h->block_ram_bits);
  static const char *const roundings[] = {[ROUNDING_KIND_NEAREST] = "nearest",
                                          [ROUNDING_KIND_TRUNCATE] = "truncate",
                                          [ROUNDING_KIND_STOCHASTIC] = "stochastic"};
  if (h->is_fixed) {
    fprintf(out, "  fixed width %" PRIu32 " integer %" PRIu32 " rounding %s\n", h->width,
            h->integer, roundings[h->rounding]);
  } else {
    fputs("  float32\n", out);
  }
  fputs("  z", out);
  if (h->is_z_auto) fputs(" auto", out);
  for (uint32_t i = 0; !h->is_z_auto && i < h->z_count; i++) fprintf(out, " %" PRIu32, h->z[i]);
  fputc('\n', out);
}

static const char *data_name(DataKind kind) {
  switch (kind) {
#define DATA(id, name, help)                                                                       \
  case DATA_##id:                                                                                  \
    return name;
#include "lang/data_sources.def"
#undef DATA
  case DATA_KIND_COUNT: break;
  }
  assert(false && "data of no kind");
  return "";
}

static void dump_training(const Training *t, FILE *out) {
  static const char *const optimizers[] = {
#define OPTIMIZER(id, name, help) [OPTIMIZER_KIND_##id] = name,
#include "lang/optimizers.def"
#undef OPTIMIZER
  };
  static const char *const initializers[] = {
#define INITIALIZER(id, name, help) [INITIALIZER_##id] = name,
#include "lang/initializers.def"
#undef INITIALIZER
  };
  const Rate *rate = &t->optimizer.rate;
  fprintf(out, "train %s\n  data %s%s%s\n", t->name.text, data_name(t->data.kind),
          t->data.path ? " " : "", t->data.path ? t->data.path : "");
  fprintf(out, "  loss %s\n", t->loss == LOSS_KIND_QUADRATIC ? "quadratic" : "cross_entropy");
  fprintf(out, "  optimizer %s, l2 %.17g\n", optimizers[t->optimizer.kind], t->optimizer.l2);
  switch (rate->kind) {
  case RATE_CONSTANT: fprintf(out, "  rate %.17g\n", rate->from); break;
  case RATE_STEP:
    fprintf(out, "  rate %.17g times %.17g every %" PRIu32 " epochs, at least %.17g\n", rate->from,
            rate->factor, rate->every, rate->floor);
    break;
  case RATE_COSINE: fprintf(out, "  rate %.17g to %.17g by cosine\n", rate->from, rate->to); break;
  }
  fprintf(out, "  init %s seed %" PRIu64 "\n", initializers[t->init.kind], t->init.seed);
  fprintf(out, "  order %s, batch %" PRIu32 ", epochs %" PRIu32 ", shuffle %s, seed %" PRIu64 "\n",
          t->is_pipelined ? "pipelined" : "sequential", t->batch, t->epochs,
          t->is_shuffled ? "true" : "false", t->seed);
}

void dump_program(const Compilation *c, FILE *out) {
  const Network *network = &c->program->network;
  fprintf(out, "network %s\n", network->name.text);
  for (uint32_t i = 0; i < network->layer_count; i++) {
    const NetworkLayer *layer = &network->layers[i];
    fprintf(out, "  layer %" PRIu32 ": %s, %" PRIu32 " neurons, %" PRIu32 " real", i,
            layer->name.text, layer->neuron_count, layer->real_count);
    if (i > 0) fprintf(out, ", %s", activation_name(layer));
    fputc('\n', out);
  }
  for (uint32_t i = 0; i < network->junction_count; i++) {
    fprintf(out, "  junction %" PRIu32 ": ", i + 1);
    dump_pattern(&network->junctions[i].pattern, out);
  }
  dump_hardware(&c->program->hardware, out);
  dump_training(&c->program->training, out);
}

/* ---- edges ---- */

void dump_edges(const Compilation *c, FILE *out) {
  for (uint32_t i = 0; i < c->program->network.junction_count; i++) {
    const Interleaver *edges = &c->edges[i];
    fprintf(out, "junction %" PRIu32 ": %" PRIu32 " -> %" PRIu32 ", %" PRIu32 " edges\n", i + 1,
            edges->left_count, edges->right_count, edges->edge_count);
    for (uint32_t right = 0; right < edges->right_count; right++) {
      fprintf(out, "  %" PRIu32 ":", right);
      for (uint32_t e = interleaver_begin(edges, right); e < interleaver_begin(edges, right + 1);
           e++) {
        fprintf(out, " %" PRIu32, interleaver_left(edges, e));
      }
      fputc('\n', out);
    }
  }
}

/* ---- model ---- */

void dump_model(const Compilation *c, FILE *out) {
  const Model *model = c->model;
  char digest[65];
  model_digest(model, digest);
  fprintf(out, "model %s\n  digest %s\n  parameters %" PRIu64 "\n", model->name, digest,
          model_parameter_count(model));
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    const Layer *layer = &model->layers[i];
    fprintf(out, "  layer %" PRIu32 ": %s, %" PRIu32 " neurons, %" PRIu32 " real", i, layer->name,
            layer->neuron_count, layer->real_count);
    if (i > 0) fprintf(out, ", %s", layer->activation.name);
    fputc('\n', out);
  }
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Junction *junction = &model->junctions[i];
    fprintf(out, "  junction %" PRIu32 ": ", i + 1);
    switch (junction->sum_order) {
    case SUM_BY_LANE:
      fprintf(out, "sums in 16 lanes%s\n", junction->is_place_left ? ", by left neuron" : "");
      break;
    case SUM_BY_SEGMENT:
      fprintf(out, "sums in pieces of %" PRIu32 " edges\n", junction->segment);
      break;
    case SUM_BY_LEFT: fputs("sums by ascending left neuron\n", out); break;
    }
  }
}

/* ---- fit ---- */

static void dump_resources(const Resources *r, FILE *out) {
  fprintf(out,
          "    multipliers %" PRIu64 " (ff %" PRIu64 " bp %" PRIu64 " up %" PRIu64
          "), adders %" PRIu64 " (ff %" PRIu64 " bp %" PRIu64 " up %" PRIu64 ")\n",
          r->multipliers, r->ff_multipliers, r->bp_multipliers, r->up_multipliers, r->adders,
          r->ff_adders, r->bp_adders, r->up_adders);
  fprintf(out,
          "    neuron units %" PRIu64 ", banks %" PRIu64 ", memory %" PRIu64
          " bits, forwarding registers %" PRIu64 "\n",
          r->neuron_units, r->memory_banks, r->memory_bits, r->forwarding_registers);
}

void dump_fit(const Compilation *c, FILE *out) {
  const Fit *fit = c->fit;
  fprintf(out, "fit, z %s\n", fit->is_z_chosen ? "chosen" : "given");
  for (uint32_t i = 0; i < c->model->junction_count; i++) {
    fprintf(out, "  junction %" PRIu32 ": z %" PRIu32 ", remedy %s\n", i + 1, fit->z[i],
            remedy_name(fit->remedies[i]));
    dump_resources(&fit->junction_used[i], out);
  }
  fputs("  all\n", out);
  dump_resources(&fit->used, out);
}

/* ---- schedule ---- */

void dump_schedule(const Compilation *c, FILE *out) {
  const ScheduleReport report = {.schedule = c->schedule, .view = {.junction = UINT32_MAX}};
  print_schedule_text(&report, out);
}
