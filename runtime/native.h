// SPDX-License-Identifier: MIT
// The engine that runs generated code, and the contract between the two.
//
// The engine owns memory, the order in which junctions work (sequential or pipelined), inputs,
// outputs and threads; the kernels are functions that the code generator made for this model, one
// small set for each junction.  It knows no LLVM: a built trainer links the same engine with
// kernels from an object file.
//
// Online (batch 1) an array of a layer holds one input: layer_cells() cells (layout.h), activations
// and derivatives by cell, deltas by neuron; cells beyond the neurons hold 0 and stay so. Batch:
// matrices in panels (layout.h); a column is an input of the batch, in order. Kernels may read and
// compute columns outside first_column .. last_column - 1 (what they find there is finite), but
// write none. All arrays are aligned to 64 bytes.
#ifndef SEDGE_RUNTIME_NATIVE_H
#define SEDGE_RUNTIME_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/engine.h"
#include "runtime/layout.h"
#include "runtime/model.h"

#define NATIVE_POINTER void *
#define NATIVE_U64     uint64_t

typedef struct NativeJunction {
#define JUNCTION_FIELD(name, type, meaning) NATIVE_##type name;
#include "runtime/native_fields.def"
#undef JUNCTION_FIELD
} NativeJunction;

typedef struct NativeWork {
#define WORK_FIELD(name, type, meaning) NATIVE_##type name;
#include "runtime/native_fields.def"
#undef WORK_FIELD
} NativeWork;

typedef void NativeKernel(const NativeJunction *junction, const NativeWork *work);

typedef enum NativeKernelId {
#define NATIVE_KERNEL(id, name, when) NATIVE_##id,
#include "runtime/native_kernels.def"
#undef NATIVE_KERNEL
  NATIVE_KERNEL_COUNT
} NativeKernelId;

/* What generated code exports, under the name `sedge_kernels`. */
typedef struct NativeKernels {
  uint64_t kernel_count;        /* junctions * NATIVE_KERNEL_COUNT */
  NativeKernel *const *kernels; /* [junction][NativeKernelId]; NULL where there is none */
} NativeKernels;

/* An engine over kernels that were made for this very model.  model and kernels are borrowed.
 * `threads` >= 1 is how many work on a minibatch, an evaluation, or the junctions of a pipeline
 * that share them; the result does not depend on it.  NULL: *failure says why. */
Engine *native_open(const Model *model, const NativeKernels *kernels, uint32_t threads,
                    Failure *failure);

/* Whether online training of a model is worth several threads: pipelined, and with enough to do
 * beside the largest junction. */
bool junctions_share_threads(const Model *model);

/* What closing the engine also closes: the code, where it is in memory. */
void native_on_close(Engine *engine, void (*close)(void *), void *context);

#endif
