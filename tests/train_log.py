#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks `sedge train --log` and `--report`: events, the counts of saturation by definition, a page whose numbers are the log's.

    SEDGE_BINARY=build/sedge tests/train_log.py [-v] [TEST...]
"""

import html.parser
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "reference"))
from tensors import read_tensors  # pylint: disable=wrong-import-position

BINARY = Path(os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge")).resolve()
DONE, SYSTEM, INTERRUPTED = 0, 4, 130

# Few bits and a high rate, so that everything saturates somewhere; 30 examples, so that the probe sees them all.
PROGRAM = """
network small {
  input a[8]; layer h[6] pad 8 : identity; layer g[8] : relu; output b[4] : identity;
  junction a -> h : dense();
  junction h -> g : structured(fanout = 4);
  junction g -> b : dense();
}
hardware few { number = %s; }
train { data = csv("data.csv"); loss = quadratic; optimizer = sgd(rate = %s); init = uniform(-2, 2); epochs = %d; order = %s; }
"""


class Page(html.parser.HTMLParser):
    """Checks that elements nest, and collects tables as rows of texts, titles, and what is drawn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tables, self.titles, self.addresses, self.text = [], [], [], [], ""
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "table":
            self.tables.append((dict(attrs), []))
        if tag == "tr":
            self.tables[-1][1].append([])
        if tag in ("td", "th"):
            self.tables[-1][1][-1].append(["", dict(attrs).get("title")])
        if tag in ("script", "link", "img", "iframe"):
            self.addresses.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][1][-1][-1][0] += data
        if self.open and self.open[-1] == "title":
            self.titles.append(data)


class TrainLog(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sedge-log-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        random = numpy.random.default_rng(5)
        self.inputs = numpy.round(random.random((30, 8)), 3)
        self.labels = random.integers(0, 4, 30)
        rows = "".join(",".join(map(str, row)) + f",{label}\n" for row, label in zip(self.inputs, self.labels))
        (self.folder / "data.csv").write_text(rows)
        (self.folder / "data-test.csv").write_text(rows)
        self.write()

    def write(self, number="fixed(width = 7, integer = 2)", epochs=3, order="sequential", shift=2):
        rate = "1/1024" if number == "float32" else f"2^-{shift}"
        (self.folder / "small.sedge").write_text(PROGRAM % (number, rate, epochs, order))

    def train(self, *words, code=DONE):
        done = subprocess.run([str(BINARY), "train", "small.sedge", *words], cwd=self.folder, text=True, timeout=300,
                              check=False, stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def log(self, name="log.jsonl"):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    # ---- the log ----

    def test_a_log_says_what_json_says(self):
        for number in ("float32", "fixed(12, 3)"):
            self.write(number=number, order="pipelined")
            plain = [json.loads(line) for line in self.train("--json").stdout.splitlines()]
            done = self.train("--json", "--log", "log.jsonl", "--report", "r.html")
            events = self.log()
            self.assertEqual([e["event"] for e in events],
                             ["run"] + ["epoch", "inside"] * 3 + ["confusion", "done"])
            printed = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([e for e in events if e["event"] in ("epoch", "done")], printed)
            # Looking on changes nothing.
            self.assertEqual(plain[-1], printed[-1])
            matrix = numpy.array(events[-2]["matrix"])
            self.assertEqual(matrix.sum(axis=1).tolist(), numpy.bincount(self.labels, minlength=4).tolist())
            self.assertAlmostEqual(matrix.trace() / 30, printed[-1]["test_accuracy"])

    def test_histograms_hold_every_parameter(self):
        self.train("--log", "log.jsonl", "--save", "w")
        events = self.log()
        loaded, _ = read_tensors(self.folder / "w")
        for i, junction in enumerate(events[-3]["junctions"]):
            weights = loaded[f"junction{i + 1}.weight"] / 16
            found = junction["weights"]
            self.assertEqual((found["low"], found["high"]), (weights.min(), weights.max()))
            counts = numpy.histogram(weights, bins=len(found["counts"]), range=(weights.min(), weights.max()))[0]
            self.assertEqual(sum(found["counts"]), len(weights))
            # A value on the border of two bins may fall into either, by the last bit of a division.
            self.assertLessEqual(abs(numpy.cumsum(counts) - numpy.cumsum(found["counts"])).max(), (weights.size + 9) // 10)
            self.assertEqual(sum(junction["activations"]["counts"]), 30 * [6, 8, 4][i])

    # ---- saturation, by definition ----

    def counts_of(self, path, greatest, fraction, shift):
        """What saturates while all examples pass these parameters: in exact integers, from the definition alone."""
        loaded, _ = read_tensors(self.folder / path)
        junctions = [{key: loaded[f"junction{i}.{key}"].astype(object) for key in ("weight", "left", "right", "bias")}
                     for i in (1, 2, 3)]
        counts = [{} for _ in junctions]
        scale = 1 << fraction

        def keep(i, key, value):
            kept = min(max(value, -greatest - 1), greatest)
            of, saturated = counts[i].get(key, (0, 0))
            counts[i][key] = (of + 1, saturated + (kept != value))
            return kept

        def halved(product, bits):
            return (product + (1 << bits >> 1)) >> bits

        real, lost = [6, 8, 4], [0, 0, 0]
        for row, label in zip(self.inputs, self.labels):
            a = [[min(int(numpy.floor(float(numpy.float32(x)) * scale + 0.5)), greatest) for x in row]]
            d = [None]
            for i, j in enumerate(junctions):
                width = len(j["bias"])
                sums = list(j["bias"])
                for w, l, r in zip(j["weight"], j["left"], j["right"]):
                    if r < real[i]:
                        sums[r] += keep(i, "ff_products", halved(w * a[i][l], fraction))
                sums = [keep(i, "ff_sums", sums[r]) if r < real[i] else 0 for r in range(width)]
                one = [min(scale, greatest) if r < real[i] else 0 for r in range(width)]
                a.append([max(s, 0) if i == 1 else s for s in sums])
                d.append([(o if s > 0 else 0) if i == 1 else o for s, o in zip(sums, one)])
            target = [min(scale, greatest) if k == label else 0 for k in range(4)]
            delta = [min(max(x - y, -greatest - 1), greatest) for x, y in zip(a[3], target)]
            delta = [min(max(halved(x * y, fraction), -greatest - 1), greatest) for x, y in zip(delta, d[3])]
            for i in (2, 1, 0):
                j = junctions[i]
                sums = [0] * len(a[i])
                for w, l, r in zip(j["weight"], j["left"], j["right"]):
                    if i > 0:
                        sums[l] += keep(i, "bp_products", halved(w * delta[r], fraction))
                    product = a[i][l] * delta[r]
                    stepped = halved((w << fraction + shift) - product, fraction + shift)
                    keep(i, "steps", stepped)
                    lost[i] += product != 0 and stepped == w
                if i > 0:
                    delta = [keep(i, "deltas", halved(keep(i, "bp_sums", s) * e, fraction)) for s, e in zip(sums, d[i])]
        for i, j in enumerate(junctions):
            for key in ("weight", "bias"):
                ends = sum(x in (greatest, -greatest - 1) for x in j[key])
                counts[i]["weights" if key == "weight" else "biases"] = (len(j[key]), ends)
        return counts, lost

    def test_saturation_is_counted_by_definition(self):
        seen = set()
        for width, integer, shift in ((7, 2, 2), (5, 1, 1), (9, 3, 0)):
            self.write(number=f"fixed(width = {width}, integer = {integer})", order="pipelined", shift=shift)
            self.train("--log", "log.jsonl", "--save", "w")
            inside = self.log()[-3]
            self.assertEqual((inside["epoch"], inside["examples"]), (3, 30))
            counts, lost = self.counts_of("w", (1 << width - 1) - 1, width - 1 - integer, shift)
            for junction, count, gone in zip(inside["junctions"], counts, lost):
                found = dict(junction["saturation"])
                self.assertEqual(found.pop("lost_steps"), gone)
                self.assertEqual({key: (value["of"], value["saturated"]) for key, value in found.items()}, count)
                seen |= {key for key, (_, saturated) in count.items() if saturated}
        self.assertLessEqual({"ff_products", "ff_sums", "bp_sums", "weights", "steps"}, seen)

    def test_float32_counts_no_saturation(self):
        self.write(number="float32")
        self.train("--log", "log.jsonl", "--report", "r.html")
        self.assertNotIn("saturation", self.log()[-3]["junctions"][0])
        self.assertNotIn("Saturation", (self.folder / "r.html").read_text())

    # ---- the page ----

    def check_page(self, name, events):
        text = (self.folder / name).read_text()
        page = Page(text)
        self.assertEqual(page.addresses, [])  # nothing is loaded
        self.assertNotIn("url(", text)
        epochs = [e for e in events if e["event"] == "epoch"]
        insides = [e for e in events if e["event"] == "inside"]
        tables = {attributes.get("id") or attributes.get("class"): rows for attributes, rows in page.tables}
        shown = [[cell[0] for cell in row] for row in tables["epochs"][1:]]
        self.assertEqual(shown, [[str(e["epoch"]), f"{e['train_loss']:.4g}", f"{100 * e['train_accuracy']:.2f} %",
                                  f"{e['test_loss']:.4g}", f"{100 * e['test_accuracy']:.2f} %", f"{e['seconds']:.4g}"]
                                 for e in epochs])
        for e in epochs:
            self.assertIn(f"epoch {e['epoch']}, test accuracy {100 * e['test_accuracy']:.4g} %", page.titles)
            self.assertIn(f"epoch {e['epoch']}, training loss {e['train_loss']:.4g}", page.titles)
        saturation = [rows for attributes, rows in page.tables if attributes.get("class") == "saturation"]
        for number, rows in enumerate(saturation):
            keys = list(insides[0]["junctions"][number]["saturation"])
            for key, row in zip(keys, rows[1:]):
                columns = min(12, len(insides))
                shown = [insides[c * (len(insides) - 1) // max(columns - 1, 1)] for c in range(columns)]
                self.assertEqual(len(row), 1 + columns)
                for inside, cell in zip(shown, row[1:]):
                    count = inside["junctions"][number]["saturation"][key]
                    if key == "lost_steps":
                        count = {"of": inside["junctions"][number]["saturation"]["steps"]["of"], "saturated": count}
                    self.assertEqual(cell[1], f"{count['saturated']:,} of {count['of']:,}")
                    self.assertEqual(cell[0], f"{100 * count['saturated'] / count['of']:.3g} %" if count["saturated"] else "0")
        matrix = next(e["matrix"] for e in events if e["event"] == "confusion")
        cells = [[cell[0] or "0" for cell in row[1:-1]] for row in tables["confusion"][1:]]
        self.assertEqual(cells, [[str(count) for count in row] for row in matrix])
        return page, saturation

    def test_the_page_has_the_log_s_numbers(self):
        self.train("--log", "log.jsonl", "--report", "r.html")
        page, saturation = self.check_page("r.html", self.log())
        self.assertEqual(len(saturation), 3)
        worst = max((count["saturated"] / count["of"], -e["epoch"], j["junction"], key)
                    for e in self.log() if e["event"] == "inside" for j in e["junctions"]
                    for key, count in j["saturation"].items() if key != "lost_steps")
        self.assertRegex(page.text, rf"Most of all: .* of junction \d, {100 * worst[0]:.3g} %")
        bars = [title for title in page.titles if " to " in title and ":" in title]
        self.assertEqual(sum(int(bar.rsplit(": ", 1)[1]) for bar in bars if bar),
                         8 * 8 + 8 * 4 + 8 * 4 + 30 * (6 + 8 + 4))

    def test_a_report_needs_no_log_file(self):
        self.train("--report", "r.html", "-q")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["data-test.csv", "data.csv", "r.html", "small.sedge"])
        Page((self.folder / "r.html").read_text())

    def test_names_are_only_text_on_the_page(self):
        self.write(epochs=0)
        self.train("--report", "r.html")
        page = Page((self.folder / "r.html").read_text())
        self.assertIn("small", page.text)

    # ---- what happens to files ----

    def test_an_interrupted_log_goes_on(self):
        self.write(epochs=100000)
        process = subprocess.Popen([str(BINARY), "train", "small.sedge", "-q", "--log", "log.jsonl", "--report", "r.html",
                                    "--checkpoint", "c"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if (self.folder / "log.jsonl").exists() and len((self.folder / "log.jsonl").read_bytes().splitlines()) > 7:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        events = self.log()
        self.assertNotIn("done", [e["event"] for e in events])
        self.assertIn("The log ends before the training did", (self.folder / "r.html").read_text())
        last = [e for e in events if e["event"] == "epoch"][-1]["epoch"]
        self.train("-q", "--log", "log.jsonl", "--report", "r.html", "--resume", "c", "--epochs", str(last + 2))
        again = self.log()
        self.assertEqual(again[:len(events)], events)
        self.assertEqual([e["epoch"] for e in again if e["event"] == "epoch"], list(range(1, last + 3)))
        self.check_page("r.html", again)

    def test_a_log_that_others_wrote_is_only_text_and_numbers(self):
        self.train("-q", "--checkpoint", "c", "--inputs", "10")
        epoch = '{"event": "epoch", "epoch": %s, "test_accuracy": %s, "train_loss": %s}\n'
        (self.folder / "log.jsonl").write_text(
            '{"event": "run", "network": "<script>", "training_examples": -1, "test_examples": 1e300, "junctions": 7}\n'
            'no event\n[]\n{"event": 3}\n' + epoch % (1, 1, "1e17") + epoch % (2, "1e307", "100000000000000016")
            + '{"event": "inside", "junctions": [{"weights": {"low": 1, "high": 0, "counts": [1]}, "saturation": '
            '{"weights": {"of": 1e300, "saturated": 1e299}}}]}\n{"event": "confusion", "matrix": [[-1], 5, [[]]]}\n'
            '{"event": "done", "inputs": -3}\n')
        self.train("-q", "--log", "log.jsonl", "--report", "r.html", "--resume", "c", "--inputs", "10")
        text = (self.folder / "r.html").read_text()
        self.assertIn("&lt;script&gt;", text)
        self.assertIn("examples, tested on ?.", text)
        self.assertEqual(Page(text).addresses, [])

    def test_what_cannot_be_written_is_told(self):
        for words in (["--log", "/dev/full"], ["--log", "absent/log"], ["--report", "absent/r.html"], ["--report", "/dev/full"],
                      ["--log", "."]):
            with self.subTest(words=words):
                self.assertIn("error: ", self.train(*words, code=SYSTEM).stderr)


if __name__ == "__main__":
    unittest.main()
