// SPDX-License-Identifier: MIT
// Linking by the system's own linker, through its C compiler: the generated object and the
// runtime's archive.
#ifndef SEDGE_COMPILER_LINK_H
#define SEDGE_COMPILER_LINK_H

#include <stdbool.h>

#include "runtime/failure.h"

typedef enum LinkProduct { LINK_EXECUTABLE, LINK_SHARED_LIBRARY } LinkProduct;

/* Links `object` into a trainer at `path` for the system that `triple` names (NULL: this one).  The
 * compiler is $CC, else the first of cc, gcc and clang that PATH has; for another system it is
 * TRIPLE-gcc, for WebAssembly clang, which compiles the runtime too.  What the linker says goes to
 * standard error.  `name` is what a shared library calls itself; WebAssembly has none.  False:
 * *failure says why. */
bool link_trainer(LinkProduct product, const char *triple, const char *object, const char *path,
                  const char *name, Failure *failure);

/* Whether a triple (NULL: this system) names WebAssembly, where a trainer is a module for WASI. */
bool is_webassembly(const char *triple);

#endif
