#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what `sedge export` writes: read by the onnx library, checked by it, and computed by numpy from what it read.

    SEDGE_BINARY=build/sedge tests/export_onnx.py [-v] [TEST...]
"""

import json
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    import onnx
    from onnx import numpy_helper
except ImportError:
    onnx = None

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
DONE, WRONG, USAGE, SYSTEM = 0, 1, 2, 4

TRAINED = """
activation gate(x) = x > 0 && x < 2 ? x * log2(abs(x) + 1) : -x ^ 2 / (1 + exp(min(x, 5)));
network trained {
  input frame[64] pad 128; layer first[30] pad 32 : gate; layer second[16] : relu; layer third[12] : tanh;
  layer fourth[24] : identity; layer fifth[24] : sigmoid; output symbol[64] pad 72 : softmax;
  junction frame -> first : clashfree(fanout = 8);
  junction first -> second : random(density = 0.5);
  junction second -> third -> fourth : dense();
  junction fourth -> fifth : structured(fanout = 6);
  junction fifth -> symbol : dense();
}
train { data = morse(train = 1000, test = 100); batch = 10; epochs = 1; }
"""

# As a matrix with zeros its second junction takes over 2 GiB.
LARGE = """
network large {
  input frame[64]; layer first[30000], second[30000] : relu; output symbol[64] : softmax;
  junction frame -> first : random(density = 1/1000);
  junction first -> second : random(density = 1/1000000);
  junction second -> symbol : random(density = 1/1000);
}
train { data = morse(train = 64, test = 64); batch = 8; }
"""

# Every operation of an own activation, which nothing needs to differentiate here; x is from -3 to 3.
FORMULAS = ["x % 0.7 > 0.3 ? x : (x + 10) ^ 1.5", "x == 1 ? 4 : x != 2 ? 3 : 2", "x <= 1 && x >= -1 || x == 2 ? x : -x",
            "!(x < 0) && x > -2 ? floor(x) : ceil(x)", "round(x * 0.5) + round(x)", "sqrt(abs(x)) - x * x",
            "max(x, exp(-x)) - min(x, 1)", "log2(x + 4) + 1 / (x + 9)", "3"]


class Graph:
    """The graph of a file, computed by numpy from the operators' definitions."""

    OPERATORS = {
        "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Pow": np.power, "Neg": np.negative,
        "Equal": np.equal, "Less": np.less, "LessOrEqual": np.less_equal, "Greater": np.greater,
        "GreaterOrEqual": np.greater_equal, "And": np.logical_and, "Or": np.logical_or, "Not": np.logical_not,
        "Where": np.where, "Min": np.minimum, "Max": np.maximum, "Abs": np.abs, "Floor": np.floor, "Ceil": np.ceil,
        "Sign": np.sign, "Log": np.log, "Sqrt": np.sqrt, "Exp": np.exp, "Tanh": np.tanh,
        "Identity": lambda a: a, "Relu": lambda a: np.maximum(a, 0), "Sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    }

    def __init__(self, model):
        self.graph = model.graph
        self.values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        for sparse in model.graph.sparse_initializer:
            dense = np.zeros(int(np.prod(sparse.dims)), np.float32)
            dense[numpy_helper.to_array(sparse.indices)] = numpy_helper.to_array(sparse.values)
            self.values[sparse.values.name] = dense.reshape(sparse.dims)

    def compute(self, rows):
        values = {**self.values, self.graph.input[0].name: rows}
        with np.errstate(all="ignore"):
            for node in self.graph.node:
                values[node.output[0]] = self.node(node, [values[name] for name in node.input])
        return [values[output.name] for output in self.graph.output]

    def node(self, node, inputs):
        attributes = {attribute.name: attribute.i for attribute in node.attribute}
        if node.op_type == "Gemm":
            assert attributes == {"transB": 1}
            return inputs[0] @ inputs[1].T + inputs[2]
        if node.op_type == "Softmax":
            powers = np.exp(inputs[0] - inputs[0].max(axis=attributes["axis"], keepdims=True))
            return powers / powers.sum(axis=attributes["axis"], keepdims=True)
        if node.op_type == "ArgMax":
            assert attributes["keepdims"] == 0
            return inputs[0].argmax(axis=attributes["axis"])
        if node.op_type == "Cast":
            return inputs[0].astype({onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.BOOL: bool}[attributes["to"]])
        return self.OPERATORS[node.op_type](*inputs)


class Export(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-export-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def sedge(self, *words, code=DONE):
        done = subprocess.run([BINARY, *map(str, words)], cwd=self.folder, text=True, timeout=300, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def train(self, text=TRAINED, *words):
        self.write("x.sedge", text)
        return self.sedge("train", "x.sedge", "--save", "x.weights", "--json", *words).stdout

    def export(self, *words):
        """The model as the onnx library reads and checks it, and what sedge said."""
        done = self.sedge("export", "x.sedge", "--load", "x.weights", "-o", "x.onnx", "--json", *words)
        if onnx is None:
            self.skipTest("python3-onnx is not installed")
        model = onnx.load(str(self.folder / "x.onnx"))
        # The full check infers types too, and takes a Gemm for one of dense tensors alone; runtimes expand sparse ones.
        onnx.checker.check_model(model, full_check="--sparse" not in words)
        return model, json.loads(done.stdout)

    def compare(self, model, columns, tolerance):
        """Scores of the file against those of `sedge predict`, differences by the larger of 1 and the score."""
        rows = (np.random.default_rng(2).random((40, columns), np.float32) * 6 - 3).astype(np.float32)
        self.write("rows.txt", "".join(" ".join(f"{value:.9g}" for value in row) + "\n" for row in rows))
        words = ["predict", "x.sedge", "--load", "x.weights", "rows.txt", "--engine", "sim"]
        lines = self.sedge(*words).stdout.splitlines()
        expected = np.array([[float(word) for word in line.split()] for line in lines])
        scores, classes = Graph(model).compute(rows)
        self.assertEqual(scores.shape, expected[:, 1:].shape)
        difference = (np.abs(scores - expected[:, 1:]) / np.maximum(1, np.abs(expected[:, 1:]))).max()
        print(f"{self.id().rsplit('.', 1)[1]}: largest difference {difference:.2e}")
        self.assertLess(difference, tolerance)
        np.testing.assert_array_equal(classes, scores.argmax(axis=1))
        return classes, expected[:, 0]

    # ---- what is exported ----

    def test_a_trained_network_predicts_the_same(self):
        digest = json.loads(self.train().splitlines()[-1])["parameters_sha256"]
        dense, said = self.export()
        self.assertEqual((said["event"], said["sparse"], said["bytes"]),
                         ("exported", False, (self.folder / "x.onnx").stat().st_size))
        self.assertEqual({entry.key: entry.value for entry in dense.metadata_props}, {"parameters_sha256": digest})
        self.assertEqual([dense.graph.input[0].name] + [output.name for output in dense.graph.output],
                         ["frame", "symbol", "symbol.class"])
        classes, expected = self.compare(dense, 64, 1e-6)
        np.testing.assert_array_equal(classes, expected)

    def test_sparse_weights_are_the_edges_alone(self):
        self.train()
        dense, _ = self.export()
        sparse, said = self.export("--sparse")
        self.assertTrue(said["sparse"])
        self.assertEqual(len(sparse.graph.sparse_initializer), 6)
        # of the first's 128 * 8 edges some come from padding or end in it
        counts = [tensor.values.dims[0] for tensor in sparse.graph.sparse_initializer]
        self.assertEqual(counts[1:], [sum(np.count_nonzero(row) for row in Graph(dense).values["second.weight"]),
                                      16 * 12, 12 * 24, 24 * 6, 24 * 64])
        for name, value in Graph(dense).values.items():
            np.testing.assert_array_equal(Graph(sparse).values[name], value)
        self.compare(sparse, 64, 1e-6)

    def test_every_operation_of_an_activation(self):
        for formula in FORMULAS:
            with self.subTest(formula=formula):
                self.write("x.sedge", f"activation own(x) = {formula};\nnetwork n {{ input a[3]; output b[3] : own; "
                                      "junction a -> b : dense(); }")
                self.write_identity()
                model, _ = self.export()
                self.compare(model, 3, 1e-6)

    def write_identity(self):
        """Parameters with which the sums of b are the inputs a."""
        arrays = {"weight": np.eye(3, dtype=np.float32), "left": np.tile(np.arange(3, dtype=np.int32), 3),
                  "right": np.repeat(np.arange(3, dtype=np.int32), 3), "bias": np.zeros(3, np.float32)}
        header, data = {}, b""
        for name, array in arrays.items():
            header["junction1." + name] = {"dtype": "F32" if array.dtype == np.float32 else "I32",
                                           "shape": [array.size], "data_offsets": [len(data), len(data) + array.nbytes]}
            data += array.tobytes()
        text = json.dumps(header).encode()
        (self.folder / "x.weights").write_bytes(struct.pack("<Q", len(text)) + text + data)

    # ---- what cannot be ----

    def test_what_cannot_be_exported_is_explained(self):
        self.train()
        self.write("fixed.sedge", TRAINED + "hardware h { number = fixed(16, 5); }")
        self.sedge("train", "fixed.sedge", "--save", "fixed.weights", "--epochs", "0", "-q")
        self.write("large.sedge", LARGE)
        self.sedge("train", "large.sedge", "--save", "large.weights", "--epochs", "0", "-q", "--engine", "sim")
        for words, code, message in [
            (["x.sedge", "--load", "x.weights"], USAGE, "export needs -o OUT"),
            (["x.sedge", "-o", "y"], USAGE, "export needs --load W"),
            (["x.sedge", "-o", "y", "--load", "absent"], SYSTEM, "absent: error: cannot be opened"),
            (["x.sedge", "-o", "no/y", "--load", "x.weights"], SYSTEM, "no/y: error: cannot be created"),
            (["x.sedge", "-o", "/dev/full", "--load", "x.weights"], SYSTEM, "No space left"),
            (["fixed.sedge", "-o", "y", "--load", "fixed.weights"], WRONG, "ONNX has no fixed-point numbers"),
            (["large.sedge", "-o", "y", "--load", "large.weights"], WRONG, "--sparse leaves the zeros out"),
        ]:
            with self.subTest(words=words):
                self.assertIn(message, self.sedge("export", *words, code=code).stderr)
                self.assertFalse((self.folder / "y").exists())


if __name__ == "__main__":
    unittest.main()
