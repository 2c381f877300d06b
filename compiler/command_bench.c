// SPDX-License-Identifier: MIT
// sedge bench: inputs and edges a second, of the whole and of its parts, against what the machine
// can do.
//
// Inputs are random numbers in the form of the file's data (bytes or floats), so that no data set
// need be there; the rate is small, so that they cannot make the weights run away.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/bench_parts.h"
#include "compiler/command.h"
#include "compiler/machine_limits.h"
#include "compiler/open_engine.h"
#include "compiler/report.h"

enum { DEFAULT_SECONDS = 2, MOST_SECONDS = 3600, TURNS = 5, MOST_EXAMPLES = 512 };

#define LEAST_SECONDS 0.25

static const double training_rate = 1.0 / 1024;

/* What is measured, and what came out. */
typedef struct Bench {
  const Model *model;
  Engine *engine;
  Examples examples;
  uint32_t *order;      /* [order_count] */
  uint64_t order_count; /* whole batches */
  uint64_t ff_edges;    /* edge operations of an inference */
  uint64_t train_edges; /* of a training input: FF, UP, and BP but in the first junction */
  uint32_t threads;
  double seconds;             /* for all measurements */
  double inference, training; /* inputs a second */
  MachineLimits machine;
  BenchPart *parts;
  uint32_t part_count;
} Bench;

/* ---- inputs ---- */

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525 + 1013904223;
  return *state >> 24;
}

/* At most MOST_EXAMPLES, and of a size that any machine has room for. */
static bool make_examples(Bench *b, bool are_bytes) {
  enum { MOST_VALUES = 1 << 24 };
  const Layer *input = &b->model->layers[0], *output = &b->model->layers[b->model->junction_count];
  const uint64_t features = input->real_count, fitting = MOST_VALUES / features;
  const uint64_t count = fitting < 1 ? 1 : fitting < MOST_EXAMPLES ? fitting : MOST_EXAMPLES;
  const uint64_t batch = b->model->batch;
  b->order_count = batch < MOST_EXAMPLES ? MOST_EXAMPLES / batch * batch : batch;
  uint8_t *bytes = are_bytes ? malloc(count * features) : NULL;
  float *floats = are_bytes ? NULL : malloc(count * features * sizeof *floats);
  uint32_t *labels = malloc(count * sizeof *labels), state = 1;
  b->order = malloc(b->order_count * sizeof *b->order);
  b->examples = (Examples){.count = count,
                           .features = input->real_count,
                           .bytes = bytes,
                           .floats = floats,
                           .labels = labels};
  if (!(bytes || floats) || !labels || !b->order) return false;
  for (uint64_t i = 0; i < count * features; i++) {
    const uint32_t value = next_random(&state);
    if (bytes) bytes[i] = (uint8_t)value;
    if (floats) floats[i] = (float)value / 255.0F;
  }
  for (uint64_t i = 0; i < count; i++) labels[i] = (uint32_t)(i % output->real_count);
  for (uint64_t i = 0; i < b->order_count; i++) b->order[i] = (uint32_t)(i % count);
  return true;
}

static void free_examples(Bench *b) {
  free((void *)b->examples.bytes);
  free((void *)b->examples.floats);
  free((void *)b->examples.labels);
  free(b->order);
}

static void count_edges(Bench *b) {
  for (uint32_t i = 0; i < b->model->junction_count; i++) {
    const uint64_t edges = b->model->junctions[i].edges.edge_count;
    b->ff_edges += edges;
    b->train_edges += edges * (i > 0 ? 3 : 2);
  }
}

/* ---- the whole ---- */

static bool run_inputs(Bench *b, uint64_t inputs, bool is_training, Failure *failure) {
  const uint64_t most = is_training ? b->order_count : b->examples.count;
  bool is_good = true;
  for (uint64_t done = 0; is_good && done < inputs;) {
    const uint64_t count = inputs - done < most ? inputs - done : most;
    const TrainRun run = {
        .examples = &b->examples, .order = b->order, .count = count, .rate = training_rate};
    Tally tally = {0};
    is_good = is_training
                  ? engine_train(b->engine, &run, &tally, failure)
                  : engine_infer(b->engine, &b->examples, 0, count, NULL, NULL, &tally, failure);
    done += count;
  }
  return is_good;
}

static double now(const Bench *b) {
  return b->threads > 1 ? clock_seconds() : thread_seconds();
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median rate of a few turns of whole batches that take `seconds` together. */
static bool measure_rate(Bench *b, bool is_training, double seconds, double *rate,
                         Failure *failure) {
  double rates[TURNS];
  uint64_t inputs = b->model->batch;
  for (int turn = 0; turn < TURNS;) {
    const double begin = now(b);
    if (!run_inputs(b, inputs, is_training, failure)) return false;
    const double spent = now(b) - begin;
    if (turn == 0 && spent < seconds / TURNS / 2) {
      inputs *= 2;
      continue;
    }
    rates[turn++] = (double)inputs / spent;
  }
  qsort(rates, TURNS, sizeof *rates, compare_doubles);
  *rate = rates[TURNS / 2];
  return true;
}

static bool measure_all(Bench *b, Session *session, const Options *options, Failure *failure) {
  b->machine = measure_machine(b->seconds / 8);
  if (!measure_rate(b, false, b->seconds / 4, &b->inference, failure) ||
      !measure_rate(b, true, b->seconds / 4, &b->training, failure))
    return false;
  const bool is_native = strcmp(b->engine->kind->name, "native") == 0;
  b->parts = calloc(most_parts(b->model), sizeof *b->parts);
  if (!b->parts) return fail(failure, FAILURE_MEMORY, NULL, "no memory for the parts");
  const TrainRun run = {
      .examples = &b->examples, .order = b->order, .count = b->order_count, .rate = training_rate};
  return !is_native || measure_parts(session->c, options, &run, b->seconds * 3 / 8, b->parts,
                                     &b->part_count, failure);
}

/* ---- telling ---- */

static const char *part_title(const Bench *b, const BenchPart *part, char title[40]) {
  if (b->model->junction_count > 1 || part->edges > 0) {
    snprintf(title, 40, "junction %" PRIu32 " %s", part->junction + 1, part->name);
  } else {
    snprintf(title, 40, "%s", part->name);
  }
  return title;
}

static void print_row(const Bench *b, const char *title, double inputs, uint64_t edges) {
  const double rate = inputs * (double)edges;
  printf("%-22s %14s %12.1f %12.2f %11.1f %%\n", title, grouped((uint64_t)inputs), 1e9 / inputs,
         rate * 1e-9, 100 * rate / b->machine.multiply_adds);
}

static void print_parts(const Bench *b) {
  char title[40];
  double all = 0;
  printf("\n%-22s %14s %12s %12s %13s %14s\n", "parts, one thread", "inputs a call", "ns an input",
         "G edges/s", "of the limit", "weights GB/s");
  for (uint32_t i = 0; i < b->part_count; i++) {
    const BenchPart *part = &b->parts[i];
    const double rate = (double)part->edges / part->seconds;
    all += part->seconds;
    printf("%-22s %14" PRIu64 " %12.1f", part_title(b, part, title), part->inputs,
           1e9 * part->seconds);
    if (part->edges > 0)
      printf(" %12.2f %11.1f %% %14.1f", rate * 1e-9, 100 * rate / b->machine.multiply_adds,
             (double)part->weight_bytes / part->seconds / (double)part->inputs * 1e-9);
    putchar('\n');
  }
  printf("%-22s %14s %12.1f\n", "all parts", "", 1e9 * all);
}

static void print_bench(const Bench *b, bool is_quiet) {
  if (!is_quiet) {
    print_network(b->model, stdout);
    printf("inputs      made for this: %" PRIu64 " examples of random %s, in memory\n",
           b->examples.count, b->examples.bytes ? "bytes" : "numbers");
  }
  print_machine(&b->machine, stdout);
  printf("\n%-22s %14s %12s %12s %13s\n", "", "inputs/s", "ns an input", "G edges/s",
         "of the limit");
  char title[40];
  const char *const verbs[] = {"inference", "training"};
  for (int i = 0; i < 2; i++) {
    snprintf(title, sizeof title, b->threads > 1 ? "%s, %u threads" : "%s", verbs[i], b->threads);
    print_row(b, title, i == 0 ? b->inference : b->training, i == 0 ? b->ff_edges : b->train_edges);
  }
  if (b->part_count > 0) print_parts(b);
  if (!is_quiet)
    puts("\nAn edge counts once for each of FF, BP and UP; the limit is the machine's "
         "multiply-adds, one "
         "core's.");
}

static json_t *rate_json(const Bench *b, double inputs, uint64_t edges) {
  const double rate = inputs * (double)edges;
  return json_pack("{s:f, s:f, s:f}", "inputs_per_second", inputs, "edges_per_second", rate,
                   "share_of_limit", rate / b->machine.multiply_adds);
}

static json_t *parts_json(const Bench *b) {
  json_t *list = json_array();
  for (uint32_t i = 0; i < b->part_count; i++) {
    const BenchPart *part = &b->parts[i];
    const double rate = (double)part->edges / part->seconds;
    json_array_append_new(
        list,
        json_pack("{s:i, s:s, s:I, s:f, s:f, s:f, s:f}", "junction", (int)part->junction + 1,
                  "part", part->name, "inputs_per_call", (json_int_t)part->inputs,
                  "nanoseconds_per_input", 1e9 * part->seconds, "edges_per_second", rate,
                  "share_of_limit", rate / b->machine.multiply_adds, "weight_bytes_per_second",
                  (double)part->weight_bytes / part->seconds / (double)part->inputs));
  }
  return list;
}

static void print_bench_json(const Bench *b) {
  print_json_line(stdout,
                  json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o}", "event",
                            "bench", "network", b->model->name, "engine", b->engine->kind->name,
                            "edges", (json_int_t)b->ff_edges, "batch", (json_int_t)b->model->batch,
                            "threads", (json_int_t)b->threads, "data", "random", "machine",
                            machine_json(&b->machine), "inference",
                            rate_json(b, b->inference, b->ff_edges), "training",
                            rate_json(b, b->training, b->train_edges), "parts", parts_json(b)));
}

/* ---- the verb ---- */

static ExitCode run_bench(const Invocation *invocation, Session *session, const Options *options) {
  const OptionalCount *wanted = &options->seconds;
  const DataKind data = session->c->program->training.data.kind;
  Failure failure = {0};
  Bench b = {.model = session->c->model,
             .engine = session->engine,
             .threads = (uint32_t)options->run.threads.value,
             .seconds = wanted->is_given ? (double)wanted->value : DEFAULT_SECONDS};
  if (b.seconds > MOST_SECONDS) b.seconds = MOST_SECONDS;
  if (b.seconds < LEAST_SECONDS) b.seconds = LEAST_SECONDS;
  count_edges(&b);
  bool is_good = make_examples(&b, data == DATA_IDX || data == DATA_DIGITS);
  if (!is_good) fail(&failure, FAILURE_MEMORY, NULL, "no memory for the inputs");
  is_good = is_good && measure_all(&b, session, options, &failure);
  if (is_good && options->run.json) print_bench_json(&b);
  if (is_good && !options->run.json) print_bench(&b, options->run.quiet);
  free_examples(&b);
  free(b.parts);
  return is_good ? EXIT_DONE : report_failure(invocation, session->c, &failure);
}

ExitCode command_bench(const Invocation *invocation) {
  Invocation alone = *invocation;
  OptionalCount *threads = &alone.options.run.threads;
  const char *complaint = threads_complaint(&alone.options.run);
  if (complaint) return usage_error("%s", complaint);
  if (!is_engine_known(&alone.options)) return EXIT_USAGE;
  if (!threads->is_given) *threads = (OptionalCount){.is_given = true, .value = 1};
  Session session;
  ExitCode code = EXIT_DONE;
  if (!session_open(&alone, false, &session, &code)) return code;
  threads->value = run_threads(&alone.options.run, session.c->model);
  code = run_bench(&alone, &session, &alone.options);
  session_close(&session);
  return code;
}
