// SPDX-License-Identifier: MIT
// Hardware blocks: resources, number format, degree of parallelism.
#ifndef SEDGE_LANG_CHECK_HARDWARE_H
#define SEDGE_LANG_CHECK_HARDWARE_H

#include "lang/bind.h"
#include "lang/program.h"

/* Checks a hardware block and fills *hardware; NULL: the file has none, all defaults.  False after
 * an error. */
bool check_hardware(const Checker *checker, const Item *item, Hardware *hardware);

/* Checks what hardware and network must agree on: a z for each junction.  False after an error. */
bool check_parallelism(const Checker *checker, const Network *network, const Hardware *hardware);

#endif
