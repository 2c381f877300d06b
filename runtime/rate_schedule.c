// SPDX-License-Identifier: MIT
// Rates: constant, in steps, and along half a cosine.
#include "runtime/rate_schedule.h"

#include <assert.h>
#include <stdbool.h>

#include "runtime/elementary.h"

/* base ^ exponent by squaring: multiplications alone, exact for powers of two. */
static double whole_power(double base, uint32_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

double rate_of_epoch(const RateSchedule *schedule, uint32_t epoch) {
  switch (schedule->shape) {
  case RATE_SHAPE_CONSTANT: return schedule->from;
  case RATE_SHAPE_STEP: {
    const double rate = schedule->from * whole_power(schedule->factor, epoch / schedule->every);
    return rate > schedule->floor ? rate : schedule->floor;
  }
  case RATE_SHAPE_COSINE: {
    const double turns = schedule->epochs > 0 ? (double)epoch / (2.0 * schedule->epochs) : 0;
    return schedule->to + (schedule->from - schedule->to) * (1 + cos_turns(turns)) / 2;
  }
  }
  assert(false && "a rate of no shape");
  return schedule->from;
}
