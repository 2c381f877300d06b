// SPDX-License-Identifier: MIT
// A plot of two fields as an SVG picture: runs as faint dots, what repeats as its mean with a bar
// from the smallest to the largest, the Pareto set as a stepped line.
//
// Of the axes that are not plotted, the first gives each of its values a colour and a shape.
// Colours are Okabe and Ito's, which the colour-blind can tell apart; the picture follows a dark
// mode, and is light in print.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/sweep/groups.h"
#include "compiler/sweep/results.h"
#include "runtime/verbs/scale.h"

enum { WIDTH = 640, HEIGHT = 420, LEFT = 84, RIGHT = 620, TOP = 64, BOTTOM = 356, STYLES = 8 };

static const char style[] =
    "<style>\n"
    "  text { font: 13px Helvetica, Arial, sans-serif; fill: #222 }\n"
    "  .paper { fill: #fff } .grid { stroke: #e2e2e2 } .frame { stroke: #666; fill: none }\n"
    "  .title { font-weight: bold } .small { font-size: 11px } .best { stroke: #444 }\n"
    "  .s0 { color: #0072b2 } .s1 { color: #d55e00 } .s2 { color: #009e73 } .s3 { color: #cc79a7 "
    "}\n"
    "  .s4 { color: #e69f00 } .s5 { color: #56b4e9 } .s6 { color: #666 } .s7 { color: #8b4513 }\n"
    "  @media screen and (prefers-color-scheme: dark) {\n"
    "    text { fill: #ddd } .paper { fill: #14171a } .grid { stroke: #30363c } .frame { stroke: "
    "#999 }\n"
    "    .best { stroke: #ccc } .s0 { color: #4aa8e0 } .s1 { color: #ff8c42 } .s2 { color: #2fc79a "
    "}\n"
    "    .s6 { color: #aaa } .s7 { color: #c98a5b }\n"
    "  }\n"
    "</style>\n";

typedef struct Figure {
  const Results *results;
  const Groups *groups;
  FILE *out;
  SweepField x_field, y_field;
  Scale x, y;
  bool has_series; /* `series` is the axis whose values have colours */
  uint32_t series;
  uint32_t series_count; /* 1 without */
  bool has_lines;        /* the groups of a series are a curve: one axis alone leads through them */
} Figure;

/* ---- what is shown how ---- */

static bool is_free_axis(const Figure *f, uint32_t axis) {
  const bool is_x = f->x_field.is_axis && f->x_field.index == axis;
  const bool is_y = f->y_field.is_axis && f->y_field.index == axis;
  const Axis *a = &f->results->axes->axes[axis];
  return !is_x && !is_y && !a->is_repetition && a->count > 1;
}

/* Along a measured x, the one axis that is left leads along the curve, unless it is one of
 * names. */
static void choose_series(Figure *f) {
  const Axes *axes = f->results->axes;
  uint32_t free_count = 0, first = 0, last = 0;
  for (uint32_t i = axes->count; i-- > 0;) {
    if (!is_free_axis(f, i)) continue;
    if (free_count++ == 0) last = i;
    first = i;
  }
  const SweepField field = {.is_axis = true, .index = first};
  const bool is_led = f->x_field.is_axis && !is_field_named(axes, f->x_field);
  f->series_count = 1;
  if (free_count > 0 && (f->x_field.is_axis || free_count > 1 || is_field_named(axes, field))) {
    f->has_series = true;
    f->series = first;
    f->series_count = axes->axes[first].count;
    free_count--;
  }
  const SweepField leader = {.is_axis = true, .index = last};
  f->has_lines = is_led ? free_count == 0
                        : !f->x_field.is_axis && free_count == 1 && !is_field_named(axes, leader);
}

static uint32_t series_of_run(const Figure *f, uint32_t run) {
  return f->has_series ? axis_place(f->results->axes, run, f->series) : 0;
}

static Scale scale_of(const Figure *f, SweepField field, Arena *scratch, double from, double to) {
  const Axes *axes = f->results->axes;
  if (is_field_named(axes, field)) return scale_for_names(axes->axes[field.index].count, from, to);
  double *values = ARENA_ARRAY(scratch, double, axes->run_count);
  for (uint32_t run = 0; run < axes->run_count; run++) {
    const bool is_shown = is_run_done(f->results, run) &&
                          !isnan(field_number(f->results, f->x_field, run)) &&
                          !isnan(field_number(f->results, f->y_field, run));
    values[run] = is_shown ? field_number(f->results, field, run) : NAN;
    if (!field.is_axis && columns[field.index].form == FORM_OF_SHARE) values[run] *= 100;
  }
  return scale_for(values, axes->run_count, from, to);
}

/* A field's value as the scales have it: shares as per cent. */
static double shown(SweepField field, double value) {
  return !field.is_axis && columns[field.index].form == FORM_OF_SHARE ? 100 * value : value;
}

/* Points of several series at one name stand side by side. */
static double x_place(const Figure *f, double value, uint32_t series) {
  const double place = place_on(&f->x, shown(f->x_field, value));
  if (!is_field_named(f->results->axes, f->x_field)) return place;
  return place + 12 * (series - (f->series_count - 1) / 2.0);
}

static double y_place(const Figure *f, double value) {
  return place_on(&f->y, shown(f->y_field, value));
}

/* ---- text ---- */

static void print_escaped(const char *text, FILE *out) {
  for (; *text; text++) {
    switch (*text) {
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '&': fputs("&amp;", out); break;
    case '"': fputs("&quot;", out); break;
    default: fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
    }
  }
}

static void print_text(const Figure *f, double x, double y, const char *attributes,
                       const char *text) {
  fprintf(f->out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
  print_escaped(text, f->out);
  fputs("</text>\n", f->out);
}

static void axis_title(const Figure *f, SweepField field, char text[96]) {
  const bool is_share = !field.is_axis && columns[field.index].form == FORM_OF_SHARE;
  snprintf(text, 96, "%s%s", field_label(f->results->axes, field), is_share ? " (%)" : "");
}

/* ---- frame ---- */

static void print_tick(const Figure *f, bool is_x, double place, const char *label) {
  if (is_x) {
    fprintf(f->out, "<path class=\"grid\" d=\"M%.1f %d V%d\"/>\n", place, TOP, BOTTOM);
    print_text(f, place, BOTTOM + 18, "text-anchor=\"middle\"", label);
  } else {
    fprintf(f->out, "<path class=\"grid\" d=\"M%d %.1f H%d\"/>\n", LEFT, place, RIGHT);
    print_text(f, LEFT - 8, place + 4, "text-anchor=\"end\"", label);
  }
}

static void print_axis(const Figure *f, bool is_x) {
  const SweepField field = is_x ? f->x_field : f->y_field;
  const Scale *scale = is_x ? &f->x : &f->y;
  if (is_field_named(f->results->axes, field)) {
    const Axis *axis = &f->results->axes->axes[field.index];
    for (uint32_t i = 0; i < axis->count; i++)
      print_tick(f, is_x, place_on(scale, i), axis->values[i]);
    return;
  }
  for (uint32_t i = 0; i < scale->tick_count; i++) {
    char text[32];
    format_tick(scale->ticks[i], text);
    print_tick(f, is_x, place_on(scale, scale->ticks[i]), text);
  }
}

static void print_frame(const Figure *f) {
  char title[96];
  fprintf(f->out,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
          "height=\"%d\" role=\"img\">\n<title>",
          WIDTH, HEIGHT, WIDTH, HEIGHT);
  print_escaped(f->results->title, f->out);
  fprintf(f->out, "</title>\n%s<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", style, WIDTH,
          HEIGHT);
  print_text(f, LEFT, 22, "class=\"title\"", f->results->title);
  print_axis(f, true);
  print_axis(f, false);
  fprintf(f->out, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT,
          TOP, RIGHT - LEFT, BOTTOM - TOP);
  axis_title(f, f->x_field, title);
  print_text(f, (LEFT + RIGHT) / 2.0, BOTTOM + 40, "text-anchor=\"middle\"", title);
  axis_title(f, f->y_field, title);
  fprintf(f->out, "<g transform=\"translate(20 %.1f) rotate(-90)\">", (TOP + BOTTOM) / 2.0);
  print_text(f, 0, 0, "text-anchor=\"middle\"", title);
  fputs("</g>\n", f->out);
}

/* ---- marks ---- */

static void print_mark(const Figure *f, uint32_t series, double x, double y, double size) {
  switch (series % 4) {
  case 0: fprintf(f->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"", x, y, size); break;
  case 1:
    fprintf(f->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", x - 0.9 * size,
            y - 0.9 * size, 1.8 * size, 1.8 * size);
    break;
  case 2:
    fprintf(f->out, "<path d=\"M%.1f %.1f l%.1f %.1f h%.1f z\"", x, y - 1.2 * size, 1.15 * size,
            2 * size, -2.3 * size);
    break;
  default:
    fprintf(f->out, "<path d=\"M%.1f %.1f l%.1f %.1f l%.1f %.1f l%.1f %.1f z\"", x, y - 1.3 * size,
            1.3 * size, 1.3 * size, -1.3 * size, 1.3 * size, -1.3 * size, -1.3 * size);
  }
  fputs(" fill=\"currentColor\"", f->out);
}

static void print_value(const Figure *f, SweepField field, double value) {
  char text[32];
  if (is_field_named(f->results->axes, field)) return;
  snprintf(text, sizeof text, "%.6g", shown(field, value));
  fputs(", ", f->out);
  print_escaped(field_label(f->results->axes, field), f->out);
  fprintf(f->out, " %s", text);
}

static void print_run(const Figure *f, uint32_t run, Arena *scratch) {
  const double x = field_number(f->results, f->x_field, run);
  const double y = field_number(f->results, f->y_field, run);
  if (!is_run_done(f->results, run) || isnan(x) || isnan(y)) return;
  const uint32_t series = series_of_run(f, run);
  const bool is_repeated = f->groups->size > 1;
  fprintf(f->out, "<g class=\"s%" PRIu32 "\">", series % STYLES);
  print_mark(f, series, x_place(f, x, series), y_place(f, y), is_repeated ? 2.5 : 4.5);
  fputs(is_repeated ? " opacity=\"0.45\"><title>" : "><title>", f->out);
  print_escaped(describe_run(f->results->axes, run, scratch), f->out);
  print_value(f, f->x_field, x);
  print_value(f, f->y_field, y);
  fputs("</title>", f->out);
  fputs(series % 4 == 0 ? "</circle>" : series % 4 == 1 ? "</rect>" : "</path>", f->out);
  fputs("</g>\n", f->out);
}

/* A group's mean, and its bar. */
static void print_group(const Figure *f, uint32_t group) {
  const Spread x = measure_group(f->results, f->groups, group, f->x_field);
  const Spread y = measure_group(f->results, f->groups, group, f->y_field);
  if (x.count == 0 || y.count == 0) return;
  const uint32_t series = series_of_run(f, f->groups->runs[group * f->groups->size]);
  const double place = x_place(f, x.mean, series);
  const double low = y_place(f, y.low), high = y_place(f, y.high);
  fprintf(f->out,
          "<g class=\"s%" PRIu32 "\"><path stroke=\"currentColor\" stroke-width=\"1.5\" "
          "d=\"M%.1f %.1f h8 m-4 0 V%.1f m-4 0 h8\"/>",
          series % STYLES, place - 4, low, high);
  print_mark(f, series, place, y_place(f, y.mean), 4.5);
  fputs("/></g>\n", f->out);
}

/* ---- lines ---- */

typedef struct LinePoint {
  double x, y; /* places */
} LinePoint;

static int compare_line_points(const void *left, const void *right) {
  const LinePoint *a = left, *b = right;
  return a->x < b->x ? -1 : a->x > b->x;
}

static void print_curve(const Figure *f, uint32_t series, LinePoint *points) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < f->groups->count; i++) {
    if (series_of_run(f, f->groups->runs[i * f->groups->size]) != series) continue;
    const Spread x = measure_group(f->results, f->groups, i, f->x_field);
    const Spread y = measure_group(f->results, f->groups, i, f->y_field);
    if (x.count > 0 && y.count > 0)
      points[count++] = (LinePoint){x_place(f, x.mean, series), y_place(f, y.mean)};
  }
  if (count < 2) return;
  qsort(points, count, sizeof *points, compare_line_points);
  fprintf(f->out,
          "<path class=\"s%" PRIu32 "\" fill=\"none\" stroke=\"currentColor\" "
          "stroke-width=\"1.8\" d=\"M",
          series % STYLES);
  for (uint32_t i = 0; i < count; i++) fprintf(f->out, " %.1f %.1f", points[i].x, points[i].y);
  fputs("\"/>\n", f->out);
}

/* The steps between what some run reaches and what none does. */
static void print_best(const Figure *f, LinePoint *points) {
  uint32_t count = 0;
  if (!f->results->is_best) return;
  for (uint32_t run = 0; run < f->results->axes->run_count; run++) {
    if (!f->results->is_best[run]) continue;
    points[count++] =
        (LinePoint){x_place(f, field_number(f->results, f->x_field, run), series_of_run(f, run)),
                    y_place(f, field_number(f->results, f->y_field, run))};
  }
  if (count == 0) return;
  qsort(points, count, sizeof *points, compare_line_points);
  /* Where less of x is better, a run's y is reached from its own x on; else up to its x. */
  const bool x_less = field_better(f->results->axes, f->x_field) == BETTER_LESS;
  fputs("<path class=\"best\" fill=\"none\" stroke-dasharray=\"5 3\" d=\"", f->out);
  for (uint32_t i = 0; i < count; i++) {
    if (i == 0)
      fprintf(f->out, "M%.1f %.1f", points[i].x, points[i].y);
    else if (x_less)
      fprintf(f->out, "H%.1fV%.1f", points[i].x, points[i].y);
    else
      fprintf(f->out, "V%.1fH%.1f", points[i].y, points[i].x);
  }
  fputs("\"/>\n", f->out);
  for (uint32_t i = 0; i < count; i++) {
    fprintf(f->out, "<circle class=\"best\" fill=\"none\" cx=\"%.1f\" cy=\"%.1f\" r=\"7\"/>\n",
            points[i].x, points[i].y);
  }
}

/* ---- legend ---- */

static void print_legend(const Figure *f) {
  double x = LEFT, y = 40;
  for (uint32_t i = 0; f->has_series && i < f->series_count; i++) {
    const Axis *axis = &f->results->axes->axes[f->series];
    char text[64];
    snprintf(text, sizeof text, "%s%s%.40s", i == 0 ? axis->name : "", i == 0 ? " " : "",
             axis->values[i]);
    const double width = 26 + 6.6 * (double)strlen(text);
    if (x + width > RIGHT) {
      x = LEFT;
      y += 16;
    }
    if (y > TOP - 8) break;
    fprintf(f->out, "<g class=\"s%" PRIu32 "\">", i % STYLES);
    print_mark(f, i, x + 6, y - 4, 4.5);
    fputs("/></g>\n", f->out);
    print_text(f, x + 16, y, "class=\"small\"", text);
    x += width;
  }
  const char *repeated = f->groups->size > 1 ? "mean, smallest and largest of the seeds" : "";
  const char *best = f->results->is_best ? "dashed: no run is better in both" : "";
  char text[128];
  snprintf(text, sizeof text, "%s%s%s", repeated, *repeated && *best ? "; " : "", best);
  if (*text) print_text(f, RIGHT, BOTTOM + 58, "class=\"small\" text-anchor=\"end\"", text);
}

void print_figure(const Results *results, Arena *scratch, FILE *out) {
  Figure f = {.results = results,
              .groups = group_runs(results->axes, scratch),
              .out = out,
              .x_field = results->plot->x,
              .y_field = results->plot->y};
  choose_series(&f);
  f.x = scale_of(&f, f.x_field, scratch, LEFT, RIGHT);
  f.y = scale_of(&f, f.y_field, scratch, BOTTOM, TOP);
  LinePoint *points = ARENA_ARRAY(scratch, LinePoint, results->axes->run_count);
  print_frame(&f);
  print_best(&f, points);
  for (uint32_t i = 0; f.has_lines && i < f.series_count; i++) print_curve(&f, i, points);
  for (uint32_t run = 0; run < results->axes->run_count; run++) print_run(&f, run, scratch);
  for (uint32_t i = 0; f.groups->size > 1 && i < f.groups->count; i++) print_group(&f, i);
  print_legend(&f);
  fputs("</svg>\n", out);
}
