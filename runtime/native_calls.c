// SPDX-License-Identifier: MIT
// What generated code leaves to the runtime.
#include "runtime/native_calls.h"

#include "runtime/loss.h"

void native_output(const NativeJunction *junction, const NativeWork *work) {
  const Model *model = junction->model;
  const Layer *layer = &model->layers[model->junction_count];
  const OutputShape shape = {layer->neuron_count, layer->real_count,
                             layer->activation.function == ACTIVATE_SOFTMAX};
  const uint32_t width = model->batch > 1 ? panel_width(model) : 1;
  const Cell *activation = work->ff_right, *derivative = work->ff_derivative;
  const uint32_t *labels = work->labels;
  Cell *delta = work->right_delta;
  for (uint64_t column = work->first_column; column < work->last_column; column++) {
    const uint64_t cell = cell_of_column(layer->neuron_count, width, column);
    output_deltas(&model->number, model->loss, &shape, activation + cell, derivative + cell, width,
                  labels[column], work->ff_input + column, model->junction_count, delta + cell);
  }
}
