// SPDX-License-Identifier: MIT
// Runs the passes in their order; each pass's own work is done in the module that it calls.
#include "compiler/passes.h"

#include <assert.h>
#include <string.h>

#include "compiler/dump_passes.h"
#include "compiler/edges/edges.h"
#include "compiler/make_model.h"
#include "compiler/schedule/build_schedule.h"

static bool run_check_pass(Compilation *c) {
  c->checked = check_tree(c->path, c->text, &c->options, c->sources, c->diagnostics, c->arena);
  c->program = c->checked.program;
  return c->program != NULL;
}

static EdgesInput edges_input(const Compilation *c, uint32_t junction) {
  const Network *network = &c->program->network;
  return (EdgesInput){
      .network = network,
      .junction = junction,
      .folder = folder_of_span(c, network->junctions[junction].pattern.path_at),
  };
}

/* Places the edges of all junctions, so that one run reports every junction's mistake. */
static bool run_edges_pass(Compilation *c) {
  const uint32_t count = c->program->network.junction_count;
  Interleaver *edges = ARENA_ARRAY(c->arena, Interleaver, count);
  bool is_good = true;
  for (uint32_t i = 0; i < count; i++) {
    const EdgesInput input = edges_input(c, i);
    is_good &= place_edges(&input, c->diagnostics, c->arena, &edges[i]);
  }
  if (is_good) c->edges = edges;
  return is_good;
}

static bool verify_edges_pass(const Compilation *c) {
  bool is_good = true;
  for (uint32_t i = 0; i < c->program->network.junction_count; i++) {
    const EdgesInput input = edges_input(c, i);
    is_good &= verify_edges(&input, &c->edges[i], c->diagnostics);
  }
  return is_good;
}

static bool run_model_pass(Compilation *c) {
  c->model = make_model(c->program, c->edges, c->arena);
  return true;
}

static bool run_fit_pass(Compilation *c) {
  Fit *fit = ARENA_NEW(c->arena, Fit);
  if (!fit_hardware(c->program, c->model, c->diagnostics, c->arena, fit)) return false;
  c->fit = fit;
  return true;
}

static bool run_schedule_pass(Compilation *c) {
  const ScheduleInput input = {
      .model = c->model,
      .z = c->fit->z,
      .remedies = c->fit->remedies,
      .hardware = &c->program->hardware,
  };
  Schedule *schedule = ARENA_NEW(c->arena, Schedule);
  build_schedule(&input, c->arena, schedule);
  c->schedule = schedule;
  return true;
}

static bool verify_schedule_pass(const Compilation *c) {
  return verify_schedule(c->schedule, c->diagnostics);
}

const Pass passes[PASS_COUNT] = {
#define PASS(id, name, makes, run, verify, dump, why) {name, makes, run, verify, dump, why},
#include "compiler/passes.def"
#undef PASS
};

bool run_passes(Compilation *c, PassId last) {
  return run_passes_from(c, 0, last);
}

bool run_passes_from(Compilation *c, PassId first, PassId last) {
  assert(last < PASS_COUNT);
  for (uint32_t i = first; i <= last; i++) {
    const bool is_good = passes[i].run(c) && (!passes[i].verify || passes[i].verify(c));
    assert(is_good || error_count(c->diagnostics) > 0);
    if (!is_good) return false;
  }
  return true;
}

PassId find_pass(const char *name) {
  uint32_t i = 0;
  while (i < PASS_COUNT && strcmp(passes[i].name, name) != 0) i++;
  return (PassId)i;
}
