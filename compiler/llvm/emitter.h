// SPDX-License-Identifier: MIT
// Speaking to LLVM: one context, one module, one builder, and helpers that each name their type.
//
// Vectors have 16 lanes whatever the target; LLVM splits them for narrower registers.  No fast-math
// flag is ever set: a sum keeps its order, and a product joins a sum only through emit_fma().
// Names of values are for whoever reads the IR.
#ifndef SEDGE_COMPILER_LLVM_EMITTER_H
#define SEDGE_COMPILER_LLVM_EMITTER_H

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler/llvm/native.h"

typedef LLVMValueRef Value;
typedef LLVMTypeRef Type;

enum { LANES = SUM_LANES };

typedef struct Emitter {
  const NativeSource *source;
  const Model *model;
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  LLVMDIBuilderRef debug;
  LLVMMetadataRef debug_file;
  Value function; /* being built */
  Value junction; /* its parameters: const NativeJunction *, const NativeWork * */
  Value work;
  Type void_type, i1, i8, i16, i32, i64, f32, f64, pointer;
  Type v16i1, v16i8, v16i32, v16i64, v16f32;
  Type junction_type, work_type, rule_type, kernel_type;
  uint32_t registers; /* vector registers of the target, 16 or 32 */
  uint32_t bytes;     /* of one of them: 16, 32 or 64 */
  bool has_fma;       /* a fused multiply-add instruction */
  bool lacks_fma;     /* nor does the C library have one to call that is right to the last bit */
  bool has_avx512;    /* permutes of 16 lanes, masks */
  bool has_avx512bw;  /* words of 16 bits in vectors of 512 */
} Emitter;

/* Field numbers of the structures of runtime/native_fields.def: JUNCTION_weight, WORK_first,
 * RULE_rate ... */
enum {
#define JUNCTION_FIELD(name, type, meaning) JUNCTION_##name,
#include "runtime/native_fields.def"
#undef JUNCTION_FIELD
};
enum {
#define WORK_FIELD(name, type, meaning) WORK_##name,
#include "runtime/native_fields.def"
#undef WORK_FIELD
};
enum {
#define RULE_FIELD(name, type, meaning) RULE_##name,
#include "runtime/native_fields.def"
#undef RULE_FIELD
};

/* Fills in the types, by the context; every emitter starts so. (module.c) */
void make_types(Emitter *e);

/* ---- functions ---- */

/* Begins the kernel "junction2.ff" of junction index 1: e->function, e->junction and e->work are
 * set, the builder stands in its entry block.  The .sedge line of the junction becomes its debug
 * location. */
Value begin_kernel(Emitter *e, uint32_t junction, const char *name);

/* Begins another function, internal to the module; the caller restores what it needs of e->function
 * afterwards. */
Value begin_function(Emitter *e, const char *name, Type type, uint32_t line);

/* Ends the function with `ret void`. */
void end_function(Emitter *e);

/* A field of the kernel's junction or work, or of an update rule; loads stand where they are
 * emitted. */
Value junction_field(Emitter *e, uint32_t field, const char *name);
Value work_field(Emitter *e, uint32_t field, const char *name);
Value rule_field(Emitter *e, Value rule, uint32_t field, const char *name);

/* A function of the runtime that generated code may call (runtime/native_calls.def); declared
 * once. */
Value runtime_function(Emitter *e, const char *name, Type type);

/* Calls one that has a kernel's type with the kernel's junction and work. */
void call_runtime(Emitter *e, const char *name);

/* ---- constants ---- */

Value const_i32(const Emitter *e, int32_t value);
Value const_i64(const Emitter *e, int64_t value);
Value const_f32(const Emitter *e, float value);      /* the very bits */
Value const_vector(const Emitter *e, Value element); /* 16 times a constant */
Value lane_numbers(const Emitter *e);                /* <0, 1, ... 15> i32 */

/* ---- memory ---- */

/* array[index] of elements of `type`; index is i64.  A vector type loads 16 elements from
 * array[index] on, with the alignment in bytes that is given (64: the index is a multiple of 16 in
 * an aligned array; 4: any). */
Value load_at(Emitter *e, Type type, Value array, Value index, const char *name);
void store_at(Emitter *e, Value value, Value array, Value index);
Value load_vector(Emitter *e, Type type, Value array, Value index, uint32_t align,
                  const char *name);
void store_vector(Emitter *e, Value value, Value array, Value index, uint32_t align);

/* &array[index]. */
Value element_address(Emitter *e, Type element, Value array, Value index, const char *name);

/* Sixteen elements from anywhere: array[index[lane]]; index is <16 x i32>, below 2^31. */
Value gather(Emitter *e, Type vector, Value array, Value index, const char *name);

/* Only the lanes of `mask` <16 x i1>: others read as `otherwise`, and are not written. */
Value load_masked(Emitter *e, Type vector, Value array, Value index, Value mask, Value otherwise,
                  const char *name);
void store_masked(Emitter *e, Value value, Value array, Value index, Value mask);

/* ---- arithmetic ---- */

Value splat(Emitter *e, Value scalar, const char *name); /* 16 times a scalar */
Value emit_fma(Emitter *e, Value a, Value b, Value c,
               const char *name); /* a * b + c, rounded once; float or vector of floats */
Value emit_exact_fma(Emitter *e, Value x, Value y, Value z,
                     const char *name); /* the same by double's operations (exact_fma_ir.c) */
Value add_i64(Emitter *e, Value a, int64_t b);
Value mul_i64(Emitter *e, Value a, int64_t b);

/* The sum of 16 lanes as model.h's tree: lane j + 8 to lane j, then + 4, + 2, + 1. float or
 * integer. */
Value sum_lanes(Emitter *e, Value vector);

/* Lanes in another, constant order: order[lane] names a lane of a (0..15) or b (16..31). */
Value shuffle(Emitter *e, Value a, Value b, const int32_t order[LANES], const char *name);

/* Intrinsic `name` ("llvm.sqrt") overloaded for `type`. */
Value call_intrinsic(Emitter *e, const char *name, Type type, Value *arguments, uint32_t count,
                     const char *result);

/* <16 x i1>: lanes whose number is below count (i64, may be above 16). */
Value lanes_below(Emitter *e, Value count, const char *name);

/* ---- loops ---- */

/* for (index = first; index < last; index += step), i64; the body runs at least once if
 * `is_entered` says that first < last is known, else it is tested before.  Values that change from
 * turn to turn are carried:
 *     Loop loop = begin_loop(e, first, last, 1, false, "edge");
 *     Value sum = carry(e, &loop, zero, "sum"); before anything else in the body
 *     ...
 *     carry_next(&loop, sum, new_sum);
 *     end_loop(e, &loop);
 *     total = carried(e, &loop, sum);           afterwards: its last value, or the initial one */
enum { MOST_CARRIED = 40 };
typedef struct Loop {
  Value index; /* in the body */
  LLVMBasicBlockRef before, body, after;
  Value last, step;
  uint32_t count;
  Value phi[MOST_CARRIED], initial[MOST_CARRIED], next[MOST_CARRIED], final[MOST_CARRIED];
  bool is_entered;
} Loop;
Loop begin_loop(Emitter *e, Value first, Value last, int64_t step, bool is_entered,
                const char *name);
Value carry(Emitter *e, Loop *loop, Value initial, const char *name);
void carry_next(Loop *loop, Value phi, Value next);
void end_loop(Emitter *e, Loop *loop);
Value carried(const Loop *loop, Value phi);

/* if (condition) { ... }: the body is emitted between the two. */
typedef struct Branch {
  LLVMBasicBlockRef after;
} Branch;
Branch begin_if(Emitter *e, Value condition, const char *name);
void end_if(Emitter *e, Branch *branch);

#endif
