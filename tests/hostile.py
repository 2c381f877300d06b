#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small files that ask for the impossible: each is refused at once, by a message, within bounded memory.

    SEDGE_BINARY=build/sedge tests/hostile.py [-v] [TEST...]

A file here is a few kilobytes, or as long as its nesting needs. Where the mistake is in the program, `sedge check` must say so, and so
must fit, schedule and train; where it is in the data, train alone reads them.
"""

import os
import resource
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
IS_SANITIZED = os.environ.get("SEDGE_IS_SANITIZED") == "1"
DONE, WRONG, SYSTEM = 0, 1, 4
VERBS = ["check", "fit", "schedule", "train"]
MEMORY = 2 << 30   # bytes of address space
SECONDS = 1.0      # of processor time, so that a busy machine fails nothing; the slowness of sanitizers and counters is allowed for
SLOWNESS = 10 if IS_SANITIZED or os.environ.get("SEDGE_IS_COUNTED") == "1" else 1
CHAIN = 100_000    # levels of nesting


def network(source="a[64]", hidden="b[10] : relu", output="c[64] : softmax", first="dense()", more=""):
    return (f"network n {{ input {source}; layer {hidden}; output {output}; "
            f"junction a -> b : {first}; junction b -> c : dense(); }}\n{more}\n")


def chain(layers, neurons, pattern):
    names = [f"l{i}" for i in range(layers)]
    return (f"network n {{ input a[{neurons}]; layer {', '.join(f'{name}[{neurons}]' for name in names)} : relu; "
            f"output c[4] : sigmoid; junction a -> {' -> '.join(names)} : {pattern}; "
            f"junction {names[-1]} -> c : dense(); }}\n")


def value(text):
    return f"param x = {text};\n" + network()


def train(settings):
    return network(more=f"train {{ {settings} }}")


def doubling(first, step, count=60):
    """Definitions of which each uses the one before twice."""
    return first + "".join(step.replace("NEXT", str(i + 1)).replace("THIS", str(i)) for i in range(count))


SIZES = {
    "10^12 neurons": (network(source="a[10^12]"), "must be from 1 to 16777216"),
    "a shape of 10^12": (network(source="a[10^4, 10^4, 10^4]"), "too many neurons"),
    "padding to 2^40": (network(source="a[10] pad 2^40"), "must be from 1 to 16777216"),
    "a dense junction of 2^48 edges": (network(source="a[2^24]", hidden="b[2^24] : relu"), "281474976710656 edges"),
    "random edges by the 10^13": (network("a[2^24]", "b[2^24] : relu", first="random(density = 1/16)"), " edges between"),
    "a density that leaves nothing": (network("a[2^24]", "b[2^24] : relu", first="random(density = 10^-15)"), "not one edge"),
    "900 layers of 2^24": (chain(900, 2**24, "structured(fanout = 1)"), "neurons in all"),
    "900 junctions of 2^22 edges": (chain(900, 2**16, "structured(fanout = 64)"), "edges in all"),
    "layers of 10^9": ("network n { input a[4]; layer b[10^9], c[10^9] : relu; output d[4] : sigmoid; }", "must be from 1 to 16777216"),
    "200,000 layers": (chain(200_000, 4, "dense()"), "over 1000 junctions"),
    "2,000 networks": ("".join(f"network n{i} {{ input a[4]; output b[4] : relu; junction a -> b : dense(); }}"
                               for i in range(2000)), "over 1000 blocks"),
    "a condition over 10^10 pairs": ("pattern p()(l, r) = l == r;" + network("a[10^5]", "b[10^5] : relu", first="p()"),
                                     "10000000000 pairs"),
    "a long condition over 10^8 pairs": (f"pattern p()(l, r) = {' && '.join(f'gcd(l + {i}, r) == 1' for i in range(200))};"
                                         + network("a[10^4]", "b[10^4] : relu", first="p()"), "operations in its own"),
    "conditions over 300 * 10^8 pairs": ("pattern p()(l, r) = l == r;" + chain(300, 10_000, "p()"), "operations in its own"),
    "a batch of 10^9": (train("batch = 10^9;"), "'batch' must be"),
    "epochs without end": (train("epochs = 10^12;"), "'epochs' must be"),
    "10^12 examples": (train("data = morse(train = 10^12);"), "'train' must be"),
    "10^9 bits": (network(more="hardware h { number = fixed(10^9, 3); }"), "'width' must be"),
    "z of 10^12": (network(more="hardware h { z = (10^12, 10^12); }"), "'z' must be"),
    "10^12 ports": (network(more="hardware h { ports = 10^12; }"), "'ports' must be"),
    "10^12 stages": (network(more="hardware h { stages = 10^12; }"), "'stages' must be"),
    "windows of 2^46 edges": (network("a[1, 4096, 4096]", "b[1, 2049, 2049] : relu",
                                      first="window(size = (2048, 2048))"), " edges between"),
}

EXPRESSIONS = {
    "parentheses": (value("(" * CHAIN + "1" + ")" * CHAIN), "nested too deeply"),
    "signs": (value("-" * CHAIN + "1"), "nested too deeply"),
    "negations": (value("!" * CHAIN + "true"), "nested too deeply"),
    "calls": (value("abs(" * CHAIN + "1" + ")" * CHAIN), "nested too deeply"),
    "lists": (value("(1, " * CHAIN + "1" + ")" * CHAIN), "nested too deeply"),
    "choices": (value("1 > 0 ? 1 : " * CHAIN + "1"), "nested too deeply"),
    "powers": (value("2^" * CHAIN + "1"), "nested too deeply"),
    "sums": (value("1 + " * CHAIN + "1"), "over 2000 operators"),
    "braces": ("network n " + "{" * CHAIN, "unexpected '{'"),
    "brackets": ("network n { input a" + "[" * CHAIN, "unexpected '['"),
    "comments": ("/* " * CHAIN, "never closed"),
    "2^2^2^2^2^2": (value("2^2^2^2^2^2"), "does not fit"),
    "a fraction's power": (value("(1/3)^10^12"), "does not fit"),
    "a power near 1": (value("1.0000001^(10^18)"), "does not fit"),
    "an inverse power": (value("2^-(10^18)"), "does not fit"),
    "an exponent of a million": (value("1e1000000"), "more digits than fit"),
    "an exponent of 21 digits": (value("1e-999999999999999999999"), "more digits than fit"),
    "a million digits": (value("9" * 1_000_000), "more digits than fit"),
    "lets that double": (doubling("let x0 = 1;", "let xNEXT = xTHIS + xTHIS;", 70) + network("a[x70]"), "does not fit"),
    "activations that double": (doubling("activation f0(x) = x * x;", "activation fNEXT(x) = fTHIS(x) * fTHIS(x);")
                                + network(hidden="b[10] : f60"), "operations"),
    "an activation of 2,000 levels": (f"activation f(x) = {'exp(' * 2000}x{')' * 2000};" + network(hidden="b[10] : f"),
                                      "256 levels"),
    "20,000 unknown names": ("".join(f"let y{i} = undefined{i};\n" for i in range(20_000)), "unknown name"),
    "lets in a circle of 50,000": ("".join(f"let y{i} = y{(i + 1) % 50_000};\n" for i in range(50_000)), "error"),
}

# Legal, and done as fast.
HARMLESS = {
    "lets that double and halve": doubling("let x0 = 1;", "let xNEXT = xTHIS + xTHIS - xTHIS;") + network(source="a[x60 + 63]"),
    "lists that double": doubling("let x0 = (1, 1);", "let xNEXT = (xTHIS, xTHIS);") + network(),
    "a power without a value to keep": "let x = (-1)^(10^18);" + network(source="a[x + 63]"),
    "an activation's huge power": "activation f(x) = x^1000000000;" + network(hidden="b[10] : f"),
}


class Hostile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-hostile-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def run_sedge(self, verb, *words, code, seconds=SECONDS):
        """What a command says on standard error; it must take less than a second of the processor and MEMORY of addresses."""
        def limit():
            if not IS_SANITIZED:  # whose shadow takes terabytes of addresses
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        done = subprocess.run([str(BINARY), verb, *words], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", preexec_fn=limit, timeout=120, check=False)
        wall = time.monotonic() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.assertEqual(done.returncode, code, f"sedge {verb} after {wall:.2f} s: {done.stderr[-500:]}")
        self.assertLess(used, seconds * SLOWNESS, f"sedge {verb}: {used:.2f} s of the processor, {wall:.2f} s in all")
        return done.stderr

    def refuse(self, programs, verbs):
        for name, (text, message) in programs.items():
            self.write("hostile.sedge", text)
            for verb in verbs:
                with self.subTest(name, verb=verb):
                    errors = self.run_sedge(verb, "hostile.sedge", code=WRONG)
                    self.assertIn(message, errors)
                    self.assertLess(len(errors), 50_000, "few messages, short lines")

    def test_sizes(self):
        self.refuse(SIZES, VERBS)

    def test_expressions(self):
        self.refuse(EXPRESSIONS, ["check"])

    def test_all_verbs_refuse_an_expression(self):
        self.refuse({name: EXPRESSIONS[name] for name in ("parentheses", "2^2^2^2^2^2", "activations that double")}, VERBS)

    def test_harmless(self):
        for name, text in HARMLESS.items():
            self.write("harmless.sedge", text)
            with self.subTest(name):
                self.run_sedge("check", "harmless.sedge", code=DONE)

    def test_a_value_of_the_command_line(self):
        self.write("n.sedge", value("1"))
        for text in ("2^2^2^2^2^2", "(" * 10_000 + "1", "1" + " + 1" * 10_000):
            with self.subTest(text[:20]):
                self.run_sedge("check", "n.sedge", "-D", f"x={text}", code=WRONG)

    # ---- imports ----

    def test_imports_that_double(self):
        for i in range(90):
            more = f'import "bomb{i + 1}.sedge"; import "./bomb{i + 1}.sedge";' if i < 89 else ""
            self.write(f"bomb{i}.sedge", f"{more} let bomb{i} = 1;")
        self.write("a.sedge", 'import "bomb0.sedge";' + network())
        for verb in VERBS[:3]:
            self.run_sedge(verb, "a.sedge", code=DONE)

    def test_imports_without_end(self):
        self.write("self.sedge", 'import "self.sedge";' + network())
        self.assertIn("closes a circle", self.run_sedge("check", "self.sedge", code=WRONG))
        for i in range(300):
            self.write(f"chain{i}.sedge", f'import "chain{i + 1}.sedge";')
        self.assertIn("import one another", self.run_sedge("check", "chain0.sedge", code=WRONG))

    def test_imports_that_never_end(self):
        for place in ("/dev/zero", "/dev/stdin", "/dev/tty"):
            self.write("a.sedge", f'import "{place}";' + network())
            with self.subTest(place):
                self.assertIn("cannot import", self.run_sedge("check", "a.sedge", code=WRONG))

    # ---- data ----

    def test_data_without_end(self):
        for kind, message in (("csv", "longer than"), ("libsvm", "longer than"), ("npz", "no .npz archive")):
            self.write("a.sedge", train(f'data = {kind}("/dev/zero");'))
            with self.subTest(kind):
                self.assertIn(message, self.run_sedge("train", "a.sedge", code=SYSTEM, seconds=3))

    def test_edges_without_end(self):
        self.write("a.sedge", network(first='edges("/dev/zero")'))
        self.assertIn("no .npz archive", self.run_sedge("fit", "a.sedge", code=SYSTEM))

    def test_edges_without_end_in_a_sweep(self):
        self.write("a.sedge", network(first='edges("/dev/zero")'))
        self.assertIn("no .npz archive", self.run_sedge("sweep", "a.sedge", "--over", "seed=1", "--fit-only", code=WRONG))

    def test_pipes_that_nobody_writes_to(self):
        os.mkfifo(self.folder / "pipe")
        (self.folder / "idx").mkdir()
        os.mkfifo(self.folder / "idx" / "train-images-idx3-ubyte")
        for data in ('csv("pipe")', 'libsvm("pipe")', 'npz("pipe")', 'idx("idx")'):
            self.write("a.sedge", train(f"data = {data};"))
            with self.subTest(data):
                self.assertIn("it is a pipe, not a file", self.run_sedge("train", "a.sedge", code=SYSTEM))
        self.write("a.sedge", network(first='edges("pipe")'))
        self.assertIn("it is a pipe, not a file", self.run_sedge("fit", "a.sedge", code=SYSTEM))

    # ---- memory that is not there ----

    @unittest.skipIf(IS_SANITIZED, "a sanitizer takes more addresses than the limit leaves")
    def test_what_is_too_large_for_this_machine(self):
        for name, text in {
            "2^31 - 2^20 dense edges": network("a[2^20]", "b[2047] : relu"),
            "2^30 random edges": network("a[2^20]", "b[2^20] : relu", first="random(density = 2^-10)"),
            "2^30 structured edges": network("a[2^24]", "b[2^24] : relu", first="structured(fanout = 63)"),
        }.items():
            self.write("large.sedge", text)
            for verb in VERBS:
                with self.subTest(name, verb=verb):
                    self.assertIn("not enough memory", self.run_sedge(verb, "large.sedge", code=SYSTEM))

    @unittest.skipIf(IS_SANITIZED, "a sanitizer takes more addresses than the limit leaves")
    def test_a_batch_too_large_for_this_machine(self):
        self.write("large.sedge", network(hidden="b[1000] : relu", more="train { batch = 2^24; }"))
        self.assertIn("no memory", self.run_sedge("train", "large.sedge", code=SYSTEM, seconds=3))


if __name__ == "__main__":
    unittest.main()
