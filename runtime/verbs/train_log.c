// SPDX-License-Identifier: MIT
// Each event is on the disk when it has happened: whoever watches the file, or finds it after a
// crash, has all up to there.
#include "runtime/verbs/train_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/probe.h"
#include "runtime/system.h"
#include "runtime/verbs/train_events.h"

struct TrainLog {
  const Run *run;
  const TrainerSettings *settings;
  const char *path; /* NULL: none */
  FILE *file;
  json_t *events;
  Probe *probe;
};

/* Keeps an event, which it takes over, and writes it. */
static void add_event(TrainLog *log, json_t *event) {
  json_array_append_new(log->events, event);
  if (!log->file) return;
  json_dumpf(event, log->file, JSON_REAL_PRECISION(9));
  fputc('\n', log->file);
  fflush(log->file);
}

json_t *read_train_log(const char *path) {
  json_t *events = json_array();
  FILE *file = fopen(path, "r");
  if (!file) return events;
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, file) > 0) {
    json_t *event = json_loads(line, 0, NULL);
    if (json_is_object(event)) json_array_append(events, event);
    json_decref(event);
  }
  free(line);
  fclose(file);
  return events;
}

/* Opens the log and locks it for as long as it is open; devices are for everybody.  What stands in
 * it is cut off where a run begins.  False with errno, which is EWOULDBLOCK where another process
 * has it. */
static bool take_file(TrainLog *log, bool goes_on) {
  struct stat status;
  log->file = fopen(log->path, "a");
  if (!log->file || fstat(fileno(log->file), &status) != 0) return false;
  if (!S_ISREG(status.st_mode)) return true;
  const bool is_free = system_lock(fileno(log->file)) != FILE_IN_USE;
  if (!is_free) errno = EWOULDBLOCK;
  return is_free && (goes_on || ftruncate(fileno(log->file), 0) == 0);
}

static bool open_file(TrainLog *log, Failure *failure) {
  const bool goes_on = log->run->options->resume != NULL;
  if (!log->path) return true;
  if (!take_file(log, goes_on)) {
    return fail(failure, FAILURE_OUTPUT, log->path, "cannot be written: %s",
                errno == EWOULDBLOCK ? "another process is training into it" : strerror(errno));
  }
  if (goes_on) {
    json_decref(log->events);
    log->events = read_train_log(log->path);
  }
  return true;
}

TrainLog *train_log_open(const Run *run, const TrainerSettings *settings, const char *path,
                         Failure *failure) {
  TrainLog *log = calloc(1, sizeof *log);
  if (!log) {
    fail(failure, FAILURE_MEMORY, NULL, "no memory for a log");
    return NULL;
  }
  *log = (TrainLog){.run = run, .settings = settings, .path = path, .events = json_array()};
  if (open_file(log, failure)) {
    log->probe =
        run->data->train.count > 0 ? probe_open(run->engine->model, &run->data->train) : NULL;
    add_event(log, run_event(run, settings));
    return log;
  }
  train_log_close(log);
  return NULL;
}

void train_log_close(TrainLog *log) {
  if (!log) return;
  if (log->file) fclose(log->file);
  probe_close(log->probe);
  json_decref(log->events);
  free(log);
}

void train_log_epoch(TrainLog *log, const EpochReport *report) {
  const Engine *engine = log->run->engine;
  add_event(log, epoch_event(report));
  if (!log->probe) return;
  const double rate = rate_of_epoch(&log->settings->rate, report->epoch - 1);
  const JunctionProbe *junctions = probe_engine(log->probe, log->run->engine, rate);
  add_event(
      log, inside_event(engine->model, report->epoch, rate, probe_examples(log->probe), junctions));
}

static bool close_file(TrainLog *log, Failure *failure) {
  if (!log->file) return true;
  const bool had_failed = ferror(log->file) != 0;
  const bool is_closed = fclose(log->file) == 0;
  log->file = NULL;
  if (is_closed && !had_failed) return true;
  return fail(failure, FAILURE_OUTPUT, log->path, "cannot be written: %s",
              strerror(errno ? errno : EIO));
}

bool train_log_end(TrainLog *log, const TrainerResult *result, bool is_stopped, Failure *failure) {
  if (!is_stopped) {
    char digest[65];
    json_t *confusion = confusion_event(log->run->engine, &log->run->data->test, failure);
    if (!confusion) return false;
    add_event(log, confusion);
    parameters_digest(log->run->engine, digest);
    add_event(log, done_event(log->run->engine, result, digest));
  }
  return close_file(log, failure);
}

const json_t *train_log_events(const TrainLog *log) {
  return log->events;
}
