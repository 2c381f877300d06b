// SPDX-License-Identifier: MIT
// Numbers and texts in quotes, character by character.
#include "lang/read_token.h"

#include <string.h>

/* ---- numbers ---- */

static bool append_digit(Rational *number, int64_t base, char c) {
  int64_t digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
  Rational shifted;
  return rational_multiply(*number, rational_integer(base), &shifted) &&
         rational_add(shifted, rational_integer(digit), number);
}

static bool read_hexadecimal(const char *text, size_t length, Rational *number) {
  for (size_t i = 2; i < length; i++) {
    if (text[i] != '_' && !append_digit(number, 16, text[i])) return false;
  }
  return true;
}

static bool read_decimal(const char *text, size_t length, Rational *number) {
  int64_t exponent = 0;
  bool is_fraction = false;
  size_t i = 0;
  for (; i < length && text[i] != 'e' && text[i] != 'E'; i++) {
    if (text[i] == '_') continue;
    if (text[i] == '.') {
      is_fraction = true;
      continue;
    }
    if (!append_digit(number, 10, text[i])) return false;
    exponent -= is_fraction;
  }
  int64_t written = 0;
  if (i < length) {
    const bool is_negative = text[i + 1] == '-';
    i += is_negative || text[i + 1] == '+' ? 2 : 1;
    for (; i < length && written < 1000; i++) written = written * 10 + (text[i] - '0');
    if (is_negative) written = -written;
  }
  Rational scale;
  exponent += written;
  if (number->numerator == 0) return true;
  return rational_power(rational_integer(10), exponent, &scale) &&
         rational_multiply(*number, scale, number);
}

bool read_number(Diagnostics *d, Span at, const char *text, size_t length, Rational *number) {
  *number = rational_integer(0);
  const bool is_hexadecimal = length > 1 && (text[1] == 'x' || text[1] == 'X');
  if (is_hexadecimal ? read_hexadecimal(text, length, number) : read_decimal(text, length, number))
    return true;
  Message *m = error_at(d, ERROR_NUMBER_SIZE, at, "this number has more digits than fit");
  help(m, "numbers are exact: numerator and denominator must stay below 2^63");
  return false;
}

/* ---- texts ---- */

static int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = (char)(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Decodes the escape at text[0] = '\\'; returns its length, 0 if it is none. */
static size_t decode_escape(const char *text, size_t length, char *decoded) {
  if (length < 2) return 0;
  switch (text[1]) {
  case '"':
  case '\\': *decoded = text[1]; return 2;
  case 'n': *decoded = '\n'; return 2;
  case 't': *decoded = '\t'; return 2;
  case 'x': {
    if (length < 4) return 0;
    const int high = hexadecimal(text[2]), low = hexadecimal(text[3]);
    if (high < 0 || low < 0 || high + low == 0) return 0;
    *decoded = (char)(high * 16 + low);
    return 4;
  }
  default: return 0;
  }
}

const char *read_string(Diagnostics *d, Arena *arena, Span at, const char *text, size_t length) {
  char *decoded = arena_alloc(arena, length, 1);
  size_t count = 0;
  for (size_t i = 1; i + 1 < length;) {
    if (text[i] != '\\') {
      if (text[i] == '\0') {
        error_at(d, ERROR_CHARACTER, at, "this text holds a NUL character");
        return NULL;
      }
      decoded[count++] = text[i++];
      continue;
    }
    const size_t used = decode_escape(text + i, length - 1 - i, &decoded[count]);
    if (used == 0) {
      const Span escape = {at.begin + (uint32_t)i, at.begin + (uint32_t)i + 2};
      Message *m = error_at(d, ERROR_ESCAPE, escape, "there is no escape '%.2s'", text + i);
      help(m, "the escapes are \\\" \\\\ \\n \\t and \\xNN, NN not 00");
      return NULL;
    }
    i += used;
    count++;
  }
  return decoded;
}

/* The number of a UTF-8 character of `length` bytes. */
static uint32_t code_point(const char *text, size_t length) {
  const unsigned char *bytes = (const unsigned char *)text;
  if (length <= 1) return bytes[0];
  uint32_t code = bytes[0] & (0x7FU >> length);
  for (size_t i = 1; i < length; i++) code = code << 6 | (bytes[i] & 0x3FU);
  return code;
}

void report_character(Diagnostics *d, Span at, const char *text, size_t length) {
  const unsigned char first = (unsigned char)text[0];
  if (first < ' ' || first == 127) {
    error_at(d, ERROR_CHARACTER, at, "unexpected control character 0x%02x", first);
    return;
  }
  /* Some that are wide or blank look like none, and some turn the line around: those are told by
   * number alone. */
  const uint32_t code = code_point(text, length);
  const bool is_plain = (code < 0x80 || code >= 0xA1) && !(code >= 0x2000 && code <= 0x206F) &&
                        code != 0xAD && code != 0x3000 && code != 0xFEFF;
  if (is_plain)
    error_at(d, ERROR_CHARACTER, at, "unexpected character '%.*s'", (int)length, text);
  else
    error_at(d, ERROR_CHARACTER, at, "unexpected character U+%04X", code);
}
