// SPDX-License-Identifier: MIT
// Reads MNIST's format: four IDX files in a folder, each gzipped or not.
//
// An IDX file is big-endian: two zero bytes, a type (8: unsigned bytes), the number of dimensions,
// each dimension in four bytes, then the items.  Source: LeCun, Cortes, Burges, "The MNIST
// database".  Every number in the header is a claim: memory grows as items arrive, and the file
// must end with them.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/data/dataset_build.h"
#include "runtime/data/gzip_file.h"

enum { UNSIGNED_BYTES = 8, MOST_DIMENSIONS = 4, PATH_BYTES = 4096, STEP_BYTES = 1 << 16 };

typedef struct IdxHeader {
  uint32_t dimension_count;
  uint32_t dimensions[MOST_DIMENSIONS]; /* the first counts the items */
  uint64_t item_bytes;                  /* product of the others */
} IdxHeader;

/* One file of the folder while it is read. */
typedef struct IdxFile {
  char path[PATH_BYTES];
  GzipFile file;
  IdxHeader header;
  GrowingArray bytes;
} IdxFile;

/* FOLDER/NAME, else FOLDER/NAME.gz. */
static bool find_file(const char *folder, const char *name, char path[PATH_BYTES],
                      Failure *failure) {
  static const char *const endings[] = {"", ".gz"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    const int length = snprintf(path, PATH_BYTES, "%s/%s%s", folder, name, endings[i]);
    if (length < 0 || length >= PATH_BYTES) {
      return fail(failure, FAILURE_INPUT, folder, "the path is too long");
    }
    if (access(path, F_OK) == 0) return true;
  }
  struct stat status;
  if (stat(folder, &status) != 0) {
    return fail(failure, FAILURE_INPUT, folder, "cannot open the folder: %s", strerror(errno));
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(failure, FAILURE_INPUT, folder, "expected a folder with IDX files, found a file");
  }
  return fail(failure, FAILURE_INPUT, folder, "the folder has neither %s nor %s.gz", name, name);
}

static bool read_whole(IdxFile *idx, void *bytes, size_t size, const char *what, Failure *failure) {
  size_t got = 0;
  if (!gzip_read(&idx->file, bytes, size, &got, failure)) return false;
  if (got == size) return true;
  return fail(failure, FAILURE_INPUT, idx->path, "the file ends at byte %" PRIu64 ", inside %s",
              idx->file.position, what);
}

static uint32_t big_endian(const uint8_t bytes[4]) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool read_header(IdxFile *idx, Failure *failure) {
  uint8_t magic[4];
  if (!read_whole(idx, magic, sizeof magic, "the magic number", failure)) return false;
  if (magic[0] != 0 || magic[1] != 0) {
    return fail(
        failure, FAILURE_INPUT, idx->path,
        "this is no IDX file: it begins with %02x %02x %02x %02x, expected 00 00 08 (byte 0)",
        magic[0], magic[1], magic[2], magic[3]);
  }
  if (magic[2] != UNSIGNED_BYTES) {
    return fail(failure, FAILURE_INPUT, idx->path,
                "expected items of type 08 (unsigned bytes), found type %02x (byte 2)", magic[2]);
  }
  if (magic[3] < 1 || magic[3] > MOST_DIMENSIONS) {
    return fail(failure, FAILURE_INPUT, idx->path, "expected 1 to %d dimensions, found %d (byte 3)",
                MOST_DIMENSIONS, magic[3]);
  }
  idx->header = (IdxHeader){.dimension_count = magic[3], .item_bytes = 1};
  for (uint32_t i = 0; i < idx->header.dimension_count; i++) {
    uint8_t bytes[4];
    if (!read_whole(idx, bytes, sizeof bytes, "the dimensions", failure)) return false;
    const uint32_t dimension = big_endian(bytes);
    idx->header.dimensions[i] = dimension;
    if (i == 0) continue;
    idx->header.item_bytes *= dimension;
    if (idx->header.item_bytes < 1 || idx->header.item_bytes > DATASET_MOST_FEATURES) {
      return fail(failure, FAILURE_INPUT, idx->path,
                  "dimension %" PRIu32 " is %" PRIu32 ": expected 1 to %u values an item (byte %u)",
                  i + 1, dimension, DATASET_MOST_FEATURES, 4 + 4 * i);
    }
  }
  return true;
}

/* Reads what the header promises, and makes sure that nothing follows. */
static bool read_items(IdxFile *idx, Failure *failure) {
  const uint64_t total = idx->header.dimensions[0] * idx->header.item_bytes;
  idx->bytes = (GrowingArray){.item_bytes = 1, .most = total};
  while (idx->bytes.count < total) {
    const uint64_t left = total - idx->bytes.count;
    const size_t step = left < STEP_BYTES ? (size_t)left : STEP_BYTES;
    uint8_t *place = growing_extend(&idx->bytes, step);
    if (place == NULL) {
      return fail(failure, FAILURE_MEMORY, idx->path, "no memory for %" PRIu64 " bytes", total);
    }
    size_t got = 0;
    if (!gzip_read(&idx->file, place, step, &got, failure)) return false;
    if (got == step) continue;
    return fail(failure, FAILURE_INPUT, idx->path,
                "expected %" PRIu32 " items of %" PRIu64 " bytes, the file ends at byte %" PRIu64
                ", inside item %" PRIu64,
                idx->header.dimensions[0], idx->header.item_bytes, idx->file.position,
                (total - left + got) / idx->header.item_bytes);
  }
  uint8_t extra;
  size_t got = 0;
  if (!gzip_read(&idx->file, &extra, 1, &got, failure)) return false;
  if (got == 0) return true;
  return fail(failure, FAILURE_INPUT, idx->path,
              "the file goes on after its %" PRIu32 " items of %" PRIu64 " bytes (byte %" PRIu64
              ")",
              idx->header.dimensions[0], idx->header.item_bytes, idx->file.position - 1);
}

/* Reads one file of the folder; on success idx->bytes holds its items (owned: growing_close). */
static bool read_file(const char *folder, const char *name, IdxFile *idx, Failure *failure) {
  *idx = (IdxFile){.bytes = {.item_bytes = 1}};
  if (!find_file(folder, name, idx->path, failure)) return false;
  if (!is_no_pipe(idx->path, failure)) return false;
  if (!gzip_open(idx->path, &idx->file, failure)) return false;
  const bool is_read = read_header(idx, failure) && read_items(idx, failure);
  gzip_close(&idx->file);
  if (!is_read) growing_close(&idx->bytes);
  return is_read;
}

static bool read_images(const char *folder, const char *name, Dataset *dataset, Examples *part,
                        Failure *failure) {
  IdxFile idx;
  if (!read_file(folder, name, &idx, failure)) return false;
  part->count = idx.header.dimensions[0];
  part->features = (uint32_t)idx.header.item_bytes;
  const void *items;
  if (!dataset_adopt_array(dataset, &idx.bytes, &items, failure)) return false;
  part->bytes = items;
  if (part->count > 0 && idx.header.dimension_count > 1) return true;
  return fail(failure, FAILURE_INPUT, idx.path,
              "expected images, found %" PRIu64 " items in %" PRIu32 " dimension%s (byte 3)",
              part->count, idx.header.dimension_count, idx.header.dimension_count == 1 ? "" : "s");
}

static bool read_labels(const char *folder, const char *name, Dataset *dataset, Examples *part,
                        Failure *failure) {
  IdxFile idx;
  if (!read_file(folder, name, &idx, failure)) return false;
  bool is_good = true;
  if (idx.header.dimension_count != 1) {
    is_good = fail(failure, FAILURE_INPUT, idx.path,
                   "expected labels in 1 dimension, found %" PRIu32 " (byte 3)",
                   idx.header.dimension_count);
  } else if (idx.bytes.count != part->count) {
    is_good = fail(failure, FAILURE_INPUT, idx.path,
                   "expected %" PRIu64 " labels, one for each image, found %" PRIu64 " (byte 4)",
                   part->count, idx.bytes.count);
  }
  uint32_t *labels =
      is_good ? dataset_allocate(dataset, part->count, sizeof *labels, failure) : NULL;
  if (labels != NULL) {
    const uint8_t *bytes = idx.bytes.items;
    for (uint64_t i = 0; i < part->count; i++) labels[i] = bytes[i];
  }
  part->labels = labels;
  growing_close(&idx.bytes);
  return labels != NULL;
}

bool read_idx(const char *folder, Dataset *dataset, Failure *failure) {
  *dataset = (Dataset){0};
  Examples *train = &dataset->train, *test = &dataset->test;
  if (read_images(folder, "train-images-idx3-ubyte", dataset, train, failure) &&
      read_labels(folder, "train-labels-idx1-ubyte", dataset, train, failure) &&
      read_images(folder, "t10k-images-idx3-ubyte", dataset, test, failure) &&
      read_labels(folder, "t10k-labels-idx1-ubyte", dataset, test, failure) &&
      dataset_complete(dataset, folder, failure)) {
    return true;
  }
  dataset_close(dataset);
  return false;
}
