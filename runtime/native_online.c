// SPDX-License-Identifier: MIT
// Online training and inference: one input after another through the kernels, in the textbook's
// order or the hardware's.
#include <stdlib.h>

#include "runtime/native_state.h"
#include "runtime/state_check.h"

/* A copy for each input that is on its way, in rotation: input m is in copy m % copies.  `last` is
 * the copy of the input that entered last, from which the others are counted, since a division for
 * each would take longer than a small kernel. */
static Cell *copy_of(const NativeEngine *n, Cell *memory, uint64_t cells, uint32_t copies,
                     uint32_t last, uint64_t input) {
  uint64_t before = n->position.entered - 1 - input;
  while (before >= copies) before -= copies;
  const uint64_t copy = last >= before ? last - before : last + copies - before;
  return memory + copy * cells;
}

static Cell *activation_of(const NativeEngine *n, uint32_t index, uint64_t input) {
  const LayerMemory *layer = &n->layers[index];
  return copy_of(n, layer->activation, layer->cells, layer->copies, layer->last_copy, input);
}

static Cell *derivative_of(const NativeEngine *n, uint32_t index, uint64_t input) {
  const LayerMemory *layer = &n->layers[index];
  return copy_of(n, layer->derivative, layer->cells, layer->copies, layer->last_copy, input);
}

static Cell *delta_of(const NativeEngine *n, uint32_t index, uint64_t input) {
  const LayerMemory *layer = &n->layers[index];
  return copy_of(n, layer->delta, layer->cells, layer->delta_copies, layer->last_delta_copy, input);
}

static InputRecord *record_of(const NativeEngine *n, uint64_t input) {
  const uint64_t before = n->position.entered - 1 - input;
  const uint32_t last = n->last_record;
  return &n->records[last >= before ? last - before : last + n->record_count - before];
}

/* Counts the copies of the input that entered last. */
static void find_copies(NativeEngine *n) {
  const uint64_t input = n->position.entered - 1;
  if (n->position.entered == 0) return;
  n->last_record = (uint32_t)(input % n->record_count);
  for (uint32_t i = 0; i <= n->junction_count; i++) {
    LayerMemory *layer = &n->layers[i];
    layer->last_copy = (uint32_t)(input % layer->copies);
    layer->last_delta_copy = (uint32_t)(input % layer->delta_copies);
  }
}

static uint32_t next_copy(uint32_t copy, uint32_t copies) {
  return copy + 1 < copies ? copy + 1 : 0;
}

static void turn_copies(NativeEngine *n) {
  if (n->position.entered++ == 0) {
    find_copies(n);
    return;
  }
  n->last_record = next_copy(n->last_record, n->record_count);
  for (uint32_t i = 0; i <= n->junction_count; i++) {
    LayerMemory *layer = &n->layers[i];
    layer->last_copy = next_copy(layer->last_copy, layer->copies);
    layer->last_delta_copy = next_copy(layer->last_delta_copy, layer->delta_copies);
  }
}

/* One example into an input layer's cells. */
static void read_example(NativeEngine *n, const Examples *examples, uint64_t index, uint64_t input,
                         Cell *cells) {
  NativeKernel *enter = enter_kernel(n, examples);
  if (!enter) {
    read_input(&n->inputs, examples, index, input, n->input_place, 1, cells);
    return;
  }
  const void *example = example_at(examples, index);
  const NativeWork work = {.examples = &example, .ff_left = cells};
  enter(&n->junctions[0].native, &work);
}

static void enter_input(NativeEngine *n, const TrainRun *run, uint64_t place) {
  const uint32_t example = run->order[place];
  turn_copies(n);
  const uint64_t input = n->position.entered - 1;
  *record_of(n, input) = (InputRecord){.label = run->examples->labels[example], .rate = run->rate};
  read_example(n, run->examples, example, input, activation_of(n, 0, input));
}

/* The fields that FF of an input in junction i works on. */
static NativeWork ff_work(NativeEngine *n, uint32_t i, uint64_t input) {
  return (NativeWork){
      .ff_left = activation_of(n, i, input),
      .ff_right = activation_of(n, i + 1, input),
      .ff_derivative = derivative_of(n, i + 1, input),
      .scratch = n->junctions[i].native.scratch,
      /* Between two passes over the first junction's weights lies none over as many; behind
       * another's FF comes its BACK, forward. */
      .is_backward = i > 0 || input % 2 == 1,
      .ff_input = input,
  };
}

/* Those of BP and UP; the update is one more of the junction's. */
static void add_back_work(NativeEngine *n, uint32_t i, uint64_t input, NativeWork *work) {
  JunctionMemory *j = &n->junctions[i];
  next_rules(n, i, record_of(n, input)->rate);
  work->up_left = activation_of(n, i, input);
  work->right_delta = delta_of(n, i + 1, input);
  work->weight_rule = &j->weight_rule;
  work->bias_rule = &j->bias_rule;
  work->scratch = j->native.scratch;
  work->up_input = input;
  if (i == 0) return;
  work->left_derivative = derivative_of(n, i, input);
  work->left_delta = delta_of(n, i, input);
}

static void call_kernel(NativeEngine *n, uint32_t i, NativeKernelId id, const NativeWork *work) {
  n->junctions[i].kernels[id](&n->junctions[i].native, work);
}

static void run_ff(NativeEngine *n, uint32_t i, uint64_t input) {
  const NativeWork work = ff_work(n, i, input);
  call_kernel(n, i, NATIVE_FF, &work);
}

static void run_back(NativeEngine *n, uint32_t i, uint64_t input) {
  NativeWork work = {0};
  add_back_work(n, i, input, &work);
  call_kernel(n, i, NATIVE_BACK, &work);
}

/* FF of one input and BACK of another, in one pass over the weights where there is one. */
static void run_both(NativeEngine *n, uint32_t i, uint64_t ff_input, uint64_t back_input) {
  NativeWork work = ff_work(n, i, ff_input);
  add_back_work(n, i, back_input, &work);
  if (n->junctions[i].kernels[NATIVE_CYCLE]) {
    call_kernel(n, i, NATIVE_CYCLE, &work);
    return;
  }
  const bool is_pipelined = n->engine.model->is_pipelined;
  call_kernel(n, i, is_pipelined ? NATIVE_FF : NATIVE_BACK, &work);
  call_kernel(n, i, is_pipelined ? NATIVE_BACK : NATIVE_FF, &work);
}

/* The deltas of the output, and what is told of it. */
static bool finish_output(NativeEngine *n, uint64_t input, Tally *tally, Failure *failure) {
  const uint32_t last = n->junction_count - 1;
  uint32_t label = record_of(n, input)->label;
  Cell *activation = activation_of(n, n->junction_count, input);
  const NativeWork work = {
      .ff_right = activation,
      .ff_derivative = derivative_of(n, n->junction_count, input),
      .right_delta = delta_of(n, n->junction_count, input),
      .labels = &label,
      .last_column = 1,
      .ff_input = input,
  };
  n->junctions[last].kernels[NATIVE_OUTPUT](&n->junctions[last].native, &work);
  tally_output(n->engine.model, activation, 1, label, n->scores, tally);
  return check_outputs(n->engine.model, tally, input, failure);
}

/* Input that a junction works on `lag` junction cycles after it entered, if it is on its way. */
static bool is_under_way(const NativeEngine *n, uint64_t lag, uint64_t *input) {
  *input = n->position.cycle - lag;
  return n->position.cycle >= lag && *input >= n->position.first && *input < n->position.entered;
}

/* A junction's part of a junction cycle. */
static bool run_junction(NativeEngine *n, uint32_t i, Tally *tally, Failure *failure) {
  const uint32_t count = n->junction_count;
  uint64_t ff_input, back_input;
  const bool has_ff = is_under_way(n, i, &ff_input);
  const bool has_back = is_under_way(n, 2ull * count - 1 - i, &back_input);
  if (has_ff && has_back) {
    run_both(n, i, ff_input, back_input);
  } else if (has_ff) {
    run_ff(n, i, ff_input);
  } else if (has_back) {
    run_back(n, i, back_input);
  }
  return !has_ff || i + 1 < count || finish_output(n, ff_input, tally, failure);
}

typedef struct JunctionCycle {
  NativeEngine *engine;
  Tally *tally; /* the last junction's alone, and so are these */
  Failure *failure;
  bool is_good;
} JunctionCycle;

static void run_own_junctions(void *context, uint32_t member, uint32_t size) {
  JunctionCycle *cycle = context;
  NativeEngine *n = cycle->engine;
  (void)size;
  for (uint32_t i = 0; i < n->junction_count; i++) {
    if (n->member_of[i] == member && !run_junction(n, i, cycle->tally, cycle->failure))
      cycle->is_good = false;
  }
}

/* All junctions work on different inputs and copies, so in any order, or at once. */
static bool run_junction_cycle(NativeEngine *n, Tally *tally, Failure *failure) {
  JunctionCycle cycle = {n, tally, failure, true};
  if (n->member_of) {
    team_run(n->team, run_own_junctions, &cycle);
  } else {
    for (uint32_t i = 0; cycle.is_good && i < n->junction_count; i++)
      cycle.is_good = run_junction(n, i, tally, failure);
  }
  n->position.cycle++;
  return cycle.is_good;
}

/* ---- who works on which junction ---- */

bool junctions_share_threads(const Model *model) {
  /* Below, a cycle is over before another thread has woken. */
  enum { LEAST_EDGES = 100000 };
  uint64_t edges = 0, most = 0;
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const uint32_t count = model->junctions[i].edges.edge_count;
    edges += count;
    if (count > most) most = count;
  }
  return model->batch == 1 && model->is_pipelined && edges - most >= LEAST_EDGES;
}

/* The largest junction that nobody has; junction_count: none. */
static uint32_t largest_left(const Model *model, const uint32_t *member_of) {
  uint32_t largest = model->junction_count;
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const uint32_t edges = model->junctions[i].edges.edge_count;
    if (member_of[i] != UINT32_MAX) continue;
    if (largest == model->junction_count || edges > model->junctions[largest].edges.edge_count)
      largest = i;
  }
  return largest;
}

bool share_junctions(NativeEngine *n) {
  const Model *model = n->engine.model;
  const uint32_t size = team_size(n->team);
  if (size == 1 || !junctions_share_threads(model)) return true;
  n->member_of = malloc(n->junction_count * sizeof *n->member_of);
  uint64_t *edges = calloc(size, sizeof *edges);
  const bool has_memory = n->member_of && edges;
  for (uint32_t i = 0; has_memory && i < n->junction_count; i++) n->member_of[i] = UINT32_MAX;
  for (uint32_t i = 0; has_memory && i < n->junction_count; i++) {
    const uint32_t junction = largest_left(model, n->member_of);
    uint32_t idle = 0;
    for (uint32_t member = 1; member < size; member++)
      if (edges[member] < edges[idle]) idle = member;
    n->member_of[junction] = idle;
    edges[idle] += model->junctions[junction].edges.edge_count;
  }
  free(edges);
  return has_memory;
}

/* ---- training ---- */

static bool train_pipelined(NativeEngine *n, const TrainRun *run, Tally *tally, Failure *failure) {
  for (uint64_t place = 0; place < run->count; place++) {
    enter_input(n, run, place);
    if (!run_junction_cycle(n, tally, failure)) return false;
  }
  return true;
}

/* An input's update of the first junction and the next input's FF there are one pass. */
static bool train_sequential(NativeEngine *n, const TrainRun *run, Tally *tally, Failure *failure) {
  if (run->count == 0) return true;
  uint64_t input = n->position.entered;
  enter_input(n, run, 0);
  run_ff(n, 0, input);
  for (uint64_t place = 0; place < run->count; place++, input++) {
    const bool has_next = place + 1 < run->count;
    for (uint32_t i = 1; i < n->junction_count; i++) run_ff(n, i, input);
    if (!finish_output(n, input, tally, failure)) return false;
    if (has_next) enter_input(n, run, place + 1);
    for (uint32_t i = n->junction_count; i > 1; i--) run_back(n, i - 1, input);
    if (has_next) {
      run_both(n, 0, input + 1, input);
    } else {
      run_back(n, 0, input);
    }
  }
  return true;
}

bool online_train(Engine *engine, const TrainRun *run, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  find_copies(n);
  return engine->model->is_pipelined ? train_pipelined(n, run, tally, failure)
                                     : train_sequential(n, run, tally, failure);
}

bool online_drain(Engine *engine, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  NativePosition *at = &n->position;
  if (engine->model->is_pipelined && at->entered > at->first) {
    const uint64_t end = at->entered - 1 + 2ull * n->junction_count;
    find_copies(n);
    while (at->cycle < end) {
      if (!run_junction_cycle(n, tally, failure)) return false;
    }
  }
  at->first = at->entered;
  at->cycle = at->entered;
  return true;
}

/* ---- inference: examples are shared out among the threads ---- */

typedef struct Inference {
  NativeEngine *engine;
  const Examples *examples;
  uint64_t first, count;
  float *scores;
  uint32_t *classes;
  Tally *tallies; /* [count] of one example each: they are added in order, whatever the threads */
} Inference;

static void infer_one(const Inference *inference, uint32_t member, uint64_t i) {
  NativeEngine *n = inference->engine;
  const uint64_t example = inference->first + i;
  const LayerMemory *output = &n->layers[n->junction_count];
  double *scores = n->scores + (size_t)member * (output->real_count + 8);
  read_example(n, inference->examples, example, example,
               n->layers[0].scratch + member * n->layers[0].cells);
  for (uint32_t junction = 0; junction < n->junction_count; junction++) {
    const LayerMemory *left = &n->layers[junction], *right = &n->layers[junction + 1];
    const NativeWork work = {
        .ff_left = left->scratch + member * left->cells,
        .ff_right = right->scratch + member * right->cells,
        .ff_derivative = right->scratch_derivative + member * right->cells,
        .scratch = n->scratch + member * n->scratch_cells,
        .is_backward = example % 2 == 1,
        .ff_input = example,
    };
    n->junctions[junction].kernels[NATIVE_FF](&n->junctions[junction].native, &work);
  }
  const uint32_t predicted =
      tally_output(n->engine.model, output->scratch + member * output->cells, 1,
                   inference->examples->labels[example], scores, &inference->tallies[i]);
  if (inference->classes) inference->classes[i] = predicted;
  for (uint32_t r = 0; inference->scores && r < output->real_count; r++)
    inference->scores[i * output->real_count + r] = (float)scores[r];
}

static void infer_share(void *context, uint32_t member, uint32_t size) {
  const Inference *inference = context;
  const uint64_t begin = inference->count * member / size;
  const uint64_t end = inference->count * (member + 1) / size;
  for (uint64_t i = begin; i < end; i++) infer_one(inference, member, i);
}

bool online_infer(Engine *engine, const Examples *examples, uint64_t first, uint64_t count,
                  float *scores, uint32_t *classes, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  enum { PIECE = 1024 };
  Tally tallies[PIECE];
  (void)failure;
  const uint32_t outputs = engine->model->layers[n->junction_count].real_count;
  for (uint64_t done = 0; done < count; done += PIECE) {
    const uint64_t piece = count - done < PIECE ? count - done : PIECE;
    Inference inference = {.engine = n,
                           .examples = examples,
                           .first = first + done,
                           .count = piece,
                           .scores = scores ? scores + done * outputs : NULL,
                           .classes = classes ? classes + done : NULL,
                           .tallies = tallies};
    for (uint64_t i = 0; i < piece; i++) tallies[i] = (Tally){0};
    if (piece < 64) {
      infer_share(&inference, 0, 1);
    } else {
      team_run(n->team, infer_share, &inference);
    }
    for (uint64_t i = 0; i < piece; i++) {
      tally->count += tallies[i].count;
      tally->correct += tallies[i].correct;
      tally->loss += tallies[i].loss;
      tally->has_nan |= tallies[i].has_nan;
    }
  }
  return true;
}

/* ---- states from files ---- */

/* At rest a pipeline has done a junction cycle for each input; in the textbook's order they are not
 * counted. */
bool online_check(const Engine *engine, const char *path, Failure *failure) {
  const NativeEngine *n = (const NativeEngine *)engine;
  const NativePosition *at = &n->position;
  const uint64_t cycle = engine->model->is_pipelined ? at->entered : at->first;
  if (!check_progress(n, cycle, path, failure)) return false;
  const uint64_t under_way = at->entered - at->first;
  const uint64_t kept = under_way < n->record_count ? under_way : n->record_count;
  for (uint64_t input = at->entered - kept; input < at->entered; input++) {
    const InputRecord *record = &n->records[input % n->record_count];
    if (!check_input(engine->model, input, record->label, record->rate, path, failure))
      return false;
  }
  return true;
}
