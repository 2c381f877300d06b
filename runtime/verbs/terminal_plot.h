// SPDX-License-Identifier: MIT
// Curves of accuracy and loss as text within 80 columns: of braille dots where the locale has them,
// of ASCII elsewhere.
#ifndef SEDGE_RUNTIME_VERBS_TERMINAL_PLOT_H
#define SEDGE_RUNTIME_VERBS_TERMINAL_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "runtime/trainer.h"

/* Draws what `count` epochs reported.  Training is dashed, validation dotted, test solid, and each
 * has its colour if with_color. */
void print_terminal_plot(const EpochReport *epochs, uint32_t count, bool is_utf8, bool with_color,
                         FILE *out);

/* Whether the locale of the environment writes UTF-8. */
bool locale_is_utf8(void);

#endif
