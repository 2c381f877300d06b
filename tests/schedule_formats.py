#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads what `sedge schedule` writes for other people's programs, and compares it with its JSON, clock by clock.

    trace   has the shape of trace.schema.json; its slices nest; inputs come when the JSON says; clocks have its accesses
    vcd     a reader of value change dumps, written from the format's definition, finds every word of the JSON and no other;
            so does one of what vcd2fst made of it, where that is installed
    svg     is well-formed, a column wide, its text is text; its cells have the JSON's inputs
    text    its tables have the JSON's numbers

    SEDGE_BINARY=build/sedge tests/schedule_formats.py [-v] [TEST...]
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("SEDGE_BINARY", str(ROOT / "build" / "sedge"))
ALL_CLOCKS = ["--clocks", "0..999999999"]
PHASES = ["ff", "bp", "up"]
LAYER_MEMORIES = ("activation", "derivative", "delta")

NETWORKS = {
    "bubbles": ("input a[24]; layer b[16], c[12] : relu; output d[4] : softmax;"
                " junction a -> b -> c -> d : structured(density = 1/2);", "", "order = pipelined;"),
    "forward": ("input a[16]; layer b[8] : relu; output c[4] : softmax;"
                " junction a -> b : clashfree(fanout = 2, banks = 8); junction b -> c : dense();",
                "z = (8, 8); clock = 15 MHz;", "order = pipelined; batch = 4; optimizer = adam(rate = 1/8);"),
    "unconnected": ("input a[30]; layer b[40] : relu; output c[9] : sigmoid;"
                    " junction a -> b : random(density = 0.04); junction b -> c : random(density = 0.1);",
                    "", "order = sequential;"),
    "ports": ("input a[16]; output b[8] : sigmoid; junction a -> b : dense();", "ports = 4; z = 32;", "order = pipelined;"),
}


def sedge(*words):
    run = subprocess.run([BINARY, "schedule", *words], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(f"sedge schedule {words} ends with {run.returncode}: {run.stderr}")
    return run.stdout


# ---- a reader of value change dumps (IEEE 1364, 18.2) ----


def read_vcd(text):
    """(declared, changes): {identifier: (scope, ..., name)}, [(time, {identifier: value, None where it is unknown})]."""
    declared, changes, scopes = {}, [], []
    words = iter(text.split())
    for word in words:
        if word == "$scope":
            next(words)
            scopes.append(next(words))
        elif word == "$upscope":
            scopes.pop()
        elif word == "$var":
            _, width, identifier, name = (next(words) for _ in range(4))
            declared[identifier] = (*scopes, name)
        elif word.startswith("#"):
            changes.append((int(word[1:]), {}))
        elif word[0] in "01xXzZ" and changes:
            changes[-1][1][word[1:]] = int(word[0]) if word[0] in "01" else None
        elif word[0] in "bB" and changes:
            identifier = next(words)
            changes[-1][1][identifier] = int(word[1:], 2) if set(word[1:]) <= set("01") else None
        elif word in ("$version", "$comment", "$timescale", "$date", "$attrbegin"):
            while next(words) != "$end":
                pass
    return declared, changes


def values_by_clock(text):
    """{(scope, ..., name): value} at each rising edge of clk."""
    declared, changes = read_vcd(text)
    values, clocks = {}, []
    for _, changed in changes:
        before = dict(values)
        values.update((declared[identifier], value) for identifier, value in changed.items())
        clk = next(name for name in declared.values() if name[-1] == "clk")
        if values.get(clk) == 1 and before.get(clk) != 1:
            clocks.append(dict(values))
    return clocks


def words_of_dump(values):
    """What one clock asks for: {(junction, memory, number, delay, bank, direction, word)}."""
    asked = set()
    for name, value in values.items():
        match = re.fullmatch(r"(read|write)(\d*)", name[-1])
        if not match or value != 1:
            continue
        memory = re.fullmatch(r"([a-z_]+?)(\d+)(?:_delay(\d+))?", name[-3])
        word = values[(*name[:-1], name[-1] + "_word")]
        asked.add((int(name[-4].removeprefix("junction")), memory[1], int(memory[2]), int(memory[3] or 0),
                   int(name[-2].removeprefix("bank")), match[1], word))
    return asked


def words_of_json(schedule, clock):
    asked = set()
    for j in schedule["junctions"]:
        for a in j["clocks"][clock]["accesses"]:
            delay = a["delay"] if a["memory"] in LAYER_MEMORIES else 0
            asked.add((j["number"], a["memory"], a["number"], delay, a["bank"], a["access"], a["word"]))
    return asked


# ---- what the JSON says of time ----


def input_of(schedule, j, phase, cycle):
    since = cycle - (j["ff_delay"] if phase == "ff" else j["up_delay"])
    if since < 0 or since % schedule["initiation_interval"] or (phase == "bp" and not j["has_bp"]):
        return None
    return since // schedule["initiation_interval"]


def missing_updates(schedule, j, phase, cycle):
    """Inputs before this one whose UP is not over when the cycle begins."""
    number = input_of(schedule, j, phase, cycle)
    updated = {input_of(schedule, j, "up", t) for t in range(cycle)}
    return len(set(range(number)) - updated)


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="sedge-formats-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.schedules = {}
        for name, (network, hardware, train) in NETWORKS.items():
            path = cls.folder / f"{name}.sedge"
            path.write_text(f"network {name} {{\n{network}\n}}\nhardware h {{ {hardware} }}\ntrain {{ {train} }}\n")
            cls.schedules[str(path)] = json.loads(sedge(str(path), "--format", "json", *ALL_CLOCKS))

    def each(self):
        return self.schedules.items()

    def test_networks_show_what_they_are_for(self):
        remedies = {j["remedy"] for s in self.schedules.values() for j in s["junctions"]}
        self.assertLessEqual({"bubbles", "forward"}, remedies)
        self.assertTrue(any(j["unconnected"] for s in self.schedules.values() for j in s["junctions"]))

    # ---- trace ----

    def test_trace_has_its_shape(self):
        schema = json.loads((ROOT / "compiler" / "schedule" / "trace.schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        for path, _ in self.each():
            for words in ([], ALL_CLOCKS, ["--junction", "1", "--clocks", "2"]):
                validator.validate(json.loads(sedge(path, "--format", "trace", *words)))

    def slices(self, path, *words):
        trace = json.loads(sedge(path, "--format", "trace", *words))
        return [e for e in trace["traceEvents"] if e["ph"] == "X"]

    def test_trace_inputs_come_when_they_should(self):
        for path, schedule in self.each():
            shown = {(e["pid"], e["cat"], e["ts"] // schedule["junction_cycle"]): e["args"]
                     for e in self.slices(path) if e["name"].startswith("input")}
            last = max(cycle for _, _, cycle in shown)
            self.assertGreaterEqual(last + 1, 2 * len(schedule["junctions"]))
            for j in schedule["junctions"]:
                for phase in PHASES:
                    for cycle in range(last + 1):
                        number = input_of(schedule, j, phase, cycle)
                        args = shown.get((j["number"], phase, cycle))
                        self.assertEqual(args["input"] if args else None, number)
                        if args:
                            self.assertEqual(args["missing_updates"], missing_updates(schedule, j, phase, cycle))
                            self.assertRegex(args["source"], r"\.sedge:2$")

    def test_trace_slices_nest(self):
        for path, _ in self.each():
            tracks = defaultdict(list)
            for e in self.slices(path, *ALL_CLOCKS):
                tracks[e["pid"], e["tid"]].append((e["ts"], -e["ts"] - e["dur"], e["name"]))
            for track in tracks.values():
                open_ends = []
                for begin, end, name in sorted(track):
                    while open_ends and open_ends[-1] <= begin:
                        open_ends.pop()
                    self.assertTrue(not open_ends or -end <= open_ends[-1], f"{name} at {begin} sticks out")
                    open_ends.append(-end)

    def test_trace_clocks_and_bubbles(self):
        for path, schedule in self.each():
            found = defaultdict(Counter)
            bubbles = defaultdict(set)
            for e in self.slices(path, *ALL_CLOCKS):
                if e["name"].startswith("clock"):
                    found[e["pid"], e["args"]["clock"]].update(e["args"]["accesses"])
                if e["name"] == "bubble":
                    bubbles[e["pid"], e["tid"]].add(e["args"]["before_slot"])
            for j in schedule["junctions"]:
                for clock in j["clocks"]:
                    wanted = Counter(f"{a['op']} {a['access']}s {a['memory']} {a['number']}" for a in clock["accesses"])
                    self.assertEqual(found[j["number"], clock["clock"]], wanted)
                self.assertEqual(bubbles[j["number"], 1], set(j["bubbles"]))

    # ---- value change dumps ----

    def check_dump(self, text, schedule, clocks):
        dumped = values_by_clock(text)
        self.assertEqual(len(dumped), len(clocks))
        last_slots = {}
        for clock, values in zip(clocks, dumped):
            self.assertEqual(words_of_dump(values), words_of_json(schedule, clock), f"clock {clock}")
            for j in schedule["junctions"]:
                scope = (schedule["network"], f"junction{j['number']}")
                slot = j["clocks"][clock]["slot"]
                self.assertEqual(values[(*scope, "issue")], int(slot is not None))
                if slot is not None:
                    last_slots[scope] = slot
                self.assertEqual(values[(*scope, "slot")], last_slots.get(scope))
                accesses = j["clocks"][clock]["accesses"]
                macs = len([a for a in accesses if a["op"] == "ff.mac" and a["memory"] == "weight"])
                self.assertEqual(values[(*scope, "ff_mac")], macs)

    def test_vcd_asks_for_the_same_words(self):
        for path, schedule in self.each():
            self.check_dump(sedge(path, "--format", "vcd"), schedule, range(schedule["junction_cycle"]))
            self.check_dump(sedge(path, "--format", "vcd", "--clocks", "2..4"), schedule, range(2, 5))

    def test_vcd_time_is_the_clock(self):
        path = str(self.folder / "forward.sedge")
        _, changes = read_vcd(sedge(path, "--format", "vcd"))
        clocks = self.schedules[path]["junction_cycle"]
        self.assertAlmostEqual(changes[-1][0] / (clocks * 1e12 / 15e6), 1.0, places=4)

    def test_vcd_becomes_fst(self):
        if not shutil.which("vcd2fst") or not shutil.which("fst2vcd"):
            self.skipTest("vcd2fst is not installed (gtkwave)")
        path = str(self.folder / "bubbles.sedge")
        vcd, fst, again = (str(self.folder / name) for name in ("a.vcd", "a.fst", "b.vcd"))
        sedge(path, "--format", "vcd", "-o", vcd)
        subprocess.run(["vcd2fst", vcd, fst], check=True, capture_output=True)
        subprocess.run(["fst2vcd", "-f", fst, "-o", again], check=True, capture_output=True)
        schedule = self.schedules[path]
        self.check_dump(Path(again).read_text(), schedule, range(schedule["junction_cycle"]))

    # ---- figures ----

    def figure(self, *words):
        return ElementTree.fromstring(sedge(*words, "--format", "svg"))

    def test_svg_is_a_column_of_real_text(self):
        svg = "{http://www.w3.org/2000/svg}"
        for path, schedule in self.each():
            for words in ([], ["--junction", "1"], ["--junction", "1", "--clocks", "1..3"]):
                figure = self.figure(path, *words)
                self.assertEqual(figure.get("width"), "252pt")
                height = float(figure.get("viewBox").split()[3])
                sizes = [float(e.get("font-size", 7)) for e in figure.iter(svg + "text")]
                self.assertGreaterEqual(min(sizes), 6)
                for e in figure.iter(svg + "text"):
                    self.assertTrue(e.text and 0 <= float(e.get("x")) <= 252 and 0 <= float(e.get("y")) <= height)
                for e in figure.iter(svg + "rect"):
                    if e.get("x"):
                        self.assertLessEqual(float(e.get("x")) + float(e.get("width")), 252)
                        self.assertGreaterEqual(float(e.get("width")), 0)
                self.assertFalse([e for e in figure.iter() if "image" in e.tag or "href" in str(e.attrib)])
                self.assertIn(schedule["network"], figure.find(svg + "title").text)

    def test_svg_cells_have_the_inputs(self):
        for path, schedule in self.each():
            cells = 0
            for title in self.figure(path).iter("{http://www.w3.org/2000/svg}title"):
                match = re.fullmatch(r"junction (\d+) (\w+), junction cycle (\d+): input (\d+), weights lack (\d+) updates",
                                     title.text)
                if not match:
                    continue
                j, phase, cycle = schedule["junctions"][int(match[1]) - 1], match[2].lower(), int(match[3])
                self.assertEqual(int(match[4]), input_of(schedule, j, phase, cycle))
                self.assertEqual(int(match[5]), missing_updates(schedule, j, phase, cycle))
                cells += 1
            self.assertGreater(cells, 3)

    def test_svg_banks_have_labels_and_the_words_of_the_json(self):
        svg = "{http://www.w3.org/2000/svg}"
        shades = 0
        for path, schedule in self.each():
            figure = list(self.figure(path, "--junction", "1").iter())
            labels = {float(e.get("y")) for e in figure if e.tag == svg + "text" and e.text.startswith("bank ")}
            words = [(box, word) for box, word in zip(figure, figure[1:]) if str(box.get("fill")).startswith("#")
                     and word.get("font-size") == "6" and word.text.isdigit() and float(word.get("y")) >= min(labels)]
            idle = [e for e in figure if e.get("class") == "idle" and float(e.get("y")) > min(labels) - 7]
            columns = sorted({float(box.get("x")) for box in idle + [box for box, _ in words]})
            rows = sorted(labels)
            drawn = {(columns.index(float(box.get("x"))), rows.index(float(word.get("y"))), int(word.text)) for box, word in words}
            clocks = schedule["junctions"][0]["clocks"][:len(columns)]
            self.assertEqual(len(idle) + len(words), len(columns) * len(rows))
            asked = {(at, a["bank"], a["word"]) for at, clock in enumerate(clocks) for a in clock["accesses"]
                     if a["op"] == "ff.mac" and a["memory"] == "activation" and a["bank"] < len(rows)}
            self.assertEqual(drawn, asked)
            colours = {}
            for box, word in words:
                top, y = float(box.get("y")), float(word.get("y"))
                self.assertIn(y, labels)
                self.assertTrue(top < y < top + float(box.get("height")))
                channels = [int(box.get("fill")[at:at + 2], 16) for at in (1, 3, 5)]
                self.assertEqual(channels, sorted(channels))
                self.assertGreaterEqual(min(channels), 0.45 * 210 - 1)
                colours[int(word.text)] = channels
            for at in range(3):
                channel = [colours[word][at] for word in sorted(colours)]
                self.assertEqual(channel, sorted(set(channel), reverse=True))
            shades += len(colours)
        self.assertGreater(shades, len(self.schedules))

    def test_the_figure_beside_the_examples_is_up_to_date(self):
        drawn = sedge(str(ROOT / "examples" / "icann17.sedge"), "--format", "svg")
        self.assertEqual(drawn, (ROOT / "examples" / "icann17.svg").read_text(),
                         "draw it again: sedge schedule examples/icann17.sedge --format svg -o examples/icann17.svg")

    # ---- names that are no UTF-8 ----

    def test_bytes_that_are_no_utf8_are_replaced(self):
        path = os.path.join(os.fsencode(self.folder), b"caf\xe9.sedge")
        with open(path, "wb") as file:
            file.write((self.folder / "ports.sedge").read_bytes())
        trace = json.loads(sedge(path, "--format", "trace"))
        self.assertIn("caf\N{REPLACEMENT CHARACTER}.sedge:2", str(trace))
        page = sedge(path, "--format", "html")
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
        self.assertTrue(data["source"]["file"].endswith("caf\N{REPLACEMENT CHARACTER}.sedge"))

    # ---- text ----

    def test_text_has_the_same_tables(self):
        for path, schedule in self.each():
            text = sedge(path)
            rows = re.findall(r"^ +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(?:never|\d+ slots?) +(.+)$", text, re.M)
            wanted = [[str(j[k]) for k in ("number", "edges", "z", "slots")] + [str(len(j["bubbles"]))]
                      + [j["remedy"] if j["has_bp"] else "no BP"] for j in schedule["junctions"]]
            self.assertEqual([list(row) for row in rows], wanted)
            memories = re.findall(r"^(\w+) +(\S+) +(\d+) x +(\d+) x +(\d+) x +(\d+)$", text, re.M)
            owner = lambda m: m["number"] if m["owner"] == "junction" else schedule["layers"][m["number"]]["name"]
            self.assertEqual(memories, [(m["kind"], str(owner(m)), *(str(m[k]) for k in ("copies", "banks", "words", "bits")))
                                        for m in schedule["memories"]])
            inputs = re.findall(r"^ +(\d+) (ff|bp|up) ((?: +[\d.]+)+)$", text, re.M)
            self.assertEqual(len(inputs), sum(3 if j["has_bp"] else 2 for j in schedule["junctions"]))
            for number, phase, cells in inputs:
                j = schedule["junctions"][int(number) - 1]
                for cycle, cell in enumerate(cells.split()):
                    self.assertEqual(None if cell == "." else int(cell), input_of(schedule, j, phase, cycle))


if __name__ == "__main__":
    unittest.main()
