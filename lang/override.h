// SPDX-License-Identifier: MIT
// Settings that the command line gives another value: -D hardware.clock='20 MHz', -D
// train.epochs=3.
#ifndef SEDGE_LANG_OVERRIDE_H
#define SEDGE_LANG_OVERRIDE_H

#include "lang/scope.h"

/* Writes every override of the scope into its block of the tree, before blocks are checked: in the
 * place of the file's own setting, or behind them all; a file without such a block gets one.
 * `hardware` and `train` point to the chosen blocks, NULL where the file has none.  An override of
 * anything else is reported. */
void override_settings(const Scope *scope, File *file, Item **hardware, Item **train);

#endif
