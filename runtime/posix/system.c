// SPDX-License-Identifier: MIT
// Linux and its kin.
#include "runtime/system.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the process ---- */

void system_begin(SystemHandler *on_defect) {
  static char stack[64 << 10]; /* a stack overflow leaves no other */
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = on_defect, .sa_flags = SA_ONSTACK};
  sigaltstack(&alternate, NULL);
  sigaction(SIGABRT, &action, NULL);
#ifndef __SANITIZE_ADDRESS__ /* its own reports say more */
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGFPE, &action, NULL);
#endif
  signal(SIGPIPE, SIG_IGN); /* a closed pipe is noticed at the end */
  signal(SIGXFSZ, SIG_IGN); /* as is a file that may not grow */
}

void system_on_illegal_instruction(SystemHandler *handler) {
  signal(SIGILL, handler);
}

uint32_t system_processors(void) {
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return processors < 1 ? 1 : (uint32_t)processors;
}

bool system_has_threads(void) {
  return true;
}

uint32_t system_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

char *system_program_folder(void) {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return strdup(".");
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  slash[slash == path] = '\0';
  return strdup(path);
}

/* ---- files ---- */

FileLocking system_lock(int descriptor) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return FILE_LOCKED;
  return errno == EWOULDBLOCK ? FILE_IN_USE : FILE_UNLOCKED;
}

char *system_resolve(const char *path) {
  return realpath(path, NULL);
}

void system_make_executable(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return;
  const mode_t readers = status.st_mode & (S_IRUSR | S_IRGRP | S_IROTH);
  if (fchmod(descriptor, status.st_mode | readers >> 2) != 0) errno = 0;
}
