// SPDX-License-Identifier: MIT
// From a compilation to running code.
#include "compiler/native_engine.h"

#include "compiler/native_compiler.h"
#include "runtime/verbs/run.h"

enum { DEFAULT_LEVEL = 2 };

NativeSource native_source(const Compilation *c) {
  const Network *network = &c->program->network;
  uint32_t *lines = ARENA_ARRAY(c->arena, uint32_t, network->junction_count);
  for (uint32_t i = 0; i < network->junction_count; i++)
    lines[i] = sources_position(c->sources, network->junctions[i].at.begin).line;
  return (NativeSource){.model = c->model, .path = c->path, .junction_lines = lines};
}

uint32_t native_level(const Options *options) {
  return options->level.is_given ? (uint32_t)options->level.value : DEFAULT_LEVEL;
}

static void unload(void *code) {
  const NativeCompiler *compiler = native_compiler(NULL);
  if (compiler) compiler->unload(code);
}

Engine *open_native_wrapped(const Compilation *c, const Options *options, KernelWrap *wrap,
                            void *context, Failure *failure) {
  const NativeCompiler *compiler = native_compiler(failure);
  if (!compiler) return NULL;
  const NativeSource source = native_source(c);
  const NativeTarget target = {.cpu = options->cpu, .level = native_level(options)};
  const NativeKernels *kernels = NULL;
  NativeCode *code = compiler->load(&source, &target, &kernels, failure);
  if (!code) return NULL;
  Engine *engine = native_open(c->model, wrap ? wrap(context, kernels) : kernels,
                               run_threads(&options->run, c->model), failure);
  if (!engine) {
    compiler->unload(code);
    return NULL;
  }
  native_on_close(engine, unload, code);
  return engine;
}

Engine *open_native(const Compilation *c, const Options *options, Failure *failure) {
  return open_native_wrapped(c, options, NULL, NULL, failure);
}
