// SPDX-License-Identifier: MIT
// The two kinds of number and how they round: what every executor computes, to the last bit.
//
// A cell is 32 bits: a binary32, or the raw two's complement of a fixed-point value.
// float32: fmaf where a product joins a sum, everything else rounded after each operation.
// fixed:   f = width - 1 - integer fraction bits, raw range -2^(width-1) .. 2^(width-1) - 1.
#ifndef SEDGE_RUNTIME_NUMBER_H
#define SEDGE_RUNTIME_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum Rounding { ROUND_NEAREST, ROUND_TRUNCATE, ROUND_STOCHASTIC } Rounding;

typedef struct NumberFormat {
  bool is_fixed;
  uint32_t width, integer, fraction; /* fixed: bits in all, integer bits, fraction bits */
  Rounding rounding;                 /* fixed */
  uint64_t rounding_seed;            /* ROUND_STOCHASTIC */
} NumberFormat;

/* Whether rounding asks for random words. */
static inline bool rounds_randomly(const NumberFormat *format) {
  return format->is_fixed && format->rounding == ROUND_STOCHASTIC;
}

typedef union Cell {
  float real;
  int32_t raw;
} Cell;

_Static_assert(sizeof(Cell) == 4, "a cell is one 32-bit word in memory and on disk");

/* 2^exponent exactly, |exponent| <= 126. */
float power_of_two(int exponent);

/* The value of a cell, for reports and predictions. */
double cell_value(const NumberFormat *format, Cell cell);

/* The nearest cell to a value (half up in fixed point; saturating). */
Cell cell_from_value(const NumberFormat *format, double value);

/* The same with another rounding (fixed point); word is ROUND_STOCHASTIC's random word. */
Cell fixed_from_value(const NumberFormat *format, Rounding rounding, double value, uint32_t word);

#endif
