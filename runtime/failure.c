// SPDX-License-Identifier: MIT
// Fills a Failure with text that can be printed anywhere: one line, no broken characters.
#include "runtime/failure.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A long path keeps its end, which names the file. */
static void copy_path(char *target, size_t size, const char *path) {
  static const char cut[] = "...";
  const size_t length = strlen(path);
  if (length < size) {
    memcpy(target, path, length + 1);
    return;
  }
  const size_t kept = size - sizeof cut;
  memcpy(target, cut, sizeof cut - 1);
  memcpy(target + sizeof cut - 1, path + length - kept, kept + 1);
}

/* A message that was cut must not end inside a UTF-8 character. */
static void drop_partial_character(char *text) {
  size_t length = strlen(text);
  size_t tail = 0;
  while (tail < 3 && tail < length && ((unsigned char)text[length - 1 - tail] & 0xC0) == 0x80)
    tail++;
  if (tail == length) return;
  const unsigned char lead = (unsigned char)text[length - 1 - tail];
  const size_t needed = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (needed > tail) text[length - 1 - tail] = '\0';
}

static void replace_control_characters(char *text) {
  for (; *text != '\0'; text++) {
    if ((unsigned char)*text < ' ' || *text == 0x7F) *text = '?';
  }
}

bool fail(Failure *failure, FailureKind kind, const char *path, const char *format, ...) {
  assert(failure != NULL && kind != FAILURE_NONE);
  failure->kind = kind;
  copy_path(failure->path, sizeof failure->path, path == NULL ? "" : *path ? path : "''");
  va_list values;
  va_start(values, format);
  const int length = vsnprintf(failure->message, sizeof failure->message, format, values);
  va_end(values);
  if (length < 0) failure->message[0] = '\0';
  if ((size_t)length >= sizeof failure->message) drop_partial_character(failure->message);
  replace_control_characters(failure->message);
  return false;
}
