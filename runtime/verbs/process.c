// SPDX-License-Identifier: MIT
// Handlers that say what happened where little works any more: no buffers, no memory.
#include "runtime/verbs/process.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/atomic_file.h"
#include "runtime/system.h"

static const char *process_name = "sedge";

/* "NAME: TEXT" in one write, so that nothing comes between. */
static _Noreturn void say_and_exit(const char *text, ExitCode code) {
  atomic_files_abandon();
  const struct iovec parts[] = {{(void *)(uintptr_t)process_name, strlen(process_name)},
                                {(void *)(uintptr_t)text, strlen(text)}};
  if (writev(STDERR_FILENO, parts, 2) < 0) _exit((int)code);
  _exit((int)code);
}

_Noreturn void process_no_memory(size_t bytes) {
  (void)bytes;
  say_and_exit(": error: not enough memory\n", EXIT_SYSTEM);
}

static void on_defect(int signal_number) {
  (void)signal_number;
  say_and_exit(": this is a defect of sedge, not of your file; please report it with the file "
               "and the command\n",
               EXIT_DEFECT);
}

static void *checked_malloc(size_t bytes) {
  void *memory = malloc(bytes);
  if (!memory) process_no_memory(bytes);
  return memory;
}

void process_begin(const char *program) {
  process_name = program;
  system_begin(on_defect);
  json_set_alloc_funcs(checked_malloc, free);
}

ExitCode process_end(ExitCode code) {
  const bool had_failed = ferror(stdout) != 0;
  if (fclose(stdout) == 0 && !had_failed) return code;
  fprintf(stderr, "%s: error: standard output could not be written\n", process_name);
  return code == EXIT_DONE ? EXIT_SYSTEM : code;
}
