#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the sweeps of this folder, and README.md's tables from what they measured.

    papers.py run [--data DIR] [--sedge PATH] [NAME...]   makes the sweeps again: NAME.csv and NAME.svg
    papers.py native [--sedge PATH]                       measures native code's speed again: native.csv
    papers.py tables                                      writes the tables of README.md anew from the CSV files
    papers.py check                                       fails where README.md's tables are not those of the CSV files

A sweep's command stands in the comments at the head of its NAME.sedge, and nowhere else. Its state is kept in NAME.sweep.jsonl of the
current folder, so that `run` can be ended and called again.
"""

import argparse
import csv
import json
import re
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
NAMES = ["density", "five", "bits", "patterns", "order", "dense", "z"]
TABLES = [*NAMES, "online", "batches"]

# What native code is measured on, by its name in gpu.csv.
NATIVE = {"icann17": ["../icann17.sedge"], "deep": ["order.sedge", "--network", "deep"], "jetcas19": ["../jetcas19.sedge"]}
BATCHES = [1, 16, 64, 128, 256, 1024]
REPEATS = 5


def command_of(name):
    """The words of the sweep's command, as its file says."""
    comment = "\n".join(re.findall(r"^// ?(.*)", (HERE / f"{name}.sedge").read_text(), re.MULTILINE))
    found = re.search(r"^ *sedge (sweep (?:.*\\\n)*.*)$", comment, re.MULTILINE)
    return shlex.split(found[1].replace("\\\n", " "))


def run(name, sedge, data):
    words = command_of(name)
    words[1] = str(HERE / words[1])
    if "--data" in words and data:
        words[words.index("--data") + 1] = data
    words += ["-o", str(HERE / f"{name}.csv"), "--figure", str(HERE / f"{name}.svg")]
    print(shlex.join([sedge, *words]), flush=True)
    subprocess.run([sedge, *words], check=True)


def training_rate(network, batch, sedge):
    """Inputs a second that sedge bench measures of training on one core. In minibatches there is no pipeline."""
    file, *words = NATIVE[network]
    words += ["-D", f"train.batch={batch}", *(["-D", "train.order=sequential"] if batch > 1 else [])]
    done = subprocess.run([sedge, "bench", str(HERE / file), *words, "--threads", "1", "--seconds", "1", "--json", "-q"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["training"]["inputs_per_second"]


def native(sedge):
    """native.csv: the median of a few measurements, the least and the most."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        about = dict(re.split(r"\s*:\s*", line.strip(), maxsplit=1) for line in file if ":" in line)
    machine = f"{about['model name']} (family {about['cpu family']}, model {about['model']})"
    rows = []
    for network in NATIVE:
        for batch in BATCHES if network == "icann17" else [1]:
            rates = sorted(training_rate(network, batch, sedge) for _ in range(REPEATS))
            rows.append([network, batch, *(f"{rate:.6g}" for rate in (statistics.median(rates), rates[0], rates[-1])), machine])
            print(*rows[-1], flush=True)
    with open(HERE / "native.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["network", "batch", "inputs_per_second", "least", "most", "machine"])
        out.writerows(rows)


# ---- tables ----

def read_rows(name):
    with open(HERE / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def grouped(rows, *keys):
    """(values of the keys, rows that have them), in the order of the file."""
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups.items()


def accuracy(rows):
    """"96.13 +- 0.20": mean and standard deviation over the seeds, in per cent."""
    values = [100 * float(row["test_accuracy"]) for row in rows]
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def number(row, key):
    return f"{float(row[key]):,.0f}"


def times(row, key):
    return f"{float(row['dense_' + key]) / float(row[key]):.1f}"


def percent(row, key):
    return f"{100 * float(row[key]):.1f} %"


def rate(row):
    return f"{float(row['hardware_inputs_per_second']):,.0f}"


def table(head, lines):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] + ["---:"] * (len(head) - 1), *lines])


SIZES = ["fan-out", "density", "parameters", "fewer than dense", "operations fewer"]


def sizes(fanout, row):
    return [fanout, percent(row, "density"), number(row, "parameters"), times(row, "parameters"), times(row, "operations")]


def density_table():
    lines = []
    for (fanout,), rows in grouped(read_rows("density"), "fanout"):
        few, many = ([row for row in rows if row["banks"] == banks] for banks in ("64", "512"))
        lines.append([*sizes(fanout, many[0]), accuracy(many), accuracy(few)])
    return table([*SIZES, "test accuracy (%), 512 banks", "test accuracy (%), 64 banks"], lines)


def five_table():
    return table([*SIZES, "test accuracy (%)"],
                 [[*sizes(fanout, rows[0]), accuracy(rows)] for (fanout,), rows in grouped(read_rows("five"), "fanout")])


def bits_table():
    def bits(text):
        width, integer = map(int, re.findall(r"\d+", text)) if text.startswith("fixed") else (0, 0)
        return f"1+{integer}+{width - integer - 1}" if width else "float32"
    return table(["sign + integer + fraction", "bits", "storage of parameters (bits)", "test accuracy (%)"],
                 [[bits(text), str(round(float(rows[0]["parameter_bits"]) / float(rows[0]["parameters"]))),
                   number(rows[0], "parameter_bits"), accuracy(rows)]
                  for (text,), rows in grouped(read_rows("bits"), "hardware.number")])


def patterns_table():
    rows = read_rows("patterns")
    fanouts = list(dict.fromkeys(row["fanout"] for row in rows))
    density = {row["fanout"]: percent(row, "density") for row in rows}
    lines = []
    for (network,), some in grouped(rows, "network"):
        cells = dict((fanout, accuracy(few)) for (fanout,), few in grouped(some, "fanout"))
        lines.append([network, *(cells[fanout] for fanout in fanouts)])
    return table(["pattern", *(f"test accuracy (%) at {density[fanout]}" for fanout in fanouts)], lines)


def order_table():
    return table(["network", "order", "clocks an input", "inputs a second at 15 MHz", "test accuracy (%)"],
                 [[network, order, number(rows[0], "clocks_per_input"), rate(rows[0]), accuracy(rows)]
                  for (network, order), rows in grouped(read_rows("order"), "network", "train.order")])


def dense_table():
    rows = read_rows("dense")
    dense = {row["hardware.multipliers"]: float(row["clocks_per_input"]) for row in rows}  # the last: the largest fan-out
    lines = []
    for (multipliers, _), (row,) in sorted(grouped(rows, "hardware.multipliers", "fanout"), key=lambda g: int(g[0][0])):
        faster = dense[multipliers] / float(row["clocks_per_input"])
        lines.append([multipliers, row["fanout"], percent(row, "density"), times(row, "parameters"),
                      times(row, "operations"), number(row, "memory_bits"), number(row, "multipliers"),
                      number(row, "clocks_per_input"), f"{faster:.1f}"])
    return table(["multipliers at most", "fan-out", "density", "parameters fewer", "operations fewer", "memory (bits)",
                  "multipliers used", "clocks an input", "faster than dense"], lines)


def z_table():
    return table(["z", "multipliers", "memory banks", "clocks an input", "inputs a second at 15 MHz"],
                 [[row["z"], number(row, "multipliers"), number(row, "memory_banks"), number(row, "clocks_per_input"),
                   rate(row)] for row in read_rows("z")])


def rounded(rate):
    """Of a speed that was measured, three digits: the others are noise."""
    return f"{float(f'{float(rate):.3g}'):,.0f}"


def gpu_rate(network, edges, mode, batch, tf32="no"):
    """A row's inputs a second in gpu.csv; "" where it was not measured."""
    wanted = {"network": network, "edges": edges, "mode": mode, "batch": str(batch), "tf32": tf32}
    found = [row["inputs_per_second"] for row in read_rows("gpu") if wanted.items() <= row.items()]
    return rounded(found[0]) if found else ""


def native_rates(network):
    return {int(row["batch"]): rounded(row["inputs_per_second"]) for row in read_rows("native") if row["network"] == network}


def online_table():
    scheduled = {"icann17": ("shallow", "pipelined"), "deep": ("deep", "pipelined")}  # rows of order.csv
    rates = {key: rate(rows[0]) for key, rows in grouped(read_rows("order"), "network", "train.order")}
    lines = [[network, rates.get(scheduled.get(network), ""), native_rates(network)[1],
              *(gpu_rate(network, edges, mode, 1) for edges, mode in
                [("masked", "eager"), ("masked", "graph"), ("dense", "persistent"), ("sparse", "persistent")])]
             for network in NATIVE]
    return table(["network", "edge processor at 15 MHz", "sedge, one core", "GPU: PyTorch", "GPU: graph", "GPU: one kernel, dense",
                  "GPU: one kernel, sparse"], lines)


def batches_table():
    native_rate = native_rates("icann17")
    return table(["batch", "sedge, one core", "GPU: PyTorch", "GPU: graph", "GPU: graph, TF32", "GPU: graph, dense, TF32"],
                 [[str(batch), native_rate[batch], gpu_rate("icann17", "masked", "eager", batch),
                   gpu_rate("icann17", "masked", "graph", batch), gpu_rate("icann17", "masked", "graph", batch, "yes"),
                   gpu_rate("icann17", "dense", "graph", batch, "yes")] for batch in BATCHES])


def with_tables(text):
    """README.md's text with every table between its marks made anew."""
    for name in TABLES:
        made = globals()[f"{name}_table"]()
        text, count = re.subn(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", lambda m: m[1] + made + "\n" + m[2], text,
                              flags=re.DOTALL)
        if count != 1:
            sys.exit(f"README.md has {count} places for the table of {name}")
    return text


def main():
    parser = argparse.ArgumentParser(description="Makes the sweeps of this folder and README.md's tables.")
    parser.add_argument("verb", choices=["run", "native", "tables", "check"])
    parser.add_argument("names", nargs="*", help="sweeps to run (default: all)")
    parser.add_argument("--data", help="the folder with MNIST's four files")
    parser.add_argument("--sedge", default="sedge", help="the command")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no sweep {' '.join(unknown)}; they are {' '.join(NAMES)}")
    if options.verb == "run":
        for name in options.names or NAMES:
            run(name, options.sedge, options.data)
        return
    if options.verb == "native":
        native(options.sedge)
        return
    text = README.read_text(encoding="utf-8")
    made = with_tables(text)
    if options.verb == "tables":
        README.write_text(made, encoding="utf-8")
    elif made != text:
        sys.exit("README.md's tables are not those of the CSV files; papers.py tables writes them")
    else:
        print(f"{len(TABLES)} tables as measured")


if __name__ == "__main__":
    main()
