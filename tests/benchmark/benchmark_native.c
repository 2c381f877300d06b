// SPDX-License-Identifier: MIT
// How fast native code trains, beside what else trains the same networks, in one run.
//
// Usage: benchmark_native [OPTION...] [NAME...]: measures the networks of measurements.def (all, or
// those named): sedge and every peer in turns, medians of five turns, ratios, bars, and what share
// of the machine's multiply-adds that is.  Every peer is first made to prove that it does the same
// work (compare_peer).  Peers that were not found when this was built are named as absent.  Inputs
// are random numbers, the same few again and again, already in memory.  Time is the thread's own on
// the processor, since other programs may run beside us.
#include <inttypes.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/machine_limits.h"
#include "compiler/native_engine.h"
#include "compiler/passes.h"
#include "runtime/verbs/output.h"
#include "tests/benchmark/peer_network.h"
#include "tests/benchmark/peers.h"

enum { TURNS = 5, MOST_BARS = 4 };

static const double rate = 1.0 / 64;

/* A factor over a peer's rate, or over sedge's own of another measurement. */
typedef struct Bar {
  const char *key; /* NULL: none */
  double least, aim;
} Bar;

typedef struct Measurement {
  const char *name, *file, *parameters;
  uint32_t batch;
  const char *hardware;
  Bar bars[MOST_BARS];
} Measurement;

static const Measurement measurements[] = {
#define BAR(key, least, aim)                                                                       \
  { key, least, aim }
#define MEASUREMENT(name, file, parameters, batch, hardware, ...)                                  \
  {name, file, parameters, batch, hardware, {__VA_ARGS__}},
#include "tests/benchmark/measurements.def"
#undef MEASUREMENT
#undef BAR
};
enum { MEASUREMENT_COUNT = sizeof measurements / sizeof measurements[0] };

/* In the order in which they are told; the first is what most bars are measured against. */
static const struct {
  const char *key;
  const Peer *const *peer;
} peers[] = {{"loops", &peer_loops_clang}, {"gcc", &peer_loops_gcc}, {"fann", &peer_fann},
             {"openblas", &peer_openblas}, {"libxsmm", &peer_xsmm},  {"torch", &peer_torch}};
enum { PEER_COUNT = sizeof peers / sizeof peers[0] };

/* One run of this program. */
typedef struct Benchmark {
  double seconds; /* of a turn */
  uint32_t threads;
  bool has_inference;
  const char *peer_keys; /* separated by commas; NULL: all */
  MachineLimits machine;
  double own[MEASUREMENT_COUNT][2]; /* sedge's rates, [training] */
  uint32_t bars, bars_met;
  json_t *results; /* array */
} Benchmark;

/* ---- one runner ---- */

/* Sedge, or a peer; both go round the same examples. */
typedef struct Runner {
  const Peer *peer; /* NULL: sedge */
  void *open;       /* the peer's own, or the Subject */
  uint64_t inputs;  /* of a turn */
  double rates[TURNS], median;
} Runner;

static double time_of(const Runner *r) {
  return r->peer && r->peer->seconds ? r->peer->seconds(r->open) : thread_seconds();
}

static double run_once(Runner *r, bool is_training) {
  const double begin = time_of(r);
  if (!r->peer) {
    subject_run(r->open, r->inputs, rate, is_training);
  } else if (is_training) {
    r->peer->train(r->open, r->inputs);
  } else {
    r->peer->infer(r->open, r->inputs);
  }
  return time_of(r) - begin;
}

/* As many inputs as fill a turn, whole batches; a slow one runs one batch.  Warms up on the way. */
static void choose_inputs(Runner *r, uint32_t batch, bool is_training, double seconds) {
  double spent = 0;
  r->inputs = batch;
  for (;; r->inputs *= 2) {
    spent = run_once(r, is_training);
    if (spent >= seconds / 4) break;
  }
  const double batches = seconds / spent * (double)(r->inputs / batch);
  r->inputs = batches > 1 ? (uint64_t)batches * batch : batch;
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static bool can_run(const Peer *peer, uint32_t batch, bool is_training) {
  if (!peer) return true;
  if (is_training) return batch > 1 ? peer->trains_batches : peer->trains_online;
  return batch > 1 ? peer->infers_batches : peer->infers_online;
}

/* In turns, so that all see the same machine; a median of 0 is of one that cannot. */
static void measure_turns(Runner *runners, uint32_t count, uint32_t batch, bool is_training,
                          double seconds) {
  for (uint32_t i = 0; i < count; i++) {
    runners[i].median = 0;
    if (can_run(runners[i].peer, batch, is_training))
      choose_inputs(&runners[i], batch, is_training, seconds);
  }
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    for (uint32_t i = 0; i < count; i++) {
      Runner *r = &runners[i];
      if (can_run(r->peer, batch, is_training))
        r->rates[turn] = (double)r->inputs / run_once(r, is_training);
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!can_run(runners[i].peer, batch, is_training)) continue;
    qsort(runners[i].rates, TURNS, sizeof(double), compare_doubles);
    runners[i].median = runners[i].rates[TURNS / 2];
  }
}

/* ---- telling ---- */

static const Bar *bar_of(const Measurement *m, const char *key) {
  for (uint32_t i = 0; i < MOST_BARS; i++) {
    if (m->bars[i].key && strcmp(m->bars[i].key, key) == 0) return &m->bars[i];
  }
  return NULL;
}

/* A line for one comparison, and its object. */
static json_t *tell_ratio(Benchmark *b, const char *name, double theirs, double ours,
                          const Bar *bar) {
  const double ratio = ours / theirs;
  json_t *object =
      json_pack("{s:s, s:f, s:f}", "peer", name, "inputs_per_second", theirs, "ratio", ratio);
  printf("    %-18s %12.0f inputs/s %8.2f times", name, theirs, ratio);
  if (bar) {
    const bool is_met = ratio >= bar->least, is_aim_met = bar->aim > 0 && ratio >= bar->aim;
    b->bars++;
    b->bars_met += is_met;
    printf("   bar %5.1f", bar->least);
    if (bar->aim > 0) printf(", aim %4.1f", bar->aim);
    printf("   %s", !is_met ? "MISSED" : is_aim_met ? "met, and the aim" : "met");
    json_object_update_new(
        object, json_pack("{s:f, s:f, s:b}", "bar", bar->least, "aim", bar->aim, "is_met", is_met));
  }
  putchar('\n');
  fflush(stdout);
  return object;
}

/* Multiply-adds that an input costs: one an edge for FF, BP (not in the first junction) and UP. */
static uint64_t edge_operations(const Model *model, bool is_training) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < model->junction_count; i++)
    count += model->junctions[i].edges.edge_count * (is_training ? i > 0 ? 3ull : 2ull : 1ull);
  return count;
}

static void tell(Benchmark *b, const Measurement *m, const Model *model, const Runner *runners,
                 uint32_t count, bool is_training) {
  const double ours = runners[0].median;
  const double edges = ours * (double)edge_operations(model, is_training);
  const char *verb = is_training ? "training" : "inference";
  json_t *list = json_array();
  printf(
      "%-9s %-9s sedge %12s inputs/s   %5.1f G edge operations/s, %4.1f %% of the multiply-adds\n",
      m->name, verb, grouped((uint64_t)ours), edges * 1e-9, 100 * edges / b->machine.multiply_adds);
  b->own[m - measurements][is_training] = ours;
  for (uint32_t i = 1; i < count; i++) {
    if (runners[i].median > 0)
      json_array_append_new(list, tell_ratio(b, runners[i].peer->name, runners[i].median, ours,
                                             bar_of(m, runners[i].peer->key)));
  }
  for (uint32_t i = 0; i < MEASUREMENT_COUNT; i++) {
    const Bar *bar = bar_of(m, measurements[i].name);
    if (bar && b->own[i][is_training] > 0)
      json_array_append_new(list,
                            tell_ratio(b, measurements[i].name, b->own[i][is_training], ours, bar));
  }
  json_array_append_new(b->results, json_pack("{s:s, s:s, s:f, s:f, s:f, s:o}", "network", m->name,
                                              "what", verb, "inputs_per_second", ours,
                                              "edge_operations_per_second", edges, "share_of_limit",
                                              edges / b->machine.multiply_adds, "peers", list));
}

/* ---- one measurement ---- */

static Compilation *compile(const Measurement *m) {
  static char path[512], batch[32], parameters[128];
  static const char *list[8];
  snprintf(path, sizeof path, "%s/tests/benchmark/networks/%s.sedge", SEDGE_SOURCE_DIR, m->file);
  snprintf(batch, sizeof batch, "batch=%" PRIu32, m->batch);
  snprintf(parameters, sizeof parameters, "%s", m->parameters);
  uint32_t count = 0;
  list[count++] = batch;
  for (char *at = strtok(parameters, " "); at; at = strtok(NULL, " ")) list[count++] = at;
  const CheckOptions options = {.defines = list, .define_count = count, .hardware = m->hardware};
  Compilation *c = compilation_open(path, NULL, &options);
  if (run_passes(c, PASS_SCHEDULE)) return c;
  print_diagnostics(c->diagnostics, stderr, false);
  exit(1);
}

static Engine *open_engine_of(const Compilation *c, uint32_t threads) {
  const Options options = {.run.threads = {.is_given = true, .value = threads}};
  Failure failure = {0};
  Engine *engine = open_native(c, &options, &failure);
  if (engine) return engine;
  fprintf(stderr, "%s\n", failure.message);
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

/* Opens the peers that are wanted, can do something of this measurement, and prove to do the same
 * work. */
static uint32_t open_peers(const Benchmark *b, Subject *subject, Runner *runners) {
  const uint32_t batch = subject->network.batch;
  uint32_t count = 0;
  for (uint32_t i = 0; i < PEER_COUNT; i++) {
    const Peer *peer = *peers[i].peer;
    if (!peer || (b->peer_keys && !is_listed(b->peer_keys, peer->key))) continue;
    if (!can_run(peer, batch, true) && !(b->has_inference && can_run(peer, batch, false))) continue;
    void *open = peer->open(&subject->network);
    const char *problem = open ? compare_peer(subject, peer, open) : "it cannot be started";
    if (!problem) {
      runners[count++] = (Runner){.peer = peer, .open = open};
      continue;
    }
    printf("    %-18s left out: %s\n", peer->name, problem);
    if (open) peer->close(open);
  }
  return count;
}

/* How much faster several threads are, by the clock; the best of a few turns, because others may
 * use the processors too. */
static void measure_threads(Benchmark *b, const Measurement *m, const Compilation *c) {
  double best[2] = {0, 0};
  Engine *engines[] = {open_engine_of(c, 1), open_engine_of(c, b->threads)};
  Subject *subjects[] = {subject_open(engines[0], rate), subject_open(engines[1], rate)};
  for (int turn = 0; turn < 2 * TURNS; turn++) {
    const double begin = clock_seconds();
    uint64_t inputs = 0;
    for (; clock_seconds() - begin < b->seconds; inputs += m->batch)
      subject_run(subjects[turn % 2], m->batch, rate, true);
    const double reached = (double)inputs / (clock_seconds() - begin);
    if (reached > best[turn % 2]) best[turn % 2] = reached;
  }
  printf("    %" PRIu32
         " threads, sedge   %12.0f inputs/s %8.2f times one thread's %.0f, by the clock\n",
         b->threads, best[1], best[1] / best[0], best[0]);
  json_array_append_new(b->results, json_pack("{s:s, s:i, s:f, s:f}", "network", m->name, "threads",
                                              (int)b->threads, "inputs_per_second", best[1],
                                              "times_one_thread", best[1] / best[0]));
  for (int i = 0; i < 2; i++) {
    subject_close(subjects[i]);
    engine_close(engines[i]);
  }
}

static void measure(Benchmark *b, const Measurement *m) {
  Compilation *c = compile(m);
  Engine *engine = open_engine_of(c, 1);
  Subject *subject = subject_open(engine, rate);
  Runner runners[PEER_COUNT + 1] = {{.open = subject}};
  const uint32_t count = 1 + open_peers(b, subject, runners + 1);
  for (int is_training = 1; is_training >= !b->has_inference; is_training--) {
    measure_turns(runners, count, m->batch, is_training, b->seconds);
    tell(b, m, c->model, runners, count, is_training);
  }
  for (uint32_t i = 1; i < count; i++) runners[i].peer->close(runners[i].open);
  if (b->threads > 1 && m->batch > 1) measure_threads(b, m, c);
  subject_close(subject);
  engine_close(engine);
  compilation_close(c);
}

/* ---- the run ---- */

static bool is_wanted(const char *name, const char *const *names) {
  if (!names) return true;
  for (; *names; names++) {
    if (strcmp(*names, name) == 0) return true;
  }
  return false;
}

static void tell_absent(void) {
  for (uint32_t i = 0; i < PEER_COUNT; i++) {
    if (!*peers[i].peer) printf("absent      %s\n", peers[i].key);
  }
  if (openblas_core()) printf("OpenBLAS    with its kernels for %s\n", openblas_core());
}

static int run_all(Benchmark *b, const char *const *names, const char *json_path) {
  b->machine = measure_machine(0.5);
  b->results = json_array();
  print_machine(&b->machine, stdout);
  tell_absent();
  for (size_t i = 0; i < MEASUREMENT_COUNT; i++) {
    if (is_wanted(measurements[i].name, names)) measure(b, &measurements[i]);
  }
  printf("%" PRIu32 " of %" PRIu32 " bars met\n", b->bars_met, b->bars);
  json_t *all = json_pack("{s:o, s:s, s:o}", "machine", machine_json(&b->machine), "openblas_core",
                          openblas_core() ? openblas_core() : "", "results", b->results);
  const bool is_written = !json_path || json_dump_file(all, json_path, JSON_INDENT(2)) == 0;
  json_decref(all);
  if (is_written) return 0;
  fprintf(stderr, "cannot write %s\n", json_path);
  return 1;
}

/* OpenBLAS takes the slowest kernels for a processor that is newer than itself, so it is told which
 * suit; "own" leaves it alone. */
static const char *fitting_core(void) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f")) return "SkylakeX";
  if (__builtin_cpu_supports("avx2")) return "Haswell";
#endif
  return "own";
}

/* It reads its environment when it is loaded: this program begins again with another one. */
static void choose_openblas(char **argv, const char *core) {
  if (!core) core = fitting_core();
  const bool is_own = strcmp(core, "own") == 0;
  const char *now = getenv("OPENBLAS_CORETYPE");
  if (!getenv("OPENBLAS_L2_SIZE") && (is_own ? !now : now && strcmp(now, core) == 0)) return;
  unsetenv("OPENBLAS_L2_SIZE");
  if (is_own) unsetenv("OPENBLAS_CORETYPE");
  if (!is_own) setenv("OPENBLAS_CORETYPE", core, 1);
  execv("/proc/self/exe", argv);
}

int main(int argc, char **argv) {
  double seconds = 0.3;
  int threads = 1, is_quick = 0, has_no_inference = 0;
  char *keys = NULL, *json_path = NULL, *core = NULL;
  const struct poptOption options[] = {
      {"seconds", 's', POPT_ARG_DOUBLE, &seconds, 0, "how long a turn is", "S"},
      {"quick", 'q', POPT_ARG_NONE, &is_quick, 0, "turns of 0.05 seconds", NULL},
      {"threads", 't', POPT_ARG_INT, &threads, 0, "minibatches by so many threads too", "N"},
      {"peers", 'p', POPT_ARG_STRING, &keys, 0,
       "only these: none, or some of loops,gcc,fann,openblas,libxsmm,torch", "LIST"},
      {"no-inference", 'n', POPT_ARG_NONE, &has_no_inference, 0, "measure training alone", NULL},
      {"json", 'j', POPT_ARG_STRING, &json_path, 0, "write what was measured there", "FILE"},
      {"openblas-core", 'o', POPT_ARG_STRING, &core, 0, "OPENBLAS_CORETYPE (default: unset)",
       "NAME"},
      POPT_AUTOHELP POPT_TABLEEND};
  poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
  poptSetOtherOptionHelp(context, "[OPTION...] [NETWORK...]");
  const int wrong = poptGetNextOpt(context);
  int code = 2;
  if (wrong < -1) {
    fprintf(stderr, "%s: %s\n", poptBadOption(context, 0), poptStrerror(wrong));
  } else if (threads < 1 || !(seconds > 0)) {
    fputs("--threads and --seconds must be above zero\n", stderr);
  } else {
    choose_openblas(argv, core);
    Benchmark b = {.seconds = is_quick ? 0.05 : seconds,
                   .threads = (uint32_t)threads,
                   .has_inference = !has_no_inference,
                   .peer_keys = keys};
    code = run_all(&b, poptGetArgs(context), json_path);
  }
  free(keys);
  free(json_path);
  free(core);
  poptFreeContext(context);
  return code;
}
