// SPDX-License-Identifier: MIT
// What compiling costs: seconds from a file to running code, pass by pass, and memory while
// training.
//
// Usage: benchmark_compile FILE.sedge [NAME=EXPR...]: compiles the file to its schedule and opens
// the native engine, trains a few inputs, and prints seconds of the clock and of the processor, and
// the memory's peak beside what the model must have: parameters, optimizer state, tables and
// activations.  What LLVM takes by itself is measured first, by a tiny model, and told apart.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/machine_limits.h"
#include "compiler/native_engine.h"
#include "compiler/passes.h"
#include "runtime/native.h"

/* ---- memory ---- */

/* A line of /proc/self/status, in bytes; 0 where there is none. */
static uint64_t status_bytes(const char *name) {
  char line[256];
  uint64_t kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) {
    if (strncmp(line, name, strlen(name)) == 0)
      kilobytes = strtoull(line + strlen(name) + 1, NULL, 10);
  }
  if (status) fclose(status);
  return kilobytes * 1024;
}

/* The tables of layout.h. */
static uint64_t table_bytes(const Model *model, uint32_t junction) {
  const Layout layout = choose_layout(model, junction);
  const Interleaver *edges = &model->junctions[junction].edges;
  const uint64_t word = sizeof(uint32_t), w = edges->edge_count;
  switch (layout.kind) {
  case LAYOUT_DENSE: return word * w;
  case LAYOUT_BLEND: return w / SUM_LANES * layout.rows * sizeof(uint16_t);
  case LAYOUT_ROTATE: return word * (w + w / layout.rows);
  case LAYOUT_GATHER: return word * (w + layout.slot_count + 2ull * edges->right_count);
  case LAYOUT_BATCH:
    return word * (2 * w + edges->right_count) +
           (junction > 0 ? word * (2 * w + edges->left_count) : 0);
  case LAYOUT_TILE: return (word + sizeof(uint16_t) * (junction > 0 ? 3 : 1)) * w;
  }
  return 0;
}

/* Everything that the model must have. */
static uint64_t needed_bytes(const Engine *engine) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < engine->tensor_count; i++)
    bytes += engine->tensors[i].stored * tensor_bytes(&engine->tensors[i]);
  for (uint32_t i = 0; i < engine->model->junction_count; i++)
    bytes += table_bytes(engine->model, i);
  return bytes;
}

/* ---- time ---- */

typedef struct Moment {
  double clock, processor;
} Moment;

static Moment moment(void) {
  return (Moment){clock_seconds(), thread_seconds()};
}

static void tell(const char *what, Moment begin) {
  const Moment end = moment();
  printf("  %-22s %9.3f s of the clock %9.3f s of the processor\n", what, end.clock - begin.clock,
         end.processor - begin.processor);
}

/* ---- one file ---- */

static void give_up(const Failure *failure) {
  fprintf(stderr, "%s\n", failure->message);
  exit(1);
}

static void train_some(Engine *engine) {
  const Model *model = engine->model;
  const uint32_t features = model->layers[0].real_count;
  const uint64_t count = 2ull * model->batch;
  uint8_t *bytes = calloc(count, features);
  uint32_t *labels = calloc(count, sizeof *labels), *order = calloc(count, sizeof *order);
  const Examples examples = {
      .count = count, .features = features, .bytes = bytes, .labels = labels};
  const TrainRun run = {.examples = &examples, .order = order, .count = count, .rate = 1.0 / 1024};
  Tally tally = {0};
  Failure failure = {0};
  if (!engine_train(engine, &run, &tally, &failure)) give_up(&failure);
  free(bytes);
  free(labels);
  free(order);
}

static Compilation *compile(const char *path, const char *const *defines, uint32_t count,
                            bool is_told) {
  const CheckOptions options = {.defines = defines, .define_count = count};
  Compilation *c = compilation_open(path, NULL, &options);
  for (PassId id = 0; id <= PASS_SCHEDULE; id++) {
    const Moment begin = moment();
    bool is_good = passes[id].run(c);
    if (is_told) tell(passes[id].name, begin);
    const Moment made = moment();
    is_good = is_good && (!passes[id].verify || passes[id].verify(c));
    if (is_told && passes[id].verify) tell("  and its verifier", made);
    if (is_good) continue;
    print_diagnostics(c->diagnostics, stderr, false);
    exit(1);
  }
  return c;
}

static Engine *open_code(const Compilation *c) {
  const Options options = {.run.threads = {.is_given = true, .value = 1}};
  Failure failure = {0};
  Engine *engine = open_native(c, &options, &failure);
  if (!engine) give_up(&failure);
  return engine;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s FILE.sedge [NAME=EXPR...]\n", argv[0]);
    return 2;
  }
  const Moment start = moment();
  Compilation *tiny = compile(SEDGE_SOURCE_DIR "/examples/morse.sedge", NULL, 0, false);
  engine_close(open_code(tiny));
  compilation_close(tiny);
  puts("before");
  tell("a tiny model, and LLVM", start);
  const uint64_t before = status_bytes("VmRSS");
  puts(argv[1]);
  const Moment begin = moment();
  Compilation *c = compile(argv[1], (const char *const *)argv + 2, (uint32_t)argc - 2, true);
  const Moment compiled = moment();
  Engine *engine = open_code(c);
  tell("LLVM, tables, weights", compiled);
  tell("all", begin);
  train_some(engine);
  const uint64_t needed = needed_bytes(engine), peak = status_bytes("VmHWM");
  printf("  memory: the model needs %.1f MB, the peak is %.1f MB more than before: %.2f times; "
         "%.1f MB in all\n",
         (double)needed * 1e-6, (double)(peak - before) * 1e-6,
         (double)(peak - before) / (double)needed, (double)peak * 1e-6);
  engine_close(engine);
  compilation_close(c);
  return 0;
}
