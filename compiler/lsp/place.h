// SPDX-License-Identifier: MIT
// Places as the Language Server Protocol counts them: lines and characters from 0, characters in
// units of an encoding.
#ifndef SEDGE_COMPILER_LSP_PLACE_H
#define SEDGE_COMPILER_LSP_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/arena.h"

/* The unit of `character`; what the protocol takes unless both sides agree on another is UTF-16. */
typedef enum PlaceEncoding { PLACE_UTF16, PLACE_UTF8 } PlaceEncoding;

typedef struct Place {
  uint32_t line, character;
} Place;

/* A text and where its lines begin; lines end in \n, \r\n or \r. */
typedef struct TextLines {
  const char *text;
  uint32_t length;
  uint32_t count;         /* >= 1 */
  const uint32_t *starts; /* [count] */
} TextLines;

/* In the arena; the text is borrowed. */
TextLines text_lines(const char *text, uint32_t length, Arena *arena);

/* Where a byte of the text is.  Offsets beyond the text count as its end. */
Place place_of_offset(const TextLines *lines, uint32_t offset, PlaceEncoding encoding);

/* The byte at a place; one beyond its line's end counts as the end, one beyond the text as the
 * text's. Never inside a character. */
uint32_t offset_of_place(const TextLines *lines, Place place, PlaceEncoding encoding);

#endif
