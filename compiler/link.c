// SPDX-License-Identifier: MIT
// Finds a C compiler and the runtime's archive, and runs the one on the other.
#include "compiler/link.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/beside.h"

/* What the linker of a sanitized build must be told too; set by the build. */
#ifndef SEDGE_LINK_FLAGS
#define SEDGE_LINK_FLAGS ""
#endif

enum { MOST_WORDS = 64, COMPILER_SIZE = 4096 };

static const char *const compilers[] = {"cc", "gcc", "clang"};

/* A command line in the making; words are borrowed. */
typedef struct CommandLine {
  const char *words[MOST_WORDS + 1]; /* ended by NULL */
  uint32_t count;
} CommandLine;

static void add_word(CommandLine *line, const char *word) {
  if (line->count < MOST_WORDS) line->words[line->count++] = word;
  line->words[line->count] = NULL;
}

/* Adds the words of a text, which it cuts into them. */
static void add_words(CommandLine *line, char *text) {
  char *rest = NULL;
  for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
    add_word(line, word);
}

/* ---- what there is ---- */

static bool is_program(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Whether PATH has a program of that name, or the name is the path of one. */
static bool is_on_path(const char *name) {
  if (strchr(name, '/')) return is_program(name);
  const char *list = getenv("PATH");
  char path[4096];
  for (const char *at = list; at && *at;) {
    const size_t length = strcspn(at, ":");
    if (length > 0) {
      snprintf(path, sizeof path, "%.*s/%s", (int)length, at, name);
      if (is_program(path)) return true;
    }
    at += length + (at[length] == ':');
  }
  return false;
}

/* Adds the compiler of this system; `text` keeps the words of $CC. */
static bool add_compiler(CommandLine *line, char text[COMPILER_SIZE], Failure *failure) {
  const char *named = getenv("CC");
  if (named && strspn(named, " \t") < strlen(named)) {
    if (strlen(named) >= COMPILER_SIZE)
      return fail(failure, FAILURE_TARGET, NULL, "CC is too long a text");
    add_words(line, strcpy(text, named));
    return is_on_path(line->words[0]) ||
           fail(failure, FAILURE_TARGET, NULL,
                "there is no compiler '%s', which CC names, to link with", line->words[0]);
  }
  for (size_t i = 0; i < sizeof compilers / sizeof compilers[0]; i++) {
    if (!is_on_path(compilers[i])) continue;
    add_word(line, compilers[i]);
    return true;
  }
  return fail(failure, FAILURE_TARGET, NULL,
              "there is no cc, gcc or clang on PATH to link with, and CC names none; `--emit obj` "
              "needs no linker");
}

/* Whether a triple names this very system: its processor's name, and Linux with GNU's library. */
static bool is_own_system(const char *triple) {
  struct utsname system;
  if (!triple) return true;
  if (uname(&system) != 0) return false;
  const size_t length = strlen(system.machine);
  return strncmp(triple, system.machine, length) == 0 && triple[length] == '-' &&
         strstr(triple, "-linux") && !strstr(triple, "musl") && !strstr(triple, "android");
}

/* ---- running ---- */

extern char **environ;

static bool run(const CommandLine *line, Failure *failure) {
  pid_t process;
  int status = 0;
  const int error =
      posix_spawnp(&process, line->words[0], NULL, NULL, (char *const *)line->words, environ);
  if (error) {
    return fail(failure, FAILURE_TARGET, NULL, "'%s' cannot be run: %s", line->words[0],
                strerror(error));
  }
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR)
      return fail(failure, FAILURE_TARGET, NULL, "'%s' is lost: %s", line->words[0],
                  strerror(errno));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (WIFSIGNALED(status)) {
    return fail(failure, FAILURE_TARGET, NULL, "'%s' could not link: it was ended by signal %d",
                line->words[0], WTERMSIG(status));
  }
  return fail(failure, FAILURE_TARGET, NULL, "'%s' could not link: it ended with status %d",
              line->words[0], WEXITSTATUS(status));
}

bool link_trainer(LinkProduct product, const char *triple, const char *object, const char *path,
                  const char *name, Failure *failure) {
  CommandLine line = {0};
  char compiler[COMPILER_SIZE], archive[BESIDE_PATH_SIZE], map[BESIDE_PATH_SIZE];
  char flags[] = SEDGE_LINK_FLAGS;
  char map_option[BESIDE_PATH_SIZE + 32], name_option[4096];
  if (!is_own_system(triple)) {
    return fail(failure, FAILURE_TARGET, NULL,
                "there is no runtime for '%s' to link with; `--emit obj` makes its object", triple);
  }
  if (!find_beside("libsedge_trainer.a", archive) || !find_beside("sedge_trainer.map", map)) {
    return fail(failure, FAILURE_INPUT, NULL,
                "the runtime to link with, libsedge_trainer.a, is neither beside the command nor "
                "installed with it");
  }
  if (!add_compiler(&line, compiler, failure)) return false;
  if (product == LINK_SHARED_LIBRARY) {
    snprintf(map_option, sizeof map_option, "-Wl,--version-script=%s", map);
    snprintf(name_option, sizeof name_option, "-Wl,-soname,%s", name);
    add_word(&line, "-shared");
    add_word(&line, name_option);
    add_word(&line, map_option);
    add_word(&line, "-Wl,-u,sedge_trainer_open"); /* the archive's member that has all of them */
    /* Debian's libjansson.a is compiled for executables: its one reference to data of libc, a comparison with stdin, would
     * have to be copied into a program. */
    add_word(&line, "-Wl,--defsym=stdin=sedge_no_input");
  }
  add_word(&line, "-Wl,--gc-sections");
  add_words(&line, flags);
  add_word(&line, object);
  add_word(&line, archive);
  add_word(&line, "-o");
  add_word(&line, path);
  add_word(&line, "-pthread");
  add_word(&line, "-lm");
  return run(&line, failure);
}
