// SPDX-License-Identifier: MIT
// Kernels of a test's own, compiled in memory: for this processor and for the plainest of its kind.
#ifndef SEDGE_TESTS_UNIT_NATIVE_FIXTURE_H
#define SEDGE_TESTS_UNIT_NATIVE_FIXTURE_H

#include <llvm-c/Analysis.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <string.h>

#include "compiler/llvm/kernels.h"
#include "compiler/llvm/target.h"
#include "compiler/llvm/watch_memory.h"
#include "runtime/native_calls.h"

#ifdef __x86_64__
static const char *const processors[] = {NULL, "x86-64"};
#else
static const char *const processors[] = {NULL};
#endif
enum { PROCESSORS = sizeof processors / sizeof processors[0], MOST_KERNELS = 512 };

/* The same words in every run. */
static inline uint32_t next_word(void) {
  static uint64_t state = 0x853C49E6748FEA9BU;
  state = state * 6364136223846793005U + 1442695040888963407U;
  return (uint32_t)(state >> 32);
}

static inline float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* An emitter to make kernels with, then the kernels. */
typedef struct Bench {
  Target target;
  LLVMOrcThreadSafeContextRef safe;
  LLVMOrcLLJITRef jit;
  NativeSource source;
  Emitter e;
  uint32_t kernel_count;
  NativeKernel *kernels[MOST_KERNELS];
} Bench;

static inline void expect_no_error(LLVMErrorRef error) {
  if (!error) return;
  char *message = LLVMGetErrorMessage(error);
  fail_msg("%s", message);
}

static inline void open_bench(Bench *bench, const Model *model, const char *processor) {
  Failure failure = {0};
  *bench = (Bench){.source = {.model = model}};
  const NativeTarget wanted = {.cpu = processor, .level = 2};
  assert_true(target_open(&wanted, &bench->target, &failure));
  bench->safe = LLVMOrcCreateNewThreadSafeContext();
  LLVMContextRef context = LLVMOrcThreadSafeContextGetContext(bench->safe);
  bench->e = (Emitter){
      .source = &bench->source,
      .model = model,
      .context = context,
      .module = LLVMModuleCreateWithNameInContext("bench", context),
      .builder = LLVMCreateBuilderInContext(context),
      .registers = bench->target.registers,
      .bytes = bench->target.bytes,
      .has_fma = bench->target.has_fma,
      .has_avx512 = bench->target.has_avx512,
      .has_avx512bw = bench->target.has_avx512bw,
  };
  char *triple = LLVMGetTargetMachineTriple(bench->target.machine);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(bench->target.machine);
  LLVMSetTarget(bench->e.module, triple);
  LLVMSetModuleDataLayout(bench->e.module, layout);
  LLVMDisposeTargetData(layout);
  LLVMDisposeMessage(triple);
  make_types(&bench->e);
}

/* Makes a finished function of the module one of the kernels; its number. */
static inline uint32_t add_kernel(Bench *bench, Value function) {
  char name[32];
  assert_true(bench->kernel_count < MOST_KERNELS);
  const int length = snprintf(name, sizeof name, "kernel_%u", bench->kernel_count);
  LLVMSetLinkage(function, LLVMExternalLinkage);
  LLVMSetValueName2(function, name, (size_t)length);
  return bench->kernel_count++;
}

static inline void define_calls(LLVMOrcLLJITRef jit) {
#define NATIVE_CALL(name) {#name, (void (*)(void))name},
  const struct {
    const char *name;
    void (*function)(void);
  } calls[] = {
#include "runtime/native_calls.def"
  };
#undef NATIVE_CALL
  enum { CALLS = sizeof calls / sizeof calls[0] };
  LLVMOrcCSymbolMapPair pairs[CALLS];
  for (size_t i = 0; i < CALLS; i++) {
    pairs[i] = (LLVMOrcCSymbolMapPair){
        .Name = LLVMOrcLLJITMangleAndIntern(jit, calls[i].name),
        .Sym = {.Address = (LLVMOrcExecutorAddress)(uintptr_t)calls[i].function,
                .Flags = {LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable,
                          0}},
    };
  }
  expect_no_error(LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(jit),
                                        LLVMOrcAbsoluteSymbols(pairs, CALLS)));
}

/* Compiles what has been made: bench->kernels. */
static inline void compile_bench(Bench *bench) {
  char *message = NULL;
  LLVMDisposeBuilder(bench->e.builder);
  if (LLVMVerifyModule(bench->e.module, LLVMReturnStatusAction, &message)) fail_msg("%s", message);
  LLVMDisposeMessage(message);
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  expect_no_error(LLVMRunPasses(bench->e.module, "default<O2>", bench->target.machine, options));
  LLVMDisposePassBuilderOptions(options);
  watch_memory(bench->e.module);
  LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
  LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(
      builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(bench->target.machine));
  bench->target.machine = NULL;
  expect_no_error(LLVMOrcCreateLLJIT(&bench->jit, builder));
  define_calls(bench->jit);
  LLVMOrcThreadSafeModuleRef module =
      LLVMOrcCreateNewThreadSafeModule(bench->e.module, bench->safe);
  expect_no_error(
      LLVMOrcLLJITAddLLVMIRModule(bench->jit, LLVMOrcLLJITGetMainJITDylib(bench->jit), module));
  for (uint32_t i = 0; i < bench->kernel_count; i++) {
    char name[32];
    LLVMOrcExecutorAddress address = 0;
    snprintf(name, sizeof name, "kernel_%u", i);
    expect_no_error(LLVMOrcLLJITLookup(bench->jit, &address, name));
    bench->kernels[i] = (NativeKernel *)(uintptr_t)address;
  }
}

static inline void close_bench(Bench *bench) {
  expect_no_error(LLVMOrcDisposeLLJIT(bench->jit));
  LLVMOrcDisposeThreadSafeContext(bench->safe);
}

#endif
