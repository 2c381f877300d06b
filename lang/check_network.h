// SPDX-License-Identifier: MIT
// Networks: layers, and the chain of junctions between them.
#ifndef SEDGE_LANG_CHECK_NETWORK_H
#define SEDGE_LANG_CHECK_NETWORK_H

#include "lang/bind.h"
#include "lang/program.h"

enum {
  LAYER_NEURON_LIMIT = 1 << 24,
  NETWORK_NEURON_LIMIT = 1 << 26,
  NETWORK_JUNCTION_LIMIT = 1000,
  NETWORK_EDGE_LIMIT = 2147483647,
  NETWORK_OPERATION_LIMIT = 2000000000, /* of own patterns' conditions, over all pairs of neurons */
};

/* Checks a network block and fills *network.  False after an error. */
bool check_network(const Checker *checker, const Item *item, Network *network);

#endif
