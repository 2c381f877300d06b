#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the passes and the runtime wrong, one token or statement at a time, and says which mistakes the tests let live.

    tests/mutants/run_mutants.py [--count 200] [--seed 1] [--longest 60] [--sanitize] [--jobs 2]
    tests/mutants/run_mutants.py --only 1f2e3d4c      builds and tests one again, and prints its change
    tests/mutants/run_mutants.py --list               what was found so far: every survivor, and the counts

Each mutant is built in a copy of the working tree (in FOLDER, one for each job, kept), and must fail one of ctest's tests that
enter its function, which gcov tells. Quick ones come first, and the first to fail ends it. One that takes six times as long as it
should has failed, too; one that fails is run again before it is believed. A mutant that does not compile, or whose object code
is that of the program, is drawn anew. How long tests take is read from the build folder, where ctest must have run them once.

Results are kept as JSON Lines in FOLDER/results.jsonl: a run that was stopped goes on where it was, and one with a greater
--longest, or with --sanitize, gives survivors only the tests that they have not yet passed.
"""

import argparse
import contextlib
import difflib
import fcntl
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from mutate import in_order_drawn, mutations_of

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = """lang/bind.c lang/check*.c lang/degrees.c lang/derive.c lang/evaluate.c lang/field_value.c lang/form.c lang/import.c
    lang/override.c lang/rational.c lang/scope.c lang/unit.c compiler/passes.c compiler/make_*.c compiler/lower_*.c
    compiler/native_*.c compiler/open_engine.c compiler/edges/*.c compiler/fit/*.c compiler/schedule/*.c compiler/llvm/*.c
    runtime/*.c runtime/data/*.c""".split()
SKIPPED = 77
TIMES_SLOWER, SECONDS_MORE = 6, 10       # how long a test may take: so many times as long as it does, and this
SLOWER = {"plain": 1, "coverage": 4, "sanitize": 4}
MEMORY, FILE_SIZE = 6 << 30, 1 << 30     # bytes that a mutant may take; it must not take the machine down
BROWSERS = {"schedule_page"}             # reserve more addresses than that
BUILDS = {"plain": ("build", ["-DCMAKE_C_FLAGS_RELEASE=-O1"]),
          "coverage": ("build/coverage", ["-DCMAKE_C_FLAGS_RELEASE=-O1 -fno-inline --coverage"]),
          "sanitize": ("build/sanitize", ["-DCMAKE_C_FLAGS_RELEASE=-O1 -g", "-DSEDGE_SANITIZE=ON"])}


COMMAND = ["lang/all", "runtime/all", "compiler/all", "fail_calls"]  # what every test needs that is no program of its own


# What makes a script of tests end with the first that fails, by what its text has; and draw fewer models.
FIRST_ALONE = {"unittest.main(": ["-f"], '"--no-shrink"': ["--no-shrink", "--first", "--count", "60"]}


class Test:
    def __init__(self, described, build):
        properties = {entry["name"]: entry["value"] for entry in described["properties"]}
        self.name = described["name"]
        self.command = list(described["command"])
        self.environment = dict(entry.split("=", 1) for entry in properties.get("ENVIRONMENT", []))
        self.folder = properties["WORKING_DIRECTORY"]
        script = next((Path(self.folder, word) for word in self.command if word.endswith(".py")), None)
        for text, words in FIRST_ALONE.items():
            if script and text in script.read_text():
                self.command += words
        is_built = Path(self.command[0]).is_relative_to(build)
        self.targets = [os.path.relpath(self.command[0], build)] if is_built else COMMAND


def read_times(build):
    """Seconds that each test took when ctest last ran it in `build`."""
    costs = build / "Testing" / "Temporary" / "CTestCostData.txt"
    if not costs.exists():
        raise SystemExit(f"run_mutants.py: error: run `ctest --test-dir {build}` once, so that its tests' times are known")
    lines = [line.split() for line in costs.read_text().split("---")[0].splitlines()]
    return {line[0]: float(line[2]) for line in lines if len(line) == 3}


class Copy:
    """A copy of the working tree with its build folders, in which one mutant at a time lives."""

    def __init__(self, folder, times):
        self.tree, self.scratch, self.times = folder / "tree", folder / "scratch", times
        self.tests = {}
        self.right = {}       # a file's objects, as they are without a mutant
        self.trusted = set()  # tests, as build:name, that passed here once
        self.update()

    def update(self):
        """Brings the files up to date, those that differ only, so that little is built again."""
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                                capture_output=True, text=True, check=True).stdout
        names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
        for name in names:
            source, copy = ROOT / name, self.tree / name
            if not copy.exists() or copy.read_bytes() != source.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.unlink(missing_ok=True)
                shutil.copy(source, copy)
        for copy in self.tree.rglob("*"):
            name = copy.relative_to(self.tree)
            if copy.is_file() and name.parts[0] != "build" and str(name) not in names:
                copy.unlink()

    def configure(self, build):
        """Configures and builds what is not mutated, and asks ctest for the tests."""
        folder, options = BUILDS[build]
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        subprocess.run(["cmake", "-G", "Ninja", "-S", ".", "-B", folder, *options, *launcher], cwd=self.tree, check=True,
                       stdout=subprocess.DEVNULL)
        if not self.compile(build, ["all"]):  # ctest does not describe a test whose program is missing
            raise SystemExit(f"run_mutants.py: error: {self.tree / folder} does not build")
        described = subprocess.run(["ctest", "--test-dir", folder, "--show-only=json-v1"], cwd=self.tree, check=True,
                                   capture_output=True).stdout
        tests = [Test(entry, self.tree / folder) for entry in json.loads(described)["tests"]]
        self.tests[build] = sorted((test for test in tests if test.name in self.times), key=lambda test: self.times[test.name])
        self.objects = {}
        for entry in json.loads((self.tree / "build" / "compile_commands.json").read_text()):
            output = re.search(r" -o (\S+)", entry["command"])[1]
            self.objects.setdefault(os.path.relpath(entry["file"], self.tree), []).append(output)
        if build == "plain":
            self.right = {file: self.object_code(file) for file in self.objects if not file.startswith("tests/")}

    def tests_of(self, build, options):
        """The tests that were asked for, the quickest first."""
        return [test for test in self.tests[build]
                if self.times[test.name] <= options.longest and options.tests.search(test.name)]

    def compile(self, build, targets):
        done = subprocess.run(["ninja", "-C", BUILDS[build][0], "-j2", *targets], cwd=self.tree, capture_output=True, check=False,
                              env={**os.environ, "CCACHE_BASEDIR": str(self.tree)})
        return done.returncode == 0

    def object_code(self, file):
        """What distinguishes the objects that the plain build makes of a file."""
        folder = self.tree / BUILDS["plain"][0]
        return [hashlib.sha256((folder / output).read_bytes()).hexdigest() for output in self.objects[file]]

    @contextlib.contextmanager
    def mutated(self, mutation):
        path = self.tree / mutation.file
        text = path.read_text()
        try:
            path.write_text(mutation.apply(text))
            yield
        finally:
            path.write_text(text)

    def run_test(self, test, build):
        """Returns None if the test passes, else the last that it said."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)
        seconds = self.times[test.name] * TIMES_SLOWER * SLOWER[build] + SECONDS_MORE

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if build == "plain" and test.name not in BROWSERS:
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(test.command, cwd=test.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                       env={**os.environ, **test.environment, "TMPDIR": str(self.scratch)},
                                       start_new_session=True, preexec_fn=limit)
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = f"took longer than {seconds:.0f} s"
            self.end_all(process)
            output.seek(0)
            said = output.read().decode(errors="replace").strip()[-600:]
        return None if status in (0, SKIPPED) else f"{said}\n({status})"

    def trusts(self, test, build):
        """Whether a test that failed a mutant passes what is right, which is built; if not, it is used no more."""
        name = f"{build}:{test.name}"
        if name not in self.trusted and self.compile(build, test.targets):
            said = self.run_test(test, build)
            if said:
                print(f"warning: left out {name}, which fails without a mutant: {said}", flush=True)
                self.tests[build].remove(test)
                return False
            self.trusted.add(name)
        return True

    def end_all(self, process):
        """Ends the test's group, and programs of this copy that left it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if Path(os.readlink(entry / "exe")).is_relative_to(self.tree.parent):
                        os.kill(int(entry.name), signal.SIGKILL)


class Coverage:
    """Which functions each test enters, as file:function; kept in a file. A test that fails when it is counted enters all."""

    def __init__(self, path, copy, options):
        self.entered = json.loads(path.read_text()) if path.exists() else {}
        if options.only or all(test.name in self.entered for test in copy.tests_of("plain", options)):
            return
        copy.configure("coverage")
        for test in copy.tests_of("coverage", options):
            if test.name not in self.entered:
                self.entered[test.name] = self.measure(copy, test)
                path.write_text(json.dumps(self.entered))

    @staticmethod
    def measure(copy, test):
        folder = copy.tree / BUILDS["coverage"][0]
        for counts in folder.rglob("*.gcda"):
            counts.unlink()
        if copy.run_test(test, "coverage"):
            return None
        counts = [str(path) for path in folder.rglob("*.gcda")]
        if not counts:
            return []
        said = subprocess.run(["gcov", "--json-format", "--stdout", *counts], cwd=copy.tree, check=True, capture_output=True).stdout
        entered = set()
        for line in said.splitlines():
            for file in json.loads(line)["files"]:
                name = os.path.relpath(folder / file["file"], copy.tree)
                entered.update(f"{name}:{f['name']}" for f in file["functions"] if f["execution_count"] > 0)
        return sorted(entered)

    def concerns(self, test, mutation):
        entered = self.entered.get(test.name)
        return entered is None or not mutation.function or f"{mutation.file}:{mutation.function}" in entered


class Results:
    """What is known of each mutant, by its name; the last line of a name in the file counts."""

    def __init__(self, path):
        self.path, self.known, self.lock = path, {}, threading.Lock()
        if path.exists():
            for line in path.read_text().splitlines():
                self.known[json.loads(line)["name"]] = json.loads(line)

    def add(self, result):
        with self.lock:
            self.known[result["name"]] = result
            with self.path.open("a") as file:
                file.write(json.dumps(result) + "\n")

    def of(self, mutation):
        return self.known.get(mutation.name)


def shown(mutation):
    before = " ".join(mutation.before.split())
    after = mutation.after.strip() or "nothing"
    return f"{mutation.name} {mutation.file}:{mutation.line}: {before} -> {after}"


def builds_of(options):
    return ["plain", "sanitize"] if options.sanitize else ["plain"]


def try_mutant(copy, coverage, mutation, options, passed):
    """Builds and tests a mutant; `passed` are the tests, as build:name, that it need not pass again."""
    result = {"name": mutation.name, "file": mutation.file, "line": mutation.line, "change": shown(mutation)}
    passed = list(passed)
    for build in builds_of(options):
        tests = [test for test in copy.tests_of(build, options)
                 if f"{build}:{test.name}" not in passed and coverage.concerns(test, mutation)]
        with copy.mutated(mutation):
            if not copy.compile(build, copy.objects[mutation.file]):
                return {**result, "outcome": "not built"}
            if build == "plain" and copy.object_code(mutation.file) == copy.right[mutation.file]:
                return {**result, "outcome": "same code"}
            said = None
            for test in tests:
                if not copy.compile(build, test.targets):
                    said = "it does not link"
                    break
                said = copy.run_test(test, build) and copy.run_test(test, build)
                if said:
                    break
                passed.append(f"{build}:{test.name}")
                copy.trusted.add(f"{build}:{test.name}")
        if said:
            if not copy.trusts(test, build):
                return try_mutant(copy, coverage, mutation, options, passed)
            return {**result, "outcome": "killed", "by": f"{build}:{test.name}", "said": said}
    return {**result, "outcome": "survived", "passed": passed}


class Draw:
    """Hands out mutants in the order drawn until enough of them are counted; shared by all jobs."""

    def __init__(self, mutations, results, count):
        self.waiting, self.results, self.left = iter(mutations), results, count
        self.lock = threading.Lock()

    def next(self):
        with self.lock:
            if self.left == 0:
                return None
            mutation = next(self.waiting, None)
            if mutation is not None:
                self.left -= 1
            return mutation

    def give_back(self):
        with self.lock:
            self.left += 1


def work(copy, coverage, draw, options):
    while (mutation := draw.next()) is not None:
        begin = time.monotonic()
        known = draw.results.of(mutation)
        if known and known["outcome"] in ("not built", "same code"):
            draw.give_back()
        if known and known["outcome"] != "survived":
            continue
        result = try_mutant(copy, coverage, mutation, options, known["passed"] if known else [])
        result["seconds"] = round(time.monotonic() - begin, 1)
        if result["outcome"] in ("not built", "same code"):
            draw.give_back()
        draw.results.add(result)
        print(f"{shown(mutation)}: {result['outcome']} {result.get('by', '')}", flush=True)


def print_summary(mutations, results, count):
    """Of the first `count` that could be tried: the counts, and the survivors."""
    outcomes = {}
    for mutation in mutations:
        known = results.of(mutation)
        if known is None or outcomes.get("killed", 0) + outcomes.get("survived", 0) == count:
            break
        outcomes[known["outcome"]] = outcomes.get(known["outcome"], 0) + 1
        if known["outcome"] == "survived":
            print(f"survived: {shown(mutation)}")
            print(f"    {(ROOT / mutation.file).read_text().splitlines()[mutation.line - 1].strip()}")
    drawn = outcomes.get("killed", 0) + outcomes.get("survived", 0)
    print(f"{drawn} mutants: {outcomes.get('killed', 0)} killed, {outcomes.get('survived', 0)} survived; drawn anew: "
          f"{outcomes.get('not built', 0)} that were not built, {outcomes.get('same code', 0)} of the same object code")


def replay(copy, coverage, queue, results, options):
    """Tries mutants from nothing, and shows them."""
    for mutation in iter(lambda: queue.pop() if queue else None, None):
        text = (copy.tree / mutation.file).read_text()
        before, after = text.splitlines(keepends=True), mutation.apply(text).splitlines(keepends=True)
        change = "".join(difflib.unified_diff(before, after, mutation.file, mutation.name, n=1))
        result = try_mutant(copy, coverage, mutation, options, [])
        results.add(result)
        print(f"{change}{result.get('said', '')}\n{mutation.name} {result['outcome']} {result.get('by', '')}\n", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="how many to try (default: 200)")
    parser.add_argument("--seed", default="1", help="what they are drawn by (default: 1)")
    parser.add_argument("--longest", type=float, default=60, metavar="SECONDS",
                        help="leave out tests that take longer (default: 60)")
    parser.add_argument("--tests", type=re.compile, default=re.compile(""), metavar="REGEX", help="only these")
    parser.add_argument("--sanitize", action="store_true", help="give survivors to a sanitized build's tests too")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (default: 1)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="try these again, from nothing")
    parser.add_argument("--list", action="store_true", help="print what is known, and try none")
    parser.add_argument("--times", type=Path, default=ROOT / "build", metavar="FOLDER", help="a build folder where ctest ran")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sedge-mutants",
                        help="what is made lies here")
    options = parser.parse_args()

    files = sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)})
    found = [m for path in files for m in mutations_of(path.relative_to(ROOT).as_posix(), path.read_text())]
    mutations = in_order_drawn(found, options.seed)
    options.folder.mkdir(parents=True, exist_ok=True)
    results = Results(options.folder / "results.jsonl")
    if options.list:
        print_summary(mutations, results, options.count)
        return 0

    lock = (options.folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"run_mutants.py: error: another run is at work in {options.folder}") from None
    times = read_times(options.times)
    copies = [Copy(options.folder / f"job{j}", times) for j in range(options.jobs)]
    for copy in copies:
        for build in builds_of(options):
            copy.configure(build)
    coverage = Coverage(options.folder / "coverage.json", copies[0], options)
    if options.only:
        queue = [mutation for mutation in mutations if mutation.name in options.only]
        if unknown := set(options.only) - {mutation.name for mutation in queue}:
            raise SystemExit(f"run_mutants.py: error: no mutation is called {', '.join(sorted(unknown))}")
        jobs = [threading.Thread(target=replay, args=(copy, coverage, queue, results, options)) for copy in copies]
    else:
        draw = Draw(mutations, results, options.count)
        jobs = [threading.Thread(target=work, args=(copy, coverage, draw, options)) for copy in copies]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    if not options.only:
        print_summary(mutations, results, options.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
