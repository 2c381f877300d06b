// SPDX-License-Identifier: MIT
// Parses the header of a .npy array strictly, and reads its items whatever their type and byte
// order.
//
//     \x93NUMPY  major minor  header length (2 bytes; from version 2.0 on 4)  header  items
//
// The header is a Python dictionary of exactly three entries, in any order:
//     {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 784), }
#include "runtime/data/npy.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The header's text while it is parsed. */
typedef struct NpyHeader {
  const uint8_t *bytes;
  uint64_t at, end; /* offsets into `bytes`: the next character, one past the last */
  const char *path, *name;
  Failure *failure;
} NpyHeader;

static bool refuse(const NpyHeader *h, uint64_t at, const char *what) {
  return fail(h->failure, FAILURE_INPUT, h->path, "array %s: %s (byte %" PRIu64 ")", h->name, what,
              at);
}

static void skip_spaces(NpyHeader *h) {
  while (h->at < h->end && (h->bytes[h->at] == ' ' || h->bytes[h->at] == '\n')) h->at++;
}

/* Takes the character `c` after spaces, or says that it is not there. */
static bool take(NpyHeader *h, char c) {
  skip_spaces(h);
  if (h->at >= h->end || h->bytes[h->at] != (uint8_t)c) return false;
  h->at++;
  return true;
}

static bool take_word(NpyHeader *h, const char *word) {
  skip_spaces(h);
  const size_t length = strlen(word);
  if (h->end - h->at < length || memcmp(h->bytes + h->at, word, length) != 0) return false;
  h->at += length;
  return true;
}

/* A quoted string without escapes, shorter than `size`. */
static bool take_string(NpyHeader *h, char *text, size_t size) {
  skip_spaces(h);
  if (h->at >= h->end) return false;
  const uint8_t quote = h->bytes[h->at];
  if (quote != '\'' && quote != '"') return false;
  size_t length = 0;
  for (uint64_t at = h->at + 1; at < h->end && length < size; at++) {
    if (h->bytes[at] == quote) {
      text[length] = '\0';
      h->at = at + 1;
      return true;
    }
    text[length++] = (char)h->bytes[at];
  }
  return false;
}

static bool parse_type(NpyHeader *h, NpyArray *array) {
  static const struct {
    char letter;
    NpyKind kind;
    const char *sizes;
  } kinds[] = {{'b', NPY_BOOL, "1"},
               {'u', NPY_UNSIGNED, "1248"},
               {'i', NPY_SIGNED, "1248"},
               {'f', NPY_FLOAT, "248"}};
  const uint64_t start = h->at;
  char text[8];
  if (take_string(h, text, sizeof text) && strlen(text) == 3 && strchr("<>|", text[0]) != NULL) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
      if (text[1] != kinds[i].letter || strchr(kinds[i].sizes, text[2]) == NULL) continue;
      array->kind = kinds[i].kind;
      array->item_bytes = (uint32_t)(text[2] - '0');
      array->is_big_endian = text[0] == '>';
      if (text[0] != '|' || array->item_bytes == 1) return true;
    }
  }
  return refuse(h, start, "expected a type of b1, u1 to u8, i1 to i8 or f2 to f8");
}

/* A decimal number; Python 2 wrote an L behind it. */
static bool parse_length(NpyHeader *h, uint64_t *length) {
  skip_spaces(h);
  const uint64_t start = h->at;
  *length = 0;
  while (h->at < h->end && h->bytes[h->at] >= '0' && h->bytes[h->at] <= '9') {
    const unsigned digit = (unsigned)(h->bytes[h->at] - '0');
    if (*length > (UINT64_MAX - digit) / 10) return refuse(h, start, "an axis is too long");
    *length = *length * 10 + digit;
    h->at++;
  }
  if (h->at == start) return refuse(h, start, "expected the length of an axis");
  if (h->at < h->end && h->bytes[h->at] == 'L') h->at++;
  return true;
}

static bool parse_shape(NpyHeader *h, NpyArray *array) {
  array->axis_count = 0;
  if (!take(h, '(')) return refuse(h, h->at, "expected the shape in parentheses");
  bool has_comma = true;
  while (!take(h, ')')) {
    if (!has_comma) return refuse(h, h->at, "expected ',' or ')' in the shape");
    if (array->axis_count == NPY_MOST_AXES) return refuse(h, h->at, "too many axes");
    if (!parse_length(h, &array->shape[array->axis_count++])) return false;
    has_comma = take(h, ',');
  }
  if (array->axis_count == 1 && !has_comma) {
    return refuse(h, h->at, "expected ',' after the only axis");
  }
  return true;
}

static bool parse_order(NpyHeader *h, NpyArray *array) {
  array->is_fortran = take_word(h, "True");
  if (array->is_fortran || take_word(h, "False")) return true;
  return refuse(h, h->at, "expected True or False for fortran_order");
}

static bool parse_dictionary(NpyHeader *h, NpyArray *array) {
  static const struct {
    const char *key;
    bool (*parse)(NpyHeader *, NpyArray *);
  } entries[] = {{"descr", parse_type}, {"fortran_order", parse_order}, {"shape", parse_shape}};
  enum { ENTRY_COUNT = sizeof entries / sizeof entries[0] };
  bool is_found[ENTRY_COUNT] = {false};

  if (!take(h, '{')) return refuse(h, h->at, "expected '{' at the start of the header");
  bool has_comma = true;
  while (!take(h, '}')) {
    if (!has_comma) return refuse(h, h->at, "expected ',' or '}' in the header");
    skip_spaces(h);
    const uint64_t start = h->at;
    char key[16];
    size_t entry = 0;
    if (!take_string(h, key, sizeof key)) return refuse(h, start, "expected a key of the header");
    while (entry < ENTRY_COUNT && strcmp(key, entries[entry].key) != 0) entry++;
    if (entry == ENTRY_COUNT) return refuse(h, start, "this key has no meaning in a header");
    if (is_found[entry]) return refuse(h, start, "this key is given twice");
    is_found[entry] = true;
    if (!take(h, ':')) return refuse(h, h->at, "expected ':' after a key of the header");
    skip_spaces(h);
    if (!entries[entry].parse(h, array)) return false;
    has_comma = take(h, ',');
  }
  skip_spaces(h);
  if (h->at != h->end) return refuse(h, h->at, "the header goes on after its '}'");
  for (size_t i = 0; i < ENTRY_COUNT; i++) {
    if (!is_found[i]) return refuse(h, h->end, "the header lacks descr, fortran_order or shape");
  }
  return true;
}

/* count = product of the axes, such that a count of bytes fits 64 bits too. */
static bool multiply_shape(const NpyHeader *h, NpyArray *array) {
  array->count = 1;
  for (uint32_t i = 0; i < array->axis_count; i++) {
    if (array->shape[i] == 0) {
      array->count = 0;
      return true;
    }
  }
  for (uint32_t i = 0; i < array->axis_count; i++) {
    if (array->shape[i] > UINT64_MAX / 16 / array->count) {
      return refuse(h, h->end, "the shape asks for more than 2^60 items");
    }
    array->count *= array->shape[i];
  }
  return true;
}

bool npy_read_header(const uint8_t *bytes, uint64_t byte_count, const char *path, const char *name,
                     NpyArray *array, uint64_t *header_bytes, Failure *failure) {
  static const uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  NpyHeader h = {.bytes = bytes, .path = path, .name = name, .failure = failure};
  *array = (NpyArray){0};
  if (byte_count < 8 || memcmp(bytes, magic, sizeof magic) != 0) {
    return refuse(&h, 0, "this is no .npy array: it does not begin with \\x93NUMPY");
  }
  const uint8_t version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] != 0) {
    return refuse(&h, 6, "expected version 1.0, 2.0 or 3.0 of the .npy format");
  }
  h.at = version == 1 ? 10 : 12;
  if (byte_count < h.at) return refuse(&h, byte_count, "the array ends inside its header");
  uint64_t length = (uint64_t)bytes[8] | (uint64_t)bytes[9] << 8;
  if (version > 1) length |= (uint64_t)bytes[10] << 16 | (uint64_t)bytes[11] << 24;
  if (length > byte_count - h.at) {
    return refuse(&h, byte_count, "the array ends inside its header");
  }
  h.end = h.at + length;
  *header_bytes = h.end;
  return parse_dictionary(&h, array) && multiply_shape(&h, array);
}

bool npy_view(const uint8_t *bytes, uint64_t byte_count, const char *path, const char *name,
              NpyArray *array, Failure *failure) {
  uint64_t start = 0;
  if (!npy_read_header(bytes, byte_count, path, name, array, &start, failure)) return false;
  const uint64_t expected = array->count * array->item_bytes;
  if (byte_count - start != expected) {
    return fail(failure, FAILURE_INPUT, path,
                "array %s: expected %" PRIu64 " items of %" PRIu32 " bytes, found %" PRIu64
                " bytes (from byte %" PRIu64 ")",
                name, array->count, array->item_bytes, byte_count - start, start);
  }
  array->items = bytes + start;
  return true;
}

uint64_t npy_place(const NpyArray *array, uint64_t index) {
  if (!array->is_fortran) return index;
  /* Peel off the last axis first; its stride is the product of all the axes before it. */
  uint64_t place = 0, stride = array->count;
  for (uint32_t axis = array->axis_count; axis-- > 0;) {
    const uint64_t length = array->shape[axis];
    stride /= length;
    place += index % length * stride;
    index /= length;
  }
  return place;
}

/* The item's bits, whatever its byte order. */
static uint64_t item_bits(const NpyArray *array, uint64_t place) {
  const uint8_t *item = array->items + place * array->item_bytes;
  uint64_t bits = 0;
  for (uint32_t i = 0; i < array->item_bytes; i++) {
    const uint32_t shift = 8 * (array->is_big_endian ? array->item_bytes - 1 - i : i);
    bits |= (uint64_t)item[i] << shift;
  }
  return bits;
}

/* Sign-extends the low `bytes` of `bits`. */
static int64_t signed_bits(uint64_t bits, uint32_t bytes) {
  const uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
  return (int64_t)((bits ^ sign) - sign);
}

/* IEEE binary16: sign, 5 bits of exponent, 10 of fraction. */
static double half_number(uint64_t bits) {
  const int exponent = (int)(bits >> 10 & 0x1F);
  const int fraction = (int)(bits & 0x3FF);
  double value;
  if (exponent == 0x1F) {
    value = fraction != 0 ? (double)NAN : (double)INFINITY;
  } else if (exponent == 0) {
    value = ldexp(fraction, -24);
  } else {
    value = ldexp(fraction + 0x400, exponent - 25);
  }
  return bits & 0x8000 ? -value : value;
}

static double float_number(uint64_t bits, uint32_t bytes) {
  if (bytes == 2) return half_number(bits);
  if (bytes == 4) {
    const uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
  }
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

double npy_number(const NpyArray *array, uint64_t place) {
  const uint64_t bits = item_bits(array, place);
  switch (array->kind) {
  case NPY_BOOL: return bits != 0;
  case NPY_UNSIGNED: return (double)bits;
  case NPY_SIGNED: return (double)signed_bits(bits, array->item_bytes);
  case NPY_FLOAT: return float_number(bits, array->item_bytes);
  }
  return 0;
}

bool npy_index(const NpyArray *array, uint64_t place, uint32_t *value) {
  const double number = npy_number(array, place);
  /* Rounding cannot carry an integer across 2^32: all integers up to 2^53 are exact. */
  if (!(number >= 0 && number <= UINT32_MAX) || number != floor(number)) return false;
  *value = (uint32_t)number;
  return true;
}
