#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds trainers for other processors, runs them under QEMU or node, and compares their parameters with those made here.

What is missing is said: a cross compiler, its libc, QEMU or node, or the sources of the libraries (runtime/libraries.sh
fetch build/cross/sources; bootstrap.sh does it).

    SEDGE_BINARY=build/sedge tests/other_systems.py [-v] [TEST...]
"""

import gzip
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from run_cases import find_mnist

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
IS_SANITIZED = os.environ.get("SEDGE_IS_SANITIZED") == "1"
CROSS = ROOT / "build" / "cross"
SCRIPTS = ROOT / "tests" / "cross"
DONE, WRONG, USAGE, SYSTEM = 0, 1, 2, 4

# Both kinds of number, softmax, tanh, an optimizer with square roots, staleness, whole and broken minibatches.
PROGRAM = """
network small {
  input frame[64]; layer hidden[32] : tanh; output symbol[64] : softmax;
  junction frame -> hidden : clashfree(fanout = 8);
  junction hidden -> symbol : random(density = 1/4);
}
hardware exact { number = float32; }
hardware fixed { number = fixed(12, 3); }
hardware drawn { number = fixed(20, 4); rounding = stochastic; }
train online  { data = morse(train = 300, test = 50); order = pipelined; }
train batches { data = morse(train = 300, test = 50); batch = 7; optimizer = adam(rate = 1/64); }
train sums    { data = morse(train = 300, test = 50); batch = 20; order = pipelined; }
"""

# Inputs from a file, and an activation of one's own that calls the runtime for its power.
FROM_FILE = """
activation bent(s) = s / (1 + abs(s)^1.5);
network other {
  input value[3]; layer hidden[5] : bent; output class[2] : sigmoid;
  junction value -> hidden : dense();
  junction hidden -> class : dense();
}
train { data = csv("rows.csv"); epochs = 3; }
"""


@unittest.skipIf(IS_SANITIZED, "the other system's runtime is not sanitized")
class OtherSystem(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-systems-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "small.sedge").write_text(PROGRAM)

    def run_program(self, *words, environment=None, code=DONE, cwd=None, text=""):
        done = subprocess.run([str(word) for word in words], cwd=cwd or self.folder, text=True, timeout=600, check=False,
                              input=text, capture_output=True, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout if code == DONE else done.stderr

    def digest(self, *words, **options):
        return json.loads(self.run_program(*words, "--json", **options).splitlines()[-1])["parameters_sha256"]

    def libraries(self, triple, *compiler):
        """Options of the compiler for the libraries of that system, which are made once."""
        missing = [name for name in [compiler[0], "apt-get"] if not shutil.which(name)]
        if not (CROSS / "sources" / "whole").exists():
            missing.append("build/cross/sources (runtime/libraries.sh fetch)")
        if missing:
            self.skipTest("absent: " + ", ".join(missing))
        made = CROSS / triple
        if not made.exists():
            self.run_program(ROOT / "runtime" / "libraries.sh", "make", CROSS / "sources", self.folder / "made", *compiler)
            shutil.copytree(self.folder / "made", CROSS / f"{triple}.{os.getpid()}")
            (CROSS / f"{triple}.{os.getpid()}").rename(made)
        return f"-I {made}/include -L {made}/lib"


class Linux(OtherSystem):
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


class WebAssembly(OtherSystem):
    """Modules, run by node. All of them share one compilation of the runtime."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="sedge-wasm-")
        cls.addClassCleanup(folder.cleanup)
        cls.objects = folder.name

    def build(self, *choice, source="small.sedge"):
        """Builds trainer.wasm and returns how it is called."""
        compiler, linker = "clang-19", "wasm-ld-19"
        missing = [name for name in ["node", linker] if not shutil.which(name)]
        if not Path("/usr/lib/wasm32-wasi/libc.a").exists():
            missing.append("wasi-libc")
        if missing:
            self.skipTest("absent: " + ", ".join(missing))
        options = self.libraries("wasm32-wasi", compiler, "--target=wasm32-wasi")
        told = self.run_program(BINARY, "build", source, "-o", "trainer.wasm", "--target", "wasm32", *choice,
                                environment={"CC": f"{SCRIPTS}/compile_once.sh {self.objects} {compiler} {options}"})
        self.assertIn("a trainer as a WebAssembly module", told)
        self.assertIn("node trainer.mjs train", told)
        return ["node", "trainer.mjs"]

    def check_parameters(self, *choice, source="small.sedge", options=()):
        trainer = self.build(*choice, source=source)
        theirs = self.digest(*trainer, "train", *options, "--save", "theirs")
        self.assertEqual(theirs, self.digest(BINARY, "train", source, *choice, *options, "--save", "ours"))
        self.assertEqual((self.folder / "theirs").read_bytes(), (self.folder / "ours").read_bytes())

    def test_parameters(self):
        for hardware, train in [("exact", "online"), ("exact", "batches"), ("fixed", "online"), ("fixed", "sums"), ("drawn", "online")]:
            with self.subTest(hardware=hardware, train=train):
                self.check_parameters("--hardware", hardware, "--train", train)

    def test_examples(self):
        shutil.copy(ROOT / "examples" / "morse.sedge", self.folder)
        self.check_parameters(source="morse.sedge", options=["--inputs", "1000"])

    def test_mnist(self):
        folder = find_mnist()
        if not folder:
            self.skipTest("no MNIST: SEDGE_MNIST names the folder of its four files")
        shutil.copy(ROOT / "examples" / "icann17.sedge", self.folder)
        self.check_parameters(source="icann17.sedge", options=["--data", folder, "--inputs", "1000"])

    def test_files_options_and_exit_codes(self):
        for name in ["here", "data"]:
            (self.folder / name).mkdir()
        rows = [f"{k % 7 / 7},{k % 5 / 5},{k % 3},{k % 2}" for k in range(60)]
        (self.folder / "rows.csv").write_text("\n".join(rows) + "\n")
        (self.folder / "data" / "rows.csv").write_bytes(gzip.compress((self.folder / "rows.csv").read_bytes()))
        (self.folder / "other.sedge").write_text(FROM_FILE)
        trainer = ["node", self.folder / self.build(source="other.sedge")[1]]
        ours = self.digest(BINARY, "train", "other.sedge")
        # Beside the module, in a folder that leads out of this one, and by its whole name.
        for data in [[], ["--data", "../data"], ["--data", self.folder / "data"]]:
            done = self.digest(*trainer, "train", *data, "--save", "w", "--checkpoint", "c", cwd=self.folder / "here")
            self.assertEqual(done, ours)
        names = sorted(path.name for path in (self.folder / "here").iterdir())
        self.assertEqual(names, ["c", "w"])
        # A checkpoint is the same thing everywhere.
        self.digest(*trainer, "train", "--epochs", "1", "--checkpoint", "c")
        self.digest(BINARY, "train", "other.sedge", "--resume", "c", "--checkpoint", "c", "--epochs", "2")
        self.assertEqual(self.digest(*trainer, "train", "--resume", "c", "--epochs", "3"), ours)
        self.assertEqual(self.run_program(*trainer, "predict", "--load", "here/w", "rows.csv"),
                         self.run_program(BINARY, "predict", "other.sedge", "--load", "here/w", "rows.csv"))
        self.assertEqual(self.run_program(*trainer, "predict", "--load", "here/w", "-", text="0.5,1,0\n"),
                         self.run_program(BINARY, "predict", "other.sedge", "--load", "here/w", "-", text="0.5,1,0\n"))
        for words, code, message in [(["train", "--threads", "2"], USAGE, "this system has no threads"),
                                     (["trian"], USAGE, "node trainer.mjs --help lists"),
                                     (["test", "--load", "absent"], SYSTEM, "absent: error:"),
                                     (["train", "--data", "absent"], SYSTEM, "absent/rows.csv: error: cannot open")]:
            with self.subTest(words=words):
                self.assertIn(message, self.run_program("node", "trainer.mjs", *words, code=code))
        module = self.folder / "trainer.wasm"
        module.write_bytes(module.read_bytes()[:-100])
        self.assertIn("trainer.wasm: error: WebAssembly.compile()", self.run_program(*trainer, "info", code=SYSTEM))
        module.unlink()
        self.assertIn("trainer.wasm: error: ENOENT", self.run_program(*trainer, "info", code=SYSTEM))


if __name__ == "__main__":
    unittest.main()
