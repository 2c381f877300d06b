// SPDX-License-Identifier: MIT
// The learning rate of each epoch.
#ifndef SEDGE_RUNTIME_RATE_SCHEDULE_H
#define SEDGE_RUNTIME_RATE_SCHEDULE_H

#include <stdint.h>

typedef enum RateShape { RATE_SHAPE_CONSTANT, RATE_SHAPE_STEP, RATE_SHAPE_COSINE } RateShape;

/* The rate of epoch n = 0, 1, ..:
 *   constant  from
 *   step      max(floor, from * factor ^ (n / every)), integer division
 *   cosine    to + (from - to) * (1 + cos(pi * n / epochs)) / 2 */
typedef struct RateSchedule {
  RateShape shape;
  double from, to, factor, floor;
  uint32_t every;  /* >= 1 */
  uint32_t epochs; /* cosine: of the whole run */
} RateSchedule;

/* In double, with the runtime's own cosine: the same bits on every machine.  Fixed point lowers it
 * to a power of two later (optimizer.h). */
double rate_of_epoch(const RateSchedule *schedule, uint32_t epoch);

#endif
