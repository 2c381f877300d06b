// SPDX-License-Identifier: MIT
// Keys, whole numbers in groups of seven bits, and bytes behind their length.
#include "compiler/onnx/protobuf.h"

#include <string.h>

/* How a value is written; the low bits of its key. */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static uint8_t *extend(Message *m, uint64_t count) {
  static uint8_t nothing[1];
  m->bytes.item_bytes = 1;
  if (m->is_out_of_memory) return NULL;
  uint8_t *at = count > 0 ? growing_extend(&m->bytes, count) : nothing;
  m->is_out_of_memory = !at;
  return at;
}

/* The highest bit of a byte says that more follow. */
static void add_varint(Message *m, uint64_t number) {
  uint8_t bytes[10];
  uint32_t count = 0;
  do {
    const uint8_t more = number > 0x7f ? 0x80 : 0;
    bytes[count++] = (uint8_t)((number & 0x7f) | more);
    number >>= 7;
  } while (number > 0);
  uint8_t *at = extend(m, count);
  if (at) memcpy(at, bytes, count);
}

void message_number(Message *m, uint32_t field, uint64_t number) {
  add_varint(m, field << 3 | WIRE_VARINT);
  add_varint(m, number);
}

uint8_t *message_bytes(Message *m, uint32_t field, uint64_t count) {
  add_varint(m, field << 3 | WIRE_BYTES);
  add_varint(m, count);
  return extend(m, count);
}

void message_text(Message *m, uint32_t field, const char *text) {
  const size_t length = strlen(text);
  uint8_t *at = message_bytes(m, field, length);
  if (at) memcpy(at, text, length);
}

void message_message(Message *m, uint32_t field, Message *part) {
  if (part->is_out_of_memory) m->is_out_of_memory = true;
  uint8_t *at = message_bytes(m, field, part->bytes.count);
  if (at && part->bytes.count > 0) memcpy(at, part->bytes.items, part->bytes.count);
  message_close(part);
}

void message_close(Message *m) {
  growing_close(&m->bytes);
  *m = (Message){0};
}

uint8_t *put_float(uint8_t *at, float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  for (uint32_t i = 0; i < 4; i++) at[i] = (uint8_t)(bits >> (8 * i));
  return at + 4;
}

uint8_t *put_int64(uint8_t *at, uint64_t number) {
  for (uint32_t i = 0; i < 8; i++) at[i] = (uint8_t)(number >> (8 * i));
  return at + 8;
}
