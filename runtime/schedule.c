// SPDX-License-Identifier: MIT
// Questions about a schedule: clocks and slots, any clock expanded, and what a run will count.
#include "runtime/schedule.h"

#include <assert.h>

/* ---- time ---- */

/* How many bubbles stand at or before `slot`. */
static uint32_t bubbles_before(const JunctionSchedule *junction, uint32_t slot) {
  uint32_t low = 0, high = junction->bubble_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (junction->bubbles[middle] <= slot) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint32_t clock_of_slot(const JunctionSchedule *junction, uint32_t slot) {
  return slot + bubbles_before(junction, slot);
}

uint32_t slot_of_clock(const JunctionSchedule *junction, uint32_t clock) {
  /* Clocks grow with slots, so look for the one that hits. */
  uint32_t low = clock > junction->bubble_count ? clock - junction->bubble_count : 0;
  uint32_t high = clock < junction->slot_count ? clock + 1 : junction->slot_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const uint32_t found = clock_of_slot(junction, middle);
    if (found == clock) return middle;
    if (found < clock) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return UINT32_MAX;
}

uint32_t moment_clocks(const Schedule *schedule, uint32_t junction, AccessMoment moment) {
  switch (moment) {
  case MOMENT_ISSUE: return 0;
  case MOMENT_PARTIAL:
    return schedule->junctions[junction].remedy == REMEDY_NONE ? 0 : schedule->stages;
  case MOMENT_WRITE_BACK: return schedule->stages + 1;
  }
  return 0;
}

/* Junction cycles after an input entered in which a junction works on it. */
static uint32_t phase_delay(const Schedule *schedule, uint32_t junction, Phase phase) {
  return phase == PHASE_FF ? junction : 2 * schedule->model->junction_count - 1 - junction;
}

uint64_t input_of_cycle(const Schedule *schedule, uint32_t junction, Phase phase,
                        uint64_t junction_cycle) {
  const uint32_t delay = phase_delay(schedule, junction, phase);
  if (junction_cycle < delay) return UINT64_MAX;
  const uint64_t since = junction_cycle - delay;
  return since % schedule->initiation_interval ? UINT64_MAX : since / schedule->initiation_interval;
}

/* Whether a memory belongs to a junction or layer that is listed before this kind's `owner`. */
static bool is_listed_before(const Memory *memory, MemoryKind kind, uint32_t owner) {
  const MemoryOwner section = memory_info[memory->kind].owner;
  if (section != memory_info[kind].owner) return section == OWNER_JUNCTION;
  return memory->owner < owner;
}

uint64_t missing_updates(const Schedule *schedule, uint32_t junction, Phase phase,
                         uint64_t junction_cycle) {
  const uint64_t input = input_of_cycle(schedule, junction, phase, junction_cycle);
  if (input == UINT64_MAX) return 0;
  /* Updates come every II cycles: the last one before this cycle is at most so far back. */
  for (uint64_t back = 1; back <= schedule->initiation_interval && back <= junction_cycle; back++) {
    const uint64_t updated = input_of_cycle(schedule, junction, PHASE_UP, junction_cycle - back);
    if (updated != UINT64_MAX) return input - (updated + 1);
  }
  return input;
}

const Memory *find_memory(const Schedule *schedule, MemoryKind kind, uint32_t owner) {
  uint32_t low = 0, high = schedule->memory_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (is_listed_before(&schedule->memories[middle], kind, owner)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (uint32_t i = low; i < schedule->memory_count && schedule->memories[i].owner == owner; i++) {
    if (schedule->memories[i].kind == kind) return &schedule->memories[i];
  }
  return NULL;
}

/* ---- expanding a clock ---- */

AccessConditions access_conditions(const Model *model, bool is_closing) {
  return (AccessConditions){
      .is_batched = model->batch > 1,
      .is_closing = is_closing,
      .is_stateful = is_closing && optimizer_state_words(&model->optimizer) > 0,
  };
}

/* Whether an access happens in this junction. */
static bool condition_holds(const Schedule *schedule, uint32_t junction, AccessCondition condition,
                            AccessConditions conditions) {
  switch (condition) {
  case CONDITION_ALWAYS: return true;
  case CONDITION_BATCHED: return conditions.is_batched;
  case CONDITION_STATEFUL: return conditions.is_stateful;
  case CONDITION_CLOSING: return conditions.is_closing;
  case CONDITION_OUTPUT: return junction + 1 == schedule->model->junction_count;
  }
  return false;
}

typedef struct Expansion {
  const Schedule *schedule;
  uint32_t junction;
  AccessVisitor visit;
  void *context;
} Expansion;

static bool visit_element(const Expansion *x, const AccessRule *rule, const Memory *memory,
                          uint32_t element, uint32_t edge) {
  const Access access = {
      .op = rule->op,
      .memory = memory,
      .direction = rule->direction,
      .element = element,
      .bank = element % memory->banks,
      .word = element / memory->banks,
      .edge = edge,
      .age = phase_delay(x->schedule, x->junction, edge_op_info[rule->op].phase),
  };
  return x->visit(x->context, &access);
}

/* Right neurons whose first or last edge is in the slot. */
static bool visit_right(const Expansion *x, const AccessRule *rule, const Memory *memory,
                        uint32_t first, uint32_t last) {
  const Interleaver *edges = &x->schedule->model->junctions[x->junction].edges;
  for (uint32_t r = interleaver_right(edges, first); r < edges->right_count; r++) {
    const uint32_t begin = interleaver_begin(edges, r), end = interleaver_begin(edges, r + 1);
    if (begin >= last) break;
    if (begin == end) continue;
    const uint32_t edge = rule->index == INDEX_RIGHT_FIRST ? begin : end - 1;
    if (edge >= first && edge < last && !visit_element(x, rule, memory, r, edge)) return false;
  }
  return true;
}

static bool visit_slot(const Expansion *x, const AccessRule *rule, const Memory *memory,
                       uint32_t slot) {
  const JunctionSchedule *junction = &x->schedule->junctions[x->junction];
  const Interleaver *edges = &x->schedule->model->junctions[x->junction].edges;
  const uint32_t first = slot * junction->z;
  const uint32_t last =
      edges->edge_count - first < junction->z ? edges->edge_count : first + junction->z;
  if (rule->index == INDEX_RIGHT_FIRST || rule->index == INDEX_RIGHT_LAST)
    return visit_right(x, rule, memory, first, last);
  for (uint32_t e = first; e < last; e++) {
    const uint32_t left = interleaver_left(edges, e);
    /* Once a left neuron means: with its last edge. */
    if (edge_op_info[rule->op].per == PER_LEFT && junction->last_edge[left] != e) continue;
    if (!visit_element(x, rule, memory, rule->index == INDEX_EDGE ? e : left, e)) return false;
  }
  return true;
}

static bool visit_unconnected(const Expansion *x, const AccessRule *rule, const Memory *memory,
                              uint32_t clock) {
  const JunctionSchedule *junction = &x->schedule->junctions[x->junction];
  if (rule->index != INDEX_RIGHT_LAST) return true;
  uint32_t low = 0, high = junction->unconnected_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (junction->unconnected[middle].clock < clock) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (; low < junction->unconnected_count && junction->unconnected[low].clock == clock; low++) {
    if (!visit_element(x, rule, memory, junction->unconnected[low].right, UINT32_MAX)) return false;
  }
  return true;
}

static uint32_t rule_owner(const AccessRule *rule, uint32_t junction) {
  return rule->owner == ACCESS_RIGHT_LAYER ? junction + 1 : junction;
}

bool visit_clock(const Schedule *schedule, uint32_t junction, uint32_t clock,
                 AccessConditions conditions, AccessVisitor visit, void *context) {
  const Expansion x = {schedule, junction, visit, context};
  const JunctionSchedule *j = &schedule->junctions[junction];
  for (unsigned i = 0; i < access_rule_count; i++) {
    const AccessRule *rule = &access_rules[i];
    const uint32_t delay = moment_clocks(schedule, junction, rule->moment);
    const bool is_skipped = edge_op_info[rule->op].phase == PHASE_BP && !j->has_bp;
    if (is_skipped || clock < delay ||
        !condition_holds(schedule, junction, rule->condition, conditions))
      continue;
    const Memory *memory = find_memory(schedule, rule->memory, rule_owner(rule, junction));
    assert(memory);
    const uint32_t slot = slot_of_clock(j, clock - delay);
    if (slot != UINT32_MAX && !visit_slot(&x, rule, memory, slot)) return false;
    if (!visit_unconnected(&x, rule, memory, clock - delay)) return false;
  }
  return true;
}

/* ---- counting ---- */

/* Elements that one access rule asks for in a junction cycle, shared words counted once. */
static uint64_t rule_uses(const Schedule *schedule, uint32_t junction, const AccessRule *rule) {
  const JunctionSchedule *j = &schedule->junctions[junction];
  const Interleaver *edges = &schedule->model->junctions[junction].edges;
  switch (rule->index) {
  case INDEX_EDGE: return edges->edge_count;
  case INDEX_LEFT: return edge_op_info[rule->op].per == PER_LEFT ? j->left_touched : j->left_uses;
  case INDEX_RIGHT_FIRST: return edges->right_count - j->unconnected_count;
  case INDEX_RIGHT_LAST: return edges->right_count;
  }
  return 0;
}

static uint64_t op_count(const Schedule *schedule, uint32_t junction, EdgeOp op) {
  const Interleaver *edges = &schedule->model->junctions[junction].edges;
  switch (edge_op_info[op].per) {
  case PER_EDGE: return edges->edge_count;
  case PER_LEFT: return schedule->junctions[junction].left_touched;
  case PER_RIGHT: return edges->right_count;
  }
  return 0;
}

static bool is_active(const Schedule *schedule, uint32_t junction, Phase phase,
                      CyclePhases phases) {
  switch (phase) {
  case PHASE_FF: return phases.has_ff;
  case PHASE_BP: return phases.has_up && schedule->junctions[junction].has_bp;
  case PHASE_UP: return phases.has_up;
  case PHASE_COUNT: break;
  }
  return false;
}

/* Whether an earlier active rule of another operation asks for the very same words: the same
 * memory, index, direction and input (weights and biases belong to no input; the right delta is
 * read once for BP and UP). */
static bool is_shared(const Schedule *schedule, uint32_t junction, unsigned number,
                      CyclePhases phases) {
  const AccessRule *rule = &access_rules[number];
  const Phase phase = edge_op_info[rule->op].phase;
  for (unsigned i = 0; i < number; i++) {
    const AccessRule *other = &access_rules[i];
    const Phase other_phase = edge_op_info[other->op].phase;
    if (other->memory != rule->memory || other->owner != rule->owner || other->index != rule->index)
      continue;
    if (other->direction != rule->direction || !is_active(schedule, junction, other_phase, phases))
      continue;
    const bool is_same_input = (phase == PHASE_FF) == (other_phase == PHASE_FF);
    if (rule->owner == ACCESS_JUNCTION || is_same_input) return true;
  }
  return false;
}

void count_cycles(const Schedule *schedule, uint32_t junction, CyclePhases phases, uint64_t times,
                  JunctionCounts *counts) {
  const AccessConditions conditions = access_conditions(schedule->model, phases.is_closing);
  for (uint32_t op = 0; op < EDGE_OP_COUNT; op++) {
    if (!is_active(schedule, junction, edge_op_info[op].phase, phases)) continue;
    counts->ops[op] += times * op_count(schedule, junction, (EdgeOp)op);
  }
  for (unsigned i = 0; i < access_rule_count; i++) {
    const AccessRule *rule = &access_rules[i];
    if (!is_active(schedule, junction, edge_op_info[rule->op].phase, phases)) continue;
    if (!condition_holds(schedule, junction, rule->condition, conditions) ||
        is_shared(schedule, junction, i, phases))
      continue;
    counts->port_uses[rule->memory] += times * rule_uses(schedule, junction, rule);
  }
}

static uint64_t training_cycles(const Schedule *schedule, uint64_t inputs) {
  if (inputs == 0) return 0;
  return (inputs - 1) * schedule->initiation_interval + 2ull * schedule->model->junction_count;
}

uint64_t training_clocks(const Schedule *schedule, uint64_t inputs) {
  return training_cycles(schedule, inputs) * schedule->junction_cycle;
}

RunCounts predict_counts(const Schedule *schedule, uint64_t inputs, uint64_t closings,
                         JunctionCounts *junctions) {
  const uint32_t junction_count = schedule->model->junction_count;
  const uint64_t interval = schedule->initiation_interval;
  for (uint32_t i = 0; i < junction_count; i++) {
    /* FF and UP of a junction meet in one cycle for all but the first and last `apart` inputs;
     * never where II > apart. */
    const uint64_t apart = phase_delay(schedule, i, PHASE_UP) - phase_delay(schedule, i, PHASE_FF);
    const uint64_t together = interval == 1 && inputs > apart ? inputs - apart : 0;
    const uint64_t alone = inputs - together;
    const uint64_t open = inputs - closings;
    /* Which of the closing inputs coincide with an FF changes no count but the shared reads, which
     * do not depend on closing. */
    count_cycles(schedule, i, (CyclePhases){.has_ff = true}, alone, &junctions[i]);
    CyclePhases both = {.has_ff = true, .has_up = true, .is_closing = true};
    CyclePhases up = {.has_up = true, .is_closing = true};
    const uint64_t closing_together = closings < together ? closings : together;
    count_cycles(schedule, i, both, closing_together, &junctions[i]);
    count_cycles(schedule, i, up, closings - closing_together, &junctions[i]);
    both.is_closing = up.is_closing = false;
    count_cycles(schedule, i, both, together - closing_together, &junctions[i]);
    count_cycles(schedule, i, up, open - (together - closing_together), &junctions[i]);
  }
  return (RunCounts){.junction_cycles = training_cycles(schedule, inputs),
                     .clocks = training_clocks(schedule, inputs)};
}
