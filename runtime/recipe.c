// SPDX-License-Identifier: MIT
// Finds, reads and checks the data of a recipe.
#include "runtime/recipe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *join_path(const char *folder, const char *name) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

char *data_path(const DataRecipe *data, const char *folder, const char *near) {
  if (folder && data->origin == DATA_FROM_IDX) return strdup(folder);
  const char *slash = strrchr(data->path, '/');
  if (folder) return join_path(folder, slash ? slash + 1 : data->path);
  if (data->path[0] == '/') return strdup(data->path);
  char *beside = join_path(near, data->path);
  if (!beside || access(beside, F_OK) == 0 || access(data->path, F_OK) != 0) return beside;
  free(beside);
  return strdup(data->path);
}

bool open_data(const DataRecipe *data, const char *path, Dataset *dataset, Failure *failure) {
  switch (data->origin) {
  case DATA_FROM_IDX: return read_idx(path, dataset, failure);
  case DATA_FROM_NPZ: return read_npz(path, dataset, failure);
  case DATA_FROM_CSV: return read_csv(path, &data->csv, dataset, failure);
  case DATA_FROM_LIBSVM: return read_libsvm(path, dataset, failure);
  case DATA_FROM_MORSE: return generate_morse(&data->morse, dataset, failure);
  case DATA_FROM_DIGITS: return generate_digits(&data->digits, dataset, failure);
  case DATA_ORIGIN_COUNT: break;
  }
  assert(false && "data of no origin");
  return false;
}

bool data_suit_model(const Dataset *dataset, const Model *model, Failure *failure) {
  const Layer *input = &model->layers[0], *output = &model->layers[model->junction_count];
  if (dataset->features != input->real_count) {
    return fail(failure, FAILURE_MODEL, NULL,
                "the data have %" PRIu32 " values an example, '%s' has %" PRIu32 " neurons",
                dataset->features, input->name, input->real_count);
  }
  if (dataset->class_count <= output->real_count) return true;
  return fail(failure, FAILURE_MODEL, NULL,
              "the data have labels up to %" PRIu32 ", '%s' has outputs 0 to %" PRIu32,
              dataset->class_count - 1, output->name, output->real_count - 1);
}

bool load_recipe_data(const Recipe *recipe, const Model *model, const char *folder,
                      const char *near, Dataset *dataset, Failure *failure) {
  char *path = data_path(&recipe->data, folder, near);
  if (!path) return fail(failure, FAILURE_MEMORY, NULL, "no memory for the path of the data");
  const bool is_open = open_data(&recipe->data, path, dataset, failure);
  free(path);
  if (!is_open) return false;
  if ((!recipe->is_split ||
       dataset_split(dataset, recipe->split_train, recipe->split_validation, failure)) &&
      data_suit_model(dataset, model, failure))
    return true;
  dataset_close(dataset);
  return false;
}

void reseed(Recipe *recipe, Model *model, uint64_t seed) {
  if (recipe->is_seed_free) recipe->seed = seed;
  if (recipe->is_data_seed_free) recipe->data.morse.seed = recipe->data.digits.seed = seed;
  if (recipe->is_initial_seed_free) model->initializer.seed = seed;
  if (recipe->is_rounding_seed_free) model->number.rounding_seed = seed;
}
