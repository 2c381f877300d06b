// SPDX-License-Identifier: MIT
// Draws the bar with a carriage return and erases what a longer one left.
#include "runtime/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/system.h"

enum { USUAL_WIDTH = 80, LEAST_BAR = 10 };

static const double SECONDS_BETWEEN_BARS = 0.1;

double monotonic_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void format_time(double seconds, char text[24]) {
  if (!(seconds >= 0 && seconds < 3600.0 * 10000)) {
    strcpy(text, "--:--");
    return;
  }
  const unsigned whole = (unsigned)(seconds + 0.5);
  if (whole < 3600) {
    snprintf(text, 24, "%u:%02u", whole / 60, whole % 60);
  } else {
    snprintf(text, 24, "%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
  }
}

void format_rate(double per_second, char text[24]) {
  static const char units[] = {' ', 'k', 'M', 'G'};
  unsigned unit = 0;
  if (!isfinite(per_second) || per_second < 0) per_second = 0;
  for (; per_second >= 999.5 && unit < 3; unit++) per_second /= 1000;
  const int digits = per_second < 9.995 ? 2 : per_second < 99.95 ? 1 : 0;
  if (unit == 0) {
    snprintf(text, 24, "%.0f", per_second);
  } else {
    snprintf(text, 24, "%.*f%c", digits, per_second, units[unit]);
  }
}

void progress_text(const ProgressState *state, uint32_t width, char *text, size_t size) {
  char rate[24], left[24], tail[96] = "";
  const double part = state->total > 0 ? fmin(1, (double)state->done / (double)state->total) : 1;
  format_rate(state->per_second, rate);
  format_time(state->seconds_left, left);
  if (state->per_second > 0)
    snprintf(tail, sizeof tail, " %5s %s/s, %s left", rate, state->unit, left);
  char head[96];
  snprintf(head, sizeof head, "%.60s %3.0f %% ", state->label, floor(100 * part));
  const size_t used = strlen(head) + strlen(tail) + 2;
  if (used + LEAST_BAR > width) {
    snprintf(text, size < width ? size : width + 1u, "%s%s", head, tail);
    return;
  }
  char bar[USUAL_WIDTH + 1];
  const size_t length = width - used < USUAL_WIDTH ? width - used : USUAL_WIDTH;
  const size_t filled = (size_t)(part * (double)length);
  memset(bar, ' ', length);
  memset(bar, '=', filled);
  if (filled < length) bar[filled] = '>';
  bar[length] = '\0';
  snprintf(text, size, "%s[%s]%s", head, bar, tail);
}

Progress progress_open(FILE *out, bool is_quiet) {
  const char *terminal = getenv("TERM");
  const bool is_dumb = terminal && strcmp(terminal, "dumb") == 0;
  return (Progress){
      .out = out, .is_terminal = !is_dumb && isatty(fileno(out)), .is_quiet = is_quiet};
}

/* One column stays free, so that no terminal wraps the line. */
static uint32_t bar_width(const Progress *progress) {
  const uint32_t columns = system_terminal_columns(fileno(progress->out));
  return (columns > 0 && columns < USUAL_WIDTH ? columns : USUAL_WIDTH) - 1;
}

void progress_show(Progress *progress, const ProgressState *state) {
  if (progress->is_quiet || !progress->is_terminal) return;
  const double now = monotonic_seconds();
  if (progress->has_bar && now - progress->last_drawn < SECONDS_BETWEEN_BARS) return;
  char text[128];
  progress_text(state, bar_width(progress), text, sizeof text);
  fprintf(progress->out, "\r%s\033[K", text);
  fflush(progress->out);
  progress->has_bar = true;
  progress->last_drawn = now;
}

void progress_clear(Progress *progress) {
  if (!progress->has_bar) return;
  fputs("\r\033[K", progress->out);
  fflush(progress->out);
  progress->has_bar = false;
}

void progress_line(Progress *progress, const char *format, ...) {
  if (progress->is_quiet) return;
  progress_clear(progress);
  va_list values;
  va_start(values, format);
  vfprintf(progress->out, format, values);
  va_end(values);
  fputc('\n', progress->out);
}
