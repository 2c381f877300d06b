// SPDX-License-Identifier: MIT
// Maps the language's words for mathematics to the runtime's, one switch for each, so that a new
// word cannot be forgotten.
#include "compiler/make_model.h"

#include <assert.h>

#include "compiler/lower_formula.h"

static ActivationFunction activation_function(ActivationKind kind) {
  switch (kind) {
  case ACTIVATION_SIGMOID: return ACTIVATE_SIGMOID;
  case ACTIVATION_TANH: return ACTIVATE_TANH;
  case ACTIVATION_RELU: return ACTIVATE_RELU;
  case ACTIVATION_IDENTITY: return ACTIVATE_IDENTITY;
  case ACTIVATION_SOFTMAX: return ACTIVATE_SOFTMAX;
  case ACTIVATION_OWN: return ACTIVATE_FORMULA;
  }
  assert(false && "an activation of no kind");
  return ACTIVATE_IDENTITY;
}

static const char *activation_name(const NetworkLayer *layer) {
  switch (layer->activation) {
#define ACTIVATION(id, name, help)                                                                 \
  case ACTIVATION_##id:                                                                            \
    return name;
#include "lang/activations.def"
#undef ACTIVATION
  case ACTIVATION_OWN: return layer->own_activation->name.text;
  }
  assert(false && "an activation of no kind");
  return "";
}

static Activation make_activation(const NetworkLayer *layer, Arena *arena) {
  Activation activation = {.function = activation_function(layer->activation),
                           .name = activation_name(layer)};
  if (layer->activation == ACTIVATION_OWN) {
    activation.value = lower_formula(layer->own_activation->value, arena);
    activation.derivative = lower_formula(layer->own_activation->derivative, arena);
  }
  return activation;
}

static Loss make_loss(LossKind kind) {
  switch (kind) {
  case LOSS_KIND_CROSS_ENTROPY: return LOSS_CROSS_ENTROPY;
  case LOSS_KIND_QUADRATIC: return LOSS_QUADRATIC;
  }
  assert(false && "a loss of no kind");
  return LOSS_CROSS_ENTROPY;
}

static OptimizerMethod optimizer_method(OptimizerKind kind) {
  switch (kind) {
  case OPTIMIZER_KIND_SGD: return OPTIMIZE_SGD;
  case OPTIMIZER_KIND_RMSPROP: return OPTIMIZE_RMSPROP;
  case OPTIMIZER_KIND_ADAM: return OPTIMIZE_ADAM;
  case OPTIMIZER_KIND_COUNT: break;
  }
  assert(false && "an optimizer of no kind");
  return OPTIMIZE_SGD;
}

static Optimizer make_optimizer(const OptimizerSetting *setting) {
  return (Optimizer){
      .method = optimizer_method(setting->kind),
      .momentum = setting->momentum,
      .is_nesterov = setting->is_nesterov,
      .decay = setting->decay,
      .beta1 = setting->beta1,
      .beta2 = setting->beta2,
      .epsilon = setting->epsilon,
      .l2 = setting->l2,
  };
}

static InitializerMethod initializer_method(InitializerKind kind) {
  switch (kind) {
  case INITIALIZER_GLOROT_NORMAL: return INITIALIZE_GLOROT_NORMAL;
  case INITIALIZER_GLOROT_UNIFORM: return INITIALIZE_GLOROT_UNIFORM;
  case INITIALIZER_HE_NORMAL: return INITIALIZE_HE_NORMAL;
  case INITIALIZER_ZEROS: return INITIALIZE_ZEROS;
  case INITIALIZER_UNIFORM: return INITIALIZE_UNIFORM;
  case INITIALIZER_COUNT: break;
  }
  assert(false && "an initializer of no kind");
  return INITIALIZE_ZEROS;
}

static Rounding make_rounding(RoundingKind kind) {
  switch (kind) {
  case ROUNDING_KIND_NEAREST: return ROUND_NEAREST;
  case ROUNDING_KIND_TRUNCATE: return ROUND_TRUNCATE;
  case ROUNDING_KIND_STOCHASTIC: return ROUND_STOCHASTIC;
  }
  assert(false && "a rounding of no kind");
  return ROUND_NEAREST;
}

static NumberFormat make_number(const Hardware *hardware) {
  if (!hardware->is_fixed) return (NumberFormat){.is_fixed = false};
  return (NumberFormat){
      .is_fixed = true,
      .width = hardware->width,
      .integer = hardware->integer,
      .fraction = hardware->width - 1 - hardware->integer,
      .rounding = make_rounding(hardware->rounding),
      .rounding_seed = hardware->rounding_seed,
  };
}

static const Layer *make_layers(const Network *network, Arena *arena) {
  Layer *layers = ARENA_ARRAY(arena, Layer, network->layer_count);
  for (uint32_t i = 0; i < network->layer_count; i++) {
    const NetworkLayer *layer = &network->layers[i];
    layers[i] = (Layer){
        .name = layer->name.text,
        .neuron_count = layer->neuron_count,
        .real_count = layer->real_count,
        .activation = make_activation(layer, arena),
    };
  }
  return layers;
}

const Model *make_model(const Program *program, const Interleaver *edges, Arena *arena) {
  const Network *network = &program->network;
  const Training *training = &program->training;
  Junction *junctions = ARENA_ARRAY(arena, Junction, network->junction_count);
  for (uint32_t i = 0; i < network->junction_count; i++) {
    junctions[i].edges = edges[i];
    choose_sum_order(training->batch, &junctions[i]);
  }
  Model *model = ARENA_NEW(arena, Model);
  *model = (Model){
      .name = network->name.text,
      .number = make_number(&program->hardware),
      .junction_count = network->junction_count,
      .layers = make_layers(network, arena),
      .junctions = junctions,
      .loss = make_loss(training->loss),
      .optimizer = make_optimizer(&training->optimizer),
      .initializer = {.method = initializer_method(training->init.kind),
                      .seed = training->init.seed,
                      .low = training->init.low,
                      .high = training->init.high},
      .is_pipelined = training->is_pipelined,
      .batch = training->batch,
  };
  return model;
}
