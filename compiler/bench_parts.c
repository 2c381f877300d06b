// SPDX-License-Identifier: MIT
// Recording kernels, and their replay.
#include "compiler/bench_parts.h"

#include <stdlib.h>

#include "compiler/machine_limits.h"
#include "compiler/native_engine.h"
#include "runtime/optimizer.h"

/* The call of a kernel that worked on the most inputs, with copies of what lay on the caller's
 * stack. */
typedef struct Note {
  NativeKernel *kernel; /* NULL: there is none */
  NativeJunction junction;
  NativeWork work;
  uint64_t inputs; /* 0: never called */
  UpdateRule weight_rule, bias_rule;
  const void *examples[SUM_LANES];
  uint32_t label;
} Note;

/* Kernels are called without a context of ours, so the one recorder is found here. */
typedef struct Recorder {
  const Model *model;
  Note *notes; /* [junctions][NATIVE_KERNEL_COUNT] */
  NativeKernel **kernels;
  NativeKernels table;
} Recorder;

static Recorder *recorder;

/* ---- recording ---- */

static uint64_t inputs_of_call(NativeKernelId id, const NativeWork *work) {
  if (recorder->model->batch == 1) return 1;
  const bool is_enter = id == NATIVE_ENTER_BYTES || id == NATIVE_ENTER_FLOATS;
  return is_enter ? SUM_LANES : work->last_column - work->first_column;
}

/* A rate of 0 leaves float32 weights as they are, however often they are updated. */
static const UpdateRule *still(UpdateRule *copy, const void *rule) {
  *copy = *(const UpdateRule *)rule;
  copy->rate = 0;
  copy->l2 = 0;
  return copy;
}

static void note_call(NativeKernelId id, const NativeJunction *junction, const NativeWork *work) {
  Note *note = &recorder->notes[junction->index * NATIVE_KERNEL_COUNT + id];
  const uint64_t inputs = inputs_of_call(id, work);
  if (inputs > note->inputs) {
    note->junction = *junction;
    note->work = *work;
    note->inputs = inputs;
    if (work->weight_rule) {
      note->work.weight_rule = (void *)still(&note->weight_rule, work->weight_rule);
      note->work.bias_rule = (void *)still(&note->bias_rule, work->bias_rule);
    }
    for (uint64_t i = 0; work->examples && i < inputs && i < SUM_LANES; i++)
      note->examples[i] = ((const void *const *)work->examples)[i];
    if (work->examples) note->work.examples = note->examples;
    if (work->labels && recorder->model->batch == 1) {
      note->label = *(const uint32_t *)work->labels;
      note->work.labels = &note->label;
    }
  }
  note->kernel(junction, work);
}

#define NATIVE_KERNEL(id, name, when)                                                              \
  static void note_##id(const NativeJunction *junction, const NativeWork *work) {                  \
    note_call(NATIVE_##id, junction, work);                                                        \
  }
#include "runtime/native_kernels.def"
#undef NATIVE_KERNEL

static NativeKernel *const noting[] = {
#define NATIVE_KERNEL(id, name, when) note_##id,
#include "runtime/native_kernels.def"
#undef NATIVE_KERNEL
};

static const NativeKernels *wrap_kernels(void *context, const NativeKernels *kernels) {
  Recorder *r = context;
  for (uint64_t i = 0; i < kernels->kernel_count; i++) {
    r->notes[i].kernel = kernels->kernels[i];
    r->kernels[i] = kernels->kernels[i] ? noting[i % NATIVE_KERNEL_COUNT] : NULL;
  }
  r->table = (NativeKernels){.kernel_count = kernels->kernel_count, .kernels = r->kernels};
  return &r->table;
}

/* ---- replay ---- */

static double time_calls(const Note *note, uint64_t calls) {
  const double begin = thread_seconds();
  for (uint64_t i = 0; i < calls; i++) note->kernel(&note->junction, &note->work);
  return thread_seconds() - begin;
}

/* Seconds of one call: the least of a few turns, because what disturbs only slows. */
static double replay(const Note *note, double seconds) {
  enum { TURNS = 4 };
  uint64_t calls = 1;
  double spent = time_calls(note, calls);
  for (; spent < seconds / (TURNS + 1); spent = time_calls(note, calls)) calls *= 2;
  double least = spent;
  for (int turn = 1; turn < TURNS && spent < seconds; turn++) {
    const double again = time_calls(note, calls);
    if (again < least) least = again;
  }
  return least / (double)calls;
}

/* ---- parts ---- */

static const char *const kernel_names[] = {
#define NATIVE_KERNEL(id, name, when) name,
#include "runtime/native_kernels.def"
#undef NATIVE_KERNEL
};

uint32_t most_parts(const Model *model) {
  return model->junction_count * NATIVE_KERNEL_COUNT;
}

/* How often a call uses each weight for an input, and how often it reads or writes it in memory. */
static void count_work(const Model *model, NativeKernelId id, BenchPart *part) {
  const uint64_t edges = model->junctions[part->junction].edges.edge_count;
  uint32_t uses = 0, accesses = 0;
  switch (id) {
  case NATIVE_FF:
  case NATIVE_BP: uses = accesses = 1; break;
  case NATIVE_UP:
    uses = 1;
    accesses = 2;
    break;
  case NATIVE_BACK:
    uses = part->junction > 0 ? 2 : 1;
    accesses = 2;
    break;
  case NATIVE_CYCLE:
    uses = part->junction > 0 ? 3 : 2;
    accesses = 2;
    break;
  case NATIVE_ENTER_BYTES:
  case NATIVE_ENTER_FLOATS:
  case NATIVE_OUTPUT:
  case NATIVE_KERNEL_COUNT: break;
  }
  part->edges = edges * uses;
  part->weight_bytes = edges * accesses * sizeof(Cell);
}

static void add_part(const Recorder *r, uint32_t junction, NativeKernelId id, double seconds,
                     BenchPart *parts, uint32_t *count) {
  const Note *notes = &r->notes[junction * NATIVE_KERNEL_COUNT], *note = &notes[id];
  /* Where FF and BACK are one pass, they are two only at a run's ends. */
  const bool is_half = (id == NATIVE_FF || id == NATIVE_BACK) && notes[NATIVE_CYCLE].inputs > 0;
  if (note->inputs == 0 || is_half) return;
  BenchPart *part = &parts[(*count)++];
  *part = (BenchPart){.junction = junction,
                      .name = kernel_names[id],
                      .inputs = note->inputs,
                      .seconds = replay(note, seconds) / (double)note->inputs};
  count_work(r->model, id, part);
}

static void replay_all(const Recorder *r, double seconds, BenchPart *parts, uint32_t *count) {
  const uint32_t junctions = r->model->junction_count;
  const double each = seconds / (4.0 * junctions + 2);
  add_part(r, 0, NATIVE_ENTER_BYTES, each, parts, count);
  add_part(r, 0, NATIVE_ENTER_FLOATS, each, parts, count);
  for (uint32_t i = 0; i < junctions; i++) add_part(r, i, NATIVE_FF, each, parts, count);
  add_part(r, junctions - 1, NATIVE_OUTPUT, each, parts, count);
  for (uint32_t i = junctions; i-- > 0;) {
    add_part(r, i, NATIVE_BACK, each, parts, count);
    add_part(r, i, NATIVE_CYCLE, each, parts, count);
    add_part(r, i, NATIVE_BP, each, parts, count);
    add_part(r, i, NATIVE_UP, each, parts, count);
  }
}

static bool run_recorder(Recorder *r, const Compilation *c, const Options *options,
                         const TrainRun *run, Failure *failure, Engine **engine) {
  Options alone = *options;
  Tally tally = {0};
  alone.run.threads = (OptionalCount){.is_given = true, .value = 1};
  *engine = open_native_wrapped(c, &alone, wrap_kernels, r, failure);
  return *engine && engine_train(*engine, run, &tally, failure) &&
         engine_drain(*engine, &tally, failure);
}

bool measure_parts(const Compilation *c, const Options *options, const TrainRun *run,
                   double seconds, BenchPart *parts, uint32_t *count, Failure *failure) {
  const uint32_t most = most_parts(c->model);
  Recorder r = {.model = c->model,
                .notes = calloc(most, sizeof *r.notes),
                .kernels = calloc(most, sizeof(NativeKernel *))};
  Engine *engine = NULL;
  *count = 0;
  bool is_good = r.notes && r.kernels;
  if (!is_good) fail(failure, FAILURE_MEMORY, NULL, "no memory for notes of %u kernels", most);
  recorder = &r;
  is_good = is_good && run_recorder(&r, c, options, run, failure, &engine);
  if (is_good) replay_all(&r, seconds, parts, count);
  engine_close(engine);
  recorder = NULL;
  free(r.notes);
  free(r.kernels);
  return is_good;
}
