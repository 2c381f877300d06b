// SPDX-License-Identifier: MIT
// Native code in memory and in files: what the NativeCompiler of native.h consists of.
#ifndef SEDGE_COMPILER_LLVM_JIT_H
#define SEDGE_COMPILER_LLVM_JIT_H

#include <llvm-c/Types.h>

#include "compiler/llvm/native.h"
#include "compiler/llvm/target.h"

/* The pieces that load_native() is made of, for whoever makes a module of its own. */

/* A context whose module can be code in memory. */
typedef struct JitContext {
  LLVMContextRef context;
  struct LLVMOrcOpaqueThreadSafeContext *safe; /* who owns it */
} JitContext;
JitContext jit_context_open(void);
void jit_context_close(JitContext *jit);

/* Makes code in memory of a module of the context, which it takes, for a target, whose machine it
 * takes; then the context may be closed.  Owned: unload_native.  NULL: *failure says why. */
NativeCode *load_module(const JitContext *jit, LLVMModuleRef module, Target *target,
                        Failure *failure);

/* The address of a function or constant that the module shows; NULL: *failure says why. */
void *find_symbol(const NativeCode *code, const char *name, Failure *failure);

/* See NativeCompiler. */
NativeCode *load_native(const NativeSource *source, const NativeTarget *wanted,
                        const NativeKernels **kernels, Failure *failure);
void unload_native(NativeCode *code);
bool emit_native(const NativeSource *source, const NativeTarget *wanted, NativeEmit what,
                 const char *path, Failure *failure);

#endif
