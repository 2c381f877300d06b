// SPDX-License-Identifier: MIT
// Finds a C compiler and the runtime, and runs the one on the other.
//
// For this system the runtime is an archive, ready to be linked.  For another one it is compiled
// from its sources, which lie where the command does, by the other system's compiler in the very
// call that links.
#include "compiler/link.h"

#include <assert.h>
#include <errno.h>
#include <glob.h>
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

/* What the linker of a build for tests must be told too, after the archive; set by the build. */
#ifndef SEDGE_LINK_FLAGS
#define SEDGE_LINK_FLAGS ""
#endif

enum { MOST_WORDS = 256 };

/* Folders of the runtime's sources for every system, from the folder that holds them all. */
static const char *const source_folders[] = {"runtime", "runtime/data", "runtime/verbs",
                                             "runtime/built"};

static const char *const compilers[] = {"cc", "gcc", "clang"};

/* Words of a command line, ended by NULL. */
typedef const char *const Words[];

static Words common_flags = {"-O2",
                             "-std=c17",
                             "-D_GNU_SOURCE",
                             "-DSEDGE_VERSION=\"" SEDGE_VERSION "\"",
                             "-ffp-contract=off",
                             "-fno-math-errno",
                             "-ffunction-sections",
                             "-fdata-sections",
                             NULL};
static Words linux_flags = {"-fPIC", NULL};
static Words linux_libraries = {"-Wl,-Bstatic", "-ljansson",     "-lminizip", "-lmd",
                                "-lz",          "-Wl,-Bdynamic", "-pthread",  NULL};
/* What engines have had for years, and sedge's own code uses too (llvm/target.c); no threads.  The
 * stack lies first in memory, so that what grows beyond it traps instead of writing over data. */
static Words wasi_flags = {"-msimd128", "-mbulk-memory", "-mnontrapping-fptoint",
                           "-D_WASI_EMULATED_GETPID", NULL};
static Words wasi_libraries = {"-ljansson",
                               "-lminizip",
                               "-lmd",
                               "-lz",
                               "-lwasi-emulated-getpid",
                               "-Wl,--strip-debug",
                               "-Wl,--stack-first",
                               "-Wl,-z,stack-size=1048576",
                               NULL};

/* A kind of system other than this one, and what a trainer for it is compiled and linked with. */
typedef struct System {
  const char *triple;   /* how its triples begin; "": any */
  const char *compiler; /* where CC names none; NULL: TRIPLE-gcc */
  const char *target; /* the option by which a compiler of many systems compiles for it; or NULL */
  const char *folder; /* of the runtime's sources for it alone */
  Words *flags, *libraries;
  const char *packages; /* Debian's, of compiler and C library */
} System;

static const char wasi_folder[] = "runtime/wasi";

static const System systems[] = {
    {"wasm32", "clang-" SEDGE_CLANG_VERSION, "--target=wasm32-wasi", wasi_folder, &wasi_flags,
     &wasi_libraries,
     "clang-" SEDGE_CLANG_VERSION ", lld-" SEDGE_CLANG_VERSION ", libclang-rt-" SEDGE_CLANG_VERSION
     "-dev-wasm32, wasi-libc"},
    {"", NULL, NULL, "runtime/posix", &linux_flags, &linux_libraries,
     "gcc-TRIPLE, libc6-dev-ARCH-cross"},
};

static const System *find_system(const char *triple) {
  const System *system = systems;
  while (strncmp(triple, system->triple, strlen(system->triple)) != 0) system++;
  return system;
}

/* A command line in the making, with whatever its words are made of. */
typedef struct CommandLine {
  const char *words[MOST_WORDS + 1]; /* NULL from `count` on; borrowed */
  uint32_t count;
  glob_t sources;
  Arena *arena;
} CommandLine;

static void add_word(CommandLine *line, const char *word) {
  assert(line->count < MOST_WORDS);
  line->words[line->count++] = word;
}

static void add_list(CommandLine *line, Words *words) {
  for (const char *const *word = *words; *word; word++) add_word(line, *word);
}

/* Adds the words of a text; a $CC of over 60 words is beyond reason. */
static void add_words(CommandLine *line, const char *text) {
  char *rest = NULL;
  for (char *word = strtok_r(arena_print(line->arena, "%s", text), " \t", &rest); word;
       word = strtok_r(NULL, " \t", &rest)) {
    if (line->count < MOST_WORDS / 4) add_word(line, word);
  }
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

/* Adds the compiler of another system, where CC names none. */
static bool add_cross_compiler(CommandLine *line, const char *triple, Failure *failure) {
  const System *system = find_system(triple);
  const char *compiler =
      system->compiler ? system->compiler : arena_print(line->arena, "%s-gcc", triple);
  add_word(line, compiler);
  if (system->target) add_word(line, system->target);
  return is_on_path(compiler) || fail(failure, FAILURE_TARGET, NULL,
                                      "there is no compiler '%s' on PATH for the runtime and "
                                      "to link with, and CC names none "
                                      "(Debian's packages: %s); `--emit obj` needs none",
                                      compiler, system->packages);
}

/* Adds what compiles and links for this system, or for `triple` where that is another one's: $CC,
 * else the first that is there. */
static bool add_compiler(CommandLine *line, const char *triple, Failure *failure) {
  const char *named = getenv("CC");
  if (named && strspn(named, " \t") < strlen(named)) {
    const bool is_whole = !triple || !find_system(triple)->target || strstr(named, "-target");
    add_words(line, named);
    if (!is_whole) add_word(line, find_system(triple)->target);
    return is_on_path(line->words[0]) ||
           fail(failure, FAILURE_TARGET, NULL,
                "there is no compiler '%s', which CC names, to link with", line->words[0]);
  }
  if (triple) return add_cross_compiler(line, triple, failure);
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

/* A compiler that fails has said why; what another system needs is said too. */
static bool fail_to_link(const CommandLine *line, const System *system, const char *end, int number,
                         Failure *failure) {
  if (!system) {
    return fail(failure, FAILURE_TARGET, NULL, "'%s' could not link: it %s %d", line->words[0], end,
                number);
  }
  const char *script = find_beside("runtime/libraries.sh", line->arena);
  return fail(failure, FAILURE_TARGET, NULL,
              "'%s' could not link: it %s %d; the other system's compiler and C library are needed "
              "(Debian's packages: %s), and there jansson, minizip, libmd and zlib, which "
              "%s makes from sources: `sedge explain E0905` shows how",
              line->words[0], end, number, system->packages, script ? script : "libraries.sh");
}

static bool run(const CommandLine *line, const System *system, Failure *failure) {
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
  if (WIFSIGNALED(status))
    return fail_to_link(line, system, "was ended by signal", WTERMSIG(status), failure);
  return fail_to_link(line, system, "ended with status", WEXITSTATUS(status), failure);
}

/* ---- what is linked ---- */

/* The runtime of this system: an archive that has all that it needs. */
static bool add_archive(CommandLine *line, Failure *failure) {
  const char *archive = find_beside("libsedge_trainer.a", line->arena);
  if (!archive) {
    return fail(failure, FAILURE_INPUT, NULL,
                "the runtime to link with, libsedge_trainer.a, is neither beside the command nor "
                "installed with it");
  }
  add_word(line, archive);
  add_words(line, SEDGE_LINK_FLAGS);
  return true;
}

/* Adds the sources of a folder of the runtime; `all` is the folder that holds it. */
static bool add_folder(CommandLine *line, const char *all, const char *folder, Failure *failure) {
  const char *pattern = arena_print(line->arena, "%s/%s/*.c", all, folder);
  return glob(pattern, line->sources.gl_pathv ? GLOB_APPEND : 0, NULL, &line->sources) == 0 ||
         fail(failure, FAILURE_INPUT, pattern, "the sources of the runtime are not there");
}

/* The runtime of another system: compiled from its sources in the same call, with the libraries
 * that the other system has. */
static bool add_sources(CommandLine *line, const System *system, Failure *failure) {
  char *found = find_beside("runtime/sedge_runtime.h", line->arena);
  if (!found) {
    return fail(failure, FAILURE_INPUT, NULL,
                "the sources of the runtime are neither near the command nor installed with it");
  }
  found[strlen(found) - strlen("/runtime/sedge_runtime.h")] = '\0';
  add_word(line, arena_print(line->arena, "-I%s", found));
  add_list(line, &common_flags);
  add_list(line, system->flags);
  for (size_t i = 0; i < sizeof source_folders / sizeof source_folders[0]; i++)
    if (!add_folder(line, found, source_folders[i], failure)) return false;
  if (!add_folder(line, found, system->folder, failure)) return false;
  for (size_t i = 0; i < line->sources.gl_pathc; i++) add_word(line, line->sources.gl_pathv[i]);
  add_list(line, system->libraries);
  return true;
}

static bool add_library_options(CommandLine *line, const char *name, Failure *failure) {
  const char *map = find_beside("sedge_trainer.map", line->arena);
  if (!map) {
    return fail(failure, FAILURE_INPUT, NULL,
                "the list of a library's functions, sedge_trainer.map, is neither beside the "
                "command nor installed with it");
  }
  add_word(line, "-shared");
  add_word(line, arena_print(line->arena, "-Wl,-soname,%s", name));
  add_word(line, arena_print(line->arena, "-Wl,--version-script=%s", map));
  add_word(line, "-Wl,-u,sedge_trainer_open"); /* the archive's member that has all of them */
  /* Debian's libjansson.a is compiled for executables: its one reference to data of libc, a
   * comparison with stdin, would have to be copied into a program. */
  add_word(line, "-Wl,--defsym=stdin=sedge_no_input");
  return true;
}

bool is_webassembly(const char *triple) {
  return triple && find_system(triple)->folder == wasi_folder;
}

bool link_trainer(LinkProduct product, const char *triple, const char *object, const char *path,
                  const char *name, Failure *failure) {
  const System *system = is_own_system(triple) ? NULL : find_system(triple);
  CommandLine line = {.arena = arena_open()};
  bool is_good = add_compiler(&line, system ? triple : NULL, failure) &&
                 (product != LINK_SHARED_LIBRARY || add_library_options(&line, name, failure));
  if (is_good) {
    add_word(&line, "-Wl,--gc-sections");
    add_word(&line, object);
    is_good = system ? add_sources(&line, system, failure) : add_archive(&line, failure);
  }
  if (is_good) {
    add_word(&line, "-o");
    add_word(&line, path);
    if (!system) add_word(&line, "-pthread");
    add_word(&line, "-lm");
    is_good =
        run(&line, system, failure) &&
        (access(path, F_OK) == 0 || fail(failure, FAILURE_TARGET, NULL,
                                         "'%s' ended well, but has linked nothing", line.words[0]));
  }
  globfree(&line.sources);
  arena_close(line.arena);
  return is_good;
}
