// SPDX-License-Identifier: MIT
// exp, log, tanh and cos from additions and multiplications alone.
// Source of the float polynomials: Moshier, Cephes Mathematical Library (expf, logf, tanhf).
#include "runtime/elementary.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- scaling by powers of two, exact where the result is normal ---- */

static double double_power(int exponent) { /* -1022 .. 1023 */
  const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static float float_power(int exponent) { /* -126 .. 127 */
  const uint32_t bits = (uint32_t)(exponent + 127) << 23;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* ---- double ---- */

static const double ln2_high = 6.93147180369123816490e-01;
static const double ln2_low = 1.90821492927058770002e-10;

/* exp(r) - 1 for |r| <= 0.35: Taylor's series, r + r^2 (1/2! + r/3! + ... + r^12/14!), by pairs as
 * log_series(). */
static double exp_minus_one_series(double r) {
  const double r2 = r * r, r4 = r2 * r2;
  const double s0 = 1.0 / 2.0 + r * (1.0 / 6.0), s2 = 1.0 / 24.0 + r * (1.0 / 120.0);
  const double s4 = 1.0 / 720.0 + r * (1.0 / 5040.0), s6 = 1.0 / 40320.0 + r * (1.0 / 362880.0);
  const double s8 = 1.0 / 3628800.0 + r * (1.0 / 39916800.0);
  const double s10 = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0), s12 = 1.0 / 87178291200.0;
  const double low = (s0 + r2 * s2) + r4 * (s4 + r2 * s6);
  const double high = (s8 + r2 * s10) + r4 * s12;
  return r + r2 * (low + r4 * r4 * high);
}

double exp_double(double x) {
  if (isnan(x)) return x;
  if (x > 709.0)
    return x > 709.782712893384 ? (double)INFINITY : exp_double(x - 1.0) * 2.718281828459045;
  if (x < -708.0) return 0.0;
  const double k = floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * ln2_high) - k * ln2_low;
  return (1.0 + exp_minus_one_series(r)) * double_power((int)k);
}

/* Sum of x^i / (2i + 3) for i < 11 and x <= 0.03: log's series after its first term.  Pairs, pairs
 * of pairs and so on, because one after another they would wait for each other. */
static double log_series(double x) {
  const double x2 = x * x, x4 = x2 * x2;
  const double s0 = 1.0 / 3.0 + x * (1.0 / 5.0), s2 = 1.0 / 7.0 + x * (1.0 / 9.0);
  const double s4 = 1.0 / 11.0 + x * (1.0 / 13.0), s6 = 1.0 / 15.0 + x * (1.0 / 17.0);
  const double s8 = 1.0 / 19.0 + x * (1.0 / 21.0) + x2 * (1.0 / 23.0);
  return (s0 + x2 * s2) + x4 * ((s4 + x2 * s6) + x4 * s8);
}

double log_double(double x) {
  if (isnan(x) || x < 0.0) return (double)NAN;
  if (x == 0.0) return -(double)INFINITY;
  if (isinf(x)) return x;
  int exponent = 0;
  if (x < 0x1p-1022) { /* subnormal */
    x *= 0x1p54;
    exponent = -54;
  }
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  /* Mantissa from sqrt(1/2) to sqrt(2). */
  const uint64_t root_half = 0x3FE6A09E667F3BCDU;
  const uint64_t above = bits - root_half;
  exponent += (int)((int64_t)above >> 52);
  bits = (above & (((uint64_t)1 << 52) - 1)) + root_half;
  double mantissa;
  memcpy(&mantissa, &bits, sizeof mantissa);
  const double f = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = f * f;
  const double k = (double)exponent;
  return k * ln2_high + (2.0 * f + (2.0 * f * (square * log_series(square)) + k * ln2_low));
}

/* exp(x) - 1 for 0 <= x <= 2, without cancellation. */
static double exp_minus_one(double x) {
  const double k = floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * ln2_high) - k * ln2_low;
  const double scale = double_power((int)k);
  return scale * exp_minus_one_series(r) + (scale - 1.0);
}

double tanh_double(double x) {
  const double magnitude = fabs(x);
  if (isnan(x)) return x;
  if (magnitude > 20.0) return x > 0.0 ? 1.0 : -1.0;
  double result;
  if (magnitude < 1.0) {
    const double e = exp_minus_one(2.0 * magnitude);
    result = e / (e + 2.0);
  } else {
    result = 1.0 - 2.0 / (exp_double(2.0 * magnitude) + 1.0);
  }
  return x < 0.0 ? -result : result;
}

void sigmoid_both(double x, double *value, double *opposite) {
  const double e = exp_double(-fabs(x));
  const double near = 1.0 / (1.0 + e), far = e / (1.0 + e);
  *value = x >= 0.0 ? near : far;
  *opposite = x >= 0.0 ? far : near;
}

double sigmoid_double(double x) {
  double value, opposite;
  sigmoid_both(x, &value, &opposite);
  return value;
}

/* cos for 0 <= x <= pi/4, and sin; Taylor's series. */
static double cos_series(double x) {
  double sum = 0.0;
  for (int n = 20; n >= 2; n -= 2) sum = (1.0 + sum) * (-(x * x) / (double)(n * (n - 1)));
  return 1.0 + sum;
}

static double sin_series(double x) {
  double sum = 0.0;
  for (int n = 21; n >= 3; n -= 2) sum = (1.0 + sum) * (-(x * x) / (double)(n * (n - 1)));
  return (1.0 + sum) * x;
}

double cos_turns(double turns) {
  double t = turns - floor(turns); /* 0 .. 1, exact */
  if (t > 0.5) t = 1.0 - t;        /* cos is even: 0 .. 1/2 */
  const int is_negative = t > 0.25;
  if (is_negative) t = 0.5 - t; /* 0 .. 1/4 */
  const double two_pi = 6.283185307179586;
  const double value = t <= 0.125 ? cos_series(two_pi * t) : sin_series(two_pi * (0.25 - t));
  return is_negative ? -value : value;
}

/* ---- float: the same steps that native code vectorizes ---- */

float exp_float(float x) {
  if (isnan(x)) return x;
  if (x > 88.7228394F) return INFINITY;
  if (x < -87.3365479F) return 0.0F;
  const float k = floorf(x * 1.44269504F + 0.5F);
  float r = x - k * 0.693359375F;
  r = r - k * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float y = (p * (r * r) + r) + 1.0F;
  /* In two steps, since k may be 128. */
  const int half = (int)k / 2;
  return y * float_power(half) * float_power((int)k - half);
}

float log_float(float x) {
  if (isnan(x) || x < 0.0F) return NAN;
  if (x == 0.0F) return -INFINITY;
  if (isinf(x)) return x;
  int exponent = 0;
  float m = frexpf(x, &exponent);
  if (m < 0.707106781F) {
    m = m + m;
    exponent--;
  }
  m = m - 1.0F;
  const float square = m * m;
  float p = 7.0376836292e-2F;
  p = p * m + -1.1514610310e-1F;
  p = p * m + 1.1676998740e-1F;
  p = p * m + -1.2420140846e-1F;
  p = p * m + 1.4249322787e-1F;
  p = p * m + -1.6668057665e-1F;
  p = p * m + 2.0000714765e-1F;
  p = p * m + -2.4999993993e-1F;
  p = p * m + 3.3333331174e-1F;
  const float k = (float)exponent;
  float y = p * m * square;
  y = y + -2.12194440e-4F * k;
  y = y + -0.5F * square;
  return (m + y) + 0.693359375F * k;
}

float tanh_float(float x) {
  const float magnitude = fabsf(x);
  if (isnan(x)) return x;
  if (magnitude > 9.1F) return x > 0.0F ? 1.0F : -1.0F;
  if (magnitude >= 0.625F) {
    const float result = 1.0F - 2.0F / (exp_float(magnitude + magnitude) + 1.0F);
    return x < 0.0F ? -result : result;
  }
  const float square = x * x;
  float p = -5.70498872745e-3F;
  p = p * square + 2.06390887954e-2F;
  p = p * square + -5.37397155531e-2F;
  p = p * square + 1.33314422036e-1F;
  p = p * square + -3.33332819422e-1F;
  return p * square * x + x;
}

/* exp(t) for |t| <= 87, where no step leaves the normal numbers: shorter than exp_float(), because
 * a layer waits for it.  Adding 1.5 * 2^23 rounds to a whole number and leaves it in the lowest
 * bits, from where it goes to the exponent. */
static float exp_within(float t) {
  const float shifted = __builtin_fmaf(t, 1.44269504F, 0x1.8p23F);
  const float k = shifted - 0x1.8p23F;
  const float r = __builtin_fmaf(k, 2.12194440e-4F, __builtin_fmaf(k, -0.693359375F, t));
  const float square = r * r;
  const float high = __builtin_fmaf(1.9875691500e-4F, r, 1.3981999507e-3F);
  const float middle = __builtin_fmaf(8.3334519073e-3F, r, 4.1665795894e-2F);
  const float low = __builtin_fmaf(1.6666665459e-1F, r, 5.0000001201e-1F);
  const float p = __builtin_fmaf(__builtin_fmaf(high, square, middle), square, low);
  float y = __builtin_fmaf(p, square, r) + 1.0F;
  uint32_t bits, exponent;
  memcpy(&bits, &y, sizeof bits);
  memcpy(&exponent, &shifted, sizeof exponent);
  bits += exponent << 23;
  memcpy(&y, &bits, sizeof y);
  return y;
}

float sigmoid_float(float x) {
  if (isnan(x)) return x;
  const float least = x > -87.0F ? x : -87.0F;
  const float within = least < 87.0F ? least : 87.0F;
  const float a = 1.0F / (1.0F + exp_within(-within));
  return x < -87.0F ? 0.0F : a;
}
