// SPDX-License-Identifier: MIT
// From an invocation to an engine that can work: what train, test and predict begin with.
#include "compiler/open_engine.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/compile.h"
#include "compiler/load_data.h"
#include "compiler/native_engine.h"
#include "compiler/report.h"
#include "lang/suggest.h"
#include "runtime/parameters.h"
#include "runtime/simulator.h"

typedef struct EngineChoice {
  const char *name;
  Engine *(*open)(const Compilation *c, const Options *options, Failure *failure);
  void (*print_counts)(const Engine *engine, FILE *out); /* or NULL */
} EngineChoice;

/* Operations, and uses of memory ports, of every junction; what never happened is left out. */
static void print_simulator_counts(const Engine *engine, FILE *out) {
  const SimulatorCounts counts = simulator_counts(engine);
  fprintf(out, "counted     %s junction cycles, %s clocks\n", grouped(counts.junction_cycles),
          grouped(counts.clocks));
  for (uint32_t i = 0; i < engine->model->junction_count; i++) {
    const JunctionCounts *junction = &counts.junctions[i];
    for (uint32_t op = 0; op < EDGE_OP_COUNT; op++) {
      if (junction->ops[op] == 0) continue;
      fprintf(out, "  junction %" PRIu32 "  %-20s %18s\n", i + 1, edge_op_info[op].name,
              grouped(junction->ops[op]));
    }
    for (uint32_t kind = 0; kind < MEMORY_KIND_COUNT; kind++) {
      if (junction->port_uses[kind] == 0) continue;
      fprintf(out, "  junction %" PRIu32 "  %-14s ports %18s\n", i + 1, memory_info[kind].name,
              grouped(junction->port_uses[kind]));
    }
  }
}

static Engine *open_simulator(const Compilation *c, const Options *options, Failure *failure) {
  (void)options;
  return simulator_open(c->schedule, failure);
}

static const EngineChoice engines[] = {
#define ENGINE(name, open, print_counts) {name, open, print_counts},
#include "compiler/engines.def"
#undef ENGINE
};

enum { ENGINE_TOTAL = sizeof engines / sizeof engines[0] };

static const EngineChoice *find_engine(const char *name) {
  if (!name) return &engines[0];
  for (size_t i = 0; i < ENGINE_TOTAL; i++) {
    if (strcmp(engines[i].name, name) == 0) return &engines[i];
  }
  return NULL;
}

bool is_engine_known(const Options *options) {
  if (find_engine(options->engine)) return true;
  usage_error("there is no engine '%s'; they are native and sim, the simulator", options->engine);
  return false;
}

Engine *open_engine(const Compilation *c, const Options *options, const char *name,
                    Failure *failure) {
  return find_engine(name)->open(c, options, failure);
}

bool session_open(const Invocation *invocation, Session *session, ExitCode *code) {
  const Options *options = &invocation->options;
  *session = (Session){.c = compile_file(invocation, PASS_SCHEDULE, code)};
  if (!session->c) return false;
  Failure failure = {0};
  if (!load_data(session->c, options->data, &session->data)) {
    *code = report_messages(invocation, session->c);
    session_close(session);
    return false;
  }
  report_warnings(invocation, session->c);
  session->engine = open_engine(session->c, options, options->engine, &failure);
  if (session->engine &&
      (!options->load || load_parameters(options->load, session->engine, &failure)))
    return true;
  *code = report_failure(invocation, session->c, &failure);
  session_close(session);
  return false;
}

void print_engine_counts(const Engine *engine, FILE *out) {
  const EngineChoice *choice = find_engine(engine->kind->name);
  if (choice && choice->print_counts) choice->print_counts(engine, out);
}

void session_close(Session *session) {
  engine_close(session->engine);
  dataset_close(&session->data);
  compilation_close(session->c);
  *session = (Session){0};
}

void print_session(const Session *session, FILE *out) {
  const Model *model = session->c->model;
  uint64_t edge_count = 0, dense_count = 0;
  char number[40];
  fprintf(out, "%s: ", model->name);
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    fprintf(out, "%s%" PRIu32, i > 0 ? "-" : "", model->layers[i].neuron_count);
  }
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Interleaver *edges = &model->junctions[i].edges;
    edge_count += edges->edge_count;
    dense_count += (uint64_t)edges->left_count * edges->right_count;
  }
  number_name(&model->number, number);
  fprintf(out, ", %s edges (%.1f %% of the dense network's), %s, %s, batch %" PRIu32 "\n",
          grouped(edge_count), 100.0 * (double)edge_count / (double)dense_count, number,
          model->is_pipelined ? "pipelined" : "sequential", model->batch);
}
