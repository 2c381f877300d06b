// SPDX-License-Identifier: MIT
// The csv reader and the decimal numbers it shares with libsvm's: headers, labels, test parts,
// mistakes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "runtime/data/dataset.h"
#include "runtime/data/text_lines.h"
#include "tests/unit/scratch_folder.h"

static const CsvOptions last_column = {.label_column = -1};

static void assert_reads(const char *path, const CsvOptions *options, Dataset *dataset) {
  Failure failure = {0};
  const bool is_read = read_csv(path, options, dataset, &failure);
  if (!is_read) print_error("%s: %s\n", failure.path, failure.message);
  assert_true(is_read);
}

/* The text must be refused with this very message. */
static void assert_refused(const char *text, const CsvOptions *options, const char *message) {
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_write_text(&folder, "bad.csv", text);
  Dataset dataset;
  Failure failure = {0};
  assert_false(read_csv(path, options, &dataset, &failure));
  assert_int_equal(failure.kind, FAILURE_INPUT);
  assert_string_equal(failure.path, path);
  assert_string_equal(failure.message, message);
  assert_null(dataset.memory);
  scratch_close(&folder);
}

static double decimal(const char *text) {
  double value = 0;
  const char *end = text + strlen(text);
  assert_ptr_equal(read_decimal(text, end, &value), end);
  return value;
}

static void reads_decimal_numbers(void **state) {
  (void)state;
  static const char *const texts[] = {
      "0",
      "1",
      "-1",
      "+2.5",
      ".5",
      "5.",
      "1e3",
      "1E-3",
      "-0.0625",
      "255",
      "0.1",
      "0.3",
      "3.4028234663852886e38",
      "1e-45",
      "4.9406564584124654e-324",
      "123456789012345678901234567890",
      "0.000000000000000000000000000001",
      "9007199254740993",
      "1.0000000000000002220446049250313",
      "0."
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000001e19"
      "0",
      "179769313486231580793728971405e-20",
      "8.5e-1000000000",
      "0e99999999999999999999"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    const double expected = strtod(texts[i], NULL);
    if (decimal(texts[i]) != expected) assert_string_equal(texts[i], "the same as strtod");
  }
  static const char *const wrong[] = {"",     "-",   ".",  "e5",   "1e",     "1e+", "nan", "inf",
                                      "0x10", "1,5", "1 ", "1e39", "-1e400", "--1", "+-1"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    double value = 0;
    const char *end = wrong[i] + strlen(wrong[i]);
    const char *stop = read_decimal(wrong[i], end, &value);
    if (stop == end) assert_string_equal(wrong[i], "no number");
  }
}

static void reads_a_plain_table(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  Dataset dataset;
  const char *path =
      scratch_write_text(&folder, "plain.csv",
                         "1,2.5,0\n3,4,1\r\n\n5,-6e-1,2\n7,8,0\n9,10,1\n 11 , \"12\" ,2\n13,14,3");
  assert_reads(path, &last_column, &dataset);
  assert_int_equal(dataset.features, 2);
  assert_int_equal(dataset.class_count, 4);
  assert_int_equal(dataset.train.count, 6); /* 7 rows: the last sixth, rounded down, is for tests */
  assert_int_equal(dataset.test.count, 1);
  assert_int_equal(dataset.test.labels[0], 3);
  assert_true(dataset.test.floats[0] == 13);
  assert_true(dataset.train.floats[1] == 2.5f && dataset.train.floats[5] == -0.6f);
  assert_true(dataset.train.floats[11] == 12);
  dataset_close(&dataset);
  scratch_close(&folder);
}

static void finds_the_label_column(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  Dataset dataset;
  const char *path = scratch_write_text(&folder, "named.csv",
                                        "\xEF\xBB\xBF"
                                        "x;\"class, of it\";y\n1;2;3\n4;5;6\n");
  const CsvOptions by_name = {.label_name = "class, of it", .label_column = -1};
  assert_refused("x,\"class, of it\",y\n1,2,3\n", &(CsvOptions){.label_name = "z"},
                 "line 1: no column is called 'z'");
  assert_reads(path, &by_name, &dataset);
  assert_int_equal(dataset.train.labels[1], 5);
  assert_true(dataset.train.floats[2] == 4 && dataset.train.floats[3] == 6);
  dataset_close(&dataset);

  path = scratch_write_text(&folder, "first.csv", "3\t1\t2\n6\t4\t5\n");
  assert_reads(path, &(CsvOptions){.label_column = 0}, &dataset);
  assert_int_equal(dataset.train.labels[0], 3);
  assert_true(dataset.train.floats[3] == 5);
  dataset_close(&dataset);
  scratch_close(&folder);
}

static void reads_the_test_table_beside(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  Dataset dataset;
  const char *path = scratch_write_text(&folder, "a.csv", "1,0\n2,1\n3,2\n4,0\n5,1\n6,2\n");
  scratch_write_text(&folder, "a-test.csv", "7,5\n");
  assert_reads(path, &last_column, &dataset);
  assert_int_equal(dataset.train.count, 6);
  assert_int_equal(dataset.test.count, 1);
  assert_int_equal(dataset.class_count, 6);
  dataset_close(&dataset);

  unlink(scratch_path(&folder, "a-test.csv"));
  scratch_write_text(&folder, "a.test.csv", "7,8,5\n");
  Failure failure = {0};
  assert_false(read_csv(path, &last_column, &dataset, &failure));
  assert_string_equal(failure.message,
                      "the training examples have 1 values each, the test examples 2");
  scratch_write_text(&folder, "a.test.csv", "");
  assert_false(read_csv(path, &last_column, &dataset, &failure));
  assert_non_null(strstr(failure.path, "a.test.csv"));
  assert_string_equal(failure.message, "the table has no rows (line 1)");
  scratch_close(&folder);
}

static void reads_gzipped_and_long_tables(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "wide.csv.gz");
  gzFile file = gzopen(path, "wb");
  enum { ROWS = 20, COLUMNS = 30000 };
  for (int row = 0; row < ROWS; row++) {
    for (int column = 0; column < COLUMNS; column++) gzprintf(file, "%d,", row * column);
    gzprintf(file, "%d\n", row);
  }
  gzclose(file);
  Dataset dataset;
  assert_reads(path, &last_column, &dataset);
  assert_int_equal(dataset.features, COLUMNS);
  assert_int_equal(dataset.train.count, 17);
  assert_true(dataset.test.floats[2 * COLUMNS + 29999] == 19 * 29999);
  assert_int_equal(dataset.test.labels[2], 19);
  dataset_close(&dataset);
  scratch_close(&folder);
}

static void refuses_mistakes(void **state) {
  (void)state;
  assert_refused("", &last_column, "the table has no rows (line 1)");
  assert_refused("a,b\n", &last_column, "the table has no rows (line 2)");
  assert_refused("5\n", &last_column, "line 1: expected 2 to 16777216 columns, found 1");
  assert_refused("1,2\n3\n", &last_column, "line 2: expected 2 columns, found 1");
  assert_refused("1,2\n3,4,5\n", &last_column, "line 2: expected 2 columns, found 3");
  assert_refused("1,2\n3,4,\n", &last_column, "line 2: expected 2 columns, found 3");
  assert_refused("1,2\n,4\n", &last_column,
                 "line 2, column 1: expected a finite number, found nothing");
  assert_refused("x,y\n1.5,0\nabc,1\n", &last_column,
                 "line 3, column 1: expected a finite number, found 'abc'");
  assert_refused("1,2\n1.5, nan\n", &last_column,
                 "line 2, column 6: expected a finite number, found 'nan'");
  assert_refused("1,2\n1e99,0\n", &last_column,
                 "line 2, column 1: expected a finite number, found '1e99'");
  assert_refused("1,2\n1,1.5\n", &last_column,
                 "line 2, column 3: expected a class number as label, found '1.5'");
  assert_refused("1,2\n1,-1\n", &last_column,
                 "line 2, column 3: expected a class number as label, found '-1'");
  assert_refused("1,2\n1,16777216\n", &last_column,
                 "line 2, column 3: expected a class number as label, found '16777216'");
  assert_refused("1,2\n1,\x01\xff"
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
                 &last_column,
                 "line 2, column 3: expected a finite number, found '??aaaaaaaaaaaaaaaaaaaaaa...'");
  assert_refused("1,2\n", &(CsvOptions){.label_column = 2},
                 "line 1: there is no column 2, only 0 to 1");
  assert_refused("1,2\n", &(CsvOptions){.label_column = -2},
                 "line 1: there is no column -2, only 0 to 1");
  assert_refused("1,2\n", &(CsvOptions){.label_name = "y"},
                 "line 1 is no header that could name the column 'y'");
  Dataset dataset;
  Failure failure = {0};
  assert_false(read_csv("/nowhere/at/all.csv", &last_column, &dataset, &failure));
  assert_string_equal(failure.message, "cannot open: No such file or directory");
  assert_false(read_csv("/", &last_column, &dataset, &failure));
  assert_string_equal(failure.message, "cannot read: Is a directory");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_decimal_numbers),
      cmocka_unit_test(reads_a_plain_table),
      cmocka_unit_test(finds_the_label_column),
      cmocka_unit_test(reads_the_test_table_beside),
      cmocka_unit_test(reads_gzipped_and_long_tables),
      cmocka_unit_test(refuses_mistakes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
