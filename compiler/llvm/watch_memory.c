// SPDX-License-Identifier: MIT
// Marks are calls of three functions below, by their address.  Not LLVM's own passes: those leave
// out vectors of more than 16 bytes, and lanes under a mask, of which kernels are made.
#include "compiler/llvm/watch_memory.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void watch_memory(LLVMModuleRef module) {
  (void)module;
}

#else

#include <llvm-c/Target.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- the sanitizers' doors ---- */

#ifdef __SANITIZE_ADDRESS__
void __asan_loadN(uintptr_t at, size_t bytes);
void __asan_storeN(uintptr_t at, size_t bytes);
#define MARK_READ(at, bytes)  __asan_loadN((uintptr_t)(at), bytes)
#define MARK_WRITE(at, bytes) __asan_storeN((uintptr_t)(at), bytes)
#else
void __tsan_read_range(void *at, size_t bytes);
void __tsan_write_range(void *at, size_t bytes);
#define MARK_READ(at, bytes)  __tsan_read_range((void *)(uintptr_t)(at), bytes)
#define MARK_WRITE(at, bytes) __tsan_write_range((void *)(uintptr_t)(at), bytes)
#endif

static void mark(const char *at, uint64_t bytes, bool is_write) {
  if (is_write) {
    MARK_WRITE(at, bytes);
  } else {
    MARK_READ(at, bytes);
  }
}

/* ---- what marked code calls ---- */

static void mark_range(const char *at, uint64_t bytes, uint64_t is_write) {
  mark(at, bytes, is_write != 0);
}

/* Neighbouring lanes, those of the mask alone. */
static void mark_lanes(const char *at, uint64_t bytes, uint64_t is_write, uint64_t mask) {
  for (; mask != 0; at += bytes, mask >>= 1) {
    if (mask & 1) mark(at, bytes, is_write != 0);
  }
}

/* Lanes from anywhere; at: one address for each. */
static void mark_scattered(const char *const *at, uint64_t bytes, uint64_t is_write,
                           uint64_t mask) {
  for (; mask != 0; at++, mask >>= 1) {
    if (mask & 1) mark(*at, bytes, is_write != 0);
  }
}

/* ---- marking ---- */

typedef struct Marker {
  LLVMBuilderRef builder;
  LLVMTargetDataRef layout;
  LLVMTypeRef i64, pointer;
} Marker;

static void call(const Marker *m, void (*function)(void), LLVMValueRef *arguments, unsigned count) {
  LLVMTypeRef types[] = {m->pointer, m->i64, m->i64, m->i64};
  LLVMTypeRef type =
      LLVMFunctionType(LLVMVoidTypeInContext(LLVMGetTypeContext(m->i64)), types, count, false);
  LLVMValueRef address =
      LLVMConstIntToPtr(LLVMConstInt(m->i64, (uint64_t)(uintptr_t)function, false), m->pointer);
  LLVMBuildCall2(m->builder, type, address, arguments, count, "");
}

static LLVMValueRef number(const Marker *m, uint64_t value) {
  return LLVMConstInt(m->i64, value, false);
}

static void watch_range(const Marker *m, LLVMValueRef at, LLVMValueRef bytes, bool is_write) {
  call(m, (void (*)(void))mark_range, (LLVMValueRef[]){at, bytes, number(m, is_write)}, 3);
}

static bool is_vector_of(LLVMTypeRef type, LLVMTypeKind kind) {
  return LLVMGetTypeKind(type) == LLVMVectorTypeKind &&
         LLVMGetTypeKind(LLVMGetElementType(type)) == kind;
}

/* <n x i1> as a number. */
static LLVMValueRef mask_number(const Marker *m, LLVMValueRef mask) {
  LLVMTypeRef bits =
      LLVMIntTypeInContext(LLVMGetTypeContext(m->i64), LLVMGetVectorSize(LLVMTypeOf(mask)));
  return LLVMBuildZExt(m->builder, LLVMBuildBitCast(m->builder, mask, bits, ""), m->i64, "");
}

/* Memory of the function for a gather's addresses, which go to the callee through it. */
static LLVMValueRef spill(const Marker *m, LLVMValueRef pointers) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(m->builder);
  LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(LLVMGetBasicBlockParent(here));
  LLVMBuilderRef builder = LLVMCreateBuilderInContext(LLVMGetTypeContext(m->i64));
  LLVMPositionBuilderBefore(builder, LLVMGetFirstInstruction(entry));
  LLVMValueRef place = LLVMBuildAlloca(builder, LLVMTypeOf(pointers), "addresses");
  LLVMDisposeBuilder(builder);
  LLVMBuildStore(m->builder, pointers, place);
  return place;
}

/* llvm.masked.load, .store, .gather, .scatter: their operands are told by their types, as versions
 * of LLVM differ in them. */
static void watch_masked(const Marker *m, LLVMValueRef access, bool is_write) {
  LLVMValueRef at = NULL, places = NULL, mask = NULL;
  for (unsigned i = 0; i < LLVMGetNumArgOperands(access); i++) {
    LLVMValueRef operand = LLVMGetOperand(access, i);
    LLVMTypeRef type = LLVMTypeOf(operand);
    if (LLVMGetTypeKind(type) == LLVMPointerTypeKind) at = operand;
    if (is_vector_of(type, LLVMPointerTypeKind)) places = operand;
    if (is_vector_of(type, LLVMIntegerTypeKind) &&
        LLVMGetIntTypeWidth(LLVMGetElementType(type)) == 1)
      mask = operand;
  }
  LLVMTypeRef vector = LLVMTypeOf(is_write ? LLVMGetOperand(access, 0) : access);
  const uint64_t bytes = LLVMStoreSizeOfType(m->layout, LLVMGetElementType(vector));
  LLVMValueRef arguments[] = {at ? at : spill(m, places), number(m, bytes), number(m, is_write),
                              mask_number(m, mask)};
  call(m, at ? (void (*)(void))mark_lanes : (void (*)(void))mark_scattered, arguments, 4);
}

static void watch_call(const Marker *m, LLVMValueRef access) {
  size_t length = 0;
  const char *name = LLVMGetValueName2(LLVMGetCalledValue(access), &length);
  const bool moves =
      strncmp(name, "llvm.memcpy", 11) == 0 || strncmp(name, "llvm.memmove", 12) == 0;
  if (moves || strncmp(name, "llvm.memset", 11) == 0) {
    LLVMValueRef bytes = LLVMBuildZExt(m->builder, LLVMGetOperand(access, 2), m->i64, "");
    if (moves) watch_range(m, LLVMGetOperand(access, 1), bytes, false);
    watch_range(m, LLVMGetOperand(access, 0), bytes, true);
  } else if (strncmp(name, "llvm.masked.", 12) == 0) {
    watch_masked(m, access, name[12] == 's');
  }
}

static void watch_instruction(const Marker *m, LLVMValueRef instruction) {
  LLVMPositionBuilderBefore(m->builder, instruction);
  switch ((int)LLVMGetInstructionOpcode(instruction)) {
  case LLVMLoad:
    watch_range(m, LLVMGetOperand(instruction, 0),
                number(m, LLVMStoreSizeOfType(m->layout, LLVMTypeOf(instruction))), false);
    break;
  case LLVMStore: {
    LLVMTypeRef type = LLVMTypeOf(LLVMGetOperand(instruction, 0));
    watch_range(m, LLVMGetOperand(instruction, 1), number(m, LLVMStoreSizeOfType(m->layout, type)),
                true);
    break;
  }
  case LLVMCall: watch_call(m, instruction); break;
  default: break;
  }
}

void watch_memory(LLVMModuleRef module) {
  LLVMContextRef context = LLVMGetModuleContext(module);
  const Marker m = {
      .builder = LLVMCreateBuilderInContext(context),
      .layout = LLVMGetModuleDataLayout(module),
      .i64 = LLVMInt64TypeInContext(context),
      .pointer = LLVMPointerTypeInContext(context, 0),
  };
  for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
    for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b)) {
      for (LLVMValueRef i = LLVMGetFirstInstruction(b), next; i; i = next) {
        next = LLVMGetNextInstruction(i); /* marks, put before i, are not marked */
        watch_instruction(&m, i);
      }
    }
  }
  LLVMDisposeBuilder(m.builder);
}

#endif
