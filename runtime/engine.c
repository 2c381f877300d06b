// SPDX-License-Identifier: MIT
// What every engine's state allows without knowing the engine: copies of it, and the digest of its
// parameters.
#include "runtime/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/digest.h"

struct Snapshot {
  uint64_t bytes;
  unsigned char data[];
};

uint64_t tensor_bytes(const Tensor *tensor) {
  switch (tensor->type) {
  case TENSOR_F32:
  case TENSOR_I32:
  case TENSOR_U32: return 4;
  case TENSOR_U64:
  case TENSOR_I64: return 8;
  case TENSOR_I128: return 16;
  }
  assert(false && "a tensor of no type");
  return 0;
}

void tensor_read(const Tensor *tensor, uint64_t first, uint64_t count, void *elements) {
  const uint32_t *cells = tensor->data;
  uint32_t *to = elements;
  assert(tensor_bytes(tensor) == sizeof *cells && first + count <= tensor->count);
  for (uint64_t i = 0; i < count; i++)
    to[i] = cells[tensor->place ? tensor->place[first + i] : first + i];
}

void tensor_write(Tensor *tensor, uint64_t first, uint64_t count, const void *elements) {
  uint32_t *cells = tensor->data;
  const uint32_t *from = elements;
  assert(tensor_bytes(tensor) == sizeof *cells && first + count <= tensor->count);
  for (uint64_t i = 0; i < count; i++)
    cells[tensor->place ? tensor->place[first + i] : first + i] = from[i];
}

Snapshot *snapshot_open(const Engine *engine, Failure *failure) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    bytes += engine->tensors[i].stored * tensor_bytes(&engine->tensors[i]);
  }
  Snapshot *snapshot = bytes < SIZE_MAX / 2 ? malloc(sizeof *snapshot + bytes) : NULL;
  if (!snapshot) {
    fail(failure, FAILURE_MEMORY, NULL, "no memory for a copy of the engine's state");
    return NULL;
  }
  snapshot->bytes = bytes;
  unsigned char *to = snapshot->data;
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    const size_t own = engine->tensors[i].stored * tensor_bytes(&engine->tensors[i]);
    if (own > 0) memcpy(to, engine->tensors[i].data, own);
    to += own;
  }
  return snapshot;
}

void snapshot_restore(const Snapshot *snapshot, Engine *engine) {
  const unsigned char *from = snapshot->data;
  for (uint32_t i = 0; i < engine->tensor_count; i++) {
    const size_t own = engine->tensors[i].stored * tensor_bytes(&engine->tensors[i]);
    if (own > 0) memcpy(engine->tensors[i].data, from, own);
    from += own;
  }
  assert((uint64_t)(from - snapshot->data) == snapshot->bytes);
}

void snapshot_close(Snapshot *snapshot) {
  free(snapshot);
}

void parameters_digest(const Engine *engine, char digest[65]) {
  Digest state;
  digest_begin(&state);
  for (uint32_t i = 0; i < 2 * engine->model->junction_count; i++) {
    const Tensor *tensor = &engine->tensors[i];
    assert(tensor->type == TENSOR_F32 || tensor->type == TENSOR_I32);
    uint32_t words[1024];
    for (uint64_t first = 0; first < tensor->count; first += 1024) {
      const uint64_t rest = tensor->count - first;
      const uint64_t count = rest < 1024 ? rest : 1024;
      tensor_read(tensor, first, count, words);
      digest_words(&state, words, count);
    }
  }
  digest_end(&state, digest);
}
