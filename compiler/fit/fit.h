// SPDX-License-Identifier: MIT
// The fit pass: chooses z for every junction within the hardware's resources, or says what runs
// out.
#ifndef SEDGE_COMPILER_FIT_FIT_H
#define SEDGE_COMPILER_FIT_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/fit/resources.h"
#include "lang/diagnostic.h"
#include "lang/program.h"
#include "runtime/model.h"
#include "runtime/schedule.h"

typedef struct Fit {
  const uint32_t *z;              /* [junction_count] */
  const HazardRemedy *remedies;   /* [junction_count] */
  Resources used;                 /* all junctions and memories together */
  const Resources *junction_used; /* [junction_count] the processors of each */
  bool is_z_chosen;               /* by us; else the file's */
} Fit;

/* Chooses z (auto: for every junction cycle in ascending order the smallest z that reach it; the
 * first choice within the resources, so the fastest balanced one) or checks the file's.  What does
 * not fit is an error in d that names the first resource that runs out, by how much, and the
 * nearest change that fits.  *fit lives in the arena. */
/* Whether an error means that the network does not fit the hardware: exit code 3. */
bool error_is_misfit(ErrorCode code);

bool fit_hardware(const Program *program, const Model *model, Diagnostics *d, Arena *arena,
                  Fit *fit);

#endif
