// SPDX-License-Identifier: MIT
// Finding, reading and checking the data of a train block.
#include "compiler/load_data.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "compiler/report.h"

/* Where the data are: --data replaces the folder (idx) or the folder part of a file's path. */
static const char *find_path(const Compilation *c, const DataSource *data, const char *folder) {
  const bool is_folder = data->kind == DATA_IDX;
  if (folder && is_folder) return folder;
  const char *slash = strrchr(data->path, '/');
  if (folder) return arena_print(c->arena, "%s/%s", folder, slash ? slash + 1 : data->path);
  if (data->path[0] == '/') return data->path;
  const char *beside = arena_print(c->arena, "%s/%s", folder_of_span(c, data->path_at), data->path);
  return access(beside, F_OK) == 0 || access(data->path, F_OK) != 0 ? beside : data->path;
}

static bool open_data(const Compilation *c, const DataSource *data, const char *folder,
                      Dataset *dataset, Failure *failure) {
  switch (data->kind) {
  case DATA_IDX: return read_idx(find_path(c, data, folder), dataset, failure);
  case DATA_NPZ: return read_npz(find_path(c, data, folder), dataset, failure);
  case DATA_CSV: {
    const CsvOptions options = {.label_name = data->label_name, .label_column = data->label_column};
    return read_csv(find_path(c, data, folder), &options, dataset, failure);
  }
  case DATA_LIBSVM: return read_libsvm(find_path(c, data, folder), dataset, failure);
  case DATA_MORSE: {
    const MorseOptions options = {
        .train_count = data->train_count,
        .test_count = data->test_count,
        .seed = data->seed,
        .has_leading_spaces = data->has_leading_spaces,
        .noise = data->noise,
        .dilation = data->dilation,
    };
    return generate_morse(&options, dataset, failure);
  }
  case DATA_DIGITS: {
    const DigitsOptions options = {.train_count = data->train_count,
                                   .test_count = data->test_count,
                                   .seed = data->seed,
                                   .noise = data->noise};
    return generate_digits(&options, dataset, failure);
  }
  case DATA_KIND_COUNT: break;
  }
  return fail(failure, FAILURE_DEFECT, NULL, "data of no kind");
}

static bool suits_network(Compilation *c, const Dataset *dataset) {
  const Network *network = &c->program->network;
  const NetworkLayer *input = &network->layers[0],
                     *output = &network->layers[network->layer_count - 1];
  const Span at = c->program->training.data.at;
  if (dataset->features != input->real_count) {
    Message *m =
        error_at(c->diagnostics, ERROR_DATA_SHAPE, at,
                 "the data have %" PRIu32 " values an example, '%s' has %" PRIu32 " neurons",
                 dataset->features, input->name.text, input->real_count);
    help(m, "input %s[%" PRIu32 "]", input->name.text, dataset->features);
    return false;
  }
  if (dataset->class_count > output->real_count) {
    Message *m = error_at(c->diagnostics, ERROR_DATA_SHAPE, at,
                          "the data have labels up to %" PRIu32 ", '%s' has outputs 0 to %" PRIu32,
                          dataset->class_count - 1, output->name.text, output->real_count - 1);
    help(m, "output %s[%" PRIu32 "]", output->name.text, dataset->class_count);
    return false;
  }
  return true;
}

bool load_data(Compilation *c, const char *folder, Dataset *dataset) {
  const Training *training = &c->program->training;
  Failure failure = {0};
  if (!open_data(c, &training->data, folder, dataset, &failure)) {
    Message *m = add_failure(c->diagnostics, &failure);
    if (failure.kind == FAILURE_INPUT && !folder)
      help(m, "--data DIR says where else the data are");
    return false;
  }
  const Split *split = &training->split;
  if (split->is_given && !dataset_split(dataset, split->train, split->validation, &failure)) {
    error_at(c->diagnostics, ERROR_DATA_SHAPE, split->at, "%s", failure.message);
  } else if (suits_network(c, dataset)) {
    return true;
  }
  dataset_close(dataset);
  return false;
}
