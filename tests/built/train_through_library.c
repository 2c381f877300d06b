// SPDX-License-Identifier: MIT
// Trains a built library from C: train_through_library VALUES LABELS EPOCHS prints the digest of
// the parameters.
//
// Compiled by tests/built_trainers.py against the header that sedge build wrote.  The files hold
// float and uint32_t in the machine's order.  On the way it asks for what must be refused, and
// fails where it is not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsmall.h"

static void *read_file(const char *path, size_t *bytes) {
  FILE *in = fopen(path, "rb");
  void *data = malloc(1 << 24);
  if (!in || !data) exit(9);
  *bytes = fread(data, 1, 1 << 24, in);
  fclose(in);
  return data;
}

static void require(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "train_through_library: %s\n", what);
  exit(1);
}

static void expect_refusals(SedgeTrainer *trainer) {
  float values[SEDGE_NETWORK_INPUTS] = {0};
  uint32_t label = SEDGE_NETWORK_OUTPUTS;
  require(!sedge_trainer_train(trainer, values, &label, 1, 0.1, 0, NULL), "a label is too large");
  require(strstr(sedge_trainer_error(trainer), "has label") != NULL, "the label's error");
  label = 0;
  require(!sedge_trainer_train(trainer, values, &label, 1, -1, 0, NULL), "a rate is negative");
  values[3] = 1e30F * 1e30F;
  require(!sedge_trainer_infer(trainer, values, 1, NULL, NULL), "a value is infinite");
  require(strstr(sedge_trainer_error(trainer), "value 3 of example 0") != NULL, "its error");
  require(!sedge_trainer_infer(trainer, values, UINT64_MAX, NULL, NULL), "there are too many");
  require(strstr(sedge_trainer_error(trainer), "examples fit no memory") != NULL, "their error");
  require(!sedge_trainer_load(trainer, "absent"), "a file is absent");
  require(strstr(sedge_trainer_error(trainer), "absent: ") != NULL, "the file's error");
  require(!sedge_trainer_infer(trainer, NULL, 1, NULL, NULL), "there are no values");
  require(strstr(sedge_trainer_error(trainer), "values: a NULL") != NULL, "their error");
  require(!sedge_trainer_test(trainer, values, NULL, 1, NULL), "there are no labels");
  require(!sedge_trainer_read_weights(trainer, 0, NULL), "there is no place for weights");
  require(!sedge_trainer_write_biases(trainer, 0, NULL), "there are no biases");
  require(!sedge_trainer_save(trainer, NULL) && !sedge_trainer_load(trainer, NULL) &&
              !sedge_trainer_checkpoint(trainer, NULL) && !sedge_trainer_resume(trainer, NULL),
          "there is no path");
  require(sedge_trainer_infer(trainer, NULL, 0, NULL, NULL), sedge_trainer_error(trainer));
  require(!sedge_trainer_read_biases(trainer, 99, values), "there is no junction 99");
}

static void expect_parameters_stay(SedgeTrainer *trainer) {
  char before[65], after[65];
  sedge_trainer_digest(trainer, before);
  for (uint32_t j = 0; j < sedge_trainer_junctions(trainer); j++) {
    float *weights = malloc(sizeof *weights * sedge_trainer_edges(trainer, j));
    float *biases = malloc(sizeof *biases * sedge_trainer_neurons(trainer, j));
    require(weights && biases, "memory");
    require(sedge_trainer_read_weights(trainer, j, weights), "weights are read");
    require(sedge_trainer_read_biases(trainer, j, biases), "biases are read");
    require(sedge_trainer_write_weights(trainer, j, weights), "weights are written");
    require(sedge_trainer_write_biases(trainer, j, biases), "biases are written");
    weights[0] = 1e30F * 1e30F;
    require(!sedge_trainer_write_weights(trainer, j, weights), "an infinite weight is refused");
    free(weights);
    free(biases);
  }
  sedge_trainer_digest(trainer, after);
  require(strcmp(before, after) == 0, "parameters are what was read");
}

int main(int argc, char **argv) {
  size_t bytes, label_bytes;
  require(argc == 4, "three arguments");
  float *values = read_file(argv[1], &bytes);
  uint32_t *labels = read_file(argv[2], &label_bytes);
  const uint64_t count = label_bytes / sizeof *labels;
  require(bytes == count * SEDGE_NETWORK_INPUTS * sizeof *values, "sizes");
  SedgeTrainer *trainer = sedge_trainer_open(0);
  require(trainer != NULL, sedge_trainer_error(NULL));
  require(strcmp(sedge_trainer_name(trainer), SEDGE_NETWORK_NAME) == 0, "the name");
  require(sedge_trainer_inputs(trainer) == SEDGE_NETWORK_INPUTS, "the inputs");
  require(sedge_trainer_outputs(trainer) == SEDGE_NETWORK_OUTPUTS, "the outputs");
  require(sedge_trainer_version() == SEDGE_TRAINER_VERSION, "the version");
  expect_refusals(trainer);
  for (int epoch = 0; epoch < atoi(argv[3]); epoch++) {
    const double rate = sedge_trainer_rate(trainer, (uint32_t)epoch);
    require(sedge_trainer_train(trainer, values, labels, count, rate, 1, NULL),
            sedge_trainer_error(trainer));
  }
  require(sedge_trainer_drain(trainer, NULL), sedge_trainer_error(trainer));
  expect_parameters_stay(trainer);
  SedgeTally tally;
  require(sedge_trainer_test(trainer, values, labels, count, &tally) && tally.count == count,
          sedge_trainer_error(trainer));
  char digest[65];
  sedge_trainer_digest(trainer, digest);
  puts(digest);
  sedge_trainer_close(trainer);
  free(values);
  free(labels);
  return 0;
}
