// SPDX-License-Identifier: MIT
// ENTER: examples become cells of the input layer, in the order that the first junction reads them.
//
//   natural   16 values in a row are 16 cells in a row
//   ROTATE    cells lie bank by bank: blocks of 16 rows x 16 banks are transposed
//   batch     cells of 16 examples lie side by side: blocks of 16 examples x 16 values, transposed
//
// Bytes stand for byte / 255.  A product with two parts of 1 / 255 gives the rounded quotient for
// all of them, which is tried here; where fusing is slow or a byte comes out otherwise, it is
// divided.  In fixed point a product, a sum and a shift do, which are found by trying them too.
#include <math.h>

#include "compiler/llvm/arithmetic.h"
#include "compiler/llvm/kernels.h"

typedef struct Enter {
  bool is_bytes;
  uint32_t real_count, neuron_count;
  Layout layout;
  Value cells;
} Enter;

/* ---- one vector ---- */

static const float inverse_high = 1.0F / 255.0F;

/* 1 / 255 - inverse_high. */
static float inverse_low(void) {
  return (float)(1.0 / 255.0 - (double)inverse_high);
}

static bool is_product_exact(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    const float b = (float)byte, low = b * inverse_low();
    if (fmaf(b, inverse_high, low) != (float)(byte / 255.0)) return false;
  }
  return true;
}

/* bytes: <16 x i32>. */
static Value divide_bytes(Emitter *e, Value bytes) {
  Value b = LLVMBuildUIToFP(e->builder, bytes, e->v16f32, "bytes");
  if (!e->has_fma || !is_product_exact())
    return LLVMBuildFDiv(e->builder, b, const_vector(e, const_f32(e, 255.0F)), "value");
  Value low = LLVMBuildFMul(e->builder, b, const_vector(e, const_f32(e, inverse_low())), "low");
  return emit_fma(e, b, const_vector(e, const_f32(e, inverse_high)), low, "value");
}

/* floor(byte * 2^f / 255 + 1/2), or without the half. */
static int64_t fixed_byte(const NumberFormat *format, uint32_t byte) {
  return (((int64_t)byte << (format->fraction + 1)) +
          (format->rounding == ROUND_NEAREST ? 255 : 0)) /
         510;
}

/* (byte * factor + offset) >> shift. */
typedef struct ByteScale {
  int64_t factor, offset;
  uint32_t shift;
} ByteScale;

/* Whether there is an offset that gives fixed_byte() of all bytes. */
static bool find_offset(const NumberFormat *format, ByteScale *scale) {
  int64_t least = INT64_MIN, most = INT64_MAX;
  for (uint32_t byte = 0; byte < 256; byte++) {
    const int64_t unit = (int64_t)1 << scale->shift;
    const int64_t low = fixed_byte(format, byte) * unit - byte * scale->factor;
    if (low > least) least = low;
    if (low + unit - 1 < most) most = low + unit - 1;
  }
  scale->offset = least;
  return least <= most;
}

/* The smallest scale that is exact.  There is one: a value lies on a number of units and a half or
 * 1 / 510 from it at least, and the factor that is not below 2^fraction / 255 puts it too high by
 * less than 255 / 2^shift. */
static ByteScale byte_scale(const NumberFormat *format) {
  ByteScale scale = {.shift = 0};
  for (;; scale.shift++) {
    const int64_t power = (int64_t)1 << (format->fraction + scale.shift);
    scale.factor = power / 255;
    if (find_offset(format, &scale)) return scale;
    scale.factor++;
    if (find_offset(format, &scale)) return scale;
  }
}

/* As fixed_byte(), saturated. */
static Value fixed_bytes(Emitter *e, Value bytes) {
  const NumberFormat *format = &e->model->number;
  const ByteScale scale = byte_scale(format);
  Value factor = const_vector(e, const_i32(e, (int32_t)scale.factor));
  Value product = scale.factor <= INT16_MAX ? exact_product(e, factor, bytes)
                                            : LLVMBuildMul(e->builder, bytes, factor, "product");
  Value sum =
      LLVMBuildAdd(e->builder, product, const_vector(e, const_i32(e, (int32_t)scale.offset)), "");
  Value value =
      LLVMBuildAShr(e->builder, sum, const_vector(e, const_i32(e, (int32_t)scale.shift)), "value");
  const bool is_inside = fixed_byte(format, 255) < (int64_t)1 << (format->width - 1);
  return is_inside ? value : saturate(e, value);
}

/* Bytes as <16 x i32>; floats as they are. */
static Value widen(Emitter *e, const Enter *enter, Value values) {
  return enter->is_bytes ? LLVMBuildZExt(e->builder, values, e->v16i32, "wide") : values;
}

/* Sixteen widened values as cells. */
static Value cells_of(Emitter *e, const Enter *enter, Value values) {
  if (!enter->is_bytes) return values;
  return e->model->number.is_fixed ? fixed_bytes(e, values) : divide_bytes(e, values);
}

static Type value_vector(const Emitter *e, const Enter *enter) {
  return enter->is_bytes ? e->v16i8 : e->v16f32;
}

/* Values `from` .. from + 15 of an example; those at real_count and beyond are 0.  `is_inside`:
 * there are none. */
static Value load_values(Emitter *e, const Enter *enter, Value example, Value from,
                         bool is_inside) {
  Type type = value_vector(e, enter);
  if (is_inside) return load_vector(e, type, example, from, 1, "values");
  Value zero = const_i64(e, 0), end = const_i64(e, enter->real_count);
  Value is_past = LLVMBuildICmp(e->builder, LLVMIntUGE, from, end, "");
  Value left =
      LLVMBuildSelect(e->builder, is_past, zero, LLVMBuildSub(e->builder, end, from, ""), "");
  return load_masked(e, type, example, from, lanes_below(e, left, "present"), LLVMConstNull(type),
                     "values");
}

/* ---- transposing ---- */

/* Sixteen rows of 16 values, to be read by column. */
typedef struct Rows {
  Value array[LANES]; /* NULL: a row of zeros */
  Value from[LANES];  /* i64 */
  bool is_inside[LANES];
} Rows;

/* A row's 16 values. */
static Value load_row(Emitter *e, const Enter *enter, const Rows *rows, uint32_t row) {
  if (!rows->array[row]) return LLVMConstNull(value_vector(e, enter));
  return load_values(e, enter, rows->array[row], rows->from[row], rows->is_inside[row]);
}

enum { QUARTERS = 4, QUARTER = LANES / QUARTERS };

/* Numbers first .. first + count - 1, for a shuffle that takes a part or joins two. */
static Value run_of_numbers(const Emitter *e, uint32_t first, uint32_t count) {
  Value numbers[LANES];
  for (uint32_t i = 0; i < count; i++) numbers[i] = const_i32(e, (int32_t)(first + i));
  return LLVMConstVector(numbers, count);
}

/* Four of a row's floats; read alone where that is safe, because joining parts from memory costs no
 * permutation. */
static Value row_quarter(Emitter *e, const Enter *enter, const Rows *rows, uint32_t row,
                         uint32_t quarter) {
  if (rows->array[row] && rows->is_inside[row]) {
    Type type = LLVMVectorType(e->f32, QUARTER);
    Value from = add_i64(e, rows->from[row], (int64_t)quarter * QUARTER);
    return load_vector(e, type, rows->array[row], from, 4, "quarter");
  }
  Value whole = load_row(e, enter, rows, row);
  return LLVMBuildShuffleVector(e->builder, whole, whole,
                                run_of_numbers(e, quarter * QUARTER, QUARTER), "quarter");
}

static Value join(Emitter *e, Value a, Value b, uint32_t lanes) {
  return LLVMBuildShuffleVector(e->builder, a, b, run_of_numbers(e, 0, 2 * lanes), "joined");
}

/* Within each quarter of the lanes: pairs of a's and b's lanes from `first` on (width 1: one of
 * each in turn; width 2: two). */
static Value weave_quarters(Emitter *e, Value a, Value b, uint32_t first, uint32_t width) {
  int32_t order[LANES];
  for (uint32_t lane = 0; lane < LANES; lane++) {
    const uint32_t i = lane % QUARTER, source = i / width % 2;
    const uint32_t from = lane - i + first + (width == 1 ? i / 2 : i % 2);
    order[lane] = (int32_t)(from + source * LANES);
  }
  return shuffle(e, a, b, order, "");
}

/* Of four vectors whose quarters hold four lanes of a row each, lane i of each quarter, for each
 * i. */
static void weave_columns(Emitter *e, const Value joined[QUARTERS], Value columns[QUARTER]) {
  for (uint32_t half = 0; half < 2; half++) {
    Value low = weave_quarters(e, joined[0], joined[1], 2 * half, 1);
    Value high = weave_quarters(e, joined[2], joined[3], 2 * half, 1);
    columns[2 * half] = weave_quarters(e, low, high, 0, 2);
    columns[2 * half + 1] = weave_quarters(e, low, high, 2, 2);
  }
}

/* Quarters are joined so that all that is left to do stays within them. */
static Value join_quarters(Emitter *e, const Value part[QUARTERS]) {
  return join(e, join(e, part[0], part[1], QUARTER), join(e, part[2], part[3], QUARTER),
              2 * QUARTER);
}

static void load_float_columns(Emitter *e, const Enter *enter, const Rows *rows,
                               Value columns[LANES]) {
  for (uint32_t quarter = 0; quarter < QUARTERS; quarter++) {
    Value joined[QUARTER], part[QUARTERS];
    for (uint32_t i = 0; i < QUARTER; i++) {
      for (uint32_t q = 0; q < QUARTERS; q++)
        part[q] = row_quarter(e, enter, rows, q * QUARTER + i, quarter);
      joined[i] = join_quarters(e, part);
    }
    weave_columns(e, joined, columns + (size_t)quarter * QUARTER);
  }
}

/* A row's 16 bytes are the four words of a quarter; columns of words are taken apart last. */
static void load_byte_columns(Emitter *e, const Enter *enter, const Rows *rows,
                              Value columns[LANES]) {
  Type words = LLVMVectorType(e->f32, QUARTERS);
  Value joined[QUARTERS], part[QUARTERS], column[QUARTER];
  for (uint32_t i = 0; i < QUARTERS; i++) {
    for (uint32_t q = 0; q < QUARTERS; q++)
      part[q] = LLVMBuildBitCast(e->builder, load_row(e, enter, rows, q * QUARTERS + i), words, "");
    joined[i] = join_quarters(e, part);
  }
  weave_columns(e, joined, column);
  for (uint32_t i = 0; i < LANES; i++) {
    Value word = LLVMBuildBitCast(e->builder, column[i / 4], e->v16i32, "");
    Value bits = const_vector(e, const_i32(e, (int32_t)(8 * (i % 4))));
    Value byte = LLVMBuildLShr(e->builder, word, bits, "");
    columns[i] = LLVMBuildAnd(e->builder, byte, const_vector(e, const_i32(e, 255)), "byte");
  }
}

/* Columns of 16 rows, widened. */
static void load_columns(Emitter *e, const Enter *enter, const Rows *rows, Value columns[LANES]) {
  if (enter->is_bytes) {
    load_byte_columns(e, enter, rows, columns);
  } else {
    load_float_columns(e, enter, rows, columns);
  }
}

/* ---- online ---- */

static void enter_natural(Emitter *e, const Enter *enter, Value example) {
  const uint32_t whole = enter->real_count / LANES * LANES;
  const uint32_t all = (enter->neuron_count + LANES - 1) / LANES * LANES;
  if (whole > 0) {
    Loop loop = begin_loop(e, const_i64(e, 0), const_i64(e, whole), LANES, true, "left");
    Value values = load_values(e, enter, example, loop.index, true);
    store_vector(e, cells_of(e, enter, widen(e, enter, values)), enter->cells, loop.index, 64);
    end_loop(e, &loop);
  }
  if (whole < enter->real_count) {
    Value from = const_i64(e, whole);
    Value values = widen(e, enter, load_values(e, enter, example, from, false));
    store_vector(e, cells_of(e, enter, values), enter->cells, from, 64);
  }
  const uint32_t padded = (enter->real_count + LANES - 1) / LANES * LANES;
  if (padded == all) return;
  Loop loop = begin_loop(e, const_i64(e, padded), const_i64(e, all), LANES, true, "padding");
  store_vector(e, zero_vector(e), enter->cells, loop.index, 64);
  end_loop(e, &loop);
}

/* Sixteen banks from `bank` on, rows first_row .. first_row + 15. */
static void enter_banks(Emitter *e, const Enter *enter, Value example, Value bank,
                        uint32_t first_row) {
  const uint32_t banks = enter->layout.banks;
  Value vectors[LANES];
  Rows rows = {0};
  for (uint32_t i = 0; i < LANES; i++) {
    const uint64_t row = (uint64_t)(first_row + i) * banks;
    if (row >= enter->real_count) continue;
    rows.array[i] = example;
    rows.from[i] = add_i64(e, bank, (int64_t)row);
    rows.is_inside[i] = row + banks <= enter->real_count;
  }
  load_columns(e, enter, &rows, vectors);
  for (uint32_t i = 0; i < LANES; i++) {
    Value cell = add_i64(e, mul_i64(e, add_i64(e, bank, i), enter->layout.bank_rows), first_row);
    store_vector(e, cells_of(e, enter, vectors[i]), enter->cells, cell, 64);
  }
}

static void enter_rotated(Emitter *e, const Enter *enter, Value example) {
  Loop loop =
      begin_loop(e, const_i64(e, 0), const_i64(e, enter->layout.banks), LANES, true, "bank");
  for (uint32_t row = 0; row < enter->layout.bank_rows; row += LANES)
    enter_banks(e, enter, example, loop.index, row);
  end_loop(e, &loop);
}

/* ---- batch ---- */

/* Sixteen examples become 16 columns of a panel, from where `cells` points on. */
static void enter_columns(Emitter *e, const Enter *enter, Value examples) {
  const uint32_t width = panel_width(e->model);
  const uint32_t all = (enter->real_count + LANES - 1) / LANES * LANES,
                 whole = enter->real_count / LANES * LANES;
  Value pointers[LANES];
  for (uint32_t i = 0; i < LANES; i++)
    pointers[i] = load_at(e, e->pointer, examples, const_i64(e, i), "example");
  for (uint32_t is_last = 0; is_last < 2; is_last++) {
    const uint32_t first = is_last ? whole : 0, last = is_last ? all : whole;
    if (first == last) continue;
    Loop loop = begin_loop(e, const_i64(e, first), const_i64(e, last), LANES, true, "left");
    Value vectors[LANES];
    Rows rows;
    for (uint32_t i = 0; i < LANES; i++) {
      rows.array[i] = pointers[i];
      rows.from[i] = loop.index;
      rows.is_inside[i] = !is_last;
    }
    load_columns(e, enter, &rows, vectors);
    for (uint32_t i = 0; i < LANES; i++) {
      Value at = mul_i64(e, add_i64(e, loop.index, i), width);
      store_vector(e, cells_of(e, enter, vectors[i]), enter->cells, at, 64);
    }
    end_loop(e, &loop);
  }
}

/* ---- the kernel ---- */

bool can_enter(const Emitter *e, bool is_bytes) {
  const NumberFormat *format = &e->model->number;
  const Layout layout = choose_layout(e->model, 0);
  if (format->is_fixed &&
      (!is_bytes || format->rounding == ROUND_STOCHASTIC || format->width > LANES))
    return false;
  if (layout.kind == LAYOUT_ROTATE)
    return layout.banks % LANES == 0 && layout.bank_rows <= 4 * LANES;
  return true;
}

Value emit_enter(Emitter *e, bool is_bytes) {
  Value function = begin_kernel(e, 0, is_bytes ? "enter_bytes" : "enter_floats");
  const Enter enter = {
      .is_bytes = is_bytes,
      .real_count = e->model->layers[0].real_count,
      .neuron_count = e->model->layers[0].neuron_count,
      .layout = choose_layout(e->model, 0),
      .cells = work_field(e, WORK_ff_left, "cells"),
  };
  Value examples = work_field(e, WORK_examples, "examples");
  if (enter.layout.kind == LAYOUT_BATCH || enter.layout.kind == LAYOUT_TILE) {
    enter_columns(e, &enter, examples);
  } else {
    Value example = load_at(e, e->pointer, examples, const_i64(e, 0), "example");
    if (enter.layout.kind == LAYOUT_ROTATE) {
      enter_rotated(e, &enter, example);
    } else {
      enter_natural(e, &enter, example);
    }
  }
  end_function(e);
  return function;
}
