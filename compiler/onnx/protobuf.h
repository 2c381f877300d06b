// SPDX-License-Identifier: MIT
// Messages of Protocol Buffers, as they stand in a file: fields one after another, each a key and a
// value.
//
// Written only, and only what ONNX needs: whole numbers, bytes and messages inside messages.
// Memory that runs short is noted and asked for once, at the end (message_is_good); until then
// every call may be made.
// Source: https://protobuf.dev/programming-guides/encoding
#ifndef SEDGE_COMPILER_ONNX_PROTOBUF_H
#define SEDGE_COMPILER_ONNX_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/data/growing_array.h"

/* A message in the making; {0} is an empty one.  Owned: message_close, or message_message, which
 * takes it over. */
typedef struct Message {
  GrowingArray bytes;
  bool is_out_of_memory;
} Message;

void message_number(Message *m, uint32_t field, uint64_t number);
void message_text(Message *m, uint32_t field, const char *text);

/* A field of `count` bytes, for the caller to fill at once; NULL: no memory. */
uint8_t *message_bytes(Message *m, uint32_t field, uint64_t count);

/* A message inside `m`: copies `part` and closes it. */
void message_message(Message *m, uint32_t field, Message *part);

static inline bool message_is_good(const Message *m) {
  return !m->is_out_of_memory;
}

void message_close(Message *m);

/* Places a number's four or eight bytes, the lowest first, and returns the place behind them. */
uint8_t *put_float(uint8_t *at, float number);
uint8_t *put_int64(uint8_t *at, uint64_t number);

#endif
