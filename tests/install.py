#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs the build into an empty folder, moves that, and uses it as a stranger would; packs the .deb and looks into it.

    SEDGE_BINARY=build/sedge tests/install.py [-v] [TEST...]
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
BUILD = BINARY.parent
IS_SANITIZED = os.environ.get("SEDGE_IS_SANITIZED") == "1"

NETWORK = """
network tiny {
  input value[8]; layer hidden[16] : tanh; output class[4] : softmax;
  junction value -> hidden : clashfree(fanout = 4); junction hidden -> class : dense();
}
train { data = csv("rows.csv"); batch = 4; shuffle = false; epochs = 3; }
"""

# What everyone finds, in every installation; LIB is the folder of libraries.
INSTALLED = """
bin/sedge include/sedge_runtime.h
LIB/libsedge_runtime.so LIB/libsedge_runtime.so.1 LIB/pkgconfig/sedge.pc LIB/cmake/sedge/sedgeConfig.cmake
lib/sedge/sedge_llvm.so lib/sedge/libsedge_trainer.a lib/sedge/sedge_trainer.map
share/sedge/runtime/sedge_runtime.h share/sedge/runtime/libraries.sh share/sedge/runtime/built/main.c share/sedge/runtime/data/morse_symbols.def
share/sedge/python/pyproject.toml share/sedge/python/sedge/trainer.py share/sedge/vscode/package.json share/sedge/vscode/package.sh share/sedge/vscode/LICENSE
share/man/man1/sedge.1 share/man/man5/sedge.5 share/bash-completion/completions/sedge
share/zsh/site-functions/_sedge share/zsh/vendor-completions/_sedge share/fish/vendor_completions.d/sedge.fish
share/vim/vimfiles/syntax/sedge.vim share/nvim/site/ftdetect/sedge.vim
share/doc/sedge/README.md share/doc/sedge/lang/REFERENCE.md share/doc/sedge/copyright share/doc/sedge/examples/icann17.sedge
""".split()


class InstallCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-install-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_program(self, *words, environment=None):
        done = subprocess.run([str(word) for word in words], cwd=self.folder, text=True, timeout=300, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def digest(self, *words):
        return json.loads(self.run_program(*words, "--json").splitlines()[-1])["parameters_sha256"]

    def write_network(self):
        rows = [[(i * (j + 1)) % 5 / 4 for j in range(8)] + [i % 4] for i in range(64)]
        text = "".join(",".join(str(cell) for cell in row) + "\n" for row in rows)
        for name in ("rows.csv", "rows-test.csv"):
            (self.folder / name).write_text(text)
        (self.folder / "tiny.sedge").write_text(NETWORK)

    def check_tree(self, prefix, library_folder):
        missing = [name for name in INSTALLED if not (prefix / name.replace("LIB", library_folder)).exists()]
        self.assertEqual(missing, [])

    def check_command(self, prefix):
        """The installed command trains and builds, to the digest of the one in the build folder."""
        self.write_network()
        sedge = prefix / "bin/sedge"
        expected = self.digest(BINARY, "train", "tiny.sedge")
        self.assertEqual(self.digest(sedge, "train", "tiny.sedge"), expected)
        self.run_program(sedge, "build", "tiny.sedge", "-o", "trainer", "-q")
        self.assertEqual(self.digest("./trainer", "train"), expected)
        self.run_program(sedge, "build", "tiny.sedge", "-o", "libtiny.so", "--emit", "lib", "-q")
        self.assertIn("SEDGE_NETWORK_INPUTS  8", (self.folder / "libtiny.h").read_text())
        return expected


class Install(InstallCase):
    def install(self):
        """A prefix that is not where it was installed, so that nothing can have kept the path."""
        self.run_program("cmake", "--install", BUILD, "--prefix", self.folder / "first")
        prefix = self.folder / "moved"
        (self.folder / "first").rename(prefix)
        package = next(prefix.glob("lib*/**/sedge.pc"))
        return prefix, package.parent.parent

    def test_an_installed_sedge_works_and_serves_others(self):
        prefix, libraries = self.install()
        self.check_tree(prefix, str(libraries.relative_to(prefix)))
        expected = self.check_command(prefix)
        header = (prefix / "include/sedge_runtime.h").read_text()
        version = re.search(r"SEDGE_TRAINER_VERSION (\d+)", header)[1]
        self.assertEqual(os.readlink(libraries / "libsedge_runtime.so.1"), f"libsedge_runtime.so.1.{version}")
        if not IS_SANITIZED:  # programs that are not cannot be linked with what is
            self.use_pkg_config(prefix, libraries, expected)
            self.use_cmake(prefix, expected)

    def use_pkg_config(self, prefix, libraries, expected):
        environment = {"PKG_CONFIG_PATH": str(libraries / "pkgconfig"), "LD_LIBRARY_PATH": str(libraries)}
        ask = ["pkg-config", "--cflags", "--libs", "sedge >= 0.1"]
        options = self.run_program(*ask, environment=environment).split()
        sedge = self.run_program("pkg-config", "--variable=sedge", "sedge", environment=environment).strip()
        archive = self.run_program("pkg-config", "--variable=archive", "sedge", environment=environment).strip()
        self.assertEqual(Path(sedge).resolve(), prefix / "bin/sedge")
        self.run_program(sedge, "build", "tiny.sedge", "-o", "tiny.o", "--emit", "obj", "-q")
        compile_it = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", ROOT / "tests/install/consumer.c", "tiny.o", "-o"]
        self.run_program(*compile_it, "shared", *options)
        self.run_program(*compile_it, "static", options[0], archive, "-pthread", "-lm")
        self.assertEqual(self.run_program("./shared", environment=environment).strip(), expected)
        self.assertEqual(self.run_program("./static").strip(), expected)

    def use_cmake(self, prefix, expected):
        self.run_program("cmake", "-S", ROOT / "tests/install", "-B", "consumer", f"-DCMAKE_PREFIX_PATH={prefix}",
                         f"-DNETWORK={self.folder / 'tiny.sedge'}")
        self.run_program("cmake", "--build", "consumer")
        for program in ("shared", "static"):
            self.assertEqual(self.run_program(f"consumer/{program}").strip(), expected)


@unittest.skipIf(IS_SANITIZED, "nobody packs a sanitized build")
class Package(InstallCase):
    def test_the_deb_has_everything_and_names_what_it_needs(self):
        missing = [name for name in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file") if not shutil.which(name)]
        if missing:
            self.skipTest("not installed: " + ", ".join(missing))
        self.run_program("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", self.folder / "packed")
        [deb] = (self.folder / "packed").glob("*.deb")
        self.assertRegex(deb.name, r"^sedge_\d+\.\d+\.\d+_\w+\.deb$")
        needed = self.run_program("dpkg-deb", "--field", deb, "Depends").strip()
        for library in ("libc6", "libjansson4", "libpopt0", "zlib1g", "libminizip1", "libmd0", r"libllvm\d\d"):
            self.assertRegex(needed, rf"(^|, ){library}( |,|$|t64)")
        self.assertIn("gcc", self.run_program("dpkg-deb", "--field", deb, "Recommends"))
        self.assertIn("libsedge_runtime 1", self.run_program("dpkg-deb", "--info", deb, "shlibs"))
        self.run_program("dpkg-deb", "--extract", deb, "root")
        [package] = (self.folder / "root/usr").glob("lib/**/sedge.pc")
        self.check_tree(self.folder / "root/usr", str(package.parent.parent.relative_to(self.folder / "root/usr")))
        self.check_command(self.folder / "root/usr")


if __name__ == "__main__":
    unittest.main()
