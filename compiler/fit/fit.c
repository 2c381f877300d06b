// SPDX-License-Identifier: MIT
// Choosing z: the choices are divisors, so all junction cycles that any choice reaches are tried,
// the fastest first.
#include "compiler/fit/fit.h"

#include <stdlib.h>

#include "compiler/edges/edges.h"
#include "compiler/schedule/bank_access.h"
#include "compiler/schedule/build_schedule.h"
#include "compiler/schedule/hazards.h"
#include "lang/vector.h"

bool error_is_misfit(ErrorCode code) {
  return code == ERROR_FIT_PORTS || code == ERROR_FIT_CLASH || code == ERROR_FIT_BANKS ||
         code == ERROR_FIT_MULTIPLIERS || code == ERROR_FIT_MEMORY;
}

typedef struct Choices {
  uint32_t count;
  const uint32_t *z; /* [count] ascending, each free of clashes on the left */
} Choices;

typedef struct Fitting {
  const Program *program;
  const Model *model;
  Diagnostics *diagnostics;
  Arena *arena;
  Choices *choices; /* [junction_count] */
} Fitting;

static uint32_t clocks_at(const Interleaver *edges, uint32_t z) {
  return edges->edge_count / z + (edges->edge_count % z != 0);
}

/* ---- choices ---- */

static Choices list_choices(const Interleaver *edges, Arena *arena) {
  const uint32_t whole = edges->kind == INTERLEAVER_CLASH_FREE ? edges->banks : edges->left_count;
  const bool is_promised =
      edges->kind == INTERLEAVER_CLASH_FREE || edges->kind == INTERLEAVER_DENSE;
  VECTOR(uint32_t) z = {0};
  for (uint32_t divisor = 1; divisor <= whole && divisor <= edges->edge_count; divisor++) {
    if (whole % divisor) continue;
    EdgeClash clash;
    if (!is_promised && divisor > 1 && edges_clash(edges, divisor, &clash)) continue;
    *VECTOR_ADD(arena, &z) = divisor;
  }
  return (Choices){z.count, z.items};
}

/* Whether the right side of junction i can write into `banks` banks. */
static bool right_side_fits(const Fitting *f, uint32_t i, uint32_t z, uint32_t banks) {
  return !right_side_clashes(&f->model->junctions[i].edges, z, banks);
}

/* The smallest z that take at most `clocks` clocks each and whose right sides fit the next
 * junction's banks. */
static bool choose_z(const Fitting *f, uint32_t clocks, uint32_t *z) {
  const uint32_t count = f->model->junction_count;
  for (uint32_t i = 0; i < count; i++) {
    const Interleaver *edges = &f->model->junctions[i].edges;
    uint32_t choice = 0;
    while (choice < f->choices[i].count && clocks_at(edges, f->choices[i].z[choice]) > clocks)
      choice++;
    while (i > 0 && choice < f->choices[i].count &&
           !right_side_fits(f, i - 1, z[i - 1], f->choices[i].z[choice]))
      choice++;
    if (choice == f->choices[i].count) return false;
    z[i] = f->choices[i].z[choice];
  }
  return true;
}

/* ---- costs ---- */

static void cost(const Fitting *f, const uint32_t *z, Fit *fit) {
  const uint32_t count = f->model->junction_count;
  Resources *used = ARENA_ARRAY(f->arena, Resources, count);
  Memory *memories = ARENA_ARRAY(f->arena, Memory, 9ull * (count + 1));
  fit->used = (Resources){0};
  for (uint32_t i = 0; i < count; i++) {
    used[i] = junction_resources(f->model, i, z[i], fit->remedies ? fit->remedies[i] : REMEDY_NONE);
    resources_add(&fit->used, &used[i]);
  }
  memory_resources(memories, list_memories(f->model, z, memories), &fit->used);
  fit->junction_used = used;
  fit->z = z;
}

static bool is_within(const Hardware *hardware, const Resources *used) {
  if (hardware->has_multiplier_limit && used->multipliers > hardware->multipliers) return false;
  return !hardware->has_block_ram_limit || used->memory_bits <= hardware->block_ram_bits;
}

/* The clocks of the longest junction. */
static uint32_t longest_of(const Fitting *f, const uint32_t *z) {
  uint32_t longest = 0;
  for (uint32_t i = 0; i < f->model->junction_count; i++) {
    const uint32_t clocks = clocks_at(&f->model->junctions[i].edges, z[i]);
    if (clocks > longest) longest = clocks;
  }
  return longest;
}

static void choose_remedies(const Fitting *f, const uint32_t *z, Fit *fit) {
  const uint32_t count = f->model->junction_count;
  HazardRemedy *remedies = ARENA_ARRAY(f->arena, HazardRemedy, count);
  const uint32_t longest = longest_of(f, z);
  for (uint32_t i = 0; i < count; i++) {
    const Interleaver *edges = &f->model->junctions[i].edges;
    const Returns returns = find_returns(edges, z[i], f->arena);
    remedies[i] = choose_remedy(&returns, i > 0, f->program->hardware.stages,
                                clocks_at(edges, z[i]), longest);
  }
  fit->remedies = remedies;
}

/* ---- what does not fit ---- */

static const char *z_list(const Fitting *f, const uint32_t *z) {
  const char *text = "";
  for (uint32_t i = 0; i < f->model->junction_count; i++)
    text = arena_print(f->arena, "%s%s%u", text, i ? ", " : "", z[i]);
  return f->model->junction_count == 1 ? text : arena_print(f->arena, "(%s)", text);
}

/* The change of the file's z to these; a file that gives none has none to change. */
static void fix_z(const Fitting *f, Message *m, const uint32_t *z) {
  const Given *given = &f->program->hardware.z_given;
  if (given->is_given) fix(m, given->at, z_list(f, z));
}

/* Reports the first resource that runs out; `nearest` is a choice that fits, or NULL. */
static void report_resources(const Fitting *f, const Resources *used, const uint32_t *z,
                             const uint32_t *nearest) {
  const Hardware *hardware = &f->program->hardware;
  Message *m;
  if (hardware->has_multiplier_limit && used->multipliers > hardware->multipliers) {
    m = error_at(f->diagnostics, ERROR_FIT_MULTIPLIERS, hardware->multipliers_given.at,
                 "z = %s needs %llu multipliers, %llu more than the %llu there are", z_list(f, z),
                 (unsigned long long)used->multipliers,
                 (unsigned long long)(used->multipliers - hardware->multipliers),
                 (unsigned long long)hardware->multipliers);
  } else {
    m = error_at(f->diagnostics, ERROR_FIT_MEMORY, hardware->block_ram_given.at,
                 "the memories hold %llu bits, %llu more than the %llu of block_ram",
                 (unsigned long long)used->memory_bits,
                 (unsigned long long)(used->memory_bits - hardware->block_ram_bits),
                 (unsigned long long)hardware->block_ram_bits);
  }
  if (nearest) {
    help(m, "z = %s is the fastest that fits", z_list(f, nearest));
    fix_z(f, m, nearest);
  } else if (used->memory_bits > hardware->block_ram_bits && hardware->has_block_ram_limit) {
    help(m, "no z fits: give it at least %llu bits, a narrower number format, or fewer edges",
         (unsigned long long)used->memory_bits);
  } else {
    help(m, "no z fits: the smallest needs %llu multipliers",
         (unsigned long long)used->multipliers);
  }
}

static int compare_numbers(const void *a, const void *b) {
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The fastest choice within the resources; NULL where there is none: then *least is the smallest
 * choice at all. */
static const uint32_t *choose_fastest(const Fitting *f, const uint32_t **least) {
  const uint32_t count = f->model->junction_count;
  VECTOR(uint32_t) cycles = {0};
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t c = 0; c < f->choices[i].count; c++) {
      *VECTOR_ADD(f->arena, &cycles) = clocks_at(&f->model->junctions[i].edges, f->choices[i].z[c]);
    }
  }
  qsort(cycles.items, cycles.count, sizeof *cycles.items, compare_numbers);
  *least = NULL;
  for (uint32_t i = 0; i < cycles.count; i++) {
    if (i > 0 && cycles.items[i] == cycles.items[i - 1]) continue;
    uint32_t *z = ARENA_ARRAY(f->arena, uint32_t, count);
    if (!choose_z(f, cycles.items[i], z)) continue;
    *least = z;
    Fit fit = {0};
    cost(f, z, &fit);
    if (is_within(&f->program->hardware, &fit.used)) return z;
  }
  return NULL;
}

/* ---- the file's z ---- */

static bool check_left_banks(const Fitting *f, uint32_t i, Span at) {
  const Hardware *hardware = &f->program->hardware;
  const Interleaver *edges = &f->model->junctions[i].edges;
  EdgeClash clash;
  if (!edges_clash(edges, hardware->z[i], &clash)) return true;
  Message *m =
      error_at(f->diagnostics, ERROR_FIT_CLASH, at,
               "with z = %u, junction %u clashes: in clock %u edges %u and %u read different words "
               "of bank %u",
               hardware->z[i], i + 1, clash.clock, clash.first_edge, clash.second_edge, clash.bank);
  const Choices *choices = &f->choices[i];
  uint32_t near = 0;
  while (near + 1 < choices->count && choices->z[near + 1] <= hardware->z[i]) near++;
  help(m, "the nearest z that never clashes is %u", choices->z[near]);
  fix(m, at, arena_print(f->arena, "%u", choices->z[near]));
  return false;
}

static bool check_given_z(const Fitting *f) {
  const Hardware *hardware = &f->program->hardware;
  const uint32_t count = f->model->junction_count;
  bool is_good = true;
  for (uint32_t i = 0; i < count; i++) is_good &= check_left_banks(f, i, hardware->z_at[i]);
  for (uint32_t i = 0; is_good && i < count; i++) {
    const uint32_t banks = layer_banks(f->model, hardware->z, i + 1);
    if (i + 1 == count || right_side_fits(f, i, hardware->z[i], banks)) continue;
    const uint32_t ends = right_ends_per_clock(&f->model->junctions[i].edges, hardware->z[i]);
    Message *m =
        error_at(f->diagnostics, ERROR_FIT_BANKS, hardware->z_at[i],
                 "junction %u finishes up to %u neurons of '%s' in a clock, into %u bank%s", i + 1,
                 ends, f->program->network.layers[i + 1].name.text, banks, banks == 1 ? "" : "s");
    help(m, "give junction %u a z of at least %u, or junction %u a smaller one", i + 2, ends,
         i + 1);
    is_good = false;
  }
  return is_good;
}

/* ---- warnings ---- */

static void warn_unbalanced(const Fitting *f, const uint32_t *z) {
  const Hardware *hardware = &f->program->hardware;
  const uint32_t count = f->model->junction_count, longest = longest_of(f, z);
  uint32_t *balanced = ARENA_ARRAY(f->arena, uint32_t, count);
  if (!choose_z(f, longest, balanced)) return;
  for (uint32_t i = 0; i < count; i++) {
    if (balanced[i] >= z[i]) continue;
    Message *m =
        warning_at(f->diagnostics, ERROR_UNBALANCED, hardware->z_given.at,
                   "the junction cycles are unbalanced: junction %u is done after %u of %u clocks",
                   i + 1, clocks_at(&f->model->junctions[i].edges, z[i]), longest);
    help(m, "z = %s is as fast with fewer multipliers", z_list(f, balanced));
    fix_z(f, m, balanced);
    return;
  }
}

static void warn_idle(const Fitting *f, const Fit *fit, const uint32_t *fastest) {
  const Hardware *hardware = &f->program->hardware;
  if (!hardware->has_multiplier_limit || !fastest) return;
  Fit other = {0};
  cost(f, fastest, &other);
  if (other.used.multipliers <= fit->used.multipliers ||
      longest_of(f, fastest) >= longest_of(f, fit->z))
    return;
  Message *m = warning_at(f->diagnostics, ERROR_IDLE, hardware->z_given.at,
                          "%llu of %llu multipliers are left idle",
                          (unsigned long long)(hardware->multipliers - fit->used.multipliers),
                          (unsigned long long)hardware->multipliers);
  help(m, "z = %s would use %llu and be faster", z_list(f, fastest),
       (unsigned long long)other.used.multipliers);
  fix_z(f, m, fastest);
}

static bool check_ports(const Fitting *f) {
  const Hardware *hardware = &f->program->hardware;
  if (hardware->ports >= 2) return true;
  Message *m = error_at(
      f->diagnostics, ERROR_FIT_PORTS, hardware->ports_given.at,
      "a weight bank is read and written in one clock, which takes 2 ports, 1 more than there are");
  help(m, "ports = 2");
  if (hardware->ports_given.is_given) fix(m, hardware->ports_given.at, "2");
  return false;
}

bool fit_hardware(const Program *program, const Model *model, Diagnostics *d, Arena *arena,
                  Fit *fit) {
  Fitting f = {.program = program, .model = model, .diagnostics = d, .arena = arena};
  const Hardware *hardware = &program->hardware;
  if (!check_ports(&f)) return false;
  f.choices = ARENA_ARRAY(arena, Choices, model->junction_count);
  for (uint32_t i = 0; i < model->junction_count; i++)
    f.choices[i] = list_choices(&model->junctions[i].edges, arena);
  const uint32_t *least = NULL, *fastest = choose_fastest(&f, &least);
  if (!hardware->is_z_auto && !check_given_z(&f)) return false;
  const uint32_t *z = hardware->is_z_auto ? fastest : hardware->z;
  *fit = (Fit){.is_z_chosen = hardware->is_z_auto};
  cost(&f, z ? z : least, fit);
  if (!is_within(hardware, &fit->used)) {
    report_resources(&f, &fit->used, z ? z : least, fastest);
    return false;
  }
  choose_remedies(&f, z, fit);
  cost(&f, z, fit);
  if (hardware->is_z_auto) return true;
  warn_unbalanced(&f, z);
  warn_idle(&f, fit, fastest);
  return true;
}
