// SPDX-License-Identifier: MIT
// predict: a line per input, the predicted class and the score of every real output.
//
// Inputs are the whole test set, one example of it (a number from 0), or the rows of a text file
// ("-": standard input).
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/array.h"
#include "runtime/verbs/output.h"
#include "runtime/verbs/read_inputs.h"
#include "runtime/verbs/run.h"

/* What is predicted. */
typedef struct Inputs {
  Examples examples;
  uint64_t first, count; /* of the examples */
  bool has_labels;       /* else `labels` are zeros */
  float *values;         /* owned, where rows were read */
  uint32_t *labels;
} Inputs;

static void close_inputs(Inputs *inputs) {
  free(inputs->values);
  free(inputs->labels);
}

static bool read_file(const Run *run, const char *path, Inputs *inputs, Failure *failure) {
  const DataRecipe *data = &run->recipe->data;
  const int64_t label_column =
      data->origin == DATA_FROM_CSV && !data->csv.label_name ? data->csv.label_column : -1;
  const uint32_t features = run->engine->model->layers[0].real_count;
  if (!read_rows(path, features, label_column, &inputs->values, &inputs->count, failure))
    return false;
  inputs->labels = array_new(inputs->count, sizeof *inputs->labels);
  if (!inputs->labels)
    return fail(failure, FAILURE_MEMORY, path, "no memory for its %" PRIu64 " rows", inputs->count);
  inputs->examples = (Examples){.count = inputs->count,
                                .features = features,
                                .floats = inputs->values,
                                .labels = inputs->labels};
  return true;
}

bool predict_needs_data(const char *input) {
  uint64_t number;
  return !input || is_number(input, &number);
}

static bool find_inputs(const Run *run, Inputs *inputs, Failure *failure) {
  const Examples *test = &run->data->test;
  const char *input = run->input;
  uint64_t number = 0;
  if (!predict_needs_data(input)) return read_file(run, input, inputs, failure);
  if (input) is_number(input, &number);
  *inputs = (Inputs){
      .examples = *test, .first = number, .count = input ? 1 : test->count, .has_labels = true};
  if (number < test->count) return true;
  if (test->count == 0) return fail(failure, FAILURE_MODEL, NULL, "the data have no test examples");
  return fail(failure, FAILURE_MODEL, NULL,
              "there is no test example %" PRIu64 ": they are numbered 0 to %" PRIu64, number,
              test->count - 1);
}

/* ---- printing ---- */

static void print_scores(uint32_t predicted, const float *scores, uint32_t count) {
  printf("%" PRIu32, predicted);
  for (uint32_t k = 0; k < count; k++) printf(" %.9g", (double)scores[k]);
  putchar('\n');
}

static void print_scores_json(uint64_t input, const uint32_t *label, uint32_t predicted,
                              const float *scores, uint32_t count) {
  json_t *list = json_array();
  for (uint32_t k = 0; k < count; k++) json_array_append_new(list, json_number((double)scores[k]));
  json_t *object =
      json_pack("{s:I, s:I}", "input", (json_int_t)input, "class", (json_int_t)predicted);
  if (label) json_object_set_new(object, "label", json_integer((json_int_t)*label));
  json_object_set_new(object, "scores", list);
  print_json_line(stdout, object);
}

static bool predict_all(const Run *run, const Inputs *inputs, Failure *failure) {
  Engine *engine = run->engine;
  enum { PIECE = 64 };
  const uint32_t outputs = engine->model->layers[engine->model->junction_count].real_count;
  float *scores = malloc(sizeof *scores * outputs * PIECE);
  uint32_t classes[PIECE];
  bool is_good = scores || fail(failure, FAILURE_MEMORY, NULL, "no memory for the scores");
  for (uint64_t done = 0; is_good && done < inputs->count && !ferror(stdout);) {
    const uint64_t first = inputs->first + done, left = inputs->count - done;
    const uint64_t count = left < PIECE ? left : PIECE;
    Tally tally = {0};
    is_good =
        engine_infer(engine, &inputs->examples, first, count, scores, classes, &tally, failure);
    for (uint64_t i = 0; is_good && i < count; i++) {
      const uint32_t *label = inputs->has_labels ? &inputs->examples.labels[first + i] : NULL;
      if (run->options->json) {
        print_scores_json(first + i, label, classes[i], scores + i * outputs, outputs);
      } else {
        print_scores(classes[i], scores + i * outputs, outputs);
      }
    }
    done += count;
  }
  free(scores);
  return is_good;
}

const char *predict_complaint(const RunOptions *options) {
  return options->load ? threads_complaint(options)
                       : "predict needs --load W: the parameters to predict with";
}

ExitCode run_predict(const Run *run) {
  Inputs inputs = {0};
  Failure failure = {0};
  const bool is_good = find_inputs(run, &inputs, &failure) && predict_all(run, &inputs, &failure);
  close_inputs(&inputs);
  return is_good ? EXIT_DONE : run->report(run->context, &failure);
}
