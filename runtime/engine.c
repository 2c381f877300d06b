// SPDX-License-Identifier: MIT
// What every engine shares: sizes of tensors, snapshots, the digest of the parameters.
#include "runtime/engine.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/digest.h"

uint64_t tensor_bytes(const Tensor *tensor) {
  switch (tensor->type) {
  case TENSOR_F32:
  case TENSOR_I32:
  case TENSOR_U32: return 4 * tensor->count;
  case TENSOR_U64:
  case TENSOR_I64: return 8 * tensor->count;
  case TENSOR_I128: return 16 * tensor->count;
  }
  return 0;
}

struct Snapshot {
  uint64_t bytes;
  unsigned char data[]; /* the tensors, one after another */
};

Snapshot *snapshot_open(const Engine *engine, Failure *failure) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < engine->tensor_count; i++) bytes += tensor_bytes(&engine->tensors[i]);
  Snapshot *snapshot = malloc(sizeof *snapshot + bytes);
  if (!snapshot) {
    fail(failure, FAILURE_MEMORY, NULL, "no memory for a copy of the engine's state");
    return NULL;
  }
  snapshot->bytes = bytes;
  unsigned char *place = snapshot->data;
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    memcpy(place, engine->tensors[i].data, tensor_bytes(&engine->tensors[i]));
    place += tensor_bytes(&engine->tensors[i]);
  }
  return snapshot;
}

void snapshot_restore(const Snapshot *snapshot, Engine *engine) {
  const unsigned char *place = snapshot->data;
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    memcpy(engine->tensors[i].data, place, tensor_bytes(&engine->tensors[i]));
    place += tensor_bytes(&engine->tensors[i]);
  }
}

void snapshot_close(Snapshot *snapshot) {
  free(snapshot);
}

void parameters_digest(const Engine *engine, char text[65]) {
  Digest digest;
  digest_begin(&digest);
  /* Parameters are the first tensors: weight and bias of each junction. */
  for (uint32_t i = 0; i < 2 * engine->model->junction_count; i++) {
    digest_words(&digest, engine->tensors[i].data, engine->tensors[i].count);
  }
  digest_end(&digest, text);
}
