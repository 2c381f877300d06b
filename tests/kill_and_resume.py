#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training is killed at random moments and resumed until it is done: the digest must be that of the run that nobody killed.

    SEDGE_BINARY=build/sedge tests/kill_and_resume.py [--kills 200] [--seed N]

Runs of both engines, one input at a time and in batches, take turns. After each kill the checkpoint must be whole; at the end nothing
may lie beside it. Then the locks: two processes on one checkpoint, and what killed ones leave.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
SYSTEM, INTERRUPTED = 4, 130

PROGRAM = """
network small {{
  input frame[64]; layer hidden[32] : tanh; output symbol[64] : softmax;
  junction frame -> hidden : clashfree(fanout = 8);
  junction hidden -> symbol : dense();
}}
train {{ data = morse(train = {train}, test = 64); order = pipelined; batch = {batch}; epochs = {epochs};
        optimizer = adam(rate = 1/64); }}
"""

# Engine, batch, epochs, examples: each some tenths of a second, most of which is training and writing checkpoints.
RUNS = [("sim", 1, 10, 600), ("sim", 7, 10, 600), ("native", 1, 15, 4000), ("native", 7, 15, 4000)]


class Trial:
    def __init__(self, engine, batch, epochs, train):
        self.name = f"{engine}, batch {batch}"
        self.words = ["train", "a.sedge", "--engine", engine, "-q", "--json", "--checkpoint", "c"]
        self.text = PROGRAM.format(batch=batch, epochs=epochs, train=train)
        self.kills = 0
        with tempfile.TemporaryDirectory(prefix="sedge-kill-") as folder:
            begin = time.monotonic()
            done = self.start(folder, []).communicate()[0]
            self.seconds = time.monotonic() - begin
            self.digest = self.digest_of(done)

    def start(self, folder, more):
        (Path(folder) / "a.sedge").write_text(self.text)
        return subprocess.Popen([str(BINARY), *self.words, *more], cwd=folder, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def digest_of(output):
        return json.loads(output.splitlines()[-1])["parameters_sha256"]

    def run(self, chance, kills):
        """Kills a run at most `kills` times, anywhere from its beginning on, and lets it end."""
        with tempfile.TemporaryDirectory(prefix="sedge-kill-") as folder:
            checkpoint = Path(folder) / "c"
            while True:
                process = self.start(folder, ["--resume", "c"] if checkpoint.exists() else [])
                if kills > 0:
                    time.sleep(chance.uniform(0, self.seconds))
                    process.kill()
                output, errors = process.communicate()
                if process.returncode == 0:
                    break
                if process.returncode != -signal.SIGKILL:
                    raise SystemExit(f"{self.name}: exit {process.returncode} after {self.kills} kills: {errors}")
                kills -= 1
                self.kills += 1
            if self.digest_of(output) != self.digest:
                raise SystemExit(f"{self.name}: another digest after {self.kills} kills")
            names = sorted(os.listdir(folder))
            if names != ["a.sedge", "c"]:
                raise SystemExit(f"{self.name}: left over: {names}")


def check(is_so, what):
    if not is_so:
        raise SystemExit(what)


def try_locks():
    """A second process on a checkpoint is refused, also through a link; the lock goes with its owner, however that ends."""
    trial = Trial("sim", 7, 2, 300)
    long = PROGRAM.format(batch=7, epochs=100_000, train=300)
    with tempfile.TemporaryDirectory(prefix="sedge-lock-") as folder:
        (Path(folder) / "long.sedge").write_text(long)
        (Path(folder) / "link").symlink_to("c")
        words = [str(BINARY), "train", "long.sedge", "-q", "--json", "--checkpoint"]
        for end in (signal.SIGKILL, signal.SIGTERM):
            first = subprocess.Popen([*words, "c"], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(3):
                first.stdout.readline()
            before = (Path(folder) / "c").exists()
            for name in ("c", "link"):
                second = subprocess.run([*words, name, "--resume", "c"], cwd=folder, capture_output=True, text=True,
                                        timeout=60, check=False)
                check(second.returncode == SYSTEM and "another process is training into it" in second.stdout,
                      f"a second process: exit {second.returncode}, {second.stdout} {second.stderr}")
            check(before and first.poll() is None, "the first process did not go on")
            first.send_signal(end)
            first.communicate()
            check(first.returncode == (-signal.SIGKILL if end == signal.SIGKILL else INTERRUPTED), "the first process's end")
        check(sorted(os.listdir(folder)) == ["c", "link", "long.sedge"], f"left over: {os.listdir(folder)}")

        # What is locked is being written; what is not was left, and goes. Other files stay.
        for name in (".c.1.part", ".c.4194305.part", ".c.part", ".cc.1.part", ".c.1.parts"):
            (Path(folder) / name).write_text("")
        process = trial.start(folder, [])
        process.communicate()
        check(process.returncode == 0, "a run beside what was left")
        check(sorted(os.listdir(folder)) == [".c.1.parts", ".c.part", ".cc.1.part", "a.sedge", "c", "link", "long.sedge"],
              f"left over: {sorted(os.listdir(folder))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    trials = [Trial(*run) for run in RUNS]
    while sum(trial.kills for trial in trials) < options.kills:
        trial = min(trials, key=lambda one: one.kills)
        trial.run(chance, 3)
    try_locks()
    for trial in trials:
        check(trial.kills > 0, f"{trial.name} was never killed")
        print(f"{trial.name}: killed {trial.kills} times, {trial.seconds:.2f} s undisturbed, the same digest every time")


if __name__ == "__main__":
    sys.exit(main())
