#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that `--json` prints JSON Lines and nothing else on standard output, each of the shape that is promised.

Scripts are written against these keys: a new one may come, none may go or change its type.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
network shapes {
  input a[64]; layer b[32] : relu; output c[64] : softmax;
  junction a -> b : clashfree(fanout = 8);
  junction b -> c : dense();
}
hardware small { clock = 10 MHz; multipliers = 200; block_ram = 40 * 36 kbit; z = auto; }
train { data = morse(train = 300, test = 100); epochs = 2; }
"""

WRONG = """
network wrong {
  input a[10]; output b[4] : sigmoid;
  junction a -> b : clashfree(fanout = 2, banks = 3);
}
"""


def shape(**properties):
    """A JSON schema: an object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


COUNT = {"type": "integer", "minimum": 0}
NUMBER = {"type": "number"}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
TEXT = {"type": "string", "minLength": 1}
USED = shape(used=COUNT, available=COUNT)
BESIDE_DENSE = shape(sparse=COUNT, dense=COUNT, factor=NUMBER)

FIX = shape(file=TEXT, line={"const": 4}, column={"const": 51}, end_line={"const": 4}, end_column={"const": 52},
            replacement={"enum": ["2", "5"]})
MESSAGE = shape(file=TEXT, line={"const": 4}, column={"const": 43}, end_line={"const": 4}, end_column=COUNT,
                severity={"const": "error"}, code={"type": "string", "pattern": "^E[0-9]{4}$"}, message=TEXT, help=TEXT,
                fixes={"type": "array", "items": FIX, "minItems": 2, "maxItems": 2})
EPOCH = shape(event={"const": "epoch"}, epoch=COUNT, inputs={"const": 300}, train_loss=NUMBER, train_accuracy=SHARE,
              test_loss=NUMBER, test_accuracy=SHARE, seconds=NUMBER, inputs_per_second=NUMBER)
DONE = shape(event={"const": "done"}, engine={"enum": ["sim", "native"]}, epochs={"const": 2}, inputs={"const": 600},
             test_accuracy=SHARE, parameters={"const": 8 * 64 + 32 + 32 * 64 + 64},
             parameters_sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"})
TEST = shape(test_loss=NUMBER, test_accuracy=SHARE,
             confusion={"type": "array", "minItems": 64, "maxItems": 64,
                        "items": {"type": "array", "minItems": 64, "maxItems": 64, "items": COUNT}})
PREDICTION = shape(**{"input": COUNT, "class": {"type": "integer", "minimum": 0, "maximum": 63},
                      "scores": {"type": "array", "minItems": 64, "maxItems": 64, "items": NUMBER}})
EXPORTED = shape(event={"const": "exported"}, format={"const": "onnx"}, path=TEXT, sparse={"const": True},
                 parameters=COUNT, bytes=COUNT)
FIT = shape(network={"const": "shapes"}, z={"type": "array", "minItems": 2, "maxItems": 2, "items": COUNT},
            junctions={"type": "array", "minItems": 2, "items": shape(edges=COUNT, z=COUNT, clocks=COUNT, scatter={})},
            junction_cycle=COUNT, inputs_per_second=NUMBER, multipliers=USED, block_ram_bits=USED, adders=COUNT,
            memory_banks=COUNT, ports=COUNT, parameters=BESIDE_DENSE, operations=BESIDE_DENSE)
SCHEDULE = shape(network={"const": "shapes"}, junction_cycle=COUNT, ports=COUNT,
                 memories={"type": "array", "minItems": 1}, junctions={"type": "array", "minItems": 2, "maxItems": 2})
RATE = shape(inputs_per_second=NUMBER, edges_per_second=NUMBER, share_of_limit=NUMBER)
MACHINE = shape(vector_bytes={"enum": [16, 32, 64]}, **{f"{what}_per_second": {"type": "number", "exclusiveMinimum": 0}
                for what in ("multiply_adds", "l1_bytes", "l2_bytes", "memory_bytes")})
PART = shape(junction=COUNT, part=TEXT, inputs_per_call=COUNT, edges_per_second=NUMBER, share_of_limit=NUMBER,
             nanoseconds_per_input={"type": "number", "exclusiveMinimum": 0}, weight_bytes_per_second=NUMBER)


def bench(engine, batch, part_names):
    """What `sedge bench` prints; part_names in an input's order."""
    parts = {"type": "array", "minItems": len(part_names), "maxItems": len(part_names)}
    if part_names:
        parts["prefixItems"] = [{"allOf": [PART, {"properties": {"part": {"const": name}}}]} for name in part_names]
    return shape(event={"const": "bench"}, engine={"const": engine}, batch={"const": batch}, threads={"const": 1},
                 edges={"const": 8 * 64 + 32 * 64}, machine=MACHINE, inference=RATE, training=RATE,
                 parts=parts)


ONLINE_PARTS = ["enter_floats", "ff", "output", "back", "cycle"]
BATCH_PARTS = ["enter_floats", "ff", "ff", "output", "bp", "up", "up"]

ROW = shape(**{"run": COUNT, "train.epochs": {"enum": [1, 2]}, "status": {"const": "done"}, "test_accuracy": SHARE, "test_loss": NUMBER,
               "clocks_per_input": COUNT, "clocks": COUNT, "multipliers": COUNT, "memory_bits": COUNT, "memory_banks": COUNT,
               "parameters": COUNT, "parameter_bits": COUNT, "dense_parameters": COUNT, "operations": COUNT,
               "dense_operations": COUNT, "edges": COUNT, "density": SHARE, "z": TEXT, "epochs": COUNT, "inputs": COUNT,
               "seconds": NUMBER, "inputs_per_second": NUMBER, "hardware_inputs_per_second": NUMBER,
               "hardware_seconds": NUMBER, "parameters_sha256": TEXT, "pareto": {"type": "boolean"}})

# name, arguments (%p the program, %w its parameters, %x the wrong one, %s and %f files of a sweep), exit code, schemas of the lines (the last repeats)
OUTPUTS = [
    ("check", ["check", "%x", "--json"], 1, [MESSAGE]),
    ("train", ["train", "%p", "--json", "--save", "%w"], 0, [EPOCH, EPOCH, DONE]),
    ("test", ["test", "%p", "--load", "%w", "--json"], 0, [TEST]),
    ("predict", ["predict", "%p", "--load", "%w", "--json"], 0, [PREDICTION]),
    ("export", ["export", "%p", "--load", "%w", "-o", "%o", "--sparse", "--json"], 0, [EXPORTED]),
    ("fit", ["fit", "%p", "--json"], 0, [FIT]),
    ("bench", ["bench", "%p", "--json", "--seconds", "0"], 0, [bench("native", 1, ONLINE_PARTS)]),
    ("bench of batches", ["bench", "%p", "--json", "--seconds", "0", "-D", "train.batch=32"], 0,
     [bench("native", 32, BATCH_PARTS)]),
    ("bench of the simulator", ["bench", "%p", "--json", "--seconds", "0", "--engine", "sim"], 0, [bench("sim", 1, [])]),
    ("sweep", ["sweep", "%p", "--over", "train.epochs=1,2", "--plot", "epochs,test_accuracy", "--state", "%s", "--figure",
               "%f", "--json"], 0, [ROW, ROW]),
    ("schedule", ["schedule", "%p", "--format", "json"], 0, [SCHEDULE]),
]


def problem_of(binary, paths, arguments, exit_code, schemas):
    """What is wrong with one command's output, or None."""
    words = [paths.get(word, word) for word in arguments]
    done = subprocess.run([binary, *words], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != exit_code:
        return f"exit code {done.returncode}, not {exit_code}\n{done.stderr}"
    # Messages are no results: they may stand on either stream.
    lines = (done.stdout or done.stderr).splitlines()
    if len(lines) < len(schemas):
        return f"{len(lines)} lines, not {len(schemas)}"
    for number, line in enumerate(lines):
        try:
            jsonschema.validate(json.loads(line), schemas[min(number, len(schemas) - 1)])
        except (ValueError, jsonschema.ValidationError) as error:
            return f"line {number + 1}: {error}"
    return None


def main():
    binary = os.environ.get("SEDGE_BINARY", str(ROOT / "build" / "sedge"))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="sedge-json-") as folder:
        paths = {"%p": f"{folder}/shapes.sedge", "%x": f"{folder}/wrong.sedge", "%w": f"{folder}/weights",
                 "%o": f"{folder}/model.onnx",
                 "%s": f"{folder}/state", "%f": f"{folder}/figure.svg"}
        Path(paths["%p"]).write_text(PROGRAM)
        Path(paths["%x"]).write_text(WRONG)
        for name, arguments, exit_code, schemas in OUTPUTS:
            problem = problem_of(binary, paths, arguments, exit_code, schemas)
            print(f"{'FAIL' if problem else 'ok  '} {name}{': ' + problem if problem else ''}")
            failed += problem is not None
    print(f"{len(OUTPUTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
