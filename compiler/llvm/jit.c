// SPDX-License-Identifier: MIT
// Kernels in memory.  The only file that speaks to ORC, whose C interface may change from version
// to version of LLVM.
#include "compiler/llvm/jit.h"

#include <llvm-c/Core.h>
#include <llvm-c/LLJIT.h>
#include <llvm/Config/llvm-config.h>
#include <stdlib.h>

#include "compiler/llvm/module.h"
#include "compiler/llvm/watch_memory.h"
#include "runtime/native_calls.h"

struct NativeCode {
  LLVMOrcLLJITRef jit;
};

static bool report(LLVMErrorRef error, Failure *failure) {
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  fail(failure, FAILURE_DEFECT, NULL, "LLVM cannot load the code: %s", message);
  LLVMDisposeErrorMessage(message);
  return false;
}

/* ---- what the code may call ---- */

typedef struct RuntimeCall {
  const char *name;
  void (*function)(void);
} RuntimeCall;

static const RuntimeCall calls[] = {
#define NATIVE_CALL(name) {#name, (void (*)(void))name},
#include "runtime/native_calls.def"
#undef NATIVE_CALL
};
enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

static bool define_calls(LLVMOrcLLJITRef jit, Failure *failure) {
  LLVMOrcCSymbolMapPair pairs[CALL_COUNT];
  for (size_t i = 0; i < CALL_COUNT; i++) {
    pairs[i] = (LLVMOrcCSymbolMapPair){
        .Name = LLVMOrcLLJITMangleAndIntern(jit, calls[i].name),
        .Sym = {.Address = (LLVMOrcExecutorAddress)(uintptr_t)calls[i].function,
                .Flags = {LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable,
                          0}},
    };
  }
  LLVMOrcMaterializationUnitRef unit = LLVMOrcAbsoluteSymbols(pairs, CALL_COUNT);
  return report(LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(jit), unit), failure);
}

/* ---- loading ---- */

/* Takes the target's machine. */
static LLVMOrcLLJITRef open_jit(Target *target, Failure *failure) {
  LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
  LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(
      builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(target->machine));
  target->machine = NULL;
  LLVMOrcLLJITRef jit = NULL;
  return report(LLVMOrcCreateLLJIT(&jit, builder), failure) ? jit : NULL;
}

static bool add_module(LLVMOrcLLJITRef jit, LLVMOrcThreadSafeModuleRef module, Failure *failure) {
  return report(LLVMOrcLLJITAddLLVMIRModule(jit, LLVMOrcLLJITGetMainJITDylib(jit), module),
                failure);
}

/* The module in a context that ORC may own. */
static LLVMOrcThreadSafeModuleRef make_safe_module(const NativeSource *source, const Target *target,
                                                   uint32_t level, Failure *failure) {
#if LLVM_VERSION_MAJOR >= 21
  LLVMContextRef context = LLVMContextCreate();
  LLVMOrcThreadSafeContextRef safe = LLVMOrcCreateNewThreadSafeContextFromLLVMContext(context);
#else
  LLVMOrcThreadSafeContextRef safe = LLVMOrcCreateNewThreadSafeContext();
  LLVMContextRef context = LLVMOrcThreadSafeContextGetContext(safe);
#endif
  LLVMModuleRef module = make_module(context, source, target, level, failure);
  if (module) watch_memory(module);
  LLVMOrcThreadSafeModuleRef made = module ? LLVMOrcCreateNewThreadSafeModule(module, safe) : NULL;
  LLVMOrcDisposeThreadSafeContext(safe);
  return made;
}

NativeCode *load_native(const NativeSource *source, const NativeTarget *wanted,
                        const NativeKernels **kernels, Failure *failure) {
  Target target;
  if (!target_open(wanted, &target, failure)) return NULL;
  LLVMOrcThreadSafeModuleRef module = make_safe_module(source, &target, wanted->level, failure);
  if (!module) {
    target_close(&target);
    return NULL;
  }
  NativeCode *code = calloc(1, sizeof *code);
  LLVMOrcExecutorAddress address = 0;
  if (code && (code->jit = open_jit(&target, failure)) && define_calls(code->jit, failure) &&
      add_module(code->jit, module, failure) &&
      report(LLVMOrcLLJITLookup(code->jit, &address, "sedge_kernels"), failure)) {
    *kernels = (const NativeKernels *)(uintptr_t)address;
    return code;
  }
  target_close(&target);
  unload_native(code);
  return NULL;
}

void unload_native(NativeCode *code) {
  if (!code) return;
  if (code->jit) LLVMConsumeError(LLVMOrcDisposeLLJIT(code->jit));
  free(code);
}
