#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs the Python package into an empty folder, without a network, and trains with it, against the command.

    SEDGE_BINARY=build/sedge tests/python_package.py [-v] [TEST...]
"""

import importlib.util
import inspect
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "runtime" / "python"
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()

NETWORK = """
param fanout = 8;
network small {
  input frame[64]; layer hidden[32] : tanh; output symbol[64] : softmax;
  junction frame -> hidden : clashfree(fanout = fanout);
  junction hidden -> symbol : dense();
}
"""
TRAIN = 'train { data = csv("rows.csv"); order = pipelined; batch = 5; shuffle = false; epochs = 3; optimizer = adam(rate = 1/64); }'
FIXED = "hardware h { number = fixed(12, 3); }"

sedge = None  # the package, once it is installed


def setUpModule():  # pylint: disable=invalid-name
    """Installs the package as a user would; where pip is absent it is taken from the tree."""
    global sedge  # pylint: disable=global-statement
    if os.environ.get("SEDGE_IS_SANITIZED") == "1":
        raise unittest.SkipTest("the interpreter is not sanitized, so it cannot load what is")
    folder = tempfile.mkdtemp(prefix="sedge-python-")
    unittest.addModuleCleanup(shutil.rmtree, folder)
    source = Path(folder) / "source"  # setuptools writes beside what it builds
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = source
    if all(importlib.util.find_spec(name) for name in ("pip", "setuptools", "wheel")):
        target = Path(folder) / "installed"
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-build-isolation", "--no-deps",
                        "--disable-pip-version-check", "--root-user-action=ignore", "--target", target, source],
                       check=True, stdin=subprocess.DEVNULL)
        assert (target / "sedge" / "py.typed").exists()
    else:
        print("pip, setuptools or wheel is not installed: the package is tested from the tree")
    sys.path.insert(0, str(target))
    os.environ["SEDGE"] = str(BINARY)
    sedge = importlib.import_module("sedge")
    assert Path(sedge.__file__).is_relative_to(target)


class Package(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-python-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        random = np.random.default_rng(1)
        self.values = random.random((203, 64), dtype=np.float32)
        self.labels = (self.values[:, :8].sum(axis=1) * 8).astype(np.int64)
        lines = [",".join(f"{value:.9g}" for value in row) + f",{label}\n" for row, label in zip(self.values, self.labels)]
        (self.folder / "rows.csv").write_text("".join(lines))
        (self.folder / "rows-test.csv").write_text("".join(lines[:20]))

    def write(self, text):
        path = self.folder / "small.sedge"
        path.write_text(text)
        return path

    def command(self, verb, path, *words):
        done = subprocess.run([BINARY, verb, path, *words], cwd=self.folder, capture_output=True, text=True, check=True,
                              stdin=subprocess.DEVNULL, timeout=300)
        return done.stdout

    def train(self, trainer):
        for epoch in range(trainer.epochs):
            for first in range(0, 203, 50):  # pieces do not show in the result
                piece = slice(first, first + 50)
                trainer.train(self.values[piece], self.labels[piece], trainer.rate(epoch), ends_epoch=first == 200)
        trainer.drain()

    def test_training_gives_the_bits_of_the_command(self):
        for name, text in [("float32", NETWORK + TRAIN), ("fixed", NETWORK + FIXED + TRAIN.replace("adam", "sgd"))]:
            with self.subTest(name=name):
                path = self.write(text)
                said = json.loads(self.command("train", path, "-D", "fanout=4", "--json", "--save", "w").splitlines()[-1])
                with sedge.compile(path, defines={"fanout": 4}, threads=2) as trainer:
                    self.train(trainer)
                    self.assertEqual(trainer.digest(), said["parameters_sha256"])
                    self.assertEqual(trainer.parameters, said["parameters"])
                    self.check_predictions(trainer, path)
                    trainer.save(self.folder / "ours")
                self.assertEqual((self.folder / "ours").read_bytes(), (self.folder / "w").read_bytes())

    def check_predictions(self, trainer, path):
        lines = self.command("predict", path, "-D", "fanout=4", "--load", "w", "rows.csv").splitlines()
        printed = np.array([[float(word) for word in line.split()] for line in lines])
        classes, scores = trainer.predict(self.values)
        np.testing.assert_array_equal(classes, printed[:, 0])
        np.testing.assert_array_equal(scores, printed[:, 1:].astype(np.float32))
        tally = trainer.test(self.values.reshape(203, 8, 8), self.labels)
        self.assertEqual((tally.count, tally.correct), (203, int((classes == self.labels).sum())))
        self.assertAlmostEqual(tally.accuracy, tally.correct / 203)

    def test_parameters_are_read_and_written(self):
        path = self.write(NETWORK + TRAIN)
        with sedge.compile(path) as trainer, sedge.compile(path) as other:
            self.assertEqual((trainer.name, trainer.inputs, trainer.outputs, trainer.batch, trainer.junctions, trainer.fraction_bits),
                             ("small", 64, 64, 5, 2, None))
            self.train(trainer)
            left, right = trainer.edges(0)
            self.assertEqual((len(left), set(np.bincount(left)), set(np.bincount(right))), (512, {8}, {16}))
            for junction in range(2):
                other.set_weights(junction, trainer.weights(junction))
                other.set_biases(junction, trainer.biases(junction))
            self.assertEqual(other.digest(), trainer.digest())
            trainer.checkpoint(self.folder / "c")
            other.resume(self.folder / "c")
            self.train(trainer)
            self.train(other)
            self.assertEqual(other.digest(), trainer.digest())
            trainer.save(self.folder / "w")
            self.train(other)
            other.load(self.folder / "w")
            self.assertEqual(other.digest(), trainer.digest())

    def test_a_schedule_is_what_the_command_prints(self):
        path = self.write(NETWORK + TRAIN)
        self.assertEqual(sedge.schedule(path, defines={"fanout": 4}),
                         json.loads(self.command("schedule", path, "-D", "fanout=4", "--format", "json")))

    def test_what_fails_raises_with_its_message(self):
        path = self.write(NETWORK + TRAIN)
        wrong = self.folder / "wrong.sedge"
        wrong.write_text(NETWORK.replace("clashfree", "clashfre"))
        with sedge.compile(path) as trainer:
            rows, labels = self.values, self.labels
            for message, call in [
                (r"did you mean 'clashfree'", lambda: sedge.compile(wrong)),
                (r"wrong.sedge:\d+:\d+: error", lambda: sedge.schedule(wrong)),
                ("no library of sedge", lambda: sedge.Trainer(path)),
                (r"values have shape \(203, 63\), not \[count, 64\]", lambda: trainer.predict(rows[:, 1:])),
                (r"labels are from 0 to 64", lambda: trainer.train(rows, np.arange(203) % 65, 0.1)),
                ("not 203 whole numbers", lambda: trainer.test(rows, labels / 2)),
                ("value 0 of example 0", lambda: trainer.predict(np.full((1, 64), np.inf))),
                ("there is no junction 2", lambda: trainer.weights(2)),
                ("there are 512 weights", lambda: trainer.set_weights(0, [1.0])),
                ("absent", lambda: trainer.load(self.folder / "absent")),
                ("\udcff", lambda: trainer.load(b"\xff")),
                ("holds a NUL", lambda: trainer.save("w\0x")),
                ("values are of complex64, not real numbers", lambda: trainer.predict(rows + 1j)),
                ("values are of <U1, not real numbers", lambda: trainer.predict("x")),
                ("there is no epoch -1", lambda: trainer.rate(-1)),
                ("there cannot be -1 threads", lambda: sedge.compile(path, threads=-1)),
                ("still in the pipeline", lambda: (trainer.train(rows, labels, 0.1), trainer.set_weights(0, trainer.weights(0)))),
                ("still in the pipeline", lambda: (trainer.save(self.folder / "w"), trainer.load(self.folder / "w"))),
            ]:
                with self.subTest(message=message), self.assertRaisesRegex(sedge.Error, message):
                    call()
            trainer.drain()
            trainer.load(self.folder / "w")
            self.assertEqual([len(part) for part in trainer.predict(rows[:0])], [0, 0])
            self.assertEqual(trainer.train(rows[:0], [], 0.1).count, 0)
        with sedge.compile(self.write(NETWORK + FIXED)) as fixed:
            for message, weights in [("weights are of float64, not whole numbers", [0.7] * 512),
                                     (r"weights are from 0 to 1099511627776, not int32", [0] * 511 + [2**40]),
                                     ("holds 5000 at 0", [5000] * 512)]:
                with self.subTest(message=message), self.assertRaisesRegex(sedge.Error, message):
                    fixed.set_weights(0, weights)
        with self.assertRaisesRegex(sedge.Error, "is closed"):
            trainer.digest()
        os.environ["SEDGE"] = "absent-sedge"
        try:
            with self.assertRaisesRegex(sedge.Error, "the command 'absent-sedge' is not there"):
                sedge.compile(path)
        finally:
            os.environ["SEDGE"] = str(BINARY)

    def test_everything_is_documented_and_typed(self):
        for name in sedge.__all__:
            item = getattr(sedge, name)
            self.assertTrue(inspect.getdoc(item), name)
            functions = inspect.getmembers(item, inspect.isfunction) if inspect.isclass(item) else [(name, item)]
            for function_name, function in functions:
                if function_name.startswith("_") or issubclass(sedge.Tally, tuple) and item is sedge.Tally:
                    continue
                self.assertTrue(inspect.getdoc(function), function_name)
                self.assertIn("return", function.__annotations__, function_name)


if __name__ == "__main__":
    unittest.main()
