// SPDX-License-Identifier: MIT
// What `sedge fit` prints: the schedule's speed and costs, beside the dense network's.
#ifndef SEDGE_COMPILER_FIT_FIT_REPORT_H
#define SEDGE_COMPILER_FIT_FIT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "compiler/fit/fit.h"

typedef struct FitReportInput {
  const Program *program;
  const Model *model;
  const Fit *fit;
  const Schedule *schedule;
  bool with_color; /* of the table */
} FitReportInput;

/* As a table of at most 80 columns. */
void print_fit_report(const FitReportInput *input, FILE *out);

/* As one JSON object; the caller owns the reference. */
json_t *fit_report_json(const FitReportInput *input);

#endif
