// SPDX-License-Identifier: MIT
// Fuzzes what an engine's state is read from.  An engine that has read a checkpoint trains on,
// drains, and writes another, which is read again; one that refuses it is as it was.
//
// Three bytes, then more:
//   which engine, of which model: see benches
//   the inputs it was trained on before
//   h  what happens to it, a byte each: further inputs, the end of a batch, a drain; after each,
//      what it writes can be read, and the other engine of that model has the same parameters
//   e  edits of its state, each a tensor's number (1 byte; from the end, where the pipeline is, if
//      its highest bit is set), an element's (2) and a value (8); then it is written with the right
//      checksum
//   c  a checkpoint as a file; digests of model and state are put right where there are 64 bytes
//      for them
//   p  parameters as a file
#include <string.h>

#include "compiler/passes.h"
#include "runtime/checkpoint.h"
#include "runtime/digest.h"
#include "runtime/parameters.h"
#include "runtime/safetensors.h"
#include "runtime/simulator.h"
#include "tests/fuzz/fuzz_file.h"
#include "tests/fuzz/fuzz_folder.h"
#include "tests/unit/fixed_engine.h"

/* ---- engines ---- */

#define NETWORK(output)                                                                            \
  "network n { input a[6]; layer h[4] : sigmoid; output b[3] pad 4 : " output ";"                  \
  " junction a -> h : structured(fanout = 2); junction h -> b : dense(); }"
#define FIXED(rest) "hardware h { number = fixed(" rest "; }"
#define TRAIN(rest) "train { " rest " }"

typedef struct Bench {
  const char *text;
  bool is_native; /* on the kernels in C, which are for fixed point alone */
  Engine *engine;
  Snapshot *start;
} Bench;

static const char momentum[] =
    NETWORK("sigmoid") TRAIN("order = pipelined; optimizer = sgd(rate = 1/8, momentum = 1/2);");
static const char adam[] =
    NETWORK("sigmoid") TRAIN("order = pipelined; batch = 3; optimizer = adam(rate = 1/100);");
static const char rmsprop[] =
    NETWORK("softmax") TRAIN("batch = 17; optimizer = rmsprop(rate = 1/100);");
static const char narrow[] = NETWORK("sigmoid") FIXED("8, 3)") TRAIN("order = pipelined;");
static const char batched[] = NETWORK("sigmoid") FIXED("16, 5)")
    TRAIN("order = pipelined; batch = 3; optimizer = sgd(rate = 1/8, momentum = 1/2);");
static const char stochastic[] =
    NETWORK("softmax") FIXED("12, 3); rounding = stochastic(1)") TRAIN("batch = 2;");
static const char wide[] = NETWORK("sigmoid") FIXED("32, 8)")
    TRAIN("order = pipelined; batch = 2; optimizer = sgd(rate = 1/8, l2 = 1/64);");
static const char widest[] = NETWORK("sigmoid") FIXED("32, 8)") TRAIN("");

static const char deep[] =
    "network n { input a[6]; layer h[4], i[4] : relu; output b[3] : sigmoid; junction a -> h -> i "
    "-> b : dense(); }" FIXED("10, 4)") TRAIN("order = pipelined; batch = 2;");

static Bench benches[] = {
    {.text = momentum},
    {.text = adam},
    {.text = rmsprop},
    {.text = narrow},
    {.text = batched},
    {.text = stochastic},
    {.text = wide},
    {.text = narrow, .is_native = true},
    {.text = batched, .is_native = true},
    {.text = stochastic, .is_native = true},
    {.text = widest, .is_native = true},
    {.text = deep},
    {.text = deep, .is_native = true},
    {.text = wide, .is_native = true},
    {.text = widest},
};

enum { BENCHES = sizeof benches / sizeof benches[0], INPUTS = 6, EXAMPLES = 8, MOST_TRAINED = 40 };

static void require(bool condition) {
  if (!condition) abort();
}

/* Opened once; each input finds it as it was opened. */
static Engine *take_engine(Bench *bench) {
  const CheckOptions options = {0};
  Failure failure = {0};
  if (bench->engine) {
    snapshot_restore(bench->start, bench->engine);
    return bench->engine;
  }
  Compilation *c = compilation_open("fuzz.sedge", bench->text, &options);
  if (!run_passes(c, PASS_SCHEDULE)) print_diagnostics(c->diagnostics, stderr, false);
  require(c->schedule != NULL);
  bench->engine = bench->is_native ? open_fixed_engine(c->model, &failure)
                                   : simulator_open(c->schedule, &failure);
  require(bench->engine != NULL);
  bench->start = snapshot_open(bench->engine, &failure);
  require(bench->start != NULL);
  return bench->engine;
}

static bool train(Engine *engine, uint32_t count, bool ends_batch, Failure *failure) {
  static const float values[EXAMPLES * INPUTS] = {0.25F, 1, 0, 0.75F, 0.5F, 1, 0, 0, 0.125F, 1};
  static const uint32_t labels[EXAMPLES] = {0, 1, 2, 2, 1, 0, 1, 2};
  const Examples examples = {
      .count = EXAMPLES, .features = INPUTS, .floats = values, .labels = labels};
  uint32_t order[MOST_TRAINED];
  for (uint32_t i = 0; i < count; i++) order[i] = i % EXAMPLES;
  const TrainRun run = {.examples = &examples,
                        .order = order,
                        .count = count,
                        .rate = 0.125,
                        .ends_batch = ends_batch};
  Tally tally = {0};
  return engine_train(engine, &run, &tally, failure);
}

/* ---- what must hold ---- */

/* All of the state, to see that nothing has changed. */
static void digest_state(const Engine *engine, char text[65]) {
  Digest digest;
  digest_begin(&digest);
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    const Tensor *tensor = &engine->tensors[i];
    digest_bytes(&digest, tensor->data, tensor->stored * tensor_bytes(tensor));
  }
  digest_end(&digest, text);
}

/* Training on may fail where numbers were hostile, but not as a defect of ours. */
static void train_on(Engine *engine) {
  Tally tally = {0};
  Failure failure = {0};
  const bool is_good = train(engine, 7, false, &failure) && train(engine, 3, true, &failure) &&
                       engine_drain(engine, &tally, &failure) && train(engine, 2, true, &failure);
  require(is_good || failure.kind == FAILURE_MODEL);
}

/* What an engine writes, another can read, and goes on to the same state. */
static void check_round_trip(Bench *bench, const char *path) {
  const RunFacts none = {0};
  const TrainingPosition position = {0};
  TrainingPosition found;
  Failure failure = {0};
  char before[65], after[65];
  digest_state(bench->engine, before);
  require(write_checkpoint(path, bench->engine, &none, &position, &failure));
  snapshot_restore(bench->start, bench->engine);
  require(read_checkpoint(path, bench->engine, &none, &found, &failure));
  digest_state(bench->engine, after);
  require(strcmp(before, after) == 0);
}

static void read_and_train(Bench *bench, const char *path) {
  const RunFacts none = {0};
  TrainingPosition position = {.epoch = 77};
  Failure failure = {0};
  char before[65], after[65];
  digest_state(bench->engine, before);
  if (!read_checkpoint(path, bench->engine, &none, &position, &failure)) {
    digest_state(bench->engine, after);
    require(strcmp(before, after) == 0 && position.epoch == 77);
    require(failure.kind != FAILURE_NONE && failure.message[0] != '\0');
    return;
  }
  check_round_trip(bench, path);
  train_on(bench->engine);
}

/* ---- the kinds of input ---- */

/* The same model on the other engine, or NULL. */
static Bench *twin_of(const Bench *bench) {
  for (int i = 0; i < BENCHES; i++) {
    if (benches[i].text == bench->text && benches[i].is_native != bench->is_native)
      return &benches[i];
  }
  return NULL;
}

enum { DRAIN = 0x40, END = 0x80 };

static bool happen(Engine *engine, uint8_t event, Failure *failure) {
  Tally tally = {0};
  return event & DRAIN ? engine_drain(engine, &tally, failure)
                       : train(engine, event % 16, event & END, failure);
}

static void require_equal_parameters(const Engine *one, const Engine *other) {
  char digest[65], expected[65];
  parameters_digest(one, digest);
  parameters_digest(other, expected);
  require(strcmp(digest, expected) == 0);
}

static void fuzz_history(Bench *bench, uint32_t trained, bool ends_batch, const uint8_t *data,
                         size_t size) {
  enum { MOST_EVENTS = 24 };
  char path[300];
  Failure failure = {0};
  Bench *twin = twin_of(bench);
  Engine *other = twin ? take_engine(twin) : NULL;
  require(!other || trained == 0 || train(other, trained, ends_batch, &failure));
  snprintf(path, sizeof path, "%s/checkpoint", fuzz_folder());
  for (size_t i = 0; i < size && i < MOST_EVENTS; i++) {
    if (!happen(bench->engine, data[i], &failure)) break; /* an output was not a number */
    check_round_trip(bench, path);
    require(!other || happen(other, data[i], &failure));
    if (other) require_equal_parameters(bench->engine, other);
  }
  unlink(path);
}

static void edit_state(Engine *engine, const uint8_t *data, size_t size) {
  enum { EDIT_BYTES = 11 };
  for (; size >= EDIT_BYTES; data += EDIT_BYTES, size -= EDIT_BYTES) {
    const uint32_t count = engine->tensor_count, number = (data[0] & 0x7fU) % count;
    const Tensor *tensor = &engine->tensors[data[0] & 0x80 ? count - 1 - number : number];
    const uint64_t bytes = tensor_bytes(tensor);
    const uint64_t element = (uint64_t)(data[1] | data[2] << 8) % tensor->stored;
    uint8_t value[16];
    memset(value, data[10] & 0x80 ? 0xff : 0, sizeof value);
    memcpy(value, data + 3, 8);
    memcpy((uint8_t *)tensor->data + element * bytes, value, bytes);
  }
}

static void fuzz_edits(Bench *bench, const uint8_t *data, size_t size) {
  char path[300];
  const RunFacts none = {0};
  const TrainingPosition position = {0};
  Failure failure = {0};
  edit_state(bench->engine, data, size);
  snprintf(path, sizeof path, "%s/checkpoint", fuzz_folder());
  require(write_checkpoint(path, bench->engine, &none, &position, &failure));
  snapshot_restore(bench->start, bench->engine);
  read_and_train(bench, path);
  unlink(path);
}

/* Puts a digest where the text says "key":"...64 bytes...". */
static void put_digest(char *bytes, size_t size, const char *key, const char *digest) {
  char *at = memmem(bytes, size, key, strlen(key));
  if (at) at += strlen(key);
  if (at && (size_t)(bytes + size - at) > 64 && at[64] == '"') memcpy(at, digest, 64);
}

static void right_digests(const Engine *engine, char *bytes, size_t size) {
  StoredFile file;
  Failure failure = {0};
  char text[65];
  model_digest(engine->model, text);
  put_digest(bytes, size, "\"model\":\"", text);
  if (!parse_stored((uint8_t *)bytes, size, "fuzz", &file, &failure)) return;
  Digest digest;
  digest_begin(&digest);
  for (uint32_t i = 0; i < file.text_count; i++) {
    const StoredText *t = &file.texts[i];
    if (strncmp(t->key, "position.", 9) == 0) digest_bytes(&digest, t->text, strlen(t->text) + 1);
  }
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    const StoredArray *array = find_stored(&file, engine->tensors[i].name);
    if (array) digest_bytes(&digest, array->data, stored_count(array) * dtype_bytes(array->dtype));
  }
  digest_end(&digest, text);
  put_digest(bytes, size, "\"state\":\"", text);
  stored_file_close(&file);
}

static void fuzz_checkpoint(Bench *bench, const uint8_t *data, size_t size) {
  char path[300];
  char *bytes = malloc(size + 1);
  require(bytes != NULL);
  memcpy(bytes, data, size);
  right_digests(bench->engine, bytes, size);
  snprintf(path, sizeof path, "%s/checkpoint", fuzz_folder());
  FILE *out = fopen(path, "wb");
  require(out && fwrite(bytes, 1, size, out) == size && fclose(out) == 0);
  read_and_train(bench, path);
  unlink(path);
  free(bytes);
}

static void fuzz_parameters(Bench *bench, const uint8_t *data, size_t size) {
  Failure failure = {0};
  char before[65], after[65];
  const FuzzFile file = fuzz_file_open(data, size);
  digest_state(bench->engine, before);
  if (load_parameters(file.path, bench->engine, &failure)) {
    train_on(bench->engine);
  } else {
    digest_state(bench->engine, after);
    require(failure.kind != FAILURE_NONE && strcmp(before, after) == 0);
  }
  fuzz_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { HEAD = 3 };
  if (size < HEAD) return 0;
  Bench *bench = &benches[data[0] % BENCHES];
  Engine *engine = take_engine(bench);
  Failure failure = {0};
  const uint32_t trained = data[1] % MOST_TRAINED;
  if (data[2] == 'p') {
    fuzz_parameters(bench, data + HEAD, size - HEAD);
    return 0;
  }
  require(trained == 0 || train(engine, trained, data[1] & END, &failure));
  if (data[2] == 'h') {
    fuzz_history(bench, trained, data[1] & END, data + HEAD, size - HEAD);
  } else if (data[2] == 'c') {
    fuzz_checkpoint(bench, data + HEAD, size - HEAD);
  } else {
    fuzz_edits(bench, data + HEAD, size - HEAD);
  }
  return 0;
}
