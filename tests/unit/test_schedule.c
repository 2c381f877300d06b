// SPDX-License-Identifier: MIT
// Schedules: any clock that is expanded agrees with what is counted, and the verifier refuses what
// was tampered with.
#include "model_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/schedule/build_schedule.h"

static Compilation *compile_network(const char *layers, const char *hardware, const char *train) {
  char text[1024];
  snprintf(text, sizeof text, "network n { %s } hardware h { %s } train { %s }", layers, hardware,
           train);
  return compile_text(text, PASS_SCHEDULE);
}

static const char *const networks[] = {
    "input a[64]; layer b[32] : relu; output c[16] : sigmoid; junction a -> b : clashfree(fanout = "
    "8, banks = 16);"
    " junction b -> c : dense();",
    "input a[12]; layer b[12] : relu; output c[3] : sigmoid; junction a -> b : clashfree(fanout = "
    "2, banks = 4, type = 1,"
    " dither = true); junction b -> c : clashfree(fanout = 2, banks = 6, type = 3);",
    "input a[1, 8, 8]; layer b[9] : relu; output c[5] : sigmoid; junction a -> b : window(size = "
    "(4, 4), stride = (2, 2));"
    " junction b -> c : dense();",
    "input a[30]; layer b[40], d[20] : relu; output c[9] : sigmoid; junction a -> b -> d : "
    "random(density = 0.04);"
    " junction d -> c : random(density = 0.08, seed = 3);",
    "input a[10]; output c[4] : sigmoid; junction a -> c : structured(fanout = 2);",
};
enum { NETWORK_COUNT = sizeof networks / sizeof networks[0] };

static const char *const trainings[] = {
    "order = pipelined;",
    "order = sequential; optimizer = adam(rate = 1/8); batch = 4;",
    "order = pipelined; optimizer = sgd(rate = 1/8, momentum = 0.9);",
};
enum { TRAINING_COUNT = sizeof trainings / sizeof trainings[0] };

/* ---- expanded clocks ---- */

/* All accesses of one junction cycle of one junction. */
typedef struct Expanded {
  uint32_t count, clock;
  CyclePhases phases;
  struct Use {
    Access access;
    uint32_t clock;
  } uses[20000];
  uint64_t ops[EDGE_OP_COUNT];
} Expanded;

static bool collect(void *context, const Access *access) {
  Expanded *x = context;
  const bool is_ff = edge_op_info[access->op].phase == PHASE_FF;
  if (is_ff ? !x->phases.has_ff : !x->phases.has_up) return true;
  assert_in_range(x->count, 0, sizeof x->uses / sizeof x->uses[0] - 1);
  assert_true(access->element < access->memory->element_count);
  assert_int_equal(access->bank, access->element % access->memory->banks);
  assert_int_equal(access->word, access->element / access->memory->banks);
  assert_true(access->word < access->memory->words);
  x->uses[x->count++] = (struct Use){*access, x->clock};
  return true;
}

/* The same word of the same copy in the same clock and direction, by the words of
 * JunctionCounts. */
static bool are_one_use(const struct Use *a, const struct Use *b) {
  const bool is_layers = memory_info[a->access.memory->kind].owner == OWNER_LAYER;
  const bool is_same_copy = !is_layers || (edge_op_info[a->access.op].phase == PHASE_FF) ==
                                              (edge_op_info[b->access.op].phase == PHASE_FF);
  return a->clock == b->clock && a->access.memory == b->access.memory &&
         a->access.element == b->access.element && a->access.direction == b->access.direction &&
         is_same_copy;
}

static void check_expansion(const Schedule *schedule, uint32_t junction, CyclePhases phases,
                            Expanded *x) {
  *x = (Expanded){.phases = phases};
  const AccessConditions conditions = access_conditions(schedule->model, phases.is_closing);
  uint64_t port_uses[MEMORY_KIND_COUNT] = {0};
  for (x->clock = 0; x->clock < schedule->junction_cycle; x->clock++) {
    const uint32_t first = x->count;
    assert_true(visit_clock(schedule, junction, x->clock, conditions, collect, x));
    for (uint32_t i = first; i < x->count; i++) {
      uint32_t k = first;
      while (!are_one_use(&x->uses[k], &x->uses[i])) k++;
      port_uses[x->uses[i].access.memory->kind] += k == i;
    }
  }
  JunctionCounts counts = {0};
  count_cycles(schedule, junction, phases, 1, &counts);
  for (uint32_t kind = 0; kind < MEMORY_KIND_COUNT; kind++)
    assert_int_equal(port_uses[kind], counts.port_uses[kind]);
}

/* Every edge once for each operation, every right neuron once at its end, every left neuron with an
 * edge once. */
static void check_operations(const Schedule *schedule, uint32_t junction, const Expanded *x) {
  const Interleaver *edges = &schedule->model->junctions[junction].edges;
  JunctionCounts counts = {0};
  count_cycles(schedule, junction, x->phases, 1, &counts);
  uint64_t weights[EDGE_OP_COUNT] = {0}, biases = 0, derivatives = 0;
  for (uint32_t i = 0; i < x->count; i++) {
    const Access *a = &x->uses[i].access;
    if (a->direction == DIRECTION_WRITE) continue;
    if (a->memory->kind == MEMORY_WEIGHT) weights[a->op]++;
    if (a->op == EDGE_OP_FF_END && a->memory->kind == MEMORY_BIAS) biases++;
    if (a->op == EDGE_OP_BP_END) derivatives++;
  }
  assert_int_equal(weights[EDGE_OP_FF_MAC], edges->edge_count);
  assert_int_equal(counts.ops[EDGE_OP_FF_MAC], edges->edge_count);
  assert_int_equal(weights[EDGE_OP_UP_STEP], edges->edge_count);
  assert_int_equal(weights[EDGE_OP_BP_MAC], junction > 0 ? edges->edge_count : 0);
  assert_int_equal(biases, edges->right_count);
  assert_int_equal(counts.ops[EDGE_OP_FF_END], edges->right_count);
  assert_int_equal(derivatives, counts.ops[EDGE_OP_BP_END]);
}

static void expanded_clocks_are_what_is_counted(void **state) {
  (void)state;
  Expanded *x = calloc(1, sizeof *x);
  assert_non_null(x);
  for (uint32_t k = 0; k < NETWORK_COUNT * TRAINING_COUNT; k++) {
    Compilation *c =
        compile_network(networks[k / TRAINING_COUNT], "", trainings[k % TRAINING_COUNT]);
    for (uint32_t i = 0; i < c->model->junction_count; i++) {
      for (uint32_t bits = 0; bits < 8; bits++) {
        const CyclePhases phases = {.has_ff = bits & 1, .has_up = bits & 2, .is_closing = bits & 4};
        check_expansion(c->schedule, i, phases, x);
        if (bits == 7) check_operations(c->schedule, i, x);
      }
    }
    compilation_close(c);
  }
  free(x);
}

/* ---- time ---- */

static void slots_and_clocks_are_inverse(void **state) {
  (void)state;
  static const uint32_t bubbles[] = {1, 2, 5, 9};
  const JunctionSchedule junction = {
      .z = 4, .slot_count = 10, .clock_count = 14, .bubble_count = 4, .bubbles = bubbles};
  static const uint32_t clocks[] = {0, 2, 4, 5, 6, 8, 9, 10, 11, 13};
  uint32_t slot = 0;
  for (uint32_t clock = 0; clock < 20; clock++) {
    if (slot < 10 && clocks[slot] == clock) {
      assert_int_equal(clock_of_slot(&junction, slot), clock);
      assert_int_equal(slot_of_clock(&junction, clock), slot);
      slot++;
    } else {
      assert_int_equal(slot_of_clock(&junction, clock), UINT32_MAX);
    }
  }
  assert_int_equal(slot, 10);
}

/* FF of junction i on input m in cycle m * II + i - 1, BP and UP in m * II + 2L - i. */
static void inputs_come_when_they_should(void **state) {
  (void)state;
  for (uint32_t order = 0; order < 2; order++) {
    Compilation *c = compile_network(networks[3], "", trainings[order]);
    const uint32_t count = c->model->junction_count, interval = order == 0 ? 1 : 2 * count;
    assert_int_equal(c->schedule->initiation_interval, interval);
    for (uint32_t i = 1; i <= count; i++) {
      uint64_t ff = 0, up = 0;
      for (uint64_t t = 0; t < 40; t++) {
        const uint64_t at_ff = input_of_cycle(c->schedule, i - 1, PHASE_FF, t);
        const uint64_t at_up = input_of_cycle(c->schedule, i - 1, PHASE_UP, t);
        assert_int_equal(at_ff, t == ff * interval + i - 1 ? ff : UINT64_MAX);
        assert_int_equal(at_up, t == up * interval + 2 * count - i ? up : UINT64_MAX);
        ff += at_ff != UINT64_MAX;
        up += at_up != UINT64_MAX;
      }
    }
    compilation_close(c);
  }
}

/* The cycle is the longest junction's ceil(W / z), 2 for the memories, and the stages: neurons
 * without edges, which end in clocks that have a bank free, do not make it longer here. */
static void the_junction_cycle_is_the_longest_junction(void **state) {
  (void)state;
  for (uint32_t k = 0; k < NETWORK_COUNT; k++) {
    for (uint32_t stages = 0; stages < 5; stages++) {
      char hardware[32];
      snprintf(hardware, sizeof hardware, "stages = %u;", stages);
      Compilation *c = compile_network(networks[k], hardware, trainings[0]);
      uint32_t longest = 0;
      for (uint32_t i = 0; i < c->model->junction_count; i++) {
        const uint32_t edges = c->model->junctions[i].edges.edge_count, z = c->fit->z[i];
        const uint32_t clocks = edges / z + (edges % z != 0);
        if (clocks > longest) longest = clocks;
      }
      assert_int_equal(c->schedule->junction_cycle, longest + 2 + stages);
      compilation_close(c);
    }
  }
}

/* ---- the proof ---- */

/* What a test changes behind the builder's back. */
typedef struct Doctored {
  Schedule schedule;
  JunctionSchedule junctions[4];
  Memory memories[64];
} Doctored;

/* `words` of the message that must come; NULL: the schedule is right. */
static void expect_verdict(const char *layers, const char *hardware, void (*doctor)(Doctored *),
                           const char *words) {
  Compilation *c = compile_network(layers, hardware, trainings[0]);
  Doctored doctored = {.schedule = *c->schedule};
  memcpy(doctored.junctions, c->schedule->junctions,
         c->model->junction_count * sizeof *c->schedule->junctions);
  memcpy(doctored.memories, c->schedule->memories,
         c->schedule->memory_count * sizeof *c->schedule->memories);
  doctored.schedule.junctions = doctored.junctions;
  doctored.schedule.memories = doctored.memories;
  doctor(&doctored);
  assert_int_equal(verify_schedule(&doctored.schedule, c->diagnostics), words == NULL);
  assert_int_equal(error_count(c->diagnostics) > 0, words != NULL);
  if (words) {
    MessageFacts first = message_facts(c->diagnostics, 0);
    for (uint32_t i = 1; first.severity != SEVERITY_ERROR; i++)
      first = message_facts(c->diagnostics, i);
    assert_int_equal(first.code, ERROR_SCHEDULE_DEFECT);
    if (!strstr(first.text, words)) fail_msg("%s\nnot: %s", first.text, words);
  }
  compilation_close(c);
}

static void nothing(Doctored *d) {
  (void)d;
}

static void no_remedy(Doctored *d) {
  d->junctions[1].remedy = REMEDY_NONE;
}

static void no_forwarding(Doctored *d) {
  d->junctions[1].remedy = REMEDY_LATE_READ;
}

static void one_bubble_less(Doctored *d) {
  d->junctions[1].bubble_count--;
}

static void bubbles_too_early(Doctored *d) {
  static uint32_t bubbles[64];
  for (uint32_t i = 0; i < d->junctions[1].bubble_count; i++)
    bubbles[i] = d->junctions[1].bubbles[i] - 1;
  d->junctions[1].bubbles = bubbles;
}

static void one_port(Doctored *d) {
  d->schedule.ports = 1;
}

static void fewer_banks(Doctored *d) {
  for (uint32_t i = 0; i < d->schedule.memory_count; i++) {
    Memory *memory = &d->memories[i];
    if (memory->kind != MEMORY_ACTIVATION || memory->owner != 0) continue;
    memory->banks /= 4;
    memory->words *= 4;
  }
}

static void fewer_slots(Doctored *d) {
  d->junctions[0].slot_count--;
}

static void shorter_cycle(Doctored *d) {
  d->schedule.junction_cycle -= 2;
}

static void fewer_copies(Doctored *d) {
  for (uint32_t i = 0; i < d->schedule.memory_count; i++) {
    if (d->memories[i].kind == MEMORY_ACTIVATION && d->memories[i].owner == 1)
      d->memories[i].copies--;
  }
}

static void one_delta(Doctored *d) {
  for (uint32_t i = 0; i < d->schedule.memory_count; i++) {
    if (d->memories[i].kind == MEMORY_DELTA) d->memories[i].copies = 1;
  }
}

static const char late[] =
    "input a[64]; layer b[32] : relu; output c[16] : sigmoid; junction a -> b -> c : dense();";

static void the_verifier_accepts(void **state) {
  (void)state;
  static const char *const hardware[] = {"", "ports = 3;", "ports = 4;", "stages = 0;",
                                         "stages = 7;"};
  for (uint32_t k = 0; k < NETWORK_COUNT; k++) {
    for (uint32_t h = 0; h < sizeof hardware / sizeof hardware[0]; h++) {
      expect_verdict(networks[k], hardware[h], nothing, NULL);
    }
  }
}

static void the_verifier_refuses_hazards(void **state) {
  (void)state;
  expect_verdict(late, "z = (64, 16);", nothing, NULL); /* p / z = 2: read late */
  expect_verdict(late, "z = (64, 16);", no_remedy, "is read before it is written back");
  expect_verdict(late, "z = (64, 32);", nothing,
                 NULL); /* p / z = 1: bubbles, behind 32 clocks of the first junction */
  expect_verdict(late, "z = (64, 32);", one_bubble_less, "is read before it is written back");
  expect_verdict(late, "z = (128, 32);", nothing, NULL); /* forwarded */
  expect_verdict(late, "z = (128, 32);", no_forwarding, "is read before it is written back");
  expect_verdict(networks[0], "z = (16, 32);", bubbles_too_early,
                 "is read before it is written back");
}

static void the_verifier_refuses_clashes(void **state) {
  (void)state;
  expect_verdict(late, "", one_port, "a bank is asked for more words than it has ports");
  expect_verdict(late, "z = (64, 16);", fewer_banks,
                 "a bank is asked for more words than it has ports");
}

static void the_verifier_refuses_missing_edges_and_time(void **state) {
  (void)state;
  expect_verdict(late, "", fewer_slots, "is not processed once by every operation");
  expect_verdict(late, "", shorter_cycle, "more than the junction cycle");
}

static void the_verifier_refuses_operands_that_are_gone(void **state) {
  (void)state;
  expect_verdict(late, "", one_delta, "is written again before it is read for the last time");
  expect_verdict(late, "", fewer_copies, "is written again before it is read for the last time");
}

/* ---- staleness ---- */

/* Pipelined, FF of junction i of L lacks 2 (L - i) + 1 updates once the pipeline is full, before
 * that those that there are; BP and UP lack none.  Sequential, nothing is ever stale. */
static void weights_lack_the_updates_in_flight(void **state) {
  (void)state;
  const char *layers = "input a[8]; layer b[8], c[8] : relu; output d[8] : sigmoid;"
                       " junction a -> b -> c -> d : dense();";
  for (uint32_t order = 0; order < 2; order++) {
    Compilation *c =
        compile_network(layers, "", order ? "order = sequential;" : "order = pipelined;");
    for (uint32_t i = 0; i < 3; i++) {
      for (uint64_t t = 0; t < 30; t++) {
        const uint64_t input = input_of_cycle(c->schedule, i, PHASE_FF, t), most = 2 * (2 - i) + 1;
        const uint64_t stale = order || input == UINT64_MAX ? 0 : input < most ? input : most;
        assert_int_equal(missing_updates(c->schedule, i, PHASE_FF, t), stale);
        assert_int_equal(missing_updates(c->schedule, i, PHASE_BP, t), 0);
        assert_int_equal(missing_updates(c->schedule, i, PHASE_UP, t), 0);
      }
    }
    compilation_close(c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(expanded_clocks_are_what_is_counted),
      cmocka_unit_test(slots_and_clocks_are_inverse),
      cmocka_unit_test(inputs_come_when_they_should),
      cmocka_unit_test(weights_lack_the_updates_in_flight),
      cmocka_unit_test(the_junction_cycle_is_the_longest_junction),
      cmocka_unit_test(the_verifier_accepts),
      cmocka_unit_test(the_verifier_refuses_hazards),
      cmocka_unit_test(the_verifier_refuses_clashes),
      cmocka_unit_test(the_verifier_refuses_missing_edges_and_time),
      cmocka_unit_test(the_verifier_refuses_operands_that_are_gone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
