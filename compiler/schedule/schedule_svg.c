// SPDX-License-Identifier: MIT
// The schedule as a figure for a paper: one column wide, in points, text as text.
//
//   a   the pipeline of junctions: which input each works on, junction cycle by junction cycle
//   b   inside a junction cycle: in which clocks each operation reads (upper half of its row) and
//       writes (lower half); with --junction, one row for each of its memories
//   c   with --junction: the words that FF reads from the banks of the left layer, clock by clock
//
// FF, BP and UP differ in colour for every kind of eye, and in lightness for a printer without
// colour.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/schedule/schedule_formats.h"
#include "lang/arena.h"

/* Points. */
#define PAGE_WIDTH   252.0 /* 3.5 inches: a column of a two-column paper */
#define GUTTER       64.0  /* labels, left of a panel's picture */
#define MARGIN_RIGHT 29.0  /* labels, right of it */
#define PICTURE      (PAGE_WIDTH - GUTTER - MARGIN_RIGHT)
#define PANEL_GAP    13.0

enum { MOST_GRID_CLOCKS = 16, MOST_GRID_BANKS = 16, MOST_BUCKETS = 656 };

static const struct {
  const char *name, *fill, *ink;
} phase_looks[PHASE_COUNT] = {
    [PHASE_FF] = {"FF", "#93c9ee", "#000000"},
    [PHASE_BP] = {"BP", "#e69f00", "#000000"},
    [PHASE_UP] = {"UP", "#08507f", "#ffffff"},
};

typedef struct Figure {
  const ScheduleReport *report;
  FILE *out;
  double y;    /* top of what comes next */
  char letter; /* of the next panel */
} Figure;

/* ---- marks ---- */

static void print_escaped(const char *text, FILE *out) {
  for (; *text; text++) {
    switch (*text) {
    case '&': fputs("&amp;", out); break;
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    default: fputc(*text, out); break;
    }
  }
}

/* `look` is a list of attributes, or "". */
static void print_text(const Figure *f, double x, double y, const char *look, const char *text) {
  fprintf(f->out, "<text x=\"%.2f\" y=\"%.2f\"%s%s>", x, y, *look ? " " : "", look);
  print_escaped(text, f->out);
  fputs("</text>\n", f->out);
}

static void print_box(const Figure *f, double x, double y, double width, double height,
                      const char *look) {
  fprintf(f->out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" %s/>\n", x, y, width,
          height, look);
}

/* "a  Pipeline of junctions", and at the right what the ruler counts. */
static void begin_panel(Figure *f, const char *title, const char *ruler) {
  const char letter[2] = {f->letter++, '\0'};
  f->y += 7.0;
  print_text(f, 0.0, f->y, "font-weight=\"bold\" font-size=\"8\"", letter);
  print_text(f, 9.0, f->y, "font-weight=\"bold\"", title);
  f->y += 10.0;
  print_text(f, GUTTER - 4.0, f->y, "text-anchor=\"end\" class=\"quiet\"", ruler);
}

/* A step of 1, 2 or 5 times a power of ten that gives at most `most` labels to `count` places. */
static uint32_t label_step(uint32_t count, uint32_t most) {
  static const uint32_t factors[] = {1, 2, 5};
  for (uint32_t power = 1;; power *= 10) {
    for (uint32_t i = 0; i < 3; i++) {
      if (count / (factors[i] * power) < most) return factors[i] * power;
    }
  }
}

/* Labels over places of this width, centred on them, as many as do not touch each other or what
 * stands at the right. */
static void print_ruler(const Figure *f, uint32_t first, uint32_t end, double place) {
  char number[16];
  const double widest = 3.9 * snprintf(number, sizeof number, "%" PRIu32, end - 1);
  const uint32_t step = label_step(end - first, (uint32_t)(PICTURE / (widest + 5.0)));
  for (uint32_t i = first; i < end; i++) {
    const double x = GUTTER + (i - first + 0.5) * place;
    if (i % step || x + widest / 2.0 > GUTTER + PICTURE + 1.0) continue;
    snprintf(number, sizeof number, "%" PRIu32, i);
    print_text(f, x, f->y, "text-anchor=\"middle\" class=\"quiet\"", number);
  }
}

/* ---- a: the pipeline ---- */

static uint32_t shown_cycles(const Schedule *s) {
  const uint32_t there_and_back = 2 * s->model->junction_count + 4;
  return there_and_back < 12 ? 12 : there_and_back;
}

static void print_pipeline_cell(const Figure *f, uint32_t junction, Phase phase, uint32_t cycle,
                                double place, double height) {
  const Schedule *s = f->report->schedule;
  const uint64_t input = input_of_cycle(s, junction, phase, cycle);
  const double x = GUTTER + cycle * place;
  if (input == UINT64_MAX) {
    print_box(f, x + 0.4, f->y + 0.4, place - 0.8, height - 0.8, "class=\"idle\"");
    return;
  }
  char look[96], number[24];
  fprintf(f->out,
          "<g><title>junction %" PRIu32 " %s, junction cycle %" PRIu32 ": input %" PRIu64
          ", weights lack %" PRIu64 " updates</title>\n",
          junction + 1, phase_looks[phase].name, cycle, input,
          missing_updates(s, junction, phase, cycle));
  snprintf(look, sizeof look, "fill=\"%s\"%s", phase_looks[phase].fill,
           input == 0 ? " stroke=\"#000\" stroke-width=\"0.9\"" : "");
  print_box(f, x + 0.4, f->y + 0.4, place - 0.8, height - 0.8, look);
  if (place >= 7.0) {
    snprintf(look, sizeof look, "text-anchor=\"middle\" font-size=\"6\" fill=\"%s\"%s",
             phase_looks[phase].ink, input == 0 ? " font-weight=\"bold\"" : "");
    snprintf(number, sizeof number, "%" PRIu64, input);
    print_text(f, x + place / 2.0, f->y + height / 2.0 + 2.1, look, number);
  }
  fputs("</g>\n", f->out);
}

static void print_pipeline_row(Figure *f, uint32_t junction, Phase phase) {
  const Schedule *s = f->report->schedule;
  const uint32_t cycles = shown_cycles(s);
  const double place = PICTURE / cycles, height = 8.5;
  print_text(f, GUTTER - 4.0, f->y + 6.3, "text-anchor=\"end\"", phase_looks[phase].name);
  for (uint32_t t = 0; t < cycles; t++) print_pipeline_cell(f, junction, phase, t, place, height);
  /* The last input shown is as stale as all later ones. */
  uint64_t stale = 0;
  for (uint32_t t = 0; t < cycles; t++) {
    const uint64_t missing = missing_updates(s, junction, phase, t);
    if (missing > stale) stale = missing;
  }
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, stale);
  print_text(f, PAGE_WIDTH - MARGIN_RIGHT / 2.0, f->y + 6.3, "text-anchor=\"middle\"", text);
  f->y += height;
}

static void print_pipeline(Figure *f) {
  const Schedule *s = f->report->schedule;
  begin_panel(f, "Inputs in the pipeline of junctions", "junction cycle");
  print_ruler(f, 0, shown_cycles(s), PICTURE / shown_cycles(s));
  print_text(f, PAGE_WIDTH - MARGIN_RIGHT / 2.0, f->y, "text-anchor=\"middle\" class=\"quiet\"",
             "stale by");
  f->y += 3.0;
  for (uint32_t i = 0; i < s->model->junction_count; i++) {
    if (!shows_junction(&f->report->view, i)) continue;
    char name[32];
    snprintf(name, sizeof name, "junction %" PRIu32, i + 1);
    print_text(f, 0.0, f->y + 6.3, "", name);
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
      if (phase != PHASE_BP || s->junctions[i].has_bp) print_pipeline_row(f, i, (Phase)phase);
    }
    f->y += 2.5;
  }
}

/* ---- b: a junction cycle ---- */

/* Accesses of one operation, of all its memories or of one, by stretches of clocks. */
typedef struct Row {
  EdgeOp op;
  const Memory *memory;  /* NULL: all */
  bool *lanes[2];        /* by AccessDirection: [buckets] whether there is any in this stretch */
  uint64_t clock, asked; /* accesses in one clock */
  uint64_t most;         /* in any clock */
} Row;

typedef struct Rows {
  const ScheduleReport *report;
  Arena *arena;
  bool is_by_memory;
  uint32_t first, end, bucket_clocks, buckets;
  uint32_t clock; /* now */
  uint32_t count;
  Row rows[64];
} Rows;

static Row *find_row(Rows *rows, const Access *access) {
  const Memory *memory = rows->is_by_memory ? access->memory : NULL;
  for (uint32_t i = 0; i < rows->count; i++) {
    if (rows->rows[i].op == access->op && rows->rows[i].memory == memory) return &rows->rows[i];
  }
  Row *row = &rows->rows[rows->count++];
  *row = (Row){.op = access->op, .memory = memory, .clock = UINT64_MAX};
  for (uint32_t d = 0; d < 2; d++) row->lanes[d] = ARENA_ARRAY(rows->arena, bool, rows->buckets);
  return row;
}

static bool note_access(void *context, const Access *access) {
  Rows *rows = context;
  Row *row = find_row(rows, access);
  row->lanes[access->direction][(rows->clock - rows->first) / rows->bucket_clocks] = true;
  if (row->clock != rows->clock) row->asked = 0;
  row->clock = rows->clock;
  if (++row->asked > row->most) row->most = row->asked;
  return true;
}

static void collect_rows(Rows *rows, uint32_t junction) {
  const Schedule *s = rows->report->schedule;
  rows->first = view_first_clock(rows->report);
  rows->end = view_end_clock(rows->report);
  const uint32_t clocks = rows->end - rows->first;
  rows->bucket_clocks = (clocks + MOST_BUCKETS - 1) / MOST_BUCKETS;
  rows->buckets = (clocks + rows->bucket_clocks - 1) / rows->bucket_clocks;
  for (rows->clock = rows->first; rows->clock < rows->end; rows->clock++) {
    visit_clock(s, junction, rows->clock, access_conditions(s->model, true), note_access, rows);
  }
}

/* The stretches in which a lane has any access, as boxes. */
static void print_lane(const Figure *f, const Rows *rows, const Row *row,
                       AccessDirection direction) {
  const double clock_width = PICTURE / (rows->end - rows->first);
  const double place = clock_width * rows->bucket_clocks, height = 3.4;
  const double y = f->y + (direction == DIRECTION_READ ? 0.6 : 0.6 + height);
  const Phase phase = edge_op_info[row->op].phase;
  char look[96];
  snprintf(look, sizeof look, "fill=\"%s\"", phase_looks[phase].fill);
  const bool *lane = row->lanes[direction];
  for (uint32_t begin = 0, end; begin < rows->buckets; begin = end) {
    for (end = begin; end < rows->buckets && lane[end] == lane[begin]; end++) continue;
    double right = end * place;
    if (right > PICTURE) right = PICTURE;
    if (lane[begin]) print_box(f, GUTTER + begin * place, y, right - begin * place, height, look);
  }
}

static void print_row(Figure *f, const Rows *rows, const Row *row) {
  char label[48], most[24];
  if (row->memory) {
    snprintf(label, sizeof label, "%s %s %" PRIu32, phase_names[edge_op_info[row->op].phase],
             memory_info[row->memory->kind].name, owner_number(row->memory));
  } else {
    snprintf(label, sizeof label, "%s", edge_op_info[row->op].name);
  }
  print_text(f, GUTTER - 4.0, f->y + 6.0, "text-anchor=\"end\" font-size=\"6.5\"", label);
  print_box(f, GUTTER, f->y + 0.6, PICTURE, 6.8, "class=\"idle\"");
  print_lane(f, rows, row, DIRECTION_READ);
  print_lane(f, rows, row, DIRECTION_WRITE);
  snprintf(most, sizeof most, "%" PRIu64, row->most);
  print_text(f, PAGE_WIDTH - MARGIN_RIGHT / 2.0, f->y + 6.0,
             "text-anchor=\"middle\" font-size=\"6.5\"", most);
  f->y += 8.0;
}

static void print_junction_rows(Figure *f, uint32_t junction) {
  Rows rows = {.report = f->report,
               .arena = arena_open(),
               .is_by_memory = f->report->view.junction != UINT32_MAX};
  collect_rows(&rows, junction);
  if (!rows.is_by_memory) {
    char name[32];
    snprintf(name, sizeof name, "junction %" PRIu32, junction + 1);
    print_text(f, 0.0, f->y + 6.0, "", name);
  }
  for (int op = 0; op < EDGE_OP_COUNT; op++) {
    for (uint32_t i = 0; i < rows.count; i++) {
      if ((int)rows.rows[i].op == op) print_row(f, &rows, &rows.rows[i]);
    }
  }
  arena_close(rows.arena);
  f->y += 2.5;
}

static void print_junction_cycle(Figure *f) {
  const ScheduleReport *report = f->report;
  const uint32_t first = view_first_clock(report), end = view_end_clock(report);
  char title[96];
  if (report->view.junction == UINT32_MAX) {
    snprintf(title, sizeof title, "Operations within a junction cycle of %" PRIu32 " clocks",
             report->schedule->junction_cycle);
  } else {
    snprintf(title, sizeof title, "Memories of junction %" PRIu32 " within a junction cycle",
             report->view.junction + 1);
  }
  begin_panel(f, title, "clock");
  print_ruler(f, first, end, PICTURE / (end - first));
  print_text(f, PAGE_WIDTH - MARGIN_RIGHT / 2.0, f->y, "text-anchor=\"middle\" class=\"quiet\"",
             "per clock");
  f->y += 3.0;
  for (uint32_t i = 0; i < report->schedule->model->junction_count; i++) {
    if (shows_junction(&report->view, i)) print_junction_rows(f, i);
  }
}

/* ---- c: words of the left banks ---- */

typedef struct Grid {
  uint32_t word[MOST_GRID_BANKS]; /* UINT32_MAX: none */
} Grid;

static bool note_word(void *context, const Access *access) {
  Grid *grid = context;
  if (access->op == EDGE_OP_FF_MAC && access->memory->kind == MEMORY_ACTIVATION &&
      access->bank < MOST_GRID_BANKS)
    grid->word[access->bank] = access->word;
  return true;
}

static void print_grid_column(const Figure *f, uint32_t clock, uint32_t banks, double x,
                              double place) {
  const Schedule *s = f->report->schedule;
  const uint32_t junction = f->report->view.junction;
  Grid grid;
  memset(&grid, 0xff, sizeof grid);
  visit_clock(s, junction, clock, access_conditions(s->model, true), note_word, &grid);
  const uint32_t words = find_memory(s, MEMORY_ACTIVATION, junction)->words;
  for (uint32_t b = 0; b < banks; b++) {
    const double y = f->y + b * 8.5;
    if (grid.word[b] == UINT32_MAX) {
      print_box(f, x + 0.4, y + 0.4, place - 0.8, 7.7, "class=\"idle\"");
      continue;
    }
    /* Lightness by word, so that a bank's sweep over its words can be seen; dark enough for its
     * border, light for its text. */
    char look[32], number[16];
    const double light = 0.45 + 0.5 * (words > 1 ? 1.0 - grid.word[b] / (words - 1.0) : 1.0);
    snprintf(look, sizeof look, "fill=\"#%02x%02x%02x\"", (unsigned)(light * 210.0),
             (unsigned)(light * 235.0), (unsigned)(light * 255.0));
    print_box(f, x + 0.4, y + 0.4, place - 0.8, 7.7, look);
    snprintf(number, sizeof number, "%" PRIu32, grid.word[b]);
    print_text(f, x + place / 2.0, y + 6.3, "text-anchor=\"middle\" font-size=\"6\"", number);
  }
}

static void print_words(Figure *f) {
  const ScheduleReport *report = f->report;
  const Memory *left = find_memory(report->schedule, MEMORY_ACTIVATION, report->view.junction);
  const uint32_t first = view_first_clock(report), all = view_end_clock(report) - first;
  const uint32_t clocks = all < MOST_GRID_CLOCKS ? all : MOST_GRID_CLOCKS;
  const uint32_t banks = left->banks < MOST_GRID_BANKS ? left->banks : MOST_GRID_BANKS;
  const double place = PICTURE / clocks < 16.0 ? PICTURE / clocks : 16.0;
  char title[160];
  snprintf(title, sizeof title, "Words that FF reads from banks of '%.60s'",
           report->schedule->model->layers[report->view.junction].name);
  begin_panel(f, title, "clock");
  print_ruler(f, first, first + clocks, place);
  f->y += 3.0;
  for (uint32_t b = 0; b < banks; b++) {
    char name[32];
    snprintf(name, sizeof name, "bank %" PRIu32, b);
    print_text(f, GUTTER - 4.0, f->y + b * 8.5 + 6.3, "text-anchor=\"end\" font-size=\"6.5\"",
               name);
  }
  for (uint32_t c = 0; c < clocks; c++)
    print_grid_column(f, first + c, banks, GUTTER + c * place, place);
  f->y += banks * 8.5;
  if (banks < left->banks) {
    snprintf(title, sizeof title, "and %" PRIu32 " banks more", left->banks - banks);
    f->y += 7.0;
    print_text(f, GUTTER, f->y, "class=\"quiet\"", title);
  }
}

/* ---- the figure ---- */

static void print_legend(Figure *f) {
  static const char *const meanings[PHASE_COUNT] = {"FF feedforward", "BP backpropagation",
                                                    "UP update"};
  static const char *const notes[] = {
      "Outlined: the way of input 0. Stale by: updates that the weights lack.",
      "Upper half of a row: reads. Lower half: writes. Per clock: accesses at most."};
  double x = 0.0;
  f->y += 12.0;
  for (int phase = 0; phase < PHASE_COUNT; phase++) {
    char look[48];
    snprintf(look, sizeof look, "fill=\"%s\"", phase_looks[phase].fill);
    print_box(f, x, f->y - 5.5, 7.0, 6.5, look);
    print_text(f, x + 9.5, f->y, "font-size=\"6.5\"", meanings[phase]);
    x += phase == PHASE_BP ? 76.0 : 62.0;
  }
  f->y += 2.0;
  for (uint32_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
    f->y += 8.5;
    print_text(f, 0.0, f->y, "class=\"quiet\" font-size=\"6.5\"", notes[i]);
  }
  f->y += 3.0;
}

static void print_body(Figure *f) {
  print_pipeline(f);
  f->y += PANEL_GAP - 7.0;
  print_junction_cycle(f);
  if (f->report->view.junction != UINT32_MAX) {
    f->y += PANEL_GAP - 7.0;
    print_words(f);
  }
  print_legend(f);
}

static void print_head(const Figure *f, double height) {
  const Schedule *s = f->report->schedule;
  fprintf(f->out,
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%.0fpt\" "
          "height=\"%.1fpt\" viewBox=\"0 0 %.0f %.1f\" font-family=\"Helvetica, Arial, "
          "'Liberation Sans', sans-serif\" font-size=\"7\">\n<title>Schedule of ",
          PAGE_WIDTH, height, PAGE_WIDTH, height);
  print_escaped(s->model->name, f->out);
  fprintf(f->out,
          "</title>\n<desc>%s order, a junction cycle of %" PRIu32 " clocks, made by sedge</desc>\n"
          "<style>.quiet { fill: #555 } .idle { fill: #f4f4f4 }</style>\n"
          "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
          s->model->is_pipelined ? "pipelined" : "sequential", s->junction_cycle);
}

void print_schedule_svg(const ScheduleReport *report, FILE *out) {
  /* The head says how high the figure is, which is known when all is drawn. */
  char *body = NULL;
  size_t bytes = 0;
  Figure figure = {.report = report, .out = open_memstream(&body, &bytes), .letter = 'a'};
  if (!figure.out) arena_fail(BUFSIZ);
  print_body(&figure);
  if (fclose(figure.out) != 0) arena_fail(bytes);
  figure.out = out;
  print_head(&figure, figure.y);
  fwrite(body, 1, bytes, out);
  fputs("</svg>\n", out);
  free(body);
}
