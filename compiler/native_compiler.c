// SPDX-License-Identifier: MIT
// Looks for sedge_llvm.so beside the command, then where it is installed.
#include "compiler/native_compiler.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Folders, from the command's own, in which the module may lie. */
static const char *const folders[] = {"", "../", "../lib/sedge/", "../lib/"};

static void *open_module(void) {
  char path[4096 + 64];
  const ssize_t length = readlink("/proc/self/exe", path, 4096);
  if (length <= 0) return NULL;
  path[length] = '\0';
  char *const name = strrchr(path, '/') + 1;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    snprintf(name, sizeof path - (size_t)(name - path), "%ssedge_llvm.so", folders[i]);
    void *module = access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (module) return module;
  }
  return NULL;
}

const NativeCompiler *native_compiler(Failure *failure) {
  static const NativeCompiler *compiler;
  if (compiler) return compiler;
  void *module = open_module();
  if (module) compiler = dlsym(module, NATIVE_COMPILER_SYMBOL);
  if (compiler) return compiler;
  const char *reason = dlerror();
  fail(failure, FAILURE_INPUT, NULL,
       "cannot load the code generator, sedge_llvm.so%s%s; `--engine sim` does without it",
       reason ? ": " : "", reason ? reason : "");
  return NULL;
}
