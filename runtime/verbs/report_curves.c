// SPDX-License-Identifier: MIT
// Curves of loss and accuracy over the epochs, and histograms junction by junction.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/probe.h"
#include "runtime/verbs/report_parts.h"
#include "runtime/verbs/scale.h"

enum { WIDTH = 440, HEIGHT = 230, LEFT = 52, RIGHT = 430, TOP = 12, BOTTOM = 186, MOST_MARKS = 60 };

/* What can be drawn over the epochs: keys are PART_loss and PART_accuracy. */
static const struct {
  const char *part, *name, *style, *dash;
} parts[] = {{"train", "training", "a", "6 3"},
             {"validation", "validation", "c", "2 3"},
             {"test", "test", "b", "none"}};

enum { PART_COUNT = sizeof parts / sizeof parts[0] };

/* ---- frames ---- */

static void open_svg(const char *label, FILE *out) {
  fprintf(out, "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH,
          HEIGHT, label);
}

static void print_label(double x, double y, const char *anchor, const char *text, FILE *out) {
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
  print_html(text, out);
  fputs("</text>\n", out);
}

static void print_axes(const Scale *x, const Scale *y, const char *x_title, FILE *out) {
  char text[32];
  for (uint32_t i = 0; i < y->tick_count; i++) {
    const double place = place_on(y, y->ticks[i]);
    fprintf(out, "<path class=\"grid\" d=\"M%d %.1f H%d\"/>\n", LEFT, place, RIGHT);
    format_tick(y->ticks[i], text);
    print_label(LEFT - 6, place + 4, "end", text, out);
  }
  for (uint32_t i = 0; i < x->tick_count; i++) {
    format_tick(x->ticks[i], text);
    print_label(place_on(x, x->ticks[i]), BOTTOM + 16, "middle", text, out);
  }
  print_label((LEFT + RIGHT) / 2.0, BOTTOM + 34, "middle", x_title, out);
  fprintf(out, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT, TOP,
          RIGHT - LEFT, BOTTOM - TOP);
}

/* ---- curves ---- */

typedef struct Curves {
  const ReportLog *log;
  const char *what; /* "loss", "accuracy" */
  double factor;    /* 100: as per cent */
  Scale x, y;
} Curves;

static double value_of(const Curves *c, int part, uint32_t epoch) {
  char key[32];
  snprintf(key, sizeof key, "%s_%s", parts[part].part, c->what);
  return c->factor * event_number(c->log->epochs[epoch], key);
}

/* There is no epoch 1.5, and none before the first. */
static void keep_whole_ticks(Scale *scale, double first) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < scale->tick_count; i++) {
    const double tick = scale->ticks[i];
    if (fabs(tick - round(tick)) < 1e-6 && tick > first - 0.5) scale->ticks[kept++] = tick;
  }
  scale->tick_count = kept;
}

static bool measure(Curves *c) {
  const uint32_t count = c->log->epoch_count;
  double *values = calloc((size_t)count * PART_COUNT + count, sizeof *values);
  bool has_any = false;
  if (!values) return false;
  for (uint32_t i = 0; i < count; i++) {
    values[(size_t)count * PART_COUNT + i] = event_number(c->log->epochs[i], "epoch");
    for (int part = 0; part < PART_COUNT; part++) {
      values[(size_t)part * count + i] = value_of(c, part, i);
      has_any |= !isnan(values[(size_t)part * count + i]);
    }
  }
  c->y = scale_for(values, count * PART_COUNT, BOTTOM, TOP);
  c->x = scale_linear(values + (size_t)count * PART_COUNT, count, LEFT, RIGHT);
  keep_whole_ticks(&c->x, event_number(c->log->epochs[0], "epoch"));
  free(values);
  return has_any;
}

static void print_curve(const Curves *c, int part, FILE *out) {
  const uint32_t count = c->log->epoch_count, stride = 1 + (count - 1) / MOST_MARKS;
  bool is_begun = false;
  fprintf(out,
          "<g class=\"%s\"><path fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" "
          "stroke-dasharray=\"%s\" d=\"",
          parts[part].style, parts[part].dash);
  for (uint32_t i = 0; i < count; i++) {
    const double value = value_of(c, part, i);
    if (isnan(value)) continue;
    fprintf(out, "%s%.1f %.1f", is_begun ? " " : "M",
            place_on(&c->x, event_number(c->log->epochs[i], "epoch")), place_on(&c->y, value));
    is_begun = true;
  }
  fputs("\"/>\n", out);
  for (uint32_t i = 0; i < count; i += stride) {
    const double value = value_of(c, part, i), epoch = event_number(c->log->epochs[i], "epoch");
    if (isnan(value)) continue;
    fprintf(out,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"currentColor\"><title>epoch %.0f, %s "
            "%s %.4g%s</title></circle>\n",
            place_on(&c->x, epoch), place_on(&c->y, value), epoch, parts[part].name, c->what, value,
            c->factor > 1 ? " %" : "");
  }
  fputs("</g>\n", out);
}

static void print_curves(const ReportLog *log, const char *what, double factor, FILE *out) {
  Curves c = {.log = log, .what = what, .factor = factor};
  if (!measure(&c)) return;
  open_svg(what, out);
  print_axes(&c.x, &c.y, "epoch", out);
  for (int part = 0; part < PART_COUNT; part++) print_curve(&c, part, out);
  fprintf(out, "</svg><figcaption>%s%s: ", what, factor > 1 ? ", per cent" : "");
  for (int part = 0, shown = 0; part < PART_COUNT; part++) {
    bool is_shown = false;
    for (uint32_t i = 0; i < log->epoch_count; i++) is_shown |= !isnan(value_of(&c, part, i));
    if (!is_shown) continue;
    fprintf(out, "%s<span class=\"%s\">%s</span> %s", shown++ ? ", " : "", parts[part].style,
            parts[part].name,
            strcmp(parts[part].dash, "none") == 0 ? "solid"
            : part == 0                           ? "dashed"
                                                  : "dotted");
  }
  fputs("</figcaption></figure>\n", out);
}

void print_report_curves(const ReportLog *log, FILE *out) {
  if (log->epoch_count == 0) return;
  fputs("<h2>Curves</h2>\n<div class=\"row\">\n", out);
  print_curves(log, "accuracy", 100, out);
  print_curves(log, "loss", 1, out);
  fputs("</div>\n", out);
}

/* ---- histograms ---- */

/* A histogram of the log, as shares of all values in one unit of the value. */
typedef struct Shape {
  double low, high, total;
  double heights[HISTOGRAM_BINS];
  size_t bins;
} Shape;

static bool read_shape(const json_t *inside, size_t junction, const char *key, Shape *shape) {
  const json_t *object =
      json_object_get(json_array_get(json_object_get(inside, "junctions"), junction), key);
  const json_t *counts = json_object_get(object, "counts");
  *shape = (Shape){.low = event_number(object, "low"),
                   .high = event_number(object, "high"),
                   .bins = json_array_size(counts)};
  if (shape->bins == 0 || shape->bins > HISTOGRAM_BINS || isnan(shape->low) || isnan(shape->high))
    return false;
  for (size_t i = 0; i < shape->bins; i++) {
    shape->heights[i] = json_number_value(json_array_get(counts, i));
    shape->total += shape->heights[i];
  }
  if (shape->total == 0) return false;
  if (shape->high <= shape->low) shape->high = shape->low + 1e-6;
  const double width = (shape->high - shape->low) / (double)shape->bins;
  for (size_t i = 0; i < shape->bins; i++) shape->heights[i] /= shape->total * width;
  return true;
}

static double edge_of(const Shape *shape, size_t bin) {
  return shape->low + (shape->high - shape->low) * (double)bin / (double)shape->bins;
}

static void print_bars(const Shape *shape, const Scale *x, const Scale *y, FILE *out) {
  fputs("<g class=\"a\">", out);
  for (size_t i = 0; i < shape->bins; i++) {
    const double from = place_on(x, edge_of(shape, i)), to = place_on(x, edge_of(shape, i + 1));
    const double top = place_on(y, shape->heights[i]),
                 width = (shape->high - shape->low) / (double)shape->bins;
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"currentColor\" "
            "fill-opacity=\"0.7\"><title>%.4g to %.4g: %.0f</title></rect>\n",
            from, top, fmax(to - from - 0.5, 0.3), BOTTOM - top, edge_of(shape, i),
            edge_of(shape, i + 1), shape->heights[i] * shape->total * width);
  }
  fputs("</g>\n", out);
}

static void print_outline(const Shape *shape, const Scale *x, const Scale *y, FILE *out) {
  fprintf(
      out,
      "<path class=\"b\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.4\" d=\"M%.1f %d",
      place_on(x, shape->low), BOTTOM);
  for (size_t i = 0; i < shape->bins; i++)
    fprintf(out, "V%.1fH%.1f", place_on(y, shape->heights[i]), place_on(x, edge_of(shape, i + 1)));
  fprintf(out, "V%d\"/>\n", BOTTOM);
}

static void print_histogram(const ReportLog *log, size_t junction, const char *key, FILE *out) {
  Shape first, last;
  const uint32_t end = log->epoch_count - 1;
  if (!read_shape(log->insides[end], junction, key, &last)) return;
  const bool has_first = end > 0 && read_shape(log->insides[0], junction, key, &first);
  double ends[4] = {last.low, last.high, has_first ? first.low : NAN, has_first ? first.high : NAN};
  double heights[2 * HISTOGRAM_BINS + 1] = {0};
  memcpy(heights + 1, last.heights, sizeof last.heights);
  if (has_first) memcpy(heights + 1 + HISTOGRAM_BINS, first.heights, sizeof first.heights);
  Scale x = scale_linear(ends, 4, LEFT, RIGHT),
        y = scale_linear(heights, 2 * HISTOGRAM_BINS + 1, BOTTOM, TOP);
  y.low = 0;
  char title[64];
  snprintf(title, sizeof title, "%s of junction %zu", key, junction + 1);
  open_svg(title, out);
  y.tick_count = 0;
  print_axes(&x, &y, key, out);
  print_bars(&last, &x, &y, out);
  if (has_first) print_outline(&first, &x, &y, out);
  fprintf(out,
          "</svg><figcaption>%s: <span class=\"a\">bars</span> after epoch %.0f, %.4g to %.4g%s",
          title, event_number(log->epochs[end], "epoch"), last.low, last.high,
          has_first ? "; <span class=\"b\">outline</span> after the first" : "");
  fputs("</figcaption></figure>\n", out);
}

void print_report_histograms(const ReportLog *log, FILE *out) {
  if (log->epoch_count == 0 || !log->insides[log->epoch_count - 1]) return;
  const json_t *inside = log->insides[log->epoch_count - 1];
  const size_t count = json_array_size(json_object_get(inside, "junctions"));
  fprintf(out,
          "<h2>Weights and activations</h2>\n<p class=\"quiet\">All weights; activations of each "
          "junction’s right layer on %.0f training examples.</p>\n",
          event_number(inside, "examples"));
  for (size_t i = 0; i < count; i++) {
    fputs("<div class=\"row\">\n", out);
    print_histogram(log, i, "weights", out);
    print_histogram(log, i, "activations", out);
    fputs("</div>\n", out);
  }
}
