// SPDX-License-Identifier: MIT
// What the runtime asks of the operating system beyond C and the calls that every system has.
//
// posix/ does it for Linux and its kin; wasi/ for WebAssembly, which has no signals, no threads, no
// locks, no terminals and no modes of files.  The headers interrupt.h and native_team.h are
// implemented there too; nothing else of the runtime knows systems.
#ifndef SEDGE_RUNTIME_SYSTEM_H
#define SEDGE_RUNTIME_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

typedef void SystemHandler(int number);

/* Called first.  A defect from now on (abort, a bad address, a division by zero) calls `on_defect`,
 * which may only do what a signal handler may; without signals the host reports it.  A write into a
 * closed pipe is a failed write from now on. */
void system_begin(SystemHandler *on_defect);

/* What an instruction calls that the processor lacks; a WebAssembly host refuses a module with
 * one. */
void system_on_illegal_instruction(SystemHandler *handler);

/* Processors that may work for this process, at least 1; and whether more than one thread can be
 * had at all. */
uint32_t system_processors(void);
bool system_has_threads(void);

/* Columns of the terminal that a descriptor writes to; 0: not known. */
uint32_t system_terminal_columns(int descriptor);

/* The folder of the running program; owned.  NULL: no memory. */
char *system_program_folder(void);

/* ---- files ---- */

typedef enum FileLocking {
  FILE_LOCKED,  /* until its descriptor is closed */
  FILE_IN_USE,  /* by another process, which has locked it */
  FILE_UNLOCKED /* there are no locks here */
} FileLocking;

/* Locks an open file for this process alone; does not wait. */
FileLocking system_lock(int descriptor);

/* Absolute, with all links followed; owned.  NULL: it leads nowhere, or links cannot be followed
 * here. */
char *system_resolve(const char *path);

/* Lets those who may read an open file run it, where files have modes; what cannot be is let be. */
void system_make_executable(int descriptor);

#endif
