// SPDX-License-Identifier: MIT
// One junction cycle of the simulator: clock by clock, with every bank's ports and every partial
// sum watched.
//
// A clock's edges share their left addresses between FF, BP and UP, so the left banks are metered
// once per edge; then the kernels do the arithmetic.  Reads and writes of one word-set fall into
// different clocks: the read-modify-write memories are checked for both together only where a clock
// asks a bank for more than one word.
#include <inttypes.h>
#include <string.h>

#include "runtime/simulator_state.h"

static const uint32_t no_slot = UINT32_MAX;

/* The edges of a slot. */
typedef struct Slot {
  uint32_t first, last;
} Slot;

static Slot slot_edges(const JunctionState *j, uint32_t slot) {
  const uint32_t z = j->schedule->z;
  const uint32_t first = slot * z;
  return (Slot){first, j->edge_count - first < z ? j->edge_count : first + z};
}

static bool report_clash(const Simulator *s, const JunctionState *j, uint32_t clock,
                         const char *memory, uint32_t bank, uint32_t element, Failure *failure) {
  return fail(failure, FAILURE_DEFECT, NULL,
              "junction %u, clock %u: bank %u of the %s has no port left of its %u for word %u "
              "(edges from %u)",
              j->index + 1, clock, bank, memory, s->schedule->ports, element,
              slot_of_clock(j->schedule, clock) == no_slot
                  ? 0
                  : slot_of_clock(j->schedule, clock) * j->schedule->z);
}

/* ---- left words ---- */

/* Different words of `bank` among the left neurons of the edges issued in `clock`; rare, so it
 * scans. */
static uint32_t left_words(const JunctionState *j, uint32_t clock, uint32_t bank) {
  const uint32_t slot = slot_of_clock(j->schedule, clock);
  if (slot == no_slot) return 0;
  const Slot edges = slot_edges(j, slot);
  uint32_t words = 0;
  for (uint32_t e = edges.first; e < edges.last; e++) {
    if (j->left_meter.bank_of[j->left[e]] != bank) continue;
    uint32_t earlier = edges.first;
    while (j->left[earlier] != j->left[e]) earlier++;
    words += earlier == e;
  }
  return words;
}

/* Partial sums read in `clock` and those written back in it stay within the ports, and likewise
 * when this clock's are written. Only clocks with a bank of several words come here. */
static bool partial_sums_fit(const Simulator *s, const JunctionState *j, uint32_t clock,
                             Failure *failure) {
  const uint32_t lag = j->return_clocks;
  for (uint32_t bank = 0; bank < j->left_meter.banks; bank++) {
    const uint32_t words = bank_meter_words(&j->left_meter, bank);
    if (words < 2) continue;
    const uint32_t before = clock >= lag ? left_words(j, clock - lag, bank) : 0;
    const uint32_t after = left_words(j, clock + lag, bank);
    if (words + (before > after ? before : after) > s->schedule->ports) {
      return report_clash(s, j, clock, "left deltas", bank, words, failure);
    }
  }
  return true;
}

/* Meters the left words of a slot; *words counts the ports they use. */
static bool meter_left(const Simulator *s, JunctionState *j, Slot edges, uint32_t clock,
                       bool has_bp, uint32_t *words, Failure *failure) {
  const uint64_t now = s->junction_cycles * s->schedule->junction_cycle + clock + UINT32_MAX;
  bank_meter_next_clock(&j->left_meter);
  uint32_t used = 0;
  for (uint32_t e = edges.first; e < edges.last; e++) {
    const uint32_t left = j->left[e];
    const PortUse use = bank_meter_ask(&j->left_meter, left);
    if (use == PORT_SHARED) continue;
    if (use == PORT_CLASH) {
      return report_clash(s, j, clock, "left activations", j->left_meter.bank_of[left], left,
                          failure);
    }
    used++;
    if (!has_bp) continue;
    if (now - j->touched[left] < j->least_distance) {
      return fail(failure, FAILURE_DEFECT, NULL,
                  "junction %u, clock %u: the partial delta of left neuron %u is read for edge %u "
                  "before the sum of %" PRIu64 " clocks ago is written back",
                  j->index + 1, clock, left, e, now - j->touched[left]);
    }
    j->touched[left] = now;
  }
  *words = used;
  return !has_bp || j->left_meter.extra_count == 0 || partial_sums_fit(s, j, clock, failure);
}

/* ---- right words ---- */

/* What the right side of a clock asks for, in neurons. */
typedef struct RightWords {
  uint32_t first; /* neurons whose first edge is in the clock */
  uint32_t last;  /* neurons that end in it */
} RightWords;

static bool ask_right(const Simulator *s, const JunctionState *j, BankMeter *meter, uint32_t clock,
                      uint32_t right, uint32_t *words, Failure *failure) {
  if (bank_meter_ask(meter, right) == PORT_CLASH) {
    return report_clash(s, j, clock, "right neurons", meter->bank_of[right], right, failure);
  }
  *words += 1;
  return true;
}

static bool meter_right(const Simulator *s, JunctionState *j, Slot edges, uint32_t clock,
                        RightWords *words, Failure *failure) {
  for (uint32_t r = j->right; r < j->right_count && j->right_begin[r] < edges.last; r++) {
    const uint32_t begin = j->right_begin[r], end = j->right_begin[r + 1];
    if (begin == end) continue;
    if (begin >= edges.first && !ask_right(s, j, &j->first_meter, clock, r, &words->first, failure))
      return false;
    if (end <= edges.last && !ask_right(s, j, &j->last_meter, clock, r, &words->last, failure))
      return false;
  }
  return true;
}

/* ---- a clock ---- */

static void count_clock(Simulator *s, const JunctionState *j, const CycleWork *work, Slot edges,
                        uint32_t left, RightWords right) {
  JunctionCounts *counts = &s->counts[j->index];
  const uint64_t issued = edges.last - edges.first;
  const bool is_batched = s->engine.model->batch > 1;
  const bool writes_parameters = work->has_up && work->closes_batch;
  const bool has_state =
      writes_parameters && optimizer_state_words(&s->engine.model->optimizer) > 0;
  counts->port_uses[MEMORY_WEIGHT] += issued * (1u + writes_parameters);
  counts->port_uses[MEMORY_BIAS] += right.last * (1ull + writes_parameters);
  if (has_state) counts->port_uses[MEMORY_STATE] += 2 * issued;
  if (has_state) counts->port_uses[MEMORY_BIAS_STATE] += 2ull * right.last;
  if (work->has_ff) {
    counts->ops[EDGE_OP_FF_MAC] += issued;
    counts->ops[EDGE_OP_FF_END] += right.last;
    counts->port_uses[MEMORY_ACTIVATION] += left + right.last;
    counts->port_uses[MEMORY_DERIVATIVE] += right.last;
    /* The last junction's neurons get the loss's delta as they end. */
    if (j->index + 1 == j->model->junction_count) counts->port_uses[MEMORY_DELTA] += right.last;
  }
  if (!work->has_up) return;
  counts->ops[EDGE_OP_UP_STEP] += issued;
  counts->ops[EDGE_OP_UP_BIAS] += right.last;
  counts->port_uses[MEMORY_ACTIVATION] += left;
  counts->port_uses[MEMORY_DELTA] += right.first;
  if (is_batched) counts->port_uses[MEMORY_GRADIENT] += 2 * issued;
  if (is_batched) counts->port_uses[MEMORY_BIAS_GRADIENT] += 2ull * right.last;
  if (!work->has_bp) return;
  counts->ops[EDGE_OP_BP_MAC] += issued;
  counts->port_uses[MEMORY_DELTA] += 2ull * left;
}

static bool run_slot(Simulator *s, JunctionState *j, const CycleWork *work, uint32_t slot,
                     uint32_t clock, RightWords right, Failure *failure) {
  const Slot edges = slot_edges(j, slot);
  uint32_t left = 0;
  if (!meter_left(s, j, edges, clock, work->has_bp, &left, failure)) return false;
  if (!meter_right(s, j, edges, clock, &right, failure)) return false;
  if (work->has_ff) j->kernels->ff(j, work, edges.first, edges.last);
  if (work->has_bp) j->kernels->bp(j, work, edges.first, edges.last);
  if (work->has_up) j->kernels->up(j, work, edges.first, edges.last);
  while (j->right < j->right_count && j->right_begin[j->right + 1] <= edges.last) j->right++;
  count_clock(s, j, work, edges, left, right);
  return true;
}

static void begin_update(const Model *model, JunctionState *j, const CycleWork *work) {
  if (!work->has_up || !work->closes_batch) return;
  const uint64_t step = ++*j->step_count;
  j->weight_rule = update_rule(&model->optimizer, &model->number, work->rate, step, true);
  j->bias_rule = update_rule(&model->optimizer, &model->number, work->rate, step, false);
}

/* Runs all clocks of one junction in one junction cycle. */
static bool run_junction(Simulator *s, JunctionState *j, const CycleWork *work, Failure *failure) {
  const JunctionSchedule *schedule = j->schedule;
  j->right = 0;
  begin_update(s->engine.model, j, work);
  j->kernels->begin(j, work);
  uint32_t slot = 0, bubble = 0, unconnected = 0;
  for (uint32_t clock = 0; slot < schedule->slot_count || unconnected < schedule->unconnected_count;
       clock++) {
    RightWords right = {0, 0};
    bank_meter_next_clock(&j->first_meter);
    bank_meter_next_clock(&j->last_meter);
    for (; unconnected < schedule->unconnected_count &&
           schedule->unconnected[unconnected].clock == clock;
         unconnected++) {
      const uint32_t neuron = schedule->unconnected[unconnected].right;
      if (!ask_right(s, j, &j->last_meter, clock, neuron, &right.last, failure)) return false;
    }
    const bool is_bubble = bubble < schedule->bubble_count && schedule->bubbles[bubble] == slot;
    if (is_bubble || slot == schedule->slot_count) {
      bubble += is_bubble;
      count_clock(s, j, work, (Slot){0, 0}, 0, right);
      continue;
    }
    if (!run_slot(s, j, work, slot, clock, right, failure)) return false;
    slot++;
  }
  j->kernels->end(j, work);
  if (work->has_bp) {
    s->counts[j->index].ops[EDGE_OP_BP_END] += j->left_touched;
    s->counts[j->index].port_uses[MEMORY_DERIVATIVE] += j->left_touched;
  }
  return true;
}

/* ---- a junction cycle ---- */

static bool is_on_its_way(const Simulator *s, uint64_t input) {
  return input != UINT64_MAX && input >= s->position.first && input < s->position.entered;
}

static Cell *copy_of(Cell *memory, const LayerState *layer, uint32_t copies, uint64_t input) {
  return memory + (size_t)(input % copies) * layer->neuron_count;
}

static CycleWork choose_work(const Simulator *s, uint32_t index) {
  const LayerState *left = &s->layers[index], *right = &s->layers[index + 1];
  const uint64_t ff = input_of_cycle(s->schedule, index, PHASE_FF, s->position.cycle);
  const uint64_t up = input_of_cycle(s->schedule, index, PHASE_UP, s->position.cycle);
  CycleWork work = {.has_ff = is_on_its_way(s, ff),
                    .has_up = is_on_its_way(s, up),
                    .ff_input = ff,
                    .up_input = up};
  work.has_bp = work.has_up && index > 0;
  if (work.has_ff) {
    work.ff_activation = copy_of(left->activation, left, left->copies, ff);
    work.right_activation = copy_of(right->activation, right, right->copies, ff);
    work.right_derivative = copy_of(right->derivative, right, right->copies, ff);
  }
  if (!work.has_up) return work;
  const InputRecord *record = &s->records[up % s->record_count];
  work.up_activation = copy_of(left->activation, left, left->copies, up);
  work.right_delta = copy_of(right->delta, right, right->delta_copies, up);
  work.rate = record->rate;
  work.batch_place = record->batch_place;
  work.closes_batch = record->closes_batch;
  if (!work.has_bp) return work;
  work.left_derivative = copy_of(left->derivative, left, left->copies, up);
  work.left_delta = copy_of(left->delta, left, left->delta_copies, up);
  return work;
}

bool simulate_junction_cycle(Simulator *s, Tally *tally, Failure *failure) {
  const uint32_t junction_count = s->engine.model->junction_count;
  for (uint32_t i = 0; i < junction_count; i++) {
    const CycleWork work = choose_work(s, i);
    if (!work.has_ff && !work.has_up) continue;
    if (!run_junction(s, &s->junctions[i], &work, failure)) return false;
    if (work.has_ff && i + 1 == junction_count && !finish_output(s, work.ff_input, tally, failure))
      return false;
  }
  s->position.cycle++;
  s->junction_cycles++;
  return true;
}

void simulate_inference(JunctionState *j, uint64_t example, const Cell *left, Cell *right) {
  const CycleWork work = {
      .has_ff = true, .ff_input = example, .ff_activation = left, .right_activation = right};
  j->right = 0;
  j->kernels->begin(j, &work);
  j->kernels->ff(j, &work, 0, j->edge_count);
  j->kernels->end(j, &work);
}
