# SPDX-License-Identifier: MIT
"""Messages that no test can make: (file, begin of the text, why). One that is made after all is an error."""

# The library that makes memory calls fail leaves commands alone that generate code.
LLVM = "LLVM ends the process where it finds no memory"
OWN = "a mistake of ours alone leads here"

UNREACHED = [
    ("compiler/bench_parts.c", "no memory for notes", LLVM),
    ("compiler/command_bench.c", "no memory for the parts", LLVM),
    ("compiler/command_bench.c", "no memory for the inputs", LLVM),
    ("compiler/command_verify.c", "no memory for %u predictions", LLVM),
    ("compiler/command_verify.c", "no memory for the order", LLVM),
    ("compiler/llvm/module.c", "no memory for the table of kernels", LLVM),
    ("runtime/packed.c", "no memory to pack the model", LLVM),
    ("runtime/built/sedge_runtime.c", "no memory for a trainer", "the walk makes calls of commands fail, not of libraries"),
    ("compiler/sweep/state_file.c", "cannot be written: %s", "a file that opens for writing but cannot be cut is none of Linux's"),
    ("compiler/sweep/state_file.c", "cannot be locked: %s", "it needs a file system without locks"),
    ("compiler/sweep/state_file.c", "not enough memory", "a run has the same calls in its own process, where they fail first"),
    ("compiler/edges/listed.c", "%llu edges, but a junction has at most", "the file would have over 2^31 edges"),
    ("compiler/llvm/jit.c", "LLVM cannot load the code: %s", OWN),
    ("compiler/llvm/module.c", "LLVM refuses the code: %s", OWN),
    ("compiler/llvm/emit_file.c", "no code can be made: %s", "targets without objects are refused before"),
    ("compiler/llvm/target.c", "LLVM makes no code for the target", "every target of LLVM 19 that has a name makes code"),
    ("compiler/schedule/verify_schedule.c", "an edge is processed twice", "slot_of_clock() gives each slot one clock"),
    ("compiler/schedule/verify_schedule.c", "one is read before it is written", "it would be a mistake in edge_ops.def"),
    ("runtime/built/main.c", "%s: this is a defect of sedge", OWN),
]
