// SPDX-License-Identifier: MIT
// Rows as CSV, as JSON Lines, and as a table for people.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/sweep/groups.h"
#include "compiler/sweep/results.h"
#include "runtime/progress.h"
#include "runtime/verbs/output.h"

/* ---- JSON ---- */

/* A number where it is written as one, so that programs need not convert it. */
static json_t *axis_json(const char *text) {
  char *end = NULL;
  if (*text && strlen(text) < 18 && strspn(text, "0123456789") == strlen(text))
    return json_integer((json_int_t)strtoll(text, NULL, 10));
  const double number = strtod(text, &end);
  const bool is_number = end != text && !*end && isfinite(number);
  return is_number ? json_real(number) : json_string(text);
}

json_t *result_json(const Results *results, uint32_t run) {
  json_t *object = json_object();
  json_object_set_new(object, "run", json_integer((json_int_t)run + 1));
  for (uint32_t i = 0; i < results->axes->count; i++) {
    json_object_set_new(object, results->axes->axes[i].label,
                        axis_json(axis_value(results->axes, run, i)));
  }
  for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
    const json_t *value = column_value(results, (Column)i, run);
    if (value) json_object_set_new(object, columns[i].key, json_deep_copy(value));
  }
  if (results->is_best) json_object_set_new(object, "pareto", json_boolean(results->is_best[run]));
  return object;
}

void print_results_json(const Results *results, FILE *out) {
  for (uint32_t run = 0; run < results->axes->run_count; run++) {
    if (results->rows[run]) print_json_line(out, result_json(results, run));
  }
}

/* ---- CSV ---- */

static void print_csv_text(const char *text, FILE *out) {
  if (!strpbrk(text, ",\"\r\n")) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"') fputc('"', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

static void print_csv_value(const json_t *value, FILE *out) {
  fputc(',', out);
  if (json_is_string(value)) print_csv_text(json_string_value(value), out);
  if (json_is_integer(value)) fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
  if (json_is_real(value)) fprintf(out, "%.9g", json_real_value(value));
}

void print_results_csv(const Results *results, FILE *out) {
  fputs("run", out);
  for (uint32_t i = 0; i < results->axes->count; i++) {
    fputc(',', out);
    print_csv_text(results->axes->axes[i].label, out);
  }
  for (uint32_t i = 0; i < COLUMN_COUNT; i++) fprintf(out, ",%s", columns[i].key);
  fputs(results->is_best ? ",pareto\n" : "\n", out);
  for (uint32_t run = 0; run < results->axes->run_count; run++) {
    if (!results->rows[run]) continue;
    fprintf(out, "%" PRIu32, run + 1);
    for (uint32_t i = 0; i < results->axes->count; i++) {
      fputc(',', out);
      print_csv_text(axis_value(results->axes, run, i), out);
    }
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
      print_csv_value(column_value(results, (Column)i, run), out);
    if (results->is_best) fputs(results->is_best[run] ? ",true" : ",false", out);
    fputc('\n', out);
  }
}

/* ---- the table ---- */

enum { TABLE_WIDTH = 80, MOST_TABLE_COLUMNS = 24, CELL_SIZE = 40, MOST_AXIS_CELL = 24 };

typedef struct TableColumn {
  const char *heading;
  SweepField field;
  int width;
} TableColumn;

typedef struct Table {
  uint32_t count;
  TableColumn columns[MOST_TABLE_COLUMNS];
} Table;

static void scale_bits(double bits, char *text) {
  static const char *const units[] = {"bit", "kbit", "Mbit", "Gbit"};
  int unit = 0;
  for (; bits >= 1024 && unit < 3; unit++) bits /= 1024;
  snprintf(text, CELL_SIZE, unit == 0 ? "%.0f %s" : "%.3g %s", bits, units[unit]);
}

static void format_number(double number, char text[CELL_SIZE]) {
  char rate[24];
  format_rate(number, rate);
  if (number < 1000)
    snprintf(text, CELL_SIZE, "%.4g", number);
  else
    snprintf(text, CELL_SIZE, "%s", rate);
}

static void format_cell(const Results *results, SweepField field, uint32_t run,
                        char text[CELL_SIZE]) {
  text[0] = '\0';
  if (field.is_axis) {
    snprintf(text, CELL_SIZE, "%.*s", MOST_AXIS_CELL, axis_value(results->axes, run, field.index));
    return;
  }
  const double number = field_number(results, field, run);
  if (isnan(number)) return;
  switch (columns[field.index].form) {
  case FORM_OF_SHARE: snprintf(text, CELL_SIZE, "%.2f %%", 100 * number); break;
  case FORM_OF_COUNT: snprintf(text, CELL_SIZE, "%s", grouped_count(number)); break;
  case FORM_OF_BITS: scale_bits(number, text); break;
  case FORM_OF_SECONDS: snprintf(text, CELL_SIZE, "%.2f", number); break;
  case FORM_OF_NUMBER: format_number(number, text); break;
  case FORM_OF_NAME: break;
  }
}

/* Adds a column unless it is empty in every row or too wide for what is left. */
static void add_column(const Results *results, Table *table, const char *heading, SweepField field,
                       int *left) {
  int width = 0;
  for (uint32_t run = 0; run < results->axes->run_count; run++) {
    char text[CELL_SIZE];
    if (!results->rows[run]) continue;
    format_cell(results, field, run, text);
    if ((int)strlen(text) > width) width = (int)strlen(text);
  }
  if (width == 0) return;
  if ((int)strlen(heading) > width) width = (int)strlen(heading);
  if (width + 2 > *left || table->count == MOST_TABLE_COLUMNS) return;
  *left -= width + 2;
  table->columns[table->count++] = (TableColumn){heading, field, width};
}

static Table make_table(const Results *results) {
  Table table = {0};
  int left = TABLE_WIDTH - 6; /* the run's number, and the mark */
  for (uint32_t i = 0; i < results->axes->count; i++) {
    const SweepField field = {.is_axis = true, .index = i};
    add_column(results, &table, results->axes->axes[i].label, field, &left);
  }
  for (uint32_t i = 0; i < COLUMN_COUNT; i++) {
    const SweepField field = {.is_axis = false, .index = i};
    if (columns[i].heading) add_column(results, &table, columns[i].heading, field, &left);
  }
  return table;
}

static void print_failure(const Results *results, uint32_t run, FILE *out) {
  const char *error = json_string_value(column_value(results, COLUMN_ERROR, run));
  fprintf(out, "run %" PRIu32 " failed: %s\n", run + 1, error ? error : "");
}

/* Mean and deviation of the accuracy where runs are repeated with other seeds. */
static void print_means(const Results *results, Arena *scratch, FILE *out) {
  const SweepField accuracy = {.is_axis = false, .index = COLUMN_TEST_ACCURACY};
  const Groups *groups = group_runs(results->axes, scratch);
  if (groups->size < 2) return;
  bool is_headed = false;
  for (uint32_t i = 0; i < groups->count; i++) {
    const Spread spread = measure_group(results, groups, i, accuracy);
    if (spread.count == 0) continue;
    if (!is_headed) fputs("\nmean of the repetitions, and their standard deviation:\n", out);
    is_headed = true;
    fprintf(out, "  accuracy %6.2f %% +- %.2f (%" PRIu32 " runs)  %s\n", 100 * spread.mean,
            100 * spread.deviation, spread.count, describe_group(groups, i, scratch));
  }
}

void print_results_text(const Results *results, Arena *scratch, FILE *out) {
  const Table table = make_table(results);
  bool has_best = false;
  fputs(" run ", out);
  for (uint32_t i = 0; i < table.count; i++)
    fprintf(out, "  %*s", table.columns[i].width, table.columns[i].heading);
  fputc('\n', out);
  for (uint32_t run = 0; run < results->axes->run_count; run++) {
    if (!results->rows[run]) continue;
    const bool is_best = results->is_best && results->is_best[run];
    has_best |= is_best;
    fprintf(out, "%4" PRIu32 "%c", run + 1, is_best ? '*' : ' ');
    for (uint32_t i = 0; i < table.count; i++) {
      char text[CELL_SIZE];
      format_cell(results, table.columns[i].field, run, text);
      if (!table.columns[i].field.is_axis && !is_run_done(results, run)) strcpy(text, "-");
      fprintf(out, "  %*s", table.columns[i].width, text);
    }
    fputc('\n', out);
  }
  for (uint32_t run = 0; run < results->axes->run_count; run++) {
    if (results->rows[run] && !is_run_done(results, run)) print_failure(results, run, out);
  }
  print_means(results, scratch, out);
  if (has_best) {
    fprintf(out, "* no other run is as good in %s and %s, and better in one of them\n",
            field_key(results->axes, results->plot->x), field_key(results->axes, results->plot->y));
  }
}
