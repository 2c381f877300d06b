// SPDX-License-Identifier: MIT
// Fuzzes the compiler: text through check, edges, fit and schedule. Nothing may crash, hang or grow without bound.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/passes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text) return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  const CheckOptions options = {0};
  Compilation *c = compilation_open("fuzz.sedge", text, &options);
  /* Large networks are legal, and would only make the fuzzer slow: stop before their edges are placed. */
  bool is_small = run_passes(c, PASS_CHECK);
  for (uint32_t i = 0; is_small && i < c->program->network.layer_count; i++) {
    is_small = c->program->network.layers[i].neuron_count <= 512;
  }
  if (is_small) {
    Compilation *whole = compilation_open("fuzz.sedge", text, &options);
    run_passes(whole, PASS_SCHEDULE);
    compilation_close(whole);
  }
  compilation_close(c);
  free(text);
  return 0;
}
