// SPDX-License-Identifier: MIT
// Loads the code generator, which brings LLVM with it, the first time that it is asked for.
#ifndef SEDGE_COMPILER_NATIVE_COMPILER_H
#define SEDGE_COMPILER_NATIVE_COMPILER_H

#include "compiler/llvm/native.h"

/* The code generator; loaded until the process ends.  NULL: *failure says why it cannot be
 * loaded. */
const NativeCompiler *native_compiler(Failure *failure);

#endif
