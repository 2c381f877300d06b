#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command without what it works with: its own parts are missing, or the compiler that links fails in some way.

    SEDGE_BINARY=build/sedge tests/missing_parts.py
"""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
WRONG, SYSTEM = 1, 4
SANITIZERS = [os.environ["SEDGE_SANITIZE_FLAG"]] if os.environ.get("SEDGE_IS_SANITIZED") == "1" else []

PROGRAM = """
network n { input x[8]; output y[4] : sigmoid; junction x -> y : dense(); }
"""


OTHER_VERSION = """
#include <stdio.h>
#include <stdlib.h>
#include "sedge_runtime.h"
const unsigned long sedge_kernels[64] = {1};
int main(void) {
  SedgeTrainer *t = sedge_trainer_open(1);
  puts(t ? "opened" : sedge_trainer_error(NULL));
  return t != NULL;
}
"""


class MissingParts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-parts-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "home" / "bin").mkdir(parents=True)
        (self.folder / "n.sedge").write_text(PROGRAM)

    def copy(self, *names):
        """The command in a folder where nothing else of it lies but files of those names."""
        home = self.folder / "home" / "bin"
        for name in (BINARY.name, *names):
            shutil.copy(BINARY.parent / name, home / name)
        return home / BINARY.name

    def compiler(self, text):
        path = self.folder / "compiler"
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def run_done(self, *words):
        done = subprocess.run([str(word) for word in words], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def refuse(self, message, *words, binary=BINARY, code=WRONG, compiler=None, **options):
        """The command must say that, and leave no output."""
        environment = {**os.environ, **({"CC": compiler} if compiler else {})}
        done = subprocess.run([str(binary), *words], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(f"error: {message}", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_without_the_code_generator(self):
        binary = self.copy()
        self.refuse("cannot load the code generator, sedge_llvm.so; `--engine sim` does without it",
                    "build", "n.sedge", "-o", "out", "--emit", "obj", binary=binary, code=SYSTEM)
        (binary.parent / "sedge_llvm.so").write_text("no library")
        self.refuse("cannot load the code generator, sedge_llvm.so: ",
                    "build", "n.sedge", "-o", "out", "--emit", "obj", binary=binary, code=SYSTEM)

    def test_without_what_is_linked(self):
        binary = self.copy("sedge_llvm.so")
        build = ["build", "n.sedge", "-o", "out"]
        self.refuse("the runtime to link with, libsedge_trainer.a, is neither beside the command nor installed with it",
                    *build, binary=binary, code=SYSTEM)
        self.refuse("the list of a library's functions, sedge_trainer.map, is neither beside the command",
                    *build, "--emit", "lib", binary=binary, code=SYSTEM)
        other = [*build, "--target", "riscv64-linux-gnu"]
        self.refuse("the sources of the runtime are neither near the command nor installed with it",
                    *other, binary=binary, code=SYSTEM, compiler="/bin/true")
        header = binary.parent / "runtime" / "sedge_runtime.h"
        header.parent.mkdir()
        header.touch()
        self.refuse("the sources of the runtime are not there", *other, binary=binary, code=SYSTEM, compiler="/bin/true")

    def test_with_compilers_that_fail(self):
        build = ["build", "n.sedge", "-o", "out"]
        failing = self.compiler("#!/bin/sh\nexit 3\n")
        self.refuse(f"'{failing}' could not link: it ended with status 3", *build, compiler=failing)
        self.refuse(f"'{failing}' is lost: No child processes", *build, compiler=failing,
                    preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        binary = self.copy("sedge_llvm.so")
        (binary.parent / "runtime").symlink_to(ROOT / "runtime")
        self.refuse(f"'{failing}' could not link: it ended with status 3; the other system's compiler and C library are needed",
                    *build, "--target", "riscv64-linux-gnu", binary=binary, compiler=failing)
        self.refuse(f"'{failing}' could not link: it ended with status 3; the other system's compiler and C library are needed",
                    "build", "n.sedge", "-o", "out.wasm", "--target", "wasm32", binary=binary, compiler=failing)
        killed = self.compiler("#!/bin/sh\nkill -9 $$\n")
        self.refuse(f"'{killed}' could not link: it was ended by signal 9", *build, compiler=killed)
        none = self.compiler("\x7fELF, but no more")
        self.refuse(f"'{none}' cannot be run: Exec format error", *build, compiler=none)

    def test_with_a_runtime_of_another_version(self):
        """A program whose object says that it has other code than its model needs."""
        self.run_done(BINARY, "build", "n.sedge", "-o", "n.o", "--emit", "obj")
        self.run_done("objcopy", "--redefine-sym", "sedge_kernels=other_kernels", "n.o")
        (self.folder / "main.c").write_text(OTHER_VERSION)
        library = BINARY.parent / "runtime"
        self.run_done(*os.environ.get("CC", "cc").split(), *SANITIZERS, "-I", ROOT / "runtime", "main.c", "n.o", "-rdynamic", "-o", "main",
                      library / "libsedge_runtime.so", f"-Wl,-rpath,{library}")
        done = self.run_done("./main")
        self.assertIn("the code has 1 kernels, its model needs ", done.stdout)
        self.assertIn("code and runtime are of different versions", done.stdout)


if __name__ == "__main__":
    unittest.main()
