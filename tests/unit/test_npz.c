// SPDX-License-Identifier: MIT
// The NumPy readers: every type, both byte orders, both array orders, archives that numpy wrote,
// damage.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <minizip/zip.h>

#include "runtime/data/dataset_build.h"
#include "runtime/data/npy.h"
#include "runtime/data/npz.h"
#include "tests/unit/scratch_folder.h"

/* A .npy array in memory. */
typedef struct NpyText {
  uint8_t bytes[512];
  size_t count;
} NpyText;

/* Version 1.0, with the header given in full and items behind it. */
static NpyText npy_text(const char *header, const void *items, size_t item_bytes) {
  NpyText text = {.bytes = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}};
  const size_t length = strlen(header);
  text.bytes[8] = (uint8_t)length;
  memcpy(text.bytes + 10, header, length);
  if (item_bytes > 0) memcpy(text.bytes + 10 + length, items, item_bytes);
  text.count = 10 + length + item_bytes;
  return text;
}

/* The usual header of a C-ordered array. */
static NpyText npy_array(const char *type, const char *shape, const void *items,
                         size_t item_bytes) {
  char header[128];
  snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", type,
           shape);
  return npy_text(header, items, item_bytes);
}

/* Begins a member with `text`. */
static void open_member(zipFile zip, const char *name, NpyText text) {
  char member[64];
  snprintf(member, sizeof member, "%s.npy", name);
  assert_int_equal(zipOpenNewFileInZip64(zip, member, NULL, NULL, 0, NULL, 0, NULL, Z_DEFLATED,
                                         Z_DEFAULT_COMPRESSION, 0),
                   ZIP_OK);
  assert_int_equal(zipWriteInFileInZip(zip, text.bytes, (unsigned)text.count), ZIP_OK);
}

static void add_member(zipFile zip, const char *name, NpyText text) {
  open_member(zip, name, text);
  assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
}

/* An archive with members xtr and ytr. */
static const char *write_training(const ScratchFolder *folder, NpyText x, NpyText y) {
  const char *path = scratch_path(folder, "data.npz");
  zipFile zip = zipOpen64(path, APPEND_STATUS_CREATE);
  assert_non_null(zip);
  add_member(zip, "xtr", x);
  add_member(zip, "ytr", y);
  zipClose(zip, NULL);
  return path;
}

static void assert_refused(const char *path, const char *message) {
  Dataset dataset;
  Failure failure = {0};
  assert_false(read_npz(path, &dataset, &failure));
  assert_int_equal(failure.kind, FAILURE_INPUT);
  assert_string_equal(failure.path, path);
  if (strstr(failure.message, message) == NULL) assert_string_equal(failure.message, message);
  assert_null(dataset.memory);
}

static void assert_header_refused(const char *header, const char *message) {
  const NpyText text = npy_text(header, "", 0);
  NpyArray array;
  Failure failure = {0};
  assert_false(npy_view(text.bytes, text.count, "file", "x", &array, &failure));
  if (strstr(failure.message, message) == NULL) assert_string_equal(failure.message, message);
}

static double only_number(const char *type, const void *item, size_t item_bytes) {
  const NpyText text = npy_array(type, "()", item, item_bytes);
  NpyArray array;
  Failure failure = {0};
  const bool is_read = npy_view(text.bytes, text.count, "file", "x", &array, &failure);
  if (!is_read) print_error("%s: %s\n", type, failure.message);
  assert_true(is_read);
  assert_int_equal(array.count, 1);
  return npy_number(&array, 0);
}

static void reads_every_type(void **state) {
  (void)state;
  assert_true(only_number("|b1", "\x01", 1) == 1);
  assert_true(only_number("|u1", "\xff", 1) == 255);
  assert_true(only_number("|i1", "\xff", 1) == -1);
  assert_true(only_number("<u2", "\x01\xff", 2) == 0xff01);
  assert_true(only_number(">u2", "\x01\xff", 2) == 0x01ff);
  assert_true(only_number("<i2", "\xfe\xff", 2) == -2);
  assert_true(only_number(">i4", "\x80\0\0\0", 4) == -2147483648.0);
  assert_true(only_number("<u4", "\xff\xff\xff\xff", 4) == 4294967295.0);
  assert_true(only_number("<i8", "\xff\xff\xff\xff\xff\xff\xff\xff", 8) == -1);
  assert_true(only_number(">u8", "\x80\0\0\0\0\0\0\0", 8) == 9223372036854775808.0);
  assert_true(only_number("<f2", "\x00\x3c", 2) == 1);
  assert_true(only_number(">f2", "\xc0\x00", 2) == -2);
  assert_true(only_number("<f2", "\x01\x00", 2) == 1.0 / 16777216); /* the smallest subnormal */
  assert_true(only_number("<f2", "\xff\x7b", 2) == 65504);
  assert_true(only_number("<f4", "\0\0\xc0\x3f", 4) == 1.5);
  assert_true(only_number(">f4", "\x3f\xc0\0\0", 4) == 1.5);
  assert_true(only_number("<f8", "\0\0\0\0\0\0\xf8\xbf", 8) == -1.5);
}

static void reads_fortran_order(void **state) {
  (void)state;
  /* [[0, 1, 2], [3, 4, 5]] column by column, and a 2 x 2 x 2 cube. */
  NpyText text =
      npy_text("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", "\0\3\1\4\2\5", 6);
  NpyArray array;
  Failure failure = {0};
  assert_true(npy_view(text.bytes, text.count, "file", "x", &array, &failure));
  for (uint64_t i = 0; i < 6; i++)
    assert_true(npy_number(&array, npy_place(&array, i)) == (double)i);
  text = npy_text("{\"shape\": (2L, 2L, 2L), \"fortran_order\": True, \"descr\": \"|u1\"}  \n",
                  "\0\4\2\6\1\5\3\7", 8);
  assert_true(npy_view(text.bytes, text.count, "file", "x", &array, &failure));
  for (uint64_t i = 0; i < 8; i++)
    assert_true(npy_number(&array, npy_place(&array, i)) == (double)i);
}

static void refuses_wrong_headers(void **state) {
  (void)state;
  assert_header_refused("", "array x: expected '{' at the start of the header (byte 10)");
  assert_header_refused("{'descr': '<f4', 'fortran_order': False}", "the header lacks");
  assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
                        "this key has no meaning in a header (byte 66)");
  assert_header_refused("{'descr': '<f4', 'descr': '<f4'}", "this key is given twice (byte 27)");
  assert_header_refused("{'descr': '<f4' 'shape': (2,)}", "expected ',' or '}' in the header");
  assert_header_refused("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}",
                        "expected a type of b1, u1 to u8, i1 to i8 or f2 to f8 (byte 20)");
  assert_header_refused("{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}",
                        "expected a type");
  assert_header_refused("{'descr': '<u3', 'fortran_order': False, 'shape': (2,)}",
                        "expected a type");
  assert_header_refused("{'descr': [('a', '<f4')], 'shape': (2,)}", "expected a type");
  assert_header_refused("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
                        "expected True or False for fortran_order (byte 44)");
  assert_header_refused("{'shape': (2 3)}", "expected ',' or ')' in the shape");
  assert_header_refused("{'shape': (2)}", "expected ',' after the only axis");
  assert_header_refused("{'shape': (-2,)}", "expected the length of an axis (byte 21)");
  assert_header_refused("{'shape': (99999999999999999999,)}", "an axis is too long");
  assert_header_refused("{'shape': (1,1,1,1,1,1,1,1,1)}", "too many axes");
  assert_header_refused("{'shape': (2,", "expected the length of an axis");
  assert_header_refused("{'shape': 2}", "expected the shape in parentheses (byte 20)");
  assert_header_refused("{shape: (2,)}", "expected a key of the header (byte 11)");
  assert_header_refused("{'shape' (2,)}", "expected ':' after a key of the header (byte 19)");
  assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
                        "the header goes on after its '}' (byte 66)");
  assert_header_refused(
      "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
      "the shape asks for more than 2^60 items");
  assert_header_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}",
                        "array x: expected 3 items of 8 bytes, found 0 bytes (from byte 65)");
}

static void refuses_every_truncation(void **state) {
  (void)state;
  const NpyText text = npy_array("<i2", "(3,)", "abcdef", 6);
  NpyArray array;
  Failure failure = {0};
  for (size_t length = 0; length < text.count; length++) {
    assert_false(npy_view(text.bytes, length, "file", "x", &array, &failure));
  }
  assert_true(npy_view(text.bytes, text.count, "file", "x", &array, &failure));
  NpyText newer = text;
  newer.bytes[6] = 4;
  assert_false(npy_view(newer.bytes, newer.count, "file", "x", &array, &failure));
}

/* Versions 2 and 3 give the header's length four bytes. */
static void reads_newer_versions(void **state) {
  (void)state;
  const NpyText old = npy_array("|u1", "(3,)", "abc", 3);
  for (uint8_t version = 2; version <= 3; version++) {
    NpyText text = {.count = old.count + 2};
    memcpy(text.bytes, old.bytes, 10);
    memcpy(text.bytes + 12, old.bytes + 10, old.count - 10);
    text.bytes[6] = version;
    NpyArray array;
    Failure failure = {0};
    assert_true(npy_view(text.bytes, text.count, "file", "x", &array, &failure));
    assert_memory_equal(array.items, "abc", 3);
    for (size_t upper = 10; upper < 12; upper++) {
      NpyText longer = text;
      longer.bytes[upper] = 1;
      assert_false(npy_view(longer.bytes, longer.count, "file", "x", &array, &failure));
      assert_non_null(strstr(failure.message, "the array ends inside its header"));
    }
  }
}

/* As many values as an example may have, and one more. */
static void reads_the_longest_examples(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  uint8_t *zeros = calloc(DATASET_MOST_FEATURES + 1, 1);
  assert_non_null(zeros);
  for (unsigned more = 0; more < 2; more++) {
    const unsigned features = DATASET_MOST_FEATURES + more;
    char shape[32];
    snprintf(shape, sizeof shape, "(1, %u)", features);
    const char *path = scratch_path(&folder, "long.npz");
    zipFile zip = zipOpen64(path, APPEND_STATUS_CREATE);
    open_member(zip, "xtr", npy_array("|u1", shape, "", 0));
    assert_int_equal(zipWriteInFileInZip(zip, zeros, features), ZIP_OK);
    assert_int_equal(zipCloseFileInZip(zip), ZIP_OK);
    add_member(zip, "ytr", npy_array("|u1", "(1,)", "", 1));
    zipClose(zip, NULL);
    if (more) {
      assert_refused(path, "expected the shape [examples, values] with 1 to 16777216 values");
      continue;
    }
    Dataset dataset;
    Failure failure = {0};
    assert_true(read_npz(path, &dataset, &failure));
    assert_int_equal(dataset.features, features);
    dataset_close(&dataset);
  }
  free(zeros);
  scratch_close(&folder);
}

static void reads_archives_of_numpy(void **state) {
  (void)state;
  Dataset dataset;
  Failure failure = {0};
  assert_true(read_npz(SEDGE_SOURCE_DIR "/tests/fuzz/seeds/npz/bytes.npz", &dataset, &failure));
  assert_int_equal(dataset.features, 4);
  assert_int_equal(dataset.class_count, 4);
  assert_int_equal(dataset.train.count, 3);
  assert_int_equal(dataset.train.bytes[11], 11);
  const uint32_t labels[] = {2, 0, 1};
  assert_memory_equal(dataset.train.labels, labels, sizeof labels);
  assert_int_equal(dataset.validation.count, 1);
  assert_int_equal(dataset.test.bytes[0], 255);
  assert_int_equal(dataset.test.labels[0], 3);
  dataset_close(&dataset);

  assert_true(read_npz(SEDGE_SOURCE_DIR "/tests/fuzz/seeds/npz/one_hot.npz", &dataset, &failure));
  assert_null(dataset.train.bytes);
  float values[4];
  example_values(&dataset.train, 1, values);
  assert_true(values[0] == 0.25f && values[3] == 7 / 16.0f);
  assert_int_equal(dataset.train.labels[0], 2);
  assert_int_equal(dataset.train.labels[1], 0);
  assert_int_equal(dataset.test.count, 0);
  dataset_close(&dataset);
}

/* [[0, 1, 2], [3, 4, 5]] column by column, as bytes and as floats. */
static void turns_examples_of_fortran_order(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const NpyText labels = npy_array("|u1", "(2,)", "\0\1", 2);
  const float columns[] = {0, 3, 1, 4, 2, 5};
  const NpyText examples[] = {
      npy_text("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", "\0\3\1\4\2\5", 6),
      npy_text("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", columns, sizeof columns),
  };
  for (size_t k = 0; k < 2; k++) {
    Dataset dataset;
    Failure failure = {0};
    assert_true(read_npz(write_training(&folder, examples[k], labels), &dataset, &failure));
    assert_int_equal(dataset.train.bytes != NULL, k == 0);
    for (uint32_t i = 0; i < 6; i++) {
      if (k == 0) assert_int_equal(dataset.train.bytes[i], i);
      if (k == 1) assert_true(dataset.train.floats[i] == (float)i);
    }
    dataset_close(&dataset);
  }
  scratch_close(&folder);
}

static void reads_edge_lists(void **state) {
  (void)state;
  static const char path[] = SEDGE_SOURCE_DIR "/tests/fuzz/seeds/npz/edges.npz";
  uint32_t *values;
  uint64_t count;
  Failure failure = {0};
  assert_true(read_npz_indices(path, "right", &values, &count, &failure));
  const uint32_t right[] = {0, 0, 1, 1, 1};
  assert_int_equal(count, 5);
  assert_memory_equal(values, right, sizeof right);
  free(values);
  assert_false(read_npz_indices(path, "middle", &values, &count, &failure));
  assert_string_equal(failure.message, "the archive has no array middle");
  assert_null(values);

  const ScratchFolder folder = scratch_open();
  const char *odd = write_training(&folder, npy_array("<i2", "(2,)", "\1\0\xff\xff", 4),
                                   npy_array("<f4", "(1,)", "\0\0\0\0", 4));
  assert_false(read_npz_indices(odd, "xtr", &values, &count, &failure));
  assert_string_equal(failure.message, "array xtr: value 1 is -1, expected 0 to 4294967295");
  assert_false(read_npz_indices(odd, "ytr", &values, &count, &failure));
  assert_string_equal(failure.message, "array ytr: expected integers in one dimension");
  scratch_close(&folder);
}

static void refuses_arrays_that_disagree(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const NpyText x = npy_array("|u1", "(2, 3)", "abcdef", 6);
  const NpyText y = npy_array("|u1", "(2,)", "\0\1", 2);
  assert_refused(write_training(&folder, npy_array("|u1", "(6,)", "abcdef", 6), y),
                 "array xtr: expected the shape [examples, values]");
  assert_refused(write_training(&folder, npy_array("|u1", "(2, 0)", "", 0), y),
                 "array xtr: expected the shape [examples, values]");
  assert_refused(write_training(&folder, x, npy_array("|u1", "(3,)", "\0\1\2", 3)),
                 "array ytr: expected 2 labels, one for each example, found 3");
  assert_refused(write_training(&folder, x, npy_array("|i1", "(2,)", "\0\xff", 2)),
                 "array ytr: the label of example 1 is -1, expected a class number");
  assert_refused(write_training(&folder, x, npy_array("<f4", "(2,)", "\0\0\0\0\0\0\0\x3f", 8)),
                 "array ytr: the label of example 1 is 0.5, expected a class number");
  assert_refused(write_training(&folder, x, npy_array("|u1", "(2, 2)", "\0\1\1\1", 4)),
                 "array ytr: row 1 is not one-hot: it has 2 ones and 0 values that are neither");
  assert_refused(write_training(&folder, x, npy_array("|u1", "(2, 2)", "\0\1\0\2", 4)),
                 "array ytr: row 1 is not one-hot: it has 0 ones and 1 values");
  assert_refused(write_training(&folder, x, npy_array("|u1", "(2, 1, 1)", "\0\1", 2)),
                 "array ytr: expected class numbers in one dimension, or one-hot rows in two");
  assert_refused(write_training(&folder, npy_array("<f4", "(2, 1)", "\0\0\0\0\0\0\x80\x7f", 8), y),
                 "array xtr: value 0 of example 1 is inf, expected a finite float");
  assert_refused(
      write_training(&folder, npy_array("|u1", "(0, 3)", "", 0), npy_array("|u1", "(0,)", "", 0)),
      "there are no training examples");
  scratch_close(&folder);
}

static void refuses_damaged_archives(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  assert_refused(scratch_path(&folder, "nowhere.npz"), "cannot open: No such file or directory");
  assert_refused(scratch_write_text(&folder, "text.npz", "not a zip file"),
                 "this is no .npz archive: it has no zip directory");
  assert_refused(folder.path, "this is no .npz archive");
  assert_refused(SEDGE_SOURCE_DIR "/tests/fuzz/seeds/npz/edges.npz",
                 "the archive has no array xtr");

  uint8_t bytes[8192];
  FILE *file = fopen(SEDGE_SOURCE_DIR "/tests/fuzz/seeds/npz/bytes.npz", "rb");
  assert_non_null(file);
  const size_t count = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  Dataset dataset;
  Failure failure = {0};
  for (size_t length = 0; length < count; length++) {
    const char *path = scratch_write(&folder, "cut.npz", bytes, length);
    assert_false(read_npz(path, &dataset, &failure));
  }
  /* Any flipped byte of packed data is found by inflate, by the checksum, or by the checks behind
   * them. */
  bytes[100] ^= 0x10;
  assert_refused(scratch_write(&folder, "flipped.npz", bytes, count), "array xtr: ");
  scratch_close(&folder);
}

/* Fields of a zip entry stand in the central directory and before its data; they must say the
 * same. */
static void refuses_entries_of_other_kinds(void **state) {
  (void)state;
  static const struct {
    size_t local, central; /* places from PK34 and PK12 */
    uint8_t value;
    const char *message;
  } fields[] = {
      {6, 8, 1, "array xtr is encrypted"},
      {8, 10, 99, "array xtr: its zip entry is corrupt, or packed by method 99"},
      {14, 16, 0x5A, "array xtr: its bytes do not agree with their checksum"},
  };
  const ScratchFolder folder = scratch_open();
  const char *path = write_training(&folder, npy_array("|u1", "(2, 3)", "abcdef", 6),
                                    npy_array("|u1", "(2,)", "\0\1", 2));
  uint8_t bytes[4096], changed[4096];
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  const size_t count = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    memcpy(changed, bytes, count);
    uint8_t *const directory = memmem(changed, count, "PK\1\2", 4);
    assert_non_null(directory);
    changed[fields[i].local] = fields[i].value;
    directory[fields[i].central] = fields[i].value;
    assert_refused(scratch_write(&folder, "changed.npz", changed, count), fields[i].message);
  }
  /* Of the second entry, which is ytr: whether there is one is not known then. */
  memcpy(changed, bytes, count);
  uint8_t *const first = memmem(changed, count, "PK\1\2", 4);
  uint8_t *const second = memmem(first + 4, count - (size_t)(first + 4 - changed), "PK\1\2", 4);
  second[2] = 9;
  assert_refused(scratch_write(&folder, "changed.npz", changed, count),
                 "array ytr: the archive's directory cannot be read");
  scratch_close(&folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_type),         cmocka_unit_test(reads_fortran_order),
      cmocka_unit_test(refuses_wrong_headers),    cmocka_unit_test(refuses_every_truncation),
      cmocka_unit_test(reads_newer_versions),     cmocka_unit_test(reads_the_longest_examples),
      cmocka_unit_test(reads_archives_of_numpy),  cmocka_unit_test(turns_examples_of_fortran_order),
      cmocka_unit_test(reads_edge_lists),         cmocka_unit_test(refuses_arrays_that_disagree),
      cmocka_unit_test(refuses_damaged_archives), cmocka_unit_test(refuses_entries_of_other_kinds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
