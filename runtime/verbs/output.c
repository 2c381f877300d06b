// SPDX-License-Identifier: MIT
// JSON Lines by jansson, and digits in groups of three.
#include "runtime/verbs/output.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void print_json_line(FILE *out, json_t *object) {
  assert(object != NULL);
  if (json_dumpf(object, out, JSON_REAL_PRECISION(9)) == 0) fputc('\n', out);
  json_decref(object);
}

json_t *json_number(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

const char *grouped(uint64_t number) {
  static char buffers[8][32];
  static unsigned next;
  char digits[24];
  const int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
  char *text = buffers[next++ % 8];
  char *to = text;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return text;
}

const char *grouped_count(double number) {
  return number >= 0 && number < 0x1p64 ? grouped((uint64_t)number) : "?";
}

bool stream_has_color(FILE *stream, const char *when) {
  if (when && strcmp(when, "auto") != 0) return strcmp(when, "always") == 0;
  const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
  const bool is_dumb = terminal && strcmp(terminal, "dumb") == 0;
  return isatty(fileno(stream)) && !is_dumb && !(no_color && *no_color);
}
