#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Follows the pages as a reader would: runs their commands and compares what they print, checks their programs and their links.

    SEDGE_BINARY=build/sedge tests/documentation.py [-v] [TEST...]
    SEDGE_BINARY=build/sedge tests/documentation.py --show examples/tutorial/README.md    prints what its commands print today

In a page, a block of kind `console` is a session: after `$ ` a command (bash), under it what it prints, both streams as they come. A line
`...` stands for any lines. Numbers that differ from machine to machine (seconds, rates, bytes of a program) are not compared. A block
behind a line that ends in "into `NAME`:" is written to that file. All of a page runs in one empty folder, where `build` and `examples`
are the project's, and `sedge` is on PATH.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from readme_check import ROOT, project_files
from run_cases import find_mnist

BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
TUTORIAL = ROOT / "examples" / "tutorial" / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CHANGING = re.compile(r"[\d.,]+[kMG]? (s|inputs/s|bytes)\b")
SECONDS_PER_COMMAND = 300


class Block:
    """A fenced block: its kind, its text, its line in the page, and the file that it is to be written into."""

    def __init__(self, page, match):
        before = page[:match.start()].rstrip("\n").rsplit("\n", 1)[-1]
        named = re.search(r"into `([^`]+)`:$", before)
        self.kind, self.text = match[1], match[2]
        self.line = page.count("\n", 0, match.start()) + 1
        self.file = named[1] if named else None

    def steps(self):
        """(command, what it prints) of a session."""
        steps = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif steps and steps[-1][0].endswith("\\"):
                steps[-1] = (steps[-1][0] + "\n" + line, [])
            else:
                steps[-1][1].append(line)
        return steps


def blocks_of(path):
    page = path.read_text()
    return [Block(page, match) for match in BLOCK.finditer(page)]


def matches(expected, printed):
    """Whether the lines are those expected; numbers that change are equal, and `...` stands for any lines."""
    lines = [re.escape(CHANGING.sub(r"# \1", line).rstrip()) + "\n" for line in expected]
    pattern = "".join(r"(?:.*\n)*?" if line == "\\.\\.\\.\n" else line for line in lines)
    text = "".join(CHANGING.sub(r"# \1", line).rstrip() + "\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None


class Session:
    """The folder in which a page's commands run, and the shell for them."""

    def __init__(self, folder, mnist=None):
        self.folder = folder
        for name, target in (("build", BINARY.parent), ("examples", ROOT / "examples"), ("mnist", mnist)):
            if target:
                (folder / name).symlink_to(target)
        self.environment = {**os.environ, "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}

    def run(self, command):
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS_PER_COMMAND, check=False)
        return done.returncode, done.stdout.decode("utf-8", "backslashreplace")


class Documentation(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-documentation-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def follow(self, path, mnist=None):
        """Runs every command of the page; returns how many there were."""
        session, count = Session(self.folder, mnist), 0
        for block in blocks_of(path):
            if block.file:
                (self.folder / block.file).write_text(block.text)
            for command, expected in block.steps() if block.kind == "console" else []:
                count += 1
                status, printed = session.run(command)
                where = f"{path.relative_to(ROOT)}:{block.line}: {command}"
                if not matches(expected, printed):
                    self.assertEqual("\n".join(expected) + "\n", printed, where)
                self.assertEqual(status != 0, any(" error: " in line for line in expected), f"{where}: exit code {status}")
        return count

    def test_tutorial(self):
        self.assertGreater(self.follow(TUTORIAL), 15)
        drawn, kept = ((folder / "sweep.svg").read_text() for folder in (self.folder, TUTORIAL.parent))
        self.assertEqual(drawn, kept, "its sweep draws another figure now")

    def test_readme(self):
        if not (mnist := find_mnist()):
            self.skipTest("needs MNIST: set SEDGE_MNIST")
        self.assertGreater(self.follow(ROOT / "README.md", mnist), 4)

    def test_programs_are_right(self):
        count = 0
        for page in (ROOT / "README.md", ROOT / "lang" / "REFERENCE.md"):
            for block in blocks_of(page):
                if block.kind != "sedge":
                    continue
                count += 1
                is_whole = "network " in block.text
                rest = "" if is_whole else "network n { input a[8]; output b[8] : relu; junction a -> b : dense(); }\n"
                for verb, text in (("check", block.text + rest), ("fmt --check", block.text)):
                    (self.folder / "block.sedge").write_text(text)
                    status, printed = Session(Path(tempfile.mkdtemp(dir=self.folder))).run(f"sedge {verb} -q ../block.sedge")
                    self.assertEqual((status, printed if "error" in printed else ""), (0, ""), f"{page}:{block.line}")
        self.assertGreater(count, 2)

    def test_links_lead_somewhere(self):
        pages = [path for path in project_files() if path.suffix == ".md"]
        count = 0
        for page in pages:
            text = BLOCK.sub("", (ROOT / page).read_text())
            for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'<img src="([^"]+)"', text):
                if re.match(r"\w+:", target):
                    continue
                count += 1
                path, _, place = target.partition("#")
                file = (ROOT / page).parent / path if path else ROOT / page
                self.assertTrue(file.exists(), f"{page}: {target} does not exist")
                if place:
                    self.assertIn(place, headings(file), f"{page}: {target} has no such heading")
        self.assertGreater(count, 20)


def headings(page):
    """The places of a page that links can name, as GitHub names them."""
    texts = re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts}


def show(path):
    with tempfile.TemporaryDirectory(prefix="sedge-documentation-") as folder:
        session = Session(Path(folder), find_mnist())
        for block in blocks_of(Path(path)):
            if block.file:
                (Path(folder) / block.file).write_text(block.text)
            for command, _ in block.steps() if block.kind == "console" else []:
                print(f"$ {command}\n{session.run(command)[1]}", end="")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--show"]:
        sys.exit(show(*sys.argv[2:]))
    unittest.main(verbosity=1)
