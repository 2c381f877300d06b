// SPDX-License-Identifier: MIT
// Each name stored once: two names are equal exactly when their pointers are.
#ifndef SEDGE_LANG_INTERN_H
#define SEDGE_LANG_INTERN_H

#include <stddef.h>

#include "lang/arena.h"

typedef struct Names Names;

/* An empty table in the arena. */
Names *names_new(Arena *arena);

/* The one copy of this name; equal texts give equal pointers. */
const char *intern(Names *names, const char *text, size_t length);

#endif
