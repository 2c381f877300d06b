// SPDX-License-Identifier: MIT
// Streams and labels of generated examples.
//
// The counter of a stream is 64 bits wide: its upper half numbers the example, which leaves each
// one 2^32 blocks of random words of its own.
#include "runtime/data/generated.h"

#include <assert.h>

/* Labels and examples of a part draw from streams of their own. */
typedef enum GeneratedStream { EXAMPLE_STREAM, LABEL_STREAM, STREAMS_OF_A_PART } GeneratedStream;

static RandomStream stream_at(uint64_t seed, RandomUse use, uint32_t index, uint32_t position) {
  RandomStream stream = random_stream(seed, use, index);
  stream.counter[1] = position;
  return stream;
}

RandomStream example_stream(uint64_t seed, RandomUse use, GeneratedPart part, uint32_t example) {
  return stream_at(seed, use, STREAMS_OF_A_PART * (uint32_t)part + EXAMPLE_STREAM, example);
}

void draw_labels(uint64_t seed, RandomUse use, GeneratedPart part, uint32_t class_count,
                 uint32_t *labels, uint32_t count) {
  assert(class_count <= GENERATED_MOST_CLASSES);
  uint32_t order[GENERATED_MOST_CLASSES];
  for (uint32_t example = 0; example < count; example++) {
    const uint32_t place = example % class_count;
    if (place == 0) {
      const uint32_t index = STREAMS_OF_A_PART * (uint32_t)part + LABEL_STREAM;
      RandomStream stream = stream_at(seed, use, index, example / class_count);
      random_permutation(&stream, order, class_count);
    }
    labels[example] = order[place];
  }
}
