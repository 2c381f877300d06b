#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What commands do where nothing more can be written: on a full disk, beyond a limit of the size of files, into /dev/full.

    SEDGE_BINARY=build/sedge tests/faults/full_disk.py

Each must end with exit code 4 and an error that says why, leave no unfinished file, and keep what stood in a result's place before. A
full disk is a small file system in memory, which takes root to mount; the other two take nobody.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from walk_faults import BINARY, SYSTEM, prepare

WRITERS = {
    "checkpoint": "train a.sedge --engine sim -q --checkpoint c",
    "resumed": "train a.sedge --engine sim -q --resume c --checkpoint c",
    "parameters": "train a.sedge --engine sim -q --save w",
    "log": "train a.sedge --engine sim -q --log log",
    "report": "train a.sedge --engine sim -q --report page.html",
    "trainer": "build a.sedge -q -o w",
    "library": "build a.sedge -q --emit lib -o w",
    "object": "build a.sedge -q --emit obj -o w",
    "schedule": "schedule a.sedge --format json -o w",
    "page": "schedule a.sedge --format html -o w",
    "waves": "schedule a.sedge --format vcd -o w",
    "sweep": "sweep a.sedge --over train.batch=1,2 --engine sim -j 1 -q --state state -o w",
    "figure": "sweep a.sedge --over train.batch=1,2 --engine sim -j 1 -q --state state --plot parameters,test_accuracy --figure w",
    "export": "export a.sedge --load old-w -o w",
    "fmt": "fmt wide.sedge",
}
PRINTERS = {
    "check": "check a.sedge", "fit": "fit a.sedge", "fit as JSON": "fit a.sedge --json", "schedule": "schedule a.sedge",
    "page": "schedule a.sedge --format html", "train": "train a.sedge --engine sim -q --json",
    "test": "test a.sedge --engine sim --load old-w", "predict": "predict a.sedge --engine sim --load old-w inputs.csv",
    "sweep": "sweep a.sedge --over train.batch=1,2 --engine sim -j 1 -q --state state", "fmt": "fmt -",
    "verify": "verify a.sedge --inputs 5", "explain": "explain E0101", "help": "--help", "version": "--version",
    **{what: f"generate {what}" for what in ("man1", "man5", "bash", "zsh", "fish")},
}
EXPECTED = {"disk": "No space left on device|could not link", "limit": "File too large|could not link"}
LIMIT = 24  # bytes, of which every result has more
APPENDED = {"state", "log"}  # which grow line by line, so that what is told keeps its beginning


def snapshot(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def is_lost(name, before, after):
    return not (after.startswith(before) if name in APPENDED else after == before)


def complaint_of(done, before, after, message):
    """What is wrong with how a command ended; None: nothing."""
    said = done.stderr + done.stdout
    if done.returncode != SYSTEM:
        return f"exit {done.returncode}: {said}"
    if not re.search(message, said) or "error: " not in said:
        return f"does not say why: {said}"
    left = [name for name in after if name not in before and name not in APPENDED]
    if left:
        return f"leaves {left}"
    lost = [name for name, content in before.items() if is_lost(name, content, after.get(name, b""))]
    return f"loses {lost}" if lost else None


def run(words, folder, **options):
    return subprocess.run([str(BINARY), *words.split()], cwd=folder, text=True, errors="replace", timeout=600, check=False,
                          input="let   a=1;\n", **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})


def try_writer(name, words, folder, kind, **options):
    before = snapshot(folder)
    done = run(words, folder, **options)
    complaint = complaint_of(done, before, snapshot(folder), EXPECTED[kind])
    if complaint:
        print(f"{kind}: {name}: {complaint}")
    return complaint is None


def fill(folder):
    with (folder / "filler").open("wb", buffering=0) as filler:
        for size in (4096, 1):
            try:
                while filler.write(b"0" * size):
                    pass
            except OSError:
                pass


def try_full_disk(base, name, words):
    with tempfile.TemporaryDirectory(prefix="sedge-full-") as place:
        folder = Path(place)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", place], check=True)
        try:
            shutil.copytree(base, folder, dirs_exist_ok=True)
            fill(folder)
            return try_writer(name, words, folder, "disk")
        finally:
            subprocess.run(["umount", place], check=True)


def can_mount():
    with tempfile.TemporaryDirectory(prefix="sedge-full-") as place:
        mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", place]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return False
        subprocess.run(["umount", place], check=True)
        return True


def try_limit(base, name, words):
    with tempfile.TemporaryDirectory(prefix="sedge-limit-") as place:
        shutil.copytree(base, place, dirs_exist_ok=True)
        return try_writer(name, words, Path(place), "limit",
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)))


def try_printer(base, name, words):
    with tempfile.TemporaryDirectory(prefix="sedge-full-") as place, open("/dev/full", "w", encoding="ascii") as full:
        shutil.copytree(base, place, dirs_exist_ok=True)
        done = run(words, place, stdout=full)
        if done.returncode == SYSTEM and "standard output could not be written" in done.stderr:
            return True
        print(f"/dev/full: {name}: exit {done.returncode}: {done.stderr}")
        return False


def main():
    is_good = True
    with_disk = can_mount()
    if not with_disk:
        print("full disk: skipped, no file system can be made (needs root)")
    with tempfile.TemporaryDirectory(prefix="sedge-full-") as place:
        base = Path(place)
        prepare(base)
        for name, words in WRITERS.items():
            is_good &= try_limit(base, name, words)
            if with_disk:
                is_good &= try_full_disk(base, name, words)
        for name, words in PRINTERS.items():
            is_good &= try_printer(base, name, words)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
