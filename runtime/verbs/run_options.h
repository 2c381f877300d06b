// SPDX-License-Identifier: MIT
// What the command line says to the verbs that sedge and a built trainer share.
#ifndef SEDGE_RUNTIME_VERBS_RUN_OPTIONS_H
#define SEDGE_RUNTIME_VERBS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct OptionalCount {
  bool is_given;
  uint64_t value;
} OptionalCount;

#define OPTION_TYPE_FLAG  bool
#define OPTION_TYPE_TEXT  const char *
#define OPTION_TYPE_COUNT OptionalCount

typedef struct RunOptions {
#define RUN_OPTION(field, name, letter, kind, value, verbs, others, help) OPTION_TYPE_##kind field;
#include "runtime/verbs/run_options.def"
#undef RUN_OPTION
} RunOptions;

typedef enum OptionKind { OPTION_FLAG, OPTION_TEXT, OPTION_COUNT, OPTION_LIST } OptionKind;

/* A whole number from 0 and nothing else. */
bool parse_count(const char *text, uint64_t *value);

#endif
