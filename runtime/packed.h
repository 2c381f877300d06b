// SPDX-License-Identifier: MIT
// A model and its recipe as bytes: what `sedge build` puts beside the code, so that a built trainer
// opens its model without the language or the compiler.
//
// Compact: an interleaver's counters and tables, as a schedule has them, no record for each edge
// where the pattern has structure.  What follows from other fields (sum orders, rows per bank,
// widths) is computed again, not stored.  The last four bytes are a CRC-32 of the others.  The form
// of each value: packing.h.
#ifndef SEDGE_RUNTIME_PACKED_H
#define SEDGE_RUNTIME_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/failure.h"
#include "runtime/model.h"
#include "runtime/packing.h"
#include "runtime/recipe.h"

/* Grows with every change of the form; others are refused. */
enum { PACKED_VERSION = 1 };

/* Owned by the caller: free(*bytes). */
bool pack_trainer(const Model *model, const Recipe *recipe, uint8_t **bytes, size_t *count,
                  Failure *failure);

typedef struct UnpackedTrainer {
  Model model;
  Recipe recipe;
  PackedBlock *blocks; /* the memory of both */
} UnpackedTrainer;

/* Owned: unpacked_close.  Refuses bytes that no pack_trainer could have written, whatever they are;
 * what it accepts is safe to open an engine on.  False: nothing to close. */
bool unpack_trainer(const void *bytes, size_t count, UnpackedTrainer *unpacked, Failure *failure);
void unpacked_close(UnpackedTrainer *unpacked);

#endif
