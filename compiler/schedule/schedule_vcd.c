// SPDX-License-Identifier: MIT
// One junction cycle of the schedule as a value change dump, for GTKWave and any other viewer of
// waveforms.
//
// It is a junction cycle in which FF, BP and UP all work, on a batch's last input; all others have
// the same addresses.  Scopes:
//
//   network                       clk; junction_cycle ends after the last clock
//     junction1                   issue, slot: what is begun; ff_mac, ff_end, ..: edges or
//                                 neurons of that operation
//       weight1                   a memory that the junction uses; of a layer's, one per copy:
//                                 activation0_delay3
//         bank7                   read, read_word, write, write_word; numbered where a bank serves
//                                 several at once
//
// A word is asked for in the clock in which its `read` or `write` is 1.  Variables are numbered in
// the order of their declaration; a first walk over the clocks finds which there are, so that no
// signal is idle throughout.
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/schedule/schedule_formats.h"
#include "lang/arena.h"

enum { SHORTEST_HALF_PS = 1, UNCLOCKED_HALF_PS = 5000 };

/* What one bank does in one direction: words[0 .. used-1] are asked for in `clock` - 1. */
typedef struct Side {
  uint32_t *words; /* [ports] */
  uint32_t *shown; /* [ports] the word that the dump shows last; UINT32_MAX: none */
  uint32_t used, shown_used;
  uint32_t clock;
  uint32_t most;     /* words in any clock: so many pairs of variables there are */
  uint32_t variable; /* number of the first */
} Side;

typedef struct Bank {
  Side sides[2]; /* by AccessDirection */
} Bank;

/* A memory as one junction uses it; of a layer's, the copy of the input that entered `age` junction
 * cycles ago. */
typedef struct View {
  const Memory *memory;
  int64_t age; /* 0 for a junction's memories */
  Bank *banks; /* [memory->banks] */
} View;

typedef struct Wave {
  const ScheduleReport *report;
  FILE *out;
  Arena *arena;
  uint32_t junction, clock;
  View *views; /* [view_count] */
  uint32_t view_count;
  uint32_t ops[EDGE_OP_COUNT]; /* elements in this clock */
  uint32_t last_ops[EDGE_OP_COUNT];
  uint32_t op_clocks[EDGE_OP_COUNT]; /* clocks with any; 0: there is no such variable */
  uint32_t first_variable;           /* issue; then slot, then the operations */
  uint32_t last_slot;
} Wave;

/* ---- identifiers and values ---- */

/* The printable characters ! to ~ as digits, lowest first. */
static const char *identifier(uint32_t number, char buffer[8]) {
  uint32_t length = 0;
  do {
    buffer[length++] = (char)('!' + number % 94);
    number /= 94;
  } while (number > 0);
  buffer[length] = '\0';
  return buffer;
}

static uint32_t width_of(uint32_t largest) {
  uint32_t width = 1;
  while (largest >>= 1) width++;
  return width;
}

static void declare(FILE *out, uint32_t width, uint32_t number, const char *name) {
  char buffer[8];
  fprintf(out, "$var wire %" PRIu32 " %s %s $end\n", width, identifier(number, buffer), name);
}

static void print_bit(FILE *out, bool value, uint32_t number) {
  char buffer[8];
  fprintf(out, "%d%s\n", value, identifier(number, buffer));
}

static void print_number(FILE *out, uint32_t value, uint32_t number) {
  char digits[33], buffer[8];
  uint32_t length = width_of(value);
  digits[length] = '\0';
  while (length > 0) {
    digits[--length] = (char)('0' + value % 2);
    value /= 2;
  }
  fprintf(out, "b%s %s\n", digits, identifier(number, buffer));
}

static void print_unknown(FILE *out, uint32_t number) {
  char buffer[8];
  fprintf(out, "bx %s\n", identifier(number, buffer));
}

/* Every reader of dumps takes our names: letters, digits, underscores. */
static void print_scope(FILE *out, const char *name) {
  fprintf(out, "$scope module %s $end\n", name);
}

static void end_scope(FILE *out) {
  fputs("$upscope $end\n", out);
}

/* ---- what happens in a clock ---- */

static View *find_view(Wave *w, const Access *access) {
  const bool is_layers = memory_info[access->memory->kind].owner == OWNER_LAYER;
  const int64_t age = is_layers ? access->age : 0;
  for (uint32_t i = 0; i < w->view_count; i++) {
    if (w->views[i].memory == access->memory && w->views[i].age == age) return &w->views[i];
  }
  const uint32_t ports = w->report->schedule->ports;
  View *view = &w->views[w->view_count++];
  *view = (View){.memory = access->memory, .age = age};
  view->banks = ARENA_ARRAY(w->arena, Bank, access->memory->banks);
  for (uint32_t i = 0; i < 2 * access->memory->banks; i++) {
    Side *side = &view->banks[i / 2].sides[i % 2];
    side->words = ARENA_ARRAY(w->arena, uint32_t, ports);
    side->shown = ARENA_ARRAY(w->arena, uint32_t, ports);
    for (uint32_t port = 0; port < ports; port++) side->shown[port] = UINT32_MAX;
  }
  return view;
}

static uint32_t used_in(const Side *side, uint32_t clock) {
  return side->clock == clock + 1 ? side->used : 0;
}

/* Notes an access: words that share a port count once. */
static bool note_access(void *context, const Access *access) {
  Wave *w = context;
  Side *side = &find_view(w, access)->banks[access->bank].sides[access->direction];
  if (side->clock != w->clock + 1) {
    side->clock = w->clock + 1;
    side->used = 0;
  }
  for (uint32_t i = 0; i < side->used; i++) {
    if (side->words[i] == access->word) return true;
  }
  assert(side->used < w->report->schedule->ports); /* verify_schedule has proved it */
  side->words[side->used++] = access->word;
  if (side->used > side->most) side->most = side->used;
  return true;
}

/* Whether an access is the first that the table lists for its operation: there an operation begins,
 * and is counted. */
static bool begins_op(const Access *access) {
  const AccessRule *first = access_rules;
  while (first->op != access->op) first++;
  return access->direction == first->direction && access->memory->kind == first->memory;
}

static bool count_op(void *context, const Access *access) {
  Wave *w = context;
  w->ops[access->op] += begins_op(access);
  return note_access(context, access);
}

static void walk_clock(Wave *w, uint32_t clock) {
  const Schedule *s = w->report->schedule;
  w->clock = clock;
  memset(w->ops, 0, sizeof w->ops);
  visit_clock(s, w->junction, clock, access_conditions(s->model, true), count_op, w);
}

/* Finds the views and the sides' most words. */
static void survey(Wave *w) {
  w->views = ARENA_ARRAY(w->arena, View, 2 * access_rule_count);
  for (uint32_t clock = view_first_clock(w->report); clock < view_end_clock(w->report); clock++) {
    walk_clock(w, clock);
    for (uint32_t op = 0; op < EDGE_OP_COUNT; op++) w->op_clocks[op] += w->ops[op] > 0;
  }
  for (uint32_t v = 0; v < w->view_count; v++) {
    for (uint32_t b = 0; b < w->views[v].memory->banks; b++) {
      for (uint32_t d = 0; d < 2; d++) w->views[v].banks[b].sides[d].clock = 0;
    }
  }
}

/* ---- declarations ---- */

static uint32_t declare_side(Wave *w, Side *side, const char *verb, uint32_t words, uint32_t next) {
  side->variable = next;
  for (uint32_t i = 0; i < side->most; i++) {
    char number[16] = "", name[48];
    if (side->most > 1) snprintf(number, sizeof number, "%" PRIu32, i);
    snprintf(name, sizeof name, "%s%s", verb, number);
    declare(w->out, 1, next++, name);
    snprintf(name, sizeof name, "%s%s_word", verb, number);
    declare(w->out, width_of(words - 1), next++, name);
  }
  return next;
}

static uint32_t declare_view(Wave *w, View *view, uint32_t next) {
  char name[96];
  const bool is_layers = memory_info[view->memory->kind].owner == OWNER_LAYER;
  const int length = snprintf(name, sizeof name, "%s%" PRIu32, memory_info[view->memory->kind].name,
                              owner_number(view->memory));
  if (is_layers) snprintf(name + length, sizeof name - (size_t)length, "_delay%" PRId64, view->age);
  print_scope(w->out, name);
  for (uint32_t b = 0; b < view->memory->banks; b++) {
    Side *sides = view->banks[b].sides;
    if (sides[0].most + sides[1].most == 0) continue;
    snprintf(name, sizeof name, "bank%" PRIu32, b);
    print_scope(w->out, name);
    next = declare_side(w, &sides[DIRECTION_READ], "read", view->memory->words, next);
    next = declare_side(w, &sides[DIRECTION_WRITE], "write", view->memory->words, next);
    end_scope(w->out);
  }
  end_scope(w->out);
  return next;
}

/* Returns the number of the variable after its last. */
static uint32_t declare_junction(Wave *w, uint32_t next) {
  const JunctionSchedule *j = &w->report->schedule->junctions[w->junction];
  char name[64];
  snprintf(name, sizeof name, "junction%" PRIu32, w->junction + 1);
  print_scope(w->out, name);
  w->first_variable = next;
  declare(w->out, 1, next++, "issue");
  declare(w->out, width_of(j->slot_count - 1), next++, "slot");
  for (uint32_t op = 0; op < EDGE_OP_COUNT; op++, next++) {
    if (w->op_clocks[op] == 0) continue;
    snprintf(name, sizeof name, "%s", edge_op_info[op].name);
    *strchr(name, '.') = '_';
    declare(w->out, 32, next, name);
  }
  for (uint32_t v = 0; v < w->view_count; v++) next = declare_view(w, &w->views[v], next);
  end_scope(w->out);
  return next;
}

/* ---- values ---- */

static void print_side(const Wave *w, Side *side, bool is_first) {
  const uint32_t used = used_in(side, w->clock);
  for (uint32_t i = 0; i < side->most; i++) {
    const uint32_t variable = side->variable + 2 * i;
    if (is_first || (i < used) != (i < side->shown_used)) print_bit(w->out, i < used, variable);
    if (i < used && side->words[i] != side->shown[i]) {
      print_number(w->out, side->words[i], variable + 1);
      side->shown[i] = side->words[i];
    }
    if (is_first && i >= used) print_unknown(w->out, variable + 1);
  }
  side->shown_used = used;
}

static void print_issue(Wave *w, bool is_first) {
  const uint32_t slot = slot_of_clock(&w->report->schedule->junctions[w->junction], w->clock);
  const bool is_issue = slot != UINT32_MAX, was_issue = w->last_slot != UINT32_MAX;
  if (is_first || is_issue != was_issue) print_bit(w->out, is_issue, w->first_variable);
  if (is_issue && (is_first || slot != w->last_slot))
    print_number(w->out, slot, w->first_variable + 1);
  if (is_first && !is_issue) print_unknown(w->out, w->first_variable + 1);
  w->last_slot = slot;
  for (uint32_t op = 0; op < EDGE_OP_COUNT; op++) {
    if (w->op_clocks[op] && (is_first || w->ops[op] != w->last_ops[op]))
      print_number(w->out, w->ops[op], w->first_variable + 2 + op);
    w->last_ops[op] = w->ops[op];
  }
}

static void print_clock(Wave *w, uint32_t clock, bool is_first) {
  walk_clock(w, clock);
  print_issue(w, is_first);
  for (uint32_t v = 0; v < w->view_count; v++) {
    for (uint32_t b = 0; b < w->views[v].memory->banks; b++) {
      print_side(w, &w->views[v].banks[b].sides[DIRECTION_READ], is_first);
      print_side(w, &w->views[v].banks[b].sides[DIRECTION_WRITE], is_first);
    }
  }
}

/* Half a clock in picoseconds; without a frequency a clock takes 10 ns. */
static uint64_t half_clock_ps(const Schedule *s) {
  if (s->clock_hz <= 0.0) return UNCLOCKED_HALF_PS;
  const double half = 0.5e12 / s->clock_hz;
  return half < SHORTEST_HALF_PS ? SHORTEST_HALF_PS : (uint64_t)(half + 0.5);
}

static void print_header(const Schedule *s, FILE *out) {
  fprintf(out,
          "$version sedge %s $end\n"
          "$comment one junction cycle of %" PRIu32 " clocks; clock c begins at %" PRIu64
          " ps times c $end\n"
          "$timescale 1 ps $end\n",
          SEDGE_VERSION, s->junction_cycle, 2 * half_clock_ps(s));
}

void print_schedule_vcd(const ScheduleReport *report, FILE *out) {
  const Schedule *s = report->schedule;
  const uint32_t count = s->model->junction_count, first = view_first_clock(report),
                 end = view_end_clock(report);
  const uint64_t half = half_clock_ps(s);
  Arena *arena = arena_open();
  Wave *waves = ARENA_ARRAY(arena, Wave, count);
  print_header(s, out);
  print_scope(out, s->model->name);
  declare(out, 1, 0, "clk");
  uint32_t next = 1;
  for (uint32_t i = 0; i < count; i++) {
    waves[i] = (Wave){.report = report, .out = out, .arena = arena, .junction = i};
    if (!shows_junction(&report->view, i)) continue;
    survey(&waves[i]);
    next = declare_junction(&waves[i], next);
  }
  end_scope(out);
  fputs("$enddefinitions $end\n", out);
  for (uint32_t clock = first; clock < end; clock++) {
    fprintf(out, "#%" PRIu64 "\n", 2 * half * clock);
    if (clock == first) fputs("$dumpvars\n", out);
    print_bit(out, true, 0);
    for (uint32_t i = 0; i < count; i++) {
      if (shows_junction(&report->view, i)) print_clock(&waves[i], clock, clock == first);
    }
    if (clock == first) fputs("$end\n", out);
    fprintf(out, "#%" PRIu64 "\n", 2 * half * clock + half);
    print_bit(out, false, 0);
  }
  fprintf(out, "#%" PRIu64 "\n", 2 * half * end);
  arena_close(arena);
}
