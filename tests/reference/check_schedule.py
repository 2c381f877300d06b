#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads schedules as JSON and checks them by the definition alone.

It knows what semantics ask for, the JSON's own words (schedule.schema.json) and nothing of how sedge makes schedules:

    shape       the JSON is as its schema says
    time        the clocks of the longest junction, 2 for the memories and the arithmetic's stages add up to the junction cycle
    edges       in every junction cycle each operation processes every edge once, and ends every neuron once
    ports       no bank of any copy is asked for more words in a clock than it has ports
    sums        no partial delta is read before the sum that it began is written back (or forwarded)
    copies      what an input writes is still there when it is read for the last time

Usage: check_schedule.py [--binary SEDGE] [FILE...]

A FILE is a .sedge file, whose schedule is asked of the command with all clocks, or JSON written by it. Without files, the
small networks below are checked, with and without faults of this checker's own that it must notice.
"""

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = ROOT / "compiler" / "schedule" / "schedule.schema.json"

TWO = "input a[{p}]; layer b[{n}] : relu; output c[{m}] : sigmoid; junction a -> b : {first}; junction b -> c : {second};"
NETWORKS = [
    (TWO.format(p=64, n=32, m=16, first="clashfree(fanout = 8, banks = 16)", second="dense()"), "", ""),
    (TWO.format(p=64, n=32, m=16, first="dense()", second="dense()"), "z = (64, 16);", "order = pipelined;"),
    (TWO.format(p=64, n=32, m=16, first="dense()", second="dense()"), "z = (64, 32); stages = 5;", "order = pipelined;"),
    (TWO.format(p=64, n=32, m=16, first="dense()", second="dense()"), "z = (128, 32);", "order = pipelined;"),
    (TWO.format(p=24, n=36, m=12, first="clashfree(fanout = 6, type = 1, dither = true)",
                second="clashfree(fanout = 4, type = 3)"), "stages = 0;", "order = pipelined; batch = 3;"),
    (TWO.format(p=30, n=40, m=9, first="random(density = 0.04)", second="random(density = 0.1)"), "",
     "order = pipelined; optimizer = adam(rate = 1/8); batch = 4;"),
    ("input a[1, 8, 8]; layer b[9] : tanh; output c[5] : softmax;"
     " junction a -> b : window(size = (4, 4), stride = (2, 2)); junction b -> c : dense();", "", "order = sequential;"),
    ("input a[20]; layer b[16], c[12], d[8] : relu; output e[4] : softmax;"
     " junction a -> b -> c -> d -> e : structured(density = 1/4);", "", "order = pipelined;"),
    ("input a[10]; output b[4] : sigmoid; junction a -> b : dense();", "z = 1; stages = 9;", "order = pipelined;"),
]


class Fault(Exception):
    """What is wrong with a schedule."""


def require(condition, message):
    if not condition:
        raise Fault(message)


def divide_up(a, b):
    return -(-a // b)


# ---- the checks ----


def check_time(schedule):
    count = len(schedule["layers"]) - 1
    interval = 1 if schedule["order"] == "pipelined" else 2 * count
    require(schedule["initiation_interval"] == interval, "the order and the initiation interval disagree")
    longest = 0
    for j in schedule["junctions"]:
        require(j["slots"] == divide_up(j["edges"], j["z"]), f"junction {j['number']}: slots are not ceil(edges / z)")
        require(j["issue_clocks"] >= j["slots"] + len(j["bubbles"]), f"junction {j['number']}: too few clocks")
        require(j["ff_delay"] == j["number"] - 1, f"junction {j['number']}: FF comes at the wrong time")
        require(j["up_delay"] == 2 * count - j["number"], f"junction {j['number']}: UP comes at the wrong time")
        longest = max(longest, j["issue_clocks"])
    require(schedule["junction_cycle"] == longest + 2 + schedule["stages"], "the clocks do not add up to the junction cycle")


def check_clocks(schedule, j):
    require([c["clock"] for c in j["clocks"]] == list(range(schedule["junction_cycle"])),
            f"junction {j['number']}: not every clock is there once")
    slots = [c["slot"] for c in j["clocks"] if c["slot"] is not None]
    require(slots == list(range(j["slots"])), f"junction {j['number']}: not every slot is issued once, in order")


def memory_of(schedule):
    return {(m["kind"], m["number"]): m for m in schedule["memories"]}


def check_addresses(schedule, j):
    memories = memory_of(schedule)
    for clock in j["clocks"]:
        for a in clock["accesses"]:
            where = f"junction {j['number']}, clock {clock['clock']}, {a['op']}"
            require((a["memory"], a["number"]) in memories, f"{where}: there is no such memory")
            m = memories[a["memory"], a["number"]]
            require(a["element"] < m["elements"], f"{where}: there is no such element")
            require((a["bank"], a["word"]) == (a["element"] % m["banks"], a["element"] // m["banks"]),
                    f"{where}: element {a['element']} is elsewhere")
            require(a["delay"] == (j["ff_delay"] if a["op"].startswith("ff.") else j["up_delay"]), f"{where}: delay")


def check_edges(j):
    """Operations on edges are those that read a weight; neurons end where their bias, or their derivative, is read."""
    seen = defaultdict(list)
    for clock in j["clocks"]:
        for a in clock["accesses"]:
            if a["access"] == "read" and a["memory"] in ("weight", "bias"):
                seen[a["op"]].append(a["element"])
            if a["access"] == "read" and a["memory"] == "weight":
                require(a["element"] == a["edge"] and a["edge"] // j["z"] == clock["slot"],
                        f"junction {j['number']}, clock {clock['clock']}: edge {a['edge']} does not belong here")
    for op in ["ff.mac", "up.step"] + (["bp.mac"] if j["has_bp"] else []):
        require(sorted(seen[op]) == list(range(j["edges"])), f"junction {j['number']}: {op} does not meet every edge once")
    for op in ("ff.end", "up.bias"):
        require(sorted(seen[op]) == list(range(j["right"])), f"junction {j['number']}: {op} does not meet every neuron once")


def check_ports(schedule, j):
    for clock in j["clocks"]:
        words = defaultdict(set)
        for a in clock["accesses"]:
            words[a["memory"], a["number"], a["delay"] if a["memory"] in ("activation", "derivative", "delta") else 0,
                  a["bank"]].add((a["word"], a["access"]))
        for (memory, number, _, bank), asked in words.items():
            require(len(asked) <= schedule["ports"],
                    f"junction {j['number']}, clock {clock['clock']}: bank {bank} of {memory} {number} is asked for {len(asked)} words")


def check_sums(j):
    """Each read of a partial sum, after the first, finds the sum of the read before: written earlier, or forwarded now."""
    reads, writes = defaultdict(list), defaultdict(list)
    for clock in j["clocks"]:
        for a in clock["accesses"]:
            if a["op"] == "bp.mac" and a["memory"] == "delta" and a["number"] == j["number"] - 1:
                times = reads if a["access"] == "read" else writes
                if not times[a["element"]] or times[a["element"]][-1] != clock["clock"]:
                    times[a["element"]].append(clock["clock"])
    least = 0 if j["remedy"] == "forward" else 1
    for element, times in reads.items():
        require(len(times) == len(writes[element]), f"junction {j['number']}: a sum of neuron {element} is lost")
        for read, written in zip(times[1:], writes[element]):
            require(read >= written + least,
                    f"junction {j['number']}, clock {read}: the partial delta of neuron {element} is read too early")


def check_copies(schedule):
    """For each layer's memory: the cycles, after an input has entered, in which it is written and read."""
    written, read = defaultdict(set), defaultdict(set)
    for j in schedule["junctions"]:
        for clock in j["clocks"]:
            for a in clock["accesses"]:
                is_partial = a["op"] == "bp.mac" and a["memory"] == "delta" and a["number"] == j["number"] - 1
                times = written if a["access"] == "write" else read
                if not (is_partial and a["access"] == "read"):
                    times[a["memory"], a["number"]].add(a["delay"])
    for m in schedule["memories"]:
        key = m["kind"], m["number"]
        if m["owner"] != "layer" or not read[key]:
            continue
        first = max(written[key], default=0)
        where = f"{m['kind']} of layer {m['number']}"
        require(not written[key] or first < min(read[key]), f"{where} is read before it is written")
        require(m["copies"] * schedule["initiation_interval"] + first > max(read[key]), f"{where}: too few copies")


def check_shape(schedule, validator):
    """All but the accesses of later clocks, whose shape is that of the first ones, and which are many."""
    junctions = [{**j, "clocks": j["clocks"][:8]} for j in schedule["junctions"]]
    for error in validator.iter_errors({**schedule, "junctions": junctions}):
        raise Fault(f"shape: {error.message} at {list(error.absolute_path)}")


def check(schedule, validator):
    check_shape(schedule, validator)
    check_time(schedule)
    for j in schedule["junctions"]:
        check_clocks(schedule, j)
        check_addresses(schedule, j)
        check_ports(schedule, j)
        check_edges(j)
        check_sums(j)
    check_copies(schedule)


# ---- faults that must be noticed ----


def all_accesses(schedule, **wanted):
    for j in schedule["junctions"]:
        for clock in j["clocks"]:
            for a in clock["accesses"]:
                if all(a[key] == value for key, value in wanted.items()):
                    yield clock, a


def lose_an_edge(schedule):
    clock, access = next(all_accesses(schedule, op="up.step", memory="weight", access="read"))
    clock["accesses"].remove(access)


def crowd_a_bank(schedule):
    """Reads two words of a bank that is read and written already."""
    clock, access = [found for found in all_accesses(schedule, op="up.step", memory="weight", access="write")][-1]
    banks = memory_of(schedule)["weight", access["number"]]["banks"]
    for word in (0, 1):
        clock["accesses"].append({**access, "access": "read", "word": word, "element": word * banks + access["bank"]})


def shorten_the_cycle(schedule):
    schedule["junction_cycle"] -= 1
    for j in schedule["junctions"]:
        j["clocks"].pop()


def drop_a_copy(schedule):
    next(m for m in schedule["memories"] if m["kind"] == "delta")["copies"] = 1


def write_back_late(schedule):
    """Moves the writes of partial sums to the next clock."""
    for clock, access in list(all_accesses(schedule, op="bp.mac", memory="delta", access="write")):
        clock["accesses"].remove(access)
        schedule["junctions"][1]["clocks"][clock["clock"] + 1]["accesses"].append(access)


def shift_an_address(schedule):
    _, access = next(all_accesses(schedule, op="ff.mac", memory="activation"))
    access["word"] += 1


def misspell(schedule):
    _, access = next(all_accesses(schedule, op="ff.mac"))
    access["op"] = "ff.mca"


FAULTS = [misspell, shift_an_address, lose_an_edge, crowd_a_bank, shorten_the_cycle, drop_a_copy, write_back_late]


def check_faults(schedule, validator):
    for fault in FAULTS:
        faulty = copy.deepcopy(schedule)
        fault(faulty)
        try:
            check(faulty, validator)
        except Fault as noticed:
            print(f"noticed {fault.__name__}: {noticed}")
        else:
            raise Fault(f"{fault.__name__} goes unnoticed")


# ---- the command ----


def read_schedule(binary, path):
    if path.suffix == ".json":
        return json.loads(path.read_text())
    run = subprocess.run([binary, "schedule", "--format", "json", "--clocks", "0..999999999", str(path)],
                         capture_output=True, text=True, check=False)
    require(run.returncode == 0, f"sedge ends with {run.returncode}: {run.stderr}")
    return json.loads(run.stdout)


def write_networks(folder):
    paths = []
    for number, (network, hardware, train) in enumerate(NETWORKS):
        path = Path(folder) / f"network{number}.sedge"
        path.write_text(f"network n {{ {network} }}\nhardware h {{ {hardware} }}\ntrain {{ {train} }}\n")
        paths.append(path)
    return paths


def check_file(binary, path, validator):
    """The schedule, or None after a fault was printed."""
    try:
        schedule = read_schedule(binary, path)
        check(schedule, validator)
    except (Fault, json.JSONDecodeError) as fault:
        print(f"{path}: {fault}")
        return None
    remedies = ", ".join(j["remedy"] for j in schedule["junctions"])
    print(f"{path.name}: {schedule['junction_cycle']} clocks, {schedule['order']}, remedies: {remedies}")
    return schedule


def main():
    parser = argparse.ArgumentParser(description="checks schedules by the definition alone")
    parser.add_argument("--binary", default=os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge"))
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        paths = arguments.files or write_networks(folder)
        schedules = [check_file(arguments.binary, path, validator) for path in paths]
        if not all(schedules):
            return 1
        if not arguments.files:
            check_faults(schedules[1], validator)
    return 0


if __name__ == "__main__":
    sys.exit(main())
