#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs case files: .sedge files that say in their first line how they are run and in themselves what must come.

A case is x.sedge with x.expect beside it. The first line, and those after it that begin alike, are commands:

    // sedge check %s          %s is the case, %t an empty folder of its own, %mnist the MNIST folder
    // needs: mnist            run only where SEDGE_MNIST, or shared/data/mnist beside the project, exists
    // same: parameters_sha256 every command must print this key of JSON Lines, and all with the same value

x.expect holds each command's exit code, standard output and standard error (`--accept` writes it). Beside that,
comments on the lines that must produce messages are checked, so that an accepted mistake is still noticed:

    junction a -> b : clashfree(banks = 3);   // error: banks must divide
    // error@-1: text            the message stands one line above (or below: +1)
    // error@other.sedge:3: text in another file; error@-D:1: in the value of a -D
    // error@*: text             without a line

A case fails on a difference, on a message that no comment expects, on a message without the line of carets, on
a crash, a sanitizer's report or an internal error. Cases in folders called `include` are imported, not run.
"""

import argparse
import concurrent.futures
import difflib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["tests/lang", "tests/compiler", "tests/programs"]
SECONDS_PER_COMMAND = 600
SANITIZER_EXIT = 99  # set in ASAN_OPTIONS by tests/CMakeLists.txt
INTERNAL_EXIT = 70   # the command's own "a defect of ours"

MESSAGE = re.compile(r"^(?P<file>[^\s:][^:]*):(?P<line>\d+):(?P<column>\d+): "
                     r"(?P<severity>error|warning)(\[\w+\])?: (?P<text>.*)$")
PLACELESS = re.compile(r"^(?P<file>[^\s:][^:]*): (?P<severity>error|warning)(\[\w+\])?: (?P<text>.*)$")
CARETS = re.compile(r"^\s*\|\s*~*\^~*")
EXPECTED = re.compile(r"//\s*(?P<severity>error|warning)(@(?P<where>\*|[+-]\d+|[\w./-]+:\d+))?:\s*"
                      r"(?P<text>.*?)\s*(?=//\s*(?:error|warning)(?:@\S+)?:|$)")

# What differs from run to run, and what stands in its place. Each pattern's first group is kept.
CHANGING = [
    (re.compile(r'("(?:seconds|inputs_per_second|edges_per_second)": )[-+.\deE]+'), r"\1*"),
    (re.compile(r"()\b[\d.,]+( *(?:ns|us|ms|s|min))?(?= *\((?:wall|elapsed)\))"), r"\1*"),
    (re.compile(r"(\b(?:in|after) )[\d.,]+ (?:ms|s|min)\b"), r"\1* s"),
    (re.compile(r"()[\d.,]+[kM]? ((?:inputs|edges)(?: trained)?)(?:/s| a second| per second)"), r"\1* \2 a second"),
]


@dataclass
class Case:
    path: Path
    commands: list = field(default_factory=list)
    needs: list = field(default_factory=list)
    same: list = field(default_factory=list)
    expected: list = field(default_factory=list)  # (file, line or None, severity, text)

    @property
    def name(self):
        return self.path.relative_to(ROOT).as_posix() if self.path.is_relative_to(ROOT) else str(self.path)


@dataclass
class Result:
    exit_code: int
    stdout: str
    stderr: str


def read_case(path):
    """Parses the comments of a case; raises ValueError where they make no sense."""
    case = Case(path)
    lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    in_head = True
    for number, line in enumerate(lines, 1):
        if in_head and (command := re.fullmatch(r"// sedge (.*)", line.rstrip("\r"))):
            case.commands.append(shlex.split(command[1]))
            continue
        if in_head and (option := re.fullmatch(r"// (needs|same): (.*)", line.rstrip("\r"))):
            getattr(case, option[1]).extend(option[2].split())
            continue
        in_head = False
        for match in EXPECTED.finditer(line):
            case.expected.append(place_of(match, case.name, number))
    if not case.commands:
        raise ValueError("the first line must be the command: // sedge VERB ... %s")
    if unknown := set(case.needs) - {"mnist"}:
        raise ValueError(f"needs: unknown {' '.join(sorted(unknown))}")
    return case


def place_of(match, name, number):
    where = match["where"]
    if where == "*":
        return (None, None, match["severity"], match["text"])
    if where is None:
        return (name, number, match["severity"], match["text"])
    if where[0] in "+-" and ":" not in where:
        return (name, number + int(where), match["severity"], match["text"])
    file, line = where.rsplit(":", 1)
    if file == "-D":
        return (file, int(line), match["severity"], match["text"])
    return ((Path(name).parent / file).as_posix(), int(line), match["severity"], match["text"])


def find_mnist():
    """The folder with MNIST's files, or None."""
    named = os.environ.get("SEDGE_MNIST")
    if named:
        return Path(named) if Path(named).is_dir() else None
    beside = ROOT.parent / "shared" / "data" / "mnist"
    return beside if beside.is_dir() else None


def run_command(binary, arguments, case, folder, mnist):
    values = {"%s": case.name, "%t": str(folder), "%mnist": str(mnist)}
    words = [re.sub(r"%(s|t|mnist)\b", lambda m: values[m[0]], word) for word in arguments]
    environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "SEDGE_MNIST": str(mnist or "")}
    environment.pop("COLUMNS", None)
    done = subprocess.run([str(binary), *words], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS_PER_COMMAND, check=False)
    outputs = []
    for raw in (done.stdout, done.stderr):
        text = raw.decode("utf-8", "backslashreplace")
        for value, name in ((str(folder), "%t"), (str(mnist), "%mnist"), (str(binary), "sedge"), (str(ROOT) + "/", "")):
            text = text.replace(value, name)
        for pattern, replacement in CHANGING:
            text = pattern.sub(replacement, text)
        outputs.append(text)
    return Result(done.returncode, *outputs)


def expect_text(results):
    parts = []
    for result in results:
        parts.append(f"exit {result.exit_code}\n")
        for name, text in (("stdout", result.stdout), ("stderr", result.stderr)):
            if text:
                ending = "" if text.endswith("\n") else "\n--- no newline at the end\n"
                parts.append(f"--- {name}\n{text}{ending}")
    return "".join(parts)


def reported_messages(result):
    """((file, line, severity, text), whether it shows its place) of each message in a command's output."""
    lines = result.stderr.split("\n")
    is_start = [bool(MESSAGE.match(line) or PLACELESS.match(line)) for line in lines] + [True]
    found = []
    for index, line in enumerate(lines):
        if match := MESSAGE.match(line):
            end = next(i for i in range(index + 1, len(is_start)) if is_start[i])
            shows = any(CARETS.match(below) for below in lines[index + 1:end])
            found.append(((match["file"], int(match["line"]), match["severity"], match["text"]), shows))
        elif match := PLACELESS.match(line):
            found.append(((None, None, match["severity"], match["text"]), True))
    for message in [*json_objects(result.stdout), *json_objects(result.stderr)]:
        if message.get("severity") in ("error", "warning"):
            place = (message.get("file"), message.get("line")) if message.get("line") else (None, None)
            found.append(((*place, message["severity"], message.get("message", "")), True))
    return found


def json_objects(text):
    for line in text.split("\n"):
        if line.startswith("{"):
            try:
                value = json.loads(re.sub(r": \*([,}])", r": null\1", line))
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value


def check_messages(case, results):
    """What is wrong with the messages, whatever the .expect says."""
    problems = []
    for result in results:
        missing = list(case.expected)
        for message, shows in reported_messages(result):
            file, line, severity, text = message
            place = f"{file}:{line}" if file else "no place"
            hit = next((e for e in missing if e[:3] == message[:3] and e[3] in text), None)
            if hit:
                missing.remove(hit)
            else:
                problems.append(f"unexpected {severity} at {place}: {text}")
            if not shows:
                problems.append(f"{severity} at {place} shows no line of carets: {text}")
        for file, line, severity, text in missing:
            problems.append(f"missing {severity} at {file}:{line}: {text}" if file
                            else f"missing {severity} without a place: {text}")
    return problems


def check_exits(results):
    problems = []
    for result in results:
        if result.exit_code < 0:
            problems.append(f"crashed by signal {-result.exit_code}")
        elif result.exit_code == SANITIZER_EXIT or "runtime error:" in result.stderr:
            problems.append("a sanitizer's report:\n" + result.stderr[-6000:])
        elif result.exit_code == INTERNAL_EXIT:
            problems.append("an internal error:\n" + result.stderr[-2000:])
    return problems


def check_same(case, results):
    problems = []
    for key in case.same:
        values = []
        for result in results:
            found = [o[key] for o in json_objects(result.stdout) if key in o]
            values.append(found[-1] if found else None)
        if None in values:
            problems.append(f"command {values.index(None) + 1} prints no {key}")
        elif len(set(map(str, values))) != 1:
            problems.append(f"{key} differs: {', '.join(map(str, values))}")
    return problems


def check_expect(case, results, accept):
    expect = case.path.with_suffix(".expect")
    actual = expect_text(results)
    old = expect.read_bytes().decode("utf-8") if expect.exists() else None
    if old == actual:
        return []
    if accept:
        expect.write_bytes(actual.encode("utf-8"))
        print(f"wrote {case.name.removesuffix('.sedge')}.expect")
        return []
    if old is None:
        return ["no .expect beside it; --accept writes it:\n" + actual]
    difference = difflib.unified_diff(old.splitlines(True), actual.splitlines(True), "expected", "actual")
    return ["output differs:\n" + "".join(difference)]


def run_case(case, binary, mnist, accept):
    """The problems of a case; none is a pass."""
    with tempfile.TemporaryDirectory(prefix="sedge-case-") as folder:
        try:
            results = [run_command(binary, command, case, folder, mnist) for command in case.commands]
        except subprocess.TimeoutExpired:
            return [f"ran longer than {SECONDS_PER_COMMAND} s"]
    exits = check_exits(results)
    if exits:
        return exits
    return check_messages(case, results) + check_same(case, results) + check_expect(case, results, accept)


def find_cases(paths):
    """(cases, problems): every .sedge below the paths but imported ones, and every .expect without one."""
    cases, problems = [], []
    for path in paths:
        path = path.resolve()
        if not path.exists():
            problems.append((str(path), ["does not exist"]))
        files = [path] if path.is_file() else sorted(path.rglob("*.sedge"))
        for file in files:
            if "include" in file.relative_to(path if path.is_dir() else path.parent).parts[:-1]:
                continue
            try:
                cases.append(read_case(file))
            except ValueError as error:
                problems.append((str(file), [str(error)]))
        for file in sorted(path.rglob("*.expect")) if path.is_dir() else []:
            if not file.with_suffix(".sedge").exists():
                problems.append((str(file), ["no .sedge beside it"]))
    return cases, problems


def main():
    parser = argparse.ArgumentParser(description="Runs case files and compares what they print.")
    parser.add_argument("paths", nargs="*", type=Path, help="cases or folders of cases (default: all)")
    parser.add_argument("--accept", action="store_true", help="write what is printed into the .expect files")
    parser.add_argument("--binary", default=os.environ.get("SEDGE_BINARY", ROOT / "build" / "sedge"), type=Path,
                        help="the sedge command (default: $SEDGE_BINARY, or build/sedge)")
    parser.add_argument("--jobs", type=int, default=2, help="cases run at once (default: 2)")
    options = parser.parse_args()

    binary = options.binary.resolve()
    if not os.access(binary, os.X_OK):
        parser.error(f"{binary} is no command; build it, or name it by --binary or SEDGE_BINARY")
    mnist = find_mnist()
    paths = options.paths or [ROOT / folder for folder in FOLDERS if (ROOT / folder).is_dir()]
    cases, failures = find_cases(paths)
    skipped = [case for case in cases if "mnist" in case.needs and mnist is None]
    for case in skipped:
        print(f"SKIP {case.name}: needs mnist, and there is no {os.environ.get('SEDGE_MNIST', 'SEDGE_MNIST')}")
    cases = [case for case in cases if case not in skipped]

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes = pool.map(lambda case: run_case(case, binary, mnist, options.accept), cases)
        failures += [(case.name, problems) for case, problems in zip(cases, outcomes) if problems]
    for name, problems in failures:
        for problem in problems:
            print(f"FAIL {name}: {problem}")
    failed_cases = {name for name, _ in failures} & {case.name for case in cases}
    passed = len(cases) - len(failed_cases)
    if not cases and not skipped:
        print("FAIL: found nothing to run")
        return 1
    print(f"{passed} passed, {len(failures)} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
