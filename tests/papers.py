#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks examples/papers: tables that are those of the CSV files, commands that run, fits that come out as committed.

    SEDGE_BINARY=build/sedge tests/papers.py [-v]
"""

import csv
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "examples" / "papers"
sys.path.insert(0, str(FOLDER))
import papers  # pylint: disable=wrong-import-position

BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()


class Papers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-papers-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def sweep(self, name, *words):
        command = papers.command_of(name)
        self.assertEqual(command[:2], ["sweep", f"{name}.sedge"])
        done = subprocess.run([str(BINARY), "sweep", str(FOLDER / f"{name}.sedge"), *command[2:], *words], cwd=self.folder,
                              capture_output=True, text=True, check=False, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_tables_are_those_of_the_measurements(self):
        done = subprocess.run([sys.executable, str(FOLDER / "papers.py"), "check"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_run_of_a_command_was_measured_and_went_well(self):
        self.assertEqual(sorted(path.stem for path in FOLDER.glob("*.sedge")), sorted(papers.NAMES))
        for name in papers.NAMES:
            plan = self.sweep(name, "--dry-run").splitlines()
            with open(FOLDER / f"{name}.csv", newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.assertEqual(len(rows), len(plan), name)
            self.assertEqual({row["status"] for row in rows}, {"done"}, name)
            for row, line in zip(rows, plan):
                keys = [word.split("=", 1)[0] for word in line.split() if "=" in word and "(" not in word]
                for key in keys:
                    self.assertIn(f"{key}={row[key if key in row else 'over.' + key]}", line)

    def test_fits_come_out_as_committed(self):
        for name in [name for name in papers.NAMES if "--fit-only" in papers.command_of(name)]:
            self.sweep(name, "-o", "rows.csv", "--figure", "figure.svg")
            for made, committed in (("rows.csv", f"{name}.csv"), ("figure.svg", f"{name}.svg")):
                self.assertEqual((self.folder / made).read_text(), (FOLDER / committed).read_text(), committed)

    def test_gpu_baseline_works(self):
        if importlib.util.find_spec("torch") is None:
            self.skipTest("no PyTorch here: gpu_baseline.py is not tried")
        done = subprocess.run([sys.executable, str(FOLDER / "gpu_baseline.py"), "--device", "cpu", "--seconds", "0.001", "--images",
                               "1000", "--batches", "250,1000"], capture_output=True, text=True, check=False, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = list(csv.DictReader(done.stdout.splitlines()))
        self.assertEqual(len(rows), 3 * 2 * 2 * 2)  # networks, edges, modes, batches
        for row in rows:
            self.assertLessEqual(float(row["least"]), float(row["inputs_per_second"]), row)
            self.assertLessEqual(float(row["inputs_per_second"]), float(row["most"]), row)


if __name__ == "__main__":
    unittest.main()
