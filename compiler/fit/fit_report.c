// SPDX-License-Identifier: MIT
// The report of a fit.  Everything is read off the schedule and its counts.
#include "compiler/fit/fit_report.h"

#include <inttypes.h>
#include <math.h>

#include "compiler/edges/edges.h"
#include "compiler/schedule/schedule_formats.h"

/* Sizes of a network and of the same one dense. */
typedef struct Sizes {
  uint64_t edges, dense_edges; /* weights */
  uint64_t biases;
  uint64_t operations,
      dense_operations; /* multiply-adds a training input: FF, BP (not the first junction), UP */
} Sizes;

static Sizes measure(const Model *model) {
  Sizes sizes = {0};
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Interleaver *edges = &model->junctions[i].edges;
    const uint64_t dense = (uint64_t)edges->left_count * edges->right_count, phases = i > 0 ? 3 : 2;
    sizes.edges += edges->edge_count;
    sizes.dense_edges += dense;
    sizes.biases += edges->right_count;
    sizes.operations += phases * edges->edge_count;
    sizes.dense_operations += phases * dense;
  }
  return sizes;
}

static double inputs_per_second(const Schedule *s) {
  return s->clock_hz / ((double)s->junction_cycle * s->initiation_interval);
}

/* "1.25 M" and the like, three digits that count. */
static const char *scaled(double value, char text[32]) {
  static const char *const prefixes[] = {"", " k", " M", " G", " T", " P"};
  uint32_t prefix = 0;
  while (value >= 999.5 && prefix < 5) {
    value /= 1000.0;
    prefix++;
  }
  const int decimals = prefix == 0 && value == floor(value) ? 0
                       : value < 9.995                      ? 2
                       : value < 99.95                      ? 1
                                                            : 0;
  snprintf(text, 32, "%.*f%s", decimals, value, prefixes[prefix]);
  return text;
}

/* What stands out, where there are colours. */
static const char *bold(const FitReportInput *in) {
  return in->with_color ? "\033[1m" : "";
}

static const char *plain(const FitReportInput *in) {
  return in->with_color ? "\033[0m" : "";
}

static void print_speed(const FitReportInput *in, FILE *out) {
  char text[32];
  const Schedule *s = in->schedule;
  fprintf(out, "junction cycle   %" PRIu32 " clocks, an input every %" PRIu32 " clocks\n",
          s->junction_cycle, s->junction_cycle * s->initiation_interval);
  if (s->clock_hz > 0.0) {
    fprintf(out, "speed            %s%s inputs/s%s", bold(in), scaled(inputs_per_second(s), text),
            plain(in));
    fprintf(out, " at %sHz\n", scaled(s->clock_hz, text));
  }
}

static void print_limit(const char *name, uint64_t used, bool has_limit, uint64_t limit,
                        FILE *out) {
  char text[32];
  fprintf(out, "%-16s %10s", name, scaled((double)used, text));
  if (has_limit)
    fprintf(out, " of %s (%.1f %%)", scaled((double)limit, text),
            100.0 * (double)used / (double)limit);
  fputc('\n', out);
}

static void print_resources(const FitReportInput *in, FILE *out) {
  const Hardware *h = &in->program->hardware;
  const Resources *used = &in->fit->used;
  print_limit("multipliers", used->multipliers, h->has_multiplier_limit, h->multipliers, out);
  print_limit("adders", used->adders, false, 0, out);
  print_limit("neuron units", used->neuron_units, false, 0, out);
  print_limit("memory banks", used->memory_banks, false, 0, out);
  print_limit("memory bits", used->memory_bits, h->has_block_ram_limit, h->block_ram_bits, out);
  fprintf(out, "ports            %10" PRIu32 " of each bank\n", in->schedule->ports);
}

static void print_against_dense(const char *name, uint64_t sparse, uint64_t dense, FILE *out) {
  char a[32], b[32];
  fprintf(out, "%-16s %10s   dense %10s   %.1f times less\n", name, scaled((double)sparse, a),
          scaled((double)dense, b), (double)dense / (double)sparse);
}

/* Says why a junction is as slow as it is where its pattern, not the hardware, is the reason. */
static void print_clashing_patterns(const FitReportInput *in, FILE *out) {
  for (uint32_t i = 0; in->fit->is_z_chosen && i < in->model->junction_count; i++) {
    const Interleaver *e = &in->model->junctions[i].edges;
    uint32_t next = 2;
    while (next < e->left_count && e->left_count % next) next++;
    EdgeClash clash;
    if (in->fit->z[i] > 1 || e->edge_count < next || !edges_clash(e, next, &clash)) continue;
    fprintf(out,
            "junction %" PRIu32
            " reads an edge a clock: with more its memories would clash, unlike clashfree's\n",
            i + 1);
  }
}

void print_fit_report(const FitReportInput *in, FILE *out) {
  const Model *model = in->model;
  const Sizes sizes = measure(model);
  fprintf(out, "%snetwork '%s'%s: ", bold(in), model->name, plain(in));
  for (uint32_t i = 0; i <= model->junction_count; i++)
    fprintf(out, "%s%" PRIu32, i ? "-" : "", model->layers[i].neuron_count);
  fprintf(out, ", %.1f %% of the dense network's edges\n\n",
          100.0 * (double)sizes.edges / (double)sizes.dense_edges);
  fprintf(out,
          "%sjunction     edges  density  fan-in fan-out      z clocks  hazard     scatter%s\n",
          bold(in), plain(in));
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Interleaver *e = &model->junctions[i].edges;
    const JunctionSchedule *j = &in->schedule->junctions[i];
    const double edges = e->edge_count;
    fprintf(out,
            "%8" PRIu32 "%10" PRIu32 " %6.1f %% %7.4g %7.4g %6" PRIu32 " %6" PRIu32
            "  %-10s %6.3f\n",
            i + 1, e->edge_count, 100.0 * edges / ((double)e->left_count * e->right_count),
            edges / e->right_count, edges / e->left_count, j->z, j->clock_count,
            j->has_bp ? remedy_name(j->remedy) : "-", edges_scatter(e).scatter);
  }
  print_clashing_patterns(in, out);
  fputc('\n', out);
  print_speed(in, out);
  fputc('\n', out);
  print_resources(in, out);
  fputc('\n', out);
  print_against_dense("parameters", sizes.edges + sizes.biases, sizes.dense_edges + sizes.biases,
                      out);
  print_against_dense("operations", sizes.operations, sizes.dense_operations, out);
}

/* ---- JSON ---- */

static json_t *junction_json(const FitReportInput *in, uint32_t i) {
  const Interleaver *e = &in->model->junctions[i].edges;
  const JunctionSchedule *j = &in->schedule->junctions[i];
  const Resources *used = &in->fit->junction_used[i];
  const Scatter scatter = edges_scatter(e);
  return json_pack(
      "{s:i, s:i, s:i, s:i, s:f, s:i, s:i, s:i, s:i, s:s, s:I, s:I, s:{s:f, s:f, s:f}}", "junction",
      (int)i + 1, "left", (int)e->left_count, "right", (int)e->right_count, "edges",
      (int)e->edge_count, "density",
      (double)e->edge_count / ((double)e->left_count * e->right_count), "z", (int)j->z, "clocks",
      (int)j->clock_count, "bubbles", (int)j->bubble_count, "forwarding_registers",
      (int)j->forwarding_registers, "hazard", remedy_name(j->remedy), "multipliers",
      (json_int_t)used->multipliers, "adders", (json_int_t)used->adders, "scatter", "forward",
      scatter.forward, "backward", scatter.backward, "scatter", scatter.scatter);
}

static json_t *limit_json(uint64_t used, bool has_limit, uint64_t limit) {
  json_t *object = json_pack("{s:I}", "used", (json_int_t)used);
  json_object_set_new(object, "available",
                      has_limit ? json_integer((json_int_t)limit) : json_null());
  return object;
}

static json_t *against_json(uint64_t sparse, uint64_t dense) {
  return json_pack("{s:I, s:I, s:f}", "sparse", (json_int_t)sparse, "dense", (json_int_t)dense,
                   "factor", (double)dense / (double)sparse);
}

json_t *fit_report_json(const FitReportInput *in) {
  const Hardware *h = &in->program->hardware;
  const Resources *used = &in->fit->used;
  const Sizes sizes = measure(in->model);
  const uint64_t bits = in->model->number.is_fixed ? in->model->number.width : 32;
  json_t *junctions = json_array(), *z = json_array();
  for (uint32_t i = 0; i < in->model->junction_count; i++) {
    json_array_append_new(junctions, junction_json(in, i));
    json_array_append_new(z, json_integer(in->fit->z[i]));
  }
  json_t *report =
      json_pack("{s:s, s:o, s:b, s:o, s:i, s:i}", "network", in->model->name, "z", z, "z_is_chosen",
                in->fit->is_z_chosen, "junctions", junctions, "junction_cycle",
                (int)in->schedule->junction_cycle, "clocks_per_input",
                (int)(in->schedule->junction_cycle * in->schedule->initiation_interval));
  json_object_set_new(report, "clock_hz", h->clock_hz > 0.0 ? json_real(h->clock_hz) : json_null());
  json_object_set_new(report, "inputs_per_second",
                      h->clock_hz > 0.0 ? json_real(inputs_per_second(in->schedule)) : json_null());
  json_object_set_new(report, "multipliers",
                      limit_json(used->multipliers, h->has_multiplier_limit, h->multipliers));
  json_object_set_new(report, "block_ram_bits",
                      limit_json(used->memory_bits, h->has_block_ram_limit, h->block_ram_bits));
  json_object_set_new(report, "adders", json_integer((json_int_t)used->adders));
  json_object_set_new(report, "neuron_units", json_integer((json_int_t)used->neuron_units));
  json_object_set_new(report, "memory_banks", json_integer((json_int_t)used->memory_banks));
  json_object_set_new(report, "ports", json_integer(in->schedule->ports));
  json_object_set_new(report, "parameters",
                      against_json(sizes.edges + sizes.biases, sizes.dense_edges + sizes.biases));
  json_object_set_new(
      report, "parameter_bits",
      against_json(bits * (sizes.edges + sizes.biases), bits * (sizes.dense_edges + sizes.biases)));
  json_object_set_new(report, "operations", against_json(sizes.operations, sizes.dense_operations));
  return report;
}
