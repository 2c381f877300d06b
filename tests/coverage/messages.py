#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds every place of the code where a message is made, and tells which of them no test has ever reached.

    tests/coverage/messages.py                 what belongs to every run of the tests: each code of errors.def is expected by a test
    tests/coverage/messages.py --counts BUILD  after the tests of a coverage build: every message was made at least once

A message is a text in a call of what makes messages: MAKERS, and every function that hands a text of its own parameters on to one.
A text that depends on a condition (`is_input ? "reads" : "writes"`) is as many messages as there are texts. The few that
no test can reach stand in unreached.py with the reason; a line there that is not needed is an error too.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from c_source import Source, joined_texts
from counts import FOLDERS, ROOT, Counts
from unreached import UNREACHED

CONVERSION = re.compile(r"\\.|%[-+ 0#.*\d]*[hlzjt]*[a-zA-Z]")
SUFFIXES = {".c", ".h", ".y", ".l"}

# lang/diagnostic.h, runtime/failure.h, compiler/command.h, compiler/lsp/server.c; and what is printed at once.
MAKERS = {"error_at", "warning_at", "error_in", "note_at", "help", "fail", "usage_error", "send_error"}
PRINTERS = {"fprintf", "fputs"}


@dataclass
class Message:
    path: Path  # below ROOT
    line: int
    column: int
    text: str
    code: str = ""  # without ERROR_, where its call names one

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def source_files():
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)


def is_maker(call, makers):
    return call.name in makers or (call.name in PRINTERS and any(token.text == "stderr" for token in call.tokens))


def words_of(text):
    return re.sub(CONVERSION, " ", text)


def is_prose(text):
    """Whether a text is said to people: two words at least, where a function takes texts of other kinds too."""
    return re.search(r"[A-Za-z]{2,}\W* \W*[A-Za-z]{2,}", words_of(text)) is not None


def find_wrappers(source, makers):
    """Functions of a file that take texts and call a maker: they make messages of what they are given."""
    calls = [call for call in source.calls() if is_maker(call, makers)]
    return [function for function in source.functions()
            if function.texts and any(function.begin < call.at < function.end and call.name != function.name for call in calls)]


def messages_of(path, source, makers):
    """Texts in calls of makers; where a function takes texts of other kinds too, those that are said to people."""
    seen = set()
    for call in source.calls():
        is_direct = is_maker(call, MAKERS)
        if not is_direct and not is_maker(call, makers):
            continue
        for at, text in joined_texts(call.tokens):
            if at in seen or not (is_prose(text) or is_direct and re.search(r"^[^/]*[A-Za-z]{3,}", words_of(text))):
                continue
            seen.add(at)
            code = next((token.text[6:] for token in call.tokens if token.text.startswith("ERROR_")), "")
            yield Message(path.relative_to(ROOT), *source.place(at), text, code)


def find_messages():
    sources = {path: Source(path.read_text()) for path in source_files()}
    makers = {path: set(MAKERS) for path in sources}  # those that a file can call
    shared, before = set(MAKERS), set()
    while shared != before:
        before = set(shared)
        for path, source in sources.items():
            makers[path] |= shared
            wrappers = find_wrappers(source, makers[path])
            while not {wrapper.name for wrapper in wrappers} <= makers[path]:
                makers[path] |= {wrapper.name for wrapper in wrappers}
                wrappers = find_wrappers(source, makers[path])
            shared |= {wrapper.name for wrapper in wrappers if not wrapper.is_static}
    return [message for path, source in sources.items() for message in messages_of(path, source, makers[path])]


def unreached(messages, counts):
    """Messages whose place never ran."""
    regions = counts.places()
    never = []
    for message in messages:
        if message.path not in regions or not regions[message.path].count(message.line, message.column):
            never.append(message)
    return never


def is_excused(message, excuse):
    return str(message.path) == excuse[0] and message.text.startswith(excuse[1])


def check_counts(counts):
    messages = find_messages()
    never = unreached(messages, counts)
    wrong = [message for message in never if not any(is_excused(message, excuse) for excuse in UNREACHED)]
    idle = [excuse for excuse in UNREACHED if not any(is_excused(message, excuse) for message in never)]
    for message in wrong:
        print(f"{message}: no test makes this message")
    for path, text, _ in idle:
        print(f"{path}: {text}: excused, but it is made, or gone")
    print(f"{len(messages)} messages, {len(messages) - len(never)} made by tests, {len(never) - len(wrong)} excused, "
          f"{len(wrong)} never made")
    return 1 if wrong or idle else 0


def expectations():
    """What tests expect: what cases print, and the tests' own texts, joined as the compiler joins them."""
    files = sorted(path for path in (ROOT / "tests").rglob("*") if path.suffix in {".expect", ".c", ".py"})
    return re.sub(r'"\s*\n\s*"', "", "\n".join(path.read_text(errors="replace") for path in files))


def is_expected(text, expected):
    """Whether all that a message says in any case stands in what tests expect, within one line."""
    fixed = [part for part in re.split(CONVERSION, text) if len(part) > 2]
    return re.search(".{0,99}".join(map(re.escape, fixed)), expected) is not None if fixed else False


def check_codes():
    """Each code must stand in what a test expects: the code itself, its name in C, or a message that has it."""
    expected = expectations()
    codes = dict(re.findall(r'^CODE\((\w+), "([EW]\d+)"', (ROOT / "lang" / "errors.def").read_text(), re.MULTILINE))
    missing = {name for name, code in codes.items() if code not in expected and not re.search(rf"\bERROR_{name}\b", expected)}
    for message in find_messages():
        if message.code in missing and is_expected(message.text, expected):
            missing.remove(message.code)
    for name in sorted(missing):
        print(f"lang/errors.def: {codes[name]} {name}: no test expects it")
    print(f"{len(codes)} codes, {len(missing)} that no test expects")
    return 1 if missing or not codes else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", metavar="BUILD", help="a build folder with SEDGE_COVERAGE whose tests have run")
    parser.add_argument("--list", action="store_true", help="print every message")
    options = parser.parse_args()
    if options.list:
        print(*find_messages(), sep="\n")
        return 0
    return check_counts(Counts(options.counts)) if options.counts else check_codes()


if __name__ == "__main__":
    sys.exit(main())
