// SPDX-License-Identifier: MIT
// Ticks stand at 1, 2 and 5 times powers of ten.
#include "runtime/verbs/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double LOG_SPAN = 20;
static const double ROOM = 0.05; /* of the span, at either end */

/* The step of at most `most` ticks between low and high. */
static double nice_step(double span, double most) {
  const double rough = span / most, power = pow(10, floor(log10(rough)));
  const double part = rough / power;
  return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void add_tick(Scale *scale, double value) {
  const double slack = 1e-9 * (scale->high - scale->low);
  if (value < scale->low - slack || value > scale->high + slack) return;
  if (scale->tick_count < MOST_TICKS) scale->ticks[scale->tick_count++] = value;
}

/* Both count, and do not go from tick to tick: neighbours of large numbers may lie further apart
 * than a step. */
static void add_linear_ticks(Scale *scale) {
  const double step = nice_step(scale->high - scale->low, 6), first = ceil(scale->low / step);
  for (int i = 0; i < MOST_TICKS && (first + i) * step <= scale->high; i++)
    add_tick(scale, (first + i) * step);
}

/* Powers of ten, with their doubles and fivefolds where there are few. */
static void add_log_ticks(Scale *scale) {
  const double first = floor(log10(scale->low)), last = ceil(log10(scale->high));
  const double stride = ceil((last - first) / (MOST_TICKS - 1));
  for (int i = 0; i < MOST_TICKS && first + i * stride <= last; i++) {
    const double power = first + i * stride;
    add_tick(scale, pow(10, power));
    if (last - first > 4) continue;
    add_tick(scale, 2 * pow(10, power));
    add_tick(scale, 5 * pow(10, power));
  }
}

static Scale measure_values(const double *values, uint32_t count, double from, double to) {
  Scale scale = {.from = from, .to = to, .low = NAN, .high = NAN};
  for (uint32_t i = 0; i < count; i++) {
    if (!isfinite(values[i])) continue;
    scale.low = fmin(scale.low, values[i]);
    scale.high = fmax(scale.high, values[i]);
  }
  if (isnan(scale.low)) scale.low = 0, scale.high = 1;
  return scale;
}

Scale scale_linear(const double *values, uint32_t count, double from, double to) {
  Scale scale = measure_values(values, count, from, to);
  const double span = scale.high - scale.low;
  const double room = span > 0 ? ROOM * span : fmax(fabs(scale.high) * ROOM, 1e-6);
  scale.low -= room;
  scale.high += room;
  add_linear_ticks(&scale);
  return scale;
}

Scale scale_for(const double *values, uint32_t count, double from, double to) {
  Scale scale = measure_values(values, count, from, to);
  scale.is_log = scale.low > 0 && scale.high / scale.low >= LOG_SPAN;
  if (!scale.is_log) return scale_linear(values, count, from, to);
  const double factor = pow(scale.high / scale.low, ROOM);
  scale.low /= factor;
  scale.high *= factor;
  add_log_ticks(&scale);
  return scale;
}

Scale scale_for_names(uint32_t count, double from, double to) {
  return (Scale){.from = from, .to = to, .low = -0.5, .high = count - 0.5};
}

double place_on(const Scale *scale, double value) {
  const double part = scale->is_log ? log(value / scale->low) / log(scale->high / scale->low)
                                    : (value - scale->low) / (scale->high - scale->low);
  return scale->from + part * (scale->to - scale->from);
}

void format_tick(double value, char text[32]) {
  static const char *const prefixes[] = {"", " k", " M", " G", " T"};
  int prefix = 0;
  double part = value;
  for (; fabs(value) >= 10000 && fabs(part) >= 1000 && prefix < 4; prefix++) part /= 1000;
  if (fabs(part) < 1e-12) part = 0;
  snprintf(text, 32, "%.6g%s", part, prefixes[prefix]);
}
