// SPDX-License-Identifier: MIT
// Whether a simulator's state, as it was read from a file, is one that training leads to.
//
// At rest every input that has entered was given its junction cycles, and inputs on their way have
// records in which batches follow one another.
#include <inttypes.h>

#include "runtime/simulator_state.h"
#include "runtime/state_check.h"

/* A batch's sums of products, each of at most 2^bits. */
static bool check_sums(const Wide *sums, uint32_t count, uint32_t batch, uint32_t bits,
                       uint32_t junction, const char *path, Failure *failure) {
  const Wide most = (Wide)batch << bits;
  for (uint32_t i = 0; i < count; i++) {
    if (sums[i] >= -most && sums[i] <= most) continue;
    return fail_damaged(path, failure,
                        "junction %" PRIu32 " has a gradient at %" PRIu32
                        " beyond what a batch can give",
                        junction + 1, i);
  }
  return true;
}

static bool check_junction(const Simulator *s, uint32_t index, const char *path, Failure *failure) {
  const JunctionState *j = &s->junctions[index];
  const Model *model = s->engine.model;
  if (!check_step_count(index, *j->step_count, s->position.entered, path, failure)) return false;
  if (!model->number.is_fixed || model->batch == 1) return true;
  const uint32_t bits = model->number.width - 1;
  return check_sums(j->gradient_sum, j->edge_count, model->batch, 2 * bits, index, path, failure) &&
         check_sums(j->bias_gradient_sum, j->right_count, model->batch, bits, index, path, failure);
}

/* Of the inputs whose records are still there and count. */
static bool check_records(const Simulator *s, const char *path, Failure *failure) {
  const Position *at = &s->position;
  const uint32_t batch = s->engine.model->batch;
  const uint64_t kept =
      at->entered - at->first < s->record_count ? at->entered - at->first : s->record_count;
  for (uint64_t input = at->entered - kept; input < at->entered; input++) {
    const InputRecord *record = &s->records[input % s->record_count];
    if (!check_input(s->engine.model, input, record->label, record->rate, path, failure))
      return false;
    const uint64_t following = record->closes_batch ? 0 : record->batch_place + 1ull;
    const uint64_t next = input + 1 < at->entered
                              ? s->records[(input + 1) % s->record_count].batch_place
                              : at->batch_fill;
    if (record->batch_place >= batch || record->closes_batch > 1 || following >= batch ||
        next != following)
      return fail_damaged(path, failure,
                          "input %" PRIu64 " is number %" PRIu32
                          " of its batch, the next one %" PRIu64,
                          input, record->batch_place, next);
  }
  return true;
}

bool simulator_check(const Engine *engine, const char *path, Failure *failure) {
  const Simulator *s = (const Simulator *)engine;
  const Position *at = &s->position;
  const uint64_t cycle = at->entered * s->schedule->initiation_interval;
  if (!check_state_cells(engine, path, failure) ||
      !check_stream(at->entered, at->first, at->cycle, cycle, path, failure))
    return false;
  if (at->batch_fill >= engine->model->batch)
    return fail_damaged(path, failure, "its open batch holds %" PRIu64 " inputs", at->batch_fill);
  for (uint32_t i = 0; i < engine->model->junction_count; i++)
    if (!check_junction(s, i, path, failure)) return false;
  return check_records(s, path, failure);
}
