// SPDX-License-Identifier: MIT
// Puts the kernels of all junctions into one module and lets LLVM optimize it.
#include "compiler/llvm/module.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/llvm/kernels.h"

/* ---- types ---- */

static Type field_type(const Emitter *e, const char *kind) {
  if (strcmp(kind, "POINTER") == 0) return e->pointer;
  if (strcmp(kind, "U64") == 0) return e->i64;
  return strcmp(kind, "F32") == 0 ? e->f32 : e->i32;
}

#define FIELD_KIND(name, type, meaning) #type,
static const char *const junction_fields[] = {
#define JUNCTION_FIELD FIELD_KIND
#include "runtime/native_fields.def"
#undef JUNCTION_FIELD
};
static const char *const work_fields[] = {
#define WORK_FIELD FIELD_KIND
#include "runtime/native_fields.def"
#undef WORK_FIELD
};
static const char *const rule_fields[] = {
#define RULE_FIELD FIELD_KIND
#include "runtime/native_fields.def"
#undef RULE_FIELD
};

enum { MOST_FIELDS = 64 };

static Type structure(const Emitter *e, const char *name, const char *const *kinds, size_t count) {
  Type fields[MOST_FIELDS];
  for (size_t i = 0; i < count; i++) fields[i] = field_type(e, kinds[i]);
  Type type = LLVMStructCreateNamed(e->context, name);
  LLVMStructSetBody(type, fields, (unsigned)count, false);
  return type;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

void make_types(Emitter *e) {
  LLVMContextRef context = e->context;
  e->void_type = LLVMVoidTypeInContext(context);
  e->i1 = LLVMInt1TypeInContext(context);
  e->i8 = LLVMInt8TypeInContext(context);
  e->i16 = LLVMInt16TypeInContext(context);
  e->i32 = LLVMInt32TypeInContext(context);
  e->i64 = LLVMInt64TypeInContext(context);
  e->f32 = LLVMFloatTypeInContext(context);
  e->f64 = LLVMDoubleTypeInContext(context);
  e->pointer = LLVMPointerTypeInContext(context, 0);
  e->v16i1 = LLVMVectorType(e->i1, LANES);
  e->v16i8 = LLVMVectorType(e->i8, LANES);
  e->v16i32 = LLVMVectorType(e->i32, LANES);
  e->v16i64 = LLVMVectorType(e->i64, LANES);
  e->v16f32 = LLVMVectorType(e->f32, LANES);
  e->junction_type = structure(e, "junction", junction_fields, COUNT_OF(junction_fields));
  e->work_type = structure(e, "work", work_fields, COUNT_OF(work_fields));
  e->rule_type = structure(e, "rule", rule_fields, COUNT_OF(rule_fields));
  Type parameters[] = {e->pointer, e->pointer};
  e->kernel_type = LLVMFunctionType(e->void_type, parameters, 2, false);
}

/* ---- debug information: functions and the lines of their junctions ---- */

static void add_module_flag(const Emitter *e, const char *name, uint32_t value) {
  LLVMAddModuleFlag(e->module, LLVMModuleFlagBehaviorWarning, name, strlen(name),
                    LLVMValueAsMetadata(const_i32(e, (int32_t)value)));
}

static void begin_debug(Emitter *e) {
  const char *path = e->source->path;
  if (!path || !e->source->junction_lines) return;
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const size_t folder = slash ? (size_t)(slash - path) : 0;
  e->debug = LLVMCreateDIBuilder(e->module);
  e->debug_file = LLVMDIBuilderCreateFile(e->debug, name, strlen(name), path, folder);
  LLVMDIBuilderCreateCompileUnit(e->debug, LLVMDWARFSourceLanguageC, e->debug_file, "sedge", 5,
                                 true, "", 0, 0, "", 0, LLVMDWARFEmissionFull, 0, false, false, "",
                                 0, "", 0);
  add_module_flag(e, "Debug Info Version", LLVMDebugMetadataVersion());
  add_module_flag(e, "Dwarf Version", 4);
}

static void end_debug(Emitter *e) {
  if (!e->debug) return;
  LLVMDIBuilderFinalize(e->debug);
  LLVMDisposeDIBuilder(e->debug);
}

/* ---- contents ---- */

const char *native_kernel_name(NativeKernelId id) {
  static const char *const names[] = {
#define NATIVE_KERNEL(id, name, when) name,
#include "runtime/native_kernels.def"
#undef NATIVE_KERNEL
  };
  return names[id];
}

static void emit_junction(Emitter *e, uint32_t junction, Value kernels[NATIVE_KERNEL_COUNT]) {
  const bool is_batched = e->model->batch > 1, is_fixed = e->model->number.is_fixed;
  for (uint32_t id = 0; id < NATIVE_KERNEL_COUNT; id++) kernels[id] = LLVMConstNull(e->pointer);
  if (!is_batched) {
    const NativeKernelId ids[] = {NATIVE_FF, NATIVE_BACK, NATIVE_CYCLE};
    for (uint32_t i = 0; i < (can_cycle(e, junction) ? 3 : 2); i++)
      kernels[ids[i]] =
          is_fixed ? emit_fixed_online(e, junction, ids[i]) : emit_online(e, junction, ids[i]);
  } else {
    kernels[NATIVE_FF] = is_fixed ? emit_fixed_batch_ff(e, junction) : emit_batch_ff(e, junction);
    kernels[NATIVE_UP] = is_fixed ? emit_fixed_batch_up(e, junction) : emit_batch_up(e, junction);
    if (junction > 0)
      kernels[NATIVE_BP] = is_fixed ? emit_fixed_batch_bp(e, junction) : emit_batch_bp(e, junction);
  }
  if (junction == 0 && can_enter(e, true)) kernels[NATIVE_ENTER_BYTES] = emit_enter(e, true);
  if (junction == 0 && can_enter(e, false)) kernels[NATIVE_ENTER_FLOATS] = emit_enter(e, false);
  if (junction + 1 == e->model->junction_count) kernels[NATIVE_OUTPUT] = emit_output(e);
}

static Value add_constant(Emitter *e, const char *name, Value value, LLVMLinkage linkage) {
  Value global = LLVMAddGlobal(e->module, LLVMTypeOf(value), name);
  LLVMSetInitializer(global, value);
  LLVMSetGlobalConstant(global, true);
  LLVMSetLinkage(global, linkage);
  return global;
}

static bool emit_kernels(Emitter *e) {
  const uint32_t count = e->model->junction_count * NATIVE_KERNEL_COUNT;
  Value *kernels = calloc(count, sizeof(Value));
  if (!kernels) return false;
  for (uint32_t i = 0; i < e->model->junction_count; i++)
    emit_junction(e, i, kernels + (size_t)i * NATIVE_KERNEL_COUNT);
  Value list =
      add_constant(e, "kernels", LLVMConstArray2(e->pointer, kernels, count), LLVMInternalLinkage);
  Value fields[] = {const_i64(e, count), list};
  Value table = LLVMConstStructInContext(e->context, fields, 2, false);
  add_constant(e, "sedge_kernels", table, LLVMExternalLinkage);
  free(kernels);
  return true;
}

static void emit_packed(Emitter *e) {
  const NativeSource *source = e->source;
  if (!source->packed) return;
  add_constant(e, "sedge_packed",
               LLVMConstStringInContext2(e->context, source->packed, source->packed_bytes, true),
               LLVMExternalLinkage);
  add_constant(e, "sedge_packed_bytes", const_i64(e, (int64_t)source->packed_bytes),
               LLVMExternalLinkage);
}

/* ---- LLVM's turn ---- */

static bool optimize(LLVMModuleRef module, const Target *target, uint32_t level, Failure *failure) {
  char pipeline[16];
  snprintf(pipeline, sizeof pipeline, "default<O%u>", level > 3 ? 3 : level);
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  /* The vectors are there already. */
  LLVMPassBuilderOptionsSetLoopVectorization(options, false);
  LLVMPassBuilderOptionsSetSLPVectorization(options, false);
  LLVMErrorRef error = LLVMRunPasses(module, pipeline, target->machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  fail(failure, FAILURE_DEFECT, NULL, "LLVM cannot optimize the code: %s", message);
  LLVMDisposeErrorMessage(message);
  return false;
}

static bool verify(LLVMModuleRef module, Failure *failure) {
  char *message = NULL;
  const bool is_wrong = LLVMVerifyModule(module, LLVMReturnStatusAction, &message);
  if (is_wrong) fail(failure, FAILURE_DEFECT, NULL, "LLVM refuses the code: %s", message);
  LLVMDisposeMessage(message);
  return !is_wrong;
}

static void describe_target(Emitter *e, const Target *target) {
  char *triple = LLVMGetTargetMachineTriple(target->machine);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(target->machine);
  LLVMSetTarget(e->module, triple);
  LLVMSetModuleDataLayout(e->module, layout);
  LLVMDisposeTargetData(layout);
  LLVMDisposeMessage(triple);
}

Emitter begin_module(LLVMContextRef context, const char *name, const NativeSource *source,
                     const Target *target) {
  Emitter e = {
      .source = source,
      .model = source->model,
      .context = context,
      .module = LLVMModuleCreateWithNameInContext(name, context),
      .builder = LLVMCreateBuilderInContext(context),
      .registers = target->registers,
      .bytes = target->bytes,
      .has_fma = target->has_fma,
      .lacks_fma = target->lacks_fma,
      .has_avx512 = target->has_avx512,
      .has_avx512bw = target->has_avx512bw,
  };
  describe_target(&e, target);
  make_types(&e);
  return e;
}

LLVMModuleRef end_module(Emitter *e, const Target *target, uint32_t level, Failure *failure) {
  LLVMDisposeBuilder(e->builder);
  if (verify(e->module, failure) && optimize(e->module, target, level, failure)) return e->module;
  LLVMDisposeModule(e->module);
  return NULL;
}

LLVMModuleRef make_module(LLVMContextRef context, const NativeSource *source, const Target *target,
                          uint32_t level, Failure *failure) {
  Emitter e = begin_module(context, source->model->name, source, target);
  begin_debug(&e);
  const bool is_made = emit_kernels(&e);
  emit_packed(&e);
  end_debug(&e);
  if (is_made) return end_module(&e, target, level, failure);
  fail(failure, FAILURE_MEMORY, NULL, "no memory for the table of kernels");
  LLVMDisposeBuilder(e.builder);
  LLVMDisposeModule(e.module);
  return NULL;
}
