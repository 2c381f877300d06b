// SPDX-License-Identifier: MIT
// Maps the language's words for training to the runtime's, one switch for each, so that a new word
// cannot be forgotten.
#include "compiler/make_recipe.h"

#include <assert.h>

static DataOrigin data_origin(DataKind kind) {
  switch (kind) {
  case DATA_IDX: return DATA_FROM_IDX;
  case DATA_NPZ: return DATA_FROM_NPZ;
  case DATA_CSV: return DATA_FROM_CSV;
  case DATA_LIBSVM: return DATA_FROM_LIBSVM;
  case DATA_MORSE: return DATA_FROM_MORSE;
  case DATA_DIGITS: return DATA_FROM_DIGITS;
  case DATA_KIND_COUNT: break;
  }
  assert(false && "data of no kind");
  return DATA_FROM_IDX;
}

static DataRecipe make_data(const DataSource *data) {
  return (DataRecipe){
      .origin = data_origin(data->kind),
      .path = data->path ? data->path : "",
      .csv = {.label_name = data->label_name, .label_column = data->label_column},
      .morse = {.train_count = data->train_count,
                .test_count = data->test_count,
                .seed = data->seed,
                .has_leading_spaces = data->has_leading_spaces,
                .noise = data->noise,
                .dilation = data->dilation},
      .digits = {.train_count = data->train_count,
                 .test_count = data->test_count,
                 .seed = data->seed,
                 .noise = data->noise},
  };
}

static RateShape rate_shape(RateKind kind) {
  switch (kind) {
  case RATE_CONSTANT: return RATE_SHAPE_CONSTANT;
  case RATE_STEP: return RATE_SHAPE_STEP;
  case RATE_COSINE: return RATE_SHAPE_COSINE;
  }
  assert(false && "a rate of no kind");
  return RATE_SHAPE_CONSTANT;
}

static RateSchedule make_rate(const Rate *rate, uint32_t epochs) {
  return (RateSchedule){
      .shape = rate_shape(rate->kind),
      .from = rate->from,
      .to = rate->to,
      .factor = rate->factor,
      .floor = rate->floor,
      .every = rate->every > 0 ? rate->every : 1,
      .epochs = epochs,
  };
}

Recipe make_recipe(const Compilation *c) {
  const Training *training = &c->program->training;
  Recipe recipe = {
      .is_given = training->is_given,
      .data = make_data(&training->data),
      .is_split = training->split.is_given,
      .split_train = training->split.train,
      .split_validation = training->split.validation,
      .epochs = training->epochs,
      .is_shuffled = training->is_shuffled,
      .seed = training->seed,
      .rate = make_rate(&training->optimizer.rate, training->epochs),
      .is_seed_free = !training->seed_given.is_given,
      .is_data_seed_free = !training->data.seed_given.is_given,
      .is_initial_seed_free = !training->init.seed_given.is_given,
      .is_rounding_seed_free = !c->program->hardware.rounding_seed_given.is_given,
  };
  if (c->schedule) {
    recipe.junction_cycle = c->schedule->junction_cycle;
    recipe.initiation_interval = c->schedule->initiation_interval;
    recipe.clock_hz = c->schedule->clock_hz;
  }
  return recipe;
}
