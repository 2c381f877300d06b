// SPDX-License-Identifier: MIT
// Measures by loops in C's vector extensions, in the widest registers that the processor has.
#include "compiler/machine_limits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Enough to hide the latency of an addition, few enough for 16 registers. */
enum { ACCUMULATORS = 12 };

/* ---- the loops, for each width ---- */

#define LIMIT_BYTES      16
#define LIMIT_NAME(name) name##_16
#define LIMIT_TARGET
#include "compiler/machine_kernels.h"

#ifdef __x86_64__
#define LIMIT_BYTES      32
#define LIMIT_NAME(name) name##_32
#define LIMIT_TARGET     __attribute__((target("avx2,fma")))
#include "compiler/machine_kernels.h"

#define LIMIT_BYTES      64
#define LIMIT_NAME(name) name##_64
#define LIMIT_TARGET     __attribute__((target("avx512f")))
#include "compiler/machine_kernels.h"
#endif

typedef struct Loops {
  uint32_t vector_bytes;
  float (*multiply_add)(uint64_t count, float factor);
  float (*read_all)(const void *array, uint64_t bytes, uint64_t times);
} Loops;

static Loops widest_loops(void) {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return (Loops){64, multiply_add_64, read_all_64};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return (Loops){32, multiply_add_32, read_all_32};
#endif
  return (Loops){16, multiply_add_16, read_all_16};
}

/* ---- time ---- */

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double thread_seconds(void) {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double clock_seconds(void) {
  return seconds_of(CLOCK_MONOTONIC);
}

/* ---- measuring ---- */

static volatile float result; /* where the loops' results go */

/* The best rate of a few turns: what disturbs only ever slows.  `array` NULL: multiply-adds. */
static double best_rate(const Loops *loops, const void *array, uint64_t bytes, double seconds) {
  enum { TURNS = 4 };
  const double lanes = loops->vector_bytes / sizeof(float);
  double best = 0, spent = 0;
  uint64_t count = 1;
  for (int turn = 0; turn < TURNS;) {
    const double begin = thread_seconds();
    result = array ? loops->read_all(array, bytes, count) : loops->multiply_add(count, 0.5F);
    spent = thread_seconds() - begin;
    if (spent < seconds / TURNS / 2 && turn == 0) {
      count *= 2;
      continue;
    }
    const double work = array ? (double)bytes : ACCUMULATORS * lanes;
    if (work * (double)count / spent > best) best = work * (double)count / spent;
    turn++;
  }
  return best;
}

/* A whole number of rounds of the widest loop. */
static uint64_t whole_rounds(uint64_t bytes) {
  return bytes / (ACCUMULATORS * 64) * (ACCUMULATORS * 64);
}

static double reading_rate(const Loops *loops, uint64_t bytes, double seconds) {
  void *array = NULL;
  if (posix_memalign(&array, 4096, bytes) != 0) return 0;
  memset(array, 0, bytes);
  const double rate = best_rate(loops, array, bytes, seconds);
  free(array);
  return rate;
}

static uint64_t half_cache(int name, long otherwise) {
  const long bytes = sysconf(name);
  return whole_rounds((uint64_t)(bytes > 0 ? bytes : otherwise) / 2);
}

MachineLimits measure_machine(double seconds) {
  enum { MEBI = 1 << 20 };
  const Loops loops = widest_loops();
  const double turn = (seconds > 0.1 ? seconds : 0.1) / 5;
  MachineLimits limits = {
      .vector_bytes = loops.vector_bytes,
      .l1_bytes = half_cache(_SC_LEVEL1_DCACHE_SIZE, 32 << 10),
      .l2_bytes = half_cache(_SC_LEVEL2_CACHE_SIZE, 512 << 10),
      .memory_bytes = whole_rounds(256ull * MEBI),
  };
  limits.multiply_adds = best_rate(&loops, NULL, 0, turn);
  limits.l1_rate = reading_rate(&loops, limits.l1_bytes, turn);
  limits.l2_rate = reading_rate(&loops, limits.l2_bytes, turn);
  limits.memory_rate = reading_rate(&loops, limits.memory_bytes, turn);
  return limits;
}

/* ---- telling ---- */

void print_machine(const MachineLimits *m, FILE *out) {
  fprintf(
      out,
      "machine     one core, vectors of %u bits: %.1f G multiply-adds/s; reads L1 %.0f GB/s, L2 "
      "%.0f GB/s, memory %.1f GB/s\n",
      m->vector_bytes * 8, m->multiply_adds * 1e-9, m->l1_rate * 1e-9, m->l2_rate * 1e-9,
      m->memory_rate * 1e-9);
}

json_t *machine_json(const MachineLimits *m) {
  return json_pack("{s:I, s:f, s:f, s:f, s:f}", "vector_bytes", (json_int_t)m->vector_bytes,
                   "multiply_adds_per_second", m->multiply_adds, "l1_bytes_per_second", m->l1_rate,
                   "l2_bytes_per_second", m->l2_rate, "memory_bytes_per_second", m->memory_rate);
}
