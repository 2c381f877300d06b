// SPDX-License-Identifier: MIT
// Native code in a file: an object, assembly, or LLVM's own language; and the module's one exported name.
#include <llvm-c/Core.h>
#include <stdio.h>
#include <string.h>

#include "compiler/llvm/jit.h"
#include "compiler/llvm/module.h"

static bool write_module(LLVMModuleRef module, const Target *target, NativeEmit what,
                         const char *path, Failure *failure) {
  char *message = NULL;
  bool is_wrong = false;
  switch (what) {
  case NATIVE_EMIT_IR: is_wrong = LLVMPrintModuleToFile(module, path, &message); break;
  case NATIVE_EMIT_OBJECT:
    is_wrong = LLVMTargetMachineEmitToFile(target->machine, module, path, LLVMObjectFile, &message);
    break;
  case NATIVE_EMIT_ASSEMBLY:
    is_wrong =
        LLVMTargetMachineEmitToFile(target->machine, module, path, LLVMAssemblyFile, &message);
    break;
  }
  if (is_wrong) fail(failure, FAILURE_INPUT, path, "cannot be written: %s", message);
  if (message) LLVMDisposeMessage(message);
  return !is_wrong;
}

bool emit_native(const NativeSource *source, const NativeTarget *wanted, NativeEmit what,
                 const char *path, Failure *failure) {
  Target target;
  if (!target_open(wanted, &target, failure)) return false;
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = make_module(context, source, &target, wanted->level, failure);
  const bool is_good = module && write_module(module, &target, what, path, failure);
  if (module) LLVMDisposeModule(module);
  LLVMContextDispose(context);
  target_close(&target);
  return is_good;
}

extern const NativeCompiler sedge_native_compiler;

__attribute__((visibility("default"))) const NativeCompiler sedge_native_compiler = {
    .load = load_native, .unload = unload_native, .emit = emit_native};
