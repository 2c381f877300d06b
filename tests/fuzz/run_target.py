#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a fuzz target over its seeds, and then on what libFuzzer makes of them for SEDGE_FUZZ_SECONDS (60).

    tests/fuzz/run_target.py build/fuzz/tests/fuzz_x --seeds tests/fuzz/seeds/x --artifacts FOLDER [--dictionary FILE]

The new corpus lies in a temporary folder and is forgotten.  An input that fails is kept in FOLDER, and how to run it again is said.
Luck decides only what is tried: the seed of the random numbers is fixed, and an input may take far longer than any should.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_SECONDS = 25      # for one input
MOST_MEGABYTES = 2048
SEED = 1
MEMORY = Path("/dev/shm")  # targets that write files wait for no disk there
GRACE = 240            # seconds beyond what was asked for: seeds, a loaded machine, the last input


def settings():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("--seeds", type=Path, required=True)
    parser.add_argument("--artifacts", type=Path, required=True)
    parser.add_argument("--dictionary", type=Path)
    return parser.parse_args()


def fuzz(given, seconds, folder):
    """What the target printed, and its exit status; None where it hung."""
    corpus = folder / "corpus"
    corpus.mkdir()
    command = [given.target, f"-max_total_time={seconds}", f"-timeout={MOST_SECONDS}", f"-rss_limit_mb={MOST_MEGABYTES}",
               f"-seed={SEED}", "-print_final_stats=1", f"-artifact_prefix={given.artifacts}/{given.target.name}-"]
    if given.dictionary:
        command.append(f"-dict={given.dictionary}")
    with open(folder / "log", "w+b") as log:
        process = subprocess.Popen([*command, corpus, given.seeds], stdout=log, stderr=subprocess.STDOUT,
                                   env={**os.environ, "TMPDIR": str(folder)})
        try:
            status = process.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = None
        log.seek(0)
        return log.read().decode(errors="replace"), status


def main():
    given = settings()
    seconds = int(os.environ.get("SEDGE_FUZZ_SECONDS", "60"))
    seeds = [seed for seed in given.seeds.iterdir() if seed.is_file()]
    if not seeds:
        sys.exit(f"{given.seeds} holds no seeds")
    given.artifacts.mkdir(parents=True, exist_ok=True)
    before = set(given.artifacts.iterdir())
    folder = Path(tempfile.mkdtemp(prefix="sedge-fuzz-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    begun = time.monotonic()
    try:
        printed, status = fuzz(given, seconds, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    executions = re.findall(r"^stat::number_of_executed_units: *(\d+)", printed, re.M)
    if status == 0 and executions:
        print(f"{given.target.name}: {len(seeds)} seeds, {int(executions[-1]):,} executions "
              f"in {time.monotonic() - begun:.0f} s, nothing found")
        return
    print(printed[-20_000:])
    print(f"{given.target.name}: {'hung' if status is None else f'ended with status {status}'}")
    for artifact in sorted(set(given.artifacts.iterdir()) - before):
        print(f"kept: {artifact}\nagain: {given.target} {artifact}")
    sys.exit(1)


main()
