// SPDX-License-Identifier: MIT
// What must hold of an engine's state that was read from a file, whatever the engine: numbers
// within their format, and inputs on their way as they can have entered.
//
// An engine's own check asks for the rest.  All return false with *failure, which names `path`.
#ifndef SEDGE_RUNTIME_STATE_CHECK_H
#define SEDGE_RUNTIME_STATE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/engine.h"
#include "runtime/failure.h"

/* "is damaged: ...", in printf's words. */
bool fail_damaged(const char *path, Failure *failure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Every raw number of the state is within the format; in float32 all bits are numbers. */
bool check_state_cells(const Engine *engine, const char *path, Failure *failure);

/* `entered` inputs have come so far, those below `first` were done when the pipeline was last
 * drained, and `cycle` is the junction cycle that comes next, where `expected` must. */
bool check_stream(uint64_t entered, uint64_t first, uint64_t cycle, uint64_t expected,
                  const char *path, Failure *failure);

/* No junction has been updated more often than inputs have entered. */
bool check_step_count(uint32_t junction, uint64_t steps, uint64_t entered, const char *path,
                      Failure *failure);

/* An input that is on its way has a label of the model's and a rate. */
bool check_input(const Model *model, uint64_t input, uint32_t label, double rate, const char *path,
                 Failure *failure);

#endif
