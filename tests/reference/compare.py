#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains with the sedge command and with the reference model from the same parameters, and compares.

For every comparison below: `sedge train --epochs 0 --save` writes the parameters that both begin with, `--inputs N --save`
those that the command ends with, once for each of its engines. Fixed point must agree bit for bit; float32 within 1e-4 of the
largest parameter of its array. The number of test inputs classified rightly must agree as well. The largest difference of each is
printed.

Usage: compare.py [--binary SEDGE] [--engine NAME] [NAME-PART...]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_sets import ROOT, find_mnist, read_idx_folder, write_archive, write_images
from model import Config, Model, Parameters
from tensors import read_tensors

TOLERANCE = 1e-4
TEST_INPUTS = 300

IMAGES = [(784, 1024, ""), (64, 64, "sigmoid"), (10, 16, "sigmoid")]
CLASHFREE = ["clashfree(fanout = 8, banks = 512)", "clashfree(fanout = 8)"]
DEEP = [(24, 24, ""), (30, 32, "relu"), (16, 16, "tanh"), (5, 8, "softmax")]
DEEP_EDGES = ["structured(fanout = 8, seed = 4)", "clashfree(fanin = 8, type = 1, dither = true)", "dense()"]
SMALL = [(24, 24, ""), (12, 12, "sigmoid"), (5, 5, "sigmoid")]
DENSE = ["dense()", "dense()"]

# name, configuration, junctions' patterns, inputs to train on, inputs of an epoch, rates as sedge writes them
COMPARISONS = []


def compare(name, layers, edges, rate="1/8", inputs=400, epoch=400, **settings):
    COMPARISONS.append((name, Config(layers, **settings), edges, inputs, epoch, rate))


compare("images-sequential", IMAGES, CLASHFREE, inputs=1000, epoch=1000)
compare("images-pipelined", IMAGES, CLASHFREE, inputs=1000, epoch=1000, is_pipelined=True)
compare("images-batch-pipelined", IMAGES, CLASHFREE, inputs=1000, epoch=1000, is_pipelined=True, batch=8)
compare("images-fixed-sequential", IMAGES, CLASHFREE, inputs=1000, epoch=1000, fixed=(12, 3))
compare("images-fixed-pipelined", IMAGES, CLASHFREE, inputs=1000, epoch=1000, fixed=(12, 3), is_pipelined=True)
compare("images-fixed-batch", IMAGES, CLASHFREE, inputs=999, epoch=999, fixed=(12, 3), batch=3, is_pipelined=True)

for order in (False, True):
    suffix = "pipelined" if order else "sequential"
    compare(f"deep-{suffix}", DEEP, DEEP_EDGES, is_pipelined=order)
    compare(f"deep-batch-{suffix}", DEEP, DEEP_EDGES, is_pipelined=order, batch=7)
    compare(f"deep-fixed-{suffix}", DEEP, DEEP_EDGES, is_pipelined=order, fixed=(16, 4))
    compare(f"deep-fixed-batch-{suffix}", DEEP, DEEP_EDGES, is_pipelined=order, fixed=(16, 4), batch=7)
    compare(f"epochs-{suffix}", SMALL, DENSE, is_pipelined=order, batch=3, inputs=150, epoch=50,
            rate="step(1/2, factor = 1/2, every = 1, floor = 1/4)", rates=[0.5, 0.25])
    compare(f"epochs-fixed-{suffix}", SMALL, DENSE, is_pipelined=order, batch=3, inputs=150, epoch=50, fixed=(14, 3),
            rate="step(1/2, factor = 1/2, every = 1, floor = 1/4)", rates=[0.5, 0.25])

compare("momentum", SMALL, DENSE, rate="1/32", rates=[1 / 32], momentum=0.9)
compare("nesterov-batch", SMALL, DENSE, rate="1/16", rates=[1 / 16], momentum=0.9, nesterov=True, batch=4)
compare("momentum-pipelined", SMALL, DENSE, rate="1/32", rates=[1 / 32], momentum=0.5, is_pipelined=True)
compare("momentum-fixed", SMALL, DENSE, rate="1/32", rates=[1 / 32], momentum=0.9, fixed=(16, 3))
compare("nesterov-fixed-batch", SMALL, DENSE, rate="1/16", rates=[1 / 16], momentum=0.9, nesterov=True, l2=0.001, batch=4,
        fixed=(14, 3), is_pipelined=True)
compare("l2", SMALL, DENSE, l2=0.001)
compare("l2-batch-pipelined", SMALL, DENSE, l2=0.001, batch=5, is_pipelined=True)
compare("l2-fixed", SMALL, DENSE, l2=0.01, fixed=(16, 3))
compare("adam", DEEP, DEEP_EDGES, rate="1/500", rates=[1 / 500], optimizer="adam", l2=8e-5)
compare("adam-batch-pipelined", SMALL, DENSE, rate="1/500", rates=[1 / 500], optimizer="adam", batch=10,
        is_pipelined=True)
compare("rmsprop", SMALL, DENSE, rate="1/1000", rates=[1 / 1000], optimizer="rmsprop", batch=2)

compare("quadratic", [(24, 24, ""), (12, 12, "tanh"), (5, 5, "identity")], DENSE, rate="1/32", rates=[1 / 32],
        loss="quadratic")
compare("quadratic-fixed", [(24, 24, ""), (12, 12, "tanh"), (5, 5, "identity")], DENSE, rate="1/32", rates=[1 / 32],
        loss="quadratic", fixed=(12, 2))
compare("own-activation", [(24, 24, ""), (12, 12, "softsign"), (5, 5, "sigmoid")], DENSE)
compare("own-activation-fixed", [(24, 24, ""), (12, 12, "softsign"), (5, 5, "sigmoid")], DENSE, fixed=(10, 3))
compare("random", SMALL, ["random(density = 0.3, seed = 5)", "random(density = 0.5, seed = 6)"], is_pipelined=True)
compare("random-fixed", SMALL, ["random(density = 0.3, seed = 5)", "random(density = 0.5, seed = 6)"], fixed=(9, 3))
compare("window", [(24, 24, ""), (11, 11, "relu"), (5, 5, "softmax")], ["window(size = 4, stride = 2)", "dense()"])
compare("five-junctions", [(24, 24, ""), (28, 28, "relu"), (32, 32, "tanh"), (20, 20, "sigmoid"), (12, 12, "relu"), (5, 5, "softmax")],
        ["structured(density = 1/2)"] * 4 + ["dense()"], rate="1/64", rates=[1 / 64], is_pipelined=True)
compare("saturating", SMALL, DENSE, rate="1", rates=[1.0], fixed=(6, 1))
compare("narrow", SMALL, DENSE, rate="1", rates=[1.0], fixed=(5, 1))
compare("wide", SMALL, DENSE, fixed=(32, 5), is_pipelined=True)
compare("wide-batch", SMALL, DENSE, fixed=(32, 5), batch=4)
compare("beyond-tables", SMALL, DENSE, fixed=(20, 4))
compare("truncate", SMALL, DENSE, fixed=(12, 3), rounding="truncate")
compare("truncate-batch-pipelined", SMALL, DENSE, fixed=(12, 3), rounding="truncate", batch=3, is_pipelined=True)
compare("rate-not-a-power", SMALL, DENSE, rate="0.3", rates=[0.3], fixed=(12, 3))


def program_text(config, edges, rate, data):
    """The comparison as a .sedge file."""
    names = [f"layer{i}" for i in range(len(config.layers))]
    lines = ["activation softsign(x) = x / (1 + max(x, -x));"] if any(a == "softsign" for *_, a in config.layers) else []
    lines.append("network compared {")
    for i, (real, neurons, activation) in enumerate(config.layers):
        kind = "input" if i == 0 else "output" if i == len(names) - 1 else "layer"
        lines.append(f"  {kind} {names[i]}[{real}]" + (f" pad {neurons}" if neurons != real else "")
                     + (f" : {activation}" if i else "") + ";")
    for i, pattern in enumerate(edges):
        lines.append(f"  junction {names[i]} -> {names[i + 1]} : {pattern};")
    lines.append("}")
    if config.fixed:
        lines.append(f"hardware exact {{ number = fixed(width = {config.fixed[0]}, integer = {config.fixed[1]}); "
                     f"rounding = {config.rounding}; }}")
    arguments = [f"rate = {rate}"]
    if config.optimizer == "sgd" and config.momentum:
        arguments.append(f"momentum = {config.momentum}")
        arguments.append(f"nesterov = {'true' if config.nesterov else 'false'}")
    if config.l2:
        arguments.append(f"l2 = {config.l2}")
    lines += ["train {", f"  data = {data};", f"  loss = {config.loss};",
              f"  optimizer = {config.optimizer}({', '.join(arguments)});",
              f"  order = {'pipelined' if config.is_pipelined else 'sequential'};",
              f"  batch = {config.batch};", "  epochs = 1000;", "  shuffle = false;", "}"]
    return "\n".join(lines) + "\n"


def read_parameters(path):
    tensors, _ = read_tensors(path)
    parameters = []
    for i in range(1, len(tensors) // 4 + 1):
        part = {name: tensors[f"junction{i}.{name}"] for name in ("left", "right", "weight", "bias")}
        assert np.all(np.diff(part["right"]) >= 0), f"junction {i}: edges are not numbered by right neuron"
        pairs = part["left"].astype(np.int64) * (1 << 32) + part["right"]
        assert len(np.unique(pairs)) == len(pairs), f"junction {i}: two edges join the same pair"
        parameters.append(Parameters(part["left"].astype(np.int64), part["right"].astype(np.int64),
                                     part["weight"], part["bias"]))
    return parameters


def run_sedge(options, arguments, engine):
    command = [str(options.binary), *arguments, "--engine", engine]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def difference(config, ours, theirs):
    """(largest difference, what it is measured in): raw steps, or the share of the largest parameter."""
    largest = 0.0
    for i, theirs_i in enumerate(theirs, 1):
        for name in ("weight", "bias"):
            a, b = getattr(ours[i], name), getattr(theirs_i, name)
            scale = 1 if config.fixed else max(float(np.abs(a).max(initial=0)), 1e-3)
            gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
            # A NaN is the largest difference there is.
            largest = max(largest, float(np.nan_to_num(gap, nan=np.inf).max(initial=0)) / scale)
    return largest


@dataclass
class Expected:
    """Where the reference model ends."""
    parameters: dict
    moved: float  # how far a parameter has come, so that no comparison is of standing still
    right: int    # test inputs classified rightly
    tests: int


def run_reference(comparison, start, data):
    _, config, _, inputs, epoch, _ = comparison
    train, labels, test, test_labels = data
    model = Model(config, read_parameters(start))
    before = {i: p.weight.copy() for i, p in model.parameters.items()}
    order = np.arange(inputs) % epoch
    model.train(train[order], labels[order], epoch)
    moved = max(float(np.abs(model.numbers.value(p.weight - before[i])).max()) for i, p in model.parameters.items())
    right = sum(model.predict(values) == label for values, label in zip(test, test_labels))
    return Expected(model.parameters, moved, int(right), len(test))


def run_engine(options, engine, comparison, program, expected):
    """A line of the report, and whether it agrees."""
    name, config, _, inputs, _, _ = comparison
    end = f"{program}.{engine}.end"
    began = time.monotonic()
    run_sedge(options, ["train", program, "--inputs", str(inputs), "--save", end], engine)
    seconds = time.monotonic() - began
    largest = difference(config, expected.parameters, read_parameters(end))
    tested = json.loads(run_sedge(options, ["test", program, "--load", end, "--json"], engine).splitlines()[-1])
    accuracy = tested["test_accuracy"]
    agrees = largest == 0 if config.fixed else largest <= TOLERANCE
    tests_agree = abs(accuracy * expected.tests - expected.right) <= (0.01 if config.fixed else 1.01)
    is_good = agrees and tests_agree and expected.moved > 0
    unit = "raw steps" if config.fixed else "relative"
    return (f"{'ok  ' if is_good else 'FAIL'} {name:26} {engine:6} largest difference {largest:.3g} {unit}, weights moved up to "
            f"{expected.moved:.3g}, {expected.right} of {expected.tests} right (sedge {accuracy:.4f}), {inputs} inputs in {seconds:.2f} s",
            is_good)


def run_comparison(options, folder, data_sets, comparison):
    """A line of the report for each engine, and whether it agrees."""
    name, config, edges, _, epoch, rate = comparison
    words, data = data_sets(config.layers[0][0], epoch)
    program = str(folder / f"{name}.sedge")
    Path(program).write_text(program_text(config, edges, rate, words))
    run_sedge(options, ["train", program, "--epochs", "0", "--save", f"{program}.start"], "sim")
    expected = run_reference(comparison, f"{program}.start", data)
    return [run_engine(options, engine, comparison, program, expected) for engine in options.engines]


def data_set_maker(folder):
    """A function (features, inputs of an epoch) -> (sedge's words for it, arrays); sets are made once."""
    made = {}
    mnist = find_mnist()
    if mnist is None:
        print("SKIP MNIST: no SEDGE_MNIST folder; made-up images stand in for it")
        mnist = folder / "images"
        mnist.mkdir()
        write_images(mnist, 1000, TEST_INPUTS)

    def maker(features, epoch):
        key = (features, epoch)
        if key not in made and features == 784:
            made[key] = (f'idx("{mnist}")', read_idx_folder(mnist, epoch))
        elif key not in made:
            path = folder / f"set-{features}-{epoch}.npz"
            made[key] = (f'npz("{path}")', write_archive(path, epoch, TEST_INPUTS, features, 5))
        return made[key]

    return maker


def main():
    parser = argparse.ArgumentParser(description="Compares the sedge command with the reference model.")
    parser.add_argument("names", nargs="*", help="parts of the names of the comparisons to run (default: all)")
    parser.add_argument("--binary", type=Path, default=os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge"))
    parser.add_argument("--engine", dest="engines", action="append", help="an engine of sedge's (default: sim and native)")
    options = parser.parse_args()
    options.engines = options.engines or ["sim", "native"]
    chosen = [c for c in COMPARISONS if not options.names or any(part in c[0] for part in options.names)]
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="sedge-reference-") as folder:
        data_sets = data_set_maker(Path(folder))
        for comparison in chosen:
            try:
                results = run_comparison(options, Path(folder), data_sets, comparison)
            except (OSError, RuntimeError, AssertionError, LookupError, ValueError) as error:
                results = [(f"FAIL {comparison[0]}: {type(error).__name__}: {error}", False)]
            print("\n".join(line for line, _ in results), flush=True)
            failed += sum(not agrees for _, agrees in results)
            passed += sum(agrees for _, agrees in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
