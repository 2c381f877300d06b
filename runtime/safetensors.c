// SPDX-License-Identifier: MIT
// Reads and writes safetensors files.
#include "runtime/safetensors.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/atomic_file.h"
#include "runtime/data/growing_array.h"

enum { LENGTH_BYTES = 8, DATA_ALIGNMENT = 16 };

/* As in the format's reference reader; no honest header comes near it. */
static const uint64_t MOST_HEADER_BYTES = 100000000;

typedef struct DtypeInfo {
  const char *name;
  uint32_t bytes;
} DtypeInfo;

static const DtypeInfo dtypes[DTYPE_COUNT] = {
#define DTYPE(name, bytes) {#name, bytes},
#include "runtime/safetensors_types.def"
#undef DTYPE
};

const char *dtype_name(Dtype dtype) {
  return dtypes[dtype].name;
}
uint32_t dtype_bytes(Dtype dtype) {
  return dtypes[dtype].bytes;
}

uint64_t stored_count(const StoredArray *array) {
  uint64_t count = 1;
  for (uint32_t i = 0; i < array->axis_count; i++) count *= array->shape[i];
  return count;
}

/* Copies elements between the file's order of bytes and the machine's. */
static void copy_elements(uint8_t *to, const uint8_t *from, uint64_t bytes,
                          uint32_t element_bytes) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  (void)element_bytes;
  if (bytes > 0) memcpy(to, from, bytes);
#else
  for (uint64_t i = 0; i < bytes; i++) {
    to[i] = from[i - i % element_bytes + element_bytes - 1 - i % element_bytes];
  }
#endif
}

/* ---- reading ---- */

/* An array of the header, before its data are copied. */
typedef struct Entry {
  const char *name; /* the JSON's */
  StoredArray array;
  uint64_t begin, end;
} Entry;

/* What is under way while a file is parsed. */
typedef struct Reading {
  const char *path;
  Failure *failure;
  json_t *root;
  const uint8_t *data;
  uint64_t data_bytes;
  Entry *entries;
  uint32_t entry_count;
} Reading;

static bool bad_entry(Reading *r, const char *name, const char *what) {
  return fail(r->failure, FAILURE_INPUT, r->path, "array '%.80s': %s", name, what);
}

static bool read_dtype(Reading *r, const json_t *spec, Entry *entry) {
  const char *name = json_string_value(json_object_get(spec, "dtype"));
  if (!name) return bad_entry(r, entry->name, "has no dtype");
  for (uint32_t i = 0; i < DTYPE_COUNT; i++) {
    if (strcmp(dtypes[i].name, name) != 0) continue;
    entry->array.dtype = (Dtype)i;
    return true;
  }
  return fail(r->failure, FAILURE_INPUT, r->path, "array '%.80s': the dtype '%.40s' is not known",
              entry->name, name);
}

/* A JSON integer of 0 .. 2^63 - 1. */
static bool read_count(const json_t *value, uint64_t *count) {
  if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
  *count = (uint64_t)json_integer_value(value);
  return true;
}

/* Reads the shape, and into *bytes what its elements take. */
static bool read_shape(Reading *r, const json_t *spec, Entry *entry, uint64_t *bytes) {
  const json_t *shape = json_object_get(spec, "shape");
  if (!json_is_array(shape)) return bad_entry(r, entry->name, "has no shape");
  if (json_array_size(shape) > STORED_MOST_AXES)
    return bad_entry(r, entry->name, "has more than 8 axes");
  entry->array.axis_count = (uint32_t)json_array_size(shape);
  *bytes = dtypes[entry->array.dtype].bytes;
  bool is_empty = false;
  bool overflows = false;
  for (uint32_t i = 0; i < entry->array.axis_count; i++) {
    if (!read_count(json_array_get(shape, i), &entry->array.shape[i])) {
      return bad_entry(r, entry->name, "its shape is not made of whole numbers");
    }
    is_empty |= entry->array.shape[i] == 0;
    overflows |= __builtin_mul_overflow(*bytes, entry->array.shape[i], bytes);
  }
  if (overflows && !is_empty) return bad_entry(r, entry->name, "its shape is too large");
  if (is_empty) *bytes = 0;
  return true;
}

static bool read_offsets(Reading *r, const json_t *spec, Entry *entry, uint64_t bytes) {
  const json_t *offsets = json_object_get(spec, "data_offsets");
  if (json_array_size(offsets) != 2 || !read_count(json_array_get(offsets, 0), &entry->begin) ||
      !read_count(json_array_get(offsets, 1), &entry->end)) {
    return bad_entry(r, entry->name, "has no data_offsets");
  }
  if (entry->begin > entry->end || entry->end > r->data_bytes) {
    return fail(r->failure, FAILURE_INPUT, r->path,
                "array '%.80s': bytes %" PRIu64 " to %" PRIu64 " are not within the %" PRIu64
                " bytes of data",
                entry->name, entry->begin, entry->end, r->data_bytes);
  }
  if (entry->end - entry->begin != bytes) {
    return fail(r->failure, FAILURE_INPUT, r->path,
                "array '%.80s': its shape needs %" PRIu64
                " bytes, its data_offsets give it %" PRIu64,
                entry->name, bytes, entry->end - entry->begin);
  }
  return true;
}

static bool read_entry(Reading *r, const char *name, const json_t *spec, Entry *entry) {
  uint64_t bytes = 0;
  entry->name = name;
  if (strlen(name) > STORED_MOST_NAME) return bad_entry(r, name, "its name is too long");
  if (!json_is_object(spec)) return bad_entry(r, name, "is not described by an object");
  if (json_object_size(spec) != 3)
    return bad_entry(r, name, "has other fields than dtype, shape and data_offsets");
  return read_dtype(r, spec, entry) && read_shape(r, spec, entry, &bytes) &&
         read_offsets(r, spec, entry, bytes);
}

static int compare_entries(const void *a, const void *b) {
  const Entry *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

/* The arrays must lie one after another and fill the data. */
static bool check_layout(Reading *r) {
  uint64_t at = 0;
  if (r->entry_count > 0) qsort(r->entries, r->entry_count, sizeof *r->entries, compare_entries);
  for (uint32_t i = 0; i < r->entry_count; i++) {
    const Entry *entry = &r->entries[i];
    if (entry->begin < at) return bad_entry(r, entry->name, "its data overlap another array's");
    if (entry->begin > at) return bad_entry(r, entry->name, "there is a gap before its data");
    at = entry->end;
  }
  if (at == r->data_bytes) return true;
  return fail(r->failure, FAILURE_INPUT, r->path,
              "%" PRIu64 " bytes after the last array belong to none", r->data_bytes - at);
}

static const char metadata_key[] = "__metadata__";

static bool check_metadata(Reading *r, const json_t *metadata) {
  if (!json_is_object(metadata))
    return fail(r->failure, FAILURE_INPUT, r->path, "its __metadata__ is not an object");
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)metadata, key, value) {
    if (json_is_string(value)) continue;
    return fail(r->failure, FAILURE_INPUT, r->path, "'%.80s' in its __metadata__ is not a text",
                key);
  }
  return true;
}

static bool read_entries(Reading *r) {
  const char *name;
  json_t *spec;
  r->entries = calloc(json_object_size(r->root) + 1, sizeof *r->entries);
  if (!r->entries) return fail(r->failure, FAILURE_MEMORY, r->path, "no memory for its header");
  json_object_foreach(r->root, name, spec) {
    if (strcmp(name, metadata_key) == 0) {
      if (!check_metadata(r, spec)) return false;
    } else if (!read_entry(r, name, spec, &r->entries[r->entry_count++])) {
      return false;
    }
  }
  return check_layout(r);
}

/* Takes room from one block: first called with block NULL to measure. */
static void *take(uint8_t *block, uint64_t *used, uint64_t bytes) {
  void *at = block ? block + *used : NULL;
  *used += (bytes + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
  return at;
}

static const char *take_text(uint8_t *block, uint64_t *used, const char *text) {
  char *copy = take(block, used, strlen(text) + 1);
  return copy ? strcpy(copy, text) : NULL;
}

/* Copies all that is kept into `block`, or with NULL only counts; returns the bytes used. */
static uint64_t copy_file(const Reading *r, uint8_t *block, StoredFile *file) {
  uint64_t used = 0;
  const json_t *metadata = json_object_get(r->root, metadata_key);
  StoredArray *arrays = take(block, &used, r->entry_count * sizeof *arrays);
  StoredText *texts = take(block, &used, json_object_size(metadata) * sizeof *texts);
  uint32_t text_count = 0;
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)metadata, key, value) {
    const StoredText text = {take_text(block, &used, key),
                             take_text(block, &used, json_string_value(value))};
    if (block) texts[text_count] = text;
    text_count++;
  }
  for (uint32_t i = 0; i < r->entry_count; i++) {
    const Entry *entry = &r->entries[i];
    StoredArray array = entry->array;
    array.name = take_text(block, &used, entry->name);
    uint8_t *data = take(block, &used, entry->end - entry->begin);
    array.data = data;
    if (!block) continue;
    copy_elements(data, r->data + entry->begin, entry->end - entry->begin,
                  dtypes[array.dtype].bytes);
    arrays[i] = array;
  }
  *file = (StoredFile){.array_count = r->entry_count,
                       .arrays = arrays,
                       .text_count = text_count,
                       .texts = texts,
                       .memory = block};
  return used;
}

static bool parse_header(Reading *r, const uint8_t *header, uint64_t header_bytes,
                         StoredFile *file) {
  json_error_t error;
  r->root = json_loadb((const char *)header, header_bytes, JSON_REJECT_DUPLICATES, &error);
  if (!r->root) {
    return fail(r->failure, FAILURE_INPUT, r->path, "its header is not JSON: %s (byte %d)",
                error.text, error.position + LENGTH_BYTES);
  }
  if (!json_is_object(r->root))
    return fail(r->failure, FAILURE_INPUT, r->path, "its header is not a JSON object");
  if (!read_entries(r)) return false;
  const uint64_t bytes = copy_file(r, NULL, file);
  uint8_t *block = bytes > SIZE_MAX / 2
                       ? NULL
                       : aligned_alloc(DATA_ALIGNMENT, bytes > 0 ? bytes : DATA_ALIGNMENT);
  if (!block)
    return fail(r->failure, FAILURE_MEMORY, r->path, "no memory for its %" PRIu64 " bytes", bytes);
  copy_file(r, block, file);
  return true;
}

/* The length of the header, from the first bytes of what may be no safetensors file at all. */
static bool read_header_length(const uint8_t *bytes, size_t count, const char *path,
                               uint64_t *length, Failure *failure) {
  if (count < LENGTH_BYTES) {
    return fail(failure, FAILURE_INPUT, path, "is no safetensors file: it has only %zu bytes",
                count);
  }
  *length = 0;
  for (int i = LENGTH_BYTES - 1; i >= 0; i--) *length = *length << 8 | bytes[i];
  if (*length > 0 && *length <= MOST_HEADER_BYTES) return true;
  return fail(failure, FAILURE_INPUT, path,
              "is no safetensors file: its header would have %" PRIu64 " bytes", *length);
}

bool parse_stored(const uint8_t *bytes, size_t count, const char *path, StoredFile *file,
                  Failure *failure) {
  *file = (StoredFile){0};
  uint64_t header_bytes = 0;
  if (!read_header_length(bytes, count, path, &header_bytes, failure)) return false;
  if (header_bytes > count - LENGTH_BYTES) {
    return fail(failure, FAILURE_INPUT, path,
                "is truncated: its header has %" PRIu64 " bytes, but only %zu follow", header_bytes,
                count - LENGTH_BYTES);
  }
  Reading r = {
      .path = path,
      .failure = failure,
      .data = bytes + LENGTH_BYTES + header_bytes,
      .data_bytes = count - LENGTH_BYTES - header_bytes,
  };
  const bool is_good = parse_header(&r, bytes + LENGTH_BYTES, header_bytes, file);
  if (!is_good) *file = (StoredFile){0};
  json_decref(r.root);
  free(r.entries);
  return is_good;
}

/* Reads on only while it may be a safetensors file, since another may have no end: /dev/zero. */
static bool read_all(FILE *in, const char *path, GrowingArray *bytes, Failure *failure) {
  enum { PIECE = 1 << 16 };
  size_t got = PIECE;
  uint64_t header_bytes = 0;
  while (got == PIECE) {
    void *piece = growing_extend(bytes, PIECE);
    if (!piece) return fail(failure, FAILURE_MEMORY, path, "no memory to read it");
    got = fread(piece, 1, PIECE, in);
    bytes->count -= PIECE - got;
    if (got == PIECE && !read_header_length(bytes->items, PIECE, path, &header_bytes, failure))
      return false;
  }
  if (ferror(in)) return fail(failure, FAILURE_INPUT, path, "cannot be read: %s", strerror(errno));
  return true;
}

bool read_stored(const char *path, StoredFile *file, Failure *failure) {
  *file = (StoredFile){0};
  FILE *in = fopen(path, "rb");
  if (!in) return fail(failure, FAILURE_INPUT, path, "cannot be opened: %s", strerror(errno));
  GrowingArray bytes = {.item_bytes = 1};
  const bool is_good = read_all(in, path, &bytes, failure) &&
                       parse_stored(bytes.items, bytes.count, path, file, failure);
  growing_close(&bytes);
  fclose(in);
  return is_good;
}

void stored_file_close(StoredFile *file) {
  free(file->memory);
  *file = (StoredFile){0};
}

const StoredArray *find_stored(const StoredFile *file, const char *name) {
  for (uint32_t i = 0; i < file->array_count; i++) {
    if (strcmp(file->arrays[i].name, name) == 0) return &file->arrays[i];
  }
  return NULL;
}

const char *find_stored_text(const StoredFile *file, const char *key) {
  for (uint32_t i = 0; i < file->text_count; i++) {
    if (strcmp(file->texts[i].key, key) == 0) return file->texts[i].text;
  }
  return NULL;
}

/* ---- writing ---- */

static uint64_t array_bytes(const StoredArray *array) {
  return stored_count(array) * dtypes[array->dtype].bytes;
}

static json_t *describe_array(const StoredArray *array, uint64_t begin) {
  json_t *shape = json_array();
  for (uint32_t i = 0; i < array->axis_count; i++) {
    json_array_append_new(shape, json_integer((json_int_t)array->shape[i]));
  }
  return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtypes[array->dtype].name, "shape", shape,
                   "data_offsets", (json_int_t)begin, (json_int_t)(begin + array_bytes(array)));
}

/* The header's JSON, filled up with spaces so that the data are aligned; the caller frees it. */
static char *make_header(const StoredFile *file, size_t *length) {
  json_t *root = json_object();
  json_t *metadata = json_object();
  uint64_t at = 0;
  for (uint32_t i = 0; i < file->text_count; i++) {
    json_object_set_new(metadata, file->texts[i].key, json_string(file->texts[i].text));
  }
  json_object_set_new(root, metadata_key, metadata);
  for (uint32_t i = 0; i < file->array_count; i++) {
    json_object_set_new(root, file->arrays[i].name, describe_array(&file->arrays[i], at));
    at += array_bytes(&file->arrays[i]);
  }
  assert(json_object_size(root) == file->array_count + 1);
  char *text = json_dumps(root, JSON_COMPACT);
  json_decref(root);
  if (!text) return NULL;
  const size_t used = strlen(text);
  *length =
      (used + DATA_ALIGNMENT - LENGTH_BYTES - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT + LENGTH_BYTES;
  char *header = malloc(*length);
  if (header) {
    memset(header, ' ', *length);
    memcpy(header, text, used);
  }
  free(text);
  return header;
}

static void write_data(FILE *out, const StoredArray *array) {
  enum { PIECE = 1 << 13 };
  uint8_t piece[PIECE];
  const uint8_t *data = array->data;
  for (uint64_t left = array_bytes(array); left > 0 && !ferror(out);) {
    const size_t bytes = left < PIECE ? (size_t)left : PIECE;
    copy_elements(piece, data, bytes, dtypes[array->dtype].bytes);
    fwrite(piece, 1, bytes, out);
    data += bytes;
    left -= bytes;
  }
}

bool write_stored(const char *path, const StoredFile *file, Failure *failure) {
  size_t length = 0;
  char *header = make_header(file, &length);
  if (!header) return fail(failure, FAILURE_MEMORY, path, "no memory for its header");
  AtomicFile *target = atomic_file_open(path, failure);
  if (target) {
    FILE *out = atomic_file_stream(target);
    for (int i = 0; i < LENGTH_BYTES; i++) fputc((int)((uint64_t)length >> 8 * i & 0xFF), out);
    fwrite(header, 1, length, out);
    for (uint32_t i = 0; i < file->array_count; i++) write_data(out, &file->arrays[i]);
  }
  free(header);
  return target && atomic_file_commit(target, failure);
}
