// SPDX-License-Identifier: MIT
// The tables of edge_ops.def and memories.def as enums and arrays.
#ifndef SEDGE_RUNTIME_EDGE_OPS_H
#define SEDGE_RUNTIME_EDGE_OPS_H

typedef enum Phase { PHASE_FF, PHASE_BP, PHASE_UP, PHASE_COUNT } Phase;
typedef enum OpPer { PER_EDGE, PER_LEFT, PER_RIGHT } OpPer;

typedef enum EdgeOp {
#define OP(id, name, phase, per, formula) EDGE_OP_##id,
#define ACCESS(op, memory, owner, index, direction, moment, condition)
#include "runtime/edge_ops.def"
#undef OP
#undef ACCESS
  EDGE_OP_COUNT
} EdgeOp;

typedef enum MemoryKind {
#define MEMORY(id, name, owner, text) MEMORY_##id,
#include "runtime/memories.def"
#undef MEMORY
  MEMORY_KIND_COUNT
} MemoryKind;

typedef enum MemoryOwner { OWNER_JUNCTION, OWNER_LAYER } MemoryOwner;
typedef enum AccessOwner { ACCESS_JUNCTION, ACCESS_LEFT_LAYER, ACCESS_RIGHT_LAYER } AccessOwner;
typedef enum AccessIndex {
  INDEX_EDGE,
  INDEX_LEFT,
  INDEX_RIGHT_FIRST,
  INDEX_RIGHT_LAST
} AccessIndex;
typedef enum AccessDirection { DIRECTION_READ, DIRECTION_WRITE } AccessDirection;
typedef enum AccessMoment { MOMENT_ISSUE, MOMENT_PARTIAL, MOMENT_WRITE_BACK } AccessMoment;
typedef enum AccessCondition {
  CONDITION_ALWAYS,
  CONDITION_BATCHED,
  CONDITION_STATEFUL,
  CONDITION_CLOSING,
  CONDITION_OUTPUT
} AccessCondition;

typedef struct EdgeOpInfo {
  const char *name;
  Phase phase;
  OpPer per;
  const char *formula;
} EdgeOpInfo;

typedef struct AccessRule {
  EdgeOp op;
  MemoryKind memory;
  AccessOwner owner;
  AccessIndex index;
  AccessDirection direction;
  AccessMoment moment;
  AccessCondition condition;
} AccessRule;

typedef struct MemoryInfo {
  const char *name;
  MemoryOwner owner;
  const char *text;
} MemoryInfo;

extern const EdgeOpInfo edge_op_info[EDGE_OP_COUNT];
extern const MemoryInfo memory_info[MEMORY_KIND_COUNT];
extern const AccessRule access_rules[];
extern const unsigned access_rule_count;
extern const char *const phase_names[PHASE_COUNT]; /* "ff", "bp", "up" */

#endif
