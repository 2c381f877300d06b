#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds trainers for other processors, runs them under QEMU, and compares their parameters with those made here.

What is missing is said: a cross compiler, its libc, QEMU, or the sources of the libraries (tests/cross/libraries.sh fetch
build/cross/sources; bootstrap.sh does it).

    SEDGE_BINARY=build/sedge tests/other_systems.py [-v] [TEST...]
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
IS_SANITIZED = os.environ.get("SEDGE_IS_SANITIZED") == "1"
CROSS = ROOT / "build" / "cross"
SCRIPT = ROOT / "tests" / "cross" / "libraries.sh"

# Both kinds of number, softmax, tanh, an optimizer with square roots, staleness, whole and broken minibatches.
PROGRAM = """
network small {
  input frame[64]; layer hidden[32] : tanh; output symbol[64] : softmax;
  junction frame -> hidden : clashfree(fanout = 8);
  junction hidden -> symbol : random(density = 1/4);
}
hardware exact { number = float32; }
hardware fixed { number = fixed(12, 3); }
train online  { data = morse(train = 300, test = 50); order = pipelined; }
train batches { data = morse(train = 300, test = 50); batch = 7; optimizer = adam(rate = 1/64); }
"""


@unittest.skipIf(IS_SANITIZED, "the other system's runtime is not sanitized")
class OtherSystems(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-systems-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "small.sedge").write_text(PROGRAM)

    def run_program(self, *words, environment=None):
        done = subprocess.run([str(word) for word in words], cwd=self.folder, text=True, timeout=600, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout

    def digest(self, *words):
        return json.loads(self.run_program(*words, "--json").splitlines()[-1])["parameters_sha256"]

    def libraries(self, triple, compiler):
        """Options of the compiler for the libraries of that system, which are made once."""
        missing = [name for name in [compiler, "apt-get"] if not shutil.which(name)]
        if not (CROSS / "sources" / "whole").exists():
            missing.append("build/cross/sources (tests/cross/libraries.sh fetch)")
        if missing:
            self.skipTest("absent: " + ", ".join(missing))
        made = CROSS / triple
        if not made.exists():
            self.run_program(SCRIPT, "make", CROSS / "sources", self.folder / "made", compiler)
            shutil.copytree(self.folder / "made", CROSS / f"{triple}.{os.getpid()}")
            (CROSS / f"{triple}.{os.getpid()}").rename(made)
        return f"-I {made}/include -L {made}/lib"

    def check_linux(self, triple, machine, choice):
        emulator = f"qemu-{machine}"
        if not shutil.which(emulator):
            self.skipTest(f"absent: {emulator}")
        options = self.libraries(triple, f"{triple}-gcc")
        self.run_program(BINARY, "build", "small.sedge", "-o", "trainer", "--target", triple, *choice, "-q",
                         environment={"CC": f"{triple}-gcc {options}"})
        trainer = [emulator, "-L", f"/usr/{triple}", "./trainer", "train", "--threads", "1"]
        words = [BINARY, "train", "small.sedge", *choice]
        self.assertEqual(self.digest(*trainer, "--save", "theirs"), self.digest(*words, "--save", "ours"))
        self.assertEqual((self.folder / "theirs").read_bytes(), (self.folder / "ours").read_bytes())

    # A build compiles the whole runtime, which takes long: each processor has its own share of what there is to compare.

    def test_aarch64(self):
        self.check_linux("aarch64-linux-gnu", "aarch64", ["--train", "online", "--hardware", "fixed"])

    def test_riscv64(self):
        self.check_linux("riscv64-linux-gnu", "riscv64", ["--train", "batches"])


if __name__ == "__main__":
    unittest.main()
