// SPDX-License-Identifier: MIT
// A model as an LLVM module: all its kernels, and the table that names them.
#ifndef SEDGE_COMPILER_LLVM_MODULE_H
#define SEDGE_COMPILER_LLVM_MODULE_H

#include <llvm-c/Types.h>

#include "compiler/llvm/emitter.h"
#include "compiler/llvm/native.h"
#include "compiler/llvm/target.h"

/* An emitter of a new module `name` in `context` for the target, with its types and no kernels yet;
 * all are borrowed until end_module(). */
Emitter begin_module(LLVMContextRef context, const char *name, const NativeSource *source,
                     const Target *target);

/* Ends the building and gives the module, verified and optimized, to the caller; NULL: *failure
 * says what LLVM found wrong, which is a defect of ours, and the module is gone. */
LLVMModuleRef end_module(Emitter *e, const Target *target, uint32_t level, Failure *failure);

/* Makes the module in `context`, verified and optimized for the target. With `packed` it also holds
 * the model itself.  Owned by the caller.  NULL: *failure says what LLVM found wrong, which is a
 * defect of ours. */
LLVMModuleRef make_module(LLVMContextRef context, const NativeSource *source, const Target *target,
                          uint32_t level, Failure *failure);

#endif
