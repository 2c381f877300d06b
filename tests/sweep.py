#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks `sedge sweep`: rows, resuming after a kill, failing and crashing runs, the Pareto set, figures.

    SEDGE_BINARY=build/sedge tests/sweep.py [-v] [TEST...]
"""

import csv
import io
import itertools
import json
import os
import resource
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
DONE, WRONG, USAGE, SYSTEM, INTERRUPTED = 0, 1, 2, 4, 130
STATE = "small.sweep.jsonl"
CHANGING = {"seconds", "inputs_per_second"}  # what differs from run to run

PROGRAM = """
param fanout = 8;
param width = 32;
network small {
  input frame[64]; layer hidden[width] : tanh; output symbol[64] : softmax;
  junction frame -> hidden : clashfree(fanout = fanout);
  junction hidden -> symbol : dense();
}
hardware h { clock = 10 MHz; multipliers = 200; }
train { data = morse(train = 200, test = 50, seed = 7); epochs = 1; }
"""


def lasting(rows):
    """Rows without what differs from run to run."""
    return [{key: value for key, value in row.items() if key not in CHANGING} for row in rows]


class Sweep(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-sweep-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("small.sedge", PROGRAM)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def run_sedge(self, *words, code=DONE, **options):
        done = subprocess.run([str(BINARY), *words], cwd=self.folder, text=True, timeout=300, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, **options)
        self.assertEqual(done.returncode, code, f"sedge {' '.join(words)}\n{done.stderr}")
        return done

    def sweep(self, *words, **options):
        """By the simulator, which starts faster than native code is made."""
        return self.run_sedge("sweep", "small.sedge", "--engine", "sim", *words, **options)

    def rows(self, *words, **options):
        done = self.sweep(*words, "--json", **options)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *words):
        return subprocess.Popen([str(BINARY), "sweep", "small.sedge", "--engine", "sim", *words], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def state(self):
        return (self.folder / STATE).read_bytes()

    def wait_for_rows(self, count):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if (self.folder / STATE).exists() and self.state().count(b'"row"') >= count:
                return
            time.sleep(0.005)
        self.fail(f"{count} rows never came")

    # ---- rows ----

    def test_a_row_is_what_fit_and_train_say(self):
        rows = self.rows("--over", "fanout=4,8", "--over", "seed=1..2")
        self.assertEqual([(row["run"], row["fanout"], row["seed"]) for row in rows],
                         [(1, 4, 1), (2, 4, 2), (3, 8, 1), (4, 8, 2)])
        for row in rows:
            options = ["small.sedge", "-D", f"fanout={row['fanout']}", "--seed", str(row["seed"]), "--json"]
            fit = json.loads(self.run_sedge("fit", *options).stdout)
            done = json.loads(self.run_sedge("train", *options).stdout.splitlines()[-1])
            self.assertEqual(row["status"], "done")
            self.assertEqual(row["multipliers"], fit["multipliers"]["used"])
            self.assertEqual(row["memory_bits"], fit["block_ram_bits"]["used"])
            self.assertEqual(row["parameter_bits"], fit["parameter_bits"]["sparse"])
            self.assertEqual(row["clocks_per_input"], fit["clocks_per_input"])
            self.assertEqual(row["hardware_inputs_per_second"], fit["inputs_per_second"])
            self.assertEqual(row["edges"], sum(junction["edges"] for junction in fit["junctions"]))
            self.assertEqual(row["test_accuracy"], done["test_accuracy"])
            self.assertEqual(row["parameters_sha256"], done["parameters_sha256"])
            interval = row["clocks_per_input"] // row["junction_cycle"]
            self.assertEqual(row["clocks"], (199 * interval + 4) * row["junction_cycle"])  # and the pipeline's length
            self.assertGreater(row["seconds"], 0)

    def test_csv_and_json_say_the_same(self):
        over = ["--over", "hardware.number=float32,fixed(12, 3)", "--over", "train.batch=1,2,0"]
        rows = self.rows(*over)
        text = self.sweep(*over, "--format", "csv").stdout
        self.sweep(*over, "-o", "rows.csv")
        self.assertEqual((self.folder / "rows.csv").read_text(), text)
        table = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(len(table), 6)
        self.assertEqual([line["hardware.number"] for line in table], ["float32"] * 3 + ["fixed(12, 3)"] * 3)
        for line, row in zip(table, rows):
            for key, value in line.items():
                if key not in row:
                    self.assertEqual(value, "", key)
                elif isinstance(row[key], (int, float)):
                    self.assertAlmostEqual(float(value), row[key], delta=1e-7 * abs(row[key]))
                else:
                    self.assertEqual(value, row[key])

    def test_values_with_commas_blocks_and_settings(self):
        self.write("small.sedge", PROGRAM + "hardware other { clock = 20 MHz; }\n")
        rows = self.rows("--fit-only", "--over", "hardware.z=(4, 64),(8,64)", "-D", "hardware.multipliers=400", "--over", "hardware=h,other")
        self.assertEqual([row["z"] for row in rows], ["(4, 64)", "(4, 64)", "(8, 64)", "(8, 64)"])
        self.assertEqual([row["hardware"] for row in rows], ["h", "other"] * 2)
        self.assertAlmostEqual(rows[1]["hardware_inputs_per_second"], 2 * rows[0]["hardware_inputs_per_second"], places=2)
        self.assertNotIn("test_accuracy", rows[0])

    def test_a_param_named_like_a_column_keeps_apart(self):
        self.write("small.sedge", PROGRAM.replace("width", "edges"))
        rows = self.rows("--fit-only", "--over", "edges=16,32")
        self.assertEqual([row["over.edges"] for row in rows], [16, 32])
        self.assertEqual([row["edges"] for row in rows], [64 * 8 + 16 * 64, 64 * 8 + 32 * 64])

    def test_wrong_requests_are_explained(self):
        for words, message in [
            ([], "--over NAME=V1,V2,... says what is varied"),
            (["--over", "fanuot=3"], "did you mean fanout?"),
            (["--over", "epochs=3"], "did you mean train.epochs?"),
            (["--over", "hardware.zz=3"], "did you mean hardware.z?"),
            (["--over", "fanout"], "has no '='"),
            (["--over", "fanout=4,4"], "4 is given twice"),
            (["--over", "seed=1..50000,7"], "7 is given twice"),
            (["--over", "fanout=4", "--over", "fanout=8"], "--over fanout is given twice"),
            (["--over", "fanout=4,"], "a value is empty"),
            (["--over", "fanout=1..1000000"], "at most 100000 runs"),
            (["--over", "seed=one"], "'one' is no whole number"),
            (["--over", "seed=1", "--seed", "2"], "--over seed and --seed"),
            (["--over", "train.epochs=1", "--epochs", "2"], "--over train.epochs and --epochs"),
            (["--over", "fanout=4", "--plot", "fanout"], "--plot takes two columns"),
            (["--over", "fanout=4", "--plot", "fanout,test_acuracy"], "did you mean test_accuracy?"),
            (["--over", "fanout=4", "--plot", "fanout,status"], "'status' is no number"),
            (["--over", "fanout=4", "--figure", "a.svg"], "--plot X,Y"),
            (["--over", "fanout=4", "--jobs", "0"], "--jobs is at least 1"),
            (["--over", "fanout=4", "--format", "xml"], "text, csv and json"),
        ]:
            with self.subTest(words=words):
                self.assertIn(message, self.sweep(*words, code=USAGE).stderr)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["small.sedge"])

    # ---- what goes wrong ----

    def test_a_run_that_fails_is_a_row(self):
        over = ["--over", "fanout=8,5", "--over", "width=32,48"]
        rows = self.rows(*over)
        failed = [row for row in rows if row["status"] == "failed"]
        self.assertEqual([row["status"] for row in rows], ["done", "failed"] * 2)  # 48 divides neither 512 nor 320
        for row in failed:
            fit = self.run_sedge("fit", "small.sedge", "-D", f"fanout={row['fanout']}", "-D", f"width={row['width']}",
                                 code=WRONG)
            self.assertEqual(row["error"], fit.stderr.splitlines()[0])
        text = self.sweep(*over)
        self.assertEqual(text.stdout.count(" failed: small.sedge:"), 2)
        self.assertIn("2 of 4 runs failed", text.stderr)

    def test_what_does_not_fit_is_a_row(self):
        rows = self.rows("--fit-only", "--over", "hardware.multipliers=10,400", "--over", "hardware.z=(16, 64)")
        self.assertEqual([row["status"] for row in rows], ["failed", "done"])
        self.assertIn("multipliers", rows[0]["error"])

    def test_when_every_run_fails_so_does_the_sweep(self):
        self.assertEqual(self.rows("--over", "width=48", code=WRONG)[0]["status"], "failed")

    def test_a_run_without_memory_is_a_row(self):
        if os.environ.get("SEDGE_IS_SANITIZED") == "1":
            self.skipTest("a sanitizer needs all addresses")
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        rows = self.rows("--fit-only", "--over", "width=32,4194304", "-D", "fanout=width/2", preexec_fn=limit)
        self.assertEqual(rows[0]["status"], "done")
        self.assertEqual(rows[1]["status"], "failed")
        self.assertIn("memory", rows[1]["error"])

    def test_a_run_that_is_killed_is_a_row_and_is_tried_again(self):
        over = ["--over", "train.epochs=1,1000000"]
        process = self.start(*over, "--jobs", "1", "--json")
        self.wait_for_rows(1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        end = time.monotonic() + 60
        while not children.read_text().split() and time.monotonic() < end:
            time.sleep(0.005)
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
        output, _ = process.communicate(timeout=60)
        rows = [json.loads(line) for line in output.splitlines()]
        self.assertEqual(process.returncode, DONE)
        self.assertEqual([row["status"] for row in rows], ["done", "failed"])
        self.assertIn("ended by signal 9", rows[1]["error"])
        plan = self.sweep(*over, "--dry-run").stdout.splitlines()
        self.assertEqual([line.split()[1] for line in plan], ["done", "to"])

    # ---- resuming ----

    def test_a_killed_sweep_goes_on_where_it_was(self):
        over = ["--over", "fanout=2,4,8", "--over", "seed=1..4"]
        whole = lasting(self.rows(*over, "--state", "whole.jsonl"))
        process = self.start(*over, "--jobs", "1")
        self.wait_for_rows(4)
        process.kill()
        process.communicate(timeout=60)
        before = self.state()
        kept = before[:before.rindex(b"\n") + 1]
        self.assertLess(kept.count(b'"row"'), 12)
        again = self.sweep(*over, "--json")
        self.assertTrue(self.state().startswith(kept))
        self.assertEqual(self.state().count(b'"row"'), 12)  # none was made twice
        self.assertIn(f"{kept.count(bytes('row', 'ascii'))} of 12 runs were made before", again.stderr)
        self.assertEqual(lasting(map(json.loads, again.stdout.splitlines())), whole)

    def test_half_a_line_is_cut_off(self):
        over = ["--over", "seed=1..3"]
        rows = self.rows(*over)
        state = self.state()
        for cut in (1, 40, len(state) - state.index(b"\n") - 1, len(state) - 5, len(state)):
            (self.folder / STATE).write_bytes(state[:len(state) - cut])
            self.assertEqual(lasting(self.rows(*over)), lasting(rows))
            self.assertEqual(self.state().count(b'"row"'), 3)

    def test_only_what_is_new_is_run(self):
        self.rows("--over", "fanout=4,8")
        size = len(self.state())
        self.assertEqual([row["fanout"] for row in self.rows("--over", "fanout=8,4")], [8, 4])
        self.assertEqual(len(self.state()), size)
        rows = self.rows("--over", "fanout=2,4,8")
        self.assertEqual(self.state().count(b'"row"'), 3)
        self.assertEqual([row["fanout"] for row in rows], [2, 4, 8])
        self.rows("--over", "fanout=2,4,8", "--over", "width=32")
        self.assertEqual(self.state().count(b'"row"'), 6)  # a -D that says what the file says is another text
        self.rows("--over", "width=32", "--over", "fanout=2,4,8")
        self.assertEqual(self.state().count(b'"row"'), 6)

    def test_changed_files_and_data_are_run_again(self):
        self.write("common.sedge", "let rate = 1/8;\n")
        self.write("small.sedge", 'import "common.sedge";\n' + PROGRAM.replace(
            "morse(train = 200, test = 50, seed = 7)", 'csv("data.csv")').replace("epochs = 1;", "epochs = 1; "
            "optimizer = sgd(rate = rate);"))
        row = ",".join("0.5" for _ in range(64))
        self.write("data.csv", "".join(f"{row},{i % 64}\n" for i in range(120)))
        count = lambda: (self.rows("--over", "fanout=4,8"), self.state().count(b'"row"'))[1]
        self.assertEqual(count(), 2)
        self.assertEqual(count(), 2)
        self.write("data.csv", "".join(f"{row},{i % 63}\n" for i in range(120)))
        self.assertEqual(count(), 4)
        self.write("common.sedge", "let rate = 1/16;\n")
        self.assertEqual(count(), 6)
        os.utime(self.folder / "data.csv")
        self.assertEqual(count(), 6)
        self.rows("--over", "fanout=4,8", "--inputs", "50")
        self.assertEqual(self.state().count(b'"row"'), 8)

    def test_what_is_no_state_is_left_alone(self):
        for text in ["important\n", "important", "{}\n", '{"sedge_sweep": 1}\nimportant\n', '{"sedge_sweep": 2}\n']:
            self.write("notes", text)
            done = self.sweep("--over", "seed=1", "--state", "notes", code=SYSTEM)
            self.assertIn("notes: error: ", done.stderr)
            self.assertEqual((self.folder / "notes").read_text(), text)
        for path in [".", "/dev/null", "absent/state"]:
            self.sweep("--over", "seed=1", "--state", path, code=SYSTEM)

    def test_rows_that_others_wrote_are_only_text_and_numbers(self):
        over = ["--over", "seed=1..3", "--plot", "clocks_per_input,test_loss"]
        self.sweep(*over, "-q")
        first, *lines = self.state().splitlines(keepends=True)
        rows = [json.loads(line) for line in lines]
        rows[0]["row"].update(clocks_per_input=-5, test_loss=1e17, memory_bits=1e300, z="<b>,\n")
        rows[1]["row"].update(clocks_per_input=1e300, test_loss=1e17 + 16, edges=[], test_accuracy=1e307)
        rows[2]["row"].update(status="done", clocks_per_input="many", test_loss=None)
        (self.folder / STATE).write_bytes(first + "".join(json.dumps(row) + "\n" for row in rows).encode())
        self.assertRegex(self.sweep(*over, "-q").stdout, r" \? ")
        self.assertNotIn("<b>", (self.folder / "small.sweep.svg").read_text())

    def test_two_sweeps_do_not_share_a_state(self):
        process = self.start("--over", "train.epochs=1,1000000", "--jobs", "1")
        self.wait_for_rows(1)
        done = self.sweep("--over", "seed=1", code=SYSTEM)
        self.assertIn("another sweep is writing it", done.stderr)
        plan = self.sweep("--over", "train.epochs=1,2", "--dry-run").stdout
        self.assertEqual([line.split()[1] for line in plan.splitlines()], ["done", "to"])
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertIn("interrupted after 1 of 2 runs", errors)
        self.rows("--over", "seed=1")

    def test_no_run_outlives_its_sweep(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            process = self.start("--over", f"train.epochs=1,{1000000 + number}", "--jobs", "1")
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            self.wait_for_rows(1)
            end = time.monotonic() + 60
            while not (pids := children.read_text().split()) and time.monotonic() < end:
                time.sleep(0.005)
            process.send_signal(number)
            process.communicate(timeout=60)
            while Path(f"/proc/{pids[0]}").exists() and time.monotonic() < end:
                time.sleep(0.005)
            self.assertFalse(Path(f"/proc/{pids[0]}").exists())

    def test_a_full_disk_is_told(self):
        done = self.sweep("--over", "seed=1", "-o", "/dev/full", code=SYSTEM)
        self.assertIn("/dev/full: error: ", done.stderr)

    def test_a_dry_run_leaves_nothing(self):
        done = self.sweep("--over", "fanout=2,4", "--over", "seed=1..2", "--dry-run")
        self.assertEqual([line.split() for line in done.stdout.splitlines()],
                         [[str(i + 1), "to", "do", f"fanout={f}", f"seed={s}"]
                          for i, (f, s) in enumerate(itertools.product((2, 4), (1, 2)))])
        self.assertEqual([path.name for path in self.folder.iterdir()], ["small.sedge"])

    # ---- the set that nothing beats, and its picture ----

    def check_pareto(self, rows, x, x_more, y, y_more):
        """By definition: beaten is what another is at least as good as in both, and better in one."""
        def costs(row):
            return (-row[x] if x_more else row[x], -row[y] if y_more else row[y])
        done = [row for row in rows if row["status"] == "done"]
        best = [row["run"] for row in done if not any(
            costs(other) != costs(row) and all(a <= b for a, b in zip(costs(other), costs(row))) for other in done)]
        self.assertEqual([row["run"] for row in rows if row["pareto"]], best)
        self.assertTrue(0 < len(best) < len(done))

    def test_the_pareto_set(self):
        sizes = "(1,1),(2,2),(2,64),(4,32),(4,64),(8,64),(16,8),(16,64),(32,128),(64,64),(64,256),(3,3)"
        over = ["--fit-only", "--over", f"hardware.z={sizes}", "--over", "fanout=2,4,8,16"]
        for x, x_more, y, y_more in [("multipliers", False, "hardware_inputs_per_second", True),
                                     ("memory_bits", False, "clocks_per_input", False),
                                     ("hardware_inputs_per_second", True, "parameters", False)]:
            rows = self.rows(*over, "--plot", f"{x},{y}")
            self.assertEqual(len(rows), 48)
            self.check_pareto(rows, x, x_more, y, y_more)
            self.check_figure(rows, "small.sweep.svg")

    def check_figure(self, rows, name):
        root = xml.etree.ElementTree.parse(self.folder / name).getroot()
        titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")][1:]
        done = [row for row in rows if row["status"] == "done"]
        self.assertEqual(len(titles), len(done))
        for title, row in zip(titles, done):
            self.assertIn(f"fanout={row['fanout']}", title)
        rings = [e for e in root.iter("{http://www.w3.org/2000/svg}circle") if e.get("class") == "best"]
        self.assertEqual(len(rings), sum(row["pareto"] for row in rows))
        self.assertNotIn("http", (self.folder / name).read_text().replace("http://www.w3.org/2000/svg", ""))

    def test_figures_of_names_and_repetitions(self):
        over = ["--over", "hardware.number=fixed(8,2),fixed(12,3)", "--over", "fanout=4,8", "--over", "seed=1..3"]
        rows = self.rows(*over, "--plot", "hardware.number,test_accuracy", "--figure", "numbers.svg")
        self.assertNotIn("pareto", rows[0])  # a name is neither better nor worse
        text = (self.folder / "numbers.svg").read_text()
        root = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(len([e for e in root.iter("{http://www.w3.org/2000/svg}title")]), 1 + 12)
        for words in ["fixed(8,2)", "fixed(12,3)", "fanout 4", "test accuracy (%)", "mean, smallest and largest"]:
            self.assertIn(words, text)
        table = self.sweep(*over).stdout
        self.assertLessEqual(max(map(len, table.splitlines())), 80)
        mean = sum(row["test_accuracy"] for row in rows[:3]) / 3
        self.assertRegex(table, rf"accuracy +{100 * mean:.2f} % \+- \d+\.\d\d \(3 runs\)  hardware.number=fixed\(8,2\) "
                                r"fanout=4\n")


if __name__ == "__main__":
    unittest.main()
