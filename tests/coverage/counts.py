# SPDX-License-Identifier: MIT
"""How often every line, branch and place of the C code ran, asked of LLVM's tools after the tests of a coverage build."""

import bisect
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from c_source import assertions

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ["lang", "compiler", "runtime"]


def tool(name):
    """An LLVM tool: of the version that sedge is built with, where Debian puts it."""
    found = next((path for version in range(22, 18, -1) if (path := shutil.which(f"{name}-{version}"))), shutil.which(name))
    if found is None:
        raise SystemExit(f"{name} is missing; it comes with LLVM: apt-get install llvm-19")
    return found


class Counts:
    """The counters of a build folder, joined: `objects` are the compiled files that say what each counter counts."""

    def __init__(self, build):
        self.build = Path(build).resolve()
        self.joined = self.build / "coverage.profdata"
        profiles = sorted((self.build / "profiles").glob("*.profraw"))
        if not profiles:
            raise SystemExit(f"{self.build}/profiles: nothing was counted; is this a build with SEDGE_COVERAGE?")
        listed = self.build / "profiles" / "list"
        listed.write_text("".join(f"{path}\n" for path in profiles))
        subprocess.run([tool("llvm-profdata"), "merge", "-sparse", f"--input-files={listed}", "-o", self.joined], check=True)
        self.objects = self.object_files()

    def object_files(self):
        found = []
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            words = shlex.split(entry["command"])
            output = self.build / words[words.index("-o") + 1]
            if output.relative_to(self.build).parts[0] in FOLDERS and output.is_file():
                found.append(output)
        if not found:
            raise SystemExit(f"{self.build}: nothing is built")
        return found

    def llvm_cov(self, verb, *words):
        """What llvm-cov prints about the project's own code."""
        objects = [word for path in self.objects for word in ("-object", str(path))]
        done = subprocess.run([tool("llvm-cov"), verb, *objects, f"-instr-profile={self.joined}", *words],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"llvm-cov {verb}: {done.stderr}")
        return done.stdout

    def lines_and_branches(self):
        """{source file below ROOT: ({line: count}, [(line, count) of each way out of a branch])}, and as LCOV text."""
        text = self.llvm_cov("export", "-format=lcov")
        files, place, lines, branches = {}, None, {}, []
        for entry in text.splitlines():
            kind, _, rest = entry.partition(":")
            if kind == "SF":
                place, lines, branches = Places(self.build, Path(rest)), {}, []
            elif kind == "DA" and (line := place.line(int(rest.split(",")[0]))):
                lines[line] = max(lines.get(line, 0), int(rest.split(",")[1]))
            elif kind == "BRDA" and (line := place.line(int(rest.split(",")[0]))):
                count = rest.split(",")[3]
                branches.append((line, 0 if count == "-" else int(count)))
            elif kind == "end_of_record" and place.source and lines:
                # A failed assertion is our own mistake: no test can have one.
                asserted = assertions(place.source.read_text())
                kept = [(line, count) for line, count in branches if line not in asserted]
                files[place.source.relative_to(ROOT)] = (lines, kept)
        return files, text

    def places(self):
        """{source file below ROOT: Regions}."""
        exported = json.loads(self.llvm_cov("export", "-skip-functions"))
        found = {}
        for file in exported["data"][0]["files"]:
            place = Places(self.build, Path(file["filename"]))
            if place.source and file["segments"]:
                found[place.source.relative_to(ROOT)] = Regions(place, file["segments"])
        return found


class Places:
    """Lines of a compiled file as lines of the source that a person wrote: flex and bison say theirs in #line directives."""

    def __init__(self, build, compiled):
        self.source, self.written = compiled, None
        if not compiled.is_relative_to(ROOT):
            self.source = None
        elif compiled.is_relative_to(build):
            self.source, self.written = None, {}
            source, line = None, 0
            for number, text in enumerate(compiled.read_text(errors="replace").splitlines(), 1):
                if directive := re.match(r'#line (\d+) "(.*)"', text):
                    source, line = Path(os.path.normpath(directive[2])), int(directive[1])
                    continue
                if source and source != compiled:
                    self.source = source
                    self.written.setdefault(number, line)
                line += 1
        if self.source and not self.source.is_file():
            self.source = None

    def line(self, number):
        """The source's line, or None where a generator wrote the text."""
        if self.source is None:
            return None
        return number if self.written is None else self.written.get(number)


class Regions:
    """The counts of a file's places: from one segment's begin to the next one's, everything runs equally often."""

    def __init__(self, place, segments):
        self.is_generated = place.written is not None
        self.starts, self.counts = [], []
        for line, column, count, has_count, *_ in segments:
            self.starts.append((line, column))
            self.counts.append(count if has_count else None)
        self.compiled_lines = {}
        for compiled, line in (place.written or {}).items():
            self.compiled_lines.setdefault(line, compiled)

    def count(self, line, column):
        """How often the place ran; None where there is no code, or none that this build has compiled."""
        if self.is_generated:
            if line not in self.compiled_lines:
                return None
            line = self.compiled_lines[line]
        at = bisect.bisect_right(self.starts, (line, column)) - 1
        return self.counts[at] if at >= 0 else None
