// SPDX-License-Identifier: MIT
// Memory that is freed all at once: whoever opens an arena owns everything allocated in it.
#ifndef SEDGE_LANG_ARENA_H
#define SEDGE_LANG_ARENA_H

#include <stddef.h>

typedef struct Arena Arena;

/* Called when the system has no memory left; must not return.  Set once by main. */
typedef void (*OutOfMemory)(size_t bytes);
void arena_on_failure(OutOfMemory handler);

/* What an arena does when it gets no memory, for those who allocate beside it. */
_Noreturn void arena_fail(size_t bytes);

/* realloc() that ends as arena_fail() does where there is no memory: for what outlives no call and
 * belongs to no arena. */
void *heap_alloc(void *old, size_t bytes);

/* Opens an empty arena.  Owned: close with arena_close, which frees all it gave out. */
Arena *arena_open(void);
void arena_close(Arena *arena);

/* Returns count * size zeroed bytes, aligned for any type; never NULL (see arena_on_failure; a
 * product that overflows counts as a failure).  Dies with the arena. */
void *arena_alloc(Arena *arena, size_t count, size_t size);

/* Copies of strings into the arena. */
char *arena_copy(Arena *arena, const char *text, size_t length);
char *arena_print(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, Type)          ((Type *)arena_alloc((arena), 1, sizeof(Type)))
#define ARENA_ARRAY(arena, Type, count) ((Type *)arena_alloc((arena), (count), sizeof(Type)))

#endif
