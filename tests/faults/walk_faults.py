#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the calls of a command fail one after another, by the library fail_calls.c, and looks at how it takes that.

    SEDGE_BINARY=build/sedge FAIL_CALLS=build/tests/libfail_calls.so tests/faults/walk_faults.py [--all | --ends | --samples N] [COMMAND...]

A command whose n-th call fails may go on where the call was of no importance, and then its results are those of an undisturbed run; else
it ends with an error message and exit code 4, never by a signal, leaves no unfinished file, and what stood in a result's place before
is still there, to the byte. --all walks through every call; without it, --samples of each kind, a few. In a build under AddressSanitizer what a
failed call leaves unreachable is a leak, and reported. --ends walks through the first and last calls of each kind: beginning
and end are where the places differ, and between them they come again and again.

Memory is not made to fail in native code: LLVM ends the process where there is none.
"""

import argparse
import gzip
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
LIBRARY = Path(os.environ.get("FAIL_CALLS", ROOT / "build" / "tests" / "libfail_calls.so")).resolve()
KINDS = ["memory", "read", "write", "sync", "rename", "open", "map"]
DONE, WRONG, SYSTEM = 0, 1, 4
SAMPLES = 2  # of a kind, in the suite
FIRST, LAST = 700, 300  # of a kind, by --ends
SECONDS = 600  # a machine may be busy with other things
REPORTED, SKIPPED = 99, 77

# Small, since a call that fails takes a process, and reports grow with the square of the classes.
PROGRAM = """
network n {
  input frame[%d]; layer hidden[16] : tanh; output symbol[%d] : softmax;
  junction frame -> hidden : clashfree(fanout = 4); junction hidden -> symbol : dense();
}
train { data = %s; order = pipelined; batch = 7; epochs = 3; optimizer = adam(rate = 1/64); }
"""

ALL = KINDS
CHECKPOINTS = ["c", "n"]  # of the simulator and of native code
FILES = ["read", "write", "sync", "rename", "open"]

# Name, words, kinds, results.
COMMANDS = {
    "train": ("train a.sedge --engine sim --checkpoint c --save w --log log --report page.html -q", ALL, ["c", "w"]),
    "resume": ("train a.sedge --engine sim --resume old --checkpoint c -q", ALL, ["c"]),
    "native": ("train a.sedge --checkpoint n --save w -q", FILES, ["n", "w"]),
    "morse": ("train morse.sedge --engine sim --save w -q", ALL, ["w"]),
    "test": ("test a.sedge --engine sim --load old-w", ALL, []),
    "predict": ("predict a.sedge --engine sim --load old-w inputs.csv", ALL, []),
    "libsvm": ("test libsvm.sedge --engine sim --load old-w", ALL, []),
    "npz": ("test npz.sedge --engine sim --load old-w", ALL, []),
    "idx": ("test idx.sedge --engine sim --load old-w", ALL, []),
    "edges": ("check edges.sedge --stop-after edges", ALL, []),
    "trainer": ("./trainer train --checkpoint n --save w -q", ALL, ["n", "w"]),
    "rows": ("./trainer predict --load old-w inputs.csv", ALL, []),
    "build": ("build a.sedge -o w -q", FILES, ["w"]),
    "object": ("build a.sedge -o w --emit obj -q", FILES, ["w"]),
    "fit": ("fit a.sedge", ALL, []),
    "schedule": ("schedule a.sedge --format json -o w", ALL, ["w"]),
    "page": ("schedule a.sedge --format html -o w", ALL, ["w"]),
    "sweep": ("sweep a.sedge --over train.batch=1,2 --engine sim --state state -j 1 -o rows", ALL, []),
    "again": ("sweep a.sedge --over train.batch=1,2 --engine sim --state done -j 1 -o rows", ALL, []),
    "export": ("export a.sedge --load old-w -o w", ALL, ["w"]),
    "fmt": ("fmt wide.sedge", ALL, ["wide.sedge"]),
    "generate": ("generate man1", ALL, []),
}

# Where what fails is not ours: it says so itself, and ends with its own exit code.
OTHERS = ["virtual memory exhausted.",      # popt
          "could not link",                 # the system's linker, in which the same calls fail
          "runs failed"]                    # sedge sweep: a run that fails is a row


def environment(kind, call, counts=None):
    words = {**os.environ, "LD_PRELOAD": str(LIBRARY), "FAULT_KIND": kind, "FAULT_CALL": str(call), "NO_COLOR": "1"}
    words["ASAN_OPTIONS"] = f"exitcode={REPORTED}:allocator_may_return_null=1:verify_asan_link_order=0"
    if counts:
        words["FAULT_COUNTS"] = str(counts)
    return words


def mask_changing(text):
    """Without the seconds, which differ from run to run."""
    return re.sub(r"\d[\d.,]*[kM]? (s|inputs/s)\b", "*", text)


class Walk:
    def __init__(self, base, name):
        words, self.kinds, self.results = COMMANDS[name]
        self.base, self.name, self.words = base, name, words.split()
        self.counts = {}
        self.tried = self.failed = 0
        counts = base.parent / "counts"
        with tempfile.TemporaryDirectory(prefix="sedge-fault-") as folder:
            done = self.run(folder, environment("memory", 0, counts))
            if done.returncode != 0:
                raise SystemExit(f"{name}: undisturbed, exit {done.returncode}: {done.stderr}")
            self.whole = self.contents(folder)
            self.said = done.stdout
        self.before = self.contents(base)
        for line in counts.read_text().splitlines():
            kind, count = line.split()
            self.counts[kind] = int(count)

    def contents(self, folder):
        """The results' bytes; None: there is none."""
        paths = {result: Path(folder) / result for result in self.results}
        return {result: path.read_bytes() if path.exists() else None for result, path in paths.items()}

    def run(self, folder, words):
        shutil.copytree(self.base, folder, dirs_exist_ok=True)
        program = [] if self.words[0].startswith("./") else [str(BINARY)]  # else a trainer that the command has built
        return subprocess.run([*program, *self.words], cwd=folder, env=words, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)

    def complaint(self, folder, done):
        """What is wrong with how it ended; None: nothing."""
        errors = done.stderr + done.stdout
        left = [name for name in os.listdir(folder) if name.endswith(".part")]
        if left:
            return f"left over: {left}"
        found = self.contents(folder)
        if done.returncode == REPORTED:
            return "a sanitizer's report"
        if done.returncode == DONE:
            if not self.results and mask_changing(done.stdout) != mask_changing(self.said):
                return "goes on, to another output"
            # A checkpoint tells the seconds that were spent; all else is the same.
            differing = [name for name, bytes_ in found.items() if name not in CHECKPOINTS and bytes_ != self.whole[name]]
            return f"goes on, to other results: {differing}" if differing else None
        if any(text in errors for text in OTHERS):
            return None if done.returncode in (WRONG, SYSTEM) else f"exit {done.returncode}"
        if done.returncode != SYSTEM or "error: " not in errors:
            return f"exit {done.returncode}"
        for name, content in found.items():
            if content in (self.before[name], self.whole[name]):
                continue
            if name not in CHECKPOINTS or not self.is_loadable(folder, name):
                return f"{name} is lost"
        return None

    def is_loadable(self, folder, name):
        """Whether the checkpoint, old or new, is one that can be gone on with."""
        words = [str(BINARY), "train", "a.sedge", "--resume", name, "-q", "--inputs", "0"]
        words += ["--engine", "sim"] if name == "c" else []
        return subprocess.run(words, cwd=folder, capture_output=True, timeout=SECONDS, check=False).returncode == DONE

    def fail_call(self, kind, call):
        with tempfile.TemporaryDirectory(prefix="sedge-fault-") as folder:
            done = self.run(folder, environment(kind, call))
            complaint = self.complaint(folder, done)
            self.tried += 1
            self.failed += done.returncode != DONE
            if complaint is None:
                return True
            print(f"{self.name}: {kind} call {call}: {complaint}\n{(done.stdout[-600:] + done.stderr)[-6000:]}")
            return False


def npy(values, kind, shape):
    """A NumPy array of bytes or of whole numbers, as a file."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values


def write_archive(path, arrays):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array)


def prepare_formats(base):
    """The same 8 values and 4 classes in the other formats, and edges given by hand."""
    lines = "".join(f"{i % 4} 1:0.5 3:0.25 8:1\n" for i in range(8))
    (base / "rows.svm").write_text(lines)
    (base / "rows.svm.t").write_text(lines)
    images, labels = bytes(range(64)), bytes(i % 4 for i in range(8))
    write_archive(base / "rows.npz", {"xtr": npy(images, "|u1", (8, 8)), "ytr": npy(labels, "|u1", (8,)),
                                      "xte": npy(images, "|u1", (8, 8)), "yte": npy(labels, "|u1", (8,))})
    for part in ("train", "t10k"):
        (base / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, 8, 2, 4) + images)
        (base / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(struct.pack(">2I", 0x801, 8) + labels))
    for name, data in (("libsvm", 'libsvm("rows.svm")'), ("npz", 'npz("rows.npz")'), ("idx", 'idx(".")')):
        (base / f"{name}.sedge").write_text(PROGRAM % (8, 4, data))
    write_archive(base / "edges.npz", {"left": npy(bytes([0, 1, 2, 3]), "|u1", (4,)), "right": npy(bytes([0, 1, 0, 1]), "|u1", (4,))})
    (base / "edges.sedge").write_text('network n { input x[4]; output y[2] : sigmoid; junction x -> y : edges("edges.npz"); }\n')


def prepare(base):
    """The files that every command finds: its sources, and older results that must not be lost."""
    (base / "a.sedge").write_text(PROGRAM % (8, 4, 'csv("rows.csv")'))
    (base / "morse.sedge").write_text(PROGRAM % (64, 64, "morse(train = 50, test = 10)"))
    (base / "wide.sedge").write_text("let   wide=1;\n" * 5)
    (base / "rows.csv").write_text("".join(",".join([f"0.{i}"] * 8 + [str(i % 4)]) + "\n" for i in range(50)))
    (base / "inputs.csv").write_text("".join(",".join([f"0.{i}"] * 8) + "\n" for i in range(5)))
    for name, engine in (("old", "sim"), ("c", "sim"), ("n", "native")):
        subprocess.run([str(BINARY), "train", "a.sedge", "--engine", engine, "-q", "--inputs", "100", "--checkpoint", name,
                        "--save", "old-w"], cwd=base, stdout=subprocess.DEVNULL, check=True)
    (base / "w").write_text("older")


def prepare_more(base):
    """What only the commands of this file need."""
    prepare_formats(base)
    for words in (COMMANDS["again"][0] + " -q", "build a.sedge -o trainer -q"):
        subprocess.run([str(BINARY), *words.split()], cwd=base, stdout=subprocess.DEVNULL, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every call, not a few of each kind")
    parser.add_argument("--ends", action="store_true", help=f"the first {FIRST} and last {LAST} calls of each kind")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="so many of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    options = parser.parse_args()
    if os.environ.get("SEDGE_IS_SANITIZED") == "1" and "address" not in os.environ["SEDGE_SANITIZE_FLAG"]:
        print("skipped: of the checkers, AddressSanitizer alone takes a library that stands before its own")
        return SKIPPED
    chance = random.Random(options.seed)
    is_good = True
    with tempfile.TemporaryDirectory(prefix="sedge-fault-") as place:
        base = Path(place) / "base"
        base.mkdir()
        prepare(base)
        prepare_more(base)
        for name in options.commands or COMMANDS:
            walk = Walk(base, name)
            for kind in walk.kinds:
                calls = range(1, walk.counts[kind] + 1)
                if options.ends:
                    calls = sorted({*calls[:FIRST], *calls[-LAST:]})
                elif not options.all and len(calls) > options.samples:
                    calls = sorted(chance.sample(calls, options.samples))
                for call in calls:
                    is_good &= walk.fail_call(kind, call)
            print(f"{name}: {walk.tried} calls made to fail, {walk.failed} of them told as errors")
            if walk.failed == 0:
                raise SystemExit(f"{name}: nothing failed; is {LIBRARY} loaded?")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
