// SPDX-License-Identifier: MIT
// Handlers that say what happened where little works any more: no buffers, no memory.
#include "runtime/verbs/process.h"

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/atomic_file.h"

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
  static char stack[64 << 10]; /* a stack overflow leaves no other */
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = on_defect, .sa_flags = SA_ONSTACK};
  process_name = program;
  sigaltstack(&alternate, NULL);
  sigaction(SIGABRT, &action, NULL);
#ifndef __SANITIZE_ADDRESS__ /* its own reports say more */
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGFPE, &action, NULL);
#endif
  signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, noticed at the end */
  json_set_alloc_funcs(checked_malloc, free);
}

ExitCode process_end(ExitCode code) {
  const bool had_failed = ferror(stdout) != 0;
  if (fclose(stdout) == 0 && !had_failed) return code;
  fprintf(stderr, "%s: error: standard output could not be written\n", process_name);
  return code == EXIT_DONE ? EXIT_SYSTEM : code;
}
