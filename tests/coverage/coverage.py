#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of a coverage build, prints how much of the code they run, and looks for messages that none of them makes.

    cmake --preset coverage && ninja -C build/coverage coverage           all of it, in the build's one command
    tests/coverage/coverage.py build/coverage --again                     the figures of the tests that have run already
    tests/coverage/coverage.py build/coverage --again --html              and pages with every line's count, in build/coverage/html

Beside the pages, build/coverage/coverage.lcov is for other programs: editors, genhtml. Lines are those with code on them;
branches are both ways out of every condition, each part of `&&` and `||` for itself, but those of assertions, which cannot fail.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from counts import FOLDERS, Counts
from messages import check_counts


def run_tests(build, jobs):
    """ctest's exit status; counts begin at 0."""
    shutil.rmtree(build / "profiles", ignore_errors=True)
    return subprocess.run(["ctest", "--test-dir", str(build), "-j", str(jobs), "--output-on-failure", "--no-tests=error"],
                          check=False).returncode


def folder_of(path):
    """Folders of compiler and runtime stand for themselves: `compiler/fit`."""
    return path.parent.as_posix()


def percent(ran, count):
    return f"{100 * ran / count:5.1f} %" if count else "      -"


def print_table(files):
    """A line per folder, and what all of them have together."""
    sums = defaultdict(lambda: [0, 0, 0, 0])
    for path, (lines, branches) in files.items():
        ran = [sum(count > 0 for count in lines.values()), len(lines), sum(count > 0 for _, count in branches), len(branches)]
        for key in (folder_of(path), "total"):
            sums[key] = [a + b for a, b in zip(sums[key], ran)]
    print(f"{'folder':<20} {'lines':>9} {'run':>8} {'':>7}   {'branches':>9} {'taken':>8}")
    order = sorted((key for key in sums if key != "total"), key=lambda key: (FOLDERS.index(key.split("/")[0]), key))
    for key in [*order, "total"]:
        lines_run, lines, taken, branches = sums[key]
        print(f"{key:<20} {lines:>9,} {lines_run:>8,} {percent(lines_run, lines)}   {branches:>9,} {taken:>8,} {percent(taken, branches)}")


def print_gaps(files, folder):
    """Lines of a folder or file that never ran, and branches that never went one of their ways, as FILE:LINE."""
    for path, (lines, branches) in sorted(files.items()):
        if not path.as_posix().startswith(folder):
            continue
        never = {line for line, count in lines.items() if count == 0}
        for line in sorted(never | {line for line, count in branches if count == 0}):
            print(f"{path}:{line}: {'never run' if line in never else 'a branch never taken'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--again", action="store_true", help="do not run the tests: the figures of those that have run")
    parser.add_argument("--html", action="store_true", help="write pages into BUILD/html")
    parser.add_argument("--gaps", metavar="FOLDER", help="list what never ran in a folder, or file")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    build = options.build.resolve()
    status = 0 if options.again else run_tests(build, options.jobs)

    counts = Counts(build)
    files, lcov = counts.lines_and_branches()
    (build / "coverage.lcov").write_text(lcov)
    if options.html:
        counts.llvm_cov("show", "-format=html", f"-output-dir={build / 'html'}", "-show-branches=count", "-show-directory-coverage",
                        "-show-line-counts-or-regions")
        print(f"pages       {build / 'html' / 'index.html'}")
    if options.gaps:
        print_gaps(files, options.gaps)
        return 0
    print_table(files)
    never_made = check_counts(counts)
    if status != 0:
        print("the tests failed (see above), so that these figures are too low")
    return 1 if status or never_made else 0


if __name__ == "__main__":
    sys.exit(main())
