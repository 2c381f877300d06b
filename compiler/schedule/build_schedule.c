// SPDX-License-Identifier: MIT
// From a model and its z to the schedule.
#include "compiler/schedule/build_schedule.h"

#include "compiler/schedule/bank_access.h"
#include "compiler/schedule/hazards.h"

static uint32_t divide_up(uint32_t a, uint32_t b) { return a / b + (a % b != 0); }

/* Right neurons without edges end after the last slot, as many a clock as have banks of their own. */
static void place_unconnected(const Interleaver *edges, uint32_t banks, Arena *arena, JunctionSchedule *junction) {
  uint32_t count = 0;
  for (uint32_t r = 0; edges->right_begin && r < edges->right_count; r++) {
    count += edges->right_begin[r] == edges->right_begin[r + 1];
  }
  if (count == 0) return;
  Unconnected *unconnected = ARENA_ARRAY(arena, Unconnected, count);
  uint32_t *used = ARENA_ARRAY(arena, uint32_t, banks); /* the clock after the one that a bank served last */
  uint32_t clock = junction->clock_count, i = 0;
  for (uint32_t r = 0; r < edges->right_count; r++) {
    if (edges->right_begin[r] != edges->right_begin[r + 1]) continue;
    if (used[r % banks] > clock) clock++;
    used[r % banks] = clock + 1;
    unconnected[i++] = (Unconnected){.right = r, .clock = clock};
  }
  junction->unconnected = unconnected;
  junction->unconnected_count = count;
  junction->clock_count = clock + 1;
}

static void find_last_edges(const Interleaver *edges, Arena *arena, JunctionSchedule *junction) {
  uint32_t *last = ARENA_ARRAY(arena, uint32_t, edges->left_count);
  for (uint32_t l = 0; l < edges->left_count; l++) last[l] = UINT32_MAX;
  uint32_t left[1024];
  for (uint32_t first = 0; first < edges->edge_count; first += 1024) {
    const uint32_t count = edges->edge_count - first < 1024 ? edges->edge_count - first : 1024;
    interleaver_expand(edges, first, count, left);
    for (uint32_t k = 0; k < count; k++) last[left[k]] = first + k;
  }
  for (uint32_t l = 0; l < edges->left_count; l++) junction->left_touched += last[l] != UINT32_MAX;
  junction->last_edge = last;
}

static JunctionSchedule build_junction(const ScheduleInput *input, uint32_t index, Arena *arena) {
  const Interleaver *edges = &input->model->junctions[index].edges;
  const uint32_t z = input->z[index];
  const Returns returns = find_returns(edges, z, arena);
  JunctionSchedule junction = {
      .z = z,
      .slot_count = divide_up(edges->edge_count, z),
      .remedy = input->remedies[index],
      .forwarding_registers = input->remedies[index] == REMEDY_FORWARD ? z : 0,
      .shortest_return = returns.shortest,
      .left_uses = returns.left_uses,
      .has_bp = index > 0,
  };
  if (junction.remedy == REMEDY_BUBBLES) junction.bubble_count = place_bubbles(edges, z, arena, &junction.bubbles);
  junction.clock_count = junction.slot_count + junction.bubble_count;
  place_unconnected(edges, layer_banks(input->model, input->z, index + 1), arena, &junction);
  find_last_edges(edges, arena, &junction);
  return junction;
}

void build_schedule(const ScheduleInput *input, Arena *arena, Schedule *schedule) {
  const Model *model = input->model;
  const uint32_t count = model->junction_count;
  JunctionSchedule *junctions = ARENA_ARRAY(arena, JunctionSchedule, count);
  uint32_t *banks = ARENA_ARRAY(arena, uint32_t, count + 1);
  Memory *memories = ARENA_ARRAY(arena, Memory, 9ull * (count + 1));
  uint32_t longest = 0;
  for (uint32_t i = 0; i < count; i++) {
    junctions[i] = build_junction(input, i, arena);
    if (junctions[i].clock_count > longest) longest = junctions[i].clock_count;
  }
  for (uint32_t i = 0; i <= count; i++) banks[i] = layer_banks(model, input->z, i);
  *schedule = (Schedule){
      .model = model,
      .junctions = junctions,
      .layer_banks = banks,
      .memory_count = list_memories(model, input->z, memories),
      .memories = memories,
      .ports = input->hardware->ports,
      .stages = input->hardware->stages,
      .clock_hz = input->hardware->clock_hz,
      .junction_cycle = longest + 2 + input->hardware->stages,
      .initiation_interval = model->is_pipelined ? 1 : 2 * count,
  };
}
