// SPDX-License-Identifier: MIT
// Small models, schedules and data for tests of what runs them: compiled from .sedge text.
#ifndef SEDGE_TESTS_UNIT_MODEL_FIXTURE_H
#define SEDGE_TESTS_UNIT_MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/load_data.h"
#include "compiler/passes.h"
#include "runtime/simulator.h"

/* Compiles a text up to `last`; fails the test with the messages when it is wrong. */
static inline Compilation *compile_text(const char *text, PassId last) {
  const CheckOptions options = {0};
  Compilation *c = compilation_open("test.sedge", text, &options);
  if (!run_passes(c, last)) {
    print_diagnostics(c->diagnostics, stderr, false);
    fail_msg("the text does not compile");
  }
  return c;
}

/* Trains on the first `inputs` examples in their order and drains; false with *failure. */
static inline bool train_first(Engine *engine, const Dataset *data, uint32_t inputs,
                               Failure *failure) {
  uint32_t order[4096];
  assert_in_range(inputs, 1, 4096);
  for (uint32_t i = 0; i < inputs; i++) order[i] = i;
  const TrainRun run = {
      .examples = &data->train, .order = order, .count = inputs, .rate = 0.125, .ends_batch = true};
  Tally tally = {0};
  return engine_train(engine, &run, &tally, failure) && engine_drain(engine, &tally, failure);
}

#endif
