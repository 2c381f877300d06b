// SPDX-License-Identifier: MIT
// The schedule as Chrome trace events, which Perfetto and chrome://tracing load
// (trace.schema.json).
//
// A junction is a process and FF, BP and UP are its threads; a microsecond of the trace is a clock,
// so that the viewer's ruler counts clocks.  On a thread lie, one inside the other:
//
//   junction cycle   input m
//     runs           slots between two bubbles, bubbles, the pipeline's emptying
//       clocks       with --clocks, for input 0 (every junction cycle has the same clocks)
//
// Arrows (flow events) lead each input through the junctions and back.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/schedule/schedule_formats.h"
#include "lang/json_text.h"

/* Where events go, one a line. */
typedef struct Events {
  FILE *out;
  bool has_event;
} Events;

/* Takes over `event`. */
static void print_event(Events *events, json_t *event) {
  fputs(events->has_event ? ",\n" : "\n", events->out);
  events->has_event = true;
  json_dumpf(event, events->out, JSON_COMPACT);
  json_decref(event);
}

/* An event that names a track or gives it its place; takes over `value`. */
static void print_track_event(Events *events, const char *name, uint32_t junction, int thread,
                              const char *key, json_t *value) {
  print_event(events, json_pack("{s:s, s:s, s:i, s:i, s:{s:o}}", "name", name, "ph", "M", "pid",
                                (int)junction + 1, "tid", thread, "args", key, value));
}

/* The junctions in their order, and below each its phases in theirs. */
static void print_tracks(const ScheduleReport *report, uint32_t junction, Events *events) {
  static const char *const names[PHASE_COUNT] = {"FF", "BP", "UP"};
  const Model *model = report->schedule->model;
  char name[256];
  snprintf(name, sizeof name, "junction %" PRIu32 ": %.100s -> %.100s", junction + 1,
           model->layers[junction].name, model->layers[junction + 1].name);
  print_track_event(events, "process_name", junction, 0, "name", json_string(name));
  print_track_event(events, "process_sort_index", junction, 0, "sort_index",
                    json_integer(junction));
  for (int phase = 0; phase < PHASE_COUNT; phase++) {
    if (phase == PHASE_BP && !report->schedule->junctions[junction].has_bp) continue;
    print_track_event(events, "thread_name", junction, phase + 1, "name",
                      json_string(names[phase]));
    print_track_event(events, "thread_sort_index", junction, phase + 1, "sort_index",
                      json_integer(phase));
  }
}

/* One thread during one junction cycle. */
typedef struct Track {
  const ScheduleReport *report;
  uint32_t junction;
  Phase phase;
  uint64_t cycle, input;
  Events *events;
} Track;

/* A slice of clocks first .. end-1 of the track's junction cycle; takes over `arguments`. */
static void print_slice(const Track *track, const char *name, uint32_t first, uint32_t end,
                        json_t *arguments) {
  const uint64_t start = track->cycle * track->report->schedule->junction_cycle + first;
  print_event(track->events,
              json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:i, s:o}", "name", name, "cat",
                        phase_names[track->phase], "ph", "X", "ts", (json_int_t)start, "dur",
                        (int)(end - first), "pid", (int)track->junction + 1, "tid",
                        (int)track->phase + 1, "args", arguments));
}

static json_t *range_json(uint32_t first, uint32_t last) {
  return json_pack("[i, i]", (int)first, (int)last);
}

/* The edges of slots first .. last. */
static json_t *edges_json(const Track *track, uint32_t first, uint32_t last) {
  const uint32_t z = track->report->schedule->junctions[track->junction].z;
  const uint32_t count =
      track->report->schedule->model->junctions[track->junction].edges.edge_count;
  const uint64_t end = (last + 1ull) * z;
  return range_json(first * z, end < count ? (uint32_t)end - 1 : count - 1);
}

/* Runs of clocks that issue a slot each, the empty ones between, and what the arithmetic still
 * writes back. */
static void print_runs(const Track *track) {
  const Schedule *s = track->report->schedule;
  const JunctionSchedule *j = &s->junctions[track->junction];
  uint32_t slot = 0;
  for (uint32_t bubble = 0; slot < j->slot_count; bubble++) {
    const uint32_t end = bubble < j->bubble_count ? j->bubbles[bubble] : j->slot_count;
    const uint32_t first_clock = clock_of_slot(j, slot), end_clock = clock_of_slot(j, end - 1) + 1;
    char name[64];
    snprintf(name, sizeof name, "slots %" PRIu32 " to %" PRIu32, slot, end - 1);
    print_slice(track, name, first_clock, end_clock,
                json_pack("{s:o, s:o}", "slots", range_json(slot, end - 1), "edges",
                          edges_json(track, slot, end - 1)));
    if (end < j->slot_count) {
      print_slice(track, "bubble", end_clock, clock_of_slot(j, end),
                  json_pack("{s:i}", "before_slot", (int)end));
    }
    slot = end;
  }
  const uint32_t tail = moment_clocks(s, track->junction, MOMENT_WRITE_BACK);
  const uint32_t issued = clock_of_slot(j, j->slot_count - 1) + 1;
  print_slice(track, "write back", issued, j->clock_count + tail, json_object());
}

/* What one clock asks for, counted by memory: {"read weight 1": 32, ...}. */
typedef struct ClockCounts {
  Phase phase;
  json_t *counts;
} ClockCounts;

static bool count_access(void *context, const Access *access) {
  const ClockCounts *clock = context;
  if (edge_op_info[access->op].phase != clock->phase) return true;
  char key[96];
  snprintf(key, sizeof key, "%s %s %s %" PRIu32, edge_op_info[access->op].name,
           access->direction == DIRECTION_READ ? "reads" : "writes",
           memory_info[access->memory->kind].name, owner_number(access->memory));
  const json_int_t before = json_integer_value(json_object_get(clock->counts, key));
  json_object_set_new(clock->counts, key, json_integer(before + 1));
  return true;
}

static void print_clocks(const Track *track) {
  const Schedule *s = track->report->schedule;
  const JunctionSchedule *j = &s->junctions[track->junction];
  const uint32_t end = view_end_clock(track->report);
  for (uint32_t clock = view_first_clock(track->report); clock < end; clock++) {
    ClockCounts counts = {.phase = track->phase, .counts = json_object()};
    visit_clock(s, track->junction, clock, access_conditions(s->model, true), count_access,
                &counts);
    if (json_object_size(counts.counts) == 0) {
      json_decref(counts.counts);
      continue;
    }
    char name[32];
    snprintf(name, sizeof name, "clock %" PRIu32, clock);
    const uint32_t slot = slot_of_clock(j, clock);
    json_t *arguments = json_pack("{s:i, s:o}", "clock", (int)clock, "accesses", counts.counts);
    if (slot != UINT32_MAX) {
      json_object_set_new(arguments, "slot", json_integer(slot));
      json_object_set_new(arguments, "edges", edges_json(track, slot, slot));
    }
    print_slice(track, name, clock, clock + 1, arguments);
  }
}

static void print_cycle(const Track *track) {
  const Schedule *s = track->report->schedule;
  char name[64], place[512];
  snprintf(name, sizeof name, "input %" PRIu64, track->input);
  junction_place(track->report, track->junction, place, sizeof place);
  const uint64_t stale = missing_updates(s, track->junction, track->phase, track->cycle);
  print_slice(
      track, name, 0, s->junction_cycle,
      json_pack("{s:I, s:I, s:I, s:o, s:i, s:o}", "input", (json_int_t)track->input,
                "junction_cycle", (json_int_t)track->cycle, "missing_updates", (json_int_t)stale,
                "edges", edges_json(track, 0, s->junctions[track->junction].slot_count - 1), "z",
                (int)s->junctions[track->junction].z, "source", json_text(place, strlen(place))));
  print_runs(track);
  if (track->report->view.has_clocks && track->input == 0) print_clocks(track);
}

/* One step of an input's way: FF through the junctions, then BP (in the first junction UP) back.
 * Inputs whose way does not end within the picture have none. */
static void print_arrow(const Track *track) {
  const Schedule *s = track->report->schedule;
  const uint32_t last = s->model->junction_count - 1;
  const bool is_start = track->phase == PHASE_FF && track->junction == 0;
  const bool is_end = track->phase == PHASE_UP && track->junction == 0;
  const bool is_step = is_start || is_end || track->phase == PHASE_FF || track->phase == PHASE_BP;
  const uint64_t end_cycle = track->input * s->initiation_interval + 2ull * last + 1;
  if (!is_step || track->report->view.junction != UINT32_MAX || end_cycle >= pipeline_cycles(s))
    return;
  json_t *event =
      json_pack("{s:s, s:s, s:s, s:I, s:I, s:i, s:i}", "name", "input", "cat", "input", "ph",
                is_start ? "s"
                : is_end ? "f"
                         : "t",
                "id", (json_int_t)track->input, "ts",
                (json_int_t)(track->cycle * s->junction_cycle + s->junction_cycle / 2), "pid",
                (int)track->junction + 1, "tid", (int)track->phase + 1);
  if (is_end) json_object_set_new(event, "bp", json_string("e"));
  print_event(track->events, event);
}

void print_schedule_trace(const ScheduleReport *report, FILE *out) {
  const Schedule *s = report->schedule;
  json_t *about =
      json_pack("{s:s, s:s, s:s, s:i, s:i, s:f}", "network", s->model->name, "order",
                s->model->is_pipelined ? "pipelined" : "sequential", "time", "1 us is 1 clock",
                "junction_cycle", (int)s->junction_cycle, "initiation_interval",
                (int)s->initiation_interval, "clock_hz", s->clock_hz);
  fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":", out);
  json_dumpf(about, out, JSON_COMPACT);
  json_decref(about);
  fputs(",\"traceEvents\":[", out);
  Events events = {.out = out};
  for (uint32_t i = 0; i < s->model->junction_count; i++) {
    if (!shows_junction(&report->view, i)) continue;
    print_tracks(report, i, &events);
    for (uint32_t cycle = 0; cycle < pipeline_cycles(s); cycle++) {
      for (int phase = 0; phase < PHASE_COUNT; phase++) {
        const uint64_t input = input_of_cycle(s, i, (Phase)phase, cycle);
        if (input == UINT64_MAX || (phase == PHASE_BP && !s->junctions[i].has_bp)) continue;
        const Track track = {report, i, (Phase)phase, cycle, input, &events};
        print_cycle(&track);
        print_arrow(&track);
      }
    }
  }
  fputs("\n]}\n", out);
}
