// SPDX-License-Identifier: MIT
// Fuzzes the compiler: text through check, edges, fit and schedule. Nothing may crash, hang or grow
// without bound; what is refused has a message, and messages and schedules can be printed.
//
// Lines at its beginning that begin with -D are definitions of the command line: -Dfanout=4,
// -Dhardware.clock=20 MHz.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/passes.h"
#include "compiler/schedule/schedule_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_DEFINES = 8 };

/* Takes the lines of definitions off the text; what is left of it. */
static char *take_defines(char *text, const char **defines, CheckOptions *options) {
  options->defines = defines;
  while (options->define_count < MOST_DEFINES && strncmp(text, "-D", 2) == 0) {
    char *end = strchr(text, '\n');
    if (!end) break;
    *end = '\0';
    defines[options->define_count++] = text + 2;
    text = end + 1;
  }
  return text;
}

/* Runs the passes, and prints what was reported in both ways. */
static bool compile(Compilation *c, PassId last) {
  char *text = NULL;
  size_t length = 0;
  const bool is_good = run_passes(c, last);
  FILE *out = open_memstream(&text, &length);
  if (!out || is_good != (error_count(c->diagnostics) == 0)) abort();
  print_diagnostics(c->diagnostics, out, true);
  print_diagnostics_json(c->diagnostics, out);
  fclose(out);
  free(text);
  return is_good;
}

/* In one of the formats, where it is short. */
static void print_schedule(const Compilation *c, size_t choice) {
  static const SchedulePrinter printers[] = {
#define FORMAT(name, function, help) function,
#include "compiler/schedule/formats.def"
#undef FORMAT
  };
  enum { MOST_EDGES = 256, MOST_CLOCKS = 64 };
  uint64_t edges = 0;
  for (uint32_t i = 0; i < c->model->junction_count; i++)
    edges += c->model->junctions[i].edges.edge_count;
  if (edges > MOST_EDGES || c->schedule->junction_cycle > MOST_CLOCKS) return;
  const ScheduleReport report = {.schedule = c->schedule,
                                 .program = c->program,
                                 .fit = c->fit,
                                 .sources = c->sources,
                                 .view = {.junction = UINT32_MAX}};
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  if (!out) abort();
  printers[choice % (sizeof printers / sizeof printers[0])](&report, out);
  fclose(out);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *bytes = malloc(size + 1);
  if (!bytes) return 0;
  memcpy(bytes, data, size);
  bytes[size] = '\0';
  const char *defines[MOST_DEFINES];
  CheckOptions options = {0};
  const char *text = take_defines(bytes, defines, &options);
  Compilation *c = compilation_open("fuzz.sedge", text, &options);
  /* Large networks are legal, and would only make the fuzzer slow: stop before their edges are
   * placed. */
  bool is_small = compile(c, PASS_CHECK);
  for (uint32_t i = 0; is_small && i < c->program->network.layer_count; i++) {
    is_small = c->program->network.layers[i].neuron_count <= 512;
  }
  if (is_small) {
    Compilation *whole = compilation_open("fuzz.sedge", text, &options);
    if (compile(whole, PASS_SCHEDULE)) print_schedule(whole, size);
    compilation_close(whole);
  }
  compilation_close(c);
  free(bytes);
  return 0;
}
