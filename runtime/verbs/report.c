// SPDX-License-Identifier: MIT
// The page around the parts: its head, what was trained, and the table of epochs.
#include "runtime/verbs/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/atomic_file.h"
#include "runtime/verbs/output.h"
#include "runtime/verbs/report_parts.h"

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<style>\n"
    ":root { --ink: #1c1c1c; --paper: #fff; --quiet: #667; --line: #d5d8dc; --a: #0072b2; --b: "
    "#d55e00; --c: #009e73 }\n"
    "@media screen and (prefers-color-scheme: dark) {\n"
    "  :root { --ink: #e4e4e4; --paper: #14171a; --quiet: #9aa4ad; --line: #343b42; --a: #4aa8e0; "
    "--b: #ff8c42; --c: #2fc79a }\n"
    "}\n"
    "body { color: var(--ink); background: var(--paper); font: 15px/1.5 Helvetica, Arial, "
    "sans-serif; max-width: 64rem; "
    "margin: 2rem auto; padding: 0 1rem }\n"
    "h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem } h3 { "
    "font-size: 1rem; margin: 1rem 0 .3rem }\n"
    "p { margin: .4rem 0 } .quiet { color: var(--quiet) }\n"
    ".row { display: flex; flex-wrap: wrap; gap: 1rem } .row figure { margin: 0; flex: 1 1 26rem; "
    "min-width: 0 }\n"
    "figcaption { font-size: .85rem; color: var(--quiet) }\n"
    ".scroll { overflow-x: auto }\n"
    "table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }\n"
    "th, td { padding: .15rem .55rem; text-align: right; border-bottom: 1px solid var(--line); "
    "white-space: nowrap }\n"
    "th:first-child, td:first-child { text-align: left } th { font-weight: 600 }\n"
    "svg { width: 100%; height: auto; display: block } svg text { font: 11px Helvetica, Arial, "
    "sans-serif; fill: var(--ink) }\n"
    ".grid { stroke: var(--line) } .frame { stroke: var(--quiet); fill: none }\n"
    ".a { color: var(--a) } .b { color: var(--b) } .c { color: var(--c) }\n"
    ".small th, .small td { padding: 0 .2rem; height: .5rem; font-size: .55rem; line-height: 1 }\n"
    "@media print {\n"
    "  body { margin: 0; max-width: none; font-size: 9.5pt } .scroll { overflow: visible } .row "
    "figure { flex: 1 1 44% }\n"
    "  table { font-size: 7.5pt } th, td { padding: .1rem .3rem }\n"
    "  figure, .saturation { break-inside: avoid } h2, h3, p.quiet { break-after: avoid }\n"
    "  td, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact }\n"
    "}\n"
    "</style>\n";

void print_html(const char *text, FILE *out) {
  for (; text && *text; text++) {
    switch (*text) {
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '&': fputs("&amp;", out); break;
    case '"': fputs("&quot;", out); break;
    default: fputc(*text, out);
    }
  }
}

double event_number(const json_t *event, const char *key) {
  const json_t *value = json_object_get(event, key);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *event_text(const json_t *event, const char *key) {
  const char *text = json_string_value(json_object_get(event, key));
  return text ? text : "";
}

/* ---- the log ---- */

/* Where events of that epoch go; epochs come in order, and once more where a run was gone on with
 * from an earlier checkpoint. */
static uint32_t place_of_epoch(ReportLog *log, const json_t *event) {
  const double epoch = event_number(event, "epoch");
  uint32_t place = 0;
  while (place < log->epoch_count && event_number(log->epochs[place], "epoch") < epoch) place++;
  return place;
}

static void take_event(ReportLog *log, const json_t *event) {
  const char *kind = event_text(event, "event");
  if (strcmp(kind, "run") == 0 && !log->run) log->run = event;
  if (strcmp(kind, "confusion") == 0) log->confusion = event;
  if (strcmp(kind, "done") == 0) log->done = event;
  if (strcmp(kind, "epoch") == 0 && !isnan(event_number(event, "epoch"))) {
    log->epoch_count = place_of_epoch(log, event); /* what stood there was overtaken */
    log->epochs[log->epoch_count] = event;
    log->insides[log->epoch_count++] = NULL;
  }
  if (strcmp(kind, "inside") == 0 && log->epoch_count > 0)
    log->insides[log->epoch_count - 1] = event;
}

/* ---- what was trained ---- */

static void print_summary(const ReportLog *log, FILE *out) {
  const json_t *layers = json_object_get(log->run, "layers");
  const json_t *junctions = json_object_get(log->run, "junctions");
  double edges = 0;
  fputs("<h1>", out);
  print_html(event_text(log->run, "network"), out);
  fputs("</h1>\n<p>", out);
  for (size_t i = 0; i < json_array_size(layers); i++)
    fprintf(out, "%s%.0f", i > 0 ? "-" : "", event_number(json_array_get(layers, i), "neurons"));
  for (size_t i = 0; i < json_array_size(junctions); i++)
    edges += event_number(json_array_get(junctions, i), "edges");
  fprintf(out, " neurons, %s edges, ", grouped_count(edges));
  print_html(event_text(log->run, "number"), out);
  fputs(", ", out);
  print_html(event_text(log->run, "order"), out);
  fprintf(out, ", batch %.0f; trained by the engine ‘", event_number(log->run, "batch"));
  print_html(event_text(log->run, "engine"), out);
  fprintf(out, "’ on %s examples, tested on %s.</p>\n",
          grouped_count(event_number(log->run, "training_examples")),
          grouped_count(event_number(log->run, "test_examples")));
  const double accuracy = event_number(log->done, "test_accuracy");
  if (!isnan(accuracy))
    fprintf(out, "<p><strong>Test accuracy %.2f %%</strong>", 100 * accuracy);
  else
    fputs("<p>", out);
  if (log->done) {
    fprintf(out, " after %s inputs. <span class=\"quiet\">Parameters: ",
            grouped_count(event_number(log->done, "inputs")));
    print_html(event_text(log->done, "parameters_sha256"), out);
    fputs("</span></p>\n", out);
  } else {
    fputs("The log ends before the training did.</p>\n", out);
  }
}

/* ---- the table of epochs ---- */

typedef struct EpochColumn {
  const char *key, *heading;
  bool is_share;
} EpochColumn;

static const EpochColumn epoch_columns[] = {
    {"train_loss", "training loss", false},
    {"train_accuracy", "training accuracy", true},
    {"validation_loss", "validation loss", false},
    {"validation_accuracy", "validation accuracy", true},
    {"test_loss", "test loss", false},
    {"test_accuracy", "test accuracy", true},
    {"seconds", "seconds", false},
};

enum { EPOCH_COLUMN_COUNT = sizeof epoch_columns / sizeof epoch_columns[0] };

static bool has_column(const ReportLog *log, const char *key) {
  for (uint32_t i = 0; i < log->epoch_count; i++) {
    if (!isnan(event_number(log->epochs[i], key))) return true;
  }
  return false;
}

static void print_epoch_row(const ReportLog *log, uint32_t epoch, FILE *out) {
  fprintf(out, "<tr><td>%.0f</td>", event_number(log->epochs[epoch], "epoch"));
  for (int c = 0; c < EPOCH_COLUMN_COUNT; c++) {
    const EpochColumn *column = &epoch_columns[c];
    if (!has_column(log, column->key)) continue;
    const double value = event_number(log->epochs[epoch], column->key);
    if (isnan(value))
      fputs("<td></td>", out);
    else if (column->is_share)
      fprintf(out, "<td>%.2f %%</td>", 100 * value);
    else
      fprintf(out, "<td>%.4g</td>", value);
  }
  fputs("</tr>\n", out);
}

static void print_epochs(const ReportLog *log, FILE *out) {
  if (log->epoch_count == 0) return;
  fputs("<h2>Epochs</h2>\n<div class=\"scroll\"><table id=\"epochs\">\n<tr><th>epoch</th>", out);
  for (int c = 0; c < EPOCH_COLUMN_COUNT; c++) {
    if (has_column(log, epoch_columns[c].key))
      fprintf(out, "<th>%s</th>", epoch_columns[c].heading);
  }
  fputs("</tr>\n", out);
  for (uint32_t i = 0; i < log->epoch_count; i++) print_epoch_row(log, i, out);
  fputs("</table></div>\n", out);
}

/* ---- the page ---- */

static void print_page(const ReportLog *log, FILE *out) {
  fputs(page_head, out);
  fputs("<title>", out);
  print_html(event_text(log->run, "network"), out);
  fputs(": training</title>\n</head>\n<body>\n", out);
  print_summary(log, out);
  print_report_curves(log, out);
  print_report_saturation(log, out);
  print_report_histograms(log, out);
  print_report_confusion(log, out);
  print_epochs(log, out);
  fputs("</body>\n</html>\n", out);
}

bool write_report(const json_t *events, const char *path, Failure *failure) {
  const size_t count = json_array_size(events);
  ReportLog log = {.epochs = calloc(count + 1, sizeof *log.epochs),
                   .insides = calloc(count + 1, sizeof *log.insides)};
  AtomicFile *file = NULL;
  if (!log.epochs || !log.insides) {
    fail(failure, FAILURE_MEMORY, path, "no memory for a report");
  } else {
    for (size_t i = 0; i < count; i++) take_event(&log, json_array_get(events, i));
    file = atomic_file_open(path, failure);
  }
  if (file) print_page(&log, atomic_file_stream(file));
  free(log.epochs);
  free(log.insides);
  return file && atomic_file_commit(file, failure);
}
