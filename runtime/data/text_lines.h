// SPDX-License-Identifier: MIT
// Text files line by line, gzipped or not, and the decimal numbers in them.
#ifndef SEDGE_RUNTIME_DATA_TEXT_LINES_H
#define SEDGE_RUNTIME_DATA_TEXT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/data/growing_array.h"
#include "runtime/data/gzip_file.h"
#include "runtime/failure.h"

/* A text file and its current line.  Lines end in \n or \r\n; the last one may lack its end. */
typedef struct TextLines {
  GzipFile file;
  GrowingArray text; /* what has been read and not yet dropped */
  uint64_t next;     /* offset in `text` of the line after the current one */
  bool is_at_end;    /* nothing is left in the file */
  const char *line;  /* borrowed until the next call; may contain NUL */
  const char *end;   /* one past the line's last character */
  uint64_t number;   /* from 1 */
} TextLines;

typedef enum LineResult { LINE_READ, LINE_END, LINE_FAILED } LineResult;

/* Opens a file (owned: lines_close); a byte order mark at its start is skipped. */
bool lines_open(const char *path, TextLines *lines, Failure *failure);

/* The same of standard input. */
bool lines_open_input(TextLines *lines, Failure *failure);
LineResult lines_next(TextLines *lines, Failure *failure);
void lines_close(TextLines *lines);

/* Reports a mistake at a place of the current line: "line 3, column 7: WHAT, found 'abc'", where
 * the quoted text runs from `at` to `end`. */
bool fail_at(const TextLines *lines, const char *at, const char *end, const char *what,
             Failure *failure);

/* Reads the decimal number at `at`: digits with or without sign, point and exponent, nothing else
 * (no hex, inf, nan, nor any locale's comma).  Returns where it ends, or NULL when there is none or
 * when it is too large for a float.  *value is the nearest double. */
const char *read_decimal(const char *at, const char *end, double *value);

#endif
