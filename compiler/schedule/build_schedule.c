// SPDX-License-Identifier: MIT
// From a model and its z to the schedule.
#include "compiler/schedule/build_schedule.h"

#include "compiler/schedule/bank_access.h"
#include "compiler/schedule/hazards.h"

static uint32_t divide_up(uint32_t a, uint32_t b) {
  return a / b + (a % b != 0);
}

static bool is_unconnected(const Interleaver *edges, uint32_t right) {
  return edges->right_begin[right] == edges->right_begin[right + 1];
}

/* The first neuron from `right` on that has edges, or has none, as asked. */
static uint32_t next_neuron(const Interleaver *edges, uint32_t right, bool has_edges) {
  while (right < edges->right_count && is_unconnected(edges, right) == has_edges) right++;
  return right;
}

/* Right neurons without edges end where others leave room: in the first clocks that end fewer
 * neurons than the most that any clock ends, and leave their bank free.  Those that find none end
 * in clocks of their own after the last slot. */
static void place_unconnected(const Interleaver *edges, uint32_t banks, Arena *arena,
                              JunctionSchedule *junction) {
  uint32_t count = 0;
  for (uint32_t r = 0; edges->right_begin && r < edges->right_count; r++)
    count += is_unconnected(edges, r);
  if (count == 0) return;
  Unconnected *unconnected = ARENA_ARRAY(arena, Unconnected, count);
  uint32_t *used =
      ARENA_ARRAY(arena, uint32_t, banks); /* the clock after the one that a bank served last */
  const uint32_t most = right_ends_per_clock(edges, junction->z);
  uint32_t ending = next_neuron(edges, 0, true), waiting = next_neuron(edges, 0, false), placed = 0,
           clock = 0;
  for (; placed < count; clock++) {
    const uint32_t slot = slot_of_clock(junction, clock);
    uint32_t ends = 0;
    for (; slot != UINT32_MAX && ending < edges->right_count &&
           (edges->right_begin[ending + 1] - 1) / junction->z == slot;
         ending = next_neuron(edges, ending + 1, true), ends++) {
      used[ending % banks] = clock + 1;
    }
    for (; placed < count && ends < most && used[waiting % banks] != clock + 1;
         waiting = next_neuron(edges, waiting + 1, false), ends++) {
      used[waiting % banks] = clock + 1;
      unconnected[placed++] = (Unconnected){.right = waiting, .clock = clock};
    }
  }
  junction->unconnected = unconnected;
  junction->unconnected_count = count;
  if (clock > junction->clock_count) junction->clock_count = clock;
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
  if (junction.remedy == REMEDY_BUBBLES)
    junction.bubble_count = place_bubbles(edges, z, arena, &junction.bubbles);
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
