#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One model, one digest: however many threads, whatever processor, optimization level and z, and wherever it stopped and went on.

Models drawn at random (random_models.py), and a few that are large enough for minibatches to be shared among threads, are trained
by the simulator; native code must end with the same parameters and the same accuracy in every variant, and so must a run that ends
after some inputs with a checkpoint and is resumed from it.

Usage: same_digest.py [--binary SEDGE] [--seed N] [--count N]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from random_models import Layer, Model, draw_model, program_text, write_model
from verify_models import ROOT, known_processors

THREADS = [1, 2, 3, 5]
LEVELS = [0, 1, 2, 3]
MISFIT = 3


def large_models():
    """Edges times columns enough for threads, in both kinds of number; rows that end within a vector."""
    layers = [Layer([64], 64), Layer([90], 96, "tanh"), Layer([40], 48, "softmax")]
    patterns = ["clashfree(fanout = 48, banks = 4)", "random(density = 0.9)"]
    common = {"layers": layers, "patterns": patterns, "batch": 80, "examples": 170, "tests": 90, "inputs": 300}
    return [
        Model(**common, optimizer="adam", arguments={"rate": "1/64", "l2": "0.001"}, is_pipelined=True),
        Model(**common, number=(12, 3), rounding="stochastic(seed = 3)", arguments={"rate": "1/4", "momentum": "0.9"}),
    ]


def train(binary, program, *words):
    """(exit code, digest and accuracy, standard error) of one training."""
    done = subprocess.run([str(binary), "train", str(program), "--json", "-q", *map(str, words)],
                          capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        return done.returncode, None, done.stdout + done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    return 0, (last["parameters_sha256"], last.get("test_accuracy")), done.stderr


def variants(rng, is_large):
    """Words of native runs that must not change the result: all for a large model, a few drawn for a small one."""
    words = [["--threads", n] for n in THREADS] + [["--cpu", name] for name in known_processors()]
    words += [["-O", level] for level in LEVELS]
    return words if is_large else rng.sample(words, 3)


def other_parallelism(rng, model):
    """The same program for other hardware: one edge a clock, or what fits."""
    other = Model(**vars(model))
    other.z = None if model.z else [1] * len(model.patterns)
    other.stages = rng.choice([0, 1, 5])
    return program_text(other)


class Examination:
    """The runs of one model, compared with the simulator's."""

    def __init__(self, binary, folder, name, model):
        self.binary, self.folder, self.name, self.model = binary, folder, name, model
        self.program = write_model(folder, model)
        self.code, self.expected, self.said = train(binary, self.program, "--engine", "sim", *self.length())
        self.runs = self.failures = 0

    def length(self):
        return ["--epochs", self.model.epochs]

    def compare(self, what, program, *words):
        code, found, said = train(self.binary, program, *words, *self.length())
        self.runs += 1
        if code == MISFIT and "other hardware" in what or found == self.expected:
            return
        self.failures += 1
        print(f"FAIL {self.name}, {what}: {found or said} instead of {self.expected}\n{Path(program).read_text()}", flush=True)

    def compare_resumed(self, inputs):
        """Stops after some inputs, goes on."""
        checkpoint = self.folder / "state"
        code, _, said = train(self.binary, self.program, "-O", 0, *self.length(), "--inputs", inputs, "--checkpoint", checkpoint)
        if code != 0:
            self.failures += 1
            print(f"FAIL {self.name}, stopped after {inputs} inputs: {said}", flush=True)
            return
        self.compare(f"resumed after {inputs} inputs", self.program, "-O", 0, "--resume", checkpoint)

    def refuse_foreign(self):
        """A checkpoint holds its engine's own state: the other engine says so."""
        checkpoint = self.folder / "foreign"
        train(self.binary, self.program, "--engine", "sim", *self.length(), "--checkpoint", checkpoint)
        code, _, said = train(self.binary, self.program, *self.length(), "--resume", checkpoint)
        if code != 1 or "was written by the engine 'sim', this one is 'native'" not in said:
            self.failures += 1
            print(f"FAIL {self.name}: the simulator's checkpoint is not refused by native code: {code} {said}")


def examine(options, rng, folder, name, model):
    """Runs made, failures; (0, 0) for a model that cannot be trained."""
    model.epochs = 3
    is_large = name.startswith("large")
    e = Examination(options.binary, folder, name, model)
    if e.code != 0:
        return 0, 0
    for words in variants(rng, is_large):
        e.compare(" ".join(map(str, words)), e.program, *words, *([] if "-O" in words else ["-O", 0]))
    other = folder / "other.sedge"
    other.write_text(other_parallelism(rng, model))
    e.compare("other hardware", other, "-O", 0)
    total = model.examples * model.epochs
    for _ in range(2):
        e.compare_resumed(rng.randint(1, total))
    if is_large:
        e.refuse_foreign()
    return e.runs, e.failures


def main():
    parser = argparse.ArgumentParser(description="One model, one digest.")
    parser.add_argument("--binary", type=Path, default=os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=12, help="models drawn at random")
    options = parser.parse_args()
    rng = random.Random(f"same digest {options.seed}")
    models = [(f"large {i}", model) for i, model in enumerate(large_models())]
    models += [(f"model {i} of seed {options.seed}", draw_model(options.seed, i)) for i in range(options.count)]
    runs = failures = 0
    for name, model in models:
        with tempfile.TemporaryDirectory(prefix="sedge-digest-") as folder:
            made, failed = examine(options, rng, Path(folder), name, model)
        runs, failures = runs + made, failures + failed
    print(f"{runs} runs of {len(models)} models, {failures} failed")
    return 1 if failures or runs < 3 * len(models) else 0


if __name__ == "__main__":
    sys.exit(main())
