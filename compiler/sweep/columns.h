// SPDX-License-Identifier: MIT
// The columns of a sweep's rows, from columns.def.
#ifndef SEDGE_COMPILER_SWEEP_COLUMNS_H
#define SEDGE_COMPILER_SWEEP_COLUMNS_H

#include <stdbool.h>

typedef enum Column {
#define COLUMN(id, key, heading, label, form, better, path) COLUMN_##id,
#include "compiler/sweep/columns.def"
#undef COLUMN
  COLUMN_COUNT
} Column;

/* How a value looks: SHARE of 1 as per cent, COUNT whole, BITS and SECONDS with their unit. */
typedef enum ColumnForm {
  FORM_OF_SHARE,
  FORM_OF_COUNT,
  FORM_OF_BITS,
  FORM_OF_SECONDS,
  FORM_OF_NUMBER,
  FORM_OF_NAME
} ColumnForm;

typedef enum Better { BETTER_MORE, BETTER_LESS, BETTER_NEITHER } Better;

typedef struct ColumnInfo {
  const char *key, *heading, *label; /* heading may be NULL */
  ColumnForm form;
  Better better;
  const char *path; /* "fit.multipliers.used" */
} ColumnInfo;

/* Indexed by Column. */
extern const ColumnInfo columns[COLUMN_COUNT];

/* The column of that key, or COLUMN_COUNT. */
Column find_column(const char *key);

#endif
