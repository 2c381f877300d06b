// SPDX-License-Identifier: MIT
// Collecting messages and printing them, as text with the marked line and as JSON.
#include "lang/diagnostic.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lang/json_text.h"
#include "lang/vector.h"

struct Message {
  Arena *arena;
  Severity severity;
  ErrorCode code;
  Span at;
  const char *path; /* instead of a place, or NULL */
  const char *text;
  MessagePart *notes, *helps, *fixes;
  uint32_t number; /* in order of reporting: keeps sorting stable */
};

struct Diagnostics {
  Arena *arena;
  const Sources *sources;
  VECTOR(Message *) messages;
  uint32_t errors, warnings;
};

enum { ERROR_LIMIT = 20, LINE_LIMIT = 160, CONTEXT = 60 };

static const struct {
  const char *printed, *summary, *text;
} codes[ERROR_CODE_COUNT] = {
#define CODE(id, printed, summary, text) {printed, summary, text},
#include "lang/errors.def"
#undef CODE
};

/* ---- collecting ---- */

Diagnostics *diagnostics_new(Arena *arena, const Sources *sources) {
  Diagnostics *d = ARENA_NEW(arena, Diagnostics);
  d->arena = arena;
  d->sources = sources;
  return d;
}

static const char *format_text(Arena *arena, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1, 1);
  vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, arguments);
  return text;
}

static Message *add_message(Diagnostics *d, Severity severity, ErrorCode code, Span at,
                            const char *path, const char *format, va_list arguments) {
  Message *m = ARENA_NEW(d->arena, Message);
  *m = (Message){.arena = d->arena,
                 .severity = severity,
                 .code = code,
                 .at = at,
                 .path = path,
                 .number = d->messages.count};
  m->text = format_text(d->arena, format, arguments);
  *VECTOR_ADD(d->arena, &d->messages) = m;
  if (severity == SEVERITY_ERROR) {
    d->errors++;
  } else {
    d->warnings++;
  }
  return m;
}

Message *error_at(Diagnostics *d, ErrorCode code, Span at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Message *m = add_message(d, SEVERITY_ERROR, code, at, NULL, format, arguments);
  va_end(arguments);
  return m;
}

Message *warning_at(Diagnostics *d, ErrorCode code, Span at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  Message *m = add_message(d, SEVERITY_WARNING, code, at, NULL, format, arguments);
  va_end(arguments);
  return m;
}

Message *error_in(Diagnostics *d, ErrorCode code, const char *path, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const char *copy = path && *path ? arena_copy(d->arena, path, strlen(path)) : NULL;
  Message *m = add_message(d, SEVERITY_ERROR, code, (Span){0, 0}, copy, format, arguments);
  va_end(arguments);
  return m;
}

static void append(MessagePart **list, Arena *arena, Span at, const char *text) {
  while (*list) list = &(*list)->next;
  *list = ARENA_NEW(arena, MessagePart);
  **list = (MessagePart){.at = at, .text = text};
}

void note_at(Message *m, Span at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(&m->notes, m->arena, at, format_text(m->arena, format, arguments));
  va_end(arguments);
}

void help(Message *m, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(&m->helps, m->arena, (Span){0, 0}, format_text(m->arena, format, arguments));
  va_end(arguments);
}

void fix(Message *m, Span at, const char *replacement) {
  append(&m->fixes, m->arena, at, arena_copy(m->arena, replacement, strlen(replacement)));
}

bool last_is_shown(const Diagnostics *d) {
  return d->errors <= ERROR_LIMIT;
}

uint32_t error_count(const Diagnostics *d) {
  return d->errors;
}

uint32_t warning_count(const Diagnostics *d) {
  return d->warnings;
}

bool has_error_code(const Diagnostics *d, ErrorCode code) {
  for (uint32_t i = 0; i < d->messages.count; i++) {
    const Message *m = d->messages.items[i];
    if (m->severity == SEVERITY_ERROR && m->code == code) return true;
  }
  return false;
}

uint32_t message_count(const Diagnostics *d) {
  return d->messages.count;
}

MessageFacts message_facts(const Diagnostics *d, uint32_t number) {
  const Message *m = d->messages.items[number];
  return (MessageFacts){m->severity, m->code,  m->at,    m->path,
                        m->text,     m->notes, m->helps, m->fixes};
}

/* ---- printing ---- */

typedef struct Printer {
  FILE *out;
  const Sources *sources;
  const char *bold, *red, *yellow, *cyan, *reset;
} Printer;

static bool is_continuation(char byte) {
  return ((unsigned char)byte & 0xC0U) == 0x80U;
}

/* Prints bytes as one line, tabs kept and other control characters as spaces; or, as_blank, the
 * blanks that stand under them. */
static void print_cells(FILE *out, const char *text, uint32_t count, char as_blank) {
  for (uint32_t i = 0; i < count; i++) {
    const char c = text[i];
    if (c == '\t') {
      fputc('\t', out);
    } else if (!as_blank) {
      fputc((unsigned char)c < ' ' || c == 127 ? ' ' : c, out);
    } else if (!is_continuation(c)) {
      fputc(as_blank, out);
    }
  }
}

/* The line of a span with ^~~~ under it; a long line is cut around it. */
static void print_marked_line(const Printer *p, Span at) {
  const Position position = sources_position(p->sources, at.begin);
  const SourceFile *file = position.file;
  const uint32_t line_begin = file->lines[position.line - 1];
  uint32_t line_end = line_begin;
  while (line_end < file->length && file->text[line_end] != '\n') line_end++;
  if (line_end > line_begin && file->text[line_end - 1] == '\r') line_end--;
  uint32_t begin = at.begin - file->base, end = at.end - file->base;
  if (begin > line_end) begin = line_end;
  if (end > line_end) end = line_end;
  if (end < begin) end = begin;
  uint32_t from = line_begin, to = line_end;
  if (line_end - line_begin > LINE_LIMIT) {
    from = begin - line_begin > CONTEXT ? begin - CONTEXT : line_begin;
    to = line_end - begin > LINE_LIMIT - CONTEXT ? begin + LINE_LIMIT - CONTEXT : line_end;
    while (from < begin && is_continuation(file->text[from])) from++;
    while (to > begin && to < line_end && is_continuation(file->text[to])) to--;
    if (end > to) end = to;
  }
  fprintf(p->out, "%5u | %s", position.line, from > line_begin ? "..." : "");
  print_cells(p->out, file->text + from, to - from, 0);
  fprintf(p->out, "%s\n      | %s", to < line_end ? "..." : "", from > line_begin ? "   " : "");
  print_cells(p->out, file->text + from, begin - from, ' ');
  fprintf(p->out, "%s^", p->red);
  bool is_first = true;
  for (uint32_t i = begin; i < end; i++) {
    if (is_continuation(file->text[i])) continue;
    if (!is_first) fputc('~', p->out);
    is_first = false;
  }
  fprintf(p->out, "%s\n", p->reset);
}

static void print_place(const Printer *p, Span at, const char *path) {
  const Position position = sources_position(p->sources, at.begin);
  if (position.file) {
    fprintf(p->out, "%s%s:%u:%u: ", p->bold, position.file->name, position.line, position.column);
  } else if (path) {
    fprintf(p->out, "%s%s: ", p->bold, path);
  } else {
    fprintf(p->out, "%ssedge: ", p->bold);
  }
}

static void print_message(const Printer *p, const Message *m) {
  const bool is_error = m->severity == SEVERITY_ERROR;
  print_place(p, m->at, m->path);
  fprintf(p->out, "%s%s:%s%s %s%s\n", is_error ? p->red : p->yellow, is_error ? "error" : "warning",
          p->reset, p->bold, m->text, p->reset);
  if (!span_is_nowhere(m->at)) print_marked_line(p, m->at);
  for (const MessagePart *note = m->notes; note; note = note->next) {
    print_place(p, note->at, NULL);
    fprintf(p->out, "%snote:%s %s\n", p->cyan, p->reset, note->text);
    if (!span_is_nowhere(note->at)) print_marked_line(p, note->at);
  }
  for (const MessagePart *advice = m->helps; advice; advice = advice->next) {
    fprintf(p->out, "      %s= help:%s %s\n", p->cyan, p->reset, advice->text);
  }
}

static int compare_messages(const void *left, const void *right) {
  const Message *a = *(const Message *const *)left, *b = *(const Message *const *)right;
  if (a->at.begin != b->at.begin) return a->at.begin < b->at.begin ? -1 : 1;
  return (a->number > b->number) - (a->number < b->number);
}

/* A sorted copy of the messages. */
static Message **sort_messages(const Diagnostics *d) {
  Message **sorted = ARENA_ARRAY(d->arena, Message *, d->messages.count);
  if (d->messages.count) {
    memcpy(sorted, d->messages.items, d->messages.count * sizeof *sorted);
    qsort(sorted, d->messages.count, sizeof *sorted, compare_messages);
  }
  return sorted;
}

static void print_totals(const Printer *p, const Diagnostics *d, const Message *first) {
  const uint32_t hidden = d->errors > ERROR_LIMIT ? d->errors - ERROR_LIMIT : 0;
  if (d->errors) fprintf(p->out, "%u error%s", d->errors, d->errors == 1 ? "" : "s");
  if (d->errors && d->warnings) fputs(", ", p->out);
  if (d->warnings) fprintf(p->out, "%u warning%s", d->warnings, d->warnings == 1 ? "" : "s");
  if (hidden) fprintf(p->out, ", the last %u error%s not shown", hidden, hidden == 1 ? "" : "s");
  fprintf(p->out, "; `sedge explain %s` says more\n", error_code_name(first->code));
}

void print_diagnostics(const Diagnostics *d, FILE *out, bool with_color) {
  if (d->messages.count == 0) return;
  Printer p = {.out = out,
               .sources = d->sources,
               .bold = "",
               .red = "",
               .yellow = "",
               .cyan = "",
               .reset = ""};
  if (with_color) {
    p.bold = "\033[1m";
    p.red = "\033[1;31m";
    p.yellow = "\033[1;33m";
    p.cyan = "\033[1;36m";
    p.reset = "\033[0m";
  }
  Message **sorted = sort_messages(d);
  const Message *first = NULL;
  uint32_t errors = 0;
  for (uint32_t i = 0; i < d->messages.count; i++) {
    const Message *m = sorted[i];
    const bool is_error = m->severity == SEVERITY_ERROR;
    if (is_error && ++errors > ERROR_LIMIT) continue;
    if (!first || (is_error && first->severity != SEVERITY_ERROR)) first = m;
    print_message(&p, m);
  }
  print_totals(&p, d, first);
}

static json_t *span_json(const Sources *sources, Span at) {
  const Position begin = sources_position(sources, at.begin),
                 end = sources_position(sources, at.end);
  if (!begin.file) return json_object();
  const char *name = begin.file->name;
  return json_pack("{s:o, s:i, s:i, s:i, s:i}", "file", json_text(name, strlen(name)), "line",
                   (int)begin.line, "column", (int)begin.column, "end_line", (int)end.line,
                   "end_column", (int)end.column);
}

static void print_message_json(const Diagnostics *d, const Message *m, FILE *out) {
  json_t *object = span_json(d->sources, m->at);
  if (m->path) json_object_set_new(object, "file", json_text(m->path, strlen(m->path)));
  json_object_set_new(object, "severity",
                      json_string(m->severity == SEVERITY_ERROR ? "error" : "warning"));
  json_object_set_new(object, "code", json_string(error_code_name(m->code)));
  json_object_set_new(object, "message", json_text(m->text, strlen(m->text)));
  const char *advice = NULL;
  for (const MessagePart *a = m->helps; a; a = a->next) {
    advice = advice ? arena_print(d->arena, "%s; %s", advice, a->text) : a->text;
  }
  json_object_set_new(object, "help", advice ? json_text(advice, strlen(advice)) : json_null());
  json_t *fixes = json_array();
  for (const MessagePart *a = m->fixes; a; a = a->next) {
    json_t *change = span_json(d->sources, a->at);
    json_object_set_new(change, "replacement", json_text(a->text, strlen(a->text)));
    json_array_append_new(fixes, change);
  }
  if (json_array_size(fixes)) {
    json_object_set_new(object, "fixes", fixes);
  } else {
    json_decref(fixes);
  }
  char *text = json_dumps(object, JSON_COMPACT);
  if (text) fprintf(out, "%s\n", text);
  free(text);
  json_decref(object);
}

void print_diagnostics_json(const Diagnostics *d, FILE *out) {
  Message **sorted = sort_messages(d);
  for (uint32_t i = 0; i < d->messages.count; i++) print_message_json(d, sorted[i], out);
}

/* ---- codes ---- */

ErrorCode find_error_code(const char *printed) {
  uint32_t code = 0;
  while (code < ERROR_CODE_COUNT && strcasecmp(codes[code].printed, printed) != 0) code++;
  return (ErrorCode)code;
}

const char *error_code_name(ErrorCode code) {
  return codes[code].printed;
}

const char *error_code_summary(ErrorCode code) {
  return codes[code].summary;
}

const char *error_code_text(ErrorCode code) {
  return codes[code].text;
}
