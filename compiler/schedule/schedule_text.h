// SPDX-License-Identifier: MIT
// The schedule for people and for programs: text and JSON, whole or clock by clock.
#ifndef SEDGE_COMPILER_SCHEDULE_SCHEDULE_TEXT_H
#define SEDGE_COMPILER_SCHEDULE_SCHEDULE_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/schedule.h"

/* What to show: junction UINT32_MAX means all; clocks first .. last of the junction cycle are expanded where has_clocks. */
typedef struct ScheduleView {
  uint32_t junction;
  bool has_clocks;
  uint32_t first_clock, last_clock;
} ScheduleView;

/* An overview of memories, junctions and the pipeline; then, of the view's clocks, what each operation reads and writes. */
void print_schedule_text(const Schedule *schedule, const ScheduleView *view, FILE *out);

/* The same as one JSON object (see schedule.schema.json), written clock by clock so that memory stays small. */
void print_schedule_json(const Schedule *schedule, const ScheduleView *view, FILE *out);

/* "none", "late read", "forward", "bubbles". */
const char *remedy_name(HazardRemedy remedy);

#endif
