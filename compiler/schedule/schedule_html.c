// SPDX-License-Identifier: MIT
// The schedule as one HTML page that needs no network: its style, its body, the schedule as JSON,
// and the scripts that expand it.
//
// The data are the schedule's own compact form (page.schema.json): what schedule.schema.json says,
// and for each junction the interleaver's counters and tables, so that a page for a hundred million
// edges is as small as their address generator.
#include <inttypes.h>
#include <string.h>

#include "compiler/fit/fit_report.h"
#include "compiler/schedule/schedule_formats.h"
#include "compiler/schedule/schedule_page.h"
#include "lang/arena.h"
#include "lang/json_text.h"

/* ---- tables of numbers ---- */

/* The n-th byte of the table's numbers, `width` little-endian bytes of each. */
static uint8_t table_byte(const uint32_t *numbers, uint32_t width, size_t n) {
  return (uint8_t)(numbers[n / width] >> (8 * (n % width)));
}

/* In base64, in the arena. */
static char *encode_table(const uint32_t *numbers, size_t count, uint32_t width, Arena *arena) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t bytes = count * width, length = (bytes + 2) / 3 * 4;
  char *text = ARENA_ARRAY(arena, char, length + 1), *at = text;
  for (size_t n = 0; n < bytes; n += 3) {
    const uint32_t left = bytes - n < 3 ? (uint32_t)(bytes - n) : 3;
    uint32_t group = 0;
    for (uint32_t k = 0; k < 3; k++)
      group = group << 8 | (k < left ? table_byte(numbers, width, n + k) : 0);
    for (uint32_t k = 0; k < 4; k++) *at++ = k <= left ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  *at = '\0';
  return text;
}

/* {"bytes": 2, "data": "..."} with the fewest bytes a number, or null for no table. */
static json_t *table_json(const uint32_t *numbers, size_t count) {
  if (!numbers) return json_null();
  uint32_t largest = 0;
  for (size_t i = 0; i < count; i++) largest = numbers[i] > largest ? numbers[i] : largest;
  const uint32_t width = largest < 1U << 8 ? 1 : largest < 1U << 16 ? 2 : 4;
  Arena *scratch = arena_open();
  json_t *table = json_pack("{s:i, s:s}", "bytes", (int)width, "data",
                            encode_table(numbers, count, width, scratch));
  arena_close(scratch);
  return table;
}

/* ---- the schedule ---- */

static json_t *generator_json(const Interleaver *e) {
  static const char *const kinds[] = {[INTERLEAVER_DENSE] = "dense",
                                      [INTERLEAVER_CLASH_FREE] = "clash_free",
                                      [INTERLEAVER_WINDOW] = "window",
                                      [INTERLEAVER_LISTED] = "listed"};
  const size_t sweep = e->banks, sweeps = e->sweep_count * sweep;
  return json_pack("{s:s, s:i, s:i, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
                   kinds[e->kind], "banks", (int)e->banks, "rows_per_bank", (int)e->rows_per_bank,
                   "is_start_shared", e->is_start_shared, "is_lane_shared", e->is_lane_shared,
                   "right_begin", table_json(e->right_begin, e->right_count + 1ull), "starts",
                   table_json(e->starts, e->is_start_shared ? sweep : sweeps), "rows",
                   table_json(e->rows, sweeps * e->rows_per_bank), "lanes",
                   table_json(e->lanes, e->is_lane_shared ? sweep : sweeps), "base",
                   table_json(e->base, e->right_count), "offset", table_json(e->offset, e->fanin),
                   "left", table_json(e->left, e->edge_count));
}

static json_t *junctions_json(const ScheduleReport *report) {
  const Schedule *s = report->schedule;
  json_t *junctions = json_array();
  for (uint32_t i = 0; i < s->model->junction_count; i++) {
    if (!shows_junction(&report->view, i)) continue;
    const Interleaver *edges = &s->model->junctions[i].edges;
    json_t *junction = schedule_junction_json(s, i);
    json_object_set_new(junction, "generator", generator_json(edges));
    json_object_set_new(junction, "last_edge",
                        table_json(s->junctions[i].last_edge, edges->left_count));
    const Span at = report->program->network.junctions[i].at;
    json_object_set_new(junction, "line",
                        json_integer(sources_position(report->sources, at.begin).line));
    json_array_append_new(junctions, junction);
  }
  return junctions;
}

/* ---- edge_ops.def ---- */

#define WORD_phase_FF  "ff"
#define WORD_phase_BP  "bp"
#define WORD_phase_UP  "up"
#define WORD_per_EDGE  "edge"
#define WORD_per_LEFT  "left"
#define WORD_per_RIGHT "right"

static json_t *ops_json(void) {
  json_t *ops = json_object();
#define OP(id, name, phase, per, formula)                                                          \
  json_object_set_new(ops, name,                                                                   \
                      json_pack("{s:s, s:s, s:s}", "phase", WORD_phase_##phase, "per",             \
                                WORD_per_##per, "formula", formula));
#define ACCESS(op, memory, owner, index, direction, moment, condition)
#include "runtime/edge_ops.def"
#undef OP
#undef ACCESS
  return ops;
}

/* A word of the table as JSON has it: in small letters. */
static json_t *word_json(const char *word) {
  char small[32];
  size_t i = 0;
  for (; word[i] && i < sizeof small - 1; i++)
    small[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + ('a' - 'A') : word[i]);
  small[i] = '\0';
  return json_string(small);
}

static json_t *rules_json(void) {
  json_t *rules = json_array();
#define OP(id, name, phase, per, formula)
#define ACCESS(op, memory, owner, index, direction, moment, condition)                             \
  json_array_append_new(rules, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "op",              \
                                         edge_op_info[EDGE_OP_##op].name, "memory",                \
                                         memory_info[MEMORY_##memory].name, "owner",               \
                                         word_json(#owner), "index", word_json(#index),            \
                                         "direction", word_json(#direction), "moment",             \
                                         word_json(#moment), "condition", word_json(#condition)));
#include "runtime/edge_ops.def"
#undef OP
#undef ACCESS
  return rules;
}

/* ---- the rest ---- */

static json_t *source_json(const ScheduleReport *report) {
  const SourceFile *file =
      sources_position(report->sources, report->program->network.junctions[0].at.begin).file;
  if (!file) return json_null();
  json_t *lines = json_array();
  for (uint32_t i = 0; i < file->line_count; i++) {
    const uint32_t begin = file->lines[i];
    uint32_t end = i + 1 < file->line_count ? file->lines[i + 1] : file->length;
    while (end > begin && (file->text[end - 1] == '\n' || file->text[end - 1] == '\r')) end--;
    json_array_append_new(lines, json_text(file->text + begin, end - begin));
  }
  return json_pack("{s:o, s:o}", "file", json_text(file->name, strlen(file->name)), "lines", lines);
}

static json_t *view_json(const ScheduleReport *report) {
  const ScheduleView *view = &report->view;
  if (!view->has_clocks) return json_pack("{s:n}", "clocks");
  return json_pack("{s:[i, i]}", "clocks", (int)view_first_clock(report),
                   (int)view_end_clock(report) - 1);
}

static void name_number(const NumberFormat *number, char name[64]) {
  snprintf(name, 64, "float32");
  if (number->is_fixed)
    snprintf(name, 64, "fixed point of %" PRIu32 " bits", (uint32_t)number->width);
}

static json_t *page_json(const ScheduleReport *report) {
  const Schedule *s = report->schedule;
  const FitReportInput fit = {
      .program = report->program, .model = s->model, .fit = report->fit, .schedule = s};
  const AccessConditions conditions = access_conditions(s->model, true);
  char number[64];
  name_number(&s->model->number, number);
  json_t *schedule = schedule_head_json(s);
  json_object_set_new(schedule, "junctions", junctions_json(report));
  return json_pack("{s:s, s:s, s:o, s:o, s:o, s:{s:b, s:b, s:b}, s:o, s:o, s:o}", "version",
                   SEDGE_VERSION, "number", number, "schedule", schedule, "ops", ops_json(),
                   "rules", rules_json(), "conditions", "batched", conditions.is_batched, "closing",
                   conditions.is_closing, "stateful", conditions.is_stateful, "fit",
                   fit_report_json(&fit), "source", source_json(report), "view", view_json(report));
}

void print_schedule_html(const ScheduleReport *report, FILE *out) {
  json_t *data = page_json(report);
  fputs("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>sedge schedule</title>\n<style>\n",
        out);
  fwrite(page_style, 1, page_style_bytes, out);
  fputs("</style>\n<body>\n", out);
  fwrite(page_body, 1, page_body_bytes, out);
  /* With its slashes escaped no text in the data can end the element. */
  fputs("<script type=\"application/json\" id=\"data\">\n", out);
  json_dumpf(data, out, JSON_COMPACT | JSON_ESCAPE_SLASH);
  fputs("\n</script>\n<script type=\"module\">\n", out);
  fwrite(page_script, 1, page_script_bytes, out);
  fputs("</script>\n", out);
  json_decref(data);
}
