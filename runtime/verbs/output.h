// SPDX-License-Identifier: MIT
// The few forms of output that verbs share: JSON Lines and grouped digits.
#ifndef SEDGE_RUNTIME_VERBS_OUTPUT_H
#define SEDGE_RUNTIME_VERBS_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Prints an object on a line of its own; takes over the reference. */
void print_json_line(FILE *out, json_t *object);

/* A number that may be NaN or infinite, which JSON does not have: null then. */
json_t *json_number(double value);

/* "12,345,678", in one of a few rotating buffers: valid until the eighth call after it. */
const char *grouped(uint64_t number);

/* The same of a number that was read back from a file; "?" where it is no count: negative, 2^64 or
 * more, or none at all. */
const char *grouped_count(double number);

/* Whether to write colours to a stream: --color's `when`, which NULL leaves to the terminal and
 * NO_COLOR. */
bool stream_has_color(FILE *stream, const char *when);

#endif
