// SPDX-License-Identifier: MIT
// The example that is inside the command: the text of examples/morse.sedge.
//
// Made from the file by compiler/embed.cmake when the command is built, so that `sedge train` has
// something to train where nothing but the command is installed.
#ifndef SEDGE_COMPILER_DEFAULT_PROGRAM_H
#define SEDGE_COMPILER_DEFAULT_PROGRAM_H

#include <stddef.h>

/* The text, ended by a NUL; static, owned by nobody. */
extern const char default_program[];

/* Its length in bytes, without the NUL. */
extern const size_t default_program_bytes;

#endif
