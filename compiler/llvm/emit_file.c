// SPDX-License-Identifier: MIT
// Native code in a file: an object, assembly, or LLVM's own language; and the module's one exported
// name.
#include <errno.h>
#include <llvm-c/Core.h>
#include <stdio.h>
#include <string.h>

#include "compiler/llvm/jit.h"
#include "compiler/llvm/module.h"

/* A file that LLVM writes itself ends the process where the disk is full, so that it is written
 * here. */
static bool write_bytes(const char *path, const char *bytes, size_t length, Failure *failure) {
  errno = 0;
  FILE *out = fopen(path, "wb");
  bool is_good = out && fwrite(bytes, 1, length, out) == length;
  if (out && fclose(out) != 0) is_good = false;
  return is_good || fail(failure, FAILURE_OUTPUT, path, "cannot be written: %s", strerror(errno));
}

static bool write_code(LLVMModuleRef module, const Target *target, LLVMCodeGenFileType type,
                       const char *path, Failure *failure) {
  char *message = NULL;
  LLVMMemoryBufferRef code = NULL;
  if (LLVMTargetMachineEmitToMemoryBuffer(target->machine, module, type, &message, &code)) {
    fail(failure, FAILURE_TARGET, NULL, "no code can be made: %s", message);
    LLVMDisposeMessage(message);
    return false;
  }
  const bool is_good =
      write_bytes(path, LLVMGetBufferStart(code), LLVMGetBufferSize(code), failure);
  LLVMDisposeMemoryBuffer(code);
  return is_good;
}

static bool write_module(LLVMModuleRef module, const Target *target, NativeEmit what,
                         const char *path, Failure *failure) {
  switch (what) {
  case NATIVE_EMIT_OBJECT: return write_code(module, target, LLVMObjectFile, path, failure);
  case NATIVE_EMIT_ASSEMBLY: return write_code(module, target, LLVMAssemblyFile, path, failure);
  case NATIVE_EMIT_IR: break;
  }
  char *text = LLVMPrintModuleToString(module);
  const bool is_good = write_bytes(path, text, strlen(text), failure);
  LLVMDisposeMessage(text);
  return is_good;
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
