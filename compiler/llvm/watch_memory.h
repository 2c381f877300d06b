// SPDX-License-Identifier: MIT
// Shows a sanitizer what generated code does in memory.
//
// AddressSanitizer and ThreadSanitizer see the accesses that a compiler of theirs has marked.  In a
// build under one of them every load and store of the kernels is marked too, by a call before it,
// so that kernels that reach beyond their arrays, and threads that meet in one place, are told as
// in C.  In other builds nothing is done, and nothing costs.
#ifndef SEDGE_COMPILER_LLVM_WATCH_MEMORY_H
#define SEDGE_COMPILER_LLVM_WATCH_MEMORY_H

#include <llvm-c/Core.h>

#ifdef __has_feature /* clang's way to say it */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#elif __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

/* Under which sanitizer this is compiled. */
enum { WATCHED_BY_NOBODY, WATCHED_BY_ADDRESS_SANITIZER, WATCHED_BY_THREAD_SANITIZER };
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED_BY WATCHED_BY_ADDRESS_SANITIZER
#elif defined(__SANITIZE_THREAD__)
#define WATCHED_BY WATCHED_BY_THREAD_SANITIZER
#else
#define WATCHED_BY WATCHED_BY_NOBODY
#endif

/* Marks all accesses of an optimized module that will run in this process. */
void watch_memory(LLVMModuleRef module);

#endif
