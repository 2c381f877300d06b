// SPDX-License-Identifier: MIT
// From a train block's data setting to examples that suit the network.
#ifndef SEDGE_COMPILER_LOAD_DATA_H
#define SEDGE_COMPILER_LOAD_DATA_H

#include <stdbool.h>

#include "compiler/compilation.h"
#include "runtime/data/dataset.h"

/* Reads or generates the program's data and splits it.  `folder` (--data) replaces the folder of
 * files, or is NULL; a relative path is looked for beside the .sedge file, then in the current
 * folder.  Refuses data whose features are not the input's real neurons or whose labels are no real
 * outputs.  On success *dataset is owned (dataset_close); false: reported. */
bool load_data(Compilation *c, const char *folder, Dataset *dataset);

#endif
