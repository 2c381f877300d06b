#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what `sedge build` makes: trainers, libraries and the rest, against the command itself.

    SEDGE_BINARY=build/sedge tests/built_trainers.py [-v] [TEST...]
"""

import ctypes
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
IS_SANITIZED = os.environ.get("SEDGE_IS_SANITIZED") == "1"
DONE, WRONG, USAGE, SYSTEM, INTERRUPTED = 0, 1, 2, 4, 130

NETWORK = """
network small {
  input frame[64]; layer hidden[32] : tanh; output symbol[64] : softmax;
  junction frame -> hidden : clashfree(fanout = 8);
  junction hidden -> symbol : dense();
}
"""
TRAIN = "train { data = morse(train = 1000, test = 100); order = pipelined; epochs = 2; }"
BATCH = """
train { data = morse(train = 1000, test = 100); order = pipelined; batch = 7; epochs = 2;
        optimizer = adam(rate = 1/64); }
"""
FIXED = "hardware h { number = fixed(12, 3); clock = 15 MHz; }" + TRAIN
OWN = NETWORK.replace("tanh", "swish").replace("dense()", "random(density = 0.4)") + TRAIN
FROM_FILE = """
train { data = csv("rows.csv"); batch = 5; shuffle = false; epochs = 3;
        optimizer = sgd(rate = step(1/4, factor = 1/2, every = 1), momentum = 0.5); }
"""


def has_instructions(level):
    """Whether this processor can run code for x86-64 of a level."""
    wanted = {"x86-64": set(), "x86-64-v3": {"avx2", "fma"}, "x86-64-v4": {"avx512f", "avx512vl", "avx512bw"}}[level]
    text = Path("/proc/cpuinfo").read_text()
    flags = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    return flags is not None and wanted <= set(flags[1].split())


class Built(unittest.TestCase):
    small = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-built-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("small.sedge", NETWORK + TRAIN)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def run_program(self, *words, code=DONE, environment=None, cwd=None, **options):
        done = subprocess.run([str(word) for word in words], cwd=cwd or self.folder, text=True, timeout=300,
                              check=False, stdin=subprocess.DEVNULL, capture_output=True,
                              env={**os.environ, **(environment or {})}, **options)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done

    def sedge(self, *words, **options):
        return self.run_program(BINARY, *words, **options)

    def build(self, source="small.sedge", output="small", *words):
        self.sedge("build", source, "-o", output, *words)
        return "./" + output

    def small_trainer(self):
        """The trainer of small.sedge, which is built once for all tests."""
        if Built.small is None:
            self.build()
            Built.small = (self.folder / "small").read_bytes()
        trainer = self.folder / "small"
        trainer.write_bytes(Built.small)
        trainer.chmod(0o755)
        return "./small"

    def digest(self, *words):
        done = self.run_program(*words, "--json")
        return json.loads(done.stdout.splitlines()[-1])["parameters_sha256"]

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    # ---- trainers ----

    def test_a_trainer_computes_what_the_command_does(self):
        for name, text in [("batch", NETWORK + BATCH), ("online", NETWORK + TRAIN), ("fixed", NETWORK + FIXED),
                           ("own", "activation swish(x) = x / (1 + exp(-x));" + OWN)]:
            with self.subTest(name=name):
                self.write(name + ".sedge", text)
                trainer = self.build(name + ".sedge", name)
                native = self.run_program(BINARY, "train", name + ".sedge", "--json").stdout
                built = self.run_program(trainer, "train", "--json").stdout
                changing = r'"(seconds|inputs_per_second)": [-+.\deE]+'
                self.assertEqual(re.sub(changing, "", built), re.sub(changing, "", native))
                self.assertEqual(self.digest(trainer, "train", "--inputs", "100"),
                                 self.digest(BINARY, "train", name + ".sedge", "--inputs", "100", "--engine", "sim"))

    def test_test_and_predict_print_what_the_command_prints(self):
        trainer = self.small_trainer()
        self.sedge("train", "small.sedge", "-q", "--save", "ours")
        self.run_program(trainer, "train", "-q", "--save", "theirs")
        self.assertEqual((self.folder / "ours").read_bytes(), (self.folder / "theirs").read_bytes())
        self.write("rows.txt", "\n".join(" ".join(str((i * k) % 7 / 7) for i in range(64)) for k in range(3)) + "\n")
        for words in [["test"], ["test", "--json"], ["predict"], ["predict", "3", "--json"],
                      ["predict", "rows.txt"], ["test", "--threads", "2"]]:
            with self.subTest(words=words):
                expected = self.sedge(words[0], "small.sedge", *words[1:], "--load", "ours")
                self.assertEqual(self.run_program(trainer, *words, "--load", "ours").stdout, expected.stdout)

    def test_a_run_is_saved_resumed_and_interrupted(self):
        trainer = self.small_trainer()
        expected = self.digest(trainer, "train")
        self.run_program(trainer, "train", "-q", "--inputs", "900", "--checkpoint", "c")
        self.assertEqual(self.digest(trainer, "train", "--resume", "c"), expected)
        self.assertEqual(self.digest(BINARY, "train", "small.sedge", "--resume", "c"), expected)
        process = subprocess.Popen([trainer, "train", "--json", "--epochs", "100000"], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
        self.assertEqual(process.returncode, INTERRUPTED, errors)
        self.assertIn("to go on: ./small train --resume small.checkpoint", errors)
        far = ["--epochs", "100000", "--inputs", "20001"]
        self.assertEqual(self.digest(trainer, "train", "--resume", "small.checkpoint", *far),
                         self.digest(BINARY, "train", "small.sedge", *far))

    def test_every_processor_and_level_gives_the_same(self):
        expected = self.digest(BINARY, "train", "small.sedge")
        choices = [["--cpu", cpu] for cpu in ["x86-64", "x86-64-v3", "x86-64-v4"]
                   if os.uname().machine == "x86_64" and has_instructions(cpu)]
        for words in choices + [["-O", str(level)] for level in range(4)]:
            with self.subTest(words=words):
                self.assertEqual(self.digest(self.build("small.sedge", "x", *words), "train"), expected)

    def test_a_seed_reaches_what_chose_none(self):
        self.write("free.sedge", NETWORK.replace("fanout = 8", "fanout = 8, seed = 3") + TRAIN)
        trainer = self.build("free.sedge", "free")
        self.assertEqual(self.digest(trainer, "train", "--seed", "5"),
                         self.digest(BINARY, "train", "free.sedge", "--seed", "5"))
        self.assertNotEqual(self.digest(trainer, "train", "--seed", "5"), self.digest(trainer, "train"))

    @unittest.skipIf(IS_SANITIZED, "sanitizers add to both")
    def test_a_trainer_is_small_and_stands_alone(self):
        trainer = self.folder / self.small_trainer()
        self.assertLess(trainer.stat().st_size, 1000000)
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", self.run_program("readelf", "-d", trainer).stdout)
        self.assertLessEqual(set(needed), {"libc.so.6", "libm.so.6", "libz.so.1", "ld-linux-x86-64.so.2"})

    def test_a_trainer_explains_itself(self):
        trainer = self.small_trainer()
        overview = self.run_program(trainer).stdout
        for word in ["train", "test --load W", "predict --load W [INPUT]", "info", "--checkpoint CKPT"]:
            self.assertIn(word, overview)
        self.assertIn("--load W", self.run_program(trainer, "test", "--help").stdout)
        self.assertNotIn("--epochs", self.run_program(trainer, "test", "--help").stdout)
        self.assertEqual(self.run_program(trainer, "--version").stdout, self.sedge("--version").stdout)
        info = json.loads(self.run_program(trainer, "info", "--json").stdout)
        self.assertEqual((info["network"], info["layers"], info["parameters"]), ("small", [64, 32, 64], 2656))
        self.assertIn("small: 64-32-64", self.run_program(trainer, "info").stdout)

    def test_wrong_usage_of_a_trainer_is_explained(self):
        trainer = self.small_trainer()
        for words, message in [
            (["trian"], "there is no verb 'trian'"),
            (["train", "--epoch", "3"], "there is no option --epoch"),
            (["train", "--epochs"], "--epochs needs a value"),
            (["train", "--epochs=-3"], "a whole number from 0, not '-3'"),
            (["train", "--json=yes"], "--json takes no value"),
            (["train", "more"], "'train' does not take 'more'"),
            (["train", "--every", "2"], "--checkpoint"),
            (["train", "--threads", "0"], "at least 1"),
            (["test"], "needs --load"),
            (["test", "--load", "w", "--epochs", "3"], "'test' has no option --epochs"),
        ]:
            with self.subTest(words=words):
                done = self.run_program(trainer, *words, code=USAGE)
                self.assertIn(message, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_failures_of_a_trainer_have_their_exit_codes(self):
        self.write("file.sedge", NETWORK + FROM_FILE)
        trainer, reader = self.small_trainer(), self.build("file.sedge", "reader")
        for words, message in [([trainer, "train", "--load", "absent"], "absent: error: cannot be opened"),
                               ([trainer, "train", "--save", "absent/w"], "absent/w: error: cannot be created"),
                               ([reader, "train"], "rows.csv: error: "),
                               ([reader, "train", "--data", "elsewhere"], "elsewhere/rows.csv: error: ")]:
            with self.subTest(words=words):
                self.assertIn(message, self.run_program(*words, code=SYSTEM).stderr)
        self.assertIn("--data DIR", self.run_program(reader, "train", code=SYSTEM).stderr)
        message = json.loads(self.run_program(trainer, "train", "--load", "absent", "--json", code=SYSTEM).stdout)
        self.assertEqual((message["file"], message["severity"]), ("absent", "error"))
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([trainer, "info"], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, SYSTEM)

    def test_without_a_train_block_it_predicts(self):
        self.write("bare.sedge", NETWORK)
        trainer = self.build("bare.sedge", "bare")
        self.write("row.txt", " ".join(["0.5"] * 64) + "\n")
        self.sedge("train", "small.sedge", "-q", "--epochs", "0", "--save", "w")
        self.assertEqual(self.run_program(trainer, "predict", "--load", "w", "row.txt").stdout,
                         self.sedge("predict", "bare.sedge", "--load", "w", "row.txt").stdout)
        for words in [["train"], ["test", "--load", "w"], ["predict", "--load", "w"]]:
            self.assertIn("has no train block", self.run_program(trainer, *words, code=WRONG).stderr)

    # ---- libraries ----

    def make_rows(self, count=300):
        """Examples in a table, and the same as arrays."""
        random = np.random.default_rng(1)
        values = random.random((count, 64), dtype=np.float32)
        labels = (values[:, :8].sum(axis=1) * 8).astype(np.uint32)
        lines = [",".join(f"{value:.9g}" for value in row) + f",{label}" for row, label in zip(values, labels)]
        self.write("rows.csv", "\n".join(lines) + "\n")
        self.write("rows-test.csv", "\n".join(lines[:20]) + "\n")
        values.tofile(self.folder / "values")
        labels.tofile(self.folder / "labels")
        self.write("small.sedge", NETWORK + FROM_FILE)
        return values, labels

    def test_a_c_program_trains_through_the_library(self):
        self.make_rows()
        self.build("small.sedge", "libsmall.so", "--emit", "lib")
        sanitizers = os.environ.get("SEDGE_SANITIZE_FLAG", "").split()
        self.run_program("cc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-std=c99", *sanitizers, "-I", self.folder,
                         ROOT / "tests/built/train_through_library.c", "-o", "program", "./libsmall.so")
        done = self.run_program("./program", "values", "labels", "3", environment={"LD_LIBRARY_PATH": "."})
        self.assertEqual(done.stdout.strip(), self.digest(BINARY, "train", "small.sedge"))

    @unittest.skipIf(IS_SANITIZED, "the interpreter is not sanitized")
    def test_python_trains_through_the_library(self):
        values, labels = self.make_rows()
        self.build("small.sedge", "libsmall.so", "--emit", "lib")
        library = open_library(self.folder / "libsmall.so")
        trainer = library.sedge_trainer_open(2)
        self.assertTrue(trainer, library.sedge_trainer_error(None))
        for epoch in range(library.sedge_trainer_epochs(trainer)):
            rate = library.sedge_trainer_rate(trainer, epoch)
            for first in range(0, 300, 100):  # pieces do not show in the result
                self.assertTrue(library.sedge_trainer_train(
                    trainer, np.ascontiguousarray(values[first:first + 100]), np.ascontiguousarray(labels[first:first + 100]),
                    100, rate, first == 200, None), library.sedge_trainer_error(trainer))
        self.assertTrue(library.sedge_trainer_drain(trainer, None))
        digest = ctypes.create_string_buffer(65)
        library.sedge_trainer_digest(trainer, digest)
        self.assertEqual(digest.value.decode(), self.digest(BINARY, "train", "small.sedge", "--save", "w"))
        self.compare_predictions(library, trainer, values)
        weights = np.empty(library.sedge_trainer_edges(trainer, 0), np.float32)
        self.assertTrue(library.sedge_trainer_read_weights(trainer, 0, weights.ctypes))
        other = library.sedge_trainer_open(1)
        self.assertTrue(library.sedge_trainer_load(other, str(self.folder / "w").encode()))
        again = np.empty_like(weights)
        self.assertTrue(library.sedge_trainer_read_weights(other, 0, again.ctypes))
        np.testing.assert_array_equal(weights, again)
        for each in (trainer, other):
            library.sedge_trainer_close(each)

    def compare_predictions(self, library, trainer, values):
        scores, classes = np.empty((300, 64), np.float32), np.empty(300, np.uint32)
        self.assertTrue(library.sedge_trainer_infer(trainer, values, 300, scores.ctypes, classes.ctypes))
        lines = self.sedge("predict", "small.sedge", "--load", "w", "rows.csv").stdout.splitlines()
        printed = np.array([[float(word) for word in line.split()] for line in lines])
        np.testing.assert_array_equal(printed[:, 0], classes)
        np.testing.assert_array_equal(printed[:, 1:].astype(np.float32), scores)

    @unittest.skipIf(IS_SANITIZED, "sanitizers add to it")
    def test_a_library_shows_its_functions_alone(self):
        self.build("small.sedge", "libsmall.so", "--emit", "lib")
        shown = re.findall(r" T (\w+)", self.run_program("nm", "-D", "libsmall.so").stdout)
        declared = set(re.findall(r"\b(sedge_trainer_\w+)\(", (ROOT / "runtime/sedge_runtime.h").read_text()))
        self.assertEqual(set(shown), declared)
        self.sedge("build", "small.sedge", "-o", "other.h", "--emit", "header")
        self.assertEqual((self.folder / "other.h").read_text(), (self.folder / "libsmall.h").read_text())

    # ---- other outputs, and what cannot be built ----

    def test_objects_assembly_and_ir(self):
        for what, text in [("asm", "sedge_kernels:"), ("llvm-ir", "@sedge_packed = ")]:
            self.build("small.sedge", "out", "--emit", what)
            self.assertIn(text, (self.folder / "out").read_text())
        self.build("small.sedge", "out.o", "--emit", "obj")
        self.assertRegex(self.run_program("nm", "out.o").stdout, r" [RD] sedge_kernels")
        self.sedge("build", "small.sedge", "-o", "arm.o", "--emit", "obj", "--target", "aarch64-linux-gnu")
        self.assertIn("AArch64", self.run_program("readelf", "-h", "arm.o").stdout)

    def test_what_cannot_be_built_is_explained_and_leaves_nothing(self):
        before = self.names()
        nothing = {"CC": "", "PATH": "/nowhere"}
        for words, environment, code, message in [
            (["small.sedge"], {}, USAGE, "build needs -o OUT"),
            (["small.sedge", "-o", "x", "--emit", "lbi"], {}, USAGE, "did you mean lib?"),
            (["small.sedge", "-o", "x", "-O", "4"], {}, USAGE, "-O is 0, 1, 2 or 3"),
            (["small.sedge", "-o", "x", "--target", "vax"], {}, WRONG, "the target 'vax' is not known"),
            (["small.sedge", "-o", "x", "--cpu", "8086"], {}, WRONG, "has no processor '8086'"),
            (["small.sedge", "-o", "absent/x"], {}, SYSTEM, "absent/x: error: cannot be created"),
            (["small.sedge", "-o", "."], {}, SYSTEM, "it is a folder"),
            (["small.sedge", "-o", "/dev/full"], {}, SYSTEM, "No space left"),
            (["small.sedge", "-o", "x"], nothing, WRONG, "there is no cc, gcc or clang on PATH"),
            (["small.sedge", "-o", "x"], {"CC": "absent"}, WRONG, "there is no compiler 'absent'"),
            (["small.sedge", "-o", "x"], {"CC": "true"}, WRONG, "'true' ended well, but has linked nothing"),
            (["small.sedge", "-o", "x"], {"CC": "false"}, WRONG, "'false' could not link: it ended with status 1"),
            (["small.sedge", "-o", "x"], {"TMPDIR": "/absent"}, SYSTEM, "a folder for unfinished files"),
            (["small.sedge", "-o", "x", "--target", "aarch64-linux-gnu"], nothing, WRONG,
             "there is no compiler 'aarch64-linux-gnu-gcc'"),
            (["small.sedge", "-o", "x", "--target", "wasm32"], {}, USAGE, "ends in .wasm: -o x.wasm"),
            (["small.sedge", "-o", "x.so", "--target", "wasm32", "--emit", "lib"], {}, USAGE, "makes no WebAssembly"),
            (["small.sedge", "-o", "x.wasm", "--target", "wasm32"], nothing, WRONG,
             "(Debian's packages: clang-"),
            (["absent.sedge", "-o", "x"], {}, SYSTEM, "absent.sedge: error:"),
        ]:
            with self.subTest(words=words, environment=environment):
                done = self.sedge("build", *words, code=code, environment=environment)
                self.assertIn(message, done.stderr)
                self.assertEqual(self.names(), before)

    def test_a_signal_leaves_no_unfinished_files(self):
        compiler = self.folder / "slow"
        compiler.write_text(f"#!/bin/sh\necho $$ > {self.folder}/started\nexec sleep 60\n")
        compiler.chmod(0o755)
        (self.folder / "unfinished").mkdir()
        environment = {**os.environ, "CC": str(compiler), "TMPDIR": str(self.folder / "unfinished")}
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            started = self.folder / "started"
            started.unlink(missing_ok=True)
            process = subprocess.Popen([str(BINARY), "build", "small.sedge", "-o", "out"], cwd=self.folder, env=environment,
                                       preexec_fn=lambda n=number: signal.signal(n, signal.SIG_DFL))
            while not (started.exists() and started.read_text().endswith("\n")):
                self.assertIsNone(process.poll())
                time.sleep(0.02)
            process.send_signal(number)
            self.assertEqual(process.wait(60), -number)
            os.kill(int(started.read_text()), signal.SIGKILL)
            self.assertEqual(list((self.folder / "unfinished").iterdir()), [])
            self.assertFalse((self.folder / "out").exists())

    def test_a_failure_leaves_what_was_there(self):
        self.write("x", "precious")
        self.sedge("build", "small.sedge", "-o", "x", code=WRONG, environment={"CC": "false"})
        self.assertEqual((self.folder / "x").read_text(), "precious")

    def test_cc_may_have_words(self):
        self.sedge("build", "small.sedge", "-o", "x", environment={"CC": "cc -Wl,--as-needed"})
        self.run_program("./x", "info")


def open_library(path):
    """The library's functions with their types; arrays of numpy go in as they are, and must be contiguous."""
    library = ctypes.CDLL(str(path))
    floats = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
    whole = np.ctypeslib.ndpointer(np.uint32, flags="C_CONTIGUOUS")
    handle, text, count, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint32
    for name, result, arguments in [
        ("open", handle, [number]),
        ("close", None, [handle]),
        ("error", text, [handle]),
        ("epochs", number, [handle]),
        ("edges", number, [handle, number]),
        ("rate", ctypes.c_double, [handle, number]),
        ("train", ctypes.c_int, [handle, floats, whole, count, ctypes.c_double, ctypes.c_int, handle]),
        ("drain", ctypes.c_int, [handle, handle]),
        ("infer", ctypes.c_int, [handle, floats, count, handle, handle]),
        ("read_weights", ctypes.c_int, [handle, number, handle]),
        ("load", ctypes.c_int, [handle, text]),
        ("digest", None, [handle, text]),
    ]:
        function = getattr(library, "sedge_trainer_" + name)
        function.restype, function.argtypes = result, arguments
    return library


if __name__ == "__main__":
    unittest.main()
