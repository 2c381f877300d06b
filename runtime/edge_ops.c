// SPDX-License-Identifier: MIT
// The tables of edge_ops.def and memories.def.
#include "runtime/edge_ops.h"

const EdgeOpInfo edge_op_info[EDGE_OP_COUNT] = {
#define OP(id, name, phase, per, formula) {name, PHASE_##phase, PER_##per, formula},
#define ACCESS(op, memory, owner, index, direction, moment, condition)
#include "runtime/edge_ops.def"
#undef OP
#undef ACCESS
};

const AccessRule access_rules[] = {
#define OP(id, name, phase, per, formula)
#define ACCESS(op, memory, owner, index, direction, moment, condition)                             \
  {EDGE_OP_##op,          MEMORY_##memory, ACCESS_##owner,       INDEX_##index,                    \
   DIRECTION_##direction, MOMENT_##moment, CONDITION_##condition},
#include "runtime/edge_ops.def"
#undef OP
#undef ACCESS
};

const unsigned access_rule_count = sizeof access_rules / sizeof access_rules[0];

const MemoryInfo memory_info[MEMORY_KIND_COUNT] = {
#define MEMORY(id, name, owner, text) {name, OWNER_##owner, text},
#include "runtime/memories.def"
#undef MEMORY
};

const char *const phase_names[PHASE_COUNT] = {"ff", "bp", "up"};
