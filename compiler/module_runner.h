// SPDX-License-Identifier: MIT
// The program that runs a WebAssembly module by node: the text of compiler/module_runner.mjs.
#ifndef SEDGE_COMPILER_MODULE_RUNNER_H
#define SEDGE_COMPILER_MODULE_RUNNER_H

#include <stddef.h>

extern const char module_runner[];
extern const size_t module_runner_bytes;

#endif
