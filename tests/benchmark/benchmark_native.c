// SPDX-License-Identifier: MIT
// How fast native code trains, beside what else trains the same networks, in one run.
//
// Usage: benchmark_native [OPTION...] [NAME...]: measures the networks of the table below (all, or those named): sedge and every peer
// in turns, medians of five turns, ratios.  Peers that were not found when this was built are named as absent.  Inputs are random
// numbers, 512 of them again and again, already in memory.  Time is the thread's own on the processor, since other programs may
// run beside us; with several threads it is the clock's.
#include <inttypes.h>
#include <popt.h>
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

/* What the user asked for. */
typedef struct Settings {
  double seconds; /* of a turn */
  uint32_t threads;
  bool has_inference;
  const char *peers; /* keys, separated by commas; NULL: all */
} Settings;

static double seconds_now(const Settings *settings) {
  struct timespec now;
  clock_gettime(settings->threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &now);
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

/* real [EXAMPLES][real neurons] becomes [EXAMPLES][neurons], padded with zeros: what peers read. */
static float *pad_examples(const float *real, const Layer *input) {
  const uint64_t neurons = input->neuron_count, features = input->real_count;
  float *padded = calloc(EXAMPLES * neurons, sizeof *padded);
  for (uint64_t i = 0; i < EXAMPLES; i++)
    memcpy(padded + i * neurons, real + i * features, features * sizeof *real);
  return padded;
}

static float *make_examples(const Layer *input) {
  float *real = calloc((uint64_t)EXAMPLES * input->real_count, sizeof *real);
  uint32_t state = 1;
  for (uint64_t i = 0; i < (uint64_t)EXAMPLES * input->real_count; i++) {
    state = state * 1664525 + 1013904223;
    real[i] = (float)(state >> 24) / 255.0F;
  }
  return real;
}

static PeerNetwork make_network(const Model *model, const float *examples) {
  const uint32_t count = model->junction_count;
  uint32_t *neurons = calloc(count + 1, sizeof *neurons), **left = calloc(count, sizeof *left);
  uint32_t **begin = calloc(count, sizeof *begin), *labels = calloc(EXAMPLES, sizeof *labels);
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
                       .examples = pad_examples(examples, &model->layers[0]),
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
  for (uint64_t done = 0; done < inputs; done += EXAMPLES) {
    const uint64_t count = inputs - done < EXAMPLES ? inputs - done : EXAMPLES;
    const TrainRun run = {
        .examples = &s->examples, .order = s->order, .count = count, .rate = 1.0 / 64};
    const bool is_good =
        is_training ? engine_train(s->engine, &run, &tally, &failure)
                    : engine_infer(s->engine, &s->examples, 0, count, NULL, NULL, &tally, &failure);
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

static double run_once(Runner *r, Sedge *sedge, bool is_training, const Settings *settings) {
  const double begin = seconds_now(settings);
  if (!r->peer) {
    sedge_run(sedge, r->inputs, is_training);
  } else if (is_training) {
    r->peer->train(r->open, r->inputs);
  } else {
    r->peer->infer(r->open, r->inputs);
  }
  return seconds_now(settings) - begin;
}

/* As many inputs as fill a turn, whole batches; a slow one runs one batch.  Warms up on the way. */
static void choose_inputs(Runner *r, uint32_t batch, Sedge *sedge, bool is_training,
                          const Settings *settings) {
  double spent = 0;
  r->inputs = batch;
  for (;; r->inputs *= 2) {
    spent = run_once(r, sedge, is_training, settings);
    if (spent >= settings->seconds / 4) break;
  }
  const double batches = settings->seconds / spent * (double)(r->inputs / batch);
  r->inputs = batches > 1 ? (uint64_t)batches * batch : batch;
}

static void measure_turns(Runner *runners, uint32_t count, uint32_t batch, Sedge *sedge,
                          bool is_training, const Settings *settings) {
  for (uint32_t i = 0; i < count; i++)
    choose_inputs(&runners[i], batch, sedge, is_training, settings);
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    for (uint32_t i = 0; i < count; i++)
      runners[i].rates[turn] =
          (double)runners[i].inputs / run_once(&runners[i], sedge, is_training, settings);
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

/* Whether `name` stands in a list separated by commas. */
static bool is_listed(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = list; at; at = strchr(at, ','), at += at != NULL) {
    if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return false;
}

static bool is_wanted_peer(const Peer *peer, const Measurement *m, const Settings *settings) {
  if (!peer || (settings->peers && !is_listed(settings->peers, peer->key))) return false;
  return m->batch > 1 ? peer->trains_batches : peer->trains_online;
}

static void measure(const Measurement *m, const Settings *settings) {
  const Peer *const peers[MOST_PEERS] = {peer_loops_clang, peer_loops_gcc, peer_fann,
                                         peer_openblas};
  Compilation *c = compile(m);
  Failure failure = {0};
  float *examples = make_examples(&c->model->layers[0]);
  const PeerNetwork network = make_network(c->model, examples);
  const Options options = {.run.threads = {.is_given = true, .value = settings->threads}};
  Sedge sedge = {.engine = open_native(c, &options, &failure),
                 .examples = {.count = EXAMPLES,
                              .features = c->model->layers[0].real_count,
                              .floats = examples,
                              .labels = network.labels}};
  if (!sedge.engine) {
    fprintf(stderr, "%s\n", failure.message);
    exit(1);
  }
  for (uint32_t i = 0; i < EXAMPLES; i++) sedge.order[i] = i;
  Runner runners[MOST_PEERS + 1] = {{0}};
  uint32_t count = 1;
  for (uint32_t i = 0; i < MOST_PEERS; i++) {
    if (is_wanted_peer(peers[i], m, settings))
      runners[count++] = (Runner){.peer = peers[i], .open = peers[i]->open(&network)};
  }
  for (int is_training = 1; is_training >= !settings->has_inference; is_training--) {
    measure_turns(runners, count, m->batch, &sedge, is_training, settings);
    print_runners(m, runners, count, is_training);
  }
  for (uint32_t i = 1; i < count; i++) runners[i].peer->close(runners[i].open);
  engine_close(sedge.engine);
  compilation_close(c);
  free_network(&network);
  free(examples);
}

/* ---- options ---- */

static bool is_wanted(const char *name, const char *const *names) {
  if (!names) return true;
  for (; *names; names++) {
    if (strcmp(*names, name) == 0) return true;
  }
  return false;
}

static void run_all(const Settings *settings, const char *const *names) {
  if (!peer_loops_clang) puts("absent: clang's C loops");
  if (!peer_fann) puts("absent: FANN");
  if (!peer_openblas) puts("absent: OpenBLAS");
  for (size_t i = 0; i < sizeof measurements / sizeof measurements[0]; i++) {
    if (is_wanted(measurements[i].name, names)) measure(&measurements[i], settings);
  }
}

int main(int argc, char **argv) {
  double seconds = 0.3;
  int threads = 1, is_quick = 0, has_no_inference = 0;
  char *peers = NULL;
  const struct poptOption options[] = {
      {"seconds", 's', POPT_ARG_DOUBLE, &seconds, 0, "how long a turn is", "S"},
      {"quick", 'q', POPT_ARG_NONE, &is_quick, 0, "turns of 0.05 seconds", NULL},
      {"threads", 't', POPT_ARG_INT, &threads, 0, "threads of sedge", "N"},
      {"peers", 'p', POPT_ARG_STRING, &peers, 0,
       "only these: none, or some of loops,gcc,fann,openblas", "LIST"},
      {"no-inference", 'n', POPT_ARG_NONE, &has_no_inference, 0, "measure training alone", NULL},
      POPT_AUTOHELP POPT_TABLEEND};
  poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
  poptSetOtherOptionHelp(context, "[OPTION...] [NETWORK...]");
  const int wrong = poptGetNextOpt(context);
  if (wrong < -1 || threads < 1 || !(seconds > 0)) {
    if (wrong < -1) fprintf(stderr, "%s: %s\n", poptBadOption(context, 0), poptStrerror(wrong));
    if (wrong == -1) fputs("--threads and --seconds must be above zero\n", stderr);
    poptFreeContext(context);
    return 2;
  }
  const Settings settings = {.seconds = is_quick ? 0.05 : seconds,
                             .threads = (uint32_t)threads,
                             .has_inference = !has_no_inference,
                             .peers = peers};
  run_all(&settings, poptGetArgs(context));
  free(peers);
  poptFreeContext(context);
  return 0;
}
