// SPDX-License-Identifier: MIT
// How long each function of generated code takes by itself.
//
// An engine is opened on kernels that note what they are called with; after a little training every
// note is called again and again.  So a part is measured with its own memory warm, and the rest of
// training does not disturb it.
#ifndef SEDGE_COMPILER_BENCH_PARTS_H
#define SEDGE_COMPILER_BENCH_PARTS_H

#include "compiler/compilation.h"
#include "compiler/options.h"
#include "runtime/engine.h"

typedef struct BenchPart {
  uint32_t junction;     /* from 0 */
  const char *name;      /* of native_kernels.def */
  double seconds;        /* for each input */
  uint64_t edges;        /* edge operations for each input: FF, BP and UP are one an edge */
  uint64_t weight_bytes; /* read and written by one call */
  uint64_t inputs;       /* of one call */
} BenchPart;

/* Most parts of a model. */
uint32_t most_parts(const Model *model);

/* Trains an engine of one thread on `run`, which must be long enough to reach every update, and
 * measures its parts for about `seconds` in all.  Fills parts [most_parts()] in the order of an
 * input's way, and *count.  False: *failure says why. */
bool measure_parts(const Compilation *c, const Options *options, const TrainRun *run,
                   double seconds, BenchPart *parts, uint32_t *count, Failure *failure);

#endif
