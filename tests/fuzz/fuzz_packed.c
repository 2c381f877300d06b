// SPDX-License-Identifier: MIT
// Fuzzes the reader of packed trainers: whatever the bytes, it gives a model whose edges lie within
// it, or says what is wrong.
//
// The checksum is put right, so that what stands behind it is reached.
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/packed.h"

/* libFuzzer calls this once for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

/* A copy of its own size, so that the sanitizer sees every byte too far. */
static uint8_t *with_checksum(const uint8_t *data, size_t size) {
  uint8_t *bytes = malloc(size + 4);
  require(bytes != NULL);
  if (size > 0) memcpy(bytes, data, size);
  const uint32_t sum = (uint32_t)crc32_z(0, bytes, size);
  for (unsigned i = 0; i < 4; i++) bytes[size + i] = (uint8_t)(sum >> 8 * i);
  return bytes;
}

static void check_junction(const Model *model, uint32_t junction) {
  enum { MOST = 1 << 14 };
  static uint32_t left[MOST];
  const Interleaver *edges = &model->junctions[junction].edges;
  const uint32_t count = edges->edge_count < MOST ? edges->edge_count : MOST;
  for (int part = 0; part < 2; part++) { /* the first edges and the last */
    const uint32_t first = part == 0 ? 0 : edges->edge_count - count;
    interleaver_expand(edges, first, count, left);
    for (uint32_t e = 0; e < count; e++) {
      require(left[e] < model->layers[junction].neuron_count);
      require(interleaver_right(edges, first + e) < model->layers[junction + 1].neuron_count);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *bytes = with_checksum(data, size);
  UnpackedTrainer unpacked;
  Failure failure = {0};
  if (unpack_trainer(bytes, size + 4, &unpacked, &failure)) {
    for (uint32_t i = 0; i < unpacked.model.junction_count; i++) check_junction(&unpacked.model, i);
    for (uint32_t i = 0; i <= unpacked.model.junction_count; i++) {
      const Activation *activation = &unpacked.model.layers[i].activation;
      require(activation->name && unpacked.model.layers[i].name);
      if (activation->function == ACTIVATE_FORMULA) formula_float(activation->derivative, 0.5F);
    }
    unpacked_close(&unpacked);
  } else {
    require(failure.kind != FAILURE_NONE && failure.message[0] != '\0');
    require(unpacked.blocks == NULL);
  }
  free(bytes);
  return 0;
}
