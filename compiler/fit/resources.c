// SPDX-License-Identifier: MIT
// Costs of a junction at some z, from the operations and memories that its schedule will have.
#include "compiler/fit/resources.h"

#include "compiler/schedule/bank_access.h"

Resources junction_resources(const Model *model, uint32_t junction, uint32_t z,
                             HazardRemedy remedy) {
  const Interleaver *edges = &model->junctions[junction].edges;
  const uint64_t ends = right_ends_per_clock(edges, z);
  const uint64_t trees = z > ends ? z - ends : 0;
  const uint64_t bp = junction > 0 ? z : 0;
  const uint64_t left_ends = junction > 0 ? (z < edges->left_count ? z : edges->left_count) : 0;
  return (Resources){
      .ff_multipliers = z,
      .bp_multipliers = bp,
      .up_multipliers = z,
      .multipliers = 2ull * z + bp,
      .ff_adders = trees,
      .bp_adders = bp,
      .up_adders = z,
      .adders = trees + bp + z,
      .neuron_units = ends + left_ends,
      .forwarding_registers = remedy == REMEDY_FORWARD ? z : 0,
  };
}

void memory_resources(const Memory *memories, uint32_t count, Resources *resources) {
  for (uint32_t i = 0; i < count; i++) {
    const uint64_t banks = (uint64_t)memories[i].banks * memories[i].copies;
    resources->memory_banks += banks;
    resources->memory_bits += banks * memories[i].words * memories[i].bits;
  }
}

void resources_add(Resources *a, const Resources *b) {
  a->ff_multipliers += b->ff_multipliers;
  a->bp_multipliers += b->bp_multipliers;
  a->up_multipliers += b->up_multipliers;
  a->multipliers += b->multipliers;
  a->ff_adders += b->ff_adders;
  a->bp_adders += b->bp_adders;
  a->up_adders += b->up_adders;
  a->adders += b->adders;
  a->neuron_units += b->neuron_units;
  a->memory_banks += b->memory_banks;
  a->memory_bits += b->memory_bits;
  a->forwarding_registers += b->forwarding_registers;
}
