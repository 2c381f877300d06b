// SPDX-License-Identifier: MIT
// The libsvm reader: sparse rows spread out, binary labels, the test file beside, mistakes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/data/dataset.h"
#include "tests/unit/scratch_folder.h"

static void assert_reads(const char *path, Dataset *dataset) {
  Failure failure = {0};
  const bool is_read = read_libsvm(path, dataset, &failure);
  if (!is_read) print_error("%s: %s\n", failure.path, failure.message);
  assert_true(is_read);
}

static void assert_refused(const char *text, const char *message) {
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_write_text(&folder, "bad", text);
  Dataset dataset;
  Failure failure = {0};
  assert_false(read_libsvm(path, &dataset, &failure));
  assert_int_equal(failure.kind, FAILURE_INPUT);
  assert_string_equal(failure.path, path);
  assert_string_equal(failure.message, message);
  assert_null(dataset.memory);
  scratch_close(&folder);
}

static void spreads_sparse_rows_out(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  Dataset dataset;
  const char *path = scratch_write_text(&folder, "data",
                                        "2 1:0.5 3:-1e1\n"
                                        "0\t2:7 # a comment 9:9\r\n"
                                        "\n# nothing here\n"
                                        "+1\n"
                                        "3 4:1 \n"
                                        "0 1:1\n"
                                        "1 2:2");
  assert_reads(path, &dataset);
  assert_int_equal(dataset.features, 4);
  assert_int_equal(dataset.class_count, 4);
  assert_int_equal(dataset.train.count, 5);
  assert_int_equal(dataset.test.count, 1);
  const float expected[] = {0.5f, 0, -10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0};
  assert_memory_equal(dataset.train.floats, expected, sizeof expected);
  assert_int_equal(dataset.train.labels[2], 1);
  assert_true(dataset.test.floats[1] == 2);
  dataset_close(&dataset);
  scratch_close(&folder);
}

static void reads_binary_labels_and_the_test_file(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  Dataset dataset;
  const char *path = scratch_write_text(&folder, "two", "-1 1:1\n+1 2:1\n");
  scratch_write_text(&folder, "two.t", "1 5:2\n");
  assert_reads(path, &dataset);
  assert_int_equal(dataset.features, 5);
  assert_int_equal(dataset.class_count, 2);
  assert_int_equal(dataset.train.labels[0], 0);
  assert_int_equal(dataset.train.labels[1], 1);
  assert_int_equal(dataset.test.labels[0], 1);
  assert_true(dataset.test.floats[4] == 2 && dataset.train.floats[5 + 1] == 1);
  dataset_close(&dataset);

  scratch_write_text(&folder, "two.t", "1 5:2\n0 1:1\n");
  Failure failure = {0};
  assert_false(read_libsvm(path, &dataset, &failure));
  assert_non_null(strstr(failure.path, "two.t"));
  assert_string_equal(failure.message,
                      "line 2: expected the label -1 or 1, because the data have the label -1");
  scratch_close(&folder);
}

static void refuses_mistakes(void **state) {
  (void)state;
  assert_refused("", "the file has no examples (line 1)");
  assert_refused("# only this\n", "the file has no examples (line 2)");
  assert_refused("1\n2\n", "no example has a value");
  assert_refused("1:2 3:4\n",
                 "line 1, column 1: expected a class number, or -1 or +1, as label, found '1:2'");
  assert_refused("0.5 1:4\n",
                 "line 1, column 1: expected a class number, or -1 or +1, as label, found '0.5'");
  assert_refused("1,3 1:4\n",
                 "line 1, column 1: expected a class number, or -1 or +1, as label, found '1,3'");
  assert_refused("-2 1:4\n",
                 "line 1, column 1: expected a class number, or -1 or +1, as label, found '-2'");
  assert_refused("1 1:4\n2 qid:3 1:4\n", "line 2, column 3: expected index:value, found 'qid:3'");
  assert_refused("1 7\n", "line 1, column 3: expected index:value, found '7'");
  assert_refused("1 0:4\n", "line 1, column 3: expected an index of 1 to 16777216, found '0'");
  assert_refused("1 99999999999999999999:4\n",
                 "line 1, column 3: expected an index of 1 to 16777216, found "
                 "'99999999999999999999'");
  assert_refused("1 2:4 2:5\n",
                 "line 1, column 7: expected an index above the one before, found '2'");
  assert_refused("1 2:\n", "line 1, column 5: expected a finite number, found nothing");
  assert_refused("1 2:nan\n", "line 1, column 5: expected a finite number, found 'nan'");
  assert_refused("-1 1:1\n3 1:1\n",
                 "line 2: expected the label -1 or 1, because the data have the label -1");
  assert_refused("1 16777216:1\n1 2:1\n2 1:1\n",
                 "3 examples of 16777216 values have only 3 that are not 0: too few to keep all of "
                 "them in memory");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spreads_sparse_rows_out),
      cmocka_unit_test(reads_binary_labels_and_the_test_file),
      cmocka_unit_test(refuses_mistakes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
