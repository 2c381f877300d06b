// SPDX-License-Identifier: MIT
// sedge sweep: runs of every combination of some params and settings, side by side, each measured
// once.
//
// What a run gave is kept in a state file as soon as it ends, under the digest of its definition: a
// sweep that is interrupted or killed goes on from there, and one that is called again with more
// values measures only what is new.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/command.h"
#include "compiler/compile.h"
#include "compiler/open_engine.h"
#include "compiler/report.h"
#include "compiler/sweep/definition.h"
#include "compiler/sweep/measure_run.h"
#include "compiler/sweep/results.h"
#include "compiler/sweep/state_file.h"
#include "compiler/sweep/worker_pool.h"
#include "runtime/atomic_file.h"
#include "runtime/interrupt.h"
#include "runtime/progress.h"

typedef struct Definition {
  char digest[65];
} Definition;

typedef struct Sweep {
  const Invocation *invocation;
  Axes axes;
  Plot plot;
  const Definition *definitions; /* [run_count] */
  StateFile *state;
  Progress progress;
  uint32_t done_before, todo, done; /* runs: found in the state, to be made, made */
  double begun;
  Failure failure;
} Sweep;

typedef enum SweepFormat { SWEEP_TEXT, SWEEP_CSV, SWEEP_JSON } SweepFormat;

/* ---- options ---- */

/* --format, else --json, else the ending of -o, else text. */
static bool choose_format(const Options *options, SweepFormat *format) {
  static const char *const names[] = {
      [SWEEP_TEXT] = "text", [SWEEP_CSV] = "csv", [SWEEP_JSON] = "json"};
  const char *ending = options->output ? strrchr(options->output, '.') : NULL;
  const char *name = options->format                    ? options->format
                     : options->run.json                ? "json"
                     : !ending                          ? "text"
                     : strcmp(ending, ".csv") == 0      ? "csv"
                     : strncmp(ending, ".json", 5) == 0 ? "json"
                                                        : "text";
  for (int i = SWEEP_TEXT; i <= SWEEP_JSON; i++) {
    *format = (SweepFormat)i;
    if (strcmp(names[i], name) == 0) return true;
  }
  usage_error("there is no format '%s'; they are text, csv and json", name);
  return false;
}

static bool check_sweep_options(const Options *options) {
  const char *wrong = train_complaint(&options->run);
  if (options->over.count == 0) wrong = "--over NAME=V1,V2,... says what is varied";
  if (options->jobs.is_given && options->jobs.value < 1) wrong = "--jobs is at least 1";
  if (options->figure && !options->plot) wrong = "--figure is for the picture of --plot X,Y";
  if (!wrong) return is_engine_known(options);
  usage_error("%s", wrong);
  return false;
}

static uint32_t job_count(const Options *options) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (options->jobs.is_given)
    return options->jobs.value < UINT32_MAX ? (uint32_t)options->jobs.value : UINT32_MAX;
  return processors > 1 ? (uint32_t)processors : 1;
}

/* "mnist", of "examples/mnist.sedge"; in the arena. */
static const char *file_stem(const Invocation *invocation) {
  const char *path = invocation->arguments[0], *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  const size_t length = strlen(name);
  const bool is_sedge = length > 6 && strcmp(name + length - 6, ".sedge") == 0;
  return arena_copy(invocation->arena, name, is_sedge ? length - 6 : length);
}

static const char *state_path(const Invocation *invocation) {
  if (invocation->options.state) return invocation->options.state;
  return arena_print(invocation->arena, "%s.sweep.jsonl", file_stem(invocation));
}

static const char *figure_path(const Invocation *invocation) {
  if (invocation->options.figure) return invocation->options.figure;
  return arena_print(invocation->arena, "%s.sweep.svg", file_stem(invocation));
}

/* Files that would be written over one another, the chosen and those by default. */
static const char *clash_complaint(const Invocation *invocation) {
  const Options *options = &invocation->options;
  const char *state = state_path(invocation), *output = options->output;
  const char *figure = options->plot ? figure_path(invocation) : NULL;
  if (output && is_same_file(output, state)) return "the rows are kept in the file that -o names";
  if (figure && is_same_file(figure, state)) return "the rows are kept where --plot would draw";
  if (output && figure && is_same_file(output, figure))
    return "--plot draws in the file that -o names";
  return NULL;
}

/* ---- rows ---- */

/* The file or its fit was wrong, and will be again; anything else, lack of memory say, may go well
 * another time. */
static bool is_final(const json_t *row) {
  const char *status = json_string_value(json_object_get(row, "status"));
  const json_int_t code = json_integer_value(json_object_get(row, "exit_code"));
  return status && (strcmp(status, "done") == 0 || code == EXIT_WRONG || code == EXIT_MISFIT);
}

static bool is_run_kept(const Sweep *sweep, uint32_t run) {
  const json_t *row = state_find(sweep->state, sweep->definitions[run].digest);
  return row && is_final(row);
}

/* The first line that tells of an error, else the last that is not empty; in the arena. */
static const char *find_error(const char *errors, Arena *arena) {
  const char *found = "";
  for (const char *line = errors; *line;) {
    const size_t length = strcspn(line, "\n");
    if (length > 0) found = arena_copy(arena, line, length);
    if (strstr(found, "error: ")) return found;
    line += length + (line[length] == '\n');
  }
  return found;
}

static json_t *failed_row(const WorkerResult *result, Arena *arena) {
  const char *error = find_error(result->errors, arena);
  if (result->signal) {
    error = arena_print(
        arena, "ended by signal %d (%s)%s%s%s", result->signal, strsignal(result->signal),
        result->signal == 9 ? ", perhaps because memory ran out" : "", *error ? ": " : "", error);
  } else if (!*error) {
    error = arena_print(arena, "ended with exit code %d", result->exit_code);
  }
  json_t *row = json_pack("{s:s, s:i, s:s}", "status", "failed", "exit_code", result->exit_code,
                          "error", error);
  return row ? row
             : json_pack("{s:s, s:i, s:s}", "status", "failed", "exit_code", result->exit_code,
                         "error", "a message that is no UTF-8");
}

static json_t *row_of_result(const WorkerResult *result, Arena *arena) {
  json_t *row = result->exit_code == 0 ? json_loads(result->output, 0, NULL) : NULL;
  return json_is_object(row) ? row : failed_row(result, arena);
}

/* ---- runs ---- */

static int work_on_run(void *context, uint32_t run, FILE *out) {
  const Sweep *sweep = context;
  Invocation invocation = *sweep->invocation;
  json_t *row = NULL;
  state_forget(sweep->state);
  invocation.options =
      run_options(&invocation.options, &sweep->axes, run, sweep->invocation->arena);
  invocation.options.run.json = false;
  invocation.options.run.quiet = true;
  if (!invocation.options.run.threads.is_given)
    invocation.options.run.threads = (OptionalCount){true, 1};
  invocation.with_color = false;
  const ExitCode code = measure_run(&invocation, invocation.options.fit_only, &row);
  if (row) json_dumpf(row, out, JSON_REAL_PRECISION(17));
  json_decref(row);
  return (int)code;
}

static void tell_run(Sweep *sweep, uint32_t run, const json_t *row) {
  const char *error = json_string_value(json_object_get(row, "error"));
  const json_t *accuracy = json_object_get(row, "test_accuracy");
  char result[64] = "";
  if (accuracy)
    snprintf(result, sizeof result, ": test %.2f %%", 100 * json_number_value(accuracy));
  progress_line(&sweep->progress, "run %" PRIu32 "/%" PRIu32 "  %s%s%s%s", run + 1,
                sweep->axes.run_count, describe_run(&sweep->axes, run, sweep->invocation->arena),
                result, error ? ": failed: " : "", error ? error : "");
}

static bool on_run_done(void *context, uint32_t run, const WorkerResult *result) {
  Sweep *sweep = context;
  if (interrupt_requested()) return false; /* it may have been the signal that ended it */
  json_t *row = row_of_result(result, sweep->invocation->arena);
  const bool is_kept =
      state_append(sweep->state, sweep->definitions[run].digest, row, &sweep->failure);
  sweep->done++;
  tell_run(sweep, run, row);
  json_decref(row);
  return is_kept;
}

static bool on_waiting(void *context) {
  Sweep *sweep = context;
  const double seconds = monotonic_seconds() - sweep->begun;
  char label[64], left[24];
  format_time(sweep->done > 0 ? seconds / sweep->done * (sweep->todo - sweep->done) : -1, left);
  snprintf(label, sizeof label, "%" PRIu32 " of %" PRIu32 " runs, %s left", sweep->done,
           sweep->todo, left);
  const ProgressState state = {
      .label = label, .done = sweep->done, .total = sweep->todo, .unit = "runs"};
  progress_show(&sweep->progress, &state);
  return !interrupt_requested();
}

static ExitCode end_early(const Sweep *sweep) {
  if (sweep->failure.kind != FAILURE_NONE) return EXIT_SYSTEM;
  fprintf(stderr,
          "sedge: interrupted after %" PRIu32 " of %" PRIu32
          " runs; the same command goes on from there\n",
          sweep->done_before + sweep->done, sweep->axes.run_count);
  return EXIT_INTERRUPTED;
}

static ExitCode make_runs(Sweep *sweep) {
  const Invocation *invocation = sweep->invocation;
  uint32_t *tasks = ARENA_ARRAY(invocation->arena, uint32_t, sweep->axes.run_count);
  for (uint32_t run = 0; run < sweep->axes.run_count; run++) {
    if (!is_run_kept(sweep, run)) tasks[sweep->todo++] = run;
  }
  sweep->done_before = sweep->axes.run_count - sweep->todo;
  sweep->begun = monotonic_seconds();
  sweep->progress = progress_open(stderr, invocation->options.run.quiet);
  if (sweep->done_before > 0) {
    progress_line(&sweep->progress, "%" PRIu32 " of %" PRIu32 " runs were made before",
                  sweep->done_before, sweep->axes.run_count);
  }
  const PoolEvents events = {
      .work = work_on_run, .done = on_run_done, .waiting = on_waiting, .context = sweep};
  interrupt_watch();
  const PoolOutcome outcome =
      run_pool(tasks, sweep->todo, job_count(&invocation->options), &events, &sweep->failure);
  progress_clear(&sweep->progress);
  const ExitCode code = outcome == POOL_DONE ? EXIT_DONE : end_early(sweep);
  interrupt_unwatch();
  return code;
}

/* ---- results ---- */

static void print_results(const Results *results, SweepFormat format, Arena *arena, FILE *out) {
  switch (format) {
  case SWEEP_TEXT: print_results_text(results, arena, out); break;
  case SWEEP_CSV: print_results_csv(results, out); break;
  case SWEEP_JSON: print_results_json(results, out); break;
  }
}

static bool write_results(const Results *results, SweepFormat format, const char *path,
                          Arena *arena, Failure *failure) {
  if (!path) {
    print_results(results, format, arena, stdout);
    return true;
  }
  AtomicFile *file = atomic_file_open(path, failure);
  if (!file) return false;
  print_results(results, format, arena, atomic_file_stream(file));
  return atomic_file_commit(file, failure);
}

static bool write_figure(const Results *results, const char *path, Arena *arena, Failure *failure) {
  AtomicFile *file = atomic_file_open(path, failure);
  if (!file) return false;
  print_figure(results, arena, atomic_file_stream(file));
  return atomic_file_commit(file, failure);
}

static Results collect_results(const Sweep *sweep) {
  Arena *arena = sweep->invocation->arena;
  const json_t **rows = ARENA_ARRAY(arena, const json_t *, sweep->axes.run_count);
  for (uint32_t run = 0; run < sweep->axes.run_count; run++)
    rows[run] = state_find(sweep->state, sweep->definitions[run].digest);
  Results results = {.title = file_stem(sweep->invocation),
                     .axes = &sweep->axes,
                     .rows = rows,
                     .plot = sweep->invocation->options.plot ? &sweep->plot : NULL};
  results.is_best = find_best_runs(&results, arena);
  return results;
}

/* A sweep whose every run failed has found nothing out: exit code 1. */
static ExitCode end_code(const Results *results) {
  uint32_t failed = 0;
  const uint32_t count = results->axes->run_count;
  for (uint32_t run = 0; run < count; run++) failed += !is_run_done(results, run);
  if (failed > 0) fprintf(stderr, "sedge: %" PRIu32 " of %" PRIu32 " runs failed\n", failed, count);
  return failed == count ? EXIT_WRONG : EXIT_DONE;
}

static ExitCode end_sweep(Sweep *sweep, SweepFormat format) {
  const Invocation *invocation = sweep->invocation;
  const Options *options = &invocation->options;
  const Results results = collect_results(sweep);
  if (!write_results(&results, format, options->output, invocation->arena, &sweep->failure))
    return EXIT_SYSTEM;
  if (options->plot) {
    const char *path = figure_path(invocation);
    if (!write_figure(&results, path, invocation->arena, &sweep->failure)) return EXIT_SYSTEM;
    if (!options->run.quiet) fprintf(stderr, "figure %s\n", path);
  }
  return end_code(&results);
}

/* ---- the sweep ---- */

static void print_plan(const Sweep *sweep) {
  const bool is_json = sweep->invocation->options.run.json;
  for (uint32_t run = 0; run < sweep->axes.run_count; run++) {
    const bool is_kept = is_run_kept(sweep, run);
    if (is_json) {
      json_t *object = json_pack("{s:i, s:b, s:s}", "run", (int)run + 1, "is_done", is_kept,
                                 "definition", sweep->definitions[run].digest);
      for (uint32_t i = 0; i < sweep->axes.count; i++)
        json_object_set_new(object, sweep->axes.axes[i].label,
                            json_string(axis_value(&sweep->axes, run, i)));
      print_json_line(stdout, object);
    } else {
      printf("%4" PRIu32 "  %-5s %s\n", run + 1, is_kept ? "done" : "to do",
             describe_run(&sweep->axes, run, sweep->invocation->arena));
    }
  }
}

static void define_runs(Sweep *sweep) {
  const Invocation *invocation = sweep->invocation;
  Arena *arena = invocation->arena;
  Definition *definitions = ARENA_ARRAY(arena, Definition, sweep->axes.run_count);
  DataDigests *data = data_digests_new(arena);
  for (uint32_t run = 0; run < sweep->axes.run_count; run++) {
    const Options options = run_options(&invocation->options, &sweep->axes, run, arena);
    define_run(invocation, &options, options.fit_only, data, definitions[run].digest);
  }
  sweep->definitions = definitions;
}

/* The axes and the plot, against the file as it stands; the messages of a file that is wrong are
 * printed here, once. */
static ExitCode read_request(Sweep *sweep) {
  const Invocation *invocation = sweep->invocation;
  const char *complaint = NULL;
  ExitCode code = EXIT_DONE;
  Compilation *c = compile_file(invocation, PASS_CHECK, &code);
  if (!c) return code;
  const bool is_read =
      read_axes(&invocation->options, c->program, invocation->arena, &sweep->axes, &complaint) &&
      (!invocation->options.plot || read_plot(invocation->options.plot, &sweep->axes,
                                              invocation->arena, &sweep->plot, &complaint));
  compilation_close(c);
  return is_read ? EXIT_DONE : usage_error("%s", complaint);
}

static ExitCode run_sweep(Sweep *sweep, SweepFormat format) {
  const Options *options = &sweep->invocation->options;
  if (options->output && !can_write_file(options->output, &sweep->failure)) return EXIT_SYSTEM;
  if (options->plot && !can_write_file(figure_path(sweep->invocation), &sweep->failure))
    return EXIT_SYSTEM;
  define_runs(sweep);
  sweep->state = state_open(state_path(sweep->invocation), options->dry_run, &sweep->failure);
  if (!sweep->state) return exit_code_of_failure(sweep->failure.kind);
  if (options->dry_run) {
    print_plan(sweep);
    return EXIT_DONE;
  }
  const ExitCode code = make_runs(sweep);
  return code == EXIT_DONE ? end_sweep(sweep, format) : code;
}

static ExitCode report_sweep_failure(const Sweep *sweep) {
  const CheckOptions options = {0};
  Compilation *c = compilation_open(sweep->invocation->arguments[0], NULL, &options);
  const ExitCode code = report_failure(sweep->invocation, c, &sweep->failure);
  compilation_close(c);
  return code;
}

ExitCode command_sweep(const Invocation *invocation) {
  SweepFormat format;
  Sweep sweep = {.invocation = invocation};
  if (!check_sweep_options(&invocation->options) || !choose_format(&invocation->options, &format))
    return EXIT_USAGE;
  const char *clash = clash_complaint(invocation);
  if (clash) return usage_error("%s", clash);
  ExitCode code = read_request(&sweep);
  if (code != EXIT_DONE) return code;
  code = run_sweep(&sweep, format);
  if (sweep.failure.kind != FAILURE_NONE) code = report_sweep_failure(&sweep);
  state_close(sweep.state);
  return code;
}
