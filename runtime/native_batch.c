// SPDX-License-Identifier: MIT
// Minibatches through the kernels: matrices whose columns are a batch's inputs.
//
// What must be done in which order follows from the schedule alone: FF of junction i (from 0) on
// input m is due in junction cycle m + i, the update that a batch closes in last + 2L - 1 - i, and
// an FF on one of the next 2(L - i) - 1 inputs still wants the weights of before it.  (In
// sequential order all is due at once, and an FF of the next batch wants the weights of after it.)
// Everything that is due is done in the largest pieces that this allows; what is due, done late,
// gives the same bits.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/native_state.h"
#include "runtime/state_check.h"

static uint64_t lesser(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static BatchRecord *record(NativeEngine *n, uint64_t batch) {
  return &n->batches[batch];
}

static uint32_t *ff_done(NativeEngine *n, uint64_t batch) {
  return n->ff_done + batch * n->junction_count;
}

/* Inputs after a batch's last one whose FF in this junction still wants the old weights. */
static uint64_t stale_inputs(const NativeEngine *n, uint32_t junction) {
  return n->engine.model->is_pipelined ? 2ull * (n->junction_count - junction) - 1 : 0;
}

/* ---- kernels, shared out among the threads ---- */

typedef struct Call {
  NativeEngine *engine;
  const JunctionMemory *junction;
  NativeKernel *kernel;
  NativeWork work; /* first and last are each member's own */
  uint64_t count;  /* neurons */
  uint64_t unit;   /* neurons that stay together */
} Call;

static void run_share(void *context, uint32_t member, uint64_t first, uint64_t last) {
  const Call *call = context;
  NativeWork work = call->work;
  work.first = first * call->unit;
  work.last = lesser(last * call->unit, call->count);
  work.scratch = call->engine->scratch + member * call->engine->scratch_cells;
  if (work.first < work.last) call->kernel(&call->junction->native, &work);
}

/* Neurons of the layer that a kernel shares out: whole tiles, so that sums keep their order. */
static uint64_t shared_unit(const Layout *layout, NativeKernelId id) {
  if (layout->kind != LAYOUT_TILE) return SUM_LANES;
  return id == NATIVE_BP ? layout->left_tile : layout->right_tile;
}

/* Threads pay from some edges x columns on; softmax wants all outputs in one hand. */
static void run_kernel(NativeEngine *n, uint32_t junction, NativeKernelId id,
                       const NativeWork *work, uint64_t count) {
  enum { LEAST_WORK = 200000 };
  const Model *model = n->engine.model;
  const Activation *activation = &model->layers[junction + 1].activation;
  Call call = {.engine = n,
               .junction = &n->junctions[junction],
               .kernel = n->junctions[junction].kernels[id],
               .work = *work,
               .count = count,
               .unit = shared_unit(&n->junctions[junction].layout, id)};
  const uint64_t columns = work->last_column - work->first_column;
  const uint64_t units = (count + call.unit - 1) / call.unit;
  const bool is_alone = units == 1 ||
                        (id == NATIVE_FF && activation->function == ACTIVATE_SOFTMAX) ||
                        model->junctions[junction].edges.edge_count * columns < LEAST_WORK;
  if (is_alone) {
    run_share(&call, 0, 0, units);
  } else {
    team_share(n->team, units, run_share, &call);
  }
}

static Cell *matrix(const LayerMemory *layer, Cell *memory, uint32_t slot) {
  return memory + slot * layer->cells;
}

/* A column's cell of the first neuron; the next neuron's is n->panel further. */
static uint64_t column_cell(const NativeEngine *n, const LayerMemory *layer, uint64_t column) {
  return cell_of_column(layer->neuron_count, n->panel, column);
}

/* ---- inputs ---- */

/* Sixteen examples become the columns from `column` on. */
static void enter_block(NativeEngine *n, const Examples *examples, const uint64_t *numbers,
                        Cell *to, uint64_t column) {
  const void *pointers[SUM_LANES];
  for (uint32_t i = 0; i < SUM_LANES; i++) pointers[i] = example_at(examples, numbers[i]);
  const NativeWork work = {.examples = pointers,
                           .ff_left = to + column_cell(n, &n->layers[0], column)};
  enter_kernel(n, examples)(&n->junctions[0].native, &work);
}

/* Fills the columns that only know their example's number. */
static void read_columns(NativeEngine *n, const Examples *examples, BatchRecord *batch) {
  LayerMemory *layer = &n->layers[0];
  Cell *to = matrix(layer, layer->activation, batch->slot);
  const uint64_t *numbers = n->examples + (size_t)batch->slot * n->columns;
  while (batch->read < batch->count) {
    const bool is_block = batch->read % SUM_LANES == 0 && batch->count - batch->read >= SUM_LANES;
    if (is_block && enter_kernel(n, examples)) {
      enter_block(n, examples, numbers + batch->read, to, batch->read);
      batch->read += SUM_LANES;
      continue;
    }
    read_input(&n->inputs, examples, numbers[batch->read], batch->first + batch->read, NULL,
               n->panel, to + column_cell(n, layer, batch->read));
    batch->read++;
  }
}

static uint32_t free_slot(const NativeEngine *n) {
  uint32_t slot = 0;
  for (uint64_t i = 0; i < n->position.batches; i++) {
    if (n->batches[i].slot != slot) continue;
    slot++;
    i = UINT64_MAX; /* look from the beginning */
  }
  return slot;
}

static void begin_batch(NativeEngine *n) {
  const uint64_t last = n->position.batches;
  assert(last < n->record_count); /* see batch_records() */
  *record(n, last) = (BatchRecord){.first = n->position.entered, .slot = free_slot(n)};
  memset(ff_done(n, last), 0, n->junction_count * sizeof(uint32_t));
  n->position.batches++;
}

/* ---- feedforward ---- */

static bool tell_outputs(NativeEngine *n, const BatchRecord *batch, uint64_t first, uint64_t last,
                         Tally *tally, Failure *failure) {
  const LayerMemory *layer = &n->layers[n->junction_count];
  const Cell *activation = matrix(layer, layer->activation, batch->slot);
  const uint32_t *labels = n->labels + (size_t)batch->slot * n->columns;
  for (uint64_t column = first; column < last; column++) {
    tally_output(n->engine.model, activation + column_cell(n, layer, column), n->panel,
                 labels[column], n->scores, tally);
    if (!check_outputs(n->engine.model, tally, batch->first + column, failure)) return false;
  }
  return true;
}

static bool run_ff(NativeEngine *n, uint64_t b, uint32_t i, uint64_t last, Tally *tally,
                   Failure *failure) {
  const BatchRecord *batch = record(n, b);
  LayerMemory *left = &n->layers[i], *right = &n->layers[i + 1];
  NativeWork work = {
      .ff_left = matrix(left, left->activation, batch->slot),
      .ff_right = matrix(right, right->activation, batch->slot),
      .ff_derivative = matrix(right, right->derivative, batch->slot),
      .first_column = ff_done(n, b)[i],
      .last_column = last,
      .ff_input = batch->first,
  };
  run_kernel(n, i, NATIVE_FF, &work, right->neuron_count);
  ff_done(n, b)[i] = (uint32_t)last;
  if (i + 1 < n->junction_count) return true;
  work.right_delta = matrix(right, right->delta, batch->slot);
  work.labels = n->labels + (size_t)batch->slot * n->columns;
  n->junctions[i].kernels[NATIVE_OUTPUT](&n->junctions[i].native, &work);
  return tell_outputs(n, batch, work.first_column, last, tally, failure);
}

/* Columns of batch b that FF of junction i may have done by the end of junction cycle `now`. */
static uint64_t ff_limit(NativeEngine *n, uint64_t b, uint32_t i, uint64_t now, bool is_lazy) {
  const BatchRecord *batch = record(n, b);
  const uint64_t lag = n->engine.model->is_pipelined ? i : 0;
  const uint64_t seen = now + 1 > batch->first + lag ? now + 1 - batch->first - lag : 0;
  uint64_t limit = lesser(seen, batch->count);
  if (i > 0) limit = lesser(limit, ff_done(n, b)[i - 1]);
  /* Batches before this one that have not updated the junction yet: only so many inputs may still
   * see its weights. */
  for (uint64_t older = 0; older < b; older++) {
    const BatchRecord *before = record(n, older);
    if (before->update_count >= n->junction_count - i) continue;
    const uint64_t end = before->first + before->count + stale_inputs(n, i);
    return lesser(limit, end > batch->first ? end - batch->first : 0);
  }
  /* Half a batch now and half of it later would cost more than all of it later. */
  if (is_lazy && limit < batch->count) return 0;
  return limit;
}

/* ---- back ---- */

static void run_back(NativeEngine *n, uint64_t b, uint32_t i) {
  BatchRecord *batch = record(n, b);
  LayerMemory *left = &n->layers[i], *right = &n->layers[i + 1];
  JunctionMemory *j = &n->junctions[i];
  next_rules(n, i, batch->rate);
  NativeWork work = {
      .up_left = matrix(left, left->activation, batch->slot),
      .right_delta = matrix(right, right->delta, batch->slot),
      .weight_rule = &j->weight_rule,
      .bias_rule = &j->bias_rule,
      .last_column = batch->count,
      .up_input = batch->first,
  };
  if (i > 0) {
    work.left_derivative = matrix(left, left->derivative, batch->slot);
    work.left_delta = matrix(left, left->delta, batch->slot);
    run_kernel(n, i, NATIVE_BP, &work, left->neuron_count);
  }
  run_kernel(n, i, NATIVE_UP, &work, right->neuron_count);
  batch->update_count++;
}

/* Whether the next update of batch b, the one of junction i, is due and nothing wants the old
 * weights any more. */
static bool can_update(NativeEngine *n, uint64_t b, uint32_t i, uint64_t now) {
  const BatchRecord *batch = record(n, b);
  if (!batch->is_closed || ff_done(n, b)[n->junction_count - 1] < batch->count) return false;
  if (b > 0 && record(n, b - 1)->update_count < n->junction_count - i) return false;
  const uint64_t last = batch->first + batch->count - 1;
  if (!n->engine.model->is_pipelined) return true;
  if (last + 2ull * n->junction_count - 1 - i > now) return false;
  for (uint64_t later = b + 1; later < n->position.batches; later++) {
    const BatchRecord *after = record(n, later);
    const uint64_t end = last + stale_inputs(n, i) + 1;
    const uint64_t wanted = end > after->first ? lesser(end - after->first, after->count) : 0;
    if (ff_done(n, later)[i] < wanted) return false;
  }
  return true;
}

/* ---- everything that is due ---- */

static bool advance_ff(NativeEngine *n, uint64_t now, bool is_lazy, Tally *tally, bool *is_any,
                       Failure *failure) {
  for (uint64_t b = 0; b < n->position.batches; b++) {
    for (uint32_t i = 0; i < n->junction_count; i++) {
      const uint64_t limit = ff_limit(n, b, i, now, is_lazy);
      if (limit <= ff_done(n, b)[i]) continue;
      if (!run_ff(n, b, i, limit, tally, failure)) return false;
      *is_any = true;
    }
  }
  return true;
}

static bool advance_back(NativeEngine *n, uint64_t now) {
  bool is_any = false;
  for (uint64_t b = 0; b < n->position.batches; b++) {
    BatchRecord *batch = record(n, b);
    while (batch->update_count < n->junction_count) {
      const uint32_t i = n->junction_count - 1 - batch->update_count;
      if (!can_update(n, b, i, now)) break;
      run_back(n, b, i);
      is_any = true;
    }
  }
  return is_any;
}

static void forget_finished(NativeEngine *n) {
  NativePosition *at = &n->position;
  while (at->batches > 0 && n->batches[0].update_count == n->junction_count) {
    at->batches--;
    memmove(n->batches, n->batches + 1, at->batches * sizeof *n->batches);
    memmove(n->ff_done, n->ff_done + n->junction_count,
            at->batches * n->junction_count * sizeof *n->ff_done);
  }
}

/* Does what is due by the end of junction cycle `now`; lazily: what can wait for a larger piece
 * waits. */
static bool advance(NativeEngine *n, uint64_t now, bool is_lazy, Tally *tally, Failure *failure) {
  bool is_any = true;
  while (is_any) {
    is_any = false;
    if (!advance_ff(n, now, is_lazy, tally, &is_any, failure)) return false;
    is_any |= advance_back(n, now);
    forget_finished(n);
  }
  return true;
}

/* ---- the engine ---- */

static void enter_input(NativeEngine *n, const TrainRun *run, uint64_t place) {
  NativePosition *at = &n->position;
  if (at->batches == 0 || record(n, at->batches - 1)->is_closed) begin_batch(n);
  BatchRecord *batch = record(n, at->batches - 1);
  const uint32_t example = run->order[place];
  const size_t cell = (size_t)batch->slot * n->columns + batch->count++;
  n->labels[cell] = run->examples->labels[example];
  n->examples[cell] = example;
  batch->rate = run->rate;
  batch->is_closed =
      batch->count == n->engine.model->batch || (run->ends_batch && place + 1 == run->count);
  at->entered++;
}

/* Whether a further batch would find no record. */
static bool is_full(const NativeEngine *n) {
  return n->position.batches == n->record_count;
}

bool batch_train(Engine *engine, const TrainRun *run, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  for (uint64_t place = 0; place < run->count; place++) {
    enter_input(n, run, place);
    BatchRecord *batch = record(n, n->position.batches - 1);
    const bool is_last = place + 1 == run->count;
    if (!batch->is_closed && !is_last) continue;
    read_columns(n, run->examples, batch);
    if (!advance(n, n->position.entered - 1, !is_last && !is_full(n), tally, failure)) return false;
  }
  return true;
}

bool batch_drain(Engine *engine, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  NativePosition *at = &n->position;
  if (!advance(n, at->entered + 2ull * n->junction_count, false, tally, failure)) return false;
  at->first = at->entered;
  return true;
}

/* ---- inference ---- */

static void infer_columns(NativeEngine *n, const Examples *examples, uint64_t first,
                          uint64_t count) {
  uint64_t column = 0;
  for (; column + SUM_LANES <= count && enter_kernel(n, examples); column += SUM_LANES) {
    uint64_t numbers[SUM_LANES];
    for (uint32_t i = 0; i < SUM_LANES; i++) numbers[i] = first + column + i;
    enter_block(n, examples, numbers, n->layers[0].scratch, column);
  }
  for (; column < count; column++)
    read_input(&n->inputs, examples, first + column, first + column, NULL, n->panel,
               n->layers[0].scratch + column_cell(n, &n->layers[0], column));
  for (uint32_t i = 0; i < n->junction_count; i++) {
    const NativeWork work = {
        .ff_left = n->layers[i].scratch,
        .ff_right = n->layers[i + 1].scratch,
        .ff_derivative = n->layers[i + 1].scratch_derivative,
        .last_column = count,
        .ff_input = first,
    };
    run_kernel(n, i, NATIVE_FF, &work, n->layers[i + 1].neuron_count);
  }
}

bool batch_infer(Engine *engine, const Examples *examples, uint64_t first, uint64_t count,
                 float *scores, uint32_t *classes, Tally *tally, Failure *failure) {
  NativeEngine *n = (NativeEngine *)engine;
  const LayerMemory *output = &n->layers[n->junction_count];
  (void)failure;
  for (uint64_t done = 0; done < count; done += n->columns) {
    const uint64_t piece = lesser(count - done, n->columns);
    infer_columns(n, examples, first + done, piece);
    for (uint64_t column = 0; column < piece; column++) {
      const uint64_t i = done + column;
      const uint32_t predicted =
          tally_output(n->engine.model, output->scratch + column_cell(n, output, column), n->panel,
                       examples->labels[first + i], n->scores, tally);
      if (classes) classes[i] = predicted;
      for (uint32_t r = 0; scores && r < output->real_count; r++)
        scores[i * output->real_count + r] = (float)n->scores[r];
    }
  }
  return true;
}

/* ---- states from files ---- */

/* A batch's own numbers, and that its matrices are nobody else's. */
static bool is_batch_sound(const NativeEngine *n, uint64_t b) {
  const BatchRecord *batch = &n->batches[b];
  const uint32_t *done = n->ff_done + b * n->junction_count;
  uint64_t most = batch->count;
  for (uint32_t i = 0; i < n->junction_count; most = done[i++])
    if (done[i] > most) return false;
  for (uint64_t other = 0; other < b; other++)
    if (n->batches[other].slot == batch->slot) return false;
  return batch->slot < n->record_count && batch->count >= 1 &&
         batch->count <= n->engine.model->batch && batch->read == batch->count &&
         batch->is_closed <= 1 && batch->update_count < n->junction_count &&
         (batch->update_count == 0 || (batch->is_closed && most == batch->count));
}

/* Batches follow one another without a gap, all but the last one closed, none ahead of an older
 * one, and the last ends with the input that entered last. */
static bool is_row_sound(const NativeEngine *n) {
  const uint64_t count = n->position.batches;
  /* A pipeline is never done with its last input before it is drained. */
  if (count == 0) return !n->engine.model->is_pipelined || n->position.first == n->position.entered;
  for (uint64_t b = 0; b < count; b++) {
    const BatchRecord *batch = &n->batches[b], *after = batch + 1;
    const bool is_last = b + 1 == count;
    const uint64_t end = is_last ? n->position.entered : after->first;
    if (!is_batch_sound(n, b) || end < batch->count || batch->first != end - batch->count)
      return false;
    if (!is_last && (!batch->is_closed || after->update_count > batch->update_count)) return false;
  }
  return count < n->record_count || !n->batches[count - 1].is_closed;
}

/* Whether nothing is left that was due when the last input had entered. */
static bool is_up_to_date(NativeEngine *n) {
  const uint64_t now = n->position.entered - 1;
  for (uint64_t b = 0; b < n->position.batches; b++) {
    for (uint32_t i = 0; i < n->junction_count; i++)
      if (ff_limit(n, b, i, now, false) > ff_done(n, b)[i]) return false;
    if (can_update(n, b, n->junction_count - 1 - record(n, b)->update_count, now)) return false;
  }
  return true;
}

static bool check_labels(const NativeEngine *n, const char *path, Failure *failure) {
  for (uint64_t b = 0; b < n->position.batches; b++) {
    const BatchRecord *batch = &n->batches[b];
    const uint32_t *labels = n->labels + (size_t)batch->slot * n->columns;
    for (uint32_t i = 0; i < batch->count; i++)
      if (!check_input(n->engine.model, batch->first + i, labels[i], batch->rate, path, failure))
        return false;
  }
  return true;
}

bool batch_check(const Engine *engine, const char *path, Failure *failure) {
  const NativeEngine *n = (const NativeEngine *)engine;
  if (!check_progress(n, 0, path, failure)) return false;
  if (n->position.batches > n->record_count || !is_row_sound(n) ||
      !is_up_to_date((NativeEngine *)engine))
    return fail_damaged(path, failure, "its batches under way do not follow one another");
  return check_labels(n, path, failure);
}
