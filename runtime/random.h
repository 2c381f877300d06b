// SPDX-License-Identifier: MIT
// Philox 4x32-10: random numbers by counter, so that any draw can be made alone, in any order.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#ifndef SEDGE_RUNTIME_RANDOM_H
#define SEDGE_RUNTIME_RANDOM_H

#include <stdint.h>

/* What is drawn; part of the key, so that two uses of one seed never share numbers. */
typedef enum RandomUse {
  RANDOM_PATTERN = 1, /* index: junction */
  RANDOM_WEIGHTS,     /* index: junction */
  RANDOM_ORDER,       /* index: epoch */
  RANDOM_ROUNDING,    /* index: junction */
  RANDOM_MORSE,       /* index: part of the data set */
  RANDOM_DIGITS,
} RandomUse;

typedef struct Philox4 {
  uint32_t word[4];
} Philox4;

/* Its multipliers, what its key grows by each round, and the rounds. */
#define PHILOX_FACTOR0 0xD2511F53U
#define PHILOX_FACTOR1 0xCD9E8D57U
#define PHILOX_KEY0    0x9E3779B9U
#define PHILOX_KEY1    0xBB67AE85U
enum { PHILOX_ROUNDS = 10 };

/* The 128 random bits at `counter` under `key`: the published function, and its test vectors. */
Philox4 philox(const uint32_t counter[4], const uint32_t key[2]);

/* A stream: draws one after another from (seed, use, index), each 32 bits. */
typedef struct RandomStream {
  uint32_t key[2];
  uint32_t counter[4]; /* 0, 1: position; 2: index; 3: use */
  Philox4 block;
  uint32_t used; /* words of `block` already given */
} RandomStream;

RandomStream random_stream(uint64_t seed, RandomUse use, uint32_t index);
uint32_t random_word(RandomStream *stream);
uint32_t random_below(RandomStream *stream,
                      uint32_t bound);    /* uniform over 0 .. bound-1, bound >= 1, unbiased */
double random_unit(RandomStream *stream); /* uniform in [0, 1), 53 bits */
double
random_normal(RandomStream *stream); /* mean 0, deviation 1; own log, the same bits everywhere */

/* Fisher-Yates: fills order[0 .. count-1] with a random permutation of 0 .. count-1. */
void random_permutation(RandomStream *stream, uint32_t *order, uint32_t count);

#endif
