// SPDX-License-Identifier: MIT
// From the characters of a token to its value; reports what is wrong with them.
#ifndef SEDGE_LANG_READ_TOKEN_H
#define SEDGE_LANG_READ_TOKEN_H

#include "lang/diagnostic.h"
#include "lang/rational.h"

/* A number as the scanner matched it: decimal with optional fraction and exponent, or 0x
 * hexadecimal, `_` between digits.  Exact; false after reporting one that does not fit. */
bool read_number(Diagnostics *d, Span at, const char *text, size_t length, Rational *number);

/* A text in quotes with its escapes decoded, in the arena; NULL after reporting a bad escape or a
 * NUL. */
const char *read_string(Diagnostics *d, Arena *arena, Span at, const char *text, size_t length);

/* Reports a character that begins no token. */
void report_character(Diagnostics *d, Span at, const char *text, size_t length);

#endif
