// SPDX-License-Identifier: MIT
// Loads the data of a train block, and shows with what goes wrong the place in the file that asked
// for it.
#include "compiler/load_data.h"

#include <inttypes.h>
#include <stdlib.h>

#include "compiler/make_recipe.h"
#include "compiler/report.h"

static bool open_program_data(Compilation *c, const DataRecipe *data, const char *folder,
                              Dataset *dataset) {
  Failure failure = {0};
  char *path = data_path(data, folder, folder_of_span(c, c->program->training.data.path_at));
  const bool is_open = path ? open_data(data, path, dataset, &failure)
                            : fail(&failure, FAILURE_MEMORY, NULL, "no memory for a path");
  free(path);
  if (is_open) return true;
  Message *m = add_failure(c->diagnostics, &failure);
  if (failure.kind == FAILURE_INPUT && !folder) help(m, "--data DIR says where else the data are");
  return false;
}

static bool suits_network(Compilation *c, const Dataset *dataset) {
  const Model *model = c->model;
  const Layer *input = &model->layers[0], *output = &model->layers[model->junction_count];
  Failure failure = {0};
  if (data_suit_model(dataset, model, &failure)) return true;
  Message *m = error_at(c->diagnostics, ERROR_DATA_SHAPE, c->program->training.data.at, "%s",
                        failure.message);
  if (dataset->features != input->real_count) {
    help(m, "the data suit `input %s[%" PRIu32 "]`", input->name, dataset->features);
  } else {
    help(m, "the data suit `output %s[%" PRIu32 "]`", output->name, dataset->class_count);
  }
  return false;
}

bool load_data(Compilation *c, const char *folder, Dataset *dataset) {
  const Recipe recipe = make_recipe(c);
  Failure failure = {0};
  if (!open_program_data(c, &recipe.data, folder, dataset)) return false;
  if (recipe.is_split &&
      !dataset_split(dataset, recipe.split_train, recipe.split_validation, &failure)) {
    error_at(c->diagnostics, ERROR_DATA_SHAPE, c->program->training.split.at, "%s",
             failure.message);
  } else if (suits_network(c, dataset)) {
    return true;
  }
  dataset_close(dataset);
  return false;
}
