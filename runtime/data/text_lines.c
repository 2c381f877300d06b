// SPDX-License-Identifier: MIT
// Lines and decimal numbers of text files.
//
// The buffer holds the current line and what was read behind it; it grows only when a line is
// longer than what it holds, so memory follows the longest line.
#include "runtime/data/text_lines.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  STEP_BYTES = 1 << 16,
  MOST_LINE_BYTES = 1 << 28, /* 16 bytes for each of the most values that an input layer takes */
};

bool lines_open(const char *path, TextLines *lines, Failure *failure) {
  *lines = (TextLines){.text = {.item_bytes = 1}};
  return gzip_open(path, &lines->file, failure);
}

bool lines_open_input(TextLines *lines, Failure *failure) {
  *lines = (TextLines){.text = {.item_bytes = 1}};
  return gzip_open_input(&lines->file, failure);
}

/* Drops the lines that were given and reads on. */
static bool read_more(TextLines *lines, Failure *failure) {
  char *text = lines->text.items;
  const uint64_t kept = lines->text.count - lines->next;
  if (kept > 0 && lines->next > 0) memmove(text, text + lines->next, kept);
  if (kept > MOST_LINE_BYTES) {
    return fail(failure, FAILURE_INPUT, lines->file.path,
                "line %" PRIu64 " is longer than %d bytes", lines->number + 1, MOST_LINE_BYTES);
  }
  lines->text.count = kept;
  lines->next = 0;
  char *place = growing_extend(&lines->text, STEP_BYTES);
  if (place == NULL) {
    return fail(failure, FAILURE_MEMORY, lines->file.path, "line %" PRIu64 ": no memory for it",
                lines->number + 1);
  }
  size_t got = 0;
  const bool is_read = gzip_read(&lines->file, place, STEP_BYTES, &got, failure);
  lines->text.count = kept + got;
  lines->is_at_end = got < STEP_BYTES;
  return is_read;
}

static void skip_byte_order_mark(TextLines *lines) {
  static const char mark[] = "\xEF\xBB\xBF";
  const bool has_mark = lines->end - lines->line >= 3 && memcmp(lines->line, mark, 3) == 0;
  if (has_mark) lines->line += 3;
}

LineResult lines_next(TextLines *lines, Failure *failure) {
  uint64_t searched = 0;
  for (;;) {
    const char *start = lines->text.items == NULL ? "" : (char *)lines->text.items + lines->next;
    const uint64_t length = lines->text.count - lines->next;
    const char *stop = memchr(start + searched, '\n', length - searched);
    if (stop == NULL && !lines->is_at_end) {
      searched = length;
      if (!read_more(lines, failure)) return LINE_FAILED;
      continue;
    }
    if (stop == NULL && length == 0) return LINE_END;
    lines->next += stop != NULL ? (uint64_t)(stop - start) + 1 : length;
    lines->line = start;
    lines->end = stop != NULL ? stop : start + length;
    if (lines->end > lines->line && lines->end[-1] == '\r') lines->end--;
    if (lines->number++ == 0) skip_byte_order_mark(lines);
    return LINE_READ;
  }
}

void lines_close(TextLines *lines) {
  gzip_close(&lines->file);
  growing_close(&lines->text);
}

bool fail_at(const TextLines *lines, const char *at, const char *end, const char *what,
             Failure *failure) {
  enum { MOST_QUOTED = 24 };
  char quoted[MOST_QUOTED + 1];
  size_t length = 0;
  for (; at + length < end && length < MOST_QUOTED; length++) {
    const char c = at[length];
    quoted[length] = c < ' ' || c > '~' ? '?' : c;
  }
  quoted[length] = '\0';
  const uint64_t column = (uint64_t)(at - lines->line) + 1;
  if (length == 0) {
    return fail(failure, FAILURE_INPUT, lines->file.path,
                "line %" PRIu64 ", column %" PRIu64 ": %s, found nothing", lines->number, column,
                what);
  }
  return fail(failure, FAILURE_INPUT, lines->file.path,
              "line %" PRIu64 ", column %" PRIu64 ": %s, found '%s%s'", lines->number, column, what,
              quoted, at + length < end ? "..." : "");
}

/* A number as it is written: digits * 10^exponent, exactly unless digits were dropped, which begins
 * far beyond 2^53. */
typedef struct Decimal {
  uint64_t digits;
  int64_t exponent;
  bool is_negative;
} Decimal;

static bool is_digit(const char *at, const char *end) {
  return at < end && *at >= '0' && *at <= '9';
}

static void add_digit(Decimal *decimal, char digit, bool is_fraction) {
  if (decimal->digits > (UINT64_MAX - 9) / 10) {
    decimal->exponent += is_fraction ? 0 : 1;
    return;
  }
  decimal->digits = decimal->digits * 10 + (uint64_t)(digit - '0');
  decimal->exponent -= is_fraction ? 1 : 0;
}

static const char *scan_exponent(const char *at, const char *end, Decimal *decimal) {
  const char *digits = at + 1;
  const bool is_negative = digits < end && *digits == '-';
  if (digits < end && (*digits == '-' || *digits == '+')) digits++;
  if (!is_digit(digits, end)) return NULL;
  int64_t exponent = 0;
  for (; is_digit(digits, end); digits++) {
    if (exponent < 1000000) exponent = exponent * 10 + (*digits - '0');
  }
  decimal->exponent += is_negative ? -exponent : exponent;
  return digits;
}

static const char *scan_decimal(const char *at, const char *end, Decimal *decimal) {
  *decimal = (Decimal){0};
  if (at < end && (*at == '-' || *at == '+')) decimal->is_negative = *at++ == '-';
  bool has_digits = false;
  for (; is_digit(at, end); at++, has_digits = true) add_digit(decimal, *at, false);
  if (at < end && *at == '.') {
    for (at++; is_digit(at, end); at++, has_digits = true) add_digit(decimal, *at, true);
  }
  if (!has_digits) return NULL;
  return at < end && (*at == 'e' || *at == 'E') ? scan_exponent(at, end, decimal) : at;
}

/* The nearest double by strtod in the C locale, whatever locale the program has chosen. */
static bool convert_slowly(const char *at, const char *stop, double *value) {
  char brief[128];
  const size_t length = (size_t)(stop - at);
  char *text = length < sizeof brief ? brief : malloc(length + 1);
  const locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  const bool is_ready = text != NULL && locale != (locale_t)0;
  if (is_ready) {
    memcpy(text, at, length);
    text[length] = '\0';
    *value = strtod_l(text, NULL, locale);
  }
  if (locale != (locale_t)0) freelocale(locale);
  if (text != brief) free(text);
  return is_ready;
}

const char *read_decimal(const char *at, const char *end, double *value) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  enum { LARGEST_POWER = sizeof powers / sizeof powers[0] - 1 };
  Decimal decimal;
  const char *stop = scan_decimal(at, end, &decimal);
  if (stop == NULL) return NULL;
  /* Digits and power are both exact doubles here, so that one rounding gives the nearest double. */
  if (decimal.digits <= UINT64_C(1) << 53 && decimal.exponent >= -LARGEST_POWER &&
      decimal.exponent <= LARGEST_POWER) {
    const double digits = decimal.is_negative ? -(double)decimal.digits : (double)decimal.digits;
    *value = decimal.exponent < 0 ? digits / powers[-decimal.exponent]
                                  : digits * powers[decimal.exponent];
  } else if (!convert_slowly(at, stop, value)) {
    return NULL;
  }
  return fabs(*value) <= (double)FLT_MAX ? stop : NULL;
}
