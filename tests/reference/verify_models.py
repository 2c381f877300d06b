#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs `sedge verify` on models drawn at random, and makes smaller what fails until nothing more can be left out.

    verify_models.py                          300 models of seed 1, in some seconds
    verify_models.py --count 5000 --seed 7    for an evening
    verify_models.py --only 1234              model 1234 of the seed alone

Each runs on a processor, optimization level and number of threads of its own, so that agreement with the simulator is agreement
among them. A model fails where the two executors differ, and where sedge crashes, hangs, reports a defect of its own, or refuses
what is legal. What is refused for a reason that a drawn model may have (no edges, too few ports) is counted, and so are
models that run away to infinity: both executors must then stop alike. The smallest failing model is printed, and kept in
a folder with its data.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from random_models import MAKERS, PROCESSORS, draw_model, program_text, write_model
from shrink_model import shrink

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 120
NO_EDGES = "E0217"  # a pattern that joins no neurons
MOST_REFUSED = 0.1  # of the models; more would say that the generator draws the wrong ones

FLAGS_OF_LEVELS = [("x86-64-v2", "sse4_2"), ("x86-64-v3", "avx2"), ("x86-64-v4", "avx512vl")]


def known_processors():
    """The levels of x86-64 that this machine can run."""
    if platform.machine() != "x86_64":
        return []
    flags = set(Path("/proc/cpuinfo").read_text().split())
    return [name for name in PROCESSORS if name == "x86-64" or dict(FLAGS_OF_LEVELS)[name] in flags]


def command_of(binary, program, model):
    command = [str(binary), "verify", str(program), "--json", "-q", "--inputs", str(model.inputs), "-O", str(model.level),
               "--threads", str(model.threads)]
    return command + (["--cpu", model.processor] if model.processor else [])


def judge(done):
    """(outcome, what was said): agree, refused, away, differ or broken."""
    events = []
    for line in done.stdout.splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            return "broken: no JSON", done.stdout + done.stderr
    kinds = [event.get("event") for event in events]
    said = done.stdout + done.stderr
    if done.returncode == 0 and kinds == ["agreement"]:
        return "agree", said
    if done.returncode == 1 and kinds == ["difference"]:
        return "differ", said
    errors = [event for event in events if event.get("severity") == "error"]
    if errors and (done.returncode == 3 or {error["code"] for error in errors} == {NO_EDGES}):
        return "refused", said
    if done.returncode == 1 and errors and all("is not a number" in error["message"] for error in errors):
        return "away", said
    codes = ", ".join(sorted({error["code"] for error in errors}))
    return f"broken: exit code {done.returncode} {codes}".rstrip(), said


def verify(binary, model, folder=None):
    """Outcome and words of `sedge verify` on one model; its files are written into `folder`, or are not kept."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="sedge-model-") as scratch:
            return verify(binary, model, Path(scratch))
    command = command_of(binary, write_model(folder, model), model)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "broken: hangs", f"still running after {SECONDS} seconds"
    return judge(done)


def tell_failure(options, number, model, outcome, said):
    """Shrinks a failing model, prints it, keeps it."""
    print(f"FAIL model {number} of seed {options.seed}: {outcome}\n{said.rstrip()}", flush=True)
    smallest = shrink(model, lambda other: verify(options.binary, other)[0] == outcome) if options.shrink else model
    folder = Path(options.keep or tempfile.mkdtemp(prefix="sedge-failed-")) / f"{options.seed}-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    _, said = verify(options.binary, smallest, folder)
    print(f"{program_text(smallest)}{said.rstrip()}\nto see it again: "
          f"{' '.join(command_of(options.binary, folder / 'model.sedge', smallest))}", flush=True)


def features_of(model):
    """What a model has, in words: every maker's patterns and the settings' values must occur."""
    words = [pattern.split("(")[0] for pattern in model.patterns]
    words = ["own" if word.startswith("own") else word for word in words]
    words += ["own activation" if layer.activation.startswith("shape") else layer.activation for layer in model.layers[1:]]
    words += ["fixed" if model.number else "float32", model.rounding.split("(")[0] if model.number else "", model.loss,
              model.optimizer, "pipelined" if model.is_pipelined else "sequential", model.data, f"level {model.level}"]
    words += [name for name in model.arguments if name != "rate"]
    words += [f"{len(model.patterns)} junctions", "a batch" if model.batch > 1 else "online", model.processor or "own processor"]
    words += ["padding"] if any(layer.count != layer.real for layer in model.layers) else []
    return [word for word in words if word]


def expected_features(processors):
    patterns = [name for name in MAKERS if name not in ("turning", "blending")]
    return patterns + ["own activation", "sigmoid", "tanh", "relu", "identity", "softmax", "fixed", "float32", "nearest", "truncate",
                       "stochastic", "cross_entropy", "quadratic", "sgd", "rmsprop", "adam", "pipelined", "sequential", "npz",
                       "bytes", "csv", "libsvm", "momentum", "nesterov", "l2", "a batch", "online", "padding",
                       "5 junctions", *processors]


def main():
    parser = argparse.ArgumentParser(description="Verifies random models.")
    parser.add_argument("--binary", type=Path, default=os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--only", type=int, help="this model alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", help="the folder for models that fail (default: a new one)")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false", help="print failing models as they were drawn")
    parser.add_argument("--first", action="store_true", help="end with the first failing model")
    options = parser.parse_args()
    processors = known_processors()
    numbers = range(options.count) if options.only is None else [options.only]
    outcomes, seen, inputs = collections.Counter(), collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        models = (draw_model(options.seed, number, processors) for number in numbers)
        for number, model, (outcome, said) in pool.map(
                lambda pair: (*pair, verify(options.binary, pair[1])), zip(numbers, models)):
            outcomes[outcome.split(":")[0]] += 1
            seen.update(features_of(model))
            inputs += model.inputs
            if outcome.startswith(("differ", "broken")):
                tell_failure(options, number, model, outcome, said)
                if options.first:
                    pool.shutdown(cancel_futures=True)
                    return 1
    print(f"{outcomes['agree']} models agree after {inputs} inputs in all, {outcomes['away']} ran away alike, "
          f"{outcomes['refused']} were refused, {outcomes['differ']} differ, {outcomes['broken']} broke")
    missing = [word for word in expected_features(processors) if seen[word] == 0] if len(numbers) >= 200 else []
    if missing:
        print(f"FAIL never drawn: {', '.join(missing)}")
    if outcomes["refused"] > MOST_REFUSED * max(len(numbers), 20):
        print("FAIL too many are refused")
        return 1
    return 1 if outcomes["differ"] or outcomes["broken"] or missing or not outcomes["agree"] else 0


if __name__ == "__main__":
    sys.exit(main())
