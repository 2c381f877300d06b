// SPDX-License-Identifier: MIT
// One pass over the edges of a junction whose layout is a walk (runtime/layout.h): FF of one input,
// BP and UP of another, or all at once.
//
//     part ─> group of rows ─> strip of rows, whose feedforward sums are in registers
//                 └─ column ─> left neurons: activations of both inputs, and BP's sums
//                       └─ row of the strip: 16 weights are read, used by all three, written back
//
// A layout says how a crossing's lanes find their left neurons (WalkLayout); the order is the
// walk's.
#ifndef SEDGE_COMPILER_LLVM_ONLINE_WALK_H
#define SEDGE_COMPILER_LLVM_ONLINE_WALK_H

#include "compiler/llvm/online.h"

enum { MOST_BANK_ROWS = 8 };

/* Which input an operand belongs to: the one that feeds forward, or the one that goes back. */
typedef enum WalkSide { WALK_FF, WALK_BACK, WALK_SIDES } WalkSide;

/* What a kernel loads once. */
typedef struct Walk {
  const OnlineKernel *k;
  const struct WalkLayout *layout;
  UpdateFields fields;
  Value left[WALK_SIDES];  /* activations of the left layer */
  Value sums;              /* FF: where the strips' sums go */
  Value deltas, pulls;     /* BACK: of right neurons; ROTATE: of pieces */
  Value left_sums;         /* BP: [p, by cell], summed over the strips */
  Value masks;             /* BLEND */
  Value starts, rotations; /* ROTATE */
  ProductRange range;      /* of FF's and BP's products */
  bool visits_once;        /* each column: BP's sums begin at 0 */
  bool is_unrolled;        /* numbers of parts, rows and columns are constants, and starts known */
  Value is_backward;       /* i1: the last part and group come first; NULL: never */
  uint32_t strip_rows;     /* at most; fits the target's registers */
} Walk;

/* The rows in work. */
typedef struct WalkStrip {
  Value part;          /* i64 */
  Value group;         /* first row of its group, in the part; i64 */
  uint32_t group_rows; /* rows of the group */
  Value offset;        /* of the strip's first row in the group; i64 */
  uint32_t rows;       /* of the strip */
  Value block; /* first slot of a unit in work: a multiple of 16, i64; 0 where units are 16 */
  Value pull[MOST_GROUP_ROWS], delta[MOST_GROUP_ROWS];
} WalkStrip;

/* The left neurons of a column. */
typedef struct WalkColumn {
  Value number;                           /* i64, in the part */
  Value slot;                             /* of the strip's first row; i64 */
  Value left[WALK_SIDES][MOST_BANK_ROWS]; /* activations, as factors */
  Value sums[MOST_BANK_ROWS];             /* BP */
  Value start, turn;                      /* ROTATE */
} WalkColumn;

/* The lanes of a crossing. */
typedef struct WalkLanes {
  uint32_t row;                 /* of the strip */
  Value slot;                   /* i64 */
  Value choice[MOST_BANK_ROWS]; /* BLEND: masks;  ROTATE: the permutation */
} WalkLanes;

typedef struct WalkLayout {
  /* Activations of the column for each side, and BP's sums so far. */
  void (*open_column)(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column);
  /* What a crossing's lanes choose by. */
  void (*open_lanes)(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column,
                     WalkLanes *lanes);
  /* Activations of its left neurons, as factors. */
  Value (*left)(Emitter *e, const Walk *walk, const WalkStrip *strip, const WalkColumn *column,
                const WalkLanes *lanes, WalkSide side);
  /* Adds weight * delta (a factor) to their sums. */
  void (*add_back)(Emitter *e, const Walk *walk, WalkColumn *column, const WalkLanes *lanes,
                   Value weight, Value delta);
  void (*close_column)(Emitter *e, const Walk *walk, const WalkStrip *strip, WalkColumn *column);
  /* Deltas, or what updates pull with, of a strip's row; before its columns. */
  Value (*load_pull)(Emitter *e, const Walk *walk, const WalkStrip *strip, uint32_t row,
                     Value array);
  /* Puts a strip's sums where they belong. */
  void (*store_sums)(Emitter *e, const Walk *walk, const WalkStrip *strip, const Value sums[]);
} WalkLayout;

extern const WalkLayout walk_of_rows, walk_of_rotations;

/* All strips.  BP's left_sums must be 0 before, unless it visits_once. */
void emit_walk(Emitter *e, const Walk *walk);

/* ROTATE: whether a bank is one vector of the target, which permutes it; else BP is a pass of its
 * own, before the walk. */
bool is_permuted(const Emitter *e, const OnlineKernel *k);
void emit_rotate_bp(Emitter *e, const Walk *walk);

/* [16][16] i32: the lanes of a vector, turned by the row's number. */
Value rotations_table(Emitter *e);

/* A number of an unrolled walk. */
uint32_t known(Value constant);

/* BP's sums of 16 cells of a column, before the strip. */
Value load_left_sums(Emitter *e, const Walk *walk, Value cell);

/* Row number of a strip's row in its part. */
Value strip_row(Emitter *e, const WalkStrip *strip, uint32_t row);

#endif
