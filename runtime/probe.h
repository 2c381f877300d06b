// SPDX-License-Identifier: MIT
// What goes on inside a network while a few examples pass: how its weights and activations are
// distributed, and how often fixed point leaves its range, junction by junction.
//
// The probe follows the definition (fixed.h, loss.h, optimizer.h) one example at a time on the
// parameters as they stand, and changes nothing; it works beside any engine, and costs nothing
// where nobody asks.
#ifndef SEDGE_RUNTIME_PROBE_H
#define SEDGE_RUNTIME_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/engine.h"

typedef enum SaturationPlace {
#define PLACE(id, key, name, what) SATURATION_##id,
#include "runtime/saturation_places.def"
#undef PLACE
  SATURATION_PLACE_COUNT
} SaturationPlace;

typedef struct SaturationPlaceInfo {
  const char *key, *name, *what;
} SaturationPlaceInfo;

/* Indexed by SaturationPlace. */
extern const SaturationPlaceInfo saturation_places[SATURATION_PLACE_COUNT];

typedef struct SaturationCount {
  uint64_t total, saturated;
} SaturationCount;

enum { HISTOGRAM_BINS = 40 };

/* Bin k holds what is in low + (k .. k + 1) * (high - low) / HISTOGRAM_BINS, the last one `high`
 * too. */
typedef struct Histogram {
  double low, high; /* the smallest and the largest value */
  uint64_t total;
  uint64_t counts[HISTOGRAM_BINS];
} Histogram;

typedef struct JunctionProbe {
  Histogram weights;
  Histogram activations; /* of the real right neurons */
  /* fixed point; total 0 where nothing is counted */
  SaturationCount counts[SATURATION_PLACE_COUNT];
  /* of the UP steps: gradients that are not 0 and change nothing, because they are rounded away */
  uint64_t lost_steps;
} JunctionProbe;

typedef struct Probe Probe;

/* A probe of as many of the examples, spread evenly over them, as are soon done.  Owned:
 * probe_close.  NULL: no memory. */
Probe *probe_open(const Model *model, const Examples *examples);
void probe_close(Probe *probe);

/* Looks at the parameters of the engine as they stand.  rate: what UP steps are taken with; they
 * are counted where the model trains online by plain descent.  Returns [junction_count] results,
 * which the probe owns and the next call overwrites. */
const JunctionProbe *probe_engine(Probe *probe, Engine *engine, double rate);

/* How many examples pass. */
uint32_t probe_examples(const Probe *probe);

#endif
