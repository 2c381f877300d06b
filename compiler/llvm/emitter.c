// SPDX-License-Identifier: MIT
// The helpers of the emitter.
#include "compiler/llvm/emitter.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- functions ---- */

Value begin_function(Emitter *e, const char *name, Type type, uint32_t line) {
  e->function = LLVMAddFunction(e->module, name, type);
  LLVMSetLinkage(e->function, LLVMInternalLinkage);
  if (e->debug) {
    LLVMMetadataRef signature =
        LLVMDIBuilderCreateSubroutineType(e->debug, e->debug_file, NULL, 0, LLVMDIFlagZero);
    LLVMMetadataRef subprogram = LLVMDIBuilderCreateFunction(
        e->debug, e->debug_file, name, strlen(name), "", 0, e->debug_file, line, signature, true,
        true, line, LLVMDIFlagZero, true);
    LLVMSetSubprogram(e->function, subprogram);
    LLVMSetCurrentDebugLocation2(
        e->builder, LLVMDIBuilderCreateDebugLocation(e->context, line, 1, subprogram, NULL));
  }
  LLVMPositionBuilderAtEnd(e->builder,
                           LLVMAppendBasicBlockInContext(e->context, e->function, "entry"));
  return e->function;
}

static void add_attribute(const Emitter *e, uint32_t place, const char *name) {
  const unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
  LLVMAddAttributeAtIndex(e->function, place, LLVMCreateEnumAttribute(e->context, kind, 0));
}

Value begin_kernel(Emitter *e, uint32_t junction, const char *name) {
  char full_name[64];
  snprintf(full_name, sizeof full_name, "junction%u.%s", junction + 1, name);
  const uint32_t line = e->source->junction_lines ? e->source->junction_lines[junction] : 1;
  begin_function(e, full_name, e->kernel_type, line);
  add_attribute(e, (uint32_t)LLVMAttributeFunctionIndex, "nounwind");
  for (uint32_t parameter = 1; parameter <= 2; parameter++) {
    add_attribute(e, parameter, "noalias");
    add_attribute(e, parameter, "readonly");
  }
  e->junction = LLVMGetParam(e->function, 0);
  e->work = LLVMGetParam(e->function, 1);
  LLVMSetValueName2(e->junction, "junction", 8);
  LLVMSetValueName2(e->work, "work", 4);
  return e->function;
}

void end_function(Emitter *e) {
  LLVMBuildRetVoid(e->builder);
}

static Value load_field(Emitter *e, Type type, Value structure, uint32_t field, const char *name) {
  Value at = LLVMBuildStructGEP2(e->builder, type, structure, field, "");
  return LLVMBuildLoad2(e->builder, LLVMStructGetTypeAtIndex(type, field), at, name);
}

Value junction_field(Emitter *e, uint32_t field, const char *name) {
  return load_field(e, e->junction_type, e->junction, field, name);
}

Value work_field(Emitter *e, uint32_t field, const char *name) {
  return load_field(e, e->work_type, e->work, field, name);
}

Value rule_field(Emitter *e, Value rule, uint32_t field, const char *name) {
  return load_field(e, e->rule_type, rule, field, name);
}

Value runtime_function(Emitter *e, const char *name, Type type) {
  Value function = LLVMGetNamedFunction(e->module, name);
  return function ? function : LLVMAddFunction(e->module, name, type);
}

void call_runtime(Emitter *e, const char *name) {
  Value arguments[] = {e->junction, e->work};
  LLVMBuildCall2(e->builder, e->kernel_type, runtime_function(e, name, e->kernel_type), arguments,
                 2, "");
}

/* ---- constants ---- */

Value const_i32(const Emitter *e, int32_t value) {
  return LLVMConstInt(e->i32, (unsigned long long)(int64_t)value, true);
}

Value const_i64(const Emitter *e, int64_t value) {
  return LLVMConstInt(e->i64, (unsigned long long)value, true);
}

Value const_f32(const Emitter *e, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return LLVMConstBitCast(LLVMConstInt(e->i32, bits, false), e->f32);
}

Value const_vector(const Emitter *e, Value element) {
  Value elements[LANES];
  (void)e;
  for (uint32_t lane = 0; lane < LANES; lane++) elements[lane] = element;
  return LLVMConstVector(elements, LANES);
}

Value lane_numbers(const Emitter *e) {
  Value numbers[LANES];
  for (uint32_t lane = 0; lane < LANES; lane++) numbers[lane] = const_i32(e, (int32_t)lane);
  return LLVMConstVector(numbers, LANES);
}

/* ---- memory ---- */

Value element_address(Emitter *e, Type element, Value array, Value index, const char *name) {
  return LLVMBuildInBoundsGEP2(e->builder, element, array, &index, 1, name);
}

Value load_at(Emitter *e, Type type, Value array, Value index, const char *name) {
  return LLVMBuildLoad2(e->builder, type, element_address(e, type, array, index, ""), name);
}

void store_at(Emitter *e, Value value, Value array, Value index) {
  LLVMBuildStore(e->builder, value, element_address(e, LLVMTypeOf(value), array, index, ""));
}

Value load_vector(Emitter *e, Type type, Value array, Value index, uint32_t align,
                  const char *name) {
  Value at = element_address(e, LLVMGetElementType(type), array, index, "");
  Value value = LLVMBuildLoad2(e->builder, type, at, name);
  LLVMSetAlignment(value, align);
  return value;
}

void store_vector(Emitter *e, Value value, Value array, Value index, uint32_t align) {
  Type element = LLVMGetElementType(LLVMTypeOf(value));
  LLVMSetAlignment(LLVMBuildStore(e->builder, value, element_address(e, element, array, index, "")),
                   align);
}

/* The declaration of an intrinsic, overloaded for `types`, called. */
static Value call_overloaded(Emitter *e, const char *name, Type *types, uint32_t type_count,
                             Value *arguments, uint32_t count, const char *result) {
  const unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  assert(id != 0 && "an intrinsic that LLVM knows");
  Value function = LLVMGetIntrinsicDeclaration(e->module, id, types, type_count);
  Type type = LLVMIntrinsicGetType(e->context, id, types, type_count);
  return LLVMBuildCall2(e->builder, type, function, arguments, count, result);
}

Value gather(Emitter *e, Type vector, Value array, Value index, const char *name) {
  Value addresses =
      LLVMBuildInBoundsGEP2(e->builder, LLVMGetElementType(vector), array, &index, 1, "");
  Value all = const_vector(e, LLVMConstInt(e->i1, 1, false));
  Value arguments[] = {addresses, const_i32(e, 4), all, LLVMGetUndef(vector)};
  Type types[] = {vector, LLVMTypeOf(addresses)};
  return call_overloaded(e, "llvm.masked.gather", types, 2, arguments, 4, name);
}

Value load_masked(Emitter *e, Type vector, Value array, Value index, Value mask, Value otherwise,
                  const char *name) {
  Value at = element_address(e, LLVMGetElementType(vector), array, index, "");
  Value arguments[] = {at, const_i32(e, 4), mask, otherwise};
  Type types[] = {vector, e->pointer};
  return call_overloaded(e, "llvm.masked.load", types, 2, arguments, 4, name);
}

void store_masked(Emitter *e, Value value, Value array, Value index, Value mask) {
  Type vector = LLVMTypeOf(value);
  Value at = element_address(e, LLVMGetElementType(vector), array, index, "");
  Value arguments[] = {value, at, const_i32(e, 4), mask};
  Type types[] = {vector, e->pointer};
  call_overloaded(e, "llvm.masked.store", types, 2, arguments, 4, "");
}

/* ---- arithmetic ---- */

Value splat(Emitter *e, Value scalar, const char *name) {
  Type vector = LLVMVectorType(LLVMTypeOf(scalar), LANES);
  if (LLVMIsConstant(scalar)) return const_vector(e, scalar);
  Value one =
      LLVMBuildInsertElement(e->builder, LLVMGetPoison(vector), scalar, const_i32(e, 0), "");
  return LLVMBuildShuffleVector(e->builder, one, LLVMGetPoison(vector),
                                const_vector(e, const_i32(e, 0)), name);
}

Value call_intrinsic(Emitter *e, const char *name, Type type, Value *arguments, uint32_t count,
                     const char *result) {
  return call_overloaded(e, name, &type, 1, arguments, count, result);
}

Value emit_fma(Emitter *e, Value a, Value b, Value c, const char *name) {
  if (e->lacks_fma) return emit_exact_fma(e, a, b, c, name);
  Value arguments[] = {a, b, c};
  return call_intrinsic(e, "llvm.fma", LLVMTypeOf(a), arguments, 3, name);
}

Value add_i64(Emitter *e, Value a, int64_t b) {
  return b == 0 ? a : LLVMBuildAdd(e->builder, a, const_i64(e, b), "");
}

Value mul_i64(Emitter *e, Value a, int64_t b) {
  return b == 1 ? a : LLVMBuildMul(e->builder, a, const_i64(e, b), "");
}

Value shuffle(Emitter *e, Value a, Value b, const int32_t order[LANES], const char *name) {
  Value numbers[LANES];
  for (uint32_t lane = 0; lane < LANES; lane++) numbers[lane] = const_i32(e, order[lane]);
  return LLVMBuildShuffleVector(e->builder, a, b, LLVMConstVector(numbers, LANES), name);
}

Value sum_lanes(Emitter *e, Value vector) {
  Type element = LLVMGetElementType(LLVMTypeOf(vector));
  const bool is_float = LLVMGetTypeKind(element) == LLVMFloatTypeKind;
  Value sum = vector;
  for (uint32_t width = LANES / 2; width > 0; width /= 2) {
    Value low[LANES], high[LANES];
    for (uint32_t lane = 0; lane < width; lane++) {
      low[lane] = const_i32(e, (int32_t)lane);
      high[lane] = const_i32(e, (int32_t)(lane + width));
    }
    Value none = LLVMGetPoison(LLVMTypeOf(sum));
    Value a = LLVMBuildShuffleVector(e->builder, sum, none, LLVMConstVector(low, width), "");
    Value b = LLVMBuildShuffleVector(e->builder, sum, none, LLVMConstVector(high, width), "");
    sum =
        is_float ? LLVMBuildFAdd(e->builder, a, b, "tree") : LLVMBuildAdd(e->builder, a, b, "tree");
  }
  return LLVMBuildExtractElement(e->builder, sum, const_i32(e, 0), "total");
}

Value lanes_below(Emitter *e, Value count, const char *name) {
  Value most = LLVMBuildICmp(e->builder, LLVMIntULT, count, const_i64(e, LANES), "");
  Value bounded = LLVMBuildSelect(e->builder, most, count, const_i64(e, LANES), "");
  Value limit = splat(e, LLVMBuildTrunc(e->builder, bounded, e->i32, ""), "");
  return LLVMBuildICmp(e->builder, LLVMIntULT, lane_numbers(e), limit, name);
}

/* ---- loops ---- */

Loop begin_loop(Emitter *e, Value first, Value last, int64_t step, bool is_entered,
                const char *name) {
  Loop loop = {.last = last, .step = const_i64(e, step), .is_entered = is_entered};
  loop.before = LLVMGetInsertBlock(e->builder);
  loop.body = LLVMAppendBasicBlockInContext(e->context, e->function, name);
  loop.after = LLVMAppendBasicBlockInContext(e->context, e->function, "");
  if (is_entered) {
    LLVMBuildBr(e->builder, loop.body);
  } else {
    Value is_any = LLVMBuildICmp(e->builder, LLVMIntULT, first, last, "");
    LLVMBuildCondBr(e->builder, is_any, loop.body, loop.after);
  }
  LLVMPositionBuilderAtEnd(e->builder, loop.body);
  loop.index = LLVMBuildPhi(e->builder, e->i64, name);
  LLVMAddIncoming(loop.index, &first, &loop.before, 1);
  return loop;
}

Value carry(Emitter *e, Loop *loop, Value initial, const char *name) {
  assert(loop->count < MOST_CARRIED);
  Value phi = LLVMBuildPhi(e->builder, LLVMTypeOf(initial), name);
  LLVMAddIncoming(phi, &initial, &loop->before, 1);
  loop->initial[loop->count] = initial;
  loop->phi[loop->count] = phi;
  loop->next[loop->count++] = phi;
  return phi;
}

static uint32_t carried_number(const Loop *loop, Value phi) {
  uint32_t i = 0;
  while (i < loop->count && loop->phi[i] != phi) i++;
  assert(i < loop->count && "a value that the loop carries");
  return i;
}

void carry_next(Loop *loop, Value phi, Value next) {
  loop->next[carried_number(loop, phi)] = next;
}

void end_loop(Emitter *e, Loop *loop) {
  LLVMBasicBlockRef end = LLVMGetInsertBlock(e->builder);
  Value next = LLVMBuildAdd(e->builder, loop->index, loop->step, "");
  Value goes_on = LLVMBuildICmp(e->builder, LLVMIntULT, next, loop->last, "");
  LLVMBuildCondBr(e->builder, goes_on, loop->body, loop->after);
  LLVMAddIncoming(loop->index, &next, &end, 1);
  for (uint32_t i = 0; i < loop->count; i++) LLVMAddIncoming(loop->phi[i], &loop->next[i], &end, 1);
  LLVMMoveBasicBlockAfter(loop->after, end);
  LLVMPositionBuilderAtEnd(e->builder, loop->after);
  for (uint32_t i = 0; i < loop->count; i++) {
    loop->final[i] = LLVMBuildPhi(e->builder, LLVMTypeOf(loop->phi[i]), "");
    LLVMAddIncoming(loop->final[i], &loop->next[i], &end, 1);
    if (!loop->is_entered) LLVMAddIncoming(loop->final[i], &loop->initial[i], &loop->before, 1);
  }
}

Value carried(const Loop *loop, Value phi) {
  return loop->final[carried_number(loop, phi)];
}

Branch begin_if(Emitter *e, Value condition, const char *name) {
  LLVMBasicBlockRef then = LLVMAppendBasicBlockInContext(e->context, e->function, name);
  Branch branch = {LLVMAppendBasicBlockInContext(e->context, e->function, "")};
  LLVMBuildCondBr(e->builder, condition, then, branch.after);
  LLVMPositionBuilderAtEnd(e->builder, then);
  return branch;
}

void end_if(Emitter *e, Branch *branch) {
  LLVMBuildBr(e->builder, branch->after);
  LLVMMoveBasicBlockAfter(branch->after, LLVMGetInsertBlock(e->builder));
  LLVMPositionBuilderAtEnd(e->builder, branch->after);
}
