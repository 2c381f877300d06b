// SPDX-License-Identifier: MIT
// A hardware block: what it says itself goes before what the part that it names has.
#include "lang/check_hardware.h"

#include <string.h>

/* Bits of one FPGA memory block: 36 kbit. */
enum { PART_MEMORY_BITS = 36864 };

typedef struct Part {
  const char *name;
  uint64_t multipliers;
  uint64_t memories;
  uint32_t ports;
} Part;

static const Part parts[] = {
#define PART(name, multipliers, memories, ports) {name, multipliers, memories, ports},
#include "lang/parts.def"
#undef PART
};

enum { PART_COUNT = sizeof parts / sizeof parts[0] };

static void report_unknown_part(const Checker *checker, Span at, const char *name) {
  Message *m = error_at(checker->diagnostics, ERROR_UNKNOWN_PART, at, "unknown part '%s'", name);
  Suggestion suggestion = suggestion_for(name);
  const char *list = parts[0].name;
  for (size_t i = 0; i < PART_COUNT; i++) {
    suggest(&suggestion, parts[i].name);
    if (i > 0) list = arena_print(checker->arena, "%s, %s", list, parts[i].name);
  }
  if (suggestion.best != NULL) {
    help(m, "did you mean \"%s\"?", suggestion.best);
    fix(m, at, arena_print(checker->arena, "\"%s\"", suggestion.best));
    return;
  }
  help(m, "there are %s", list);
}

static bool take_part(const Checker *checker, const Bound *bound, Hardware *hardware) {
  const FieldValue *named = bound_field(bound, FIELD_HARDWARE_RESOURCES);
  if (named->is_absent) return true;
  if (named->is_poisoned) return false;
  for (size_t i = 0; i < PART_COUNT; i++) {
    if (strcmp(parts[i].name, named->text) != 0) continue;
    hardware->part = parts[i].name;
    hardware->has_multiplier_limit = true;
    hardware->multipliers = parts[i].multipliers;
    hardware->has_block_ram_limit = true;
    hardware->block_ram_bits = parts[i].memories * PART_MEMORY_BITS;
    hardware->ports = parts[i].ports;
    return true;
  }
  report_unknown_part(checker, named->expr->at, named->text);
  return false;
}

static void take_resources(const Bound *bound, Hardware *hardware) {
  const FieldValue *clock = bound_field(bound, FIELD_HARDWARE_CLOCK);
  const FieldValue *multipliers = bound_field(bound, FIELD_HARDWARE_MULTIPLIERS);
  const FieldValue *block_ram = bound_field(bound, FIELD_HARDWARE_BLOCK_RAM);
  const FieldValue *ports = bound_field(bound, FIELD_HARDWARE_PORTS);
  if (!clock->is_absent) hardware->clock_hz = clock->number;
  if (multipliers->is_given) {
    hardware->has_multiplier_limit = !multipliers->is_absent;
    hardware->multipliers = multipliers->whole;
  }
  if (block_ram->is_given) {
    hardware->has_block_ram_limit = !block_ram->is_absent;
    hardware->block_ram_bits = block_ram->whole;
  }
  if (ports->is_given || hardware->part == NULL) hardware->ports = (uint32_t)ports->whole;
  hardware->clock = bound_given(bound, FIELD_HARDWARE_CLOCK);
  hardware->multipliers_given = bound_given(bound, FIELD_HARDWARE_MULTIPLIERS);
  hardware->block_ram_given = bound_given(bound, FIELD_HARDWARE_BLOCK_RAM);
  hardware->ports_given = bound_given(bound, FIELD_HARDWARE_PORTS);
}

static bool take_number(const Checker *checker, const Bound *block, Hardware *hardware) {
  Bound bound;
  const Form form = bind_setting(checker, block, FIELD_HARDWARE_NUMBER, FAMILY_NUMBER, &bound);
  hardware->number_given = bound_given(block, FIELD_HARDWARE_NUMBER);
  if (form == FORM_COUNT) return false;
  if (form == FORM_FLOAT32) return true;
  const FieldValue *width = bound_field(&bound, FIELD_FIXED_WIDTH);
  const FieldValue *integer = bound_field(&bound, FIELD_FIXED_INTEGER);
  if (width->is_poisoned || integer->is_poisoned) return false;
  hardware->is_fixed = true;
  hardware->width = (uint32_t)width->whole;
  hardware->integer = (uint32_t)integer->whole;
  if (hardware->integer < hardware->width) return true;
  Message *m = error_at(checker->diagnostics, ERROR_FIXED_POINT, integer->at,
                        "%u integer bits and a sign do not fit in %u bits", hardware->integer,
                        hardware->width);
  help(m, "at most %u integer bits do", hardware->width - 1);
  if (integer->expr != NULL)
    fix(m, integer->expr->at, arena_print(checker->arena, "%u", hardware->width - 1));
  return false;
}

static bool take_rounding(const Checker *checker, const Bound *block, Hardware *hardware) {
  Bound bound;
  const Form form = bind_setting(checker, block, FIELD_HARDWARE_ROUNDING, FAMILY_ROUNDING, &bound);
  hardware->rounding_given = bound_given(block, FIELD_HARDWARE_ROUNDING);
  hardware->rounding_seed = 1;
  hardware->rounding_seed_given = (Given){false, hardware->rounding_given.at};
  if (form == FORM_COUNT) return false;
  hardware->rounding = form == FORM_TRUNCATE ? ROUNDING_KIND_TRUNCATE : ROUNDING_KIND_NEAREST;
  if (form != FORM_STOCHASTIC) return true;
  const FieldValue *seed = bound_field(&bound, FIELD_STOCHASTIC_SEED);
  hardware->rounding = ROUNDING_KIND_STOCHASTIC;
  hardware->rounding_seed = seed->whole;
  hardware->rounding_seed_given = bound_given(&bound, FIELD_STOCHASTIC_SEED);
  return !seed->is_poisoned;
}

static void take_parallelism(const Bound *bound, Hardware *hardware) {
  const FieldValue *z = bound_field(bound, FIELD_HARDWARE_Z);
  hardware->is_z_auto = z->is_absent;
  hardware->z_given = bound_given(bound, FIELD_HARDWARE_Z);
  if (z->is_absent || z->is_poisoned) return;
  hardware->z_count = z->size_count;
  hardware->z = z->sizes;
  hardware->z_at = z->sizes_at;
}

bool check_hardware(const Checker *checker, const Item *item, Hardware *hardware) {
  const uint32_t errors = error_count(checker->diagnostics);
  Bound bound;
  bind_block(checker, FORM_HARDWARE, item, &bound);
  *hardware = (Hardware){.name = {.text = ""}, .at = bound.at};
  if (item != NULL) {
    hardware->name = item->name;
    hardware->at = item->at;
  }
  bool is_right = take_part(checker, &bound, hardware);
  take_resources(&bound, hardware);
  is_right = take_number(checker, &bound, hardware) && is_right;
  is_right = take_rounding(checker, &bound, hardware) && is_right;
  take_parallelism(&bound, hardware);
  hardware->stages = (uint32_t)bound_field(&bound, FIELD_HARDWARE_STAGES)->whole;
  if (!is_right || error_count(checker->diagnostics) != errors) return false;
  if (hardware->is_fixed || hardware->rounding == ROUNDING_KIND_NEAREST) return true;
  Message *m = warning_at(checker->diagnostics, ERROR_IGNORED_SETTING, hardware->rounding_given.at,
                          "rounding has no effect with float32");
  help(m, "it is for `number = fixed(width, integer)`");
  return true;
}

bool check_parallelism(const Checker *checker, const Network *network, const Hardware *hardware) {
  Diagnostics *d = checker->diagnostics;
  if (hardware->is_z_auto) return true;
  const uint32_t count = network->junction_count;
  if (hardware->z_count != count) {
    Message *m =
        hardware->z_count == 1
            ? error_at(d, ERROR_Z_COUNT, hardware->z_given.at, "one z for %u junctions", count)
            : error_at(d, ERROR_Z_COUNT, hardware->z_given.at, "%u numbers in z for %u junction%s",
                       hardware->z_count, count, count == 1 ? "" : "s");
    help(m, "give one number for each junction, in a list, or write `z = auto`");
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    const uint64_t edges = network->junctions[i].pattern.edge_count;
    if (edges == 0 || hardware->z[i] <= edges) continue;
    Message *m =
        error_at(d, ERROR_Z_RANGE, hardware->z_at[i], "z is %u, but the junction has %llu edges",
                 hardware->z[i], (unsigned long long)edges);
    note_at(m, network->junctions[i].at, "this junction");
    return false;
  }
  return true;
}
