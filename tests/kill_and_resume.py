#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trainings and sweeps are killed at random moments and resumed until they are done: the results must be those of runs that nobody killed.

    SEDGE_BINARY=build/sedge tests/kill_and_resume.py [--kills 200] [--seed N]

Runs of both engines, one input at a time and in batches, and a sweep by two workers take turns. After each kill the checkpoint must be
whole, and the sweep's rows still be there; at the end nothing may lie beside them. Then the locks: two processes on one checkpoint, and what killed ones leave.
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
CHANGING = {"seconds", "inputs_per_second"}  # in a row
RUNS = [("sim", 1, 10, 600), ("sim", 7, 10, 600), ("native", 1, 15, 4000), ("native", 7, 15, 4000)]


class Trial:
    def __init__(self, engine, batch, epochs, train):
        self.name = f"{engine}, batch {batch}"
        self.words = ["train", "a.sedge", "--engine", engine, "-q", "--json", "--checkpoint", "c"]
        self.text = PROGRAM.format(batch=batch, epochs=epochs, train=train)
        self.kept = "c"
        self.measure()

    def measure(self):
        """The run that nobody kills."""
        self.kills = 0
        with tempfile.TemporaryDirectory(prefix="sedge-kill-") as folder:
            begin = time.monotonic()
            done = self.start(folder, []).communicate()[0]
            self.seconds = time.monotonic() - begin
            self.results = self.results_of(done)

    def start(self, folder, more):
        (Path(folder) / "a.sedge").write_text(self.text)
        return subprocess.Popen([str(BINARY), *self.words, *more], cwd=folder, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def results_of(self, output):
        return json.loads(output.splitlines()[-1])["parameters_sha256"]

    def resuming(self, folder):
        """What is said to a command that goes on."""
        return ["--resume", self.kept] if (folder / self.kept).exists() else []

    def check_kept(self, folder):
        """After a kill; what is no checkpoint is refused when it is resumed from."""

    def run(self, chance, kills):
        """Kills a run at most `kills` times, anywhere from its beginning on, and lets it end."""
        with tempfile.TemporaryDirectory(prefix="sedge-kill-") as folder:
            while True:
                process = self.start(folder, self.resuming(Path(folder)))
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
                self.check_kept(Path(folder))
            if self.results_of(output) != self.results:
                raise SystemExit(f"{self.name}: other results after {self.kills} kills")
            names = sorted(os.listdir(folder))
            if names != ["a.sedge", self.kept]:
                raise SystemExit(f"{self.name}: left over: {names}")


class SweepTrial(Trial):
    """A sweep goes on by the same command, from the rows in its state."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.name = "sweep, two workers"
        self.words = ["sweep", "a.sedge", "--engine", "sim", "-q", "--json", "--jobs", "2", "--over", "train.batch=1,7",
                      "--over", "seed=1..4"]
        self.text = PROGRAM.format(batch=1, epochs=2, train=300)
        self.kept = "a.sweep.jsonl"
        self.rows = b""
        self.measure()

    def results_of(self, output):
        rows = map(json.loads, output.splitlines())
        return [{key: value for key, value in row.items() if key not in CHANGING} for row in rows]

    def resuming(self, folder):
        if not (folder / self.kept).exists():
            self.rows = b""
        return []

    def check_kept(self, folder):
        """Rows are only ever added; the last line may be half a line."""
        state = (folder / self.kept).read_bytes() if (folder / self.kept).exists() else b""
        check(state.startswith(self.rows), f"{self.name}: rows are lost: {self.rows} {state}")
        self.rows = state[:state.rfind(b"\n") + 1]


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
        words = [str(BINARY), "train", "long.sedge", "-q", "--json", "--log", "log", "--checkpoint"]
        for end in (signal.SIGKILL, signal.SIGTERM):
            first = subprocess.Popen([*words, "c"], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(3):
                first.stdout.readline()
            before = (Path(folder) / "c").exists()
            for name in ("c", "link", "other"):  # the last for its log
                second = subprocess.run([*words, name, "--resume", "c"], cwd=folder, capture_output=True, text=True,
                                        timeout=60, check=False)
                check(second.returncode == SYSTEM and "another process is training into it" in second.stdout,
                      f"a second process: exit {second.returncode}, {second.stdout} {second.stderr}")
            check(before and first.poll() is None, "the first process did not go on")
            first.send_signal(end)
            first.communicate()
            check(first.returncode == (-signal.SIGKILL if end == signal.SIGKILL else INTERRUPTED), "the first process's end")
        check(sorted(os.listdir(folder)) == ["c", "link", "log", "long.sedge"], f"left over: {os.listdir(folder)}")

        # What is locked is being written; what is not was left, and goes. Other files stay.
        for name in (".c.1.part", ".c.4194305.part", ".c.part", ".cc.1.part", ".c.1.parts"):
            (Path(folder) / name).write_text("")
        process = trial.start(folder, [])
        process.communicate()
        check(process.returncode == 0, "a run beside what was left")
        check(sorted(os.listdir(folder)) == [".c.1.parts", ".c.part", ".cc.1.part", "a.sedge", "c", "link", "log", "long.sedge"],
              f"left over: {sorted(os.listdir(folder))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    trials = [Trial(*run) for run in RUNS] + [SweepTrial()]
    while sum(trial.kills for trial in trials) < options.kills:
        trial = min(trials, key=lambda one: one.kills)
        trial.run(chance, 3)
    try_locks()
    for trial in trials:
        check(trial.kills > 0, f"{trial.name} was never killed")
        print(f"{trial.name}: killed {trial.kills} times, {trial.seconds:.2f} s undisturbed, the same results every time")


if __name__ == "__main__":
    sys.exit(main())
