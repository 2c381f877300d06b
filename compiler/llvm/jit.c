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

JitContext jit_context_open(void) {
#if LLVM_VERSION_MAJOR >= 21
  LLVMContextRef context = LLVMContextCreate();
  return (JitContext){context, LLVMOrcCreateNewThreadSafeContextFromLLVMContext(context)};
#else
  LLVMOrcThreadSafeContextRef safe = LLVMOrcCreateNewThreadSafeContext();
  return (JitContext){LLVMOrcThreadSafeContextGetContext(safe), safe};
#endif
}

void jit_context_close(JitContext *jit) {
  LLVMOrcDisposeThreadSafeContext(jit->safe);
}

NativeCode *load_module(const JitContext *jit, LLVMModuleRef module, Target *target,
                        Failure *failure) {
  watch_memory(module);
  LLVMOrcThreadSafeModuleRef made = LLVMOrcCreateNewThreadSafeModule(module, jit->safe);
  NativeCode *code = calloc(1, sizeof *code);
  if (!code) fail(failure, FAILURE_MEMORY, NULL, "no memory for native code");
  if (!code || !(code->jit = open_jit(target, failure)) || !define_calls(code->jit, failure)) {
    LLVMOrcDisposeThreadSafeModule(made);
    unload_native(code);
    return NULL;
  }
  if (add_module(code->jit, made, failure)) return code;
  unload_native(code);
  return NULL;
}

void *find_symbol(const NativeCode *code, const char *name, Failure *failure) {
  LLVMOrcExecutorAddress address = 0;
  const bool is_found = report(LLVMOrcLLJITLookup(code->jit, &address, name), failure);
  return is_found ? (void *)(uintptr_t)address : NULL;
}

NativeCode *load_native(const NativeSource *source, const NativeTarget *wanted,
                        const NativeKernels **kernels, Failure *failure) {
  Target target;
  if (!target_open(wanted, &target, failure)) return NULL;
  JitContext jit = jit_context_open();
  LLVMModuleRef module = make_module(jit.context, source, &target, wanted->level, failure);
  NativeCode *code = module ? load_module(&jit, module, &target, failure) : NULL;
  jit_context_close(&jit);
  target_close(&target);
  *kernels = code ? find_symbol(code, "sedge_kernels", failure) : NULL;
  if (*kernels) return code;
  unload_native(code);
  return NULL;
}

void unload_native(NativeCode *code) {
  if (!code) return;
  if (code->jit) LLVMConsumeError(LLVMOrcDisposeLLJIT(code->jit));
  free(code);
}
