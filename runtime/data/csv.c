// SPDX-License-Identifier: MIT
// Reads tables of numbers: one example per line, one of the columns its label.
//
// Columns are separated by commas; by semicolons or tabs where the first line has no comma.  A
// first line that is not all numbers names the columns.  Fields may stand in double quotes, and
// blank lines are skipped.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/data/dataset_build.h"
#include "runtime/data/text_lines.h"

/* One table while it is read. */
typedef struct CsvTable {
  TextLines lines;
  char separator;        /* 0 until the first line shows it */
  uint64_t column_count; /* 0 until the first line is read */
  uint64_t label_column;
  GrowingArray values; /* float: the rows without their labels */
  GrowingArray labels; /* uint32_t */
} CsvTable;

/* The fields of a line, one after another; `start` to `end` is the current one without its
 * quotes. */
typedef struct CsvFields {
  const char *start, *end;
  const char *next; /* where the next field begins; NULL after the last */
  const char *line_end;
  char separator;
} CsvFields;

static bool is_blank(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\t')) at++;
  return at == end;
}

static void trim(const char **start, const char **end) {
  while (*start < *end && (**start == ' ' || **start == '\t')) ++*start;
  while (*end > *start && ((*end)[-1] == ' ' || (*end)[-1] == '\t')) --*end;
}

static CsvFields fields_of(const TextLines *lines, char separator) {
  return (CsvFields){.next = lines->line, .line_end = lines->end, .separator = separator};
}

/* Goes to the next field; a separator inside quotes belongs to the field. */
static bool take_field(CsvFields *fields) {
  if (fields->next == NULL) return false;
  bool is_quoted = false;
  const char *at = fields->start = fields->next;
  for (; at < fields->line_end && (is_quoted || *at != fields->separator); at++) {
    if (*at == '"') is_quoted = !is_quoted;
  }
  fields->end = at;
  fields->next = at < fields->line_end ? at + 1 : NULL;
  trim(&fields->start, &fields->end);
  if (fields->end - fields->start >= 2 && *fields->start == '"' && fields->end[-1] == '"') {
    fields->start++;
    fields->end--;
    trim(&fields->start, &fields->end);
  }
  return true;
}

static bool is_number(const CsvFields *field) {
  double value;
  return read_decimal(field->start, field->end, &value) == field->end;
}

/* The first of comma, semicolon, tab, in this order, that stands outside quotes. */
static char find_separator(const TextLines *lines) {
  bool is_quoted = false, has_semicolon = false;
  for (const char *at = lines->line; at < lines->end; at++) {
    if (*at == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (*at == ',') return ',';
    has_semicolon = has_semicolon || *at == ';';
  }
  return has_semicolon ? ';' : '\t';
}

/* Takes the first line for what it shows of the table; *is_header when it holds names. A wanted
 * label name is looked for among them. */
static bool read_first_line(CsvTable *table, const CsvOptions *options, bool *is_header,
                            Failure *failure) {
  const TextLines *lines = &table->lines;
  table->separator = find_separator(lines);
  bool is_found = false;
  const char *name = options->label_name;
  CsvFields field = fields_of(lines, table->separator);
  *is_header = false;
  for (table->column_count = 0; take_field(&field); table->column_count++) {
    *is_header = *is_header || !is_number(&field);
    const size_t length = (size_t)(field.end - field.start);
    if (name == NULL || strlen(name) != length || memcmp(name, field.start, length) != 0) continue;
    table->label_column = table->column_count;
    is_found = true;
  }
  if (table->column_count < 2 || table->column_count > DATASET_MOST_FEATURES) {
    return fail(failure, FAILURE_INPUT, lines->file.path,
                "line %" PRIu64 ": expected 2 to %u columns, found %" PRIu64, lines->number,
                DATASET_MOST_FEATURES, table->column_count);
  }
  if (name != NULL) {
    return (is_found && *is_header) ||
           fail(failure, FAILURE_INPUT, lines->file.path,
                *is_header ? "line %" PRIu64 ": no column is called '%s'"
                           : "line %" PRIu64 " is no header that could name the column '%s'",
                lines->number, name);
  }
  const int64_t wanted = options->label_column;
  table->label_column = wanted == -1 ? table->column_count - 1 : (uint64_t)wanted;
  return (wanted >= -1 && table->label_column < table->column_count) ||
         fail(failure, FAILURE_INPUT, lines->file.path,
              "line %" PRIu64 ": there is no column %" PRId64 ", only 0 to %" PRIu64, lines->number,
              wanted, table->column_count - 1);
}

static bool add_value(CsvTable *table, const CsvFields *field, bool is_label, Failure *failure) {
  double value;
  if (read_decimal(field->start, field->end, &value) != field->end) {
    return fail_at(&table->lines, field->start, field->end, "expected a finite number", failure);
  }
  if (!is_label) {
    float *place = growing_extend(&table->values, 1);
    if (place != NULL) *place = (float)value;
    return place != NULL || fail(failure, FAILURE_MEMORY, table->lines.file.path, "no memory");
  }
  if (value < 0 || value >= DATASET_MOST_CLASSES || value != floor(value)) {
    return fail_at(&table->lines, field->start, field->end, "expected a class number as label",
                   failure);
  }
  uint32_t *place = growing_extend(&table->labels, 1);
  if (place != NULL) *place = (uint32_t)value;
  return place != NULL || fail(failure, FAILURE_MEMORY, table->lines.file.path, "no memory");
}

static bool read_row(CsvTable *table, Failure *failure) {
  const TextLines *lines = &table->lines;
  CsvFields field = fields_of(lines, table->separator);
  uint64_t column = 0;
  for (; take_field(&field); column++) {
    if (column >= table->column_count) continue; /* counted for the message below */
    if (!add_value(table, &field, column == table->label_column, failure)) return false;
  }
  return column == table->column_count ||
         fail(failure, FAILURE_INPUT, lines->file.path,
              "line %" PRIu64 ": expected %" PRIu64 " columns, found %" PRIu64, lines->number,
              table->column_count, column);
}

static bool read_lines(CsvTable *table, const CsvOptions *options, Failure *failure) {
  for (;;) {
    switch (lines_next(&table->lines, failure)) {
    case LINE_FAILED: return false;
    case LINE_END:
      return table->labels.count > 0 ||
             fail(failure, FAILURE_INPUT, table->lines.file.path,
                  "the table has no rows (line %" PRIu64 ")", table->lines.number + 1);
    case LINE_READ: break;
    }
    if (is_blank(table->lines.line, table->lines.end)) continue;
    bool is_header = false;
    if (table->column_count == 0 && !read_first_line(table, options, &is_header, failure)) {
      return false;
    }
    if (!is_header && !read_row(table, failure)) return false;
  }
}

/* Reads one file into examples whose memory the dataset owns. */
static bool read_table(const char *path, const CsvOptions *options, Dataset *dataset,
                       Examples *part, Failure *failure) {
  CsvTable table = {.values = {.item_bytes = sizeof(float)},
                    .labels = {.item_bytes = sizeof(uint32_t)}};
  if (!is_no_pipe(path, failure) || !lines_open(path, &table.lines, failure)) return false;
  const bool is_read = read_lines(&table, options, failure);
  lines_close(&table.lines);
  const void *values = NULL, *labels = NULL;
  part->count = table.labels.count;
  part->features = is_read ? (uint32_t)(table.column_count - 1) : 0;
  const bool is_kept = is_read && dataset_adopt_array(dataset, &table.values, &values, failure) &&
                       dataset_adopt_array(dataset, &table.labels, &labels, failure);
  part->floats = values;
  part->labels = labels;
  growing_close(&table.values);
  growing_close(&table.labels);
  return is_kept;
}

/* NAME.csv or NAME.csv.gz: looks for NAME-test and NAME.test with the same ending. */
static bool find_test_file(const char *path, char *test_path, size_t size) {
  static const char *const endings[] = {".csv.gz", ".csv", ""};
  static const char *const infixes[] = {"-test", ".test"};
  const size_t length = strlen(path);
  const char *ending = "";
  for (size_t i = 0; *ending == '\0' && *endings[i] != '\0'; i++) {
    const size_t tail = strlen(endings[i]);
    if (length >= tail && strcmp(path + length - tail, endings[i]) == 0) ending = endings[i];
  }
  for (size_t i = 0; i < sizeof infixes / sizeof infixes[0]; i++) {
    const int written = snprintf(test_path, size, "%.*s%s%s", (int)(length - strlen(ending)), path,
                                 infixes[i], ending);
    if (written > 0 && (size_t)written < size && access(test_path, F_OK) == 0) return true;
  }
  return false;
}

bool read_csv(const char *path, const CsvOptions *options, Dataset *dataset, Failure *failure) {
  *dataset = (Dataset){0};
  char test_path[4096];
  bool is_read = read_table(path, options, dataset, &dataset->train, failure);
  if (is_read && find_test_file(path, test_path, sizeof test_path)) {
    is_read = read_table(test_path, options, dataset, &dataset->test, failure);
  } else if (is_read) {
    dataset_hold_out_sixth(dataset);
  }
  if (is_read && dataset_complete(dataset, path, failure)) return true;
  dataset_close(dataset);
  return false;
}
