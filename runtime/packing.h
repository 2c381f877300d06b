// SPDX-License-Identifier: MIT
// Values as bytes and back, by one walk: the same call writes a field or reads it, so that the two
// cannot disagree.
//
//   whole number   7 bits a byte, the lowest first; the highest bit says that more follow (LEB128)
//   real           8 bytes of a binary64, the lowest first
//   text           its length, then its bytes; no text (NULL) is length 0, a text of n bytes n + 1
//   table          its elements as whole numbers, or as differences where they ascend
//
// The bytes depend neither on the machine's byte order nor on where they lie.  Reading believes
// nothing: every value is bounded before it is used, memory follows what the bytes really hold, and
// after the first problem all else reads as zeros.
#ifndef SEDGE_RUNTIME_PACKING_H
#define SEDGE_RUNTIME_PACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/data/growing_array.h"

typedef struct PackedBlock PackedBlock;

typedef struct Packing {
  bool is_reading;
  GrowingArray bytes;      /* writing: what was written; owned */
  const uint8_t *at, *end; /* reading: what is left */
  PackedBlock *blocks;     /* reading: the memory of what was read; owned (packing_free) */
  const char *what;        /* what is being walked, for the message: "the layers" */
  const char *problem;     /* reading: `what` at the first problem, else NULL */
  bool is_out_of_memory;
} Packing;

/* False once something is wrong. */
static inline bool packing_is_good(const Packing *p) {
  return !p->problem && !p->is_out_of_memory;
}

/* Notes a problem unless the condition holds; returns whether all is good. */
bool packing_expect(Packing *p, bool condition);

void pack_u64(Packing *p, uint64_t *value, uint64_t least, uint64_t most);
void pack_u32(Packing *p, uint32_t *value, uint32_t least, uint32_t most);
void pack_i64(Packing *p, int64_t *value);
void pack_flag(Packing *p, bool *flag);
void pack_real(Packing *p, double *value); /* any but NaN */
void pack_text(Packing *p, const char **text);

/* An enumeration whose last value is `last`. */
#define PACK_ENUM(p, value, last)                                                                  \
  do {                                                                                             \
    uint32_t number_ = (uint32_t) * (value);                                                       \
    pack_u32((p), &number_, 0, (uint32_t)(last));                                                  \
    *(value) = (__typeof__(*(value)))number_;                                                      \
  } while (0)

/* `count` elements, each at most `most`; a table that is ascending is never below its
 * predecessor. */
void pack_table(Packing *p, const uint32_t **table, uint64_t count, uint32_t most,
                bool is_ascending);

/* Reading: zeroed memory for `count` items, each of which takes at least a byte of what is left;
 * NULL: a problem was noted. */
void *packing_array(Packing *p, uint64_t count, size_t item_bytes);

/* Frees all memory of what was read. */
void packing_free(PackedBlock *blocks);

#endif
