// SPDX-License-Identifier: MIT
// Online training and inference: one input after another through the kernels, in the textbook's order or the hardware's.
#include "runtime/native_state.h"

static Cell *copy_of(Cell *memory, const LayerMemory *layer, uint32_t copies, uint64_t input) {
  return memory + (copies == 1 ? 0 : input % copies) * layer->cells;
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
  const uint64_t input = n->position.entered++;
  const uint32_t example = run->order[place];
  LayerMemory *layer = &n->layers[0];
  n->records[input % n->record_count] =
      (InputRecord){.label = run->examples->labels[example], .rate = run->rate};
  read_example(n, run->examples, example, input,
               copy_of(layer->activation, layer, layer->copies, input));
}

static void run_ff(NativeEngine *n, uint32_t i, uint64_t input) {
  LayerMemory *left = &n->layers[i], *right = &n->layers[i + 1];
  const NativeWork work = {
      .ff_left = copy_of(left->activation, left, left->copies, input),
      .ff_right = copy_of(right->activation, right, right->copies, input),
      .ff_derivative = copy_of(right->derivative, right, right->copies, input),
      .scratch = n->scratch,
      .ff_input = input,
  };
  n->junctions[i].kernels[NATIVE_FF](&n->junctions[i].native, &work);
}

/* The deltas of the output, and what is told of it. */
static bool finish_output(NativeEngine *n, uint64_t input, Tally *tally, Failure *failure) {
  const uint32_t last = n->junction_count - 1;
  LayerMemory *layer = &n->layers[n->junction_count];
  uint32_t label = n->records[input % n->record_count].label;
  Cell *activation = copy_of(layer->activation, layer, layer->copies, input);
  const NativeWork work = {
      .ff_right = activation,
      .ff_derivative = copy_of(layer->derivative, layer, layer->copies, input),
      .right_delta = copy_of(layer->delta, layer, layer->delta_copies, input),
      .labels = &label,
      .last_column = 1,
      .ff_input = input,
  };
  n->junctions[last].kernels[NATIVE_OUTPUT](&n->junctions[last].native, &work);
  tally_output(n, activation, 1, label, n->scores, tally);
  return check_outputs(n, tally, input, failure);
}

static void run_back(NativeEngine *n, uint32_t i, uint64_t input) {
  LayerMemory *left = &n->layers[i], *right = &n->layers[i + 1];
  JunctionMemory *j = &n->junctions[i];
  next_rules(n, i, n->records[input % n->record_count].rate);
  NativeWork work = {
      .up_left = copy_of(left->activation, left, left->copies, input),
      .right_delta = copy_of(right->delta, right, right->delta_copies, input),
      .weight_rule = &j->weight_rule,
      .bias_rule = &j->bias_rule,
      .scratch = n->scratch,
      .up_input = input,
  };
  if (i > 0) {
    work.left_derivative = copy_of(left->derivative, left, left->copies, input);
    work.left_delta = copy_of(left->delta, left, left->delta_copies, input);
  }
  j->kernels[NATIVE_BACK](&j->native, &work);
}

static bool run_input(NativeEngine *n, uint64_t input, Tally *tally, Failure *failure) {
  for (uint32_t i = 0; i < n->junction_count; i++) run_ff(n, i, input);
  if (!finish_output(n, input, tally, failure)) return false;
  for (uint32_t i = n->junction_count; i > 0; i--) run_back(n, i - 1, input);
  return true;
}

/* Input that a junction works on `lag` junction cycles after it entered, if it is on its way. */
static bool is_under_way(const NativeEngine *n, uint64_t lag, uint64_t *input) {
  *input = n->position.cycle - lag;
  return n->position.cycle >= lag && *input >= n->position.first && *input < n->position.entered;
}

static bool run_junction_cycle(NativeEngine *n, Tally *tally, Failure *failure) {
  const uint32_t count = n->junction_count;
  uint64_t input;
  for (uint32_t i = 0; i < count; i++) {
    if (is_under_way(n, i, &input)) {
      run_ff(n, i, input);
      if (i + 1 == count && !finish_output(n, input, tally, failure)) return false;
    }
    if (is_under_way(n, 2ull * count - 1 - i, &input)) run_back(n, i, input);
  }
  n->position.cycle++;
  return true;
}

bool online_train(Engine *engine, const TrainRun *run, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  for (uint64_t place = 0; place < run->count; place++) {
    const uint64_t input = n->position.entered;
    enter_input(n, run, place);
    if (!(engine->model->is_pipelined ? run_junction_cycle(n, tally, failure)
                                      : run_input(n, input, tally, failure)))
      return false;
  }
  return true;
}

bool online_drain(Engine *engine, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  NativePosition *at = &n->position;
  if (engine->model->is_pipelined && at->entered > at->first) {
    const uint64_t end = at->entered - 1 + 2ull * n->junction_count;
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
        .ff_input = example,
    };
    n->junctions[junction].kernels[NATIVE_FF](&n->junctions[junction].native, &work);
  }
  const uint32_t predicted =
      tally_output(n, output->scratch + member * output->cells, 1,
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
