// SPDX-License-Identifier: MIT
// sedge build: a stand-alone trainer, or what one is made of.
//
// LLVM and the linker write into a folder of their own; only what is whole is then copied to its
// place, atomically.
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/command.h"
#include "compiler/compile.h"
#include "compiler/link.h"
#include "compiler/make_recipe.h"
#include "compiler/module_runner.h"
#include "compiler/native_compiler.h"
#include "compiler/native_engine.h"
#include "compiler/report.h"
#include "compiler/runtime_header.h"
#include "lang/suggest.h"
#include "runtime/atomic_file.h"
#include "runtime/packed.h"

typedef enum Emit {
#define EMIT(id, name, what) EMIT_##id,
#include "compiler/emits.def"
#undef EMIT
  EMIT_COUNT
} Emit;

static const char *const emit_names[EMIT_COUNT] = {
#define EMIT(id, name, what) name,
#include "compiler/emits.def"
#undef EMIT
};

static const char *const emit_whats[EMIT_COUNT] = {
#define EMIT(id, name, what) what,
#include "compiler/emits.def"
#undef EMIT
};

/* One build. */
typedef struct Build {
  const Invocation *invocation;
  const Compilation *c;
  Emit emit;
  const char *output;
  char folder[64], code[96], linked[96]; /* the folder of unfinished files, and they */
} Build;

/* ---- options ---- */

static Emit find_emit(const char *name) {
  uint32_t emit = EMIT_EXE;
  while (name && emit < EMIT_COUNT && strcmp(emit_names[emit], name) != 0) emit++;
  return (Emit)emit;
}

/* node finds a module by its name. */
static bool check_module_options(const Options *options, Emit emit) {
  const char *end = strrchr(options->output, '.');
  if (emit == EMIT_LIB) {
    usage_error("--emit lib makes no WebAssembly; exe makes a module that trains, obj an object");
    return false;
  }
  if (emit != EMIT_EXE || (end && strcmp(end, ".wasm") == 0)) return true;
  usage_error("the name of a WebAssembly module ends in .wasm: -o %s.wasm", options->output);
  return false;
}

static bool check_build_options(const Options *options) {
  if (!options->output) {
    usage_error("build needs -o OUT: the file to write");
    return false;
  }
  const Emit emit = find_emit(options->emit);
  if (emit != EMIT_COUNT)
    return !is_webassembly(options->target) || check_module_options(options, emit);
  Suggestion nearest = suggestion_for(options->emit);
  for (uint32_t i = 0; i < EMIT_COUNT; i++) suggest(&nearest, emit_names[i]);
  if (nearest.best) {
    usage_error("--emit makes no '%s'; did you mean %s?", options->emit, nearest.best);
  } else {
    usage_error("--emit makes no '%s'; it makes exe, lib, obj, asm, llvm-ir or header",
                options->emit);
  }
  return false;
}

/* ---- unfinished files ---- */

static bool open_folder(Build *b, Failure *failure) {
  const char *place = getenv("TMPDIR");
  const bool is_usable = place && place[0] && strlen(place) + 16 < sizeof b->folder;
  snprintf(b->folder, sizeof b->folder, "%s/sedge-XXXXXX", is_usable ? place : "/tmp");
  if (!mkdtemp(b->folder)) {
    b->folder[0] = '\0';
    return fail(failure, FAILURE_OUTPUT, is_usable ? place : "/tmp",
                "a folder for unfinished files cannot be made: %s", strerror(errno));
  }
  snprintf(b->code, sizeof b->code, "%s/code.o", b->folder);
  snprintf(b->linked, sizeof b->linked, "%s/linked", b->folder);
  return true;
}

static void close_folder(const Build *b) {
  if (!b->folder[0]) return;
  unlink(b->code);
  unlink(b->linked);
  rmdir(b->folder);
}

/* ---- being stopped ---- */

static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
static const Build *unfinished;

static void on_stop(int number) {
  close_folder(unfinished);
  atomic_files_abandon();
  raise(number); /* which ends the process: it is the default's turn again */
}

/* From now on whoever stops the process by a signal finds no unfinished files; what is ignored
 * stays ignored. */
static void watch_stops(const Build *b) {
  struct sigaction action = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND}, before;
  sigemptyset(&action.sa_mask);
  unfinished = b;
  for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
    if (sigaction(stops[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      sigaction(stops[i], &action, NULL);
}

static void unwatch_stops(void) {
  struct sigaction before;
  for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
    if (sigaction(stops[i], NULL, &before) == 0 && before.sa_handler == on_stop)
      signal(stops[i], SIG_DFL);
}

/* Copies a whole file to its place. */
static bool deliver(const char *from, const char *to, bool is_executable, Failure *failure) {
  enum { PIECE = 1 << 16 };
  static char piece[PIECE];
  FILE *in = fopen(from, "rb");
  if (!in) return fail(failure, FAILURE_INPUT, from, "cannot be opened: %s", strerror(errno));
  AtomicFile *file = atomic_file_open(to, failure);
  size_t got = file ? PIECE : 0;
  while (got == PIECE) {
    got = fread(piece, 1, PIECE, in);
    fwrite(piece, 1, got, atomic_file_stream(file));
  }
  const bool was_read = !ferror(in);
  fclose(in);
  if (!file) return false;
  if (!was_read) {
    atomic_file_discard(file);
    return fail(failure, FAILURE_INPUT, from, "cannot be read: %s", strerror(errno));
  }
  if (is_executable) atomic_file_make_executable(file);
  return atomic_file_commit(file, failure);
}

/* ---- what is built ---- */

static bool emit_code(const Build *b, NativeEmit what, const char *path, Failure *failure) {
  const Options *options = &b->invocation->options;
  const NativeCompiler *compiler = native_compiler(failure);
  if (!compiler) return false;
  const Recipe recipe = make_recipe(b->c);
  uint8_t *packed = NULL;
  NativeSource source = native_source(b->c);
  if (!pack_trainer(b->c->model, &recipe, &packed, &source.packed_bytes, failure)) return false;
  source.packed = packed;
  const NativeTarget target = {
      .triple = options->target, .cpu = options->cpu, .level = native_level(options)};
  const bool is_good = compiler->emit(&source, &target, what, path, failure);
  free(packed);
  return is_good;
}

/* The last part of a path. */
static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* The network's own constants, then the header of all built libraries. */
static bool write_header(const Build *b, const char *path, Failure *failure) {
  const Model *model = b->c->model;
  AtomicFile *file = atomic_file_open(path, failure);
  if (!file) return false;
  FILE *out = atomic_file_stream(file);
  fprintf(out,
          "/* Made by sedge " SEDGE_VERSION " from the network '%s'. */\n"
          "#define SEDGE_NETWORK_NAME    \"%s\"\n"
          "#define SEDGE_NETWORK_INPUTS  %" PRIu32 "\n"
          "#define SEDGE_NETWORK_OUTPUTS %" PRIu32 "\n\n",
          model->name, model->name, model->layers[0].real_count,
          model->layers[model->junction_count].real_count);
  fwrite(runtime_header, 1, runtime_header_bytes, out);
  return atomic_file_commit(file, failure);
}

/* "libx.so" and "libx.so.1" have the header "libx.h". */
static const char *header_path(const Build *b) {
  const char *name = name_of(b->output), *end = strstr(name, ".so");
  const size_t length = end ? (size_t)(end - b->output) : strlen(b->output);
  return arena_print(b->invocation->arena, "%.*s.h", (int)length, b->output);
}

/* Whether the result is a WebAssembly module. */
static bool is_module(const Build *b) {
  return b->emit == EMIT_EXE && is_webassembly(b->invocation->options.target);
}

/* "digits.wasm" is run by "digits.mjs". */
static const char *runner_path(const Build *b) {
  const size_t length = strlen(b->output) - strlen(".wasm");
  return arena_print(b->invocation->arena, "%.*s.mjs", (int)length, b->output);
}

static bool write_runner(const Build *b, Failure *failure) {
  AtomicFile *file = atomic_file_open(runner_path(b), failure);
  if (!file) return false;
  fwrite(module_runner, 1, module_runner_bytes, atomic_file_stream(file));
  return atomic_file_commit(file, failure);
}

static bool build_linked(Build *b, LinkProduct product, Failure *failure) {
  const char *triple = b->invocation->options.target;
  return emit_code(b, NATIVE_EMIT_OBJECT, b->code, failure) &&
         link_trainer(product, triple, b->code, b->linked, name_of(b->output), failure) &&
         deliver(b->linked, b->output, !is_module(b), failure);
}

static bool build_code(Build *b, NativeEmit what, Failure *failure) {
  return emit_code(b, what, b->code, failure) && deliver(b->code, b->output, false, failure);
}

static bool build_output(Build *b, Failure *failure) {
  switch (b->emit) {
  case EMIT_EXE:
    return build_linked(b, LINK_EXECUTABLE, failure) && (!is_module(b) || write_runner(b, failure));
  case EMIT_LIB:
    return build_linked(b, LINK_SHARED_LIBRARY, failure) &&
           write_header(b, header_path(b), failure);
  case EMIT_OBJ: return build_code(b, NATIVE_EMIT_OBJECT, failure);
  case EMIT_ASM: return build_code(b, NATIVE_EMIT_ASSEMBLY, failure);
  case EMIT_LLVM_IR: return build_code(b, NATIVE_EMIT_IR, failure);
  case EMIT_HEADER: return write_header(b, b->output, failure);
  case EMIT_COUNT: break;
  }
  assert(false && "nothing to build");
  return false;
}

/* ---- the verb ---- */

static void tell_result(const Build *b) {
  const Options *options = &b->invocation->options;
  struct stat status;
  const uint64_t bytes = stat(b->output, &status) == 0 ? (uint64_t)status.st_size : 0;
  const char *runner = is_module(b) ? runner_path(b) : NULL;
  if (options->run.json) {
    json_t *event = json_pack("{s:s, s:s, s:s, s:I}", "event", "built", "emit", emit_names[b->emit],
                              "path", b->output, "bytes", (json_int_t)bytes);
    if (runner) json_object_set_new(event, "runner", json_string(runner));
    print_json_line(stdout, event);
  } else if (!options->run.quiet) {
    printf("built %s: %s, %s bytes\n", b->output,
           runner ? "a trainer as a WebAssembly module" : emit_whats[b->emit], grouped(bytes));
    if (runner) printf("runs by  node %s train\n", runner);
  }
}

ExitCode command_build(const Invocation *invocation) {
  const Options *options = &invocation->options;
  ExitCode code = EXIT_DONE;
  Failure failure = {0};
  if (!check_build_options(options)) return EXIT_USAGE;
  Compilation *c = compile_file(invocation, PASS_SCHEDULE, &code);
  if (!c) return code;
  report_warnings(invocation, c);
  Build build = {.invocation = invocation,
                 .c = c,
                 .emit = find_emit(options->emit),
                 .output = options->output};
  watch_stops(&build);
  const bool is_good = can_write_file(build.output, &failure) && open_folder(&build, &failure) &&
                       build_output(&build, &failure);
  close_folder(&build);
  unwatch_stops();
  if (is_good) {
    tell_result(&build);
  } else {
    code = report_failure(invocation, c, &failure);
  }
  compilation_close(c);
  return code;
}
