// SPDX-License-Identifier: MIT
// Optimizers: how one gradient changes one parameter, in both kinds of number.
//
// float32, each operation rounded, g the gradient:
//   l2 (weights alone)  g = g + l2 * w
//   sgd                 w = w - rate * g
//   momentum            v = momentum * v + g;  w = w - rate * v
//   nesterov            v = momentum * v + g;  w = w - rate * (g + momentum * v)
//   rmsprop             v = decay * v + (1 - decay) * (g * g);
//                       w = w - rate * g / (sqrt(v) + epsilon)
//   adam                m = beta1 * m + (1 - beta1) * g;  v = beta2 * v + (1 - beta2) * (g * g);
//                       w = w - (rate / (1 - beta1^t)) * m
//                               / (sqrt(v * (1 / (1 - beta2^t))) + epsilon)
// with t = 1 for a junction's first update.  Moments (v, m) below 2^-100 in size are 0, and g is 0
// where it is squared below 2^-50: moments that nothing feeds would decay below the normal numbers,
// on which processors are many times slower.  Online plain sgd (batch 1, no momentum, no l2) is
// special:
//   step_r = rate * delta_r;  w = w - step_r * a_l, rounded once;  b = b - step_r
//
// fixed: one rounding of the exact value of each line; rate and l2 are rounded down to powers of
// two, momentum to the format. A rate below 2^-62 is rounded down to 0, and so is an l2 below
// 2^-(fraction + 30), whose share of any weight is less than the format's unit; neither may pass
// 2^20.
#ifndef SEDGE_RUNTIME_OPTIMIZER_H
#define SEDGE_RUNTIME_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/fixed.h"

typedef enum OptimizerMethod { OPTIMIZE_SGD, OPTIMIZE_RMSPROP, OPTIMIZE_ADAM } OptimizerMethod;

typedef struct Optimizer {
  OptimizerMethod method;
  double momentum;
  bool is_nesterov;
  double decay, beta1, beta2, epsilon;
  double l2;
} Optimizer;

/* Cells of state for each parameter: 0, 1 or 2. */
uint32_t optimizer_state_words(const Optimizer *optimizer);

/* Whether it is plain descent, which online training does without gradients. */
bool optimizer_is_plain(const Optimizer *optimizer);

/* The constants of one update, the same for all parameters of a junction. */
typedef struct UpdateRule {
  OptimizerMethod method;
  bool has_momentum, is_nesterov;
  float rate, momentum, l2;
  float decay, rest; /* rmsprop: decay, 1 - decay; adam: beta2, 1 - beta2 */
  float beta1, beta1_rest;
  float second_correction; /* adam: 1 / (1 - beta2^t) */
  float epsilon;
  int rate_shift, l2_shift; /* fixed: rate = 2^-rate_shift, l2 = 2^-l2_shift; NO_SHIFT: 0 */
  int32_t momentum_raw;
} UpdateRule;

enum { NO_SHIFT = 1 << 20 };

/* float32: what is smaller counts as 0. */
#define LEAST_MOMENT  0x1p-100F
#define LEAST_SQUARED 0x1p-50F

/* The rule of the junction's update number `step` (from 1) at this rate, for weights or for biases
 * (no l2). */
UpdateRule update_rule(const Optimizer *optimizer, const NumberFormat *format, double rate,
                       uint64_t step, bool is_weight);

/* float32: *parameter and its state (word i at state[i * stride]). */
void update_float32(const UpdateRule *rule, float gradient, float *parameter, float *state,
                    size_t stride);

/* Fixed: what an update's parameters share.  Both are borrowed. */
typedef struct FixedUpdate {
  const UpdateRule *rule;
  const NumberFormat *format;
  uint32_t batch;
  /* bits of a gradient below the format's unit, where all fits 64 bits and no l2 adds finer ones;
   * else -1 */
  int gradient_shift;
  int plain_shift; /* bits that plain descent drops, where they are no more than 62; else -1 */
} FixedUpdate;
FixedUpdate fixed_update(const UpdateRule *rule, const NumberFormat *format, uint32_t batch);

/* update_fixed() of what is not plain or not short. */
void update_fixed_fully(const FixedUpdate *update, Wide sum, const uint32_t words[2],
                        int32_t *parameter, int32_t *state);

/* gradient = sum / batch, where sum has 2 * fraction fraction bits.  words[0] rounds the parameter,
 * words[1] the state, with stochastic rounding. */
static inline void update_fixed(const FixedUpdate *update, Wide sum, const uint32_t words[2],
                                int32_t *parameter, int32_t *state) {
  const NumberFormat *format = update->format;
  if (update->plain_shift < 0) {
    update_fixed_fully(update, sum, words, parameter, state);
    return;
  }
  *parameter = fixed_round_shift(format, format->rounding, *parameter, -(int64_t)sum,
                                 (uint32_t)update->plain_shift, words[0]);
}

/* -log2 of a rate rounded down to a power of two: 1/8 and 0.2 give 3. */
int power_shift(double rate);

#endif
