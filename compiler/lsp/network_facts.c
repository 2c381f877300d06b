// SPDX-License-Identifier: MIT
// Reads facts for people off the program, the edges, the fit and the schedule.
#include "compiler/lsp/network_facts.h"

#include <inttypes.h>

#include "runtime/verbs/output.h"

/* Whether the item is the block of that name, which may be no name at all: then its place tells. */
static bool is_block(const Item *item, ItemKind kind, Name name) {
  return item->kind == kind && item->name.at.begin == name.at.begin;
}

const Item *chosen_item(const Analysis *analysis, ItemKind kind) {
  const Compilation *c = analysis->c;
  const bool is_known = kind == ITEM_NETWORK ? c->checked.network != NULL : c->program != NULL;
  if (!is_known) return NULL;
  const Name name = kind == ITEM_NETWORK    ? c->checked.network->name
                    : kind == ITEM_HARDWARE ? c->program->hardware.name
                                            : c->program->training.name;
  for (const Item *item = c->checked.file->items; item; item = item->next) {
    if (is_block(item, kind, name)) return item;
  }
  return NULL;
}

const char *describe_layer(const Analysis *analysis, const Definition *layer, Arena *arena) {
  const Network *network = analysis->c->checked.network;
  if (!network || chosen_item(analysis, ITEM_NETWORK) != layer->item) return "";
  for (uint32_t i = 0; i < network->layer_count; i++) {
    const NetworkLayer *l = &network->layers[i];
    if (l->name.at.begin != layer->at.begin) continue;
    const char *padded = l->neuron_count == l->real_count
                             ? ""
                             : arena_print(arena, ", padded to %s", grouped(l->neuron_count));
    return arena_print(arena, "%s neurons%s", grouped(l->real_count), padded);
  }
  return "";
}

/* ---- junctions ---- */

/* Whether the statement makes this junction. */
static bool makes_junction(const Statement *s, const NetworkJunction *junction) {
  return s->at.begin <= junction->at.begin && junction->at.end <= s->at.end;
}

static const char *degree_text(const Interleaver *edges, Arena *arena) {
  if (edges->fanin == 0 || edges->fanout == 0) return "degrees vary";
  return arena_print(arena, "fan-in %s, fan-out %s", grouped(edges->fanin), grouped(edges->fanout));
}

/* What a junction is before its edges are placed: what the pattern promises. */
static const char *describe_promise(const Network *network, uint32_t i, Arena *arena) {
  const uint64_t all =
      (uint64_t)network->layers[i].neuron_count * network->layers[i + 1].neuron_count;
  const uint64_t edges = network->junctions[i].pattern.edge_count;
  if (edges == 0) return "";
  return arena_print(arena, "%s of %s edges, %.3g %%", grouped(edges), grouped(all),
                     100.0 * (double)edges / (double)all);
}

static const char *describe_edges(const Interleaver *edges, Arena *arena) {
  const uint64_t all = (uint64_t)edges->left_count * edges->right_count;
  return arena_print(arena, "%s of %s edges, %.3g %%; %s", grouped(edges->edge_count), grouped(all),
                     100.0 * edges->edge_count / (double)all, degree_text(edges, arena));
}

static const char *fit_text(const Compilation *c, uint32_t i, Arena *arena) {
  if (!c->schedule) return "";
  const JunctionSchedule *s = &c->schedule->junctions[i];
  return arena_print(arena, "z %s, %s clock%s", grouped(s->z), grouped(s->clock_count),
                     s->clock_count == 1 ? "" : "s");
}

const Statement *find_junction_statement(const Analysis *analysis, uint32_t offset) {
  const File *file = analysis->c->checked.file;
  for (const Item *item = file ? file->items : NULL; item; item = item->next) {
    if (item->kind != ITEM_NETWORK || offset < item->at.begin || offset > item->at.end) continue;
    for (const Statement *s = item->statements; s; s = s->next) {
      if (s->kind == STATEMENT_JUNCTION && s->at.begin <= offset && offset <= s->at.end) return s;
    }
  }
  return NULL;
}

const char *describe_junctions(const Analysis *analysis, const Statement *statement, Span arrow,
                               Arena *arena) {
  const Compilation *c = analysis->c;
  const char *text = "";
  const Network *network = c->checked.network;
  if (!network) return text;
  for (uint32_t i = 0; i < network->junction_count; i++) {
    const NetworkJunction *junction = &network->junctions[i];
    if (!makes_junction(statement, junction)) continue;
    const bool is_outside = arrow.begin < junction->at.begin || arrow.end > junction->at.end;
    if (!span_is_nowhere(arrow) && is_outside) continue;
    const char *edges =
        c->edges ? describe_edges(&c->edges[i], arena) : describe_promise(network, i, arena);
    const char *fit = fit_text(c, i, arena);
    text = arena_print(arena, "%s%s**junction %u** `%s -> %s`: %s%s%s", text, *text ? "\n\n" : "",
                       i + 1, network->layers[i].name.text, network->layers[i + 1].name.text, edges,
                       *fit ? "; " : "", fit);
  }
  return text;
}

const char *summarize_fit(const Analysis *analysis, const Statement *statement, Arena *arena) {
  const Compilation *c = analysis->c;
  const char *text = "";
  if (!c->schedule) return text;
  for (uint32_t i = 0; i < c->program->network.junction_count; i++) {
    if (makes_junction(statement, &c->program->network.junctions[i]))
      text = arena_print(arena, "%s%s%s", text, *text ? "; " : "", fit_text(c, i, arena));
  }
  return text;
}

const char *summarize_speed(const Analysis *analysis, Arena *arena) {
  const Schedule *s = analysis->c->schedule;
  if (!s) return "";
  const uint64_t clocks = (uint64_t)s->junction_cycle * s->initiation_interval;
  if (s->clock_hz <= 0.0) return arena_print(arena, "%s clocks an input", grouped(clocks));
  return arena_print(arena, "%s clocks an input, %s inputs a second", grouped(clocks),
                     grouped((uint64_t)(s->clock_hz / (double)clocks)));
}

/* ---- blocks ---- */

static const char *network_text(const Analysis *analysis, Arena *arena) {
  const Network *network = analysis->c->checked.network;
  uint64_t edges = 0, all = 0;
  const char *sizes = "";
  for (uint32_t i = 0; i < network->layer_count; i++) {
    if (i < 20)
      sizes =
          arena_print(arena, "%s%s%u", sizes, i > 0 ? "-" : "", network->layers[i].neuron_count);
    if (i > 0)
      all += (uint64_t)network->layers[i - 1].neuron_count * network->layers[i].neuron_count;
  }
  for (uint32_t i = 0; analysis->c->edges && i < network->junction_count; i++)
    edges += analysis->c->edges[i].edge_count;
  if (edges == 0) return sizes;
  return arena_print(arena, "%s: %s edges, %.3g %% of the dense network's", sizes, grouped(edges),
                     100.0 * (double)edges / (double)all);
}

const char *describe_block(const Analysis *analysis, const Item *item, Arena *arena) {
  const char *keyword = item->kind == ITEM_NETWORK    ? "network"
                        : item->kind == ITEM_HARDWARE ? "hardware"
                                                      : "train";
  const char *title = arena_print(arena, "%s **%s**", keyword, item->name.text);
  if (chosen_item(analysis, item->kind) != item) return title;
  const char *facts = item->kind == ITEM_NETWORK    ? network_text(analysis, arena)
                      : item->kind == ITEM_HARDWARE ? summarize_speed(analysis, arena)
                                                    : "";
  return arena_print(arena, "%s%s%s", title, *facts ? "\n\n" : "", facts);
}
