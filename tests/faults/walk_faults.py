#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the calls of a command fail one after another, by the library fail_calls.c, and looks at how it takes that.

    SEDGE_BINARY=build/sedge FAIL_CALLS=build/tests/libfail_calls.so tests/faults/walk_faults.py [--all] [COMMAND...]

A command whose n-th call fails may go on where the call was of no importance, and then its results are those of an undisturbed run; else
it ends with an error message and exit code 4, never by a signal, leaves no unfinished file, and what stood in a result's place before
is still there, to the byte. --all walks through every call; without it, a few of each kind.

Memory is not made to fail in native code: LLVM ends the process where there is none.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
LIBRARY = Path(os.environ.get("FAIL_CALLS", ROOT / "build" / "tests" / "libfail_calls.so")).resolve()
KINDS = ["memory", "read", "write", "sync", "rename", "open", "map"]
DONE, WRONG, SYSTEM = 0, 1, 4
SAMPLES = 2  # of a kind, in the suite
SKIPPED = 77

PROGRAM = """
network n {
  input frame[64]; layer hidden[16] : tanh; output symbol[64] : softmax;
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
    "csv": ("train csv.sedge --engine sim --save w -q", ALL, ["w"]),
    "build": ("build a.sedge -o w -q", FILES, ["w"]),
    "object": ("build a.sedge -o w --emit obj -q", FILES, ["w"]),
    "fit": ("fit a.sedge", ALL, []),
    "schedule": ("schedule a.sedge --format json -o w", ALL, ["w"]),
    "page": ("schedule a.sedge --format html -o w", ALL, ["w"]),
    "sweep": ("sweep a.sedge --over train.batch=1,2 --engine sim --state state -j 1 -o rows", ALL, []),
    "fmt": ("fmt wide.sedge", ALL, ["wide.sedge"]),
}

# Where what fails is not ours: it says so itself, and ends with its own exit code.
OTHERS = ["virtual memory exhausted.",      # popt
          "could not link",                 # the system's linker, in which the same calls fail
          "runs failed"]                    # sedge sweep: a run that fails is a row


def environment(kind, call, counts=None):
    words = {**os.environ, "LD_PRELOAD": str(LIBRARY), "FAULT_KIND": kind, "FAULT_CALL": str(call), "NO_COLOR": "1"}
    words["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    if counts:
        words["FAULT_COUNTS"] = str(counts)
    return words


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
            self.whole = {result: (Path(folder) / result).read_bytes() for result in self.results}
        for line in counts.read_text().splitlines():
            kind, count = line.split()
            self.counts[kind] = int(count)

    def run(self, folder, words):
        shutil.copytree(self.base, folder, dirs_exist_ok=True)
        return subprocess.run([str(BINARY), *self.words], cwd=folder, env=words, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=120, check=False)

    def complaint(self, folder, done):
        """What is wrong with how it ended; None: nothing."""
        errors = done.stderr + done.stdout
        left = [name for name in os.listdir(folder) if name.endswith(".part")]
        if left:
            return f"left over: {left}"
        found = {result: (Path(folder) / result).read_bytes() for result in self.results}
        if done.returncode == DONE:
            if "usage: sedge" in done.stdout:  # popt loses arguments where it gets no memory for them
                return None
            # A checkpoint tells the seconds that were spent; all else is the same.
            differing = [name for name, bytes_ in found.items() if name not in CHECKPOINTS and bytes_ != self.whole[name]]
            return f"goes on, to other results: {differing}" if differing else None
        if any(text in errors for text in OTHERS):
            return None if done.returncode in (WRONG, SYSTEM) else f"exit {done.returncode}"
        if done.returncode != SYSTEM or "error: " not in errors:
            return f"exit {done.returncode}"
        for name in CHECKPOINTS:
            if name in self.results and not self.is_loadable(folder, name):
                return "the checkpoint is lost"
        return None

    def is_loadable(self, folder, name):
        """Whether the checkpoint, old or new, is one that can be gone on with."""
        words = [str(BINARY), "train", "a.sedge", "--resume", name, "-q", "--inputs", "0"]
        words += ["--engine", "sim"] if name == "c" else []
        return subprocess.run(words, cwd=folder, capture_output=True, timeout=60, check=False).returncode == DONE

    def fail_call(self, kind, call):
        with tempfile.TemporaryDirectory(prefix="sedge-fault-") as folder:
            done = self.run(folder, environment(kind, call))
            complaint = self.complaint(folder, done)
            self.tried += 1
            self.failed += done.returncode != DONE
            if complaint is None:
                return True
            print(f"{self.name}: {kind} call {call}: {complaint}\n{(done.stderr + done.stdout)[-600:]}")
            return False


def prepare(base):
    """The files that every command finds: its sources, and older results that must not be lost."""
    (base / "a.sedge").write_text(PROGRAM % "morse(train = 50, test = 10)")
    (base / "csv.sedge").write_text(PROGRAM % 'csv("rows.csv")')
    (base / "wide.sedge").write_text("let   wide=1;\n")
    (base / "rows.csv").write_text("".join(",".join(["0.5"] * 64 + [str(i % 64)]) + "\n" for i in range(64)))
    for name, engine in (("old", "sim"), ("c", "sim"), ("n", "native")):
        subprocess.run([str(BINARY), "train", "a.sedge", "--engine", engine, "-q", "--inputs", "100", "--checkpoint", name],
                       cwd=base, stdout=subprocess.DEVNULL, check=True)
    (base / "w").write_text("older")


def full_disk():
    """A file system of 512 KiB; None where it cannot be made."""
    folder = Path(tempfile.mkdtemp(prefix="sedge-full-"))
    made = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(folder)],
                                                 capture_output=True, check=False).returncode == 0
    if made:
        return folder
    folder.rmdir()
    return None


def walk_full_disk(base):
    """A checkpoint fits, a second one beside it does not: the first one stays."""
    folder = full_disk()
    if folder is None:
        print("full disk: skipped, no file system can be made (needs root)")
        return True
    try:
        shutil.copy(base / "a.sedge", folder)
        words = [str(BINARY), "train", "a.sedge", "--engine", "sim", "-q", "--checkpoint", "c"]
        first = subprocess.run(words + ["--inputs", "50"], cwd=folder, capture_output=True, text=True, check=False)
        before = (folder / "c").read_bytes() if first.returncode == 0 else b""
        with (folder / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(b"0" * 4096):
                    pass
            except OSError:
                pass
        done = subprocess.run(words + ["--resume", "c"], cwd=folder, capture_output=True, text=True, check=False)
        told = done.returncode == SYSTEM and "No space left on device" in done.stderr
        intact = before != b"" and (folder / "c").read_bytes() == before and sorted(os.listdir(folder)) == [
            "a.sedge", "c", "filler"]
        if not (told and intact):
            print(f"full disk: exit {first.returncode}, then {done.returncode}: {first.stderr}{done.stderr}{os.listdir(folder)}")
        return told and intact
    finally:
        subprocess.run(["umount", str(folder)], check=False)
        folder.rmdir()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every call, not a few of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    options = parser.parse_args()
    if os.environ.get("SEDGE_IS_SANITIZED") == "1":
        print("skipped: a sanitizer has a malloc() of its own")
        return SKIPPED
    chance = random.Random(options.seed)
    is_good = True
    with tempfile.TemporaryDirectory(prefix="sedge-fault-") as place:
        base = Path(place) / "base"
        base.mkdir()
        prepare(base)
        for name in options.commands or COMMANDS:
            walk = Walk(base, name)
            for kind in walk.kinds:
                calls = range(1, walk.counts[kind] + 1)
                if not options.all and len(calls) > SAMPLES:
                    calls = sorted(chance.sample(calls, SAMPLES))
                for call in calls:
                    is_good &= walk.fail_call(kind, call)
            print(f"{name}: {walk.tried} calls made to fail, {walk.failed} of them told as errors")
            if walk.failed == 0:
                raise SystemExit(f"{name}: nothing failed; is {LIBRARY} loaded?")
        is_good &= walk_full_disk(base)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
