// SPDX-License-Identifier: MIT
// Progress for a person: a bar with rate and time left on a terminal, nothing between whole lines
// elsewhere.
#ifndef SEDGE_RUNTIME_PROGRESS_H
#define SEDGE_RUNTIME_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a bar shows. */
typedef struct ProgressState {
  const char *label;    /* "epoch 3/15" */
  uint64_t done, total; /* of the part that the bar stands for */
  double per_second;    /* 0: not known yet */
  double seconds_left;  /* of everything; negative: not known */
  const char *unit;     /* "inputs" */
} ProgressState;

/* Where it is shown. */
typedef struct Progress {
  FILE *out;
  bool is_terminal;  /* a bar is drawn */
  bool is_quiet;     /* nothing is shown at all */
  bool has_bar;      /* one stands on the current line */
  double last_drawn; /* seconds of monotonic_seconds() */
} Progress;

Progress progress_open(FILE *out, bool is_quiet);

/* Draws the bar, at most ten times a second. */
void progress_show(Progress *progress, const ProgressState *state);

/* Removes the bar, so that something else can be printed on either stream. */
void progress_clear(Progress *progress);

/* Removes the bar and prints a whole line; nothing when quiet. */
void progress_line(Progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The bar as text of at most `width` characters, NUL-terminated within size (> width). */
void progress_text(const ProgressState *state, uint32_t width, char *text, size_t size);

/* "0:07", "12:05", "3:02:59"; "--:--" for a negative or endless time. */
void format_time(double seconds, char text[24]);

/* "837", "12.3k", "1.05M": three digits that count. */
void format_rate(double per_second, char text[24]);

/* A clock that never goes back, in seconds. */
double monotonic_seconds(void);

#endif
