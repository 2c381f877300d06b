// SPDX-License-Identifier: MIT
// A canvas of dots, 2 x 4 in a character of braille, one in a character of ASCII; each series has
// dots of its own, so that a character can take the colour of the most important one in it.
#include "runtime/verbs/terminal_plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COLUMNS = 66, ROWS = 9, LABEL = 9, MOST_ACROSS = 2, MOST_DOWN = 4 };

typedef enum Series { SERIES_TRAINING, SERIES_VALIDATION, SERIES_TEST, SERIES_COUNT } Series;

/* The later ones are drawn over the earlier ones. */
static const struct {
  const char *name, *line, *color;
  char ascii;
  uint32_t period, on; /* dots along x: `on` of every `period` are set */
} series_info[SERIES_COUNT] = {
    [SERIES_TRAINING] = {"training", "dashed", "\033[34m", '-', 6, 3},
    [SERIES_VALIDATION] = {"validation", "dotted", "\033[32m", '.', 4, 1},
    [SERIES_TEST] = {"test", "solid", "\033[33m", '*', 1, 1},
};

typedef struct Canvas {
  bool is_utf8, with_color;
  int across, down;                          /* dots of a character */
  uint8_t dots[SERIES_COUNT][ROWS][COLUMNS]; /* a bit for each dot, as braille numbers them */
} Canvas;

typedef struct Curves {
  const EpochReport *epochs;
  uint32_t count;
  bool is_loss;
  double low, high;
} Curves;

bool locale_is_utf8(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *value = getenv(names[i]);
    if (!value || !*value) continue;
    const char *coding = strchr(value, '.');
    return coding && (strcasecmp(coding, ".utf-8") == 0 || strcasecmp(coding, ".utf8") == 0);
  }
  return false;
}

/* ---- values ---- */

static double value_of(const Curves *c, Series series, uint32_t epoch) {
  const EpochReport *r = &c->epochs[epoch];
  const Tally *tally = series == SERIES_TRAINING     ? &r->train
                       : series == SERIES_VALIDATION ? &r->validation
                                                     : &r->test;
  return c->is_loss ? tally_loss(tally) : 100 * tally_accuracy(tally);
}

static bool has_series(const Curves *c, Series series) {
  for (uint32_t i = 0; i < c->count; i++) {
    if (isfinite(value_of(c, series, i))) return true;
  }
  return false;
}

static bool measure(Curves *c) {
  c->low = INFINITY;
  c->high = -INFINITY;
  for (int series = 0; series < SERIES_COUNT; series++) {
    for (uint32_t i = 0; i < c->count; i++) {
      const double value = value_of(c, (Series)series, i);
      if (!isfinite(value)) continue;
      c->low = fmin(c->low, value);
      c->high = fmax(c->high, value);
    }
  }
  if (c->low > c->high) return false;
  if (c->low == c->high) c->high += fmax(fabs(c->high) * 0.01, 1e-6);
  return true;
}

/* ---- dots ---- */

static void set_dot(Canvas *canvas, Series series, int x, int y) {
  static const uint8_t bits[MOST_DOWN][MOST_ACROSS] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
  if (x < 0 || y < 0 || x >= COLUMNS * canvas->across || y >= ROWS * canvas->down) return;
  if ((uint32_t)x % series_info[series].period >= series_info[series].on) return;
  canvas->dots[series][y / canvas->down][x / canvas->across] |=
      bits[y % canvas->down][x % canvas->across];
}

static void draw_line(Canvas *canvas, Series series, double x0, double y0, double x1, double y1) {
  const int steps = (int)ceil(fmax(fabs(x1 - x0), fabs(y1 - y0))) + 1;
  for (int i = 0; i <= steps; i++) {
    const double part = (double)i / steps;
    set_dot(canvas, series, (int)lround(x0 + part * (x1 - x0)), (int)lround(y0 + part * (y1 - y0)));
  }
}

static void draw_series(Canvas *canvas, const Curves *c, Series series) {
  const double width = COLUMNS * canvas->across - 1, height = ROWS * canvas->down - 1;
  double last_x = NAN, last_y = NAN;
  for (uint32_t i = 0; i < c->count; i++) {
    const double value = value_of(c, series, i);
    if (!isfinite(value)) continue;
    const double x = c->count > 1 ? width * i / (c->count - 1) : 0;
    const double y = height * (c->high - value) / (c->high - c->low);
    draw_line(canvas, series, isnan(last_x) ? x : last_x, isnan(last_y) ? y : last_y, x, y);
    last_x = x;
    last_y = y;
  }
}

/* ---- characters ---- */

static void print_cell(const Canvas *canvas, int row, int column, FILE *out) {
  unsigned mask = 0;
  int top = -1;
  for (int series = 0; series < SERIES_COUNT; series++) {
    const unsigned own = canvas->dots[series][row][column];
    mask |= own;
    if (own) top = series;
  }
  if (top < 0) {
    fputc(' ', out);
    return;
  }
  if (canvas->with_color) fputs(series_info[top].color, out);
  if (canvas->is_utf8) {
    const unsigned code = 0x2800 + mask;
    fputc((int)(0xE0 | code >> 12), out);
    fputc((int)(0x80 | (code >> 6 & 0x3F)), out);
    fputc((int)(0x80 | (code & 0x3F)), out);
  } else {
    fputc(series_info[top].ascii, out);
  }
  if (canvas->with_color) fputs("\033[0m", out);
}

/* Characters of a row up to the last one that is not blank. */
static int row_length(const Canvas *canvas, int row) {
  int length = COLUMNS;
  for (; length > 0; length--) {
    for (int series = 0; series < SERIES_COUNT; series++) {
      if (canvas->dots[series][row][length - 1]) return length;
    }
  }
  return 0;
}

static void print_head(const Canvas *canvas, const Curves *c, FILE *out) {
  fprintf(out, "%*s  ", LABEL, c->is_loss ? "loss" : "accuracy");
  for (int series = SERIES_COUNT - 1, shown = 0; series >= 0; series--) {
    if (!has_series(c, (Series)series)) continue;
    const char *on = canvas->with_color ? series_info[series].color : "";
    const char *off = canvas->with_color ? "\033[0m" : "";
    fprintf(out, "%s%s%s%s ", shown++ ? ", " : "", on, series_info[series].name, off);
    if (canvas->is_utf8)
      fputs(series_info[series].line, out);
    else
      fputc(series_info[series].ascii, out);
  }
  fputc('\n', out);
}

static void print_label(const Curves *c, int row, FILE *out) {
  const double value = c->high - (c->high - c->low) * row / (ROWS - 1);
  if (row % 4)
    fprintf(out, "%*s ", LABEL, "");
  else if (c->is_loss)
    fprintf(out, "%*.4g ", LABEL, value);
  else
    fprintf(out, "%*.2f %% ", LABEL - 2, value);
}

static void print_foot(const Canvas *canvas, const Curves *c, FILE *out) {
  char last[32];
  snprintf(last, sizeof last, "epoch %" PRIu32, c->epochs[c->count - 1].epoch);
  fprintf(out, "%*s %s", LABEL, "", canvas->is_utf8 ? "└" : "+");
  for (int i = 0; i < COLUMNS; i++) fputs(canvas->is_utf8 ? "─" : "-", out);
  fprintf(out, "\n%*s  %-*" PRIu32 "%*s\n", LABEL, "", COLUMNS / 2, c->epochs[0].epoch,
          COLUMNS - COLUMNS / 2, last);
}

static void print_curves(const EpochReport *epochs, uint32_t count, bool is_loss, Canvas *canvas,
                         FILE *out) {
  Curves c = {.epochs = epochs, .count = count, .is_loss = is_loss};
  if (!measure(&c)) return;
  memset(canvas->dots, 0, sizeof canvas->dots);
  for (int series = 0; series < SERIES_COUNT; series++) draw_series(canvas, &c, (Series)series);
  print_head(canvas, &c, out);
  for (int row = 0; row < ROWS; row++) {
    print_label(&c, row, out);
    fputs(canvas->is_utf8 ? "│" : "|", out);
    for (int column = 0; column < row_length(canvas, row); column++)
      print_cell(canvas, row, column, out);
    fputc('\n', out);
  }
  print_foot(canvas, &c, out);
}

void print_terminal_plot(const EpochReport *epochs, uint32_t count, bool is_utf8, bool with_color,
                         FILE *out) {
  Canvas canvas = {.is_utf8 = is_utf8,
                   .with_color = with_color,
                   .across = is_utf8 ? MOST_ACROSS : 1,
                   .down = is_utf8 ? MOST_DOWN : 1};
  if (count == 0) return;
  print_curves(epochs, count, false, &canvas, out);
  print_curves(epochs, count, true, &canvas, out);
}
