// SPDX-License-Identifier: MIT
// One function for each kind of value; each writes or reads.
#include "runtime/packing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct PackedBlock {
  PackedBlock *next;
  _Alignas(16) unsigned char data[];
};

bool packing_expect(Packing *p, bool condition) {
  if (packing_is_good(p) && !condition) p->problem = p->what;
  return packing_is_good(p);
}

void *packing_array(Packing *p, uint64_t count, size_t item_bytes) {
  const uint64_t left = (uint64_t)(p->end - p->at);
  if (!packing_expect(p, count <= left && count < SIZE_MAX / 4 / item_bytes)) return NULL;
  PackedBlock *block = calloc(1, sizeof *block + (size_t)(count + 1) * item_bytes);
  p->is_out_of_memory = !block;
  if (!block) return NULL;
  block->next = p->blocks;
  p->blocks = block;
  return block->data;
}

void packing_free(PackedBlock *block) {
  while (block) {
    PackedBlock *next = block->next;
    free(block);
    block = next;
  }
}

/* ---- bytes ---- */

static void write_bytes(Packing *p, const void *bytes, size_t count) {
  void *to = count > 0 ? growing_extend(&p->bytes, count) : NULL;
  if (to) memcpy(to, bytes, count);
  p->is_out_of_memory |= count > 0 && !to;
}

/* The next `count` bytes, or NULL. */
static const uint8_t *read_bytes(Packing *p, uint64_t count) {
  if (!packing_expect(p, count <= (uint64_t)(p->end - p->at))) return NULL;
  const uint8_t *bytes = p->at;
  p->at += count;
  return bytes;
}

static void write_whole(Packing *p, uint64_t value) {
  uint8_t bytes[10];
  size_t count = 0;
  for (; value >= 0x80; value >>= 7) bytes[count++] = (uint8_t)(value | 0x80);
  bytes[count++] = (uint8_t)value;
  write_bytes(p, bytes, count);
}

static uint64_t read_whole(Packing *p) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const uint8_t *byte = read_bytes(p, 1);
    if (!byte) return 0;
    const uint64_t bits = *byte & 0x7F;
    if (!packing_expect(p, bits << shift >> shift == bits)) return 0;
    value |= bits << shift;
    if (!(*byte & 0x80)) return value;
  }
  packing_expect(p, false);
  return 0;
}

/* ---- values ---- */

void pack_u64(Packing *p, uint64_t *value, uint64_t least, uint64_t most) {
  if (!p->is_reading) {
    write_whole(p, *value);
    return;
  }
  const uint64_t read = read_whole(p);
  *value = packing_expect(p, read >= least && read <= most) ? read : least;
}

void pack_u32(Packing *p, uint32_t *value, uint32_t least, uint32_t most) {
  uint64_t wide = *value;
  pack_u64(p, &wide, least, most);
  *value = (uint32_t)wide;
}

void pack_i64(Packing *p, int64_t *value) {
  uint64_t wide = (uint64_t)*value;
  pack_u64(p, &wide, 0, UINT64_MAX);
  *value = (int64_t)wide;
}

void pack_flag(Packing *p, bool *flag) {
  uint32_t number = *flag;
  pack_u32(p, &number, 0, 1);
  *flag = number != 0;
}

void pack_real(Packing *p, double *value) {
  uint64_t bits = 0;
  uint8_t bytes[8];
  if (!p->is_reading) {
    memcpy(&bits, value, sizeof bits);
    for (unsigned i = 0; i < 8; i++) bytes[i] = (uint8_t)(bits >> 8 * i);
    write_bytes(p, bytes, sizeof bytes);
    return;
  }
  const uint8_t *from = read_bytes(p, sizeof bytes);
  for (unsigned i = 0; from && i < 8; i++) bits |= (uint64_t)from[i] << 8 * i;
  memcpy(value, &bits, sizeof bits);
  if (!packing_expect(p, !isnan(*value))) *value = 0;
}

void pack_text(Packing *p, const char **text) {
  if (!p->is_reading) {
    const size_t length = *text ? strlen(*text) : 0;
    write_whole(p, *text ? (uint64_t)length + 1 : 0);
    write_bytes(p, *text, length);
    return;
  }
  *text = NULL;
  const uint64_t stored = read_whole(p);
  if (!packing_is_good(p) || stored == 0) return;
  char *copy = packing_array(p, stored - 1, 1);
  const uint8_t *bytes = copy ? read_bytes(p, stored - 1) : NULL;
  if (!bytes || !packing_expect(p, !memchr(bytes, 0, stored - 1))) return;
  memcpy(copy, bytes, stored - 1);
  *text = copy;
}

void pack_table(Packing *p, const uint32_t **table, uint64_t count, uint32_t most,
                bool is_ascending) {
  uint32_t *to = p->is_reading ? packing_array(p, count, sizeof *to) : NULL;
  uint32_t before = 0;
  if (p->is_reading) *table = to;
  if (p->is_reading && !to) return;
  for (uint64_t i = 0; i < count && packing_is_good(p); i++) {
    uint32_t value = to ? 0 : (*table)[i] - before;
    pack_u32(p, &value, 0, most - before);
    if (to) to[i] = value + before;
    if (is_ascending) before = (*table)[i];
  }
}
