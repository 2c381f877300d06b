// SPDX-License-Identifier: MIT
// The checked program: what lang makes of a .sedge file, and all that the compiler sees of it.
//
// Every number here is resolved, in range and in its base unit (hertz, bits), and every default is
// filled in: `is_given` says whether the file wrote it, `at` where.  Lives in the arena given to
// check.
#ifndef SEDGE_LANG_PROGRAM_H
#define SEDGE_LANG_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/scalar.h"
#include "lang/source.h"

typedef struct Name {
  const char *text; /* interned: equal names are equal pointers */
  Span at;
} Name;

/* Where a setting or argument was written; `at` is its value, or the construct it defaults in. */
typedef struct Given {
  bool is_given;
  Span at;
} Given;

/* ---- network ---- */

typedef enum ActivationKind {
#define ACTIVATION(id, name, help) ACTIVATION_##id,
#include "lang/activations.def"
#undef ACTIVATION
  ACTIVATION_OWN /* the file's own: see own_activation */
} ActivationKind;

/* `activation name(x) = value;` and its derivative, both functions of SCALAR_ARGUMENT 0. */
typedef struct OwnActivation {
  Name name;
  const Scalar *value;
  const Scalar *derivative;
} OwnActivation;

/* `pattern name(params)(l, r) = condition;` with its params bound: SCALAR_ARGUMENT 0 is l, 1 is
 * r. */
typedef struct OwnPattern {
  Name name;
  const Scalar *condition;
  uint32_t operations; /* of the condition, for each pair of neurons */
} OwnPattern;

typedef struct NetworkLayer {
  Name name;
  uint32_t axis_count; /* 1, or 3: [channels, height, width] */
  uint32_t shape[3];
  uint32_t real_count;       /* neurons without padding = product of shape */
  uint32_t neuron_count;     /* with padding; padded neurons are the last */
  ActivationKind activation; /* ACTIVATION_IDENTITY for the input */
  const OwnActivation *own_activation;
  Span activation_at;
} NetworkLayer;

typedef enum PatternKind {
#define PATTERN(id, name, help) PATTERN_##id,
#include "lang/patterns.def"
#undef PATTERN
  PATTERN_OWN
} PatternKind;

typedef struct Pattern {
  PatternKind kind;
  Span at; /* the whole pattern */
  /* regular patterns (dense, structured, clashfree): both are known; window: fanin alone; else 0 */
  uint32_t fanin, fanout;
  uint64_t edge_count; /* 0 where it is known only after the edges are placed */
  Span degree_at;      /* the argument that fixed the degrees */
  uint64_t seed;       /* random, structured, clashfree */
  Given seed_given;
  uint32_t banks; /* clashfree */
  uint32_t type;  /* clashfree: 1, 2 or 3 */
  bool has_dither;
  uint32_t axis_count; /* window: 1 to 3 */
  uint32_t window[3], stride[3],
      windows[3];         /* size, stride and number of windows along each axis */
  uint32_t left_shape[3]; /* window: the left layer's shape along the same axes */
  const char *path;       /* edges(file): as written, relative to the file that names it */
  Span path_at;
  const OwnPattern *own;
} Pattern;

/* Junction index i joins layers[i] to layers[i + 1]. */
typedef struct NetworkJunction {
  Span at;
  Pattern pattern;
} NetworkJunction;

typedef struct Network {
  Name name;
  uint32_t layer_count; /* = junction_count + 1 >= 2 */
  const NetworkLayer *layers;
  uint32_t junction_count;
  const NetworkJunction *junctions; /* in order from the input, however the file orders them */
} Network;

/* ---- hardware ---- */

typedef enum RoundingKind {
  ROUNDING_KIND_NEAREST,
  ROUNDING_KIND_TRUNCATE,
  ROUNDING_KIND_STOCHASTIC
} RoundingKind;

typedef struct Hardware {
  Name name; /* "" where the file has no hardware block */
  Span at;
  double clock_hz; /* 0: none */
  Given clock;
  bool has_multiplier_limit;
  uint64_t multipliers;
  Given multipliers_given;
  bool has_block_ram_limit;
  uint64_t block_ram_bits;
  Given block_ram_given;
  uint32_t ports;
  Given ports_given;
  bool is_fixed;           /* else float32 */
  uint32_t width, integer; /* fixed: bits in all, integer bits */
  Given number_given;
  RoundingKind rounding;
  uint64_t rounding_seed;
  Given rounding_given, rounding_seed_given;
  bool is_z_auto;
  uint32_t z_count; /* = the network's junction_count unless auto */
  const uint32_t *z;
  const Span *z_at; /* [z_count] */
  Given z_given;
  uint32_t stages;
  const char *part; /* a name of parts.def, or NULL */
} Hardware;

/* ---- train ---- */

typedef enum DataKind {
#define DATA(id, name, help) DATA_##id,
#include "lang/data_sources.def"
#undef DATA
  DATA_KIND_COUNT
} DataKind;

typedef struct DataSource {
  DataKind kind;
  bool is_given; /* false: the block names no data, this is the default */
  Span at;
  const char *path; /* idx, npz, csv, libsvm: as written */
  Span path_at;
  const char *label_name; /* csv: column by name, or NULL */
  int64_t label_column;   /* csv: column from 0, -1 the last; libsvm unused */
  uint64_t seed;          /* morse, digits */
  Given seed_given;
  uint32_t train_count, test_count; /* morse, digits: examples of each */
  bool has_leading_spaces;          /* morse: a symbol may begin anywhere in its frame */
  double noise;                     /* morse: extra standard deviation; digits: pixel noise */
  double dilation;                  /* morse: stretches every length */
} DataSource;

typedef struct Split {
  bool is_given;
  Span at;
  uint64_t train, validation; /* examples; taken from the front of the data's own train part */
} Split;

typedef enum LossKind { LOSS_KIND_CROSS_ENTROPY, LOSS_KIND_QUADRATIC } LossKind;

typedef enum RateKind { RATE_CONSTANT, RATE_STEP, RATE_COSINE } RateKind;

/* The learning rate of epoch n = 0, 1, ..:
 *   constant  from
 *   step      max(floor, from * factor ^ (n / every))      integer division
 *   cosine    to + (from - to) * (1 + cos(pi * n / epochs)) / 2 */
typedef struct Rate {
  RateKind kind;
  double from, to, factor, floor;
  uint32_t every;
  Span at;
} Rate;

typedef enum OptimizerKind {
#define OPTIMIZER(id, name, help) OPTIMIZER_KIND_##id,
#include "lang/optimizers.def"
#undef OPTIMIZER
  OPTIMIZER_KIND_COUNT
} OptimizerKind;

typedef struct OptimizerSetting {
  OptimizerKind kind;
  Span at;
  Rate rate;
  double momentum;     /* sgd */
  bool is_nesterov;    /* sgd */
  double decay;        /* rmsprop: rho */
  double beta1, beta2; /* adam */
  double epsilon;      /* rmsprop, adam */
  double l2;
} OptimizerSetting;

typedef enum InitializerKind {
#define INITIALIZER(id, name, help) INITIALIZER_##id,
#include "lang/initializers.def"
#undef INITIALIZER
  INITIALIZER_COUNT
} InitializerKind;

typedef struct InitializerSetting {
  InitializerKind kind;
  uint64_t seed;
  Given seed_given;
  double low, high; /* uniform(a, b) */
} InitializerSetting;

typedef struct Training {
  Name name;     /* "" where the block has none */
  bool is_given; /* false: the file has no train block, all below are defaults */
  Span at;
  DataSource data;
  Split split;
  LossKind loss;
  Given loss_given;
  OptimizerSetting optimizer;
  InitializerSetting init;
  bool is_pipelined;
  uint32_t batch;
  uint32_t epochs;
  bool is_shuffled;
  uint64_t seed;
  Given seed_given;
} Training;

typedef struct Program {
  const char *path;   /* of the main file, as given */
  const Name *params; /* [param_count] what -D may replace, in the file's order */
  uint32_t param_count;
  Network network;
  Hardware hardware;
  Training training;
} Program;

#endif
