// SPDX-License-Identifier: MIT
// Writes and reads checkpoints.  Numbers in the metadata are texts that read back to the same bits.
#include "runtime/checkpoint.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/digest.h"
#include "runtime/safetensors.h"

static const char format_name[] = "sedge checkpoint 2";

void add_fact(RunFacts *facts, const char *name, const char *format, ...) {
  assert(facts->count < RUN_FACTS_MOST);
  RunFact *fact = &facts->facts[facts->count++];
  fact->name = name;
  va_list values;
  va_start(values, format);
  vsnprintf(fact->text, sizeof fact->text, format, values);
  va_end(values);
}

/* ---- the position as texts ---- */

enum { POSITION_FIELDS = 7 };

typedef struct PositionTexts {
  char texts[POSITION_FIELDS][40];
} PositionTexts;

static const char *const position_names[POSITION_FIELDS] = {
    "position.epoch",   "position.epoch_inputs", "position.inputs",  "position.seen",
    "position.correct", "position.loss",         "position.seconds",
};

static PositionTexts print_position(const TrainingPosition *p) {
  PositionTexts out;
  const uint64_t counts[] = {p->epoch, p->epoch_inputs, p->inputs, p->tally.count,
                             p->tally.correct};
  for (uint32_t i = 0; i < 5; i++)
    snprintf(out.texts[i], sizeof out.texts[i], "%" PRIu64, counts[i]);
  snprintf(out.texts[5], sizeof out.texts[5], "%a", p->tally.loss);
  snprintf(out.texts[6], sizeof out.texts[6], "%a", p->epoch_seconds);
  return out;
}

static bool parse_count(const char *text, uint64_t most, uint64_t *count) {
  char *end = NULL;
  if (!text || text[0] < '0' || text[0] > '9') return false;
  errno = 0;
  *count = strtoull(text, &end, 10);
  return errno == 0 && *end == '\0' && *count <= most;
}

static bool parse_real(const char *text, double *value) {
  char *end = NULL;
  if (!text || *text == '\0') return false;
  *value = strtod(text, &end);
  return *end == '\0';
}

static bool parse_position(const StoredFile *file, const char *path, TrainingPosition *position,
                           Failure *failure) {
  static const uint64_t most[5] = {UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
  uint64_t counts[5];
  double reals[2];
  for (uint32_t i = 0; i < POSITION_FIELDS; i++) {
    const char *text = find_stored_text(file, position_names[i]);
    const bool is_good =
        i < 5 ? parse_count(text, most[i], &counts[i]) : parse_real(text, &reals[i - 5]);
    if (!is_good)
      return fail(failure, FAILURE_INPUT, path, "its '%s' is no number", position_names[i]);
  }
  *position = (TrainingPosition){
      .epoch = (uint32_t)counts[0],
      .epoch_inputs = counts[1],
      .inputs = counts[2],
      .tally = {.count = counts[3], .correct = counts[4], .loss = reals[0]},
      .epoch_seconds = reals[1],
  };
  if (position->epoch_inputs <= position->inputs &&
      position->tally.correct <= position->tally.count)
    return true;
  return fail(failure, FAILURE_INPUT, path, "is damaged: its position is none that a run comes to");
}

/* ---- tensors as arrays ---- */

static Dtype tensor_dtype(TensorType type) {
  switch (type) {
  case TENSOR_F32: return DTYPE_F32;
  case TENSOR_I32: return DTYPE_I32;
  case TENSOR_U32: return DTYPE_U32;
  case TENSOR_U64: return DTYPE_U64;
  case TENSOR_I64: return DTYPE_I64;
  case TENSOR_I128: return DTYPE_U64; /* pairs of words */
  }
  assert(false && "a tensor of no type");
  return DTYPE_U8;
}

static StoredArray stored_tensor(const Tensor *tensor) {
  const bool is_pair = tensor->type == TENSOR_I128;
  return (StoredArray){
      .name = tensor->name,
      .dtype = tensor_dtype(tensor->type),
      .axis_count = is_pair ? 2 : 1,
      .shape = {tensor->stored, is_pair ? 2 : 0},
      .data = tensor->data,
  };
}

/* A checksum of a file's position and of the state in it: an engine must never be handed a pipeline
 * that it could not have made, nor other inputs than those that come next. */
static void digest_state(const StoredFile *file, const StoredArray *const *arrays, uint32_t count,
                         char text[65]) {
  Digest digest;
  digest_begin(&digest);
  for (uint32_t i = 0; i < POSITION_FIELDS; i++) {
    const char *position = find_stored_text(file, position_names[i]);
    if (position) digest_bytes(&digest, position, strlen(position) + 1);
  }
  for (uint32_t i = 0; i < count; i++) {
    const uint64_t bytes = stored_count(arrays[i]) * dtype_bytes(arrays[i]->dtype);
    if (bytes > 0) digest_bytes(&digest, arrays[i]->data, bytes);
  }
  digest_end(&digest, text);
}

/* ---- writing ---- */

/* The keys "run.NAME" of the facts. */
typedef struct FactKey {
  char text[40];
} FactKey;

static FactKey fact_key(const RunFact *fact) {
  FactKey key;
  snprintf(key.text, sizeof key.text, "run.%s", fact->name);
  return key;
}

enum { OWN_TEXTS = 5, MOST_TEXTS = OWN_TEXTS + POSITION_FIELDS + RUN_FACTS_MOST };

/* All of __metadata__; texts that are made here live in it. */
typedef struct Metadata {
  uint32_t count;
  StoredText texts[MOST_TEXTS];
  PositionTexts position;
  FactKey keys[RUN_FACTS_MOST];
  char model[65], state[65];
} Metadata;

/* Leaves room for the state's checksum. */
static void fill_metadata(Metadata *m, const Engine *engine, const RunFacts *facts,
                          const TrainingPosition *position) {
  m->position = print_position(position);
  model_digest(engine->model, m->model);
  const StoredText own[OWN_TEXTS] = {{"format", format_name},
                                     {"engine", engine->kind->name},
                                     {"network", engine->model->name},
                                     {"model", m->model},
                                     {"state", m->state}};
  memcpy(m->texts, own, sizeof own);
  m->count = OWN_TEXTS;
  for (uint32_t i = 0; i < POSITION_FIELDS; i++) {
    m->texts[m->count++] = (StoredText){position_names[i], m->position.texts[i]};
  }
  for (uint32_t i = 0; i < facts->count; i++) {
    m->keys[i] = fact_key(&facts->facts[i]);
    m->texts[m->count++] = (StoredText){m->keys[i].text, facts->facts[i].text};
  }
}

bool write_checkpoint(const char *path, const Engine *engine, const RunFacts *facts,
                      const TrainingPosition *position, Failure *failure) {
  const uint32_t count = engine->tensor_count;
  StoredArray *arrays = calloc(count + 1u, sizeof *arrays);
  const StoredArray **order = calloc(count + 1u, sizeof *order);
  bool is_good = arrays && order;
  if (!is_good) fail(failure, FAILURE_MEMORY, path, "no memory to list the engine's state");
  for (uint32_t i = 0; is_good && i < count; i++) {
    arrays[i] = stored_tensor(&engine->tensors[i]);
    order[i] = &arrays[i];
  }
  if (is_good) {
    Metadata metadata;
    fill_metadata(&metadata, engine, facts, position);
    const StoredFile file = {.array_count = count,
                             .arrays = arrays,
                             .text_count = metadata.count,
                             .texts = metadata.texts};
    digest_state(&file, order, count, metadata.state);
    is_good = write_stored(path, &file, failure);
  }
  free(arrays);
  free(order);
  return is_good;
}

/* ---- reading ---- */

static bool check_identity(const StoredFile *file, const char *path, const Engine *engine,
                           Failure *failure) {
  const char *format = find_stored_text(file, "format");
  const char *kind = find_stored_text(file, "engine");
  const char *model = find_stored_text(file, "model");
  char digest[65];
  model_digest(engine->model, digest);
  if (!format || strcmp(format, format_name) != 0) {
    const bool is_other = format && strncmp(format, "sedge checkpoint ", 17) == 0;
    return fail(failure, FAILURE_INPUT, path, "is no checkpoint of %s",
                is_other ? "this version of sedge"
                : find_stored(file, "junction1.left")
                    ? "sedge: it holds parameters, which --load reads"
                    : "sedge");
  }
  if (!model || strcmp(model, digest) != 0) {
    return fail(failure, FAILURE_MODEL, path,
                "is a checkpoint of another model: network, number format, activations, "
                "loss, optimizer, order or batch differ");
  }
  if (kind && strcmp(kind, engine->kind->name) == 0) return true;
  return fail(failure, FAILURE_MODEL, path, "was written by the engine '%.40s', this one is '%s'",
              kind ? kind : "", engine->kind->name);
}

static bool check_facts(const StoredFile *file, const char *path, const RunFacts *facts,
                        Failure *failure) {
  for (uint32_t i = 0; i < facts->count; i++) {
    const RunFact *fact = &facts->facts[i];
    const FactKey key = fact_key(fact);
    const char *text = find_stored_text(file, key.text);
    if (text && strcmp(text, fact->text) == 0) continue;
    return fail(failure, FAILURE_MODEL, path,
                "was written by another run: its %s is %.80s, this run's %s", fact->name,
                text ? text : "not given", fact->text);
  }
  return true;
}

static bool check_tensors(const StoredFile *file, const char *path, const Engine *engine,
                          Failure *failure) {
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    const StoredArray own = stored_tensor(&engine->tensors[i]);
    const StoredArray *array = find_stored(file, own.name);
    if (!array) return fail(failure, FAILURE_INPUT, path, "has no array '%s'", own.name);
    const bool is_same = array->dtype == own.dtype && array->axis_count == own.axis_count &&
                         memcmp(array->shape, own.shape, sizeof own.shape[0] * own.axis_count) == 0;
    if (!is_same)
      return fail(failure, FAILURE_INPUT, path,
                  "array '%s' has another type or shape than this run's", own.name);
  }
  if (file->array_count == engine->tensor_count) return true;
  return fail(failure, FAILURE_INPUT, path, "has %" PRIu32 " arrays where this run has %" PRIu32,
              file->array_count, engine->tensor_count);
}

static bool check_state(const StoredFile *file, const char *path, const Engine *engine,
                        Failure *failure) {
  const StoredArray **order = calloc(engine->tensor_count + 1u, sizeof *order);
  if (!order) return fail(failure, FAILURE_MEMORY, path, "no memory to compare its state");
  for (uint32_t i = 0; i < engine->tensor_count; i++)
    order[i] = find_stored(file, engine->tensors[i].name);
  char digest[65];
  digest_state(file, order, engine->tensor_count, digest);
  free(order);
  const char *text = find_stored_text(file, "state");
  if (text && strcmp(text, digest) == 0) return true;
  return fail(
      failure, FAILURE_INPUT, path,
      "is damaged: its state and position do not have the checksum that was written with them");
}

/* Copies the state in.  The engine says whether it can be gone on from; if not, what was there
 * before is put back. */
static bool take_state(const StoredFile *file, const char *path, Engine *engine, Failure *failure) {
  Snapshot *before = snapshot_open(engine, failure);
  if (!before) return false;
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    Tensor *tensor = &engine->tensors[i];
    const StoredArray *array = find_stored(file, tensor->name);
    if (tensor->count > 0) memcpy(tensor->data, array->data, tensor->stored * tensor_bytes(tensor));
  }
  const bool is_good = engine_check(engine, path, failure);
  if (!is_good) snapshot_restore(before, engine);
  snapshot_close(before);
  return is_good;
}

bool read_checkpoint(const char *path, Engine *engine, const RunFacts *facts,
                     TrainingPosition *position, Failure *failure) {
  StoredFile file;
  TrainingPosition found;
  if (!read_stored(path, &file, failure)) return false;
  const bool is_good =
      check_identity(&file, path, engine, failure) && check_facts(&file, path, facts, failure) &&
      check_tensors(&file, path, engine, failure) && parse_position(&file, path, &found, failure) &&
      check_state(&file, path, engine, failure) && take_state(&file, path, engine, failure);
  if (is_good) *position = found;
  stored_file_close(&file);
  return is_good;
}
