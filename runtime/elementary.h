// SPDX-License-Identifier: MIT
// exp, log, tanh and cos: our own, so that two machines agree to the last bit.
//
// Only additions, multiplications and divisions of IEEE numbers, never fused, in a fixed order; the
// platform's libm is not asked.  exp and log are within 2 units in the last place, the others
// within 4.
#ifndef SEDGE_RUNTIME_ELEMENTARY_H
#define SEDGE_RUNTIME_ELEMENTARY_H

double exp_double(double x);
double log_double(double x); /* x > 0; log(0) = -inf, negative: nan */
double tanh_double(double x);
double sigmoid_double(double x);
void sigmoid_both(double x, double *value,
                  double *opposite); /* of x and of -x, each exact to its last bits */
double cos_turns(double turns);      /* cos(2 * pi * turns), |turns| <= 2^40 */

float exp_float(float x);
float log_float(float x);
float tanh_float(float x);
float sigmoid_float(float x); /* 1 / (1 + exp(-x)) */

#endif
