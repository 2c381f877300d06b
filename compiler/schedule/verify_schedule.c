// SPDX-License-Identifier: MIT
// The proof of a schedule: every clock of every junction is expanded from the access table and
// checked, sharing nothing with the code that chose slots, bubbles and remedies.  Between junction
// cycles it is copies that keep inputs apart: what is written in one cycle is read in later ones,
// before an input that has the same copy writes again.
#include <stdlib.h>

#include "compiler/schedule/build_schedule.h"

/* Per memory and input age, the words that this clock has asked of each bank. */
typedef struct Bank {
  uint64_t clock; /* + 1, of the uses below */
  uint32_t used;
  uint32_t word[2]; /* different words read, written: the common case */
} Bank;

typedef struct Meter {
  const Memory *memory;
  uint32_t age;
  Bank *reads, *writes; /* [memory->banks] */
} Meter;

typedef struct Proof {
  const Schedule *schedule;
  Diagnostics *diagnostics;
  Arena *arena;
  uint32_t junction, clock;
  Meter meters[32];
  uint32_t meter_count;
  /* [left_count] clock + 1 in which a left word's partial sum was written back last */
  uint64_t *written;
  uint64_t *pending; /* [left_count] clock + 1 in which it was read last */
  uint8_t *issued;   /* [edge_count] operations seen: bit per edge operation */
  bool is_good;
} Proof;

static bool violation(Proof *p, const Access *access, const char *what) {
  error_in(p->diagnostics, ERROR_SCHEDULE_DEFECT, NULL,
           "junction %u, clock %u: %s (%s, %s bank %u word %u, edge %u)", p->junction + 1, p->clock,
           what, edge_op_info[access->op].name, memory_info[access->memory->kind].name,
           access->bank, access->word, access->edge);
  p->is_good = false;
  return false;
}

static Meter *find_meter(Proof *p, const Access *access) {
  const bool has_copies = memory_info[access->memory->kind].owner == OWNER_LAYER;
  const uint32_t age = has_copies ? (uint32_t)access->age : 0;
  for (uint32_t i = 0; i < p->meter_count; i++) {
    if (p->meters[i].memory == access->memory && p->meters[i].age == age) return &p->meters[i];
  }
  Meter *meter = &p->meters[p->meter_count++];
  *meter = (Meter){.memory = access->memory, .age = age};
  meter->reads = ARENA_ARRAY(p->arena, Bank, access->memory->banks);
  meter->writes = ARENA_ARRAY(p->arena, Bank, access->memory->banks);
  return meter;
}

/* Adds a word to a bank's uses in this clock; words that share a port were asked for before. */
static bool use_bank(Proof *p, Bank *bank, uint32_t word) {
  if (bank->clock != p->clock + 1ull) *bank = (Bank){.clock = p->clock + 1ull};
  for (uint32_t i = 0; i < bank->used && i < 2; i++) {
    if (bank->word[i] == word) return false;
  }
  if (bank->used < 2) bank->word[bank->used] = word;
  bank->used++;
  return true;
}

static uint32_t uses_in(const Proof *p, const Bank *bank) {
  return bank->clock == p->clock + 1ull ? bank->used : 0;
}

static bool check_ports(Proof *p, const Access *access) {
  Meter *meter = find_meter(p, access);
  Bank *reads = &meter->reads[access->bank], *writes = &meter->writes[access->bank];
  use_bank(p, access->direction == DIRECTION_READ ? reads : writes, access->word);
  if (uses_in(p, reads) + uses_in(p, writes) <= p->schedule->ports) return true;
  return violation(p, access, "a bank is asked for more words than it has ports");
}

/* A partial sum that is read must have been written back; a forwarded one may be written in the
 * same clock. */
static bool check_partial(Proof *p, const Access *access) {
  const bool is_forwarded = p->schedule->junctions[p->junction].remedy == REMEDY_FORWARD;
  const uint64_t now = p->clock + 1ull;
  if (access->direction == DIRECTION_WRITE) {
    p->written[access->element] = now;
    return true;
  }
  const uint64_t read = p->pending[access->element], written = p->written[access->element];
  p->pending[access->element] = now;
  if (read == 0 || read == now) return true;
  /* The sum begun at `read` is back when a later write has happened; writes of this clock come
   * after its reads in the table. */
  const bool is_back = written > read || (is_forwarded && written >= read);
  const uint32_t lag = moment_clocks(p->schedule, p->junction, MOMENT_WRITE_BACK) -
                       moment_clocks(p->schedule, p->junction, MOMENT_PARTIAL);
  if (is_back && read + lag < now) return true;
  if (is_forwarded && read + lag <= now) return true;
  return violation(p, access, "a partial sum is read before it is written back");
}

static bool check_access(void *context, const Access *access) {
  Proof *p = context;
  if (!check_ports(p, access)) return false;
  const bool is_partial = access->op == EDGE_OP_BP_MAC && access->memory->kind == MEMORY_DELTA &&
                          access->memory->owner == p->junction;
  if (is_partial && !check_partial(p, access)) return false;
  const bool is_issue =
      access->memory->kind == MEMORY_WEIGHT && access->direction == DIRECTION_READ;
  if (!is_issue) return true;
  const uint8_t bit = (uint8_t)(1U << access->op);
  if (p->issued[access->edge] & bit) return violation(p, access, "an edge is processed twice");
  p->issued[access->edge] |= bit;
  return true;
}

static bool verify_junction(const Schedule *schedule, uint32_t junction, Diagnostics *d) {
  Arena *arena = arena_open();
  const Interleaver *edges = &schedule->model->junctions[junction].edges;
  const JunctionSchedule *j = &schedule->junctions[junction];
  Proof p = {.schedule = schedule,
             .diagnostics = d,
             .arena = arena,
             .junction = junction,
             .is_good = true};
  p.written = ARENA_ARRAY(arena, uint64_t, edges->left_count);
  p.pending = ARENA_ARRAY(arena, uint64_t, edges->left_count);
  p.issued = ARENA_ARRAY(arena, uint8_t, edges->edge_count);
  const AccessConditions conditions = access_conditions(schedule->model, true);
  const uint32_t end = j->clock_count + moment_clocks(schedule, junction, MOMENT_WRITE_BACK);
  for (p.clock = 0; p.clock < end && p.is_good; p.clock++) {
    visit_clock(schedule, junction, p.clock, conditions, check_access, &p);
  }
  const uint8_t all = (uint8_t)(1U << EDGE_OP_FF_MAC | 1U << EDGE_OP_UP_STEP |
                                (j->has_bp ? 1U << EDGE_OP_BP_MAC : 0));
  for (uint32_t e = 0; e < edges->edge_count && p.is_good; e++) {
    if (p.issued[e] == all) continue;
    error_in(d, ERROR_SCHEDULE_DEFECT, NULL,
             "junction %u: edge %u is not processed once by every operation", junction + 1, e);
    p.is_good = false;
  }
  if (p.is_good && end > schedule->junction_cycle) {
    error_in(d, ERROR_SCHEDULE_DEFECT, NULL,
             "junction %u needs %u clocks, more than the junction cycle's %u", junction + 1, end,
             schedule->junction_cycle);
    p.is_good = false;
  }
  arena_close(arena);
  return p.is_good;
}

/* ---- between junction cycles ---- */

/* The junction cycles, counted from the one in which an input enters, that first write and last
 * read its copy. */
typedef struct Lifetime {
  uint64_t written, first_read, last_read;
  bool is_read;
} Lifetime;

/* Junction `number`, from 1, does this phase so many junction cycles after its input has
 * entered. */
static uint64_t delay_of(const Schedule *schedule, Phase phase, uint32_t number) {
  const uint64_t twice = 2ull * schedule->model->junction_count;
  return phase == PHASE_FF ? number - 1 : twice - number;
}

static void add_access(const Schedule *schedule, const AccessRule *rule, const Memory *memory,
                       Lifetime *life) {
  if (rule->memory != memory->kind || rule->owner == ACCESS_JUNCTION) return;
  const uint32_t number = rule->owner == ACCESS_LEFT_LAYER ? memory->owner + 1 : memory->owner;
  const Phase phase = edge_op_info[rule->op].phase;
  const uint32_t last = schedule->model->junction_count;
  if (number < 1 || number > last || (phase == PHASE_BP && number == 1)) return;
  if (rule->condition == CONDITION_OUTPUT && number != last) return;
  const uint64_t delay = delay_of(schedule, phase, number);
  /* BP reads its own partial sums in the cycle in which it writes them: the clocks' proof is about
   * those. */
  const bool is_partial = memory->kind == MEMORY_DELTA && rule->owner == ACCESS_LEFT_LAYER;
  if (rule->direction == DIRECTION_WRITE) life->written = delay;
  if (rule->direction == DIRECTION_WRITE || is_partial) return;
  if (!life->is_read || delay < life->first_read) life->first_read = delay;
  if (!life->is_read || delay > life->last_read) life->last_read = delay;
  life->is_read = true;
}

/* The input's activations are there when it enters; all else is written by the access table. */
static bool verify_copies(const Schedule *schedule, const Memory *memory, Diagnostics *d) {
  const bool is_input = memory->kind == MEMORY_ACTIVATION && memory->owner == 0;
  Lifetime life = {0};
  for (unsigned i = 0; i < access_rule_count; i++)
    add_access(schedule, &access_rules[i], memory, &life);
  if (!life.is_read) return true;
  const uint64_t reuse = (uint64_t)memory->copies * schedule->initiation_interval + life.written;
  const bool is_ready = is_input || life.written < life.first_read;
  if (is_ready && reuse > life.last_read) return true;
  error_in(d, ERROR_SCHEDULE_DEFECT, NULL,
           "layer %u: %u copies of %s do not keep its inputs apart: %s", memory->owner,
           memory->copies, memory_info[memory->kind].name,
           is_ready ? "one is written again before it is read for the last time"
                    : "one is read before it is written");
  return false;
}

bool verify_schedule(const Schedule *schedule, Diagnostics *d) {
  bool is_good = true;
  for (uint32_t i = 0; i < schedule->memory_count; i++) {
    if (memory_info[schedule->memories[i].kind].owner == OWNER_LAYER)
      is_good &= verify_copies(schedule, &schedule->memories[i], d);
  }
  for (uint32_t i = 0; i < schedule->model->junction_count; i++)
    is_good &= verify_junction(schedule, i, d);
  return is_good;
}
