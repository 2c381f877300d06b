// SPDX-License-Identifier: MIT
// The simulator's arithmetic in float32: the reference for the order of every sum (see SumOrder in
// model.h).
//
// Each edge loop is written once, always inlined into two functions: one compiled for processors
// with a fused multiply-add instruction, one for all others, where fmaf is a correctly rounded
// function.  Both give the same bits.
#include <math.h>
#include <string.h>

#include "runtime/simulator_state.h"

#define INLINE static inline __attribute__((always_inline))

static uint32_t lesser(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* ---- feedforward ---- */

/* Adds lane j + 8 to lane j, then + 4, + 2, + 1. */
static float sum_lanes(const float lanes[SUM_LANES]) {
  float sums[SUM_LANES];
  memcpy(sums, lanes, sizeof sums);
  for (uint32_t width = SUM_LANES / 2; width > 0; width /= 2) {
    for (uint32_t lane = 0; lane < width; lane++) sums[lane] += sums[lane + width];
  }
  return sums[0];
}

INLINE void ff_by_lane(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t begin = j->right_begin[r], end = j->right_begin[r + 1];
    const uint32_t stop = lesser(end, last);
    if (begin == end) continue;
    if (e == begin) memset(j->lanes, 0, sizeof j->lanes);
    for (; e < stop; e++) {
      float *lane = &j->lanes[(e - begin) % SUM_LANES];
      *lane = __builtin_fmaf(j->weight[e].real, work->ff_activation[j->left[e]].real, *lane);
    }
    if (e == end) j->sum[r] = sum_lanes(j->lanes) + j->bias[r].real;
  }
}

/* The neuron's edges in another order than their numbers': j->by_left is each row's edges by
 * ascending left neuron.  The sum is taken when the last edge is issued, of weights as they were
 * read: UP may have changed them since. */
INLINE void latch_weights(JunctionState *j, uint32_t first, uint32_t last) {
  memcpy(j->latched + first, j->weight + first, (last - first) * sizeof *j->latched);
}

INLINE void ff_by_left(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  latch_weights(j, first, last);
  for (uint32_t r = j->right; r < j->right_count && j->right_begin[r + 1] <= last; r++) {
    const uint32_t begin = j->right_begin[r], end = j->right_begin[r + 1];
    if (begin == end) continue;
    float sum = j->bias[r].real;
    for (uint32_t k = begin; k < end; k++) {
      const uint32_t e = j->by_left[k];
      sum = __builtin_fmaf(j->latched[e].real, work->ff_activation[j->left[e]].real, sum);
    }
    j->sum[r] = sum;
  }
}

/* Lanes by left neuron, of a junction that has all edges. */
INLINE void ff_by_place(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  latch_weights(j, first, last);
  for (uint32_t r = j->right; r < j->right_count && j->right_begin[r + 1] <= last; r++) {
    float lanes[SUM_LANES] = {0.0F};
    for (uint32_t k = j->right_begin[r]; k < j->right_begin[r + 1]; k++) {
      const uint32_t e = j->by_left[k], left = j->left[e];
      float *lane = &lanes[left % SUM_LANES];
      *lane = __builtin_fmaf(j->latched[e].real, work->ff_activation[left].real, *lane);
    }
    j->sum[r] = sum_lanes(lanes) + j->bias[r].real;
  }
}

INLINE void ff_by_segment(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  const uint32_t segment = j->junction->segment;
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t begin = j->right_begin[r], end = j->right_begin[r + 1];
    const uint32_t stop = lesser(end, last);
    if (begin == end) continue;
    if (e == begin) {
      j->sum[r] = j->bias[r].real;
      j->piece = 0.0F;
    }
    float piece = j->piece;
    while (e < stop) {
      if (e % segment == 0 && e != begin) {
        j->sum[r] += piece;
        piece = 0.0F;
      }
      const uint32_t piece_end =
          segment - e % segment < stop - e ? e + (segment - e % segment) : stop;
      for (; e < piece_end; e++) {
        piece = __builtin_fmaf(j->weight[e].real, work->ff_activation[j->left[e]].real, piece);
      }
    }
    j->piece = piece;
    if (e == end) j->sum[r] += piece;
  }
}

/* ---- backpropagation ---- */

INLINE void bp_edges(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    const float delta = work->right_delta[r].real;
    for (; e < stop; e++) {
      float *sum = &work->left_delta[j->left[e]].real;
      *sum = __builtin_fmaf(j->weight[e].real, delta, *sum);
    }
  }
}

/* ---- update ---- */

/* Online plain descent: the rate meets the delta once per neuron, then w - step * a is rounded
 * once. */
INLINE void up_online(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    const float step = -j->step[r];
    for (; e < stop; e++)
      j->weight[e].real =
          __builtin_fmaf(step, work->up_activation[j->left[e]].real, j->weight[e].real);
  }
}

static void update_weight(JunctionState *j, uint32_t e, float gradient) {
  update_float32(&j->weight_rule, gradient, &j->weight[e].real, &j->weight_state[e].real,
                 j->edge_count);
}

static void update_bias(JunctionState *j, uint32_t r, float gradient) {
  update_float32(&j->bias_rule, gradient, &j->bias[r].real, &j->bias_state[r].real, j->right_count);
}

/* Online with any other optimizer: the gradient is the rounded product. */
static void up_optimizer(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    const float delta = work->right_delta[r].real;
    for (; e < stop; e++) update_weight(j, e, work->up_activation[j->left[e]].real * delta);
  }
}

/* Sums the lanes of a gradient, those that no input reached being 0, and divides by the batch. */
static float mean_gradient(const float *gradient, uint32_t stride, uint32_t batch) {
  float lanes[SUM_LANES] = {0.0F};
  for (uint32_t lane = 0; lane < lesser(batch, SUM_LANES); lane++)
    lanes[lane] = gradient[(size_t)lane * stride];
  return sum_lanes(lanes) * (1.0F / (float)batch);
}

/* Batched: input k of the batch adds to lane k % 16; the last one also updates. */
INLINE void up_batched(JunctionState *j, const CycleWork *work, uint32_t first, uint32_t last) {
  const uint32_t place = work->batch_place;
  float *lane = j->gradient + (size_t)(place % SUM_LANES) * j->edge_count;
  const bool is_first = place < SUM_LANES;
  for (uint32_t e = first, r = j->right; e < last; r++) {
    const uint32_t stop = lesser(j->right_begin[r + 1], last);
    const float delta = work->right_delta[r].real;
    for (; e < stop; e++) {
      lane[e] =
          __builtin_fmaf(work->up_activation[j->left[e]].real, delta, is_first ? 0.0F : lane[e]);
    }
  }
  if (!work->closes_batch) return;
  for (uint32_t e = first; e < last; e++) {
    update_weight(j, e, mean_gradient(j->gradient + e, j->edge_count, place + 1));
  }
}

/* ---- the frame of a junction cycle ---- */

static void update_biases(JunctionState *j, const CycleWork *work) {
  const uint32_t place = work->batch_place;
  if (j->is_plain) {
    for (uint32_t r = 0; r < j->right_count; r++) j->bias[r].real -= j->step[r];
    return;
  }
  if (j->model->batch == 1) {
    for (uint32_t r = 0; r < j->right_count; r++) update_bias(j, r, work->right_delta[r].real);
    return;
  }
  float *lane = j->bias_gradient + (size_t)(place % SUM_LANES) * j->right_count;
  for (uint32_t r = 0; r < j->right_count; r++) {
    lane[r] = work->right_delta[r].real + (place < SUM_LANES ? 0.0F : lane[r]);
  }
  for (uint32_t r = 0; work->closes_batch && r < j->right_count; r++) {
    update_bias(j, r, mean_gradient(j->bias_gradient + r, j->right_count, place + 1));
  }
}

static void begin(JunctionState *j, const CycleWork *work) {
  if (work->has_bp) memset(work->left_delta, 0, j->left_count * sizeof(Cell));
  for (uint32_t r = 0; work->has_ff && r < j->right_count; r++) {
    if (j->right_begin[r] == j->right_begin[r + 1]) j->sum[r] = j->bias[r].real;
  }
  if (!work->has_up) return;
  const float rate = (float)work->rate;
  for (uint32_t r = 0; j->is_plain && r < j->right_count; r++)
    j->step[r] = rate * work->right_delta[r].real;
}

/* Activations of all right neurons; padded ones that never fire hold 0. */
static void activate(JunctionState *j, const CycleWork *work) {
  const Layer *layer = &j->model->layers[j->index + 1];
  const bool is_softmax = layer->activation.function == ACTIVATE_SOFTMAX;
  const uint32_t count = model_active_count(j->model, j->index);
  for (uint32_t r = 0; r < j->right_count; r++) {
    float a = 0.0F, d = 0.0F;
    if (r < count) activate_float32(&layer->activation, j->sum[r], &a, &d);
    work->right_activation[r].real = a;
    if (work->right_derivative) work->right_derivative[r].real = d;
  }
  /* The sums are not needed any more once they are exponentials. */
  if (!is_softmax) return;
  softmax_float32(j->sum, count, j->sum);
  for (uint32_t r = 0; r < count; r++) work->right_activation[r].real = j->sum[r];
}

static void end(JunctionState *j, const CycleWork *work) {
  if (work->has_ff) activate(j, work);
  for (uint32_t l = 0; work->has_bp && l < j->left_count; l++) {
    work->left_delta[l].real = work->left_derivative[l].real * work->left_delta[l].real;
  }
  if (work->has_up) update_biases(j, work);
}

/* ---- two compilations of the loops ---- */

#define EDGE_LOOPS(suffix, attribute)                                                              \
  attribute static void ff_by_lane_##suffix(JunctionState *j, const CycleWork *work,               \
                                            uint32_t first, uint32_t last) {                       \
    ff_by_lane(j, work, first, last);                                                              \
  }                                                                                                \
  attribute static void ff_by_segment_##suffix(JunctionState *j, const CycleWork *work,            \
                                               uint32_t first, uint32_t last) {                    \
    ff_by_segment(j, work, first, last);                                                           \
  }                                                                                                \
  attribute static void ff_by_left_##suffix(JunctionState *j, const CycleWork *work,               \
                                            uint32_t first, uint32_t last) {                       \
    ff_by_left(j, work, first, last);                                                              \
  }                                                                                                \
  attribute static void ff_by_place_##suffix(JunctionState *j, const CycleWork *work,              \
                                             uint32_t first, uint32_t last) {                      \
    ff_by_place(j, work, first, last);                                                             \
  }                                                                                                \
  attribute static void bp_##suffix(JunctionState *j, const CycleWork *work, uint32_t first,       \
                                    uint32_t last) {                                               \
    bp_edges(j, work, first, last);                                                                \
  }                                                                                                \
  attribute static void up_online_##suffix(JunctionState *j, const CycleWork *work,                \
                                           uint32_t first, uint32_t last) {                        \
    up_online(j, work, first, last);                                                               \
  }                                                                                                \
  attribute static void up_batched_##suffix(JunctionState *j, const CycleWork *work,               \
                                            uint32_t first, uint32_t last) {                       \
    up_batched(j, work, first, last);                                                              \
  }                                                                                                \
  static const EdgeKernels kernels_##suffix[4][3] = {                                              \
      {{begin, ff_by_lane_##suffix, bp_##suffix, up_online_##suffix, end},                         \
       {begin, ff_by_lane_##suffix, bp_##suffix, up_optimizer, end},                               \
       {begin, ff_by_lane_##suffix, bp_##suffix, up_batched_##suffix, end}},                       \
      {{begin, ff_by_segment_##suffix, bp_##suffix, up_online_##suffix, end},                      \
       {begin, ff_by_segment_##suffix, bp_##suffix, up_optimizer, end},                            \
       {begin, ff_by_segment_##suffix, bp_##suffix, up_batched_##suffix, end}},                    \
      {{begin, ff_by_left_##suffix, bp_##suffix, up_online_##suffix, end},                         \
       {begin, ff_by_left_##suffix, bp_##suffix, up_optimizer, end},                               \
       {begin, ff_by_left_##suffix, bp_##suffix, up_batched_##suffix, end}},                       \
      {{begin, ff_by_place_##suffix, bp_##suffix, up_online_##suffix, end},                        \
       {begin, ff_by_place_##suffix, bp_##suffix, up_optimizer, end},                              \
       {begin, ff_by_place_##suffix, bp_##suffix, up_batched_##suffix, end}},                      \
  };

EDGE_LOOPS(any, )
#if defined(__x86_64__)
EDGE_LOOPS(fused, __attribute__((target("avx2,fma"))))
#endif

const EdgeKernels *float32_kernels(const Model *model, const Junction *junction) {
  const int order = junction->is_place_left ? 3 : (int)junction->sum_order;
  const int update = model->batch > 1 ? 2 : !optimizer_is_plain(&model->optimizer);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2"))
    return &kernels_fused[order][update];
#endif
  return &kernels_any[order][update];
}
