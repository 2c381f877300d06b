// SPDX-License-Identifier: MIT
// Draws digits as a pen would: strokes through jittered points, bent, slanted, scaled, and inked
// into 28 x 28.
//
// A stroke is a Catmull-Rom spline, cut into short straight pieces; a pixel is inked by its
// distance to the nearest piece, which makes edges smooth.  Only + - * / and sqrt are used, so the
// bytes agree everywhere.
#include <assert.h>
#include <math.h>
#include <string.h>

#include "runtime/data/dataset_build.h"
#include "runtime/data/generated.h"

enum { DIGIT_COUNT = 10, SIDE = 28, PIXELS = SIDE * SIDE, MOST_POINTS = 16, PIECES_PER_SPAN = 6 };

typedef struct Point {
  double x, y;
} Point;

typedef struct Stroke {
  uint32_t digit, way;
  bool is_closed;
  uint32_t point_count;
  Point points[MOST_POINTS];
} Stroke;

static const Stroke strokes[] = {
#define OPEN   false
#define CLOSED true
#define STROKE(digit, way, is_closed, ...)                                                         \
  {digit, way, is_closed, sizeof((const Point[]){__VA_ARGS__}) / sizeof(Point), {__VA_ARGS__}},
#include "runtime/data/digit_strokes.def"
#undef STROKE
#undef CLOSED
#undef OPEN
};
enum { STROKE_COUNT = sizeof strokes / sizeof strokes[0] };

static const Point box_centre = {35, 50};
static const double box_height = 100;

/* How one example is written. The box maps to the image by a matrix and an offset. */
typedef struct Handwriting {
  double xx, xy, yx, yy; /* image x = xx * x + xy * y + centre.x, and so on */
  Point centre;          /* where the middle of the box lands, in pixels */
  double jitter;         /* deviation of the points, in units of the box */
  double radius;         /* half the pen's width, in pixels */
  double ink;            /* blackness of a full pixel, 0..1 */
} Handwriting;

static double draw_between(RandomStream *stream, double low, double high) {
  return low + (high - low) * random_unit(stream);
}

static Handwriting draw_handwriting(RandomStream *stream) {
  const double height = draw_between(stream, 15.5, 20) / box_height;
  const double width = height * draw_between(stream, 0.75, 1.15);
  const double slant = draw_between(stream, -0.15, 0.4);
  /* A rotation without sine and cosine: t is the tangent of half its angle. */
  const double t = draw_between(stream, -0.07, 0.07);
  const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  Handwriting hand = {.xx = cosine * width,
                      .xy = -sine * height - cosine * slant * height,
                      .yx = sine * width,
                      .yy = cosine * height - sine * slant * height};
  hand.centre.x = (SIDE - 1) / 2.0 + draw_between(stream, -1.7, 1.7);
  hand.centre.y = (SIDE - 1) / 2.0 + draw_between(stream, -1.7, 1.7);
  hand.jitter = draw_between(stream, 1, 3.2);
  hand.radius = draw_between(stream, 0.65, 1.45);
  hand.ink = draw_between(stream, 0.8, 1);
  return hand;
}

static Point place(const Handwriting *hand, Point point) {
  const double x = point.x - box_centre.x, y = point.y - box_centre.y;
  return (Point){.x = hand->xx * x + hand->xy * y + hand->centre.x,
                 .y = hand->yx * x + hand->yy * y + hand->centre.y};
}

static double square_distance(Point point, Point from, Point to) {
  const double dx = to.x - from.x, dy = to.y - from.y;
  const double length = dx * dx + dy * dy;
  double along = 0;
  if (length > 0) along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / length;
  along = fmin(fmax(along, 0), 1);
  const double ex = from.x + along * dx - point.x, ey = from.y + along * dy - point.y;
  return ex * ex + ey * ey;
}

static int clamp_pixel(double at) {
  return (int)fmin(fmax(at, 0), SIDE - 1);
}

/* Lowers the squared distance of the pixels within `reach` of a straight piece. */
static void draw_piece(Point from, Point to, double reach, double nearest[PIXELS]) {
  const int left = clamp_pixel(ceil(fmin(from.x, to.x) - reach));
  const int right = clamp_pixel(floor(fmax(from.x, to.x) + reach));
  const int top = clamp_pixel(ceil(fmin(from.y, to.y) - reach));
  const int bottom = clamp_pixel(floor(fmax(from.y, to.y) + reach));
  for (int y = top; y <= bottom; y++) {
    for (int x = left; x <= right; x++) {
      double *distance = &nearest[y * SIDE + x];
      *distance = fmin(*distance, square_distance((Point){.x = x, .y = y}, from, to));
    }
  }
}

/* One coordinate of the Catmull-Rom spline from b to c, at t in 0..1. */
static double spline(double a, double b, double c, double d, double t) {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/* Draws a stroke through its points, each moved a little. */
static void draw_stroke(const Stroke *stroke, const Handwriting *hand, RandomStream *stream,
                        double nearest[PIXELS]) {
  const uint32_t count = stroke->point_count;
  Point points[MOST_POINTS];
  for (uint32_t i = 0; i < count; i++) {
    const double dx = hand->jitter * random_normal(stream);
    const double dy = hand->jitter * random_normal(stream);
    points[i] = place(hand, (Point){.x = stroke->points[i].x + dx, .y = stroke->points[i].y + dy});
  }
  const uint32_t spans = stroke->is_closed ? count : count - 1;
  for (uint32_t i = 0; i < spans; i++) {
    const Point b = points[i], c = points[(i + 1) % count];
    const bool is_first = i == 0 && !stroke->is_closed;
    const bool is_last = i + 1 == spans && !stroke->is_closed;
    const Point a = is_first ? b : points[(i + count - 1) % count];
    const Point d = is_last ? c : points[(i + 2) % count];
    Point from = b;
    for (int piece = 1; piece <= PIECES_PER_SPAN; piece++) {
      const double t = piece / (double)PIECES_PER_SPAN;
      const Point to = {.x = spline(a.x, b.x, c.x, d.x, t), .y = spline(a.y, b.y, c.y, d.y, t)};
      draw_piece(from, to, hand->radius + 1, nearest);
      from = to;
    }
  }
}

static uint32_t ways_to_write(uint32_t digit) {
  uint32_t ways = 0;
  for (uint32_t i = 0; i < STROKE_COUNT; i++) {
    if (strokes[i].digit == digit && strokes[i].way >= ways) ways = strokes[i].way + 1;
  }
  assert(ways > 0);
  return ways;
}

static void draw_digit(uint32_t digit, double noise, RandomStream *stream, uint8_t bytes[PIXELS]) {
  const Handwriting hand = draw_handwriting(stream);
  const uint32_t way = random_below(stream, ways_to_write(digit));
  double nearest[PIXELS];
  for (int i = 0; i < PIXELS; i++) nearest[i] = 1e9;
  for (uint32_t i = 0; i < STROKE_COUNT; i++) {
    if (strokes[i].digit != digit || strokes[i].way != way) continue;
    draw_stroke(&strokes[i], &hand, stream, nearest);
  }
  for (int i = 0; i < PIXELS; i++) {
    /* A pixel is covered as far as the pen's edge lies beyond its middle, over one pixel's
     * width. */
    double value = hand.ink * fmin(fmax(hand.radius + 0.5 - sqrt(nearest[i]), 0), 1);
    if (noise > 0) value += noise * random_normal(stream);
    bytes[i] = (uint8_t)floor(fmin(fmax(value, 0), 1) * 255 + 0.5);
  }
}

static bool draw_part(const DigitsOptions *options, GeneratedPart part, uint32_t count,
                      Dataset *dataset, Examples *examples, Failure *failure) {
  uint8_t *bytes = dataset_allocate(dataset, (uint64_t)count * PIXELS, sizeof *bytes, failure);
  if (bytes == NULL) return false;
  uint32_t *labels = dataset_allocate(dataset, count, sizeof *labels, failure);
  if (labels == NULL) return false;
  draw_labels(options->seed, RANDOM_DIGITS, part, DIGIT_COUNT, labels, count);
  for (uint32_t i = 0; i < count; i++) {
    RandomStream stream = example_stream(options->seed, RANDOM_DIGITS, part, i);
    draw_digit(labels[i], options->noise, &stream, bytes + (uint64_t)i * PIXELS);
  }
  *examples = (Examples){.count = count, .features = PIXELS, .bytes = bytes, .labels = labels};
  return true;
}

bool generate_digits(const DigitsOptions *options, Dataset *dataset, Failure *failure) {
  *dataset = (Dataset){0};
  if (!(options->noise >= 0 && isfinite(options->noise))) {
    return fail(failure, FAILURE_MODEL, NULL, "digits: noise is %g, expected 0 or more",
                options->noise);
  }
  if (draw_part(options, GENERATED_TRAIN, options->train_count, dataset, &dataset->train,
                failure) &&
      draw_part(options, GENERATED_TEST, options->test_count, dataset, &dataset->test, failure) &&
      dataset_complete(dataset, NULL, failure)) {
    dataset->class_count = DIGIT_COUNT;
    return true;
  }
  dataset_close(dataset);
  return false;
}
