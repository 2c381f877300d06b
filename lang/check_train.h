// SPDX-License-Identifier: MIT
// Train blocks: data, loss, optimizer, rate, initial weights, order.
#ifndef SEDGE_LANG_CHECK_TRAIN_H
#define SEDGE_LANG_CHECK_TRAIN_H

#include "lang/bind.h"
#include "lang/program.h"

/* Checks a train block and fills *training; NULL: the file has none, all defaults.  False after an
 * error. */
bool check_train(const Checker *checker, const Item *item, Training *training);

/* Checks what training must agree on with network and hardware: a loss that suits the output, an
 * optimizer that suits the numbers, data that fit the layers.  False after an error. */
bool check_training_fits(const Checker *checker, const Program *program);

#endif
