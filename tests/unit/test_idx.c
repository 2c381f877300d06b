// SPDX-License-Identifier: MIT
// The IDX reader: small sets raw and gzipped, every kind of damage, and the real MNIST where it is.
//
// SEDGE_MNIST names a folder with MNIST's four files; without it the last test is skipped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "runtime/data/dataset.h"
#include "tests/unit/scratch_folder.h"

static const char train_images[] = "train-images-idx3-ubyte";
static const char train_labels[] = "train-labels-idx1-ubyte";
static const char test_images[] = "t10k-images-idx3-ubyte";
static const char test_labels[] = "t10k-labels-idx1-ubyte";

static const uint8_t three_images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0,   0,
                                       0, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 254, 255};
static const uint8_t three_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 2};
static const uint8_t one_image[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 51, 0, 102, 0};
static const uint8_t one_label[] = {0, 0, 8, 1, 0, 0, 0, 1, 9};

/* A folder with a good small set, for each test to damage. */
static ScratchFolder good_folder(void) {
  const ScratchFolder folder = scratch_open();
  scratch_write(&folder, train_images, three_images, sizeof three_images);
  scratch_write(&folder, train_labels, three_labels, sizeof three_labels);
  scratch_write(&folder, test_images, one_image, sizeof one_image);
  scratch_write(&folder, test_labels, one_label, sizeof one_label);
  return folder;
}

static void assert_refused(const ScratchFolder *folder, const char *file, const char *message) {
  Dataset dataset;
  Failure failure = {0};
  assert_false(read_idx(folder->path, &dataset, &failure));
  assert_int_equal(failure.kind, FAILURE_INPUT);
  assert_non_null(strstr(failure.path, file));
  if (strstr(failure.message, message) == NULL) assert_string_equal(failure.message, message);
  assert_null(dataset.memory);
}

static void write_gzipped(const ScratchFolder *folder, const char *name, const void *bytes,
                          unsigned count) {
  gzFile file = gzopen(scratch_path(folder, name), "wb");
  assert_int_equal(gzwrite(file, bytes, count), count);
  gzclose(file);
}

static void check_small_set(const Dataset *dataset) {
  assert_int_equal(dataset->features, 4);
  assert_int_equal(dataset->class_count, 10);
  assert_int_equal(dataset->train.count, 3);
  assert_int_equal(dataset->validation.count, 0);
  assert_int_equal(dataset->test.count, 1);
  assert_int_equal(dataset->train.labels[0], 7);
  assert_int_equal(dataset->train.labels[2], 2);
  assert_int_equal(dataset->test.labels[0], 9);
  float values[4];
  example_values(&dataset->train, 2, values);
  assert_true(values[3] == 1.0f && values[2] == (float)(254 / 255.0));
  example_values(&dataset->test, 0, values);
  assert_true(values[0] == 0.2f && values[1] == 0 && values[2] == 0.4f);
}

static void reads_raw_files(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  Dataset dataset;
  Failure failure = {0};
  assert_true(read_idx(folder.path, &dataset, &failure));
  assert_int_equal(failure.kind, FAILURE_NONE);
  check_small_set(&dataset);
  dataset_close(&dataset);
  scratch_close(&folder);
}

static void reads_gzipped_files(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  unlink(scratch_path(&folder, train_images));
  unlink(scratch_path(&folder, test_labels));
  write_gzipped(&folder, "train-images-idx3-ubyte.gz", three_images, sizeof three_images);
  write_gzipped(&folder, "t10k-labels-idx1-ubyte.gz", one_label, sizeof one_label);
  Dataset dataset;
  Failure failure = {0};
  assert_true(read_idx(folder.path, &dataset, &failure));
  check_small_set(&dataset);
  dataset_close(&dataset);
  scratch_close(&folder);
}

static void refuses_missing_files(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  unlink(scratch_path(&folder, test_labels));
  assert_refused(&folder, folder.path,
                 "the folder has neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz");
  ScratchFolder missing = folder;
  strcat(missing.path, "/nowhere");
  assert_refused(&missing, "nowhere", "cannot open the folder: No such file or directory");
  ScratchFolder file = folder;
  strcat(file.path, "/train-images-idx3-ubyte");
  assert_refused(&file, train_images, "expected a folder with IDX files, found a file");
  scratch_close(&folder);

  char endless[5000];
  Dataset dataset;
  Failure failure = {0};
  memset(endless, 'a', sizeof endless);
  endless[sizeof endless - 1] = '\0';
  assert_false(read_idx(endless, &dataset, &failure));
  assert_string_equal(failure.message, "the path is too long");
}

static void refuses_every_truncation(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  for (size_t length = 0; length < sizeof three_images; length++) {
    scratch_write(&folder, train_images, three_images, length);
    char place[64];
    snprintf(place, sizeof place, "the file ends at byte %zu, inside", length);
    assert_refused(&folder, train_images, place);
  }
  scratch_write(&folder, train_images, three_images, sizeof three_images - 1);
  assert_refused(&folder, train_images,
                 "expected 3 items of 4 bytes, the file ends at byte 27, inside item 2");
  scratch_close(&folder);
}

static void refuses_wrong_headers(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  uint8_t bytes[sizeof three_images + 1] = {0};
  const struct {
    size_t at;
    uint8_t value;
    const char *message;
  } cases[] = {
      {0, 1, "this is no IDX file: it begins with 01 00 08 03, expected 00 00 08 (byte 0)"},
      {2, 0x0d, "expected items of type 08 (unsigned bytes), found type 0d (byte 2)"},
      {3, 0, "expected 1 to 4 dimensions, found 0 (byte 3)"},
      {3, 5, "expected 1 to 4 dimensions, found 5 (byte 3)"},
      {4, 0xff, "expected 4278190083 items of 4 bytes, the file ends at byte 28, inside item 3"},
      {11, 0, "dimension 2 is 0: expected 1 to 16777216 values an item (byte 8)"},
      {12, 0xff, "dimension 3 is 4278190082: expected 1 to 16777216 values an item (byte 12)"},
      {7, 2, "the file goes on after its 2 items of 4 bytes (byte 24)"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    memcpy(bytes, three_images, sizeof three_images);
    bytes[cases[i].at] = cases[i].value;
    scratch_write(&folder, train_images, bytes, sizeof three_images);
    assert_refused(&folder, train_images, cases[i].message);
  }
  memcpy(bytes, three_images, sizeof three_images);
  scratch_write(&folder, train_images, bytes, sizeof bytes);
  assert_refused(&folder, train_images, "the file goes on after its 3 items");
  scratch_close(&folder);
}

static void refuses_files_that_disagree(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  scratch_write(&folder, train_labels, one_label, sizeof one_label);
  assert_refused(&folder, train_labels, "expected 3 labels, one for each image, found 1 (byte 4)");
  scratch_write(&folder, train_labels, three_images, sizeof three_images);
  assert_refused(&folder, train_labels, "expected labels in 1 dimension, found 3");
  scratch_write(&folder, train_labels, three_labels, sizeof three_labels);
  const uint8_t wide[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
  scratch_write(&folder, test_images, wide, sizeof wide);
  assert_refused(&folder, folder.path,
                 "the training examples have 4 values each, the test examples 6");
  const uint8_t none[] = {0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2};
  scratch_write(&folder, train_images, none, sizeof none);
  assert_refused(&folder, train_images, "expected images, found 0 items in 3 dimensions");
  scratch_write(&folder, train_images, three_labels, sizeof three_labels);
  assert_refused(&folder, train_images, "expected images, found 3 items in 1 dimension (byte 3)");
  scratch_close(&folder);
}

static void refuses_damaged_gzip(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  unlink(scratch_path(&folder, train_images));
  static const char name[] = "train-images-idx3-ubyte.gz";
  write_gzipped(&folder, name, three_images, sizeof three_images);
  uint8_t packed[256];
  FILE *file = fopen(scratch_path(&folder, name), "rb");
  const size_t size = fread(packed, 1, sizeof packed, file);
  fclose(file);
  assert_in_range(size, 20, sizeof packed - 1);
  for (size_t length = 2; length < size; length++) {
    scratch_write(&folder, name, packed, length);
    assert_refused(&folder, name, "the gzip data are truncated: they end at byte");
  }
  packed[size < 20 ? 0 : size - 6] ^= 1; /* in the checksum */
  scratch_write(&folder, name, packed, size);
  assert_refused(&folder, name, "the gzip data are corrupt before byte");
  scratch_close(&folder);
}

static void splits_the_training_part(void **state) {
  (void)state;
  const ScratchFolder folder = good_folder();
  Dataset dataset;
  Failure failure = {0};
  assert_true(read_idx(folder.path, &dataset, &failure));
  assert_false(dataset_split(&dataset, 3, 1, &failure));
  assert_int_equal(failure.kind, FAILURE_MODEL);
  assert_false(dataset_split(&dataset, 1, UINT64_MAX, &failure));
  assert_false(dataset_split(&dataset, 0, 1, &failure));
  assert_true(dataset_split(&dataset, 2, 1, &failure));
  assert_int_equal(dataset.train.count, 2);
  assert_int_equal(dataset.validation.count, 1);
  assert_int_equal(dataset.validation.labels[0], 2);
  assert_int_equal(dataset.validation.bytes[3], 255);
  dataset_close(&dataset);
  scratch_close(&folder);
}

static void reads_mnist(void **state) {
  (void)state;
  const char *folder = getenv("SEDGE_MNIST");
  if (folder == NULL) {
    print_message("SKIPPED: SEDGE_MNIST names no folder with the MNIST files\n");
    skip();
  }
  Dataset dataset;
  Failure failure = {0};
  const bool is_read = read_idx(folder, &dataset, &failure);
  if (!is_read) print_error("%s: %s\n", failure.path, failure.message);
  assert_true(is_read);
  assert_int_equal(dataset.train.count, 60000);
  assert_int_equal(dataset.test.count, 10000);
  assert_int_equal(dataset.features, 784);
  assert_int_equal(dataset.class_count, 10);
  const uint32_t first[] = {5, 0, 4, 1, 9};
  assert_memory_equal(dataset.train.labels, first, sizeof first);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 60000 * 784; i++) sum += dataset.train.bytes[i];
  const double mean = (double)sum / (60000.0 * 784 * 255);
  assert_true(mean > 0.13065 && mean < 0.13067);
  dataset_close(&dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_raw_files),       cmocka_unit_test(reads_gzipped_files),
      cmocka_unit_test(refuses_missing_files), cmocka_unit_test(refuses_every_truncation),
      cmocka_unit_test(refuses_wrong_headers), cmocka_unit_test(refuses_files_that_disagree),
      cmocka_unit_test(refuses_damaged_gzip),  cmocka_unit_test(splits_the_training_part),
      cmocka_unit_test(reads_mnist),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
