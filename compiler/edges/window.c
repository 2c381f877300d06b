// SPDX-License-Identifier: MIT
// Places a window over the left layer for every right neuron, along one, two or three axes.
//
// Neurons and windows are numbered with the first axis slowest.  A window's left neurons are those
// of the first window, moved: left = base[window] + offset[place].
#include <assert.h>

#include "compiler/edges/edge_list.h"
#include "compiler/edges/place.h"

enum { MOST_AXES = 3 };

/* A box of cells inside the left layer: `count` cells along each axis, `step` left neurons
 * apart. */
typedef struct Box {
  uint32_t axis_count;
  uint32_t count[MOST_AXES];
  uint32_t step[MOST_AXES];
} Box;

static uint32_t box_cells(const Box *box) {
  uint32_t cells = 1;
  for (uint32_t axis = 0; axis < box->axis_count; axis++) cells *= box->count[axis];
  return cells;
}

/* Lists where the box's cells are, first axis slowest. */
static uint32_t *list_cells(const Box *box, Arena *arena) {
  const uint32_t cells = box_cells(box);
  uint32_t *places = ARENA_ARRAY(arena, uint32_t, cells);
  for (uint32_t cell = 0; cell < cells; cell++) {
    uint32_t rest = cell;
    for (uint32_t axis = box->axis_count; axis-- > 0;) {
      places[cell] += rest % box->count[axis] * box->step[axis];
      rest /= box->count[axis];
    }
  }
  return places;
}

/* The edges as a list: for right layers whose padded neurons see no window. */
static void list_windows(const uint32_t *base, uint32_t windows, const uint32_t *offset,
                         uint32_t cells, Arena *arena, Interleaver *edges) {
  uint32_t *left = ARENA_ARRAY(arena, uint32_t, (size_t)windows * cells);
  uint32_t *begin = ARENA_ARRAY(arena, uint32_t, (size_t)edges->right_count + 1);
  for (uint32_t window = 0; window < windows; window++) {
    for (uint32_t cell = 0; cell < cells; cell++)
      left[window * cells + cell] = base[window] + offset[cell];
    begin[window + 1] = (window + 1) * cells;
  }
  for (uint32_t r = windows; r < edges->right_count; r++) begin[r + 1] = begin[r];
  list_edges(left, begin, edges);
}

/* The fan-out of all left neurons, or 0 where they differ. */
static uint32_t shared_fanout(const Interleaver *edges) {
  Arena *scratch = arena_open();
  uint32_t *degrees = ARENA_ARRAY(scratch, uint32_t, edges->left_count);
  for (uint32_t window = 0; window < edges->right_count; window++) {
    for (uint32_t cell = 0; cell < edges->fanin; cell++)
      degrees[edges->base[window] + edges->offset[cell]]++;
  }
  uint32_t fanout = degrees[0];
  for (uint32_t l = 1; l < edges->left_count; l++) {
    if (degrees[l] != fanout) fanout = 0;
  }
  arena_close(scratch);
  return fanout;
}

bool place_window(const EdgesInput *input, Diagnostics *d, Arena *arena, Interleaver *edges) {
  (void)d;
  const Pattern *pattern = pattern_of(input);
  assert(pattern->axis_count >= 1 && pattern->axis_count <= MOST_AXES);
  Box windows = {.axis_count = pattern->axis_count};
  Box cells = windows;
  uint32_t step = 1;
  for (uint32_t axis = pattern->axis_count; axis-- > 0;) {
    windows.count[axis] = pattern->windows[axis];
    windows.step[axis] = pattern->stride[axis] * step;
    cells.count[axis] = pattern->window[axis];
    cells.step[axis] = step;
    step *= pattern->left_shape[axis];
  }
  assert(step <= edges->left_count && box_cells(&windows) <= edges->right_count);
  assert((uint64_t)box_cells(&windows) * box_cells(&cells) <= MOST_EDGES);
  const uint32_t *base = list_cells(&windows, arena);
  const uint32_t *offset = list_cells(&cells, arena);
  if (box_cells(&windows) < edges->right_count) {
    list_windows(base, box_cells(&windows), offset, box_cells(&cells), arena, edges);
    return true;
  }
  edges->kind = INTERLEAVER_WINDOW;
  edges->base = base;
  edges->offset = offset;
  edges->fanin = box_cells(&cells);
  edges->edge_count = edges->right_count * edges->fanin;
  edges->fanout = shared_fanout(edges);
  return true;
}
