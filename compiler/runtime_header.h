// SPDX-License-Identifier: MIT
// The header of built libraries that is inside the command: the text of runtime/sedge_runtime.h.
#ifndef SEDGE_COMPILER_RUNTIME_HEADER_H
#define SEDGE_COMPILER_RUNTIME_HEADER_H

#include <stddef.h>

/* The text, ended by a NUL, and its length without it; made by compiler/embed.cmake. */
extern const char runtime_header[];
extern const size_t runtime_header_bytes;

#endif
