// SPDX-License-Identifier: MIT
// What the command line says to the verbs that sedge and a built trainer share.
#ifndef SEDGE_RUNTIME_VERBS_RUN_OPTIONS_H
#define SEDGE_RUNTIME_VERBS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
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

/* A row of an option table: the command's and a built trainer's. */
typedef struct OptionInfo {
  const char *name;
  char letter; /* 0: none */
  OptionKind kind;
  const char *value; /* its name in the help */
  uint32_t verbs;    /* that take it, a bit each */
  const char *help;
  size_t offset; /* of its field in the table's structure */
} OptionInfo;

/* A whole number from 0 and nothing else. */
bool parse_count(const char *text, uint64_t *value);

#endif
