// SPDX-License-Identifier: MIT
// The schedule as one JSON object, written as a stream: head by head through jansson, accesses
// clock by clock.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/schedule/schedule_formats.h"

/* Writes an object without its last brace, so that more members can follow. */
static void print_open(json_t *object, FILE *out) {
  char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
  if (text) fprintf(out, "%.*s", (int)strlen(text) - 1, text);
  free(text);
  json_decref(object);
}

static json_t *memory_json(const Memory *m) {
  const bool is_junctions = memory_info[m->kind].owner == OWNER_JUNCTION;
  return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "kind", memory_info[m->kind].name,
                   "owner", is_junctions ? "junction" : "layer", "number", (int)owner_number(m),
                   "elements", (int)m->element_count, "banks", (int)m->banks, "words",
                   (int)m->words, "copies", (int)m->copies, "bits", (int)m->bits);
}

json_t *schedule_head_json(const Schedule *s) {
  json_t *layers = json_array(), *memories = json_array();
  for (uint32_t i = 0; i <= s->model->junction_count; i++) {
    json_array_append_new(
        layers, json_pack("{s:s, s:i, s:i, s:i}", "name", s->model->layers[i].name, "neurons",
                          (int)s->model->layers[i].neuron_count, "real",
                          (int)s->model->layers[i].real_count, "banks", (int)s->layer_banks[i]));
  }
  for (uint32_t i = 0; i < s->memory_count; i++)
    json_array_append_new(memories, memory_json(&s->memories[i]));
  return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:f, s:o, s:o}", "network", s->model->name,
                   "order", s->model->is_pipelined ? "pipelined" : "sequential", "junction_cycle",
                   (int)s->junction_cycle, "initiation_interval", (int)s->initiation_interval,
                   "ports", (int)s->ports, "stages", (int)s->stages, "clock_hz", s->clock_hz,
                   "layers", layers, "memories", memories);
}

json_t *schedule_junction_json(const Schedule *s, uint32_t index) {
  const JunctionSchedule *j = &s->junctions[index];
  const Interleaver *edges = &s->model->junctions[index].edges;
  json_t *bubbles = json_array(), *unconnected = json_array();
  for (uint32_t i = 0; i < j->bubble_count; i++)
    json_array_append_new(bubbles, json_integer(j->bubbles[i]));
  for (uint32_t i = 0; i < j->unconnected_count; i++) {
    json_array_append_new(unconnected,
                          json_pack("{s:i, s:i}", "right", (int)j->unconnected[i].right, "clock",
                                    (int)j->unconnected[i].clock));
  }
  const int up = 2 * (int)s->model->junction_count - 1 - (int)index;
  return json_pack(
      "{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:i, s:i, s:i, s:i, s:b, s:o, s:o}", "number",
      (int)index + 1, "left", (int)edges->left_count, "right", (int)edges->right_count, "edges",
      (int)edges->edge_count, "fanin", (int)edges->fanin, "fanout", (int)edges->fanout, "z",
      (int)j->z, "slots", (int)j->slot_count, "remedy", remedy_name(j->remedy), "issue_clocks",
      (int)j->clock_count, "partial_delay", (int)moment_clocks(s, index, MOMENT_PARTIAL),
      "ff_delay", (int)index, "up_delay", up, "has_bp", j->has_bp, "bubbles", bubbles,
      "unconnected", unconnected);
}

typedef struct Stream {
  FILE *out;
  bool has_access;
} Stream;

static bool print_access(void *context, const Access *a) {
  Stream *stream = context;
  fprintf(stream->out,
          "%s{\"op\":\"%s\",\"memory\":\"%s\",\"number\":%u,\"access\":\"%s\",\"element\":%u,"
          "\"bank\":%u,\"word\":%u,"
          "\"delay\":%lld,\"edge\":",
          stream->has_access ? "," : "", edge_op_info[a->op].name,
          memory_info[a->memory->kind].name, owner_number(a->memory),
          a->direction == DIRECTION_READ ? "read" : "write", a->element, a->bank, a->word,
          (long long)a->age);
  if (a->edge == UINT32_MAX) {
    fprintf(stream->out, "null}");
  } else {
    fprintf(stream->out, "%u}", a->edge);
  }
  stream->has_access = true;
  return true;
}

static void print_clocks(const ScheduleReport *report, uint32_t junction, FILE *out) {
  const Schedule *s = report->schedule;
  const uint32_t begin = view_first_clock(report), end = view_end_clock(report);
  fprintf(out, ",\"clocks\":[");
  for (uint32_t clock = begin; clock < end; clock++) {
    Stream stream = {.out = out};
    const uint32_t slot = slot_of_clock(&s->junctions[junction], clock);
    fprintf(out, "%s{\"clock\":%u,\"slot\":", clock > begin ? "," : "", clock);
    if (slot == UINT32_MAX) {
      fprintf(out, "null");
    } else {
      fprintf(out, "%u", slot);
    }
    fprintf(out, ",\"accesses\":[");
    visit_clock(s, junction, clock, access_conditions(s->model, true), print_access, &stream);
    fprintf(out, "]}");
  }
  fprintf(out, "]");
}

void print_schedule_json(const ScheduleReport *report, FILE *out) {
  const Schedule *s = report->schedule;
  print_open(schedule_head_json(s), out);
  fprintf(out, ",\"junctions\":[");
  bool is_first = true;
  for (uint32_t i = 0; i < s->model->junction_count; i++) {
    if (!shows_junction(&report->view, i)) continue;
    if (!is_first) fputc(',', out);
    is_first = false;
    print_open(schedule_junction_json(s, i), out);
    if (report->view.has_clocks) print_clocks(report, i, out);
    fputc('}', out);
  }
  fprintf(out, "]}\n");
}
