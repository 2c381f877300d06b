// SPDX-License-Identifier: MIT
// Texts of unknown origin (file names, words cut short) as JSON strings.
#include "lang/json_text.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at the beginning of `text`; 0 where there is none.  jansson knows
 * what is right. */
static size_t character_length(const char *text, size_t length) {
  for (size_t bytes = 1; bytes <= 4 && bytes <= length; bytes++) {
    json_t *one = json_stringn(text, bytes);
    json_decref(one);
    if (one) return bytes;
  }
  return 0;
}

json_t *json_text(const char *text, size_t length) {
  static const char replacement[] = "\xEF\xBF\xBD";
  json_t *string = json_stringn(text, length);
  if (string) return string;
  char *valid = malloc(3 * length + 1);
  size_t used = 0;
  for (size_t at = 0; valid && at < length;) {
    const size_t bytes = character_length(text + at, length - at);
    memcpy(valid + used, bytes ? text + at : replacement, bytes ? bytes : 3);
    used += bytes ? bytes : 3;
    at += bytes ? bytes : 1;
  }
  string = valid ? json_stringn(valid, used) : json_string("?");
  free(valid);
  return string;
}

size_t utf8_length(const char *text, size_t length) {
  json_t *string = json_stringn(text, length);
  json_decref(string);
  if (string) return length;
  size_t at = 0;
  for (size_t bytes; (bytes = character_length(text + at, length - at)) > 0;) at += bytes;
  return at;
}
