// SPDX-License-Identifier: MIT
// The schedule as text of at most about a hundred columns.
#include <inttypes.h>

#include "compiler/schedule/schedule_formats.h"

static void print_header(const Schedule *s, FILE *out) {
  const Model *model = s->model;
  fprintf(out, "network %s: ", model->name);
  for (uint32_t i = 0; i <= model->junction_count; i++)
    fprintf(out, "%s%" PRIu32, i ? "-" : "", model->layers[i].neuron_count);
  fprintf(out, ", %s order\n", model->is_pipelined ? "pipelined" : "sequential");
  fprintf(out,
          "junction cycle: %" PRIu32 " clocks; an input every %" PRIu32 " junction cycle%s\n\n",
          s->junction_cycle, s->initiation_interval, s->initiation_interval == 1 ? "" : "s");
}

static void print_junctions(const Schedule *s, FILE *out) {
  fprintf(out, "junction       edges      z   slots bubbles  returns after  remedy\n");
  for (uint32_t i = 0; i < s->model->junction_count; i++) {
    const JunctionSchedule *j = &s->junctions[i];
    fprintf(out, "%8" PRIu32 " %11" PRIu32 " %6" PRIu32 " %7" PRIu32 " %7" PRIu32, i + 1,
            s->model->junctions[i].edges.edge_count, j->z, j->slot_count, j->bubble_count);
    if (j->shortest_return == UINT32_MAX) {
      fprintf(out, "          never");
    } else {
      fprintf(out, " %8" PRIu32 " slot%s", j->shortest_return, j->shortest_return == 1 ? " " : "s");
    }
    fprintf(out, "  %s\n", j->has_bp ? remedy_name(j->remedy) : "no BP");
  }
  fputc('\n', out);
}

static void print_memories(const Schedule *s, FILE *out) {
  fprintf(out, "memory              of  copies x banks x words x bits\n");
  for (uint32_t i = 0; i < s->memory_count; i++) {
    const Memory *m = &s->memories[i];
    char owner[64];
    if (memory_info[m->kind].owner == OWNER_JUNCTION) {
      snprintf(owner, sizeof owner, "%" PRIu32, m->owner + 1);
    } else {
      snprintf(owner, sizeof owner, "%.40s", s->model->layers[m->owner].name);
    }
    fprintf(out, "%-13s %8s  %6" PRIu32 " x %5" PRIu32 " x %5" PRIu32 " x %4" PRIu32 "\n",
            memory_info[m->kind].name, owner, m->copies, m->banks, m->words, m->bits);
  }
  fputc('\n', out);
}

static void print_cell(uint64_t input, FILE *out) {
  if (input == UINT64_MAX) {
    fprintf(out, "%6s", ".");
  } else {
    fprintf(out, "%6" PRIu64, input);
  }
}

/* Which junction works on which input in the first junction cycles. */
static void print_pipeline(const Schedule *s, FILE *out) {
  const uint32_t cycles = 12;
  fprintf(out, "inputs by junction cycle\n            ");
  for (uint32_t t = 0; t < cycles; t++) fprintf(out, "%6" PRIu32, t);
  fputc('\n', out);
  for (uint32_t i = 0; i < s->model->junction_count; i++) {
    for (Phase phase = PHASE_FF; phase <= PHASE_UP; phase++) {
      if (phase == PHASE_BP && !s->junctions[i].has_bp) continue;
      fprintf(out, "%8" PRIu32 " %s ", i + 1, phase_names[phase]);
      for (uint32_t t = 0; t < cycles; t++) print_cell(input_of_cycle(s, i, phase, t), out);
      fputc('\n', out);
    }
  }
}

/* Accesses of one operation, memory and direction are printed on one line. */
typedef struct Line {
  FILE *out;
  const Schedule *schedule;
  bool has_line;
  Access last;
  uint32_t shown;
} Line;

static bool print_access(void *context, const Access *access) {
  Line *line = context;
  const bool is_same = line->has_line && line->last.op == access->op &&
                       line->last.memory == access->memory &&
                       line->last.direction == access->direction;
  if (!is_same) {
    if (line->has_line) fputc('\n', line->out);
    fprintf(line->out, "    %-8s %-5s %s %" PRIu32 ", bank:word of edges",
            edge_op_info[access->op].name, access->direction == DIRECTION_READ ? "reads" : "writes",
            memory_info[access->memory->kind].name, owner_number(access->memory));
    line->shown = 0;
  }
  if (line->shown % 6 == 0) fprintf(line->out, "\n      ");
  if (access->edge == UINT32_MAX) {
    fprintf(line->out, " %5" PRIu32 ":%-5" PRIu32 "(none)", access->bank, access->word);
  } else {
    fprintf(line->out, " %5" PRIu32 ":%-5" PRIu32 "e%-6" PRIu32, access->bank, access->word,
            access->edge);
  }
  line->shown++;
  line->has_line = true;
  line->last = *access;
  return true;
}

static void print_clocks(const ScheduleReport *report, uint32_t junction, FILE *out) {
  const Schedule *s = report->schedule;
  for (uint32_t clock = view_first_clock(report); clock < view_end_clock(report); clock++) {
    const uint32_t slot = slot_of_clock(&s->junctions[junction], clock);
    fprintf(out, "\njunction %" PRIu32 ", clock %" PRIu32 ": ", junction + 1, clock);
    if (slot == UINT32_MAX) {
      fprintf(out, "issues nothing\n");
    } else {
      const uint32_t first = slot * s->junctions[junction].z,
                     count = s->model->junctions[junction].edges.edge_count;
      const uint32_t last =
          count - first < s->junctions[junction].z ? count : first + s->junctions[junction].z;
      fprintf(out, "issues edges %" PRIu32 " to %" PRIu32 "\n", first, last - 1);
    }
    Line line = {.out = out, .schedule = s};
    visit_clock(s, junction, clock, access_conditions(s->model, true), print_access, &line);
    if (line.has_line) fputc('\n', out);
  }
}

void print_schedule_text(const ScheduleReport *report, FILE *out) {
  const Schedule *s = report->schedule;
  print_header(s, out);
  print_junctions(s, out);
  print_memories(s, out);
  print_pipeline(s, out);
  for (uint32_t i = 0; report->view.has_clocks && i < s->model->junction_count; i++) {
    if (shows_junction(&report->view, i)) print_clocks(report, i, out);
  }
}
