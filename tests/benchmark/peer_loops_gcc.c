// SPDX-License-Identifier: MIT
// The C loops, compiled by gcc.
#include "tests/benchmark/peer_loops.h"

static const Peer loops = LOOPS_PEER("C loops, gcc", "gcc");
const Peer *const peer_loops_gcc = &loops;
