// SPDX-License-Identifier: MIT
// sedge schedule: which operation happens in which clock, on which banks.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/command.h"
#include "compiler/compile.h"
#include "compiler/report.h"
#include "compiler/schedule/schedule_formats.h"
#include "runtime/atomic_file.h"

static const ScheduleFormat *find_format(const Options *options) {
  const char *name = options->format ? options->format : options->run.json ? "json" : "text";
  const ScheduleFormat *format = find_schedule_format(name);
  if (!format) usage_error("there is no format '%s': sedge schedule --help lists them", name);
  return format;
}

/* Up to nine digits, with neither sign nor space before them; what follows, or NULL. */
static const char *read_clock(const char *text, uint32_t *clock) {
  const size_t digits = strspn(text, "0123456789");
  if (digits < 1 || digits > 9) return NULL;
  *clock = (uint32_t)strtoul(text, NULL, 10);
  return text + digits;
}

/* "3..7" or "3". */
static bool read_clocks(const char *text, ScheduleView *view) {
  uint32_t first = 0, last = 0;
  const char *rest = read_clock(text, &first);
  last = first;
  if (rest && strncmp(rest, "..", 2) == 0) rest = read_clock(rest + 2, &last);
  if (!rest || *rest) return false;
  view->has_clocks = true;
  view->first_clock = first;
  view->last_clock = last;
  return first <= last;
}

/* The view that the options ask for; false after a usage error. */
static bool find_view(const Options *options, const Schedule *schedule, ScheduleView *view) {
  const uint32_t count = schedule->model->junction_count;
  *view = (ScheduleView){.junction = UINT32_MAX};
  if (options->junction.is_given) {
    if (options->junction.value < 1 || options->junction.value > count) {
      usage_error("there is no junction %" PRIu64 ": they are numbered 1 to %" PRIu32,
                  options->junction.value, count);
      return false;
    }
    view->junction = (uint32_t)options->junction.value - 1;
  }
  if (!options->clocks) return true;
  if (!read_clocks(options->clocks, view)) {
    usage_error("'%s' is no range of clocks, as in 0..3", options->clocks);
    return false;
  }
  if (view->first_clock < schedule->junction_cycle) return true;
  usage_error("the junction cycle has clocks 0..%" PRIu32 ", not %" PRIu32,
              schedule->junction_cycle - 1, view->first_clock);
  return false;
}

static ExitCode write_schedule(const Invocation *invocation, Compilation *c,
                               const ScheduleFormat *format, const ScheduleReport *report) {
  const char *path = invocation->options.output;
  if (!path) {
    format->print(report, stdout);
    return EXIT_DONE;
  }
  Failure failure = {0};
  AtomicFile *file = atomic_file_open(path, &failure);
  if (file) {
    format->print(report, atomic_file_stream(file));
    if (atomic_file_commit(file, &failure)) return EXIT_DONE;
  }
  return report_failure(invocation, c, &failure);
}

ExitCode command_schedule(const Invocation *invocation) {
  const ScheduleFormat *format = find_format(&invocation->options);
  if (!format) return EXIT_USAGE;
  ExitCode code = EXIT_DONE;
  Compilation *c = compile_file(invocation, PASS_SCHEDULE, &code);
  if (!c) return code;
  ScheduleReport report = {
      .schedule = c->schedule, .program = c->program, .fit = c->fit, .sources = c->sources};
  code = find_view(&invocation->options, c->schedule, &report.view)
             ? write_schedule(invocation, c, format, &report)
             : EXIT_USAGE;
  compilation_close(c);
  return code;
}
