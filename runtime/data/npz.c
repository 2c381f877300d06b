// SPDX-License-Identifier: MIT
// Reads data sets from NumPy archives: arrays xtr ytr (training), xva yva (validation), xte yte
// (test).
//
// x arrays have one example per entry of their first axis: unsigned bytes are kept and stand for
// value / 255, everything else becomes floats that stand for themselves.  y arrays hold class
// numbers, shape [examples] or [examples, 1], or one-hot rows, shape [examples, classes].  Members
// are unpacked step by step, so memory follows what the archive really holds.
#include "runtime/data/npz.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <minizip/unzip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/array.h"
#include "runtime/data/dataset_build.h"
#include "runtime/data/npy.h"

enum { STEP_BYTES = 1 << 16, MEMBER_NAME_BYTES = 256, ENCRYPTED = 1 };

typedef struct Archive {
  unzFile zip;
  const char *path;
} Archive;

/* One member in memory: its bytes, and the array they hold. */
typedef struct Member {
  GrowingArray bytes;
  NpyArray array;
} Member;

/* A zip file ends with a record of 22 bytes and a comment; minizip takes bytes that are cut off for
 * zeros. */
static bool has_whole_directory(const Archive *archive) {
  unz_global_info64 info;
  FILE *file = fopen(archive->path, "rb");
  if (file == NULL) return false;
  uint8_t record[22] = {0};
  const bool is_read = unzGetGlobalInfo64(archive->zip, &info) == UNZ_OK &&
                       fseek(file, -(long)(sizeof record + info.size_comment), SEEK_END) == 0 &&
                       fread(record, 1, sizeof record, file) == sizeof record;
  fclose(file);
  return is_read && memcmp(record, "PK\5\6", 4) == 0;
}

static bool archive_open(const char *path, Archive *archive, Failure *failure) {
  *archive = (Archive){.path = path};
  if (access(path, R_OK) != 0) {
    return fail(failure, FAILURE_INPUT, path, "cannot open: %s", strerror(errno));
  }
  if (!is_no_pipe(path, failure)) return false;
  archive->zip = unzOpen64(path);
  if (archive->zip == NULL) {
    return fail(failure, FAILURE_INPUT, path, "this is no .npz archive: it has no zip directory");
  }
  if (has_whole_directory(archive)) return true;
  (void)unzClose(archive->zip);
  return fail(failure, FAILURE_INPUT, path, "the archive does not end with its zip directory");
}

static void archive_close(Archive *archive) {
  (void)unzClose(archive->zip);
}

/* Makes NAME.npy the archive's current member, where there is one.  A directory that cannot be read
 * says nothing of that. */
static bool locate(const Archive *archive, const char *name, bool *is_there, Failure *failure) {
  char member[MEMBER_NAME_BYTES];
  *is_there = false;
  const int length = snprintf(member, sizeof member, "%s.npy", name);
  if (length < 0 || (size_t)length >= sizeof member) return true;
  enum { CASE_SENSITIVE = 1 };
  const int found = unzLocateFile(archive->zip, member, CASE_SENSITIVE);
  *is_there = found == UNZ_OK;
  if (found == UNZ_OK || found == UNZ_END_OF_LIST_OF_FILE) return true;
  return fail(failure, FAILURE_INPUT, archive->path,
              "array %s: the archive's directory cannot be read", name);
}

/* Unpacks the opened current member to its end. */
static bool unpack(const Archive *archive, const char *name, uint64_t size, GrowingArray *bytes,
                   Failure *failure) {
  *bytes = (GrowingArray){.item_bytes = 1, .most = size};
  while (bytes->count < size) {
    const uint64_t left = size - bytes->count;
    const unsigned step = left < STEP_BYTES ? (unsigned)left : STEP_BYTES;
    uint8_t *place = growing_extend(bytes, step);
    if (place == NULL) {
      return fail(failure, FAILURE_MEMORY, archive->path,
                  "array %s: no memory for %" PRIu64 " bytes", name, size);
    }
    const int got = unzReadCurrentFile(archive->zip, place, step);
    if (got == (int)step) continue;
    bytes->count -= got > 0 ? step - (unsigned)got : step;
    return fail(failure, FAILURE_INPUT, archive->path,
                "array %s: the zip data are truncated or corrupt after %" PRIu64 " of %" PRIu64
                " unpacked bytes",
                name, bytes->count, size);
  }
  return true;
}

/* Reads member NAME.npy, which locate() has found; owned: growing_close(&member->bytes). */
static bool read_member(const Archive *archive, const char *name, Member *member,
                        Failure *failure) {
  *member = (Member){.bytes = {.item_bytes = 1}};
  unz_file_info64 info = {0};
  const bool has_info =
      unzGetCurrentFileInfo64(archive->zip, &info, NULL, 0, NULL, 0, NULL, 0) == UNZ_OK;
  if ((info.flag & ENCRYPTED) != 0) {
    return fail(failure, FAILURE_INPUT, archive->path, "array %s is encrypted", name);
  }
  if (!has_info || unzOpenCurrentFile(archive->zip) != UNZ_OK) {
    return fail(failure, FAILURE_INPUT, archive->path,
                "array %s: its zip entry is corrupt, or packed by method %lu", name,
                info.compression_method);
  }
  bool is_read = unpack(archive, name, info.uncompressed_size, &member->bytes, failure);
  if (unzCloseCurrentFile(archive->zip) != UNZ_OK && is_read) {
    is_read = fail(failure, FAILURE_INPUT, archive->path,
                   "array %s: its bytes do not agree with their checksum", name);
  }
  is_read = is_read && npy_view(member->bytes.items, member->bytes.count, archive->path, name,
                                &member->array, failure);
  if (!is_read) growing_close(&member->bytes);
  return is_read;
}

/* Unsigned bytes are kept as they are; rows of another order are put into ours. */
static bool keep_bytes(Dataset *dataset, Member *member, Examples *part, Failure *failure) {
  const NpyArray *array = &member->array;
  if (!array->is_fortran) {
    part->bytes = array->items;
    return dataset_adopt(dataset, growing_take(&member->bytes), failure);
  }
  uint8_t *bytes = dataset_allocate(dataset, array->count, sizeof *bytes, failure);
  if (bytes == NULL) return false;
  for (uint64_t i = 0; i < array->count; i++) bytes[i] = array->items[npy_place(array, i)];
  part->bytes = bytes;
  return true;
}

static bool convert_floats(const char *path, const char *name, Dataset *dataset,
                           const NpyArray *array, Examples *part, Failure *failure) {
  float *floats = dataset_allocate(dataset, array->count, sizeof *floats, failure);
  if (floats == NULL) return false;
  for (uint64_t i = 0; i < array->count; i++) {
    const double number = npy_number(array, npy_place(array, i));
    floats[i] = (float)number;
    if (isfinite(floats[i])) continue;
    return fail(failure, FAILURE_INPUT, path,
                "array %s: value %" PRIu64 " of example %" PRIu64 " is %g, expected a finite float",
                name, i % part->features, i / part->features, number);
  }
  part->floats = floats;
  return true;
}

/* The examples of an x array: shape [examples, values...]. */
static bool read_examples(const Archive *archive, const char *name, Dataset *dataset,
                          Examples *part, Failure *failure) {
  Member member;
  if (!read_member(archive, name, &member, failure)) return false;
  const NpyArray *array = &member.array;
  uint64_t features = 1;
  for (uint32_t i = 1; i < array->axis_count && features <= DATASET_MOST_FEATURES; i++) {
    features = array->shape[i] > DATASET_MOST_FEATURES ? UINT64_MAX : features * array->shape[i];
  }
  bool is_good;
  if (array->axis_count < 2 || features == 0 || features > DATASET_MOST_FEATURES) {
    is_good = fail(failure, FAILURE_INPUT, archive->path,
                   "array %s: expected the shape [examples, values] with 1 to %u values", name,
                   DATASET_MOST_FEATURES);
  } else {
    part->count = array->shape[0];
    part->features = (uint32_t)features;
    is_good = array->kind == NPY_UNSIGNED && array->item_bytes == 1
                  ? keep_bytes(dataset, &member, part, failure)
                  : convert_floats(archive->path, name, dataset, array, part, failure);
  }
  growing_close(&member.bytes);
  return is_good;
}

static bool read_class_number(const char *path, const char *name, const NpyArray *array,
                              uint64_t row, uint32_t *label, Failure *failure) {
  if (npy_index(array, row, label) && *label < DATASET_MOST_CLASSES) return true;
  return fail(failure, FAILURE_INPUT, path,
              "array %s: the label of example %" PRIu64 " is %g, expected a class number below %u",
              name, row, npy_number(array, row), DATASET_MOST_CLASSES);
}

static bool read_one_hot_row(const char *path, const char *name, const NpyArray *array,
                             uint64_t row, uint32_t *label, Failure *failure) {
  const uint64_t class_count = array->shape[1];
  uint64_t ones = 0, others = 0;
  for (uint64_t class = 0; class < class_count; class ++) {
    const double number = npy_number(array, npy_place(array, row * class_count + class));
    if (number == 1) {
      *label = (uint32_t) class;
      ones++;
    } else if (number != 0) {
      others++;
    }
  }
  if (ones == 1 && others == 0) return true;
  return fail(failure, FAILURE_INPUT, path,
              "array %s: row %" PRIu64 " is not one-hot: it has %" PRIu64 " ones and %" PRIu64
              " values that are neither 0 nor 1",
              name, row, ones, others);
}

/* The labels of a y array: one for each of the part's examples. */
static bool convert_labels(const char *path, const char *name, Dataset *dataset,
                           const NpyArray *array, Examples *part, Failure *failure) {
  const uint64_t width = array->axis_count == 2 ? array->shape[1] : 1;
  if (array->axis_count < 1 || array->axis_count > 2 || width < 1 || width > DATASET_MOST_CLASSES) {
    return fail(failure, FAILURE_INPUT, path,
                "array %s: expected class numbers in one dimension, or one-hot rows in two", name);
  }
  if (array->shape[0] != part->count) {
    return fail(failure, FAILURE_INPUT, path,
                "array %s: expected %" PRIu64 " labels, one for each example, found %" PRIu64, name,
                part->count, array->shape[0]);
  }
  uint32_t *labels = dataset_allocate(dataset, part->count, sizeof *labels, failure);
  if (labels == NULL) return false;
  for (uint64_t row = 0; row < part->count; row++) {
    const bool is_good = width == 1
                             ? read_class_number(path, name, array, row, &labels[row], failure)
                             : read_one_hot_row(path, name, array, row, &labels[row], failure);
    if (!is_good) return false;
  }
  part->labels = labels;
  return true;
}

static bool read_part(const Archive *archive, const char *x, const char *y, bool is_needed,
                      Dataset *dataset, Examples *part, Failure *failure) {
  bool has_labels, has_values;
  if (!locate(archive, y, &has_labels, failure) || !locate(archive, x, &has_values, failure))
    return false;
  if (!has_values && !has_labels && !is_needed) return true;
  if (!has_values || !has_labels) {
    return fail(failure, FAILURE_INPUT, archive->path, "the archive has no array %s",
                has_values ? y : x);
  }
  if (!read_examples(archive, x, dataset, part, failure)) return false;
  Member member;
  if (!locate(archive, y, &has_labels, failure)) return false;
  if (!read_member(archive, y, &member, failure)) return false;
  const bool is_good = convert_labels(archive->path, y, dataset, &member.array, part, failure);
  growing_close(&member.bytes);
  return is_good;
}

bool read_npz(const char *path, Dataset *dataset, Failure *failure) {
  *dataset = (Dataset){0};
  Archive archive;
  if (!archive_open(path, &archive, failure)) return false;
  const bool is_read =
      read_part(&archive, "xtr", "ytr", true, dataset, &dataset->train, failure) &&
      read_part(&archive, "xva", "yva", false, dataset, &dataset->validation, failure) &&
      read_part(&archive, "xte", "yte", false, dataset, &dataset->test, failure) &&
      dataset_complete(dataset, path, failure);
  archive_close(&archive);
  if (!is_read) dataset_close(dataset);
  return is_read;
}

/* Copies a one-dimensional integer array into indices the caller owns. */
static bool copy_indices(const char *path, const char *name, const NpyArray *array,
                         uint32_t **values, uint64_t *count, Failure *failure) {
  if (array->axis_count != 1 || (array->kind != NPY_UNSIGNED && array->kind != NPY_SIGNED)) {
    return fail(failure, FAILURE_INPUT, path, "array %s: expected integers in one dimension", name);
  }
  if (array->count == 0) return true;
  uint32_t *indices = array_new(array->count, sizeof *indices);
  if (indices == NULL) {
    return fail(failure, FAILURE_MEMORY, path, "array %s: no memory for %" PRIu64 " values", name,
                array->count);
  }
  for (uint64_t i = 0; i < array->count; i++) {
    if (npy_index(array, i, &indices[i])) continue;
    free(indices);
    return fail(failure, FAILURE_INPUT, path,
                "array %s: value %" PRIu64 " is %.0f, expected 0 to 4294967295", name, i,
                npy_number(array, i));
  }
  *values = indices;
  *count = array->count;
  return true;
}

bool read_npz_indices(const char *path, const char *array, uint32_t **values, uint64_t *count,
                      Failure *failure) {
  *values = NULL;
  *count = 0;
  Archive archive;
  if (!archive_open(path, &archive, failure)) return false;
  Member member = {.bytes = {.item_bytes = 1}};
  bool is_there;
  bool is_read =
      locate(&archive, array, &is_there, failure) &&
      (is_there || fail(failure, FAILURE_INPUT, path, "the archive has no array %s", array));
  is_read = is_read && read_member(&archive, array, &member, failure) &&
            copy_indices(path, array, &member.array, values, count, failure);
  growing_close(&member.bytes);
  archive_close(&archive);
  return is_read;
}
