// SPDX-License-Identifier: MIT
// What a program says of its training beside the model: the data, how long, at which rate, in which
// order.
//
// The compiler makes it from a train block; a built trainer finds it packed in itself (packed.h).
#ifndef SEDGE_RUNTIME_RECIPE_H
#define SEDGE_RUNTIME_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/data/dataset.h"
#include "runtime/failure.h"
#include "runtime/model.h"
#include "runtime/rate_schedule.h"

typedef enum DataOrigin {
  DATA_FROM_IDX,
  DATA_FROM_NPZ,
  DATA_FROM_CSV,
  DATA_FROM_LIBSVM,
  DATA_FROM_MORSE,
  DATA_FROM_DIGITS,
  DATA_ORIGIN_COUNT
} DataOrigin;

/* Only the fields of its origin count.  Texts are borrowed. */
typedef struct DataRecipe {
  DataOrigin origin;
  const char *path; /* files: as the program wrote it; "" for generators */
  CsvOptions csv;
  MorseOptions morse;
  DigitsOptions digits;
} DataRecipe;

typedef struct Recipe {
  bool is_given; /* false: the program has no train block, all else are defaults */
  DataRecipe data;
  bool is_split;
  uint64_t split_train, split_validation; /* examples; see dataset_split() */
  uint32_t epochs;
  bool is_shuffled;
  uint64_t seed;     /* of the shuffling */
  RateSchedule rate; /* its epochs are the recipe's; settings made from it may say otherwise */
  /* Which seeds the program did not choose, so that --seed does. */
  bool is_seed_free, is_data_seed_free, is_initial_seed_free, is_rounding_seed_free;
  /* What the hardware takes, for reports. */
  uint32_t junction_cycle, initiation_interval; /* clocks, junction cycles; see schedule.h */
  double clock_hz;                              /* 0: none given */
} Recipe;

/* Where its data are: `folder` (--data) replaces the folder (idx) or the folder part of a file's
 * path; else a relative path is looked for in the folder `near`, then in the current one.  Owned
 * (free); NULL: no memory. */
char *data_path(const DataRecipe *data, const char *folder, const char *near);

/* Reads or generates the data.  Owned: dataset_close. */
bool open_data(const DataRecipe *data, const char *path, Dataset *dataset, Failure *failure);

/* Whether the model can be trained and tested on them: features are the input's real neurons,
 * labels are real outputs. */
bool data_suit_model(const Dataset *dataset, const Model *model, Failure *failure);

/* All of it, with the split.  Owned: dataset_close. */
bool load_recipe_data(const Recipe *recipe, const Model *model, const char *folder,
                      const char *near, Dataset *dataset, Failure *failure);

/* Takes --seed for every seed that the program did not choose. */
void reseed(Recipe *recipe, Model *model, uint64_t seed);

#endif
