// SPDX-License-Identifier: MIT
// Labelled examples in memory, and the readers and generators that make them.
//
// A Dataset has three parts (train, validation, test); any may be empty.  Values are kept as the
// source has them: bytes stand for value / 255, floats for themselves.
#ifndef SEDGE_RUNTIME_DATA_DATASET_H
#define SEDGE_RUNTIME_DATA_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/failure.h"

/* One part: `count` examples of `features` values each, row by row. */
typedef struct Examples {
  uint64_t count;
  uint32_t features;
  const uint8_t *bytes;   /* [count][features], or NULL where `floats` holds them */
  const float *floats;    /* [count][features]; finite */
  const uint32_t *labels; /* [count] class numbers, < class_count of the set */
} Examples;

typedef struct Dataset {
  Examples train, validation, test;
  uint32_t features;
  /* largest label + 1 over all parts; the generators' own number of classes */
  uint32_t class_count;
  void *memory; /* what dataset_close frees; the readers' own */
} Dataset;

/* Each opens a Dataset (owned: dataset_close) or returns false with *failure filled and nothing to
 * close: a missing or truncated file, sizes that disagree or overflow, a label that is no class
 * number, a value that is not finite; the message names file and place.  Memory follows what a file
 * really holds, never what it claims.  idx: all four files; npz: xtr and ytr, the other pairs where
 * they are. */
bool read_idx(const char *folder, Dataset *dataset, Failure *failure);
bool read_npz(const char *path, Dataset *dataset, Failure *failure);

/* How to read a csv, gzipped or not: the label column by name (needs a header line) or by number
 * (from 0; -1: the last).  Columns are separated by commas, else semicolons, else tabs.  A first
 * line that is not all numbers is a header.  All rows are `train` unless a file beside it,
 * NAME-test.csv or NAME.test.csv, gives the test part; else the last sixth of the rows is the test
 * part. */
typedef struct CsvOptions {
  const char *label_name; /* or NULL */
  int64_t label_column;
} CsvOptions;
bool read_csv(const char *path, const CsvOptions *options, Dataset *dataset, Failure *failure);
/* PATH, and PATH.t beside it as the test part (the usual naming); else the last sixth.  Indices
 * from 1.  Labels are class numbers; where one is -1 all must be -1 or 1, which become classes 0
 * and 1. */
bool read_libsvm(const char *path, Dataset *dataset, Failure *failure);

/* International Morse code (arXiv 1807.04239): 64 symbols in frames of 64 values on a scale of 16,
 * given as 0..1.  Each run of 64 examples has every symbol once. */
typedef struct MorseOptions {
  uint32_t train_count, test_count;
  uint64_t seed;
  bool has_leading_spaces; /* the symbol begins anywhere in the frame, not at its first value */
  double noise;            /* deviation of noise added to every value, on the scale of 16 */
  double dilation; /* factor on all lengths and the frame, 1..1024: ceil(64 * dilation) values */
} MorseOptions;
bool generate_morse(const MorseOptions *options, Dataset *dataset, Failure *failure);

/* Drawn digit images, 28 x 28 bytes, ten classes: random slant, size, thickness, position and
 * noise. */
typedef struct DigitsOptions {
  uint32_t train_count, test_count;
  uint64_t seed;
  double noise; /* standard deviation of pixel noise, 0..1 of full scale */
} DigitsOptions;
bool generate_digits(const DigitsOptions *options, Dataset *dataset, Failure *failure);

/* Takes the first `train` examples of the train part for training and the next `validation` for
 * validation, in place of what the parts were; fails when there are fewer, or train is 0. */
bool dataset_split(Dataset *dataset, uint64_t train, uint64_t validation, Failure *failure);

/* Copies values to floats: bytes as value * (1/255) rounded once (float)(value / 255.0). */
void example_values(const Examples *examples, uint64_t index, float *values /* [features] */);

void dataset_close(Dataset *dataset);

#endif
