// SPDX-License-Identifier: MIT
// Where there is no clang.
#include <stddef.h>

#include "tests/benchmark/peers.h"

const Peer *const peer_loops_clang = NULL;
