// SPDX-License-Identifier: MIT
// The table of columns.
#include "compiler/sweep/columns.h"

#include <string.h>

const ColumnInfo columns[COLUMN_COUNT] = {
#define COLUMN(id, key, heading, label, form, better, path)                                        \
  {key, heading, label, FORM_OF_##form, BETTER_##better, path},
#include "compiler/sweep/columns.def"
#undef COLUMN
};

Column find_column(const char *key) {
  unsigned column = 0;
  while (column < COLUMN_COUNT && strcmp(columns[column].key, key) != 0) column++;
  return (Column)column;
}
