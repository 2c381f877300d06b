// SPDX-License-Identifier: MIT
// How often fixed point left its range, where and when; and which classes are taken for which.
//
// Shades show shares by their square root, so that the rare is seen too; the numbers stand in the
// cells.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "runtime/probe.h"
#include "runtime/verbs/output.h"
#include "runtime/verbs/report_parts.h"

enum { MOST_EPOCHS_SHOWN = 12, MOST_NUMBERED_CLASSES = 16 };

/* ---- saturation ---- */

static const json_t *saturation_of(const ReportLog *log, uint32_t epoch, size_t junction) {
  const json_t *junctions = json_object_get(log->insides[epoch], "junctions");
  return json_object_get(json_array_get(junctions, junction), "saturation");
}

static bool read_count(const json_t *saturation, const char *key, double *of, double *saturated) {
  const json_t *count = json_object_get(saturation, key);
  *of = event_number(count, "of");
  *saturated = event_number(count, "saturated");
  return *of > 0 && !isnan(*saturated);
}

/* Of all that is counted, what saturated the most: the answer in a sentence. */
static void print_worst(const ReportLog *log, size_t junctions, FILE *out) {
  double worst = 0, worst_of = 0, worst_saturated = 0;
  size_t worst_junction = 0, worst_place = 0;
  uint32_t worst_epoch = 0;
  for (uint32_t epoch = 0; epoch < log->epoch_count; epoch++) {
    for (size_t k = 0; k < junctions * SATURATION_PLACE_COUNT; k++) {
      const size_t junction = k / SATURATION_PLACE_COUNT, place = k % SATURATION_PLACE_COUNT;
      double of, saturated;
      if (!read_count(saturation_of(log, epoch, junction), saturation_places[place].key, &of,
                      &saturated) ||
          saturated / of <= worst)
        continue;
      worst = saturated / of;
      worst_of = of;
      worst_saturated = saturated;
      worst_junction = junction;
      worst_place = place;
      worst_epoch = epoch;
    }
  }
  if (worst == 0) {
    fputs("<p><strong>Nothing saturated.</strong></p>\n", out);
    return;
  }
  fprintf(out,
          "<p><strong>Most of all: %s of junction %zu, %.3g %%</strong> (%s of %s) after epoch "
          "%.0f.</p>\n",
          saturation_places[worst_place].name, worst_junction + 1, 100 * worst,
          grouped_count(worst_saturated), grouped_count(worst_of),
          event_number(log->epochs[worst_epoch], "epoch"));
}

/* The epochs that get a column, evenly spread, the first and the last among them. */
static uint32_t shown_epoch(const ReportLog *log, uint32_t column, uint32_t columns) {
  return columns > 1 ? (uint32_t)((uint64_t)column * (log->epoch_count - 1) / (columns - 1)) : 0;
}

static void print_share(double saturated, double of, FILE *out) {
  const double share = saturated / of;
  fprintf(out, "<td style=\"background: rgba(213, 94, 0, %.3f)\" title=\"%s of %s\">",
          0.75 * sqrt(share), grouped_count(saturated), grouped_count(of));
  if (saturated == 0)
    fputs("0", out);
  else
    fprintf(out, "%.3g %%", 100 * share);
  fputs("</td>", out);
}

static bool has_place(const ReportLog *log, size_t junction, const char *key) {
  double of, saturated;
  for (uint32_t epoch = 0; epoch < log->epoch_count; epoch++) {
    if (read_count(saturation_of(log, epoch, junction), key, &of, &saturated)) return true;
  }
  return false;
}

static void print_lost_steps(const ReportLog *log, size_t junction, uint32_t columns, FILE *out) {
  if (!has_place(log, junction, "steps")) return;
  fputs("<tr><td title=\"gradients that are not 0 and change nothing\">UP steps rounded away</td>",
        out);
  for (uint32_t c = 0; c < columns; c++) {
    const json_t *saturation = saturation_of(log, shown_epoch(log, c, columns), junction);
    double of, saturated;
    const double lost = event_number(saturation, "lost_steps");
    if (!read_count(saturation, "steps", &of, &saturated) || isnan(lost))
      fputs("<td></td>", out);
    else
      print_share(lost, of, out);
  }
  fputs("</tr>\n", out);
}

static void print_junction(const ReportLog *log, size_t junction, FILE *out) {
  const uint32_t columns =
      log->epoch_count < MOST_EPOCHS_SHOWN ? log->epoch_count : MOST_EPOCHS_SHOWN;
  fprintf(out,
          "<h3>Junction %zu</h3>\n<div class=\"scroll\"><table "
          "class=\"saturation\">\n<tr><th>after epoch</th>",
          junction + 1);
  for (uint32_t c = 0; c < columns; c++)
    fprintf(out, "<th>%.0f</th>", event_number(log->epochs[shown_epoch(log, c, columns)], "epoch"));
  fputs("</tr>\n", out);
  for (int place = 0; place < SATURATION_PLACE_COUNT; place++) {
    const SaturationPlaceInfo *info = &saturation_places[place];
    if (!has_place(log, junction, info->key)) continue;
    fprintf(out, "<tr><td title=\"%s\">%s</td>", info->what, info->name);
    for (uint32_t c = 0; c < columns; c++) {
      double of, saturated;
      const json_t *saturation = saturation_of(log, shown_epoch(log, c, columns), junction);
      if (read_count(saturation, info->key, &of, &saturated))
        print_share(saturated, of, out);
      else
        fputs("<td></td>", out);
    }
    fputs("</tr>\n", out);
  }
  print_lost_steps(log, junction, columns, out);
  fputs("</table></div>\n", out);
}

void print_report_saturation(const ReportLog *log, FILE *out) {
  if (log->epoch_count == 0 || !saturation_of(log, log->epoch_count - 1, 0)) return;
  const json_t *inside = log->insides[log->epoch_count - 1];
  const size_t junctions = json_array_size(json_object_get(inside, "junctions"));
  fputs("<h2>Saturation</h2>\n", out);
  print_worst(log, junctions, out);
  fprintf(out,
          "<p class=\"quiet\">Numbers reach from %.6g to %.6g. Counted after each epoch on %.0f "
          "training examples, evenly spread, "
          "with the parameters as they stood; parameters at an end of the range are all there "
          "are.</p>\n",
          event_number(log->run, "least"), event_number(log->run, "greatest"),
          event_number(inside, "examples"));
  for (size_t i = 0; i < junctions; i++) print_junction(log, i, out);
}

/* ---- confusion ---- */

static double row_total(const json_t *row) {
  double total = 0;
  for (size_t i = 0; i < json_array_size(row); i++)
    total += json_number_value(json_array_get(row, i));
  return total;
}

static void print_confusion_row(const json_t *row, size_t label, bool has_numbers, FILE *out) {
  const double total = row_total(row);
  fprintf(out, "<tr><th>%zu</th>", label);
  for (size_t k = 0; k < json_array_size(row); k++) {
    const double count = json_number_value(json_array_get(row, k));
    const double share = total > 0 ? count / total : 0;
    const char *colour = k == label ? "0, 114, 178" : "213, 94, 0";
    fprintf(out,
            "<td style=\"background: rgba(%s, %.3f)\" title=\"%zu taken for %zu: %.0f of %.0f\">",
            colour, 0.75 * sqrt(share), label, k, count, total);
    if (has_numbers && count > 0) fprintf(out, "%.0f", count);
    fputs("</td>", out);
  }
  const double right = json_number_value(json_array_get(row, label));
  if (total > 0)
    fprintf(out, "<td>%.1f %%</td>", 100 * right / total);
  else
    fputs("<td></td>", out);
  fputs("</tr>\n", out);
}

void print_report_confusion(const ReportLog *log, FILE *out) {
  const json_t *matrix = json_object_get(log->confusion, "matrix");
  const size_t count = json_array_size(matrix);
  if (count == 0) return;
  const bool has_numbers = count <= MOST_NUMBERED_CLASSES;
  fputs("<h2>Confusion</h2>\n<p class=\"quiet\">Rows are the labels of the test set, columns what "
        "they were taken for; the last "
        "column is the share that was right.</p>\n<div class=\"scroll\"><table id=\"confusion\"",
        out);
  fputs(has_numbers ? ">\n<tr><th></th>" : " class=\"small\">\n<tr><th></th>", out);
  for (size_t k = 0; k < count; k++)
    fprintf(out, has_numbers ? "<th>%zu</th>" : "<th title=\"%zu\"></th>", k);
  fputs("<th></th></tr>\n", out);
  for (size_t label = 0; label < count; label++)
    print_confusion_row(json_array_get(matrix, label), label, has_numbers, out);
  fputs("</table></div>\n", out);
}
