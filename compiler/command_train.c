// SPDX-License-Identifier: MIT
// sedge train: trains, tells how it goes, tests, and saves.
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "compiler/command.h"
#include "compiler/open_engine.h"
#include "compiler/report.h"
#include "runtime/atomic_file.h"
#include "runtime/checkpoint.h"
#include "runtime/interrupt.h"
#include "runtime/parameters.h"
#include "runtime/progress.h"
#include "runtime/trainer.h"

/* One run, and where it tells how it goes. */
typedef struct TrainCommand {
  const Invocation *invocation;
  Session session;
  TrainerSettings settings;
  RunFacts facts;
  TrainingPosition start;
  Progress progress;
  const char *stop_path; /* of the checkpoint that Ctrl-C writes */
} TrainCommand;

/* ---- settings ---- */

static bool check_train_options(const Options *o) {
  const char *wrong = NULL;
  if (o->every.is_given && !o->checkpoint)
    wrong = "--every says how often --checkpoint is written; give that too";
  if (o->every.is_given && (o->every.value < 1 || o->every.value > UINT32_MAX))
    wrong = "--every is at least 1 epoch";
  if (o->load && o->resume)
    wrong = "--load begins with given parameters, --resume goes on with a run: give one of them";
  if (o->epochs.is_given && o->epochs.value > UINT32_MAX) wrong = "--epochs is at most 4294967295";
  if (o->threads.is_given && o->threads.value < 1) wrong = "--threads is at least 1";
  if (!wrong) return is_engine_known(o);
  usage_error("%s", wrong);
  return false;
}

static RateShape rate_shape(RateKind kind) {
  switch (kind) {
  case RATE_CONSTANT: return RATE_SHAPE_CONSTANT;
  case RATE_STEP: return RATE_SHAPE_STEP;
  case RATE_COSINE: return RATE_SHAPE_COSINE;
  }
  assert(false && "a rate of no kind");
  return RATE_SHAPE_CONSTANT;
}

TrainerSettings trainer_settings(const Invocation *invocation, const Compilation *c) {
  const Options *options = &invocation->options;
  const Training *training = &c->program->training;
  const Rate *rate = &training->optimizer.rate;
  const uint32_t epochs =
      options->epochs.is_given ? (uint32_t)options->epochs.value : training->epochs;
  return (TrainerSettings){
      .epochs = epochs,
      .input_limit = options->inputs.is_given ? options->inputs.value : UINT64_MAX,
      .is_shuffled = training->is_shuffled,
      .seed = training->seed,
      .rate = {.shape = rate_shape(rate->kind),
               .from = rate->from,
               .to = rate->to,
               .factor = rate->factor,
               .floor = rate->floor,
               .every = rate->every > 0 ? rate->every : 1,
               .epochs = epochs},
      .checkpoint = options->checkpoint,
      .checkpoint_every = options->every.is_given ? (uint32_t)options->every.value : 1,
  };
}

/* ---- what the trainer tells ---- */

static void add_tally(json_t *object, const char *loss_key, const char *accuracy_key,
                      const Tally *tally) {
  if (tally->count == 0) return;
  json_object_set_new(object, loss_key, json_number(tally_loss(tally)));
  json_object_set_new(object, accuracy_key, json_number(tally_accuracy(tally)));
}

static double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? (double)count / seconds : 0;
}

static void print_epoch_json(const EpochReport *r) {
  json_t *object = json_pack("{s:s, s:I, s:I}", "event", "epoch", "epoch", (json_int_t)r->epoch,
                             "inputs", (json_int_t)r->inputs);
  add_tally(object, "train_loss", "train_accuracy", &r->train);
  add_tally(object, "validation_loss", "validation_accuracy", &r->validation);
  add_tally(object, "test_loss", "test_accuracy", &r->test);
  json_object_set_new(object, "seconds", json_number(r->seconds));
  json_object_set_new(object, "inputs_per_second", json_number(per_second(r->inputs, r->seconds)));
  print_json_line(stdout, object);
  fflush(stdout);
}

/* ", test 97.02 % (loss 0.1700)": nothing where there are no such examples. */
static const char *tally_text(char text[64], const char *name, const Tally *tally) {
  text[0] = '\0';
  if (tally->count > 0) {
    snprintf(text, 64, ", %s %.2f %% (loss %.4g)", name, 100 * tally_accuracy(tally),
             tally_loss(tally));
  }
  return text;
}

static void on_epoch(void *context, const EpochReport *r) {
  TrainCommand *t = context;
  char validation[64], test[64], train[64];
  progress_clear(&t->progress);
  if (t->invocation->options.json) print_epoch_json(r);
  progress_line(&t->progress, "epoch %" PRIu32 "/%" PRIu32 "%s%s%s, in %.2f s", r->epoch,
                t->settings.epochs, tally_text(train, "training", &r->train),
                tally_text(validation, "validation", &r->validation),
                tally_text(test, "test", &r->test), r->seconds);
}

static void on_progress(void *context, const TrainerProgress *p) {
  TrainCommand *t = context;
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

static void print_done_json(const TrainCommand *t, const TrainerResult *result,
                            const char *digest) {
  json_t *object = json_pack(
      "{s:s, s:s, s:I, s:I}", "event", "done", "engine", t->session.engine->kind->name, "epochs",
      (json_int_t)result->position.epoch, "inputs", (json_int_t)result->position.inputs);
  if (result->validation.count > 0) {
    json_object_set_new(object, "validation_accuracy",
                        json_number(tally_accuracy(&result->validation)));
  }
  if (result->test.count > 0)
    json_object_set_new(object, "test_accuracy", json_number(tally_accuracy(&result->test)));
  json_object_set_new(object, "parameters",
                      json_integer((json_int_t)model_parameter_count(t->session.c->model)));
  json_object_set_new(object, "parameters_sha256", json_string(digest));
  print_json_line(stdout, object);
}

/* Clocks of the hardware: every input takes an initiation interval, the last ones a pipeline's length more. */
static void print_clocks(const Schedule *schedule, uint64_t inputs) {
  const uint32_t junction_count = schedule->model->junction_count;
  if (inputs == 0) return;
  const uint64_t cycles = (inputs - 1) * schedule->initiation_interval + 2 * junction_count;
  const uint64_t clocks = cycles * schedule->junction_cycle;
  printf("hardware    %s clocks an input, %s in all",
         grouped((uint64_t)schedule->initiation_interval * schedule->junction_cycle),
         grouped(clocks));
  if (schedule->clock_hz > 0) {
    printf(": %.3g s at %.4g MHz", (double)clocks / schedule->clock_hz, schedule->clock_hz / 1e6);
  }
  putchar('\n');
}

static void print_part(const char *name, const Tally *tally) {
  if (tally->count == 0) return;
  printf("%-11s accuracy %.2f %% (%s of %s), loss %.4g\n", name, 100 * tally_accuracy(tally),
         grouped(tally->correct), grouped(tally->count), tally_loss(tally));
}

static void print_result(const TrainCommand *t, const TrainerResult *result, const char *digest) {
  const Compilation *c = t->session.c;
  const uint64_t trained = result->position.inputs - t->start.inputs;
  char rate[24];
  format_rate(per_second(trained, result->trained_seconds), rate);
  print_part("test", &result->test);
  print_part("validation", &result->validation);
  printf("trained     %s inputs in %.2f s, %s inputs/s, by '%s'\n", grouped(trained),
         result->trained_seconds, rate, t->session.engine->kind->name);
  print_clocks(c->schedule, result->position.inputs);
  if (t->invocation->options.verbose) print_engine_counts(t->session.engine, stdout);
  printf("parameters  %s, sha256 %s\n", grouped(model_parameter_count(c->model)), digest);
  if (t->invocation->options.save) printf("saved       %s\n", t->invocation->options.save);
}

static ExitCode end_run(TrainCommand *t, const TrainerResult *result) {
  const Options *options = &t->invocation->options;
  Failure failure = {0};
  if (options->save && !save_parameters(options->save, t->session.engine, &failure)) {
    return report_failure(t->invocation, t->session.c, &failure);
  }
  char digest[65];
  parameters_digest(t->session.engine, digest);
  if (options->json) {
    print_done_json(t, result, digest);
  } else {
    print_result(t, result, digest);
  }
  return EXIT_DONE;
}

static ExitCode end_interrupted(const TrainCommand *t, const TrainerResult *result) {
  const Invocation *invocation = t->invocation;
  fprintf(stderr, "sedge: interrupted after %s inputs; to go on: sedge train%s%s --resume %s\n",
          grouped(result->position.inputs), invocation->argument_count > 0 ? " " : "",
          invocation->argument_count > 0 ? invocation->arguments[0] : "", t->stop_path);
  return EXIT_INTERRUPTED;
}

/* ---- the run ---- */

/* Fails before the work is done, not after it, where a file could not be written, and where a checkpoint does not suit. */
static bool prepare_files(TrainCommand *t, Failure *failure) {
  const Options *options = &t->invocation->options;
  if (options->save && !can_write_file(options->save, failure)) return false;
  if (options->checkpoint && !can_write_file(options->checkpoint, failure)) return false;
  if (!options->resume) return true;
  return read_checkpoint(options->resume, t->session.engine, &t->facts, &t->start, failure);
}

static ExitCode end_outcome(TrainCommand *t, TrainerOutcome outcome, const TrainerResult *result,
                            const Failure *failure) {
  switch (outcome) {
  case TRAINER_DONE: return end_run(t, result);
  case TRAINER_STOPPED: return end_interrupted(t, result);
  case TRAINER_FAILED: break;
  }
  return report_failure(t->invocation, t->session.c, failure);
}

static ExitCode run_prepared(TrainCommand *t) {
  const TrainerEvents events = {
      .epoch_done = on_epoch, .progressed = on_progress, .is_stopped = on_poll, .context = t};
  TrainerResult result;
  Failure failure = {0};
  interrupt_watch(); /* until the parameters are saved: a signal must not leave half a file beside them */
  const TrainerOutcome outcome = run_training(t->session.engine, &t->session.data, &t->settings,
                                              &events, &t->facts, &t->start, &result, &failure);
  progress_clear(&t->progress);
  const ExitCode code = end_outcome(t, outcome, &result, &failure);
  interrupt_unwatch();
  return code;
}

ExitCode command_train(const Invocation *invocation) {
  const Options *options = &invocation->options;
  TrainCommand t = {.invocation = invocation};
  ExitCode code = EXIT_DONE;
  if (!check_train_options(options)) return EXIT_USAGE;
  if (!session_open(invocation, &t.session, &code)) return code;
  const char *network = t.session.c->model->name;
  t.stop_path = options->checkpoint ? options->checkpoint
                                    : arena_print(invocation->arena, "%s.checkpoint", network);
  t.settings = trainer_settings(invocation, t.session.c);
  t.settings.interrupt_checkpoint = t.stop_path;
  t.facts = run_facts(&t.session.data, &t.settings);
  t.progress = progress_open(stderr, options->quiet);
  if (!options->json && !options->quiet) print_session(&t.session, stdout);
  fflush(stdout);
  Failure failure = {0};
  code = prepare_files(&t, &failure) ? run_prepared(&t)
                                     : report_failure(invocation, t.session.c, &failure);
  session_close(&t.session);
  return code;
}
