// SPDX-License-Identifier: MIT
// Banks of the layers, the list of memories, and the right side's port proof.
#include "compiler/schedule/bank_access.h"

#include <string.h>

#include "compiler/schedule/build_schedule.h"

static uint32_t divide_up(uint32_t a, uint32_t b) { return a / b + (a % b != 0); }

uint32_t right_ends_per_clock(const Interleaver *edges, uint32_t z) {
  if (!edges->right_begin) return divide_up(z, edges->fanin);
  uint32_t most = 1, slot = UINT32_MAX, ends = 0;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    const uint32_t end = edges->right_begin[r + 1];
    if (end == edges->right_begin[r]) continue;
    ends = (end - 1) / z == slot ? ends + 1 : 1;
    slot = (end - 1) / z;
    if (ends > most) most = ends;
  }
  return most;
}

uint32_t layer_banks(const Model *model, const uint32_t *z, uint32_t layer) {
  const uint32_t last = model->junction_count;
  const uint32_t banks = layer < last ? z[layer] : right_ends_per_clock(&model->junctions[last - 1].edges, z[last - 1]);
  return banks < model->layers[layer].neuron_count ? banks : model->layers[layer].neuron_count;
}

/* Neurons that are neighbours fill the banks in turn, so `count` of them need ceil(count / banks) words of one bank; neurons
 * without edges leave gaps, which only a count by bank sees. */
typedef struct RightWalk {
  uint32_t banks, limit, slot, used;
  uint32_t neurons[256]; /* of the current slot: more never fit where the limit is small */
} RightWalk;

static bool add_neuron(RightWalk *walk, uint32_t slot, uint32_t right) {
  if (slot != walk->slot) {
    walk->slot = slot;
    walk->used = 0;
  }
  uint32_t same_bank = 1;
  for (uint32_t i = 0; i < walk->used; i++) same_bank += walk->neurons[i] % walk->banks == right % walk->banks;
  if (same_bank > walk->limit || walk->used == 256) return false;
  walk->neurons[walk->used++] = right;
  return true;
}

bool right_side_clashes(const Interleaver *edges, uint32_t z, uint32_t banks, uint32_t limit, uint32_t *slot) {
  if (!edges->right_begin) {
    *slot = 0;
    return divide_up(divide_up(z, edges->fanin), banks) > limit;
  }
  RightWalk begins = {.banks = banks, .limit = limit, .slot = UINT32_MAX}, ends = begins;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    const uint32_t begin = edges->right_begin[r], end = edges->right_begin[r + 1];
    if (begin == end) continue;
    *slot = begin / z;
    if (!add_neuron(&begins, begin / z, r)) return true;
    *slot = (end - 1) / z;
    if (!add_neuron(&ends, (end - 1) / z, r)) return true;
  }
  return false;
}

/* ---- memories ---- */

static Memory memory(MemoryKind kind, uint32_t owner, uint32_t elements, uint32_t banks, uint32_t copies, uint32_t bits) {
  return (Memory){
      .kind = kind,
      .owner = owner,
      .element_count = elements,
      .banks = banks,
      .words = divide_up(elements, banks),
      .copies = copies,
      .bits = bits,
  };
}

/* Bits of one gradient word: 16 lanes in float32 (fewer in a smaller batch), an exact sum in fixed point. */
static uint32_t gradient_bits(const Model *model) {
  if (!model->number.is_fixed) return 32 * (model->batch < SUM_LANES ? model->batch : SUM_LANES);
  uint32_t carry = 0;
  while (model->batch >> carry) carry++;
  return 2 * model->number.width + carry;
}

uint32_t list_memories(const Model *model, const uint32_t *z, Memory *memories) {
  const uint32_t bits = model->number.is_fixed ? model->number.width : 32;
  const uint32_t state = optimizer_state_words(&model->optimizer);
  uint32_t count = 0;
  for (uint32_t i = 0; i < model->junction_count; i++) {
    const Interleaver *edges = &model->junctions[i].edges;
    const uint32_t w = edges->edge_count, n = edges->right_count, banks = layer_banks(model, z, i + 1);
    memories[count++] = memory(MEMORY_WEIGHT, i, w, z[i], 1, bits);
    memories[count++] = memory(MEMORY_BIAS, i, n, banks, 1, bits);
    if (model->batch > 1) memories[count++] = memory(MEMORY_GRADIENT, i, w, z[i], 1, gradient_bits(model));
    if (model->batch > 1) memories[count++] = memory(MEMORY_BIAS_GRADIENT, i, n, banks, 1, gradient_bits(model));
    if (state) memories[count++] = memory(MEMORY_STATE, i, w, z[i], 1, state * bits);
    if (state) memories[count++] = memory(MEMORY_BIAS_STATE, i, n, banks, 1, state * bits);
  }
  for (uint32_t i = 0; i <= model->junction_count; i++) {
    const uint32_t neurons = model->layers[i].neuron_count, banks = layer_banks(model, z, i);
    const uint32_t copies = 2 * (model->junction_count - i) + 1;
    memories[count++] = memory(MEMORY_ACTIVATION, i, neurons, banks, copies, bits);
    if (i == 0) continue;
    memories[count++] = memory(MEMORY_DERIVATIVE, i, neurons, banks, copies, bits);
    memories[count++] = memory(MEMORY_DELTA, i, neurons, banks, 2, bits);
  }
  return count;
}
