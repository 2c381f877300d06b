// SPDX-License-Identifier: MIT
// One pass over the points from the best x on, the best y first among equal ones: a point stays if
// its y is better than every y before it, or if it is the same point once more.
#include "compiler/sweep/pareto.h"

#include <math.h>
#include <stdlib.h>

typedef struct Point {
  double x, y; /* less is better */
  uint32_t index;
} Point;

static int compare_points(const void *left, const void *right) {
  const Point *a = left, *b = right;
  if (a->x != b->x) return a->x < b->x ? -1 : 1;
  if (a->y != b->y) return a->y < b->y ? -1 : 1;
  return a->index < b->index ? -1 : a->index > b->index;
}

void pareto_set(const double *x, const double *y, bool x_more, bool y_more, uint32_t count,
                Arena *scratch, bool *is_best) {
  Point *points = ARENA_ARRAY(scratch, Point, count);
  uint32_t used = 0;
  for (uint32_t i = 0; i < count; i++) {
    is_best[i] = false;
    if (isnan(x[i]) || isnan(y[i])) continue;
    points[used++] = (Point){x_more ? -x[i] : x[i], y_more ? -y[i] : y[i], i};
  }
  if (used > 0) qsort(points, used, sizeof *points, compare_points);
  const Point *last = NULL; /* of the set */
  for (uint32_t i = 0; i < used; i++) {
    const Point *p = &points[i];
    const bool is_same = last && p->x == last->x && p->y == last->y;
    if (last && !is_same && p->y >= last->y) continue;
    is_best[p->index] = true;
    last = p;
  }
}
