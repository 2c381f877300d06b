// SPDX-License-Identifier: MIT
// Parameters on disk: safetensors with, per junction i from 1,
//
//   junction{i}.weight [W]   in edge order: F32, or I32 raw two's complement in fixed point
//   junction{i}.left   [W]   I32, the left neuron of each edge
//   junction{i}.right  [W]   I32, the right neuron
//   junction{i}.bias   [n]   like the weights
//
// and in __metadata__ what they belong to: format, network, number, activations, fan_in (of each
// junction), model (its digest).
#ifndef SEDGE_RUNTIME_PARAMETERS_H
#define SEDGE_RUNTIME_PARAMETERS_H

#include <stdbool.h>

#include "runtime/engine.h"
#include "runtime/failure.h"

/* Writes the engine's parameters as they stand. */
bool save_parameters(const char *path, const Engine *engine, Failure *failure);

/* Reads parameters into the engine, whose pipeline must be empty; optimizer state is left alone.
 * Fails, leaving the engine untouched, when anything but names, shapes, edges, number format and
 * activations of this very model is found, or a number that is none.  Files of other programs need
 * no metadata. */
bool load_parameters(const char *path, Engine *engine, Failure *failure);

/* Whether `count` cells, those of the array `name` in the file `path` (or NULL), are numbers of
 * this format: finite, or within its bits. */
bool check_cells(const NumberFormat *number, const void *cells, uint64_t count, const char *path,
                 const char *name, Failure *failure);

/* "float32" or "fixed(12, 3)". */
void number_name(const NumberFormat *number, char text[40]);

#endif
