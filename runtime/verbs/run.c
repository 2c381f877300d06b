// SPDX-License-Identifier: MIT
// What the shared verbs have in common.
#include "runtime/verbs/run.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/native.h"
#include "runtime/parameters.h"
#include "runtime/system.h"
#include "runtime/verbs/output.h"

enum { MOST_THREADS = 64 };

bool parse_count(const char *text, uint64_t *value) {
  if (text[0] < '0' || text[0] > '9') return false;
  char *end = NULL;
  errno = 0;
  const unsigned long long parsed = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0') return false;
  *value = parsed;
  return true;
}

TrainerSettings trainer_settings(const RunOptions *options, const Recipe *recipe) {
  TrainerSettings settings = {
      .epochs = options->epochs.is_given ? (uint32_t)options->epochs.value : recipe->epochs,
      .input_limit = options->inputs.is_given ? options->inputs.value : UINT64_MAX,
      .is_shuffled = recipe->is_shuffled,
      .seed = recipe->seed,
      .rate = recipe->rate,
      .checkpoint = options->checkpoint,
      .checkpoint_every = options->every.is_given ? (uint32_t)options->every.value : 1,
  };
  settings.rate.epochs = settings.epochs;
  return settings;
}

const char *threads_complaint(const RunOptions *options) {
  if (!options->threads.is_given) return NULL;
  if (options->threads.value < 1) return "--threads is at least 1";
  const bool is_one = options->threads.value == 1;
  return is_one || system_has_threads() ? NULL
                                        : "this system has no threads: --threads can only be 1";
}

uint32_t run_threads(const RunOptions *options, const Model *model) {
  if (options->threads.is_given)
    return options->threads.value < MOST_THREADS ? (uint32_t)options->threads.value : MOST_THREADS;
  const uint32_t processors = system_processors();
  if (processors == 1 || (model->batch == 1 && !junctions_share_threads(model))) return 1;
  return processors < MOST_THREADS ? processors : MOST_THREADS;
}

void print_network(const Model *model, FILE *out) {
  uint64_t edge_count = 0, dense_count = 0;
  char number[40];
  fprintf(out, "network     %s: ", model->name);
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    fprintf(out, "%s%" PRIu32, i > 0 ? "-" : "", model->layers[i].neuron_count);
  }
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Interleaver *edges = &model->junctions[i].edges;
    edge_count += edges->edge_count;
    dense_count += (uint64_t)edges->left_count * edges->right_count;
  }
  number_name(&model->number, number);
  fprintf(out,
          ", %s edges (%.1f %% of the dense network's)\narithmetic  %s, %s, batch %" PRIu32 "\n",
          grouped(edge_count), 100.0 * (double)edge_count / (double)dense_count, number,
          model->is_pipelined ? "pipelined" : "sequential", model->batch);
}

ExitCode exit_code_of_failure(FailureKind kind) {
  switch (kind) {
  case FAILURE_INPUT:
  case FAILURE_OUTPUT:
  case FAILURE_MEMORY: return EXIT_SYSTEM;
  case FAILURE_MODEL:
  case FAILURE_TARGET: return EXIT_WRONG;
  case FAILURE_NONE:
  case FAILURE_DEFECT: return EXIT_DEFECT;
  }
  assert(false && "a failure of no kind");
  return EXIT_DEFECT;
}
