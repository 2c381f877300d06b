// SPDX-License-Identifier: MIT
// Saves parameters with the edges they belong to, and loads them with every doubt.
#include "runtime/parameters.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/safetensors.h"

static const char format_name[] = "sedge parameters 1";

typedef enum Part { PART_WEIGHT, PART_LEFT, PART_RIGHT, PART_BIAS, PART_COUNT } Part;

static const char *const part_names[PART_COUNT] = {"weight", "left", "right", "bias"};

typedef struct ArrayName {
  char text[48];
} ArrayName;

static ArrayName array_name(uint32_t junction, Part part) {
  ArrayName name;
  snprintf(name.text, sizeof name.text, "junction%" PRIu32 ".%s", junction + 1, part_names[part]);
  return name;
}

static Dtype cell_dtype(const Model *model) {
  return model->number.is_fixed ? DTYPE_I32 : DTYPE_F32;
}

void number_name(const NumberFormat *number, char text[40]) {
  if (number->is_fixed) {
    snprintf(text, 40, "fixed(%" PRIu32 ", %" PRIu32 ")", number->width, number->integer);
  } else {
    strcpy(text, "float32");
  }
}

/* Appends printf's text to an owned one; NULL stays NULL. */
__attribute__((format(printf, 2, 3))) static char *append(char *text, const char *format, ...) {
  char *more = NULL, *joined = NULL;
  va_list values;
  va_start(values, format);
  const int length = text ? vasprintf(&more, format, values) : -1;
  va_end(values);
  if (length >= 0 && asprintf(&joined, "%s%s", text, more) < 0) joined = NULL;
  if (length >= 0) free(more);
  free(text);
  return joined;
}

/* "8 8": the fan-in of each junction, 0 where it varies; owned. */
static char *fan_in_text(const Model *model) {
  char *text = strdup("");
  for (uint32_t i = 0; i < model->junction_count; i++) {
    text = append(text, "%s%" PRIu32, i > 0 ? " " : "", model->junctions[i].edges.fanin);
  }
  return text;
}

/* "sigmoid softmax": the activation of each layer after the input; owned. */
static char *activation_text(const Model *model) {
  char *text = strdup("");
  for (uint32_t i = 1; i <= model->junction_count; i++) {
    text = append(text, "%s%s", i > 1 ? " " : "", model->layers[i].activation.name);
  }
  return text;
}

/* ---- saving ---- */

static void fill_ends(const Interleaver *edges, int32_t *left, int32_t *right) {
  interleaver_expand(edges, 0, edges->edge_count, (uint32_t *)left);
  for (uint32_t r = 0; r < edges->right_count; r++) {
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++)
      right[e] = (int32_t)r;
  }
}

/* Describes one junction's arrays; weights (in edge order), left and right are made here and freed
 * by the caller. */
static bool list_junction(const Engine *engine, uint32_t junction, ArrayName *names,
                          StoredArray *arrays) {
  const Interleaver *edges = &engine->model->junctions[junction].edges;
  const uint32_t counts[PART_COUNT] = {edges->edge_count, edges->edge_count, edges->edge_count,
                                       edges->right_count};
  int32_t *left = malloc(sizeof *left * ((size_t)edges->edge_count + 1));
  int32_t *right = malloc(sizeof *right * ((size_t)edges->edge_count + 1));
  Cell *weights = malloc(sizeof *weights * ((size_t)edges->edge_count + 1));
  const void *data[PART_COUNT] = {weights, left, right, engine->tensors[2 * junction + 1].data};
  for (uint32_t part = 0; part < PART_COUNT; part++) {
    const bool is_cell = part == PART_WEIGHT || part == PART_BIAS;
    names[part] = array_name(junction, part);
    arrays[part] = (StoredArray){
        .name = names[part].text,
        .dtype = is_cell ? cell_dtype(engine->model) : DTYPE_I32,
        .axis_count = 1,
        .shape = {counts[part]},
        .data = data[part],
    };
  }
  if (!weights || !left || !right) return false;
  tensor_read(&engine->tensors[2 * junction], 0, edges->edge_count, weights);
  fill_ends(edges, left, right);
  return true;
}

static bool write_parameters(const char *path, const Engine *engine, const StoredArray *arrays,
                             bool is_complete, Failure *failure) {
  const Model *model = engine->model;
  char number[40], digest[65];
  char *fan_in = fan_in_text(model), *activations = activation_text(model);
  number_name(&model->number, number);
  model_digest(model, digest);
  const StoredText texts[] = {{"format", format_name}, {"network", model->name},
                              {"number", number},      {"activations", activations},
                              {"fan_in", fan_in},      {"model", digest}};
  const StoredFile file = {
      .array_count = PART_COUNT * model->junction_count,
      .arrays = arrays,
      .text_count = sizeof texts / sizeof texts[0],
      .texts = texts,
  };
  const bool is_good =
      is_complete && fan_in && activations
          ? write_stored(path, &file, failure)
          : fail(failure, FAILURE_MEMORY, path, "no memory for the numbers of its edges");
  free(fan_in);
  free(activations);
  return is_good;
}

bool save_parameters(const char *path, const Engine *engine, Failure *failure) {
  const uint32_t junction_count = engine->model->junction_count;
  StoredArray *arrays = calloc((size_t)PART_COUNT * junction_count, sizeof *arrays);
  ArrayName *names = calloc((size_t)PART_COUNT * junction_count, sizeof *names);
  bool is_complete = arrays && names;
  for (uint32_t i = 0; is_complete && i < junction_count; i++) {
    is_complete = list_junction(engine, i, names + PART_COUNT * i, arrays + PART_COUNT * i);
  }
  const bool is_good = write_parameters(path, engine, arrays, is_complete, failure);
  for (uint32_t i = 0; arrays && i < junction_count; i++) {
    free((void *)arrays[PART_COUNT * i + PART_WEIGHT].data);
    free((void *)arrays[PART_COUNT * i + PART_LEFT].data);
    free((void *)arrays[PART_COUNT * i + PART_RIGHT].data);
  }
  free(arrays);
  free(names);
  return is_good;
}

/* ---- loading ---- */

/* What is under way while a file is compared with the model. */
typedef struct Loading {
  const char *path;
  const Model *model;
  const StoredFile *file;
  Failure *failure;
} Loading;

static bool check_text(const Loading *l, const char *key, const char *own) {
  const char *text = find_stored_text(l->file, key);
  if (!text || strcmp(text, own) == 0) return true;
  return fail(l->failure, FAILURE_MODEL, l->path,
              "belongs to another network: its %s is '%.100s', this network's '%.100s'", key, text,
              own);
}

static bool check_metadata(const Loading *l) {
  const char *format = find_stored_text(l->file, "format");
  if (format && strncmp(format, "sedge checkpoint", 16) == 0) {
    return fail(l->failure, FAILURE_INPUT, l->path,
                "is a checkpoint, not parameters: --resume continues from it");
  }
  char number[40];
  number_name(&l->model->number, number);
  char *activations = activation_text(l->model);
  const bool is_good =
      activations ? check_text(l, "number", number) && check_text(l, "activations", activations)
                  : fail(l->failure, FAILURE_MEMORY, l->path, "no memory");
  free(activations);
  return is_good;
}

/* The array of that name, if its type and length are the model's. */
static const StoredArray *expect_array(const Loading *l, uint32_t junction, Part part) {
  const Interleaver *edges = &l->model->junctions[junction].edges;
  const bool is_cell = part == PART_WEIGHT || part == PART_BIAS;
  const Dtype dtype = is_cell ? cell_dtype(l->model) : DTYPE_I32;
  const uint64_t count = part == PART_BIAS ? edges->right_count : edges->edge_count;
  const ArrayName name = array_name(junction, part);
  const StoredArray *array = find_stored(l->file, name.text);
  if (!array) {
    fail(l->failure, FAILURE_MODEL, l->path, "has no array '%s'", name.text);
    return NULL;
  }
  if (array->dtype != dtype) {
    fail(l->failure, FAILURE_MODEL, l->path, "array '%s' is %s, but this model's is %s", name.text,
         dtype_name(array->dtype), dtype_name(dtype));
    return NULL;
  }
  if (array->axis_count != 1 || array->shape[0] != count) {
    fail(l->failure, FAILURE_MODEL, l->path,
         "array '%s' has %" PRIu64 " elements in %" PRIu32 " axes, this model's %" PRIu64 " in 1",
         name.text, stored_count(array), array->axis_count, count);
    return NULL;
  }
  return array;
}

static bool check_edges(const Loading *l, uint32_t junction, const int32_t *left,
                        const int32_t *right) {
  const Interleaver *edges = &l->model->junctions[junction].edges;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++) {
      const uint32_t own = interleaver_left(edges, e);
      if (left[e] == (int32_t)own && right[e] == (int32_t)r) continue;
      return fail(l->failure, FAILURE_MODEL, l->path,
                  "junction %" PRIu32 ", edge %" PRIu32 " joins %" PRId32 " to %" PRId32
                  ", but this model's %" PRIu32 " to %" PRIu32 ": another pattern or seed",
                  junction + 1, e, left[e], right[e], own, r);
    }
  }
  return true;
}

bool check_cells(const NumberFormat *number, const void *bytes, uint64_t count, const char *path,
                 const char *name, Failure *failure) {
  const Cell *cells = bytes;
  const int64_t most = number->is_fixed ? ((int64_t)1 << (number->width - 1)) - 1 : 0;
  for (uint64_t i = 0; i < count; i++) {
    if (!number->is_fixed) {
      if (isfinite(cells[i].real)) continue;
      return fail(failure, FAILURE_MODEL, path, "array '%s' holds %s at %" PRIu64, name,
                  isnan(cells[i].real) ? "a NaN" : "an infinite number", i);
    }
    if (cells[i].raw >= -most - 1 && cells[i].raw <= most) continue;
    return fail(failure, FAILURE_MODEL, path,
                "array '%s' holds %" PRId32 " at %" PRIu64 ", which has more than %" PRIu32 " bits",
                name, cells[i].raw, i, number->width);
  }
  return true;
}

static bool check_array(const Loading *l, const StoredArray *array) {
  return check_cells(&l->model->number, array->data, array->shape[0], l->path, array->name,
                     l->failure);
}

static bool check_junction(const Loading *l, uint32_t junction) {
  const StoredArray *parts[PART_COUNT];
  for (uint32_t part = 0; part < PART_COUNT; part++) {
    parts[part] = expect_array(l, junction, part);
    if (!parts[part]) return false;
  }
  return check_edges(l, junction, parts[PART_LEFT]->data, parts[PART_RIGHT]->data) &&
         check_array(l, parts[PART_WEIGHT]) && check_array(l, parts[PART_BIAS]);
}

static bool check_file(const Loading *l) {
  if (!check_metadata(l)) return false;
  for (uint32_t i = 0; i < l->model->junction_count; i++) {
    if (!check_junction(l, i)) return false;
  }
  const ArrayName beyond = array_name(l->model->junction_count, PART_WEIGHT);
  if (!find_stored(l->file, beyond.text)) return true;
  return fail(l->failure, FAILURE_MODEL, l->path,
              "has an array '%s', but this network has %" PRIu32 " junctions", beyond.text,
              l->model->junction_count);
}

static void take_cells(const StoredFile *file, uint32_t junction, Part part, Tensor *tensor) {
  const ArrayName name = array_name(junction, part);
  tensor_write(tensor, 0, tensor->count, find_stored(file, name.text)->data);
}

bool load_parameters(const char *path, Engine *engine, Failure *failure) {
  StoredFile file;
  if (!read_stored(path, &file, failure)) return false;
  const Loading loading = {.path = path, .model = engine->model, .file = &file, .failure = failure};
  const bool is_good = check_file(&loading);
  for (uint32_t i = 0; is_good && i < engine->model->junction_count; i++) {
    take_cells(&file, i, PART_WEIGHT, engine_weights(engine, i));
    take_cells(&file, i, PART_BIAS, engine_biases(engine, i));
  }
  stored_file_close(&file);
  return is_good;
}
