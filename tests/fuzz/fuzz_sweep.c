// SPDX-License-Identifier: MIT
// Fuzzes what a sweep reads: lines of options, an empty line, and the state that an earlier sweep
// left.
//
//   over NAME=V,V   an axis, as --over gives it
//   plot X,Y        the columns of --plot
//
// Runs are looked for in the state under definitions that are their numbers, so that a corpus does
// not depend on digests.
#include <string.h>
#include <sys/stat.h>

#include "compiler/passes.h"
#include "compiler/sweep/results.h"
#include "compiler/sweep/state_file.h"
#include "tests/fuzz/fuzz_file.h"

static const char program[] = "param fanout = 4; param width = 8;"
                              "network n { input a[16]; output b[width] : sigmoid; junction a -> b "
                              ": structured(fanout = fanout); }";

enum { MOST_AXES = 6, MOST_RUNS_PRINTED = 64 };

static void require(bool condition) {
  if (!condition) abort();
}

static bool begins(const char *text, const char *word) {
  return strncmp(text, word, strlen(word)) == 0;
}

/* Takes the lines of options off the text; what is left of it. */
static char *take_options(char *text, Options *options, const char **over) {
  options->over.texts = over;
  for (char *end; (end = strchr(text, '\n')) != NULL; text = end + 1) {
    *end = '\0';
    if (text == end) return text + 1;
    if (begins(text, "plot ")) options->plot = text + 5;
    if (begins(text, "over ") && options->over.count < MOST_AXES)
      over[options->over.count++] = text + 5;
  }
  return text;
}

/* Prints the rows in every form; each line of JSON must be JSON. */
static void print_all(const Results *results, Arena *arena) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  require(out != NULL);
  print_results_text(results, arena, out);
  print_results_csv(results, out);
  if (results->plot) print_figure(results, arena, out);
  require(fflush(out) == 0);
  const size_t before = length;
  print_results_json(results, out);
  fclose(out);
  for (const char *line = text + before; *line;) {
    const char *end = strchr(line, '\n');
    require(end != NULL);
    json_t *object = json_loadb(line, (size_t)(end - line), 0, NULL);
    require(json_is_object(object));
    json_decref(object);
    line = end + 1;
  }
  free(text);
}

static void definition_of(uint32_t run, char definition[65]) {
  snprintf(definition, 65, "%064u", run);
}

static void print_state(const StateFile *state, const Axes *axes, const Plot *plot, Arena *arena) {
  if (axes->run_count > MOST_RUNS_PRINTED) return;
  const json_t **rows = ARENA_ARRAY(arena, const json_t *, axes->run_count);
  char definition[65];
  for (uint32_t run = 0; run < axes->run_count; run++) {
    definition_of(run, definition);
    rows[run] = state_find(state, definition);
  }
  Results results = {.title = "fuzz", .axes = axes, .rows = rows, .plot = plot};
  results.is_best = find_best_runs(&results, arena);
  print_all(&results, arena);
}

/* A row that is added is there when the file is opened again, and so is whatever else was. */
static void add_row(const char *path, StateFile *state) {
  char definition[65];
  Failure failure = {0};
  json_t *row = json_pack("{s:s}", "status", "done");
  definition_of(1, definition);
  require(state_append(state, definition, row, &failure));
  json_decref(row);
  StateFile *again = state_open(path, true, &failure);
  require(again != NULL &&
          json_equal(state_find(state, definition), state_find(again, definition)));
  state_close(again);
}

/* The state is at most cut off at the end; one that is refused is left alone. */
static void read_state(const FuzzFile *file, off_t size, const Axes *axes, const Plot *plot,
                       Arena *arena) {
  struct stat status;
  Failure failure = {0};
  StateFile *state = state_open(file->path, false, &failure);
  require(fstat(file->descriptor, &status) == 0);
  if (!state) {
    require(failure.kind == FAILURE_INPUT && failure.message[0] != '\0' && status.st_size == size);
    return;
  }
  if (axes) print_state(state, axes, plot, arena);
  add_row(file->path, state);
  state_close(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const CheckOptions none = {0};
  const char *over[MOST_AXES], *complaint = NULL;
  Compilation *c = compilation_open("fuzz.sedge", program, &none);
  require(run_passes(c, PASS_CHECK));
  char *text = arena_copy(c->arena, (const char *)data, size);
  Options options = {0};
  const char *state = take_options(text, &options, over);
  Axes axes;
  Plot plot;
  const bool has_axes =
      options.over.count > 0 && read_axes(&options, c->program, c->arena, &axes, &complaint);
  const bool has_plot =
      has_axes && options.plot && read_plot(options.plot, &axes, c->arena, &plot, &complaint);
  require(has_axes || options.over.count == 0 || (complaint && *complaint));
  const size_t length = size - (size_t)(state - text);
  const FuzzFile file = fuzz_file_open((const uint8_t *)state, length);
  read_state(&file, (off_t)length, has_axes ? &axes : NULL, has_plot ? &plot : NULL, c->arena);
  fuzz_file_close(&file);
  compilation_close(c);
  return 0;
}
