// SPDX-License-Identifier: MIT
// A built trainer: the model that is packed in this program, and an engine over the code beside it.
//
// Only programs and libraries that `sedge build` linked can use it: the three objects below come
// from the generated one.
#ifndef SEDGE_RUNTIME_BUILT_BUILT_H
#define SEDGE_RUNTIME_BUILT_BUILT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/native.h"
#include "runtime/packed.h"

extern const NativeKernels sedge_kernels;
extern const uint8_t sedge_packed[];
extern const uint64_t sedge_packed_bytes;

/* Opens the model.  Owned: unpacked_close.  False: *failure says why. */
bool open_built_model(UnpackedTrainer *built, Failure *failure);

/* An engine over the generated code for that model, which it borrows.  Owned: engine_close.  NULL:
 * *failure says why. */
Engine *open_built_engine(const UnpackedTrainer *built, uint32_t threads, Failure *failure);

#endif
