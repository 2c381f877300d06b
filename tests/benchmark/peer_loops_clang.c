// SPDX-License-Identifier: MIT
// The C loops, compiled by clang.
#include "tests/benchmark/peer_loops.h"

static const Peer loops = {.name = "C loops, clang",
                           .key = "loops",
                           .trains_online = true,
                           .trains_batches = true,
                           .infers_online = true,
                           .infers_batches = true,
                           .open = loops_open,
                           .train = loops_train,
                           .infer = loops_infer,
                           .close = loops_close,
                           .outputs = loops_outputs,
                           .weight = loops_weight};
const Peer *const peer_loops_clang = &loops;
