// SPDX-License-Identifier: MIT
// From an invocation to an engine that can work: what train, test and predict begin with.
#include "compiler/open_engine.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/compile.h"
#include "compiler/load_data.h"
#include "compiler/make_recipe.h"
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

/* Reports through the diagnostics of the compilation, so that a failure looks like any other
 * message. */
static ExitCode report_run_failure(void *context, const Failure *failure) {
  const Session *session = context;
  return report_failure(session->invocation, session->c, failure);
}

static bool fill_session(Session *session, bool needs_data, ExitCode *code) {
  const Invocation *invocation = session->invocation;
  const Options *options = &invocation->options;
  Failure failure = {0};
  session->recipe = make_recipe(session->c);
  if (needs_data && !load_data(session->c, options->run.data, &session->data)) {
    *code = report_messages(invocation, session->c);
    return false;
  }
  report_warnings(invocation, session->c);
  session->engine = open_engine(session->c, options, options->engine, &failure);
  if (session->engine &&
      (!options->run.load || load_parameters(options->run.load, session->engine, &failure)))
    return true;
  *code = report_failure(invocation, session->c, &failure);
  return false;
}

bool session_open(const Invocation *invocation, bool needs_data, Session *session, ExitCode *code) {
  *session =
      (Session){.invocation = invocation, .c = compile_file(invocation, PASS_SCHEDULE, code)};
  if (!session->c) return false;
  if (fill_session(session, needs_data, code)) return true;
  session_close(session);
  return false;
}

void session_close(Session *session) {
  engine_close(session->engine);
  dataset_close(&session->data);
  compilation_close(session->c);
  *session = (Session){0};
}

Run session_run(Session *session) {
  const Invocation *invocation = session->invocation;
  const bool is_given = invocation->argument_count > 0;
  const EngineChoice *choice = find_engine(session->engine->kind->name);
  return (Run){
      .options = &invocation->options.run,
      .recipe = &session->recipe,
      .data = &session->data,
      .engine = session->engine,
      .input = invocation->argument_count > 1 ? invocation->arguments[1] : NULL,
      .program = "sedge",
      .color = invocation->options.color,
      .again = arena_print(invocation->arena, "sedge %s%s%s", commands[invocation->verb].name,
                           is_given ? " " : "", is_given ? invocation->arguments[0] : ""),
      .report = report_run_failure,
      .print_counts = choice ? choice->print_counts : NULL,
      .context = session,
  };
}
