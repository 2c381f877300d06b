// SPDX-License-Identifier: MIT
// How fast the simulator is, beside plain C loops over the same edges in the same run.
//
// Usage: benchmark_simulator FILE.sedge... [inputs]: each file is compiled, its network trained on
// drawn digits (or on noise, where its input is no 28 x 28 image) by the simulator and by the
// loops, in turns; the medians of five turns are printed.  An edge operation is the FF, BP or UP of
// one edge.  The loops do the textbook's order, online, with plain descent, and know nothing of
// clocks, banks or ports: the ratio says what watching the hardware costs.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/passes.h"
#include "runtime/elementary.h"
#include "runtime/simulator.h"

enum { TURNS = 5 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- the peer: loops over edges ---- */

typedef struct Loops {
  const Model *model;
  uint32_t **left;
  float **weight, **bias, **activation, **delta;
} Loops;

static void *cells(uint64_t count) {
  void *memory = calloc(count, sizeof(float));
  if (!memory) exit(1);
  return memory;
}

static Loops loops_open(const Model *model) {
  const uint32_t count = model->junction_count;
  Loops loops = {.model = model};
  float ***arrays[] = {&loops.weight, &loops.bias, &loops.activation, &loops.delta};
  for (size_t i = 0; i < 4; i++) *arrays[i] = calloc(count + 1, sizeof(float *));
  loops.left = calloc(count, sizeof *loops.left);
  for (uint32_t i = 0; i <= count; i++) {
    loops.activation[i] = cells(model->layers[i].neuron_count);
    loops.delta[i] = cells(model->layers[i].neuron_count);
    if (i == count) break;
    const Interleaver *edges = &model->junctions[i].edges;
    loops.weight[i] = cells(edges->edge_count);
    loops.bias[i] = cells(edges->right_count);
    loops.left[i] = cells(edges->edge_count);
    interleaver_expand(edges, 0, edges->edge_count, loops.left[i]);
    for (uint32_t e = 0; e < edges->edge_count; e++)
      loops.weight[i][e] = 0.01F * (float)(e % 7) - 0.03F;
  }
  return loops;
}

static void loops_close(Loops *loops) {
  for (uint32_t i = 0; i <= loops->model->junction_count; i++) {
    free(loops->activation[i]);
    free(loops->delta[i]);
    if (i == loops->model->junction_count) break;
    free(loops->weight[i]);
    free(loops->bias[i]);
    free(loops->left[i]);
  }
  free(loops->left);
  free(loops->weight);
  free(loops->bias);
  free(loops->activation);
  free(loops->delta);
}

static void loops_train(Loops *l, const Examples *examples, uint64_t index, float rate) {
  const uint32_t count = l->model->junction_count;
  example_values(examples, index, l->activation[0]);
  for (uint32_t i = 0; i < count; i++) {
    const Interleaver *edges = &l->model->junctions[i].edges;
    for (uint32_t r = 0; r < edges->right_count; r++) {
      float sum = l->bias[i][r];
      for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++) {
        sum += l->weight[i][e] * l->activation[i][l->left[i][e]];
      }
      l->activation[i + 1][r] = sigmoid_float(sum);
    }
  }
  for (uint32_t r = 0; r < l->model->layers[count].neuron_count; r++) {
    l->delta[count][r] = l->activation[count][r] - (r == examples->labels[index] ? 1.0F : 0.0F);
  }
  for (uint32_t i = count; i-- > 0;) {
    const Interleaver *edges = &l->model->junctions[i].edges;
    memset(l->delta[i], 0, edges->left_count * sizeof(float));
    for (uint32_t r = 0; r < edges->right_count; r++) {
      const float delta = l->delta[i + 1][r];
      for (uint32_t e = interleaver_begin(edges, r); e < interleaver_begin(edges, r + 1); e++) {
        const uint32_t left = l->left[i][e];
        if (i > 0) l->delta[i][left] += l->weight[i][e] * delta;
        l->weight[i][e] -= rate * delta * l->activation[i][left];
      }
      l->bias[i][r] -= rate * delta;
    }
    for (uint32_t k = 0; i > 0 && k < edges->left_count; k++) {
      l->delta[i][k] *= l->activation[i][k] * (1.0F - l->activation[i][k]);
    }
  }
}

/* ---- measuring ---- */

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values) {
  qsort(values, TURNS, sizeof *values, compare_doubles);
  return values[TURNS / 2];
}

/* Data of the network's shape: drawn digits, or noise. */
static bool make_data(const Model *model, uint32_t inputs, Dataset *data, Failure *failure) {
  const DigitsOptions digits = {.train_count = inputs, .test_count = 1, .seed = 1};
  if (!generate_digits(&digits, data, failure)) return false;
  return model->layers[0].real_count == data->features ||
         data->features <= model->layers[0].neuron_count;
}

static int measure(const char *path, uint32_t inputs) {
  const CheckOptions options = {0};
  Compilation *c = compilation_open(path, NULL, &options);
  Failure failure = {0};
  Dataset data;
  const bool is_compiled = run_passes(c, PASS_SCHEDULE);
  print_diagnostics(c->diagnostics, stderr, false);
  if (!is_compiled) return 1;
  if (!make_data(c->model, inputs, &data, &failure)) {
    fprintf(stderr, "%s: its input is smaller than a digit's 784 pixels\n", path);
    return 1;
  }
  Engine *engine = simulator_open(c->schedule, &failure);
  uint32_t *order = cells(inputs);
  for (uint32_t i = 0; i < inputs; i++) order[i] = i;
  Loops loops = loops_open(c->model);
  double simulator[TURNS], peer[TURNS];
  uint64_t ops = 0;
  for (uint32_t i = 0; i < c->model->junction_count; i++)
    ops += (i > 0 ? 3ull : 2ull) * c->model->junctions[i].edges.edge_count;
  const TrainRun run = {
      .examples = &data.train, .order = order, .count = inputs, .rate = 0.01, .ends_batch = true};
  for (int turn = 0; turn < TURNS; turn++) {
    Tally tally = {0};
    const double begin = seconds();
    if (!engine_train(engine, &run, &tally, &failure)) {
      fprintf(stderr, "%s\n", failure.message);
      return 1;
    }
    const double middle = seconds();
    for (uint32_t i = 0; i < inputs; i++) loops_train(&loops, &data.train, i, 0.01F);
    simulator[turn] = middle - begin;
    peer[turn] = seconds() - middle;
  }
  const double a = (double)ops * inputs / median(simulator) / 1e6,
               b = (double)ops * inputs / median(peer) / 1e6;
  printf("%-28s %8.1f M edge operations/s   plain loops %8.1f M/s   ratio %.2f\n", path, a, b,
         a / b);
  loops_close(&loops);
  free(order);
  engine_close(engine);
  dataset_close(&data);
  compilation_close(c);
  return 0;
}

int main(int argc, char **argv) {
  uint32_t inputs = 5000;
  int wrong = 0, files = 0;
  for (int i = 1; i < argc; i++) {
    if (strspn(argv[i], "0123456789") == strlen(argv[i]))
      inputs = (uint32_t)strtoul(argv[i], NULL, 10);
  }
  if (inputs == 0) inputs = 1;
  for (int i = 1; i < argc; i++) {
    if (strspn(argv[i], "0123456789") == strlen(argv[i])) continue;
    wrong |= measure(argv[i], inputs);
    files++;
  }
  if (files == 0) fprintf(stderr, "usage: benchmark_simulator FILE.sedge... [inputs]\n");
  return files ? wrong : 2;
}
