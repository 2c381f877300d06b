// SPDX-License-Identifier: MIT
// The formats of `sedge schedule`: one schedule for people, for programs and for other people's
// viewers.
//
// A format is a function that reads a ScheduleReport and writes to a stream; formats.def lists
// them.  All of them say what runtime/schedule.h says: none computes an address, a clock or a count
// a second way.
#ifndef SEDGE_COMPILER_SCHEDULE_SCHEDULE_FORMATS_H
#define SEDGE_COMPILER_SCHEDULE_SCHEDULE_FORMATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler/fit/fit.h"
#include "lang/program.h"
#include "lang/source.h"
#include "runtime/schedule.h"

/* What to show: junction UINT32_MAX means all; clocks first .. last of the junction cycle are
 * expanded where has_clocks (`last` may lie beyond the junction cycle's end). */
typedef struct ScheduleView {
  uint32_t junction;
  bool has_clocks;
  uint32_t first_clock, last_clock;
} ScheduleView;

/* What a format draws on; all borrowed.  Text, JSON and VCD need the schedule alone. */
typedef struct ScheduleReport {
  const Schedule *schedule;
  const Program *program; /* the hardware's limits, and where everything stands in the text */
  const Fit *fit;         /* what is used of those limits */
  const Sources *sources;
  ScheduleView view;
} ScheduleReport;

typedef void (*SchedulePrinter)(const ScheduleReport *report, FILE *out);

#define FORMAT(name, function, help) void function(const ScheduleReport *report, FILE *out);
#include "compiler/schedule/formats.def"
#undef FORMAT

typedef struct ScheduleFormat {
  const char *name, *help;
  SchedulePrinter print;
} ScheduleFormat;

/* The format of this name, or NULL. */
const ScheduleFormat *find_schedule_format(const char *name);

/* ---- what formats share ---- */

/* Whether the view shows a junction. */
bool shows_junction(const ScheduleView *view, uint32_t junction);

/* The clocks first .. end-1 that the view asks for, or without --clocks the whole junction
 * cycle. */
uint32_t view_first_clock(const ScheduleReport *report);
uint32_t view_end_clock(const ScheduleReport *report);

/* Junction cycles that a picture of the pipeline shows: filling it, then as many again at work. */
uint32_t pipeline_cycles(const Schedule *schedule);

/* "none", "late read", "forward", "bubbles". */
const char *remedy_name(HazardRemedy remedy);

/* The number of a memory's owner as people count: junctions from 1, layers from 0. */
uint32_t owner_number(const Memory *memory);

/* "file.sedge:12", the place of a junction in the text, in buffer[size]; returns buffer. */
const char *junction_place(const ScheduleReport *report, uint32_t junction, char *buffer,
                           size_t size);

/* The members of schedule.schema.json without "junctions", and one junction without "clocks"; the
 * caller owns them. */
json_t *schedule_head_json(const Schedule *schedule);
json_t *schedule_junction_json(const Schedule *schedule, uint32_t junction);

#endif
