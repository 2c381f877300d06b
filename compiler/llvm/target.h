// SPDX-License-Identifier: MIT
// The processor that code is made for, and what its registers can do.
#ifndef SEDGE_COMPILER_LLVM_TARGET_H
#define SEDGE_COMPILER_LLVM_TARGET_H

#include <llvm-c/TargetMachine.h>
#include <stdbool.h>

#include "compiler/llvm/native.h"

typedef struct Target {
  LLVMTargetMachineRef machine;
  uint32_t registers;                                /* vector registers, 16 or 32 */
  uint32_t bytes;                                    /* of one: 16, 32 or 64 */
  bool has_fma, lacks_fma, has_avx512, has_avx512bw; /* see Emitter */
} Target;

/* Opens the machine for a target; position independent.  Owned: target_close.  An unknown triple or
 * processor: false, *failure says which. */
bool target_open(const NativeTarget *wanted, Target *target, Failure *failure);
void target_close(Target *target);

#endif
