// SPDX-License-Identifier: MIT
// Safetensors files: what is written is read back, damage is named, and nothing half-written is
// left.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/atomic_file.h"
#include "runtime/safetensors.h"
#include "tests/unit/scratch_folder.h"

static const float weights[] = {1.5f, -2.0f, 0.25f, 8.0f, 0.0f, -0.5f};
static const int32_t neurons[] = {3, -1, 7};
static const uint8_t one_byte[] = {200};

static const StoredArray arrays[] = {
    {.name = "byte", .dtype = DTYPE_U8, .axis_count = 1, .shape = {1}, .data = one_byte},
    {.name = "weight", .dtype = DTYPE_F32, .axis_count = 2, .shape = {2, 3}, .data = weights},
    {.name = "left \"quoted\"", .dtype = DTYPE_I32, .axis_count = 1, .shape = {3}, .data = neurons},
    {.name = "none", .dtype = DTYPE_U64, .axis_count = 2, .shape = {0, 5}, .data = NULL},
};
static const StoredText texts[] = {{"network", "mnist"}, {"number", "fixed(12, 3)"}};
static const StoredFile sample = {
    .array_count = 4, .arrays = arrays, .text_count = 2, .texts = texts};

static int count_files(const ScratchFolder *folder) {
  DIR *directory = opendir(folder->path);
  int count = 0;
  while (readdir(directory)) count++;
  closedir(directory);
  return count - 2;
}

static void writes_and_reads_back(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "w.safetensors");
  Failure failure = {0};
  StoredFile file;
  assert_true(write_stored(path, &sample, &failure));
  assert_true(read_stored(path, &file, &failure));
  assert_int_equal(file.array_count, 4);
  for (size_t i = 0; i < 4; i++) {
    const StoredArray *array = find_stored(&file, arrays[i].name);
    assert_non_null(array);
    assert_int_equal(array->dtype, arrays[i].dtype);
    assert_int_equal(array->axis_count, arrays[i].axis_count);
    assert_int_equal(stored_count(array), stored_count(&arrays[i]));
    const size_t bytes = stored_count(array) * dtype_bytes(array->dtype);
    if (bytes > 0) assert_memory_equal(array->data, arrays[i].data, bytes);
    assert_int_equal((uintptr_t)array->data % 16, 0);
  }
  assert_string_equal(find_stored_text(&file, "number"), "fixed(12, 3)");
  assert_null(find_stored_text(&file, "absent"));
  assert_null(find_stored(&file, "absent"));
  stored_file_close(&file);
  assert_int_equal(count_files(&folder), 1);
  scratch_close(&folder);
}

/* Parses a header and so many zero bytes of data; the message is in *failure. */
static bool parse_text(const char *header, size_t data_bytes, Failure *failure) {
  uint8_t bytes[1024] = {0};
  const size_t length = strlen(header);
  bytes[0] = (uint8_t)length;
  bytes[1] = (uint8_t)(length >> 8);
  memcpy(bytes + 8, header, length);
  StoredFile file;
  const bool is_good =
      parse_stored(bytes, 8 + length + data_bytes, "x.safetensors", &file, failure);
  stored_file_close(&file);
  return is_good;
}

typedef struct BadHeader {
  const char *header;
  size_t data_bytes;
  const char *message;
} BadHeader;

static void names_what_is_wrong(void **state) {
  (void)state;
  static const BadHeader cases[] = {
      {"{", 0, "its header is not JSON"},
      {"[]", 0, "its header is not a JSON object"},
      {"{\"a\": 3}", 0, "array 'a': is not described by an object"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1]}}", 4, "has other fields"},
      {"{\"a\": {\"dtype\": \"X9\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 4,
       "the dtype 'X9' is not known"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}", 4,
       "not made of whole numbers"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1.5], \"data_offsets\": [0, 4]}}", 4,
       "not made of whole numbers"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [4611686018427387904, 4], \"data_offsets\": [0, "
       "0]}}",
       0, "its shape is too large"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 8]}}", 8,
       "needs 4 bytes"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}", 4,
       "are not within the 4 bytes"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}", 8,
       "there is a gap"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [8, 4]}}", 8,
       "are not within"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 8,
       "4 bytes after the last array"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]},"
       " \"b\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}",
       8, "its data overlap"},
      {"{\"a\": {\"dtype\": \"U8\", \"shape\": [1,1,1,1,1,1,1,1,1], \"data_offsets\": [0, 1]}}", 1,
       "more than 8 axes"},
      {"{\"a\": {\"dtype\": 32, \"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "has no dtype"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": 1, \"data_offsets\": [0, 4]}}", 4, "has no shape"},
      {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4]}}", 4,
       "has no data_offsets"},
      {"{\"a\": {}, \"a\": {}}", 0, "its header is not JSON: duplicate"},
      {"{\"__metadata__\": [1]}", 0, "its __metadata__ is not an object"},
      {"{\"__metadata__\": {\"epoch\": 1}}", 0, "'epoch' in its __metadata__ is not a text"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Failure failure = {0};
    assert_false(parse_text(cases[i].header, cases[i].data_bytes, &failure));
    assert_int_equal(failure.kind, FAILURE_INPUT);
    if (!strstr(failure.message, cases[i].message))
      fail_msg("%s\nnot: %s", failure.message, cases[i].message);
  }
  Failure failure = {0};
  char header[STORED_MOST_NAME + 64];
  memset(header, 'a', sizeof header);
  memcpy(header, "{\"", 2);
  strcpy(header + STORED_MOST_NAME + 3, "\": {}}");
  assert_false(parse_text(header, 0, &failure));
  assert_non_null(strstr(failure.message, "its name is too long"));
  assert_true(parse_text("{}  ", 0, &failure));
  assert_true(parse_text("{\"s\": {\"dtype\": \"I64\", \"shape\": [], \"data_offsets\": [0, 8]}}",
                         8, &failure));
}

static void refuses_every_truncation(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *path = scratch_path(&folder, "w.safetensors");
  Failure failure = {0};
  assert_true(write_stored(path, &sample, &failure));
  uint8_t bytes[2048];
  FILE *in = fopen(path, "rb");
  const size_t count = fread(bytes, 1, sizeof bytes, in);
  fclose(in);
  for (size_t length = 0; length < count; length++) {
    StoredFile file;
    failure = (Failure){0};
    assert_false(parse_stored(bytes, length, path, &file, &failure));
    assert_int_equal(failure.kind, FAILURE_INPUT);
  }
  memset(bytes, 0xFF, 8); /* a header of 2^64 - 1 bytes */
  StoredFile file;
  assert_false(parse_stored(bytes, count, path, &file, &failure));
  scratch_close(&folder);
}

static void names_files_that_cannot_be_read(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  StoredFile file;
  Failure failure = {0};
  assert_false(read_stored(scratch_path(&folder, "absent"), &file, &failure));
  assert_non_null(strstr(failure.message, "No such file"));
  assert_non_null(strstr(failure.path, "absent"));
  assert_false(read_stored(folder.path, &file, &failure));
  assert_int_equal(failure.kind, FAILURE_INPUT);
  scratch_close(&folder);
}

static void keeps_what_stood_there_when_writing_fails(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  Failure failure = {0};
  assert_false(write_stored("/dev/full", &sample, &failure));
  assert_int_equal(failure.kind, FAILURE_OUTPUT);
  assert_non_null(strstr(failure.message, "No space left"));
  assert_false(write_stored(scratch_path(&folder, "absent/w"), &sample, &failure));
  assert_false(write_stored(folder.path, &sample, &failure));
  assert_non_null(strstr(failure.message, "it is a folder"));
  assert_false(write_stored("", &sample, &failure));

  const char *path = scratch_write_text(&folder, "old", "old contents");
  AtomicFile *file = atomic_file_open(path, &failure);
  assert_non_null(file);
  fputs("new", atomic_file_stream(file));
  atomic_file_discard(file);
  char text[32] = {0};
  FILE *in = fopen(path, "rb");
  assert_int_equal(fread(text, 1, sizeof text - 1, in), 12);
  fclose(in);
  assert_string_equal(text, "old contents");
  assert_true(can_write_file(path, &failure));
  assert_true(can_write_file(scratch_path(&folder, "new"), &failure));
  assert_int_equal(count_files(&folder), 1);
  scratch_close(&folder);
}

/* A link stays a link, and what it points to is replaced. */
static void follows_symbolic_links(void **state) {
  (void)state;
  const ScratchFolder folder = scratch_open();
  const char *target = scratch_write_text(&folder, "target", "old");
  const char *link = scratch_path(&folder, "link");
  assert_int_equal(symlink(target, link), 0);
  Failure failure = {0};
  StoredFile file;
  assert_true(write_stored(link, &sample, &failure));
  struct stat status;
  assert_int_equal(lstat(link, &status), 0);
  assert_true(S_ISLNK(status.st_mode));
  assert_true(read_stored(target, &file, &failure));
  stored_file_close(&file);
  scratch_close(&folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_and_reads_back),
      cmocka_unit_test(names_what_is_wrong),
      cmocka_unit_test(refuses_every_truncation),
      cmocka_unit_test(names_files_that_cannot_be_read),
      cmocka_unit_test(keeps_what_stood_there_when_writing_fails),
      cmocka_unit_test(follows_symbolic_links),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
