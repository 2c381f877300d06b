// SPDX-License-Identifier: MIT
// From bytes to lines and characters and back.
#include "compiler/lsp/place.h"

static bool ends_line(const char *text, uint32_t length, uint32_t i) {
  if (text[i] == '\n') return true;
  return text[i] == '\r' && (i + 1 == length || text[i + 1] != '\n');
}

TextLines text_lines(const char *text, uint32_t length, Arena *arena) {
  uint32_t count = 1;
  for (uint32_t i = 0; i < length; i++) count += ends_line(text, length, i);
  uint32_t *starts = ARENA_ARRAY(arena, uint32_t, count);
  uint32_t line = 1;
  for (uint32_t i = 0; i < length; i++) {
    if (ends_line(text, length, i)) starts[line++] = i + 1;
  }
  return (TextLines){.text = text, .length = length, .count = count, .starts = starts};
}

/* Bytes of the character that begins with this byte; 1 for what is no UTF-8. */
static uint32_t character_bytes(unsigned char byte) {
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF8 ? 4 : 1;
}

/* Its units: all beyond the first 65,536 characters, four bytes in UTF-8, are two of UTF-16. */
static uint32_t character_units(uint32_t bytes, PlaceEncoding encoding) {
  if (encoding == PLACE_UTF8) return bytes;
  return bytes == 4 ? 2 : 1;
}

Place place_of_offset(const TextLines *lines, uint32_t offset, PlaceEncoding encoding) {
  if (offset > lines->length) offset = lines->length;
  uint32_t low = 0, high = lines->count;
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    if (lines->starts[middle] <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  uint32_t units = 0;
  for (uint32_t i = lines->starts[low]; i < offset;) {
    const uint32_t bytes = character_bytes((unsigned char)lines->text[i]);
    units += character_units(bytes, encoding);
    i += bytes;
  }
  return (Place){low, units};
}

/* The end of a line, before what ends it. */
static uint32_t line_end(const TextLines *lines, uint32_t line) {
  uint32_t end = line + 1 < lines->count ? lines->starts[line + 1] : lines->length;
  const uint32_t begin = lines->starts[line];
  if (line + 1 == lines->count) return end;
  if (end > begin && lines->text[end - 1] == '\n') end--;
  if (end > begin && lines->text[end - 1] == '\r') end--;
  return end;
}

uint32_t offset_of_place(const TextLines *lines, Place place, PlaceEncoding encoding) {
  if (place.line >= lines->count) return lines->length;
  const uint32_t end = line_end(lines, place.line);
  uint32_t offset = lines->starts[place.line], units = 0;
  while (offset < end && units < place.character) {
    const uint32_t bytes = character_bytes((unsigned char)lines->text[offset]);
    const uint32_t more = character_units(bytes, encoding);
    if (units + more > place.character) break;
    units += more;
    offset += bytes;
  }
  return offset < end ? offset : end;
}
