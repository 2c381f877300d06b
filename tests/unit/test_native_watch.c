// SPDX-License-Identifier: MIT
// Sanitizers see what generated code does: each way of reaching memory, once where it may and once
// where it may not.  In a process of its own, which a report ends; in builds without a sanitizer
// there is nothing to see, and nothing is tried.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/llvm/watch_memory.h"
#include "tests/unit/native_fixture.h"

enum { CELLS = 20, MASKED = 3 };

/* ---- kernels: each reaches the element before work.last, and none after it ---- */

static Value cell_before_last(Emitter *e, int64_t cells) {
  return add_i64(e, work_field(e, WORK_last, "last"), -cells);
}

static void read_one(Emitter *e, Value array, Value result) {
  store_at(e, load_at(e, e->f32, array, cell_before_last(e, 1), "x"), result, const_i64(e, 0));
}

static void write_one(Emitter *e, Value array, Value result) {
  (void)result;
  store_at(e, const_f32(e, 1), array, cell_before_last(e, 1));
}

static void read_vector(Emitter *e, Value array, Value result) {
  Value from = cell_before_last(e, LANES);
  store_vector(e, load_vector(e, e->v16f32, array, from, 4, "x"), result, const_i64(e, 0), 64);
}

static void write_vector(Emitter *e, Value array, Value result) {
  Value x = load_vector(e, e->v16f32, result, const_i64(e, 0), 64, "x");
  store_vector(e, x, array, cell_before_last(e, LANES), 4);
}

static void read_masked(Emitter *e, Value array, Value result) {
  Value mask = lanes_below(e, const_i64(e, MASKED), "mask");
  Value x = load_masked(e, e->v16f32, array, cell_before_last(e, MASKED), mask,
                        LLVMConstNull(e->v16f32), "x");
  store_vector(e, x, result, const_i64(e, 0), 64);
}

static void write_masked(Emitter *e, Value array, Value result) {
  Value x = load_vector(e, e->v16f32, result, const_i64(e, 0), 64, "x");
  store_masked(e, x, array, cell_before_last(e, MASKED),
               lanes_below(e, const_i64(e, MASKED), "mask"));
}

static void read_scattered(Emitter *e, Value array, Value result) {
  Value last = LLVMBuildTrunc(e->builder, cell_before_last(e, 1), e->i32, "");
  Value lanes = LLVMBuildSub(e->builder, splat(e, last, ""), lane_numbers(e), "");
  store_vector(e, gather(e, e->v16f32, array, lanes, "x"), result, const_i64(e, 0), 64);
}

typedef struct Access {
  const char *name;
  void (*emit)(Emitter *e, Value array, Value result);
} Access;

static const Access accesses[] = {
    {"read one", read_one},         {"write one", write_one},     {"read vector", read_vector},
    {"write vector", write_vector}, {"read masked", read_masked}, {"write masked", write_masked},
    {"gather", read_scattered},
};
enum { ACCESSES = sizeof accesses / sizeof accesses[0] };

/* ---- a kernel's run, and how it ends ---- */

typedef struct Run {
  NativeKernel *kernel;
  float *cells;
  uint64_t last;    /* for the kernel */
  uint32_t written; /* the cell that another thread writes meanwhile */
} Run;

static void *call_kernel(void *context) {
  const Run *run = context;
  static _Alignas(64) float result[LANES];
  const NativeWork work = {.ff_left = run->cells, .ff_right = result, .last = run->last};
  run->kernel(&(NativeJunction){0}, &work);
  return NULL;
}

static void call_alone(Run *run) {
  call_kernel(run);
}

static void call_beside_writer(Run *run) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, call_kernel, run) != 0) abort();
  run->cells[run->written] = 1;
  pthread_join(thread, NULL);
}

/* Whether a process that does it ends well; its words are of interest only where it should. */
static bool ends_well(void (*act)(Run *run), Run *run, bool is_expected) {
  fflush(NULL);
  const pid_t process = fork();
  if (process == 0) {
    const int nothing = open("/dev/null", O_WRONLY);
    if (!is_expected && nothing >= 0) dup2(nothing, STDERR_FILENO);
    act(run);
    exit(0); /* ThreadSanitizer's exit code comes now, where it goes on after a report */
  }
  int status = 1;
  assert_int_equal(waitpid(process, &status, 0), process);
  return status == 0;
}

static void compile_accesses(Bench *bench, const char *processor) {
  static const Model no_model = {.name = "bench"};
  open_bench(bench, &no_model, processor);
  for (uint32_t a = 0; a < ACCESSES; a++) {
    Value function = begin_kernel(&bench->e, 0, "access");
    Value array = work_field(&bench->e, WORK_ff_left, "array");
    accesses[a].emit(&bench->e, array, work_field(&bench->e, WORK_ff_right, "result"));
    end_function(&bench->e);
    add_kernel(bench, function);
  }
  compile_bench(bench);
}

/* One cell too many for AddressSanitizer; the kernel's last cell written by another thread for
 * ThreadSanitizer, to which the cell after it, under no bit of a mask, is another's. */
static void every_access_is_seen(void **state) {
  if (WATCHED_BY == WATCHED_BY_NOBODY) skip();
  const bool by_threads = WATCHED_BY == WATCHED_BY_THREAD_SANITIZER;
  void (*act)(Run * run) = by_threads ? call_beside_writer : call_alone;
  Bench bench;
  compile_accesses(&bench, *state);
  for (uint32_t a = 0; a < ACCESSES; a++) {
    Run run = {.kernel = bench.kernels[a], .last = CELLS, .written = CELLS};
    run.cells = calloc(by_threads ? CELLS + 1 : CELLS, sizeof *run.cells);
    assert_non_null(run.cells);
    if (!ends_well(act, &run, true)) fail_msg("%s: reported where all is well", accesses[a].name);
    if (by_threads) run.written = CELLS - 1;
    if (!by_threads) run.last = CELLS + 1;
    if (ends_well(act, &run, false)) fail_msg("%s: not seen", accesses[a].name);
    free(run.cells);
  }
  close_bench(&bench);
}

int main(void) {
  struct CMUnitTest tests[PROCESSORS];
  for (size_t p = 0; p < PROCESSORS; p++) {
    tests[p] = (struct CMUnitTest){.name = processors[p] ? processors[p] : "this processor",
                                   .test_func = every_access_is_seen,
                                   .initial_state = (void *)(uintptr_t)processors[p]};
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
