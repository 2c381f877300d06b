// SPDX-License-Identifier: MIT
// Parts of the report: each prints a section of the page, or nothing where the log has nothing for
// it.
#ifndef SEDGE_RUNTIME_VERBS_REPORT_PARTS_H
#define SEDGE_RUNTIME_VERBS_REPORT_PARTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* A log in order, each borrowed: of events of one epoch the last counts. */
typedef struct ReportLog {
  const json_t *run, *confusion, *done; /* NULL: not there */
  uint32_t epoch_count;
  const json_t **epochs;  /* [epoch_count] epoch events */
  const json_t **insides; /* [epoch_count] inside events, or NULL */
} ReportLog;

void print_report_curves(const ReportLog *log, FILE *out);
void print_report_saturation(const ReportLog *log, FILE *out);
void print_report_histograms(const ReportLog *log, FILE *out);
void print_report_confusion(const ReportLog *log, FILE *out);

/* Text with & < > and quotes made harmless. */
void print_html(const char *text, FILE *out);

/* A number of an event; NaN where it is not there. */
double event_number(const json_t *event, const char *key);

#endif
