// SPDX-License-Identifier: MIT
// Kernels of a test's own, compiled in memory: for this processor and for the plainest of its kind.
#ifndef SEDGE_TESTS_UNIT_NATIVE_FIXTURE_H
#define SEDGE_TESTS_UNIT_NATIVE_FIXTURE_H

#include <string.h>

#include "compiler/llvm/jit.h"
#include "compiler/llvm/kernels.h"
#include "compiler/llvm/module.h"

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
  JitContext jit;
  NativeCode *code;
  NativeSource source;
  Emitter e;
  uint32_t kernel_count;
  NativeKernel *kernels[MOST_KERNELS];
} Bench;

static inline void open_bench(Bench *bench, const Model *model, const char *processor) {
  Failure failure = {0};
  *bench = (Bench){.source = {.model = model}};
  const NativeTarget wanted = {.cpu = processor, .level = 2};
  assert_true(target_open(&wanted, &bench->target, &failure));
  bench->jit = jit_context_open();
  bench->e = begin_module(bench->jit.context, "bench", &bench->source, &bench->target);
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

/* Compiles what has been made: bench->kernels. */
static inline void compile_bench(Bench *bench) {
  Failure failure = {0};
  LLVMModuleRef module = end_module(&bench->e, &bench->target, 2, &failure);
  if (!module) fail_msg("%s", failure.message);
  bench->code = load_module(&bench->jit, module, &bench->target, &failure);
  if (!bench->code) fail_msg("%s", failure.message);
  for (uint32_t i = 0; i < bench->kernel_count; i++) {
    char name[32];
    snprintf(name, sizeof name, "kernel_%u", i);
    bench->kernels[i] = (NativeKernel *)(uintptr_t)find_symbol(bench->code, name, &failure);
    if (!bench->kernels[i]) fail_msg("%s", failure.message);
  }
}

static inline void close_bench(Bench *bench) {
  unload_native(bench->code);
  jit_context_close(&bench->jit);
}

#endif
