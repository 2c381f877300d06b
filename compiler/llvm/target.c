// SPDX-License-Identifier: MIT
// LLVM's C interface does not say what a processor has, so it is asked by compiling one
// multiply-add of 16 lanes, and a sum of 32 words that saturates, and looking at the assembly; and
// it does not say whether a processor's name is known, except on standard error, where we listen.
#include "compiler/llvm/target.h"

#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the machine ---- */

static void initialize(void) {
  static bool is_done;
  if (is_done) return;
  LLVMInitializeAllTargetInfos();
  LLVMInitializeAllTargets();
  LLVMInitializeAllTargetMCs();
  LLVMInitializeAllAsmPrinters();
  is_done = true;
}

static LLVMCodeGenOptLevel code_level(uint32_t level) {
  static const LLVMCodeGenOptLevel levels[] = {LLVMCodeGenLevelNone, LLVMCodeGenLevelLess,
                                               LLVMCodeGenLevelDefault, LLVMCodeGenLevelAggressive};
  return levels[level > 3 ? 3 : level];
}

/* What every processor of a kind has that runs Linux distributions, or every engine of WebAssembly
 * for years, and how functions are called there, where LLVM by itself assumes less: RISC-V's
 * profile of Debian has floating point, and passes it in registers. */
typedef struct Baseline {
  const char *triple; /* how it begins */
  const char *cpu, *features, *abi;
  /* a module of WebAssembly is not moved: there, such code would be for shared libraries, which
   * WASI lacks */
  LLVMRelocMode relocation;
  bool lacks_fma; /* no processor of the kind has the instruction */
} Baseline;

static const Baseline baselines[] = {
    {"x86_64", "x86-64", "", "", LLVMRelocPIC, false},
    {"riscv64", "generic-rv64", "+m,+a,+f,+d,+c", "lp64d", LLVMRelocPIC, false},
    {"wasm32", "generic", "+simd128,+bulk-memory,+nontrapping-fptoint,+sign-ext,+mutable-globals",
     "", LLVMRelocStatic, true},
    {"", "", "", "", LLVMRelocPIC, false},
};

static const Baseline *find_baseline(const char *triple) {
  const Baseline *b = baselines;
  while (strncmp(triple, b->triple, strlen(b->triple)) != 0) b++;
  return b;
}

static LLVMTargetMachineRef open_machine(LLVMTargetRef target, const char *triple, const char *cpu,
                                         const char *features, uint32_t level) {
  LLVMTargetMachineOptionsRef options = LLVMCreateTargetMachineOptions();
  LLVMTargetMachineOptionsSetCPU(options, cpu);
  LLVMTargetMachineOptionsSetFeatures(options, features);
  LLVMTargetMachineOptionsSetABI(options, find_baseline(triple)->abi);
  LLVMTargetMachineOptionsSetCodeGenOptLevel(options, code_level(level));
  LLVMTargetMachineOptionsSetRelocMode(options, find_baseline(triple)->relocation);
  LLVMTargetMachineRef machine = LLVMCreateTargetMachineWithOptions(target, triple, options);
  LLVMDisposeTargetMachineOptions(options);
  return machine;
}

/* ---- asking the machine ---- */

/* Assembly of a * b + c in 16 lanes, and of a saturating sum of as many bytes; NULL where it cannot
 * be made.  Owned by the caller. */
static LLVMMemoryBufferRef probe(LLVMTargetMachineRef machine) {
  LLVMContextRef context = LLVMContextCreate();
  LLVMModuleRef module = LLVMModuleCreateWithNameInContext("probe", context);
  LLVMBuilderRef builder = LLVMCreateBuilderInContext(context);
  LLVMTypeRef vector = LLVMVectorType(LLVMFloatTypeInContext(context), SUM_LANES);
  LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0);
  LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(context), &pointer, 1, false);
  LLVMValueRef function = LLVMAddFunction(module, "probe", type), at = LLVMGetParam(function, 0);
  LLVMPositionBuilderAtEnd(builder, LLVMAppendBasicBlockInContext(context, function, ""));
  LLVMValueRef a = LLVMBuildLoad2(builder, vector, at, "");
  const unsigned id = LLVMLookupIntrinsicID("llvm.fma", 8);
  LLVMValueRef fma = LLVMGetIntrinsicDeclaration(module, id, &vector, 1);
  LLVMValueRef sum = LLVMBuildCall2(builder, LLVMIntrinsicGetType(context, id, &vector, 1), fma,
                                    (LLVMValueRef[]){a, a, a}, 3, "");
  LLVMBuildStore(builder, sum, at);
  LLVMTypeRef words = LLVMVectorType(LLVMInt16TypeInContext(context), 2 * SUM_LANES);
  LLVMValueRef b = LLVMBuildLoad2(builder, words, at, "");
  const unsigned add = LLVMLookupIntrinsicID("llvm.sadd.sat", 13);
  LLVMValueRef added = LLVMBuildCall2(builder, LLVMIntrinsicGetType(context, add, &words, 1),
                                      LLVMGetIntrinsicDeclaration(module, add, &words, 1),
                                      (LLVMValueRef[]){b, b}, 2, "");
  LLVMBuildStore(builder, added, at);
  LLVMBuildRetVoid(builder);
  char *triple = LLVMGetTargetMachineTriple(machine), *message = NULL;
  LLVMSetTarget(module, triple);
  LLVMDisposeMessage(triple);
  LLVMMemoryBufferRef text = NULL;
  if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, LLVMAssemblyFile, &message, &text)) {
    LLVMDisposeMessage(message);
    text = NULL;
  }
  LLVMDisposeBuilder(builder);
  LLVMDisposeModule(module);
  LLVMContextDispose(context);
  return text;
}

static bool contains(LLVMMemoryBufferRef text, const char *word) {
  return text &&
         memmem(LLVMGetBufferStart(text), LLVMGetBufferSize(text), word, strlen(word)) != NULL;
}

/* Whether an instruction of the assembly has an operand. */
static bool has_operand(LLVMMemoryBufferRef text, const char *instruction, const char *operand) {
  if (!text) return false;
  const char *begin = LLVMGetBufferStart(text), *end = begin + LLVMGetBufferSize(text);
  const char *at = memmem(begin, (size_t)(end - begin), instruction, strlen(instruction));
  if (!at) return false;
  const char *line_end = memchr(at, '\n', (size_t)(end - at));
  if (!line_end) line_end = end;
  return memmem(at, (size_t)(line_end - at), operand, strlen(operand)) != NULL;
}

static void ask_machine(Target *target, const char *triple) {
  LLVMMemoryBufferRef assembly = probe(target->machine);
  target->has_fma = contains(assembly, "fmadd") || contains(assembly, "fmla");
  target->lacks_fma = find_baseline(triple)->lacks_fma;
  target->has_avx512 = contains(assembly, "zmm");
  target->has_avx512bw = has_operand(assembly, "vpaddsw", "zmm");
  target->bytes = target->has_avx512 ? 64 : contains(assembly, "ymm") ? 32 : 16;
  const bool has_many = strncmp(triple, "aarch64", 7) == 0 || strncmp(triple, "riscv", 5) == 0;
  target->registers = target->has_avx512 || has_many ? 32 : 16;
  if (assembly) LLVMDisposeMemoryBuffer(assembly);
}

/* ---- names ---- */

/* Whether LLVM complains of the processor's name: its words go to a file of ours instead of
 * standard error. */
static bool is_cpu_known(LLVMTargetRef target, const char *triple, const char *cpu) {
  FILE *words = tmpfile();
  const int error = dup(STDERR_FILENO);
  if (!words || error < 0) return true;
  fflush(stderr);
  dup2(fileno(words), STDERR_FILENO);
  LLVMTargetMachineRef machine = open_machine(target, triple, cpu, "", 0);
  if (machine) LLVMDisposeTargetMachine(machine);
  fflush(stderr);
  dup2(error, STDERR_FILENO);
  close(error);
  const bool is_silent = lseek(fileno(words), 0, SEEK_END) == 0;
  fclose(words);
  return is_silent;
}

/* LLVM's names of the kinds of processor that kernels can run on: little-endian ones of 32 bits or
 * more, with floating point.  Asked for code of others it ends the process. */
static bool is_suitable(LLVMTargetRef target) {
  static const char *const names[] = {"x86-64",  "x86",    "aarch64", "arm",    "thumb",
                                      "riscv64", "wasm32", "ppc64le", "mipsel", "mips64el"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(LLVMGetTargetName(target), names[i]) == 0) return true;
  }
  return false;
}

static bool open_named(const NativeTarget *wanted, const char *triple, bool is_host, Target *target,
                       Failure *failure) {
  LLVMTargetRef found = NULL;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(triple, &found, &message)) {
    fail(failure, FAILURE_TARGET, NULL, "the target '%s' is not known: %s", triple, message);
    LLVMDisposeMessage(message);
    return false;
  }
  if (!is_suitable(found)) {
    return fail(
        failure, FAILURE_TARGET, NULL,
        "there is no native code for the target '%s': it takes a little-endian processor of "
        "32 or 64 bits with floating point, as x86_64, aarch64, riscv64 or wasm32",
        triple);
  }
  if (wanted->cpu && !is_cpu_known(found, triple, wanted->cpu)) {
    return fail(failure, FAILURE_TARGET, NULL, "the target '%s' has no processor '%s'", triple,
                wanted->cpu);
  }
  const bool is_own = is_host && !wanted->cpu;
  char *cpu = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures();
  const Baseline *plain = find_baseline(triple);
  if (is_own) {
    target->machine = open_machine(found, triple, cpu, features, wanted->level);
  } else if (wanted->cpu) {
    target->machine = open_machine(found, triple, wanted->cpu, "", wanted->level);
  } else {
    target->machine = open_machine(found, triple, plain->cpu, plain->features, wanted->level);
  }
  LLVMDisposeMessage(cpu);
  LLVMDisposeMessage(features);
  if (!target->machine)
    return fail(failure, FAILURE_TARGET, NULL, "LLVM makes no code for the target '%s'", triple);
  ask_machine(target, triple);
  return true;
}

bool target_open(const NativeTarget *wanted, Target *target, Failure *failure) {
  initialize();
  *target = (Target){0};
  char *host = LLVMGetDefaultTargetTriple();
  char *triple = wanted->triple ? LLVMNormalizeTargetTriple(wanted->triple) : host;
  const bool is_host = strcmp(triple, host) == 0;
  const bool is_good = open_named(wanted, triple, is_host, target, failure);
  if (triple != host) LLVMDisposeMessage(triple);
  LLVMDisposeMessage(host);
  return is_good;
}

void target_close(Target *target) {
  if (target->machine) LLVMDisposeTargetMachine(target->machine);
  target->machine = NULL;
}
