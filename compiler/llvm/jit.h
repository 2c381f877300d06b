// SPDX-License-Identifier: MIT
// Native code in memory and in files: what the NativeCompiler of native.h consists of.
#ifndef SEDGE_COMPILER_LLVM_JIT_H
#define SEDGE_COMPILER_LLVM_JIT_H

#include "compiler/llvm/native.h"

/* See NativeCompiler. */
NativeCode *load_native(const NativeSource *source, const NativeTarget *wanted,
                        const NativeKernels **kernels, Failure *failure);
void unload_native(NativeCode *code);
bool emit_native(const NativeSource *source, const NativeTarget *wanted, NativeEmit what,
                 const char *path, Failure *failure);

#endif
