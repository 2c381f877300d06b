// SPDX-License-Identifier: MIT
// Errors and warnings for the user: collected while compiling, sorted and printed once.
//
// One call makes a message; the rest adds to it:
//
//   Message *m = error_at(d, ERROR_BANKS, span, "banks must divide the %u neurons of '%s'", n, a);
//   help(m, "the nearest that do are %u and %u", below, above);
//
// A function that returns false or NULL has reported at least one error here.
// Codes, with the text that `sedge explain` prints, stand in errors.def.
#ifndef SEDGE_LANG_DIAGNOSTIC_H
#define SEDGE_LANG_DIAGNOSTIC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lang/arena.h"
#include "lang/source.h"

typedef enum ErrorCode {
#define CODE(id, printed, summary, text) ERROR_##id,
#include "lang/errors.def"
#undef CODE
  ERROR_CODE_COUNT
} ErrorCode;

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING } Severity;

typedef struct Diagnostics Diagnostics;
typedef struct Message Message;

/* An empty collection; messages live in the arena. */
Diagnostics *diagnostics_new(Arena *arena, const Sources *sources);

/* Reports a mistake in the text at `at`.  Never NULL. */
Message *error_at(Diagnostics *d, ErrorCode code, Span at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
Message *warning_at(Diagnostics *d, ErrorCode code, Span at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Reports a failure that has a path instead of a place ("path: error: ..."), or neither (path
 * NULL). */
Message *error_in(Diagnostics *d, ErrorCode code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a second place, a line of advice, or a change that mends by itself (replace `at` by
 * `replacement`; an empty span inserts; several are a choice).  `replacement` is copied. */
void note_at(Message *m, Span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void help(Message *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fix(Message *m, Span at, const char *replacement);

/* A message in parts, for those who print it in another way; all borrowed. */
typedef struct MessagePart {
  struct MessagePart *next;
  Span at;          /* note: a place; fix: what to replace; help: nowhere */
  const char *text; /* fix: the replacement */
} MessagePart;

typedef struct MessageFacts {
  Severity severity;
  ErrorCode code;
  Span at;          /* nowhere: see path */
  const char *path; /* instead of a place, or NULL */
  const char *text;
  const MessagePart *notes, *helps, *fixes; /* in the order in which they were added */
} MessageFacts;

/* Message 0 .. message_count - 1, in the order of reporting. */
uint32_t message_count(const Diagnostics *d);
MessageFacts message_facts(const Diagnostics *d, uint32_t number);

uint32_t error_count(const Diagnostics *d);

/* Whether the message reported last is one of the few that are printed; for others, advice that
 * takes time need not be found. */
bool last_is_shown(const Diagnostics *d);
uint32_t warning_count(const Diagnostics *d);

/* Whether any error reported so far has this code (the driver derives the exit code from it). */
bool has_error_code(const Diagnostics *d, ErrorCode code);

/* Prints all messages, sorted by file and place, at most twenty errors, then one line of totals. */
void print_diagnostics(const Diagnostics *d, FILE *out, bool with_color);

/* Prints all messages as JSON Lines: file line column end_line end_column severity code message
 * help, and `fixes` where there are any: each mends by itself. */
void print_diagnostics_json(const Diagnostics *d, FILE *out);

/* The code that prints as `printed` ("E0204", any case), or ERROR_CODE_COUNT. */
ErrorCode find_error_code(const char *printed);
const char *error_code_name(ErrorCode code);
const char *error_code_summary(ErrorCode code);
const char *error_code_text(ErrorCode code); /* at length: what, why, an example and its mend */

#endif
