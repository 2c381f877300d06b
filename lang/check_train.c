// SPDX-License-Identifier: MIT
// A train block, setting by setting.
#include "lang/check_train.h"

#include <math.h>

enum { MORSE_VALUES = 64, MORSE_CLASSES = 64, DIGIT_VALUES = 28 * 28, DIGIT_CLASSES = 10 };

static void take_path(const Bound *bound, Field field, DataSource *data) {
  const FieldValue *file = bound_field(bound, field);
  data->path = file->text;
  data->path_at = file->expr != NULL ? file->expr->at : file->at;
}

static void take_label(const Bound *bound, DataSource *data) {
  const FieldValue *label = bound_field(bound, FIELD_DATA_CSV_LABEL);
  data->label_name = label->text;
  data->label_column = label->is_absent ? -1 : (int64_t)label->whole;
}

static void take_morse(const Bound *bound, DataSource *data) {
  data->train_count = (uint32_t)bound_field(bound, FIELD_DATA_MORSE_TRAIN)->whole;
  data->test_count = (uint32_t)bound_field(bound, FIELD_DATA_MORSE_TEST)->whole;
  data->seed = bound_field(bound, FIELD_DATA_MORSE_SEED)->whole;
  data->seed_given = bound_given(bound, FIELD_DATA_MORSE_SEED);
  data->has_leading_spaces = bound_field(bound, FIELD_DATA_MORSE_LEADING_SPACES)->flag;
  data->noise = bound_field(bound, FIELD_DATA_MORSE_NOISE)->number;
  data->dilation = bound_field(bound, FIELD_DATA_MORSE_DILATION)->number;
}

static void take_digits(const Bound *bound, DataSource *data) {
  data->train_count = (uint32_t)bound_field(bound, FIELD_DATA_DIGITS_TRAIN)->whole;
  data->test_count = (uint32_t)bound_field(bound, FIELD_DATA_DIGITS_TEST)->whole;
  data->seed = bound_field(bound, FIELD_DATA_DIGITS_SEED)->whole;
  data->seed_given = bound_given(bound, FIELD_DATA_DIGITS_SEED);
  data->noise = bound_field(bound, FIELD_DATA_DIGITS_NOISE)->number;
}

static void take_data(const Checker *checker, const Bound *block, DataSource *data) {
  Bound bound;
  const Form form = bind_setting(checker, block, FIELD_TRAIN_DATA, FAMILY_DATA, &bound);
  if (form == FORM_COUNT) return;
  *data =
      (DataSource){.kind = (DataKind)(form - FORM_DATA_IDX), .at = bound.at, .label_column = -1};
  data->is_given = bound_given(block, FIELD_TRAIN_DATA).is_given;
  switch (data->kind) {
  case DATA_IDX: take_path(&bound, FIELD_DATA_IDX_FOLDER, data); break;
  case DATA_NPZ: take_path(&bound, FIELD_DATA_NPZ_FILE, data); break;
  case DATA_LIBSVM: take_path(&bound, FIELD_DATA_LIBSVM_FILE, data); break;
  case DATA_CSV:
    take_path(&bound, FIELD_DATA_CSV_FILE, data);
    take_label(&bound, data);
    break;
  case DATA_MORSE: take_morse(&bound, data); break;
  case DATA_DIGITS: take_digits(&bound, data); break;
  case DATA_KIND_COUNT: break;
  }
}

static void take_split(const Checker *checker, const Bound *block, Split *split) {
  Bound bound;
  if (bound_field(block, FIELD_TRAIN_SPLIT)->is_absent) return;
  if (bind_setting(checker, block, FIELD_TRAIN_SPLIT, FAMILY_SPLIT, &bound) == FORM_COUNT) return;
  *split = (Split){
      .is_given = true,
      .at = bound.at,
      .train = bound_field(&bound, FIELD_SPLIT_TRAIN)->whole,
      .validation = bound_field(&bound, FIELD_SPLIT_VALIDATION)->whole,
  };
}

/* ---- optimizer ---- */

static void report_contradiction(const Checker *checker, Span at, const char *what, double high,
                                 double low) {
  error_at(checker->diagnostics, ERROR_CONTRADICTION, at,
           "the rate's %s %.9g is above its start %.9g", what, high, low);
}

static void take_step(const Checker *checker, const Bound *bound, Rate *rate) {
  const FieldValue *floor_value = bound_field(bound, FIELD_RATE_STEP_FLOOR);
  const FieldValue *from = bound_field(bound, FIELD_RATE_STEP_FROM);
  rate->kind = RATE_STEP;
  rate->from = from->number;
  rate->factor = bound_field(bound, FIELD_RATE_STEP_FACTOR)->number;
  rate->every = (uint32_t)bound_field(bound, FIELD_RATE_STEP_EVERY)->whole;
  rate->floor = floor_value->number;
  if (from->is_poisoned || floor_value->is_poisoned || rate->floor <= rate->from) return;
  report_contradiction(checker, floor_value->at, "floor", rate->floor, rate->from);
}

static void take_cosine(const Checker *checker, const Bound *bound, Rate *rate) {
  const FieldValue *to = bound_field(bound, FIELD_RATE_COSINE_TO);
  const FieldValue *from = bound_field(bound, FIELD_RATE_COSINE_FROM);
  rate->kind = RATE_COSINE;
  rate->from = from->number;
  rate->to = to->number;
  if (from->is_poisoned || to->is_poisoned || rate->to <= rate->from) return;
  report_contradiction(checker, to->at, "end", rate->to, rate->from);
}

static void take_rate(const Checker *checker, const Bound *optimizer, Field field, Rate *rate) {
  const FieldValue *value = bound_field(optimizer, field);
  *rate = (Rate){.kind = RATE_CONSTANT, .from = value->number, .at = value->at};
  if (value->expr != NULL) rate->at = value->expr->at;
  if (value->is_poisoned || value->number > 0.0) return;
  Bound bound;
  const char *expected = field_kind_expected(FIELD_KIND_RATE);
  const Form form = bind_form(checker, FAMILY_RATE, "'rate'", expected, value->expr, &bound);
  if (form == FORM_RATE_STEP) take_step(checker, &bound, rate);
  if (form == FORM_RATE_COSINE) take_cosine(checker, &bound, rate);
}

static void take_sgd(const Checker *checker, const Bound *bound, OptimizerSetting *optimizer) {
  const FieldValue *momentum = bound_field(bound, FIELD_OPTIMIZER_SGD_MOMENTUM);
  const FieldValue *nesterov = bound_field(bound, FIELD_OPTIMIZER_SGD_NESTEROV);
  take_rate(checker, bound, FIELD_OPTIMIZER_SGD_RATE, &optimizer->rate);
  optimizer->momentum = momentum->number;
  optimizer->is_nesterov = nesterov->flag;
  optimizer->l2 = bound_field(bound, FIELD_OPTIMIZER_SGD_L2)->number;
  if (!optimizer->is_nesterov || momentum->is_poisoned || optimizer->momentum > 0.0) return;
  Message *m = error_at(checker->diagnostics, ERROR_CONTRADICTION, nesterov->at,
                        "nesterov needs a momentum");
  help(m, "add `momentum = 0.9`");
}

static void take_rmsprop(const Checker *checker, const Bound *bound, OptimizerSetting *optimizer) {
  take_rate(checker, bound, FIELD_OPTIMIZER_RMSPROP_RATE, &optimizer->rate);
  optimizer->decay = bound_field(bound, FIELD_OPTIMIZER_RMSPROP_DECAY)->number;
  optimizer->epsilon = bound_field(bound, FIELD_OPTIMIZER_RMSPROP_EPSILON)->number;
  optimizer->l2 = bound_field(bound, FIELD_OPTIMIZER_RMSPROP_L2)->number;
}

static void take_adam(const Checker *checker, const Bound *bound, OptimizerSetting *optimizer) {
  take_rate(checker, bound, FIELD_OPTIMIZER_ADAM_RATE, &optimizer->rate);
  optimizer->beta1 = bound_field(bound, FIELD_OPTIMIZER_ADAM_BETA1)->number;
  optimizer->beta2 = bound_field(bound, FIELD_OPTIMIZER_ADAM_BETA2)->number;
  optimizer->epsilon = bound_field(bound, FIELD_OPTIMIZER_ADAM_EPSILON)->number;
  optimizer->l2 = bound_field(bound, FIELD_OPTIMIZER_ADAM_L2)->number;
}

static void take_optimizer(const Checker *checker, const Bound *block,
                           OptimizerSetting *optimizer) {
  Bound bound;
  const Form form = bind_setting(checker, block, FIELD_TRAIN_OPTIMIZER, FAMILY_OPTIMIZER, &bound);
  if (form == FORM_COUNT) return;
  *optimizer =
      (OptimizerSetting){.kind = (OptimizerKind)(form - FORM_OPTIMIZER_SGD), .at = bound.at};
  switch (optimizer->kind) {
  case OPTIMIZER_KIND_SGD: take_sgd(checker, &bound, optimizer); break;
  case OPTIMIZER_KIND_RMSPROP: take_rmsprop(checker, &bound, optimizer); break;
  case OPTIMIZER_KIND_ADAM: take_adam(checker, &bound, optimizer); break;
  case OPTIMIZER_KIND_COUNT: break;
  }
}

/* ---- the rest ---- */

static void take_uniform(const Checker *checker, const Bound *bound, InitializerSetting *init) {
  const FieldValue *low = bound_field(bound, FIELD_INIT_UNIFORM_LOW);
  const FieldValue *high = bound_field(bound, FIELD_INIT_UNIFORM_HIGH);
  init->low = low->number;
  init->high = high->number;
  if (low->is_poisoned || high->is_poisoned || init->low < init->high) return;
  error_at(checker->diagnostics, ERROR_CONTRADICTION, bound->at,
           "uniform(a, b) needs a below b, but they are %.9g and %.9g", init->low, init->high);
}

static void take_init(const Checker *checker, const Bound *block, InitializerSetting *init) {
  Bound bound;
  const Form form = bind_setting(checker, block, FIELD_TRAIN_INIT, FAMILY_INIT, &bound);
  if (form == FORM_COUNT) return;
  *init =
      (InitializerSetting){.kind = (InitializerKind)(form - FORM_INIT_GLOROT_NORMAL), .seed = 1};
  const Field seed = find_field(form, "seed");
  if (seed != FIELD_COUNT) {
    init->seed = bound_field(&bound, seed)->whole;
    init->seed_given = bound_given(&bound, seed);
  }
  if (init->kind == INITIALIZER_UNIFORM) take_uniform(checker, &bound, init);
}

static void take_loss(const Checker *checker, const Bound *block, Training *training) {
  Bound bound;
  const Form form = bind_setting(checker, block, FIELD_TRAIN_LOSS, FAMILY_LOSS, &bound);
  training->loss = form == FORM_QUADRATIC ? LOSS_KIND_QUADRATIC : LOSS_KIND_CROSS_ENTROPY;
  training->loss_given = bound_given(block, FIELD_TRAIN_LOSS);
}

static void take_order(const Checker *checker, const Bound *block, Training *training) {
  Bound bound;
  const Form form = bind_setting(checker, block, FIELD_TRAIN_ORDER, FAMILY_ORDER, &bound);
  training->is_pipelined = form == FORM_PIPELINED;
}

bool check_train(const Checker *checker, const Item *item, Training *training) {
  const uint32_t errors = error_count(checker->diagnostics);
  Bound block;
  bind_block(checker, FORM_TRAIN, item, &block);
  *training = (Training){.name = {.text = ""}, .is_given = item != NULL, .at = block.at};
  if (item != NULL) {
    training->name = item->name;
    training->at = item->at;
  }
  take_data(checker, &block, &training->data);
  take_split(checker, &block, &training->split);
  take_loss(checker, &block, training);
  take_optimizer(checker, &block, &training->optimizer);
  take_init(checker, &block, &training->init);
  take_order(checker, &block, training);
  training->batch = (uint32_t)bound_field(&block, FIELD_TRAIN_BATCH)->whole;
  training->epochs = (uint32_t)bound_field(&block, FIELD_TRAIN_EPOCHS)->whole;
  training->is_shuffled = bound_field(&block, FIELD_TRAIN_SHUFFLE)->flag;
  training->seed = bound_field(&block, FIELD_TRAIN_SEED)->whole;
  training->seed_given = bound_given(&block, FIELD_TRAIN_SEED);
  return error_count(checker->diagnostics) == errors;
}

/* ---- what the blocks must agree on ---- */

static bool check_loss(const Checker *checker, const Network *network, const Training *training) {
  const NetworkLayer *output = &network->layers[network->layer_count - 1];
  const bool is_probability =
      output->activation == ACTIVATION_SIGMOID || output->activation == ACTIVATION_SOFTMAX;
  const Span at = training->loss_given.at;
  Message *m = NULL;
  switch (training->loss) {
  case LOSS_KIND_CROSS_ENTROPY:
    if (is_probability) return true;
    m = error_at(checker->diagnostics, ERROR_LOSS, at,
                 "cross_entropy needs a sigmoid or softmax output");
    help(m, "or write `loss = quadratic`");
    if (training->loss_given.is_given) fix(m, at, "quadratic");
    break;
  case LOSS_KIND_QUADRATIC:
    if (output->activation != ACTIVATION_SOFTMAX) return true;
    m = error_at(checker->diagnostics, ERROR_LOSS, at,
                 "quadratic loss needs an output whose neurons have a derivative of their own");
    help(m, "write `loss = cross_entropy`, or give the output another activation than softmax");
    fix(m, at, "cross_entropy");
    break;
  }
  if (m != NULL)
    note_at(m, output->activation_at, "the activation of the output '%s'", output->name.text);
  return false;
}

static void warn_of_rate(const Checker *checker, const Rate *rate) {
  const double used = exp2(floor(log2(rate->from)));
  if (used == rate->from) return;
  Message *m = warning_at(checker->diagnostics, ERROR_RATE_ROUNDED, rate->at,
                          "in fixed point the rate %.6g becomes %.6g", rate->from, used);
  help(m, "a power of two, as in 2^%d, is used as it is", (int)floor(log2(rate->from)));
}

bool check_arithmetic(const Checker *checker, const Hardware *hardware, const Training *training) {
  const OptimizerSetting *optimizer = &training->optimizer;
  if (!hardware->is_fixed || !training->is_given) return true;
  if (optimizer->kind == OPTIMIZER_KIND_SGD) {
    warn_of_rate(checker, &optimizer->rate);
    return true;
  }
  const char *name = form_name((Form)((uint32_t)FORM_OPTIMIZER_SGD + (uint32_t)optimizer->kind));
  Message *m =
      error_at(checker->diagnostics, ERROR_NEEDS_FLOAT, optimizer->at, "%s needs float32", name);
  note_at(m, hardware->number_given.at, "the number format");
  help(m, "sgd works in fixed point, with momentum or without");
  return false;
}

static bool check_size(const Checker *checker, Span at, const NetworkLayer *layer, const char *text,
                       bool is_right) {
  if (is_right) return true;
  Message *m = error_at(checker->diagnostics, ERROR_DATA_SHAPE, layer->name.at,
                        "%s, but '%s' has %u neurons", text, layer->name.text, layer->real_count);
  note_at(m, at, "the data");
  return false;
}

/* Of generated data that the file asks for; what others hold is known when they are read. */
static bool check_data(const Checker *checker, const Network *network, const DataSource *data) {
  const NetworkLayer *input = &network->layers[0];
  const NetworkLayer *output = &network->layers[network->layer_count - 1];
  if (!data->is_given) return true;
  if (data->kind == DATA_MORSE) {
    return check_size(checker, data->at, input, "morse gives 64 values",
                      input->real_count == MORSE_VALUES) &&
           check_size(checker, data->at, output, "morse has 64 classes",
                      output->real_count >= MORSE_CLASSES);
  }
  if (data->kind == DATA_DIGITS) {
    return check_size(checker, data->at, input, "digits gives 784 values",
                      input->real_count == DIGIT_VALUES) &&
           check_size(checker, data->at, output, "digits has 10 classes",
                      output->real_count >= DIGIT_CLASSES);
  }
  return true;
}

bool check_goal(const Checker *checker, const Network *network, const Training *training) {
  if (!training->is_given) return true;
  const bool is_right = check_loss(checker, network, training);
  return check_data(checker, network, &training->data) && is_right;
}
