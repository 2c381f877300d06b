// SPDX-License-Identifier: MIT
// train: trains, tells how it goes, tests, and saves.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/atomic_file.h"
#include "runtime/checkpoint.h"
#include "runtime/file_lock.h"
#include "runtime/interrupt.h"
#include "runtime/parameters.h"
#include "runtime/progress.h"
#include "runtime/verbs/output.h"
#include "runtime/verbs/report.h"
#include "runtime/verbs/run.h"
#include "runtime/verbs/terminal_plot.h"
#include "runtime/verbs/train_events.h"
#include "runtime/verbs/train_log.h"

/* One run, and where it tells how it goes. */
typedef struct Training {
  const Run *run;
  TrainerSettings settings;
  RunFacts facts;
  TrainingPosition start;
  Progress progress;
  const char *stop_path; /* of the checkpoint that Ctrl-C writes */
  EpochReport *reports;  /* [report_count] of all epochs, for --plot */
  uint32_t report_count;
  FileLock lock; /* on --checkpoint */
  TrainLog *log; /* NULL: nobody asked for a log or a report */
} Training;

static bool are_same(const char *a, const char *b) {
  return a && b && is_same_file(a, b);
}

/* What would be written over: a file that is written twice, or that is read.  To --load W --save W,
 * and to --resume C --checkpoint C, there is nothing wrong. */
static const char *clash_complaint(const RunOptions *o) {
#define CLASH(a, b)                                                                                \
  if (are_same(o->a, o->b)) return "--" #a " and --" #b " name the same file";
  CLASH(save, checkpoint)
  CLASH(save, log)
  CLASH(save, report)
  CLASH(checkpoint, log)
  CLASH(checkpoint, report)
  CLASH(log, report)
  CLASH(load, checkpoint)
  CLASH(load, log)
  CLASH(load, report)
  CLASH(resume, save)
  CLASH(resume, log)
  CLASH(resume, report)
#undef CLASH
  return NULL;
}

const char *train_complaint(const RunOptions *o) {
  const char *clash = clash_complaint(o);
  if (clash) return clash;
  if (o->load && o->resume)
    return "--load begins with given parameters, --resume goes on with a run: give one of them";
  if (o->every.is_given && (o->every.value < 1 || o->every.value > UINT32_MAX))
    return "--every is from 1 to 4294967295 epochs";
  if (o->every.is_given && !o->checkpoint)
    return "--every says how often --checkpoint is written; give that too";
  if (o->epochs.is_given && o->epochs.value > UINT32_MAX) return "--epochs is at most 4294967295";
  return threads_complaint(o);
}

/* ---- what the trainer tells ---- */

static double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? (double)count / seconds : 0;
}

/* ", test 97.02 % (loss 0.1700)": nothing where there are no such examples. */
static const char *tally_text(char text[64], const char *name, const Tally *tally, bool has_loss) {
  char loss[32] = "";
  text[0] = '\0';
  if (has_loss) snprintf(loss, sizeof loss, " (loss %.4g)", tally_loss(tally));
  if (tally->count > 0)
    snprintf(text, 64, ", %s %.2f %%%s", name, 100 * tally_accuracy(tally), loss);
  return text;
}

/* For --plot; a report that finds no memory is not drawn. */
static void keep_report(Training *t, const EpochReport *r) {
  EpochReport *more = realloc(t->reports, (t->report_count + 1ull) * sizeof *more);
  if (!more) return;
  more[t->report_count++] = *r;
  t->reports = more;
}

static void on_epoch(void *context, const EpochReport *r) {
  Training *t = context;
  char validation[64], test[64], train[64];
  if (t->run->options->plot) keep_report(t, r);
  progress_clear(&t->progress);
  if (t->run->options->json) {
    print_json_line(stdout, epoch_event(r));
    fflush(stdout);
  }
  if (t->log) train_log_epoch(t->log, r);
  const bool has_loss = r->validation.count == 0; /* with three parts they pass 80 columns */
  progress_line(&t->progress, "epoch %" PRIu32 "/%" PRIu32 "%s%s%s, in %.2f s", r->epoch,
                t->settings.epochs, tally_text(train, "training", &r->train, has_loss),
                tally_text(validation, "validation", &r->validation, has_loss),
                tally_text(test, "test", &r->test, has_loss), r->seconds);
}

static void on_progress(void *context, const TrainerProgress *p) {
  Training *t = context;
  char label[64];
  snprintf(label, sizeof label, "%s %" PRIu32 "/%" PRIu32, p->is_measuring ? "testing" : "epoch",
           p->epoch, p->epochs);
  const ProgressState state = {
      .label = label,
      .done = p->done,
      .total = p->total,
      .per_second = p->per_second,
      .seconds_left = p->per_second > 0 ? (double)p->inputs_left / p->per_second : -1,
      .unit = "inputs",
  };
  progress_show(&t->progress, &state);
}

static bool on_poll(void *context) {
  (void)context;
  return interrupt_requested();
}

/* ---- the end ---- */

/* Clocks of the hardware: every input takes an initiation interval, the last ones a pipeline's
 * length more. */
static void print_clocks(const Recipe *recipe, uint32_t junction_count, uint64_t inputs) {
  if (inputs == 0) return;
  const uint64_t cycles = (inputs - 1) * recipe->initiation_interval + 2 * junction_count;
  const uint64_t clocks = cycles * recipe->junction_cycle;
  printf("hardware    %s clocks an input, %s in all",
         grouped((uint64_t)recipe->initiation_interval * recipe->junction_cycle), grouped(clocks));
  if (recipe->clock_hz > 0) {
    printf(": %.3g s at %.4g MHz", (double)clocks / recipe->clock_hz, recipe->clock_hz / 1e6);
  }
  putchar('\n');
}

static void print_part(const Training *t, const char *name, const Tally *tally) {
  const bool with_color = stream_has_color(stdout, t->run->color);
  if (tally->count == 0) return;
  printf("%-11s accuracy %s%.2f %%%s (%s of %s), loss %.4g\n", name, with_color ? "\033[1m" : "",
         100 * tally_accuracy(tally), with_color ? "\033[0m" : "", grouped(tally->correct),
         grouped(tally->count), tally_loss(tally));
}

static void print_result(const Training *t, const TrainerResult *result, const char *digest) {
  const Run *run = t->run;
  const Model *model = run->engine->model;
  const uint64_t trained = result->position.inputs - t->start.inputs;
  char rate[24];
  format_rate(per_second(trained, result->trained_seconds), rate);
  print_part(t, "test", &result->test);
  print_part(t, "validation", &result->validation);
  printf("trained     %s inputs in %.2f s, %s inputs/s, by '%s'\n", grouped(trained),
         result->trained_seconds, rate, t->run->engine->kind->name);
  print_clocks(run->recipe, model->junction_count, result->position.inputs);
  if (run->options->verbose && run->print_counts) run->print_counts(run->engine, stdout);
  printf("parameters  %s\nsha256      %s\n", grouped(model_parameter_count(model)), digest);
  if (t->run->options->save) printf("saved       %s\n", t->run->options->save);
}

static ExitCode end_run(Training *t, const TrainerResult *result) {
  const RunOptions *options = t->run->options;
  Failure failure = {0};
  if (options->save && !save_parameters(options->save, t->run->engine, &failure)) {
    return t->run->report(t->run->context, &failure);
  }
  char digest[65];
  parameters_digest(t->run->engine, digest);
  if (options->plot) {
    FILE *out = options->json ? stderr : stdout;
    print_terminal_plot(t->reports, t->report_count, locale_is_utf8(),
                        stream_has_color(out, t->run->color), out);
  }
  if (options->json) {
    print_json_line(stdout, done_event(t->run->engine, result, digest));
  } else {
    print_result(t, result, digest);
  }
  return EXIT_DONE;
}

static ExitCode end_interrupted(const Training *t, const TrainerResult *result) {
  fprintf(stderr, "%s: interrupted after %s inputs; to go on: %s --resume %s\n", t->run->program,
          grouped(result->position.inputs), t->run->again, t->stop_path);
  return EXIT_INTERRUPTED;
}

/* ---- the run ---- */

/* Fails before the work is done, not after it, where a file could not be written, and where a
 * checkpoint does not suit. */
static bool prepare_files(Training *t, Failure *failure) {
  const RunOptions *options = t->run->options;
  if (options->save && !can_write_file(options->save, failure)) return false;
  if (options->checkpoint && !(can_write_file(options->checkpoint, failure) &&
                               file_lock_open(options->checkpoint, &t->lock, failure)))
    return false;
  if (options->report && !can_write_file(options->report, failure)) return false;
  if (options->resume &&
      !read_checkpoint(options->resume, t->run->engine, &t->facts, &t->start, failure))
    return false;
  if (!options->log && !options->report) return true;
  t->log = train_log_open(t->run, &t->settings, options->log, failure);
  return t->log != NULL;
}

/* Ends the log, and makes the report of it. */
static bool end_log(Training *t, bool is_stopped, const TrainerResult *result, Failure *failure) {
  const char *report = t->run->options->report;
  if (!t->log) return true;
  return train_log_end(t->log, result, is_stopped, failure) &&
         (!report || write_report(train_log_events(t->log), report, failure));
}

static ExitCode end_outcome(Training *t, TrainerOutcome outcome, const TrainerResult *result,
                            Failure *failure) {
  const bool is_stopped = outcome == TRAINER_STOPPED;
  if (outcome != TRAINER_FAILED && !end_log(t, is_stopped, result, failure))
    outcome = TRAINER_FAILED;
  switch (outcome) {
  case TRAINER_DONE: return end_run(t, result);
  case TRAINER_STOPPED: return end_interrupted(t, result);
  case TRAINER_FAILED: break;
  }
  return t->run->report(t->run->context, failure);
}

static ExitCode run_prepared(Training *t) {
  const TrainerEvents events = {
      .epoch_done = on_epoch, .progressed = on_progress, .is_stopped = on_poll, .context = t};
  TrainerResult result;
  Failure failure = {0};
  /* until the parameters are saved: a signal must not leave half a file beside them */
  interrupt_watch();
  const TrainerOutcome outcome = run_training(t->run->engine, t->run->data, &t->settings, &events,
                                              &t->facts, &t->start, &result, &failure);
  progress_clear(&t->progress);
  const ExitCode code = end_outcome(t, outcome, &result, &failure);
  interrupt_unwatch();
  return code;
}

/* NETWORK.checkpoint, where no --checkpoint names another.  Owned. */
static char *choose_stop_path(const Run *run) {
  char *path = NULL;
  if (run->options->checkpoint) return strdup(run->options->checkpoint);
  return asprintf(&path, "%s.checkpoint", run->engine->model->name) < 0 ? NULL : path;
}

ExitCode run_train(const Run *run) {
  const RunOptions *options = run->options;
  Failure failure = {0};
  char *stop_path = choose_stop_path(run);
  Training t = {.run = run,
                .settings = trainer_settings(options, run->recipe),
                .stop_path = stop_path,
                .lock = {.file = -1},
                .progress = progress_open(stderr, options->quiet)};
  t.settings.interrupt_checkpoint = stop_path;
  t.facts = run_facts(run->data, &t.settings);
  if (!options->json && !options->quiet) print_network(run->engine->model, stdout);
  fflush(stdout);
  const bool is_ready =
      stop_path ? prepare_files(&t, &failure)
                : fail(&failure, FAILURE_MEMORY, NULL, "no memory for a checkpoint's name");
  const ExitCode code = is_ready ? run_prepared(&t) : run->report(run->context, &failure);
  file_lock_close(&t.lock);
  train_log_close(t.log);
  free(t.reports);
  free(stop_path);
  return code;
}
