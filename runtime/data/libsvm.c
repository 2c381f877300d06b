// SPDX-License-Identifier: MIT
// Reads sparse tables: lines of `label index:value index:value ...`, indices from 1 and ascending.
//
// Labels are class numbers; in a set that has the label -1, which says that it is binary, -1 is
// class 0 and 1 is class 1.  `#` begins a comment.  The file and its test file are read sparse
// first, because only then is the largest index known, and spread out afterwards.
// Source: Chang, Lin, "LIBSVM: a library for support vector machines", README, "Data format".
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/data/dataset_build.h"
#include "runtime/data/text_lines.h"

typedef struct SparseEntry {
  uint32_t feature; /* from 0 */
  float value;
} SparseEntry;

typedef struct SparseRow {
  uint64_t entry_end; /* its entries end here, and begin where the row before it ends */
  int32_t label;      /* -1 or a class number */
} SparseRow;

/* One file while it is read. */
typedef struct SparseTable {
  TextLines lines;
  GrowingArray rows;    /* SparseRow */
  GrowingArray entries; /* SparseEntry */
  uint32_t features;    /* largest index */
  uint64_t minus_line;  /* first line whose label is -1; 0: none */
  uint64_t other_line;  /* first line whose label is neither -1 nor 1; 0: none */
} SparseTable;

/* A small file must not ask for much memory by a large index: dense values per entry, and always
 * allowed. */
static const uint64_t most_values_per_entry = 4096;
static const uint64_t values_always_allowed = UINT64_C(1) << 24;

static bool is_space(char c) {
  return c == ' ' || c == '\t';
}

static const char *skip_spaces(const char *at, const char *end) {
  while (at < end && is_space(*at)) at++;
  return at;
}

static const char *word_end(const char *at, const char *end) {
  while (at < end && !is_space(*at)) at++;
  return at;
}

static bool no_memory(const SparseTable *table, Failure *failure) {
  return fail(failure, FAILURE_MEMORY, table->lines.file.path, "line %" PRIu64 ": no memory for it",
              table->lines.number);
}

static bool read_label(SparseTable *table, const char *at, const char *stop, int32_t *label,
                       Failure *failure) {
  double value;
  if (read_decimal(at, stop, &value) != stop || value != floor(value) || value < -1 ||
      value >= DATASET_MOST_CLASSES) {
    return fail_at(&table->lines, at, stop, "expected a class number, or -1 or +1, as label",
                   failure);
  }
  *label = (int32_t)value;
  if (*label == -1 && table->minus_line == 0) table->minus_line = table->lines.number;
  if (*label != -1 && *label != 1 && table->other_line == 0) {
    table->other_line = table->lines.number;
  }
  return true;
}

/* Reads `index:value`; *last is the index before it, and becomes its own. */
static bool read_entry(SparseTable *table, const char *at, const char *stop, uint32_t *last,
                       Failure *failure) {
  uint64_t index = 0;
  const char *colon = at;
  for (; colon < stop && *colon >= '0' && *colon <= '9'; colon++) {
    if (index <= DATASET_MOST_FEATURES) index = index * 10 + (uint64_t)(*colon - '0');
  }
  if (colon == at || colon == stop || *colon != ':') {
    return fail_at(&table->lines, at, stop, "expected index:value", failure);
  }
  if (index < 1 || index > DATASET_MOST_FEATURES) {
    return fail_at(&table->lines, at, colon, "expected an index of 1 to 16777216", failure);
  }
  if (index <= *last) {
    return fail_at(&table->lines, at, colon, "expected an index above the one before", failure);
  }
  double value;
  if (read_decimal(colon + 1, stop, &value) != stop) {
    return fail_at(&table->lines, colon + 1, stop, "expected a finite number", failure);
  }
  SparseEntry *entry = growing_extend(&table->entries, 1);
  if (entry == NULL) return no_memory(table, failure);
  *entry = (SparseEntry){.feature = (uint32_t)index - 1, .value = (float)value};
  *last = (uint32_t)index;
  return true;
}

/* Reads the current line up to a comment; a line without anything else is skipped. */
static bool read_row(SparseTable *table, Failure *failure) {
  const char *end = table->lines.end;
  const char *comment = memchr(table->lines.line, '#', (size_t)(end - table->lines.line));
  if (comment != NULL) end = comment;
  const char *at = skip_spaces(table->lines.line, end);
  if (at == end) return true;

  const char *stop = word_end(at, end);
  int32_t label;
  uint32_t last = 0;
  if (!read_label(table, at, stop, &label, failure)) return false;
  for (at = skip_spaces(stop, end); at < end; at = skip_spaces(stop, end)) {
    stop = word_end(at, end);
    if (!read_entry(table, at, stop, &last, failure)) return false;
  }
  if (last > table->features) table->features = last;
  SparseRow *row = growing_extend(&table->rows, 1);
  if (row == NULL) return no_memory(table, failure);
  *row = (SparseRow){.entry_end = table->entries.count, .label = label};
  return true;
}

/* Reads a file into *table (owned: table_close, also after a failure). */
static bool table_read(const char *path, SparseTable *table, Failure *failure) {
  *table = (SparseTable){.rows = {.item_bytes = sizeof(SparseRow)},
                         .entries = {.item_bytes = sizeof(SparseEntry)}};
  if (!is_no_pipe(path, failure) || !lines_open(path, &table->lines, failure)) return false;
  for (;;) {
    switch (lines_next(&table->lines, failure)) {
    case LINE_FAILED: return false;
    case LINE_END:
      return table->rows.count > 0 ||
             fail(failure, FAILURE_INPUT, path, "the file has no examples (line %" PRIu64 ")",
                  table->lines.number + 1);
    case LINE_READ:
      if (!read_row(table, failure)) return false;
    }
  }
}

static void table_close(SparseTable *table) {
  lines_close(&table->lines);
  growing_close(&table->rows);
  growing_close(&table->entries);
}

static bool check_binary(const SparseTable *table, const char *path, Failure *failure) {
  return table->other_line == 0 ||
         fail(failure, FAILURE_INPUT, path,
              "line %" PRIu64 ": expected the label -1 or 1, because the data have the label -1",
              table->other_line);
}

/* Makes dense examples of a table; absent values are 0. */
static bool spread_out(const SparseTable *table, const char *path, uint32_t features,
                       Dataset *dataset, Examples *part, Failure *failure) {
  const uint64_t count = table->rows.count, entry_count = table->entries.count;
  if (count > UINT64_MAX / features || (count * features > values_always_allowed &&
                                        count * features / most_values_per_entry > entry_count)) {
    return fail(failure, FAILURE_INPUT, path,
                "%" PRIu64 " examples of %" PRIu32 " values have only %" PRIu64
                " that are not 0: too few to keep all of them in memory",
                count, features, entry_count);
  }
  float *floats = dataset_allocate(dataset, count * features, sizeof *floats, failure);
  if (floats == NULL) return false;
  uint32_t *labels = dataset_allocate(dataset, count, sizeof *labels, failure);
  if (labels == NULL) return false;
  const SparseRow *rows = table->rows.items;
  const SparseEntry *entries = table->entries.items;
  uint64_t entry = 0;
  for (uint64_t row = 0; row < count; row++) {
    labels[row] = rows[row].label == -1 ? 0 : (uint32_t)rows[row].label;
    for (; entry < rows[row].entry_end; entry++) {
      floats[row * features + entries[entry].feature] = entries[entry].value;
    }
  }
  *part = (Examples){.count = count, .features = features, .floats = floats, .labels = labels};
  return true;
}

/* Makes both parts alike; the test table is NULL where there is none. */
static bool join_parts(const char *path, const SparseTable *train, const char *test_path,
                       const SparseTable *test, Dataset *dataset, Failure *failure) {
  uint32_t features = train->features;
  if (test != NULL && test->features > features) features = test->features;
  if (features == 0) return fail(failure, FAILURE_INPUT, path, "no example has a value");
  const bool is_binary = train->minus_line != 0 || (test != NULL && test->minus_line != 0);
  if (is_binary && !check_binary(train, path, failure)) return false;
  if (is_binary && test != NULL && !check_binary(test, test_path, failure)) return false;
  if (!spread_out(train, path, features, dataset, &dataset->train, failure)) {
    return false;
  }
  if (test != NULL) {
    return spread_out(test, test_path, features, dataset, &dataset->test, failure);
  }
  dataset_hold_out_sixth(dataset);
  return true;
}

bool read_libsvm(const char *path, Dataset *dataset, Failure *failure) {
  *dataset = (Dataset){0};
  char test_path[4096];
  const int length = snprintf(test_path, sizeof test_path, "%s.t", path);
  const bool has_test =
      length > 0 && (size_t)length < sizeof test_path && access(test_path, F_OK) == 0;
  SparseTable train, test = {0};
  const bool is_read =
      table_read(path, &train, failure) && (!has_test || table_read(test_path, &test, failure)) &&
      join_parts(path, &train, test_path, has_test ? &test : NULL, dataset, failure) &&
      dataset_complete(dataset, path, failure);
  table_close(&train);
  table_close(&test);
  if (!is_read) dataset_close(dataset);
  return is_read;
}
