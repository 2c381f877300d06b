// SPDX-License-Identifier: MIT
// What the formats of a schedule share.
#include "compiler/schedule/schedule_formats.h"

#include <inttypes.h>
#include <string.h>

static const ScheduleFormat formats[] = {
#define FORMAT(name, function, help) {name, help, function},
#include "compiler/schedule/formats.def"
#undef FORMAT
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const ScheduleFormat *find_schedule_format(const char *name) {
  for (uint32_t i = 0; i < FORMAT_COUNT; i++) {
    if (strcmp(formats[i].name, name) == 0) return &formats[i];
  }
  return NULL;
}

bool shows_junction(const ScheduleView *view, uint32_t junction) {
  return view->junction == UINT32_MAX || view->junction == junction;
}

uint32_t view_first_clock(const ScheduleReport *report) {
  return report->view.has_clocks ? report->view.first_clock : 0;
}

uint32_t view_end_clock(const ScheduleReport *report) {
  const uint32_t end = report->schedule->junction_cycle;
  const bool is_cut = report->view.has_clocks && report->view.last_clock < end;
  return is_cut ? report->view.last_clock + 1 : end;
}

uint32_t pipeline_cycles(const Schedule *schedule) {
  return 4 * schedule->model->junction_count + 4;
}

const char *remedy_name(HazardRemedy remedy) {
  switch (remedy) {
  case REMEDY_NONE: return "none";
  case REMEDY_LATE_READ: return "late read";
  case REMEDY_FORWARD: return "forward";
  case REMEDY_BUBBLES: return "bubbles";
  }
  return "";
}

uint32_t owner_number(const Memory *memory) {
  return memory->owner + (memory_info[memory->kind].owner == OWNER_JUNCTION);
}

const char *junction_place(const ScheduleReport *report, uint32_t junction, char *buffer,
                           size_t size) {
  const Span at = report->program->network.junctions[junction].at;
  const Position place = sources_position(report->sources, at.begin);
  snprintf(buffer, size, "%s:%" PRIu32, place.file ? place.file->name : "", place.line);
  return buffer;
}
