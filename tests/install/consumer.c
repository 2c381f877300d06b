// SPDX-License-Identifier: MIT
// A program of somebody else's over an installed sedge: trains the network that it is linked with
// on made-up examples, and prints the digest of the parameters.  tests/install.py writes the same
// examples into a table, and compiles this.
#include <stdint.h>
#include <stdio.h>

#include <sedge_runtime.h>

enum { COUNT = 64, INPUTS = 8 };

int main(void) {
  static float values[COUNT][INPUTS];
  static uint32_t labels[COUNT];
  for (uint32_t i = 0; i < COUNT; i++) {
    labels[i] = i % 4;
    for (uint32_t j = 0; j < INPUTS; j++) values[i][j] = (float)((i * (j + 1)) % 5) / 4;
  }
  SedgeTrainer *trainer = sedge_trainer_open(1);
  if (!trainer || sedge_trainer_inputs(trainer) != INPUTS ||
      sedge_trainer_version() < SEDGE_TRAINER_VERSION) {
    fprintf(stderr, "consumer: %s\n", trainer ? "another network" : sedge_trainer_error(NULL));
    return 1;
  }
  for (uint32_t epoch = 0; epoch < sedge_trainer_epochs(trainer); epoch++) {
    const double rate = sedge_trainer_rate(trainer, epoch);
    if (sedge_trainer_train(trainer, values[0], labels, COUNT, rate, 1, NULL)) continue;
    fprintf(stderr, "consumer: %s\n", sedge_trainer_error(trainer));
    return 1;
  }
  char digest[65];
  sedge_trainer_digest(trainer, digest);
  sedge_trainer_close(trainer);
  puts(digest);
  return 0;
}
