#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each folder's README.md has one line per file, and no line for a file that is gone.

The lines are those of the tables whose first column is called `file`:

    | file | what |
    | --- | --- |
    | `arena.h` `.c` | memory that is freed all at once |
    | `edges/dense.c` | all pairs |
    | `unit/` | a cmocka program per module |

`.c` after `arena.h` means arena.c; a name with a slash at its end stands for all files below it, as does a
folder with a README.md of its own; `*` stands for any characters of a name. A file without a line is
printed with the line to add, its words taken from the file's first comment.
"""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COVERED = ["lang", "runtime", "compiler", "examples", "tests"]
NOT_LISTED = {"README.md", "LICENSE"}


def project_files():
    """Files of the project, relative to ROOT: what git knows or could add; without git, what is there."""
    try:
        git = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True)
        names = [Path(name) for name in git.stdout.split("\0") if name]
        return [name for name in names if (ROOT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        everything = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
        return [path for path in everything
                if not path.parts[0].startswith((".", "build")) and "__pycache__" not in path.parts]


def listed_names(readme):
    """(line number, name) of every name in the first column of the README's file tables."""
    names = []
    in_table = False
    for number, line in enumerate(readme.read_text().splitlines(), 1):
        if not line.startswith("|"):
            in_table = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not in_table:
            in_table = cells[0].lower() in ("file", "files")
            continue
        if set(cells[0]) <= set("-: "):
            continue
        stem = ""
        for word in cells[0].replace("`", " ").replace(",", " ").split():
            if re.fullmatch(r"\.\w+", word) and stem:
                word = stem + word
            stem = re.sub(r"\.\w+$", "", word)
            names.append((number, word))
        if len(cells) < 2 or not cells[1]:
            names.append((number, ""))
    return names


def first_words(path):
    """The first sentence of a file's first comment, for the line to add."""
    try:
        lines = path.read_text().splitlines()[:12]
    except UnicodeDecodeError:
        return ""
    for line in lines:
        words = re.sub(r'^\s*(//|/\*|\*|#!?|"""|%\{)+\s*', "", line).strip()
        if words and "SPDX" not in words and not words.startswith("/usr/"):
            return re.split(r"(?<=[a-z)])\.(\s|$)", words)[0].rstrip(":").replace("|", "\\|")
    return ""


def check_folder(folder, files, readmes):
    """Messages about folder's README.md; `files` are the project's files below it, relative to it."""
    readme = ROOT / folder / "README.md"
    if not readme.is_file():
        return [f"{folder}/README.md: missing"]
    names = listed_names(readme)
    own = [name for name in files if name.as_posix() not in NOT_LISTED]
    covered_below = [r for r in readmes if r != folder and r.is_relative_to(folder)]
    messages = []
    used = set()
    for name in own:
        text = name.as_posix()
        found = [listed for _, listed in names
                 if fnmatch.fnmatchcase(text, listed) or (listed.endswith("/") and text.startswith(listed))]
        used.update(found)
        if found:
            continue
        below = [r for r in covered_below if (folder / name).is_relative_to(r)]
        if below:
            if not any((folder / name) == r / "README.md" for r in below):
                continue
            text = below[0].relative_to(folder).as_posix() + "/"
        messages.append(f"{folder}/README.md: no line for {text}; add: "
                        f"| `{text}` | {first_words(ROOT / folder / name)} |")
    for number, listed in names:
        if listed == "":
            messages.append(f"{folder}/README.md:{number}: a line that says nothing about its file")
        elif listed not in used:
            messages.append(f"{folder}/README.md:{number}: {listed} does not exist")
    seen = [listed for _, listed in names if listed]
    for listed in sorted({name for name in seen if seen.count(name) > 1}):
        messages.append(f"{folder}/README.md: {listed} has more than one line")
    return messages


def main():
    files = project_files()
    readmes = sorted({path.parent for path in files if path.name == "README.md"})
    folders = sorted(set(readmes) | {Path(folder) for folder in COVERED})
    messages = []
    checked = 0
    for folder in folders:
        below = [path.relative_to(folder) for path in files if path.is_relative_to(folder)]
        if folder == Path("."):
            below = [path for path in below if not path.parts[0].startswith(".")]
        messages += check_folder(folder, below, readmes)
        checked += len(below)
    for message in messages:
        print(message)
    print(f"{checked} files in {len(folders)} folders, {len(messages)} messages")
    return 1 if messages or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
