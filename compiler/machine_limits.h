// SPDX-License-Identifier: MIT
// What one processor core of this machine can do at most: the yardstick for measured rates.
#ifndef SEDGE_COMPILER_MACHINE_LIMITS_H
#define SEDGE_COMPILER_MACHINE_LIMITS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes a second are of plain reading, by the thread's own time. */
typedef struct MachineLimits {
  uint32_t vector_bytes; /* of the widest registers that were used */
  uint64_t l1_bytes; /* sizes of the arrays that were read: half the cache, or what stands for it */
  uint64_t l2_bytes; /* */
  uint64_t memory_bytes; /* */
  double multiply_adds;  /* float32 a second, operands in registers */
  double l1_rate;        /* bytes a second out of L1 */
  double l2_rate;        /* out of L2 */
  double memory_rate;    /* out of an array of 256 MiB, which may lie in a large last cache */
} MachineLimits;

/* Measures for about `seconds` in all (at least a tenth), on this thread.  What there is no memory
 * for is 0. */
MachineLimits measure_machine(double seconds);

/* One line, and the same as an object (a new reference). */
void print_machine(const MachineLimits *limits, FILE *out);
json_t *machine_json(const MachineLimits *limits);

/* This thread's time on a processor, in seconds; only differences mean anything. */
double thread_seconds(void);
/* The clock's. */
double clock_seconds(void);

#endif
