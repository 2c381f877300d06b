// SPDX-License-Identifier: MIT
// Train blocks: data, loss, optimizer, rate, initial weights, order.
#ifndef SEDGE_LANG_CHECK_TRAIN_H
#define SEDGE_LANG_CHECK_TRAIN_H

#include "lang/bind.h"
#include "lang/program.h"

/* Checks a train block and fills *training; NULL: the file has none, all defaults.  False after an
 * error. */
bool check_train(const Checker *checker, const Item *item, Training *training);

/* Checks what training and network must agree on: a loss that suits the output, data that fit the
 * layers.  False after an error. */
bool check_goal(const Checker *checker, const Network *network, const Training *training);

/* Checks what training and hardware must agree on: an optimizer that suits the numbers; warns of a
 * rate that will be rounded.  False after an error. */
bool check_arithmetic(const Checker *checker, const Hardware *hardware, const Training *training);

#endif
