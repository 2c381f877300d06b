// SPDX-License-Identifier: MIT
// The schedule: which edge-processor operation happens in which clock, on which banks.
//
// This is the heart of sedge: the compiler makes it, the simulator executes it, LLVM lowers it,
// reports are printed from it.  It is compact: counters and address generators, from which any
// clock can be expanded.
//
//   time      junction cycle t = 0, 1, 2, ...; in it every junction works at once, each on inputs
//             of its own:
//               FF of junction i (from 1) on input m      in junction cycle  m * II + i - 1
//               BP and UP of junction i on input m        in junction cycle  m * II + 2L - i
//             II, the junction cycles between two inputs, is 1 pipelined and 2L sequential.
//   clocks    a junction issues slot s = 0 .. slot_count-1 in clock s + (bubbles at or before s);
//             slot s is edges s*z .. s*z+z-1.  Right neurons without edges have slots of their own
//             choosing (unconnected).  An access happens at its moment after the issue
//             (edge_ops.def); the junction cycle ends 2 + stages clocks after the longest
//             junction's last issue.
//   memory    word-major banks: element x (an edge or a neuron) is word x / banks of bank x %
//             banks, so that a flat array indexed by x is the memory.  Copies: the one of input m
//             is m % copies.
#ifndef SEDGE_RUNTIME_SCHEDULE_H
#define SEDGE_RUNTIME_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/edge_ops.h"
#include "runtime/model.h"

/* How a junction keeps a partial delta sum from being read before it is written back. */
typedef enum HazardRemedy {
  REMEDY_NONE,      /* no word comes back within the arithmetic pipeline: distance >= stages + 2 */
  REMEDY_LATE_READ, /* partial sums are read when the product is ready: distance >= 2 is enough */
  /* late read, and the adder's result is forwarded to the next clock: any distance */
  REMEDY_FORWARD,
  REMEDY_BUBBLES, /* late read, and a clock is left empty wherever a word would come back at once */
} HazardRemedy;

typedef struct Memory {
  MemoryKind kind;
  uint32_t owner;         /* junction or layer index, from 0 */
  uint32_t element_count; /* edges or neurons */
  uint32_t banks, words;  /* words = ceil(element_count / banks) */
  uint32_t copies;        /* copies by input (activation, derivative, delta), else 1 */
  uint32_t bits;          /* of one word: the number's width times what it holds */
} Memory;

/* A right neuron without any edge: ends (bias, activation) in this clock. */
typedef struct Unconnected {
  uint32_t right;
  uint32_t clock;
} Unconnected;

typedef struct JunctionSchedule {
  uint32_t z;          /* edges issued in one clock */
  uint32_t slot_count; /* C = ceil(W / z) */
  /* clocks from the first issue to the last: slots, bubbles, and unconnected neurons beyond */
  uint32_t clock_count;
  HazardRemedy remedy;
  uint32_t forwarding_registers; /* REMEDY_FORWARD: z, else 0 */
  uint32_t bubble_count;
  const uint32_t *bubbles; /* [bubble_count] ascending slots before which one empty clock stands */
  /* fewest slots between two touches of a left word; UINT32_MAX: none returns */
  uint32_t shortest_return;
  uint32_t unconnected_count;
  const Unconnected *unconnected; /* ascending by clock */
  bool has_bp;                    /* every junction but the first */
  /* different left words asked for, summed over the slots of a junction cycle */
  uint64_t left_uses;
  uint32_t left_touched; /* left neurons with an edge */
  /* [left_count] last edge of each left neuron; UINT32_MAX: it has none */
  const uint32_t *last_edge;
} JunctionSchedule;

typedef struct Schedule {
  const Model *model;
  const JunctionSchedule *junctions; /* [model->junction_count] */
  /* [L + 1]: z of the junction that reads the layer; the output's: ceil(z_L / fanin_L) */
  const uint32_t *layer_banks;
  uint32_t memory_count;
  const Memory *memories; /* the junctions' before the layers', each by owner */
  uint32_t ports;         /* of each memory bank */
  uint32_t stages;
  double clock_hz;              /* 0: none given */
  uint32_t junction_cycle;      /* clocks */
  uint32_t initiation_interval; /* II, junction cycles */
} Schedule;

/* ---- asking a schedule ---- */

/* The clock in which junction's slot is issued, and back (UINT32_MAX: a bubble, or past the last
 * slot). */
uint32_t clock_of_slot(const JunctionSchedule *junction, uint32_t slot);
uint32_t slot_of_clock(const JunctionSchedule *junction, uint32_t clock);

/* Clocks from issue to an access's moment. */
uint32_t moment_clocks(const Schedule *schedule, uint32_t junction, AccessMoment moment);

/* The input that a junction works on in junction cycle t for this phase, or UINT64_MAX while there
 * is none. */
uint64_t input_of_cycle(const Schedule *schedule, uint32_t junction, Phase phase,
                        uint64_t junction_cycle);

/* How stale the weights are that a junction reads for this phase in junction cycle t: the inputs
 * before its own whose updates come in t or later.  0 where it works on no input. */
uint64_t missing_updates(const Schedule *schedule, uint32_t junction, Phase phase,
                         uint64_t junction_cycle);

/* Copy of layer-owned memory that belongs to an input. */
static inline uint32_t copy_of_input(const Memory *memory, uint64_t input) {
  return (uint32_t)(input % memory->copies);
}

/* The memory of this kind and owner, or NULL if the schedule has none. */
const Memory *find_memory(const Schedule *schedule, MemoryKind kind, uint32_t owner);

/* One access of one clock, as expanded. */
typedef struct Access {
  EdgeOp op;
  const Memory *memory;
  AccessDirection direction;
  uint32_t element; /* edge or neuron */
  uint32_t bank, word;
  uint32_t edge; /* the edge it is for; UINT32_MAX for an unconnected neuron */
  int64_t age; /* junction cycles since the input that it belongs to entered: tells the copies of a
                              memory apart within a junction cycle */
} Access;

/* Which conditional accesses (edge_ops.def) an expansion includes: of its model, which has the
 * memories that they ask for. */
typedef struct AccessConditions {
  bool is_batched, is_closing, is_stateful;
} AccessConditions;
AccessConditions access_conditions(const Model *model, bool is_closing);

/* Calls visit for every access that junction makes in `clock` of a junction cycle (issued in it, or
 * reaching its moment in it), in table order, one for each edge or right neuron, until visit
 * returns false; returns whether all were visited. */
typedef bool (*AccessVisitor)(void *context, const Access *access);
bool visit_clock(const Schedule *schedule, uint32_t junction, uint32_t clock,
                 AccessConditions conditions, AccessVisitor visit, void *context);

/* ---- counting ---- */

/* What is done, by one junction or by all; the simulator counts the same fields while it runs.  A
 * port use is one word of one bank in one clock: edges that ask for the same word share it, FF, BP
 * and UP where they read the same weight or bias (once a junction cycle, whichever of them work in
 * it), and BP and UP where they read a right neuron's delta.  FF and UP read activations of
 * different inputs, so of different copies: two uses.  A junction counts what its own operations
 * ask for, also of its neighbours' layers. */
typedef struct JunctionCounts {
  uint64_t ops[EDGE_OP_COUNT];
  uint64_t port_uses[MEMORY_KIND_COUNT];
} JunctionCounts;

/* What a junction does in one junction cycle. */
typedef struct CyclePhases {
  bool has_ff, has_up; /* BP comes with UP in every junction but the first */
  bool is_closing;     /* UP's input closes a batch (online: always) */
} CyclePhases;

/* Adds `times` such junction cycles of one junction to *counts. */
void count_cycles(const Schedule *schedule, uint32_t junction, CyclePhases phases, uint64_t times,
                  JunctionCounts *counts);

/* Clocks of a whole training of `inputs` inputs, from an empty pipeline until it is empty again. */
uint64_t training_clocks(const Schedule *schedule, uint64_t inputs);

/* A whole training of `inputs` inputs in `closings` batches, from an empty pipeline until it is
 * empty again. */
typedef struct RunCounts {
  uint64_t junction_cycles, clocks;
} RunCounts;
RunCounts predict_counts(const Schedule *schedule, uint64_t inputs, uint64_t closings,
                         JunctionCounts *junctions);

#endif
