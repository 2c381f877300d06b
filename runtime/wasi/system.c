// SPDX-License-Identifier: MIT
// WebAssembly's system interface (WASI, preview 1): one thread, files of the folders that the host
// opens, a clock, and no more.
//
// Whoever runs the module says where it stands by two variables, and may leave them out: PWD, the
// current folder, and SEDGE_FOLDER, the module's own.
#include "runtime/system.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/exact_fma.h"
#include "runtime/interrupt.h"
#include "runtime/native_team.h"

/* ---- the process ---- */

/* A defect traps: the host ends the module and says so. */
void system_begin(SystemHandler *on_defect) {
  const char *folder = getenv("PWD");
  (void)on_defect;
  if (folder && chdir(folder) != 0)
    return; /* the host did not open it: paths begin at what it did open */
}

void system_on_illegal_instruction(SystemHandler *handler) {
  (void)handler;
}

uint32_t system_processors(void) {
  return 1;
}

bool system_has_threads(void) {
  return false;
}

uint32_t system_terminal_columns(int descriptor) {
  const char *columns = getenv("COLUMNS");
  (void)descriptor;
  return columns ? (uint32_t)strtoul(columns, NULL, 10) : 0;
}

char *system_program_folder(void) {
  const char *folder = getenv("SEDGE_FOLDER");
  return strdup(folder ? folder : ".");
}

/* ---- files ---- */

FileLocking system_lock(int descriptor) {
  (void)descriptor;
  return FILE_UNLOCKED;
}

char *system_resolve(const char *path) {
  (void)path;
  return NULL;
}

void system_make_executable(int descriptor) {
  (void)descriptor;
}

/* ---- interrupt.h: what interrupts a module ends it ---- */

void interrupt_watch(void) {}

bool interrupt_requested(void) {
  return false;
}

void interrupt_unwatch(void) {}

/* ---- native_team.h: the caller alone ---- */

struct Team {
  uint32_t size;
};

Team *team_open(uint32_t size) {
  static Team alone = {1};
  (void)size;
  return &alone;
}

void team_close(Team *team) {
  (void)team;
}

uint32_t team_size(const Team *team) {
  return team->size;
}

void team_run(Team *team, TeamWork *work, void *context) {
  work(context, 0, team->size);
}

void team_share(Team *team, uint64_t count, TeamShare *work, void *context) {
  (void)team;
  work(context, 0, 0, count);
}

/* ---- numbers ---- */

/* In place of libm's, which rounds twice where the result is subnormal. */
float fmaf(float a, float b, float c) {
  return exact_fma(a, b, c);
}
