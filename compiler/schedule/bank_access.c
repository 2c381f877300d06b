// SPDX-License-Identifier: MIT
// Banks of the layers, the list of memories, and the right side's port proof.
#include "compiler/schedule/bank_access.h"

#include "compiler/schedule/build_schedule.h"
#include "lang/arena.h"

static uint32_t divide_up(uint32_t a, uint32_t b) {
  return a / b + (a % b != 0);
}

uint32_t right_ends_per_clock(const Interleaver *edges, uint32_t z) {
  if (!edges->right_begin) return divide_up(z, edges->fanin);
  uint32_t most = 1, begin_slot = UINT32_MAX, begins = 0, end_slot = UINT32_MAX, ends = 0;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    const uint32_t begin = edges->right_begin[r], end = edges->right_begin[r + 1];
    if (begin == end) continue;
    begins = begin / z == begin_slot ? begins + 1 : 1;
    ends = (end - 1) / z == end_slot ? ends + 1 : 1;
    begin_slot = begin / z;
    end_slot = (end - 1) / z;
    if (begins > most) most = begins;
    if (ends > most) most = ends;
  }
  return most;
}

/* Whether a bank serves its second neuron of a slot; asked holds the slot + 1 that each bank served
 * last. */
static bool ask_bank(uint32_t *asked, uint32_t bank, uint32_t slot) {
  const bool is_second = asked[bank] == slot + 1;
  asked[bank] = slot + 1;
  return is_second;
}

bool right_side_clashes(const Interleaver *edges, uint32_t z, uint32_t banks) {
  if (!edges->right_begin) return divide_up(z, edges->fanin) > banks;
  Arena *scratch = arena_open();
  uint32_t *begins = ARENA_ARRAY(scratch, uint32_t, banks),
           *ends = ARENA_ARRAY(scratch, uint32_t, banks);
  bool has_clash = false;
  for (uint32_t r = 0; r < edges->right_count && !has_clash; r++) {
    const uint32_t begin = edges->right_begin[r], end = edges->right_begin[r + 1];
    if (begin == end) continue;
    has_clash = ask_bank(begins, r % banks, begin / z) || ask_bank(ends, r % banks, (end - 1) / z);
  }
  arena_close(scratch);
  return has_clash;
}

uint32_t layer_banks(const Model *model, const uint32_t *z, uint32_t layer) {
  const uint32_t count = model->junction_count, neurons = model->layers[layer].neuron_count;
  if (layer < count) return z[layer] < neurons ? z[layer] : neurons;
  const Interleaver *edges = &model->junctions[count - 1].edges;
  uint32_t banks = right_ends_per_clock(edges, z[count - 1]);
  /* Neurons without edges can set their neighbours a multiple of the banks apart. */
  while (banks < neurons && right_side_clashes(edges, z[count - 1], banks)) banks++;
  return banks < neurons ? banks : neurons;
}

/* ---- memories ---- */

static Memory memory(MemoryKind kind, uint32_t owner, uint32_t elements, uint32_t banks,
                     uint32_t copies, uint32_t bits) {
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

/* Bits of one gradient word: 16 lanes in float32 (fewer in a smaller batch), an exact sum in fixed
 * point. */
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
    const uint32_t w = edges->edge_count, n = edges->right_count,
                   banks = layer_banks(model, z, i + 1);
    memories[count++] = memory(MEMORY_WEIGHT, i, w, z[i], 1, bits);
    memories[count++] = memory(MEMORY_BIAS, i, n, banks, 1, bits);
    if (model->batch > 1)
      memories[count++] = memory(MEMORY_GRADIENT, i, w, z[i], 1, gradient_bits(model));
    if (model->batch > 1)
      memories[count++] = memory(MEMORY_BIAS_GRADIENT, i, n, banks, 1, gradient_bits(model));
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
