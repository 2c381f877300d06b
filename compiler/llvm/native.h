// SPDX-License-Identifier: MIT
// The only door to LLVM: native code for a model, in memory or in a file.
//
// What stands behind it is a module of its own, sedge_llvm.so, which is loaded when a verb asks for
// it: see compiler/native_compiler.h.  Nothing of LLVM shows here.
#ifndef SEDGE_COMPILER_LLVM_NATIVE_H
#define SEDGE_COMPILER_LLVM_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/failure.h"
#include "runtime/native.h"

/* What is compiled. */
typedef struct NativeSource {
  const Model *model;
  const char *path;               /* of the .sedge file, for debug information */
  const uint32_t *junction_lines; /* [junctions] line of each junction in it */
  /* The model as runtime/packed.h writes it; emit() stores it as `sedge_packed` and its size as
   * `sedge_packed_bytes`; load() needs none. */
  const void *packed;
  size_t packed_bytes;
} NativeSource;

/* For which processor. */
typedef struct NativeTarget {
  const char *triple; /* NULL: this machine's */
  /* NULL: this machine's own for load() and for its triple, else the triple's plainest */
  const char *cpu;
  uint32_t level; /* 0 .. 3 */
} NativeTarget;

typedef enum NativeEmit { NATIVE_EMIT_OBJECT, NATIVE_EMIT_ASSEMBLY, NATIVE_EMIT_IR } NativeEmit;

/* Kernels in memory. */
typedef struct NativeCode NativeCode;

typedef struct NativeCompiler {
  /* Compiles into memory; *kernels lives as long as the code. Owned: unload(). NULL: *failure says
   * why. */
  NativeCode *(*load)(const NativeSource *source, const NativeTarget *target,
                      const NativeKernels **kernels, Failure *failure);
  void (*unload)(NativeCode *code);
  /* Writes an object, assembly or LLVM IR to the file at `path`. */
  bool (*emit)(const NativeSource *source, const NativeTarget *target, NativeEmit what,
               const char *path, Failure *failure);
} NativeCompiler;

/* The module's one exported name: sedge_native_compiler, of type NativeCompiler. */
#define NATIVE_COMPILER_SYMBOL "sedge_native_compiler"

#endif
