// SPDX-License-Identifier: MIT
// The C loops, compiled by clang.
#include "tests/benchmark/peer_loops.h"

static const Peer loops = LOOPS_PEER("C loops, clang", "loops");
const Peer *const peer_loops_clang = &loops;
