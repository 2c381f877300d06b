// SPDX-License-Identifier: MIT
// Philox 4x32-10 and draws from its streams.
#include "runtime/random.h"

#include <math.h>

#include "runtime/elementary.h"

Philox4 philox(const uint32_t counter[4], const uint32_t key[2]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    const uint64_t product0 = (uint64_t)PHILOX_FACTOR0 * c0;
    const uint64_t product1 = (uint64_t)PHILOX_FACTOR1 * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)product1;
    c3 = (uint32_t)product0;
    k0 += PHILOX_KEY0;
    k1 += PHILOX_KEY1;
  }
  return (Philox4){{c0, c1, c2, c3}};
}

RandomStream random_stream(uint64_t seed, RandomUse use, uint32_t index) {
  return (RandomStream){
      .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
      .counter = {0, 0, index, (uint32_t)use},
      .used = 4,
  };
}

uint32_t random_word(RandomStream *stream) {
  if (stream->used == 4) {
    stream->block = philox(stream->counter, stream->key);
    stream->used = 0;
    if (++stream->counter[0] == 0) stream->counter[1]++;
  }
  return stream->block.word[stream->used++];
}

uint32_t random_below(RandomStream *stream, uint32_t bound) {
  /* Lemire's method: the few products that would be favoured are drawn again. */
  uint64_t product = (uint64_t)random_word(stream) * bound;
  if ((uint32_t)product < bound) {
    const uint32_t unfair = (0U - bound) % bound;
    while ((uint32_t)product < unfair) product = (uint64_t)random_word(stream) * bound;
  }
  return (uint32_t)(product >> 32);
}

double random_unit(RandomStream *stream) {
  const uint64_t high = random_word(stream) >> 5, low = random_word(stream) >> 6;
  return (double)(high << 26 | low) * 0x1p-53;
}

double random_normal(RandomStream *stream) {
  /* Box and Muller; 1 - u is never 0. */
  const double radius = sqrt(-2.0 * log_double(1.0 - random_unit(stream)));
  return radius * cos_turns(random_unit(stream));
}

void random_permutation(RandomStream *stream, uint32_t *order, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) order[i] = i;
  for (uint32_t i = count; i > 1; i--) {
    const uint32_t other = random_below(stream, i);
    const uint32_t moved = order[i - 1];
    order[i - 1] = order[other];
    order[other] = moved;
  }
}
