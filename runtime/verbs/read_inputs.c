// SPDX-License-Identifier: MIT
// Rows of numbers without labels, for predictions.
#include "runtime/verbs/read_inputs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/data/growing_array.h"
#include "runtime/data/text_lines.h"

bool is_number(const char *text, uint64_t *number) {
  const size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 18 || text[digits] != '\0') return false;
  *number = strtoull(text, NULL, 10);
  return true;
}

static bool is_separator(char c) {
  return c == ',' || c == ';' || c == ' ' || c == '\t';
}

/* The numbers of a line into row [room]; returns how many there are, or -1 where something is no
 * number (*bad). */
static int64_t read_row(const char *at, const char *end, float *row, int64_t room,
                        const char **bad) {
  int64_t count = 0;
  for (;;) {
    while (at < end && is_separator(*at)) at++;
    if (at == end) return count;
    double value = 0;
    const char *after = read_decimal(at, end, &value);
    *bad = at;
    if (!after || (after < end && !is_separator(*after))) return -1;
    if (count < room) row[count] = (float)value;
    count++;
    at = after;
  }
}

/* Where a value that is no number ends, for the message. */
static const char *word_end(const char *at, const char *end) {
  while (at < end && !is_separator(*at)) at++;
  return at;
}

/* Takes the current line as a row; `row` has room for one number more than `features`. */
static bool take_line(const TextLines *lines, uint32_t features, int64_t label_column, float *row,
                      GrowingArray *values, Failure *failure) {
  const char *bad = lines->line;
  const int64_t count = read_row(lines->line, lines->end, row, (int64_t)features + 1, &bad);
  if (count == 0 || (count < 0 && lines->number == 1)) return true;
  if (count < 0)
    return fail_at(lines, bad, word_end(bad, lines->end), "expected a number", failure);
  if (count != features && count != (int64_t)features + 1) {
    return fail(failure, FAILURE_INPUT, lines->file.path,
                "line %" PRIu64 " has %" PRId64 " numbers, but the network has %" PRIu32 " inputs",
                lines->number, count, features);
  }
  if (count > features && label_column >= 0 && label_column < count) {
    memmove(row + label_column, row + label_column + 1,
            sizeof *row * (size_t)(count - 1 - label_column));
  }
  float *target = growing_extend(values, features);
  if (!target) return fail(failure, FAILURE_MEMORY, lines->file.path, "no memory for its rows");
  memcpy(target, row, sizeof *row * features);
  return true;
}

static bool take_lines(TextLines *lines, uint32_t features, int64_t label_column,
                       GrowingArray *values, Failure *failure) {
  float *row = malloc(sizeof *row * ((size_t)features + 1));
  LineResult result = LINE_FAILED;
  if (!row) return fail(failure, FAILURE_MEMORY, lines->file.path, "no memory for a row");
  while ((result = lines_next(lines, failure)) == LINE_READ) {
    if (take_line(lines, features, label_column, row, values, failure)) continue;
    result = LINE_FAILED;
    break;
  }
  free(row);
  return result == LINE_END;
}

bool read_rows(const char *path, uint32_t features, int64_t label_column, float **values,
               uint64_t *count, Failure *failure) {
  TextLines lines;
  GrowingArray array = {.item_bytes = sizeof(float)};
  *values = NULL;
  const bool is_input = strcmp(path, "-") == 0;
  if (!(is_input ? lines_open_input(&lines, failure) : lines_open(path, &lines, failure)))
    return false;
  bool is_good = take_lines(&lines, features, label_column, &array, failure);
  if (is_good && array.count == 0)
    is_good = fail(failure, FAILURE_INPUT, lines.file.path, "has no row of numbers");
  lines_close(&lines);
  *count = array.count / features;
  if (is_good) *values = growing_take(&array);
  growing_close(&array);
  return is_good;
}
