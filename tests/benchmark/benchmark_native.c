// SPDX-License-Identifier: MIT
// How fast native code trains, beside what else trains the same networks, in one run.
//
// Usage: benchmark_native [--seconds S] [--threads N] [NAME...]: measures the networks of tests/benchmark/networks (all, or those named), each in the
// ways of the table below: sedge and every peer in turns, medians of five turns, ratios.  One thread unless said.  Peers that were not
// found when this was built are named as absent.  Inputs are random numbers, 512 of them again and again, already in memory.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/native_engine.h"
#include "compiler/passes.h"
#include "runtime/native.h"
#include "tests/benchmark/peers.h"

enum { TURNS = 5, EXAMPLES = 512, MOST_PEERS = 4 };

/* What is measured: bars and aims are ratios over the C loops by clang. */
typedef struct Measurement {
  const char *name, *file, *defines;
  uint32_t batch;
  bool is_fixed;
  double bar, aim;
} Measurement;

static const Measurement measurements[] = {
    {"S1", "s1", NULL, 1, false, 8, 14},
    {"S1-512", "s1", "b1=512,b2=32", 1, false, 8, 14},
    {"S2", "s2", NULL, 1, false, 6, 9},
    {"S2-fixed", "s2", NULL, 1, true, 0, 0},
    {"M1", "m1", NULL, 1, false, 8, 13},
    {"L1", "l1", NULL, 1, false, 7, 11},
    {"L1-2048", "l1", "b1=2048", 1, false, 7, 11},
    {"U1", "u1", NULL, 1, false, 1.5, 0},
    {"S1-b64", "s1", NULL, 64, false, 2.3, 3.3},
    {"M1-b128", "m1", NULL, 128, false, 1.6, 2.2},
    {"M2-b64", "m2", NULL, 64, false, 2.7, 3.8},
    {"L1-b128", "l1", NULL, 128, false, 2, 2.8},
    {"U1-b64", "u1", NULL, 64, false, 2, 0},
};

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double values[TURNS]) {
  qsort(values, TURNS, sizeof *values, compare_doubles);
  return values[TURNS / 2];
}

/* ---- the network as peers see it, and its inputs ---- */

static PeerNetwork make_network(const Model *model) {
  const uint32_t count = model->junction_count, p = model->layers[0].neuron_count;
  uint32_t *neurons = calloc(count + 1, sizeof *neurons), **left = calloc(count, sizeof *left);
  uint32_t **begin = calloc(count, sizeof *begin), *labels = calloc(EXAMPLES, sizeof *labels);
  float *examples = aligned_alloc(64, sizeof *examples * EXAMPLES * p);
  uint32_t state = 1;
  for (uint64_t i = 0; i < (uint64_t)EXAMPLES * p; i++) {
    state = state * 1664525 + 1013904223;
    examples[i] = i % p < model->layers[0].real_count ? (float)(state >> 24) / 255.0F : 0.0F;
  }
  for (uint32_t i = 0; i < EXAMPLES; i++) labels[i] = i % model->layers[count].real_count;
  for (uint32_t i = 0; i < count; i++) {
    const Interleaver *edges = &model->junctions[i].edges;
    left[i] = calloc(edges->edge_count + 1, sizeof **left);
    begin[i] = calloc(edges->right_count + 1, sizeof **begin);
    interleaver_expand(edges, 0, edges->edge_count, left[i]);
    for (uint32_t r = 0; r <= edges->right_count; r++) begin[i][r] = interleaver_begin(edges, r);
  }
  for (uint32_t i = 0; i <= count; i++) neurons[i] = model->layers[i].neuron_count;
  return (PeerNetwork){.junction_count = count,
                       .batch = model->batch,
                       .neurons = neurons,
                       .left = (const uint32_t *const *)left,
                       .right_begin = (const uint32_t *const *)begin,
                       .example_count = EXAMPLES,
                       .examples = examples,
                       .labels = labels,
                       .rate = 1.0F / 64};
}

static void free_network(const PeerNetwork *n) {
  for (uint32_t i = 0; i < n->junction_count; i++) {
    free((void *)n->left[i]);
    free((void *)n->right_begin[i]);
  }
  free((void *)n->left);
  free((void *)n->right_begin);
  free((void *)n->neurons);
  free((void *)n->examples);
  free((void *)n->labels);
}

/* ---- sedge ---- */

typedef struct Sedge {
  Engine *engine;
  Examples examples;
  uint32_t order[EXAMPLES];
} Sedge;

static void sedge_run(Sedge *s, uint64_t inputs, bool is_training) {
  Tally tally = {0};
  Failure failure = {0};
  const TrainRun run = {
      .examples = &s->examples, .order = s->order, .count = EXAMPLES, .rate = 1.0 / 64};
  for (uint64_t done = 0; done < inputs; done += EXAMPLES) {
    const bool is_good = is_training ? engine_train(s->engine, &run, &tally, &failure)
                                     : engine_infer(s->engine, &s->examples, 0, EXAMPLES, NULL,
                                                    NULL, &tally, &failure);
    if (is_good) continue;
    fprintf(stderr, "%s\n", failure.message);
    exit(1);
  }
}

/* ---- one measurement ---- */

/* Ours is runner 0. */
typedef struct Runner {
  const Peer *peer;
  void *open;
  uint64_t inputs; /* of a turn */
  double rates[TURNS];
} Runner;

static double run_once(Runner *r, Sedge *sedge, bool is_training) {
  const double begin = seconds_now();
  if (!r->peer) {
    sedge_run(sedge, r->inputs, is_training);
  } else if (is_training) {
    r->peer->train(r->open, r->inputs);
  } else {
    r->peer->infer(r->open, r->inputs);
  }
  return seconds_now() - begin;
}

static void measure_turns(Runner *runners, uint32_t count, Sedge *sedge, bool is_training,
                          double seconds) {
  for (uint32_t i = 0; i < count; i++) {
    runners[i].inputs = EXAMPLES;
    double spent = run_once(&runners[i], sedge, is_training);
    spent = run_once(&runners[i], sedge, is_training);
    const double wanted = seconds / spent * EXAMPLES;
    runners[i].inputs = wanted > EXAMPLES ? (uint64_t)wanted / EXAMPLES * EXAMPLES : EXAMPLES;
  }
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    for (uint32_t i = 0; i < count; i++)
      runners[i].rates[turn] =
          (double)runners[i].inputs / run_once(&runners[i], sedge, is_training);
  }
}

static void print_runners(const Measurement *m, Runner *runners, uint32_t count, bool is_training) {
  const double ours = median(runners[0].rates);
  printf("%-9s %-9s sedge %12.0f inputs/s", m->name, is_training ? "training" : "inference", ours);
  for (uint32_t i = 1; i < count; i++)
    printf("; %s %.0f: %.2f", runners[i].peer->name, median(runners[i].rates),
           ours / median(runners[i].rates));
  if (is_training && m->bar > 0) printf("   (bar %.1f, aim %.1f)", m->bar, m->aim);
  putchar('\n');
  fflush(stdout);
}

static Compilation *compile(const Measurement *m) {
  static char path[512], batch[32], defines[128];
  static const char *list[8];
  snprintf(path, sizeof path, "%s/tests/benchmark/networks/%s.sedge", SEDGE_SOURCE_DIR, m->file);
  snprintf(batch, sizeof batch, "batch=%" PRIu32, m->batch);
  snprintf(defines, sizeof defines, "%s", m->defines ? m->defines : "");
  uint32_t count = 0;
  list[count++] = batch;
  for (char *at = strtok(defines, ","); at; at = strtok(NULL, ",")) list[count++] = at;
  const CheckOptions options = {
      .defines = list, .define_count = count, .hardware = m->is_fixed ? "fixed12" : "float"};
  Compilation *c = compilation_open(path, NULL, &options);
  if (run_passes(c, PASS_SCHEDULE)) return c;
  print_diagnostics(c->diagnostics, stderr, false);
  exit(1);
}

static void measure(const Measurement *m, double seconds, uint32_t threads) {
  const Peer *const peers[MOST_PEERS] = {peer_loops_clang, peer_loops_gcc, peer_fann,
                                         peer_openblas};
  Compilation *c = compile(m);
  Failure failure = {0};
  const PeerNetwork network = make_network(c->model);
  const Options options = {.threads = {.is_given = true, .value = threads}};
  Sedge sedge = {.engine = open_native(c, &options, &failure),
                 .examples = {.count = EXAMPLES,
                              .features = network.neurons[0],
                              .floats = network.examples,
                              .labels = network.labels}};
  if (!sedge.engine) {
    fprintf(stderr, "%s\n", failure.message);
    exit(1);
  }
  for (uint32_t i = 0; i < EXAMPLES; i++) sedge.order[i] = i;
  Runner runners[MOST_PEERS + 1] = {{0}};
  uint32_t count = 1;
  for (uint32_t i = 0; i < MOST_PEERS; i++) {
    const bool can =
        peers[i] && (m->batch > 1 ? peers[i]->trains_batches : peers[i]->trains_online);
    if (can) runners[count++] = (Runner){.peer = peers[i], .open = peers[i]->open(&network)};
  }
  for (int is_training = 1; is_training >= 0; is_training--) {
    measure_turns(runners, count, &sedge, is_training, seconds);
    print_runners(m, runners, count, is_training);
  }
  for (uint32_t i = 1; i < count; i++) runners[i].peer->close(runners[i].open);
  engine_close(sedge.engine);
  compilation_close(c);
  free_network(&network);
}

static bool is_wanted(const char *name, int argc, char **argv, int first) {
  if (first >= argc) return true;
  for (int i = first; i < argc; i++) {
    if (strcmp(argv[i], name) == 0) return true;
  }
  return false;
}

int main(int argc, char **argv) {
  double seconds = 0.3;
  uint32_t threads = 1;
  int first = 1;
  for (; first + 1 < argc && strncmp(argv[first], "--", 2) == 0; first += 2) {
    if (strcmp(argv[first], "--seconds") == 0) seconds = strtod(argv[first + 1], NULL);
    if (strcmp(argv[first], "--threads") == 0)
      threads = (uint32_t)strtoul(argv[first + 1], NULL, 10);
  }
  if (!peer_loops_clang) puts("absent: clang's C loops");
  if (!peer_fann) puts("absent: FANN");
  if (!peer_openblas) puts("absent: OpenBLAS");
  for (size_t i = 0; i < sizeof measurements / sizeof measurements[0]; i++) {
    if (is_wanted(measurements[i].name, argc, argv, first))
      measure(&measurements[i], seconds, threads);
  }
  return 0;
}
