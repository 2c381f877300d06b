// SPDX-License-Identifier: MIT
// Opens sedge_llvm.so, which lies beside the command or where it is installed.
#include "compiler/native_compiler.h"

#include <dlfcn.h>

#include "compiler/beside.h"

const NativeCompiler *native_compiler(Failure *failure) {
  static const NativeCompiler *compiler;
  if (compiler) return compiler;
  Arena *arena = arena_open();
  const char *path = find_beside("sedge_llvm.so", arena);
  void *module = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  arena_close(arena);
  if (module) compiler = dlsym(module, NATIVE_COMPILER_SYMBOL);
  if (compiler) return compiler;
  const char *reason = dlerror();
  fail(failure, FAILURE_INPUT, NULL,
       "cannot load the code generator, sedge_llvm.so%s%s; `--engine sim` does without it",
       reason ? ": " : "", reason ? reason : "");
  return NULL;
}
