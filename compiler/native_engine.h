// SPDX-License-Identifier: MIT
// The native engine over code that is made on the spot.
#ifndef SEDGE_COMPILER_NATIVE_ENGINE_H
#define SEDGE_COMPILER_NATIVE_ENGINE_H

#include "compiler/compilation.h"
#include "compiler/llvm/native.h"
#include "compiler/options.h"
#include "runtime/engine.h"

/* Compiles the model for this processor (or --cpu) and opens the engine on it, with --threads or as
 * many as pay.  Owned: engine_close, which unloads the code too. NULL: *failure says why. */
Engine *open_native(const Compilation *c, const Options *options, Failure *failure);

/* The same on other kernels: those that `wrap` makes of the compiled ones. They live as long as the
 * engine. */
typedef const NativeKernels *KernelWrap(void *context, const NativeKernels *kernels);
Engine *open_native_wrapped(const Compilation *c, const Options *options, KernelWrap *wrap,
                            void *context, Failure *failure);

/* What the code generator is told of a compilation that has come to its schedule; in its arena. */
NativeSource native_source(const Compilation *c);

/* The level of -O, 2 where it is not given. */
uint32_t native_level(const Options *options);

#endif
