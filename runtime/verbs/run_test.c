// SPDX-License-Identifier: MIT
// test: loss, accuracy and confusion on the test set.
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/array.h"
#include "runtime/trainer.h"
#include "runtime/verbs/output.h"
#include "runtime/verbs/run.h"

/* Confusion is kept as counted pairs, not as a matrix: outputs may be many, examples decide. */
typedef struct Confusion {
  uint32_t label, predicted;
  uint64_t count;
} Confusion;

enum {
  MATRIX_COLUMNS = 16, /* the widest matrix that a terminal shows */
  MATRIX_JSON_COLUMNS = 1024,
  WORST_SHOWN = 10,
};

static int compare_pairs(const void *a, const void *b) {
  const Confusion *x = a, *y = b;
  if (x->label != y->label) return x->label < y->label ? -1 : 1;
  return x->predicted < y->predicted ? -1 : x->predicted > y->predicted;
}

/* Wrong pairs first, the most frequent first. */
static int compare_counts(const void *a, const void *b) {
  const Confusion *x = a, *y = b;
  const bool x_right = x->label == x->predicted, y_right = y->label == y->predicted;
  if (x_right != y_right) return x_right ? 1 : -1;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return compare_pairs(a, b);
}

/* Fills pairs [count], sorted, and returns how many different ones there are. */
static uint64_t count_pairs(const uint32_t *labels, const uint32_t *classes, uint64_t count,
                            Confusion *pairs) {
  uint64_t used = 0;
  for (uint64_t i = 0; i < count; i++) pairs[i] = (Confusion){labels[i], classes[i], 1};
  qsort(pairs, count, sizeof *pairs, compare_pairs);
  for (uint64_t i = 0; i < count; i++) {
    if (used > 0 && compare_pairs(&pairs[used - 1], &pairs[i]) == 0) {
      pairs[used - 1].count++;
    } else {
      pairs[used++] = pairs[i];
    }
  }
  return used;
}

/* Rows are labels; `at` walks through the sorted pairs. */
static uint64_t next_count(const Confusion *pairs, uint64_t used, uint64_t *at, uint32_t label,
                           uint32_t predicted) {
  if (*at >= used || pairs[*at].label != label || pairs[*at].predicted != predicted) return 0;
  return pairs[(*at)++].count;
}

static void print_matrix(const Confusion *pairs, uint64_t used, uint32_t classes) {
  uint64_t at = 0;
  printf("\nconfusion: a row for each label, a column for each prediction\n       ");
  for (uint32_t k = 0; k < classes; k++) printf(" %6" PRIu32, k);
  putchar('\n');
  for (uint32_t label = 0; label < classes; label++) {
    printf("%6" PRIu32 ":", label);
    for (uint32_t k = 0; k < classes; k++)
      printf(" %6" PRIu64, next_count(pairs, used, &at, label, k));
    putchar('\n');
  }
}

static void print_worst(Confusion *pairs, uint64_t used) {
  qsort(pairs, used, sizeof *pairs, compare_counts);
  for (uint64_t i = 0; i < used && i < WORST_SHOWN && pairs[i].label != pairs[i].predicted; i++) {
    if (i == 0) puts("\nmost confused");
    printf("  %" PRIu32 " taken for %" PRIu32 ": %s times\n", pairs[i].label, pairs[i].predicted,
           grouped(pairs[i].count));
  }
}

static json_t *matrix_json(const Confusion *pairs, uint64_t used, uint32_t classes) {
  json_t *rows = json_array();
  uint64_t at = 0;
  for (uint32_t label = 0; label < classes; label++) {
    json_t *row = json_array();
    for (uint32_t k = 0; k < classes; k++) {
      json_array_append_new(row, json_integer((json_int_t)next_count(pairs, used, &at, label, k)));
    }
    json_array_append_new(rows, row);
  }
  return rows;
}

static void print_test_json(const Run *run, const Tally *tally, const Confusion *pairs,
                            uint64_t used) {
  const Model *model = run->engine->model;
  const uint32_t classes = model->layers[model->junction_count].real_count;
  char digest[65];
  parameters_digest(run->engine, digest);
  json_t *object = json_pack("{s:s, s:I, s:o, s:o}", "event", "test", "inputs",
                             (json_int_t)tally->count, "test_loss", json_number(tally_loss(tally)),
                             "test_accuracy", json_number(tally_accuracy(tally)));
  if (classes <= MATRIX_JSON_COLUMNS)
    json_object_set_new(object, "confusion", matrix_json(pairs, used, classes));
  json_object_set_new(object, "parameters_sha256", json_string(digest));
  print_json_line(stdout, object);
}

static void print_test(const Run *run, const Tally *tally, Confusion *pairs, uint64_t used) {
  const Model *model = run->engine->model;
  const uint32_t classes = model->layers[model->junction_count].real_count;
  if (!run->options->quiet) print_network(model, stdout);
  printf("test        accuracy %.2f %% (%s of %s), loss %.4g\n", 100 * tally_accuracy(tally),
         grouped(tally->correct), grouped(tally->count), tally_loss(tally));
  if (classes <= MATRIX_COLUMNS) {
    print_matrix(pairs, used, classes);
  } else {
    print_worst(pairs, used);
  }
}

static bool measure_test(const Run *run, Failure *failure) {
  const Examples *test = &run->data->test;
  if (test->count == 0) return fail(failure, FAILURE_MODEL, NULL, "the data have no test examples");
  uint32_t *classes = array_new(test->count, sizeof *classes);
  Confusion *pairs = array_new(test->count, sizeof *pairs);
  Tally tally = {0};
  bool is_good = classes && pairs ? engine_infer(run->engine, test, 0, test->count, NULL, classes,
                                                 &tally, failure)
                                  : fail(failure, FAILURE_MEMORY, NULL,
                                         "no memory for %" PRIu64 " predictions", test->count);
  if (is_good) {
    const uint64_t used = count_pairs(test->labels, classes, test->count, pairs);
    if (run->options->json) {
      print_test_json(run, &tally, pairs, used);
    } else {
      print_test(run, &tally, pairs, used);
    }
  }
  free(classes);
  free(pairs);
  return is_good;
}

const char *test_complaint(const RunOptions *options) {
  return options->load ? threads_complaint(options) : "test needs --load W: the parameters to test";
}

ExitCode run_test(const Run *run) {
  Failure failure = {0};
  return measure_test(run, &failure) ? EXIT_DONE : run->report(run->context, &failure);
}
